// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests that read peers and their paths. */
#include "nl_socket.h"

struct list {
	struct nl_peer *peer;
	size_t max;
	size_t count;
};

static void address_take(const struct nlattr *attr, struct sockaddr_storage *out)
{
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;
	struct sockaddr_in *four = (struct sockaddr_in *)out;
	size_t length = mnl_attr_get_payload_len(attr);

	if (length == sizeof(four->sin_addr)) {
		four->sin_family = AF_INET;
		memcpy(&four->sin_addr, mnl_attr_get_payload(attr), length);
	} else if (length == sizeof(six->sin6_addr)) {
		six->sin6_family = AF_INET6;
		memcpy(&six->sin6_addr, mnl_attr_get_payload(attr), length);
	}
}

static void scope_take(struct nl_path_address *address, u32 scope)
{
	if (address->local.ss_family != AF_INET6)
		return;
	((struct sockaddr_in6 *)&address->local)->sin6_scope_id = scope;
	((struct sockaddr_in6 *)&address->remote)->sin6_scope_id = scope;
}

static void measure_take(const struct nlattr *attr, struct nl_path *path)
{
	u64 number = nl_attr_number(attr);

	switch (mnl_attr_get_type(attr)) {
	case TOCSIN_A_PATH_STATE:
		path->info.state = number;
		break;
	case TOCSIN_A_PATH_HEARD_NS:
		path->info.heard_ns = number;
		break;
	case TOCSIN_A_PATH_RECEIVED:
		path->info.received = number;
		break;
	case TOCSIN_A_PATH_LOST:
		path->info.lost = number;
		break;
	case TOCSIN_A_PATH_SENT:
		path->info.sent = number;
		break;
	case TOCSIN_A_PATH_SEND_ERRORS:
		path->send_errors = number;
		break;
	case TOCSIN_A_PATH_DROPS:
		path->drops = number;
		break;
	case TOCSIN_A_PATH_RTT_LAST_NS:
		path->info.rtt_last_ns = number;
		break;
	case TOCSIN_A_PATH_RTT_MIN_NS:
		path->info.rtt_min_ns = number;
		break;
	case TOCSIN_A_PATH_RTT_SMOOTHED_NS:
		path->info.rtt_smoothed_ns = number;
		break;
	}
}

static void path_take(const struct nlattr *nest, struct nl_peer *peer)
{
	struct nl_path path = { 0 };
	const struct nlattr *attr;
	u64 index = 0;
	u32 scope = 0;

	nl_for_each_nested(attr, nest) {
		switch (mnl_attr_get_type(attr)) {
		case TOCSIN_A_PATH_INDEX:
			index = nl_attr_number(attr);
			break;
		case TOCSIN_A_PATH_LOCAL:
			address_take(attr, &path.address.local);
			break;
		case TOCSIN_A_PATH_REMOTE:
			address_take(attr, &path.address.remote);
			break;
		case TOCSIN_A_PATH_SCOPE:
			scope = nl_attr_number(attr);
			break;
		default:
			measure_take(attr, &path);
		}
	}
	if (index >= CORE_PATHS_MAX)
		return;
	scope_take(&path.address, scope);
	peer->path[index] = path;
	if (index >= peer->info.paths)
		peer->info.paths = index + 1;
}

static void hears_take(const struct nlattr *attr, struct core_peer_info *info)
{
	size_t length = mnl_attr_get_payload_len(attr);

	if (length == sizeof(info->hears))
		memcpy(info->hears, mnl_attr_get_payload(attr), length);
}

static void info_take(const struct nlattr *attr, struct nl_peer *peer)
{
	struct core_peer_info *info = &peer->info;

	switch (mnl_attr_get_type(attr)) {
	case TOCSIN_A_PEER_ID:
		info->id = nl_attr_number(attr);
		break;
	case TOCSIN_A_PEER_INCARNATION:
		info->incarnation = nl_attr_number(attr);
		break;
	case TOCSIN_A_PEER_HEARD:
		info->heard = true;
		break;
	case TOCSIN_A_PEER_HEARD_NS:
		info->heard_ns = nl_attr_number(attr);
		break;
	case TOCSIN_A_PEER_ACKED_NS:
		info->acked_ns = nl_attr_number(attr);
		break;
	case TOCSIN_A_PEER_INSTALLED_EPOCH:
		info->installed_epoch = nl_attr_number(attr);
		break;
	case TOCSIN_A_PEER_FRONTIER_EPOCH:
		info->frontier.epoch = nl_attr_number(attr);
		break;
	case TOCSIN_A_PEER_FRONTIER_HASH:
		info->frontier.hash = nl_attr_number(attr);
		break;
	case TOCSIN_A_PEER_INTERVAL_US:
		info->interval_us = nl_attr_number(attr);
		break;
	case TOCSIN_A_PEER_FLAGS:
		info->flags = nl_attr_number(attr);
		break;
	case TOCSIN_A_PEER_ACKNOWLEDGED:
		info->acknowledged = true;
		break;
	}
}

static void peer_take(const struct nlattr *nest, struct nl_peer *peer)
{
	const struct nlattr *attr;

	memset(peer, 0, sizeof(*peer));
	nl_for_each_nested(attr, nest) {
		switch (mnl_attr_get_type(attr)) {
		case TOCSIN_A_PEER_NAME:
			nl_attr_text(attr, peer->name, sizeof(peer->name));
			break;
		case TOCSIN_A_PEER_PATH:
			path_take(attr, peer);
			break;
		case TOCSIN_A_PEER_HEARS:
			hears_take(attr, &peer->info);
			break;
		default:
			info_take(attr, peer);
		}
	}
}

static int list_take(const struct nlattr *first, size_t size, void *context)
{
	struct list *list = context;
	const struct nlattr *attr;

	nl_for_each(attr, first, size)
		if (mnl_attr_get_type(attr) == TOCSIN_A_PEER && list->count < list->max)
			peer_take(attr, &list->peer[list->count++]);
	return 0;
}

int nl_peer_get(struct nl *nl, u16 id, struct nl_peer *peer)
{
	struct list list = { .peer = peer, .max = 1 };
	int err;

	nl_request_begin(nl, TOCSIN_CMD_PEER_GET);
	mnl_attr_put_u16(nl->request, TOCSIN_A_TARGET, id);
	err = nl_request_run(nl, list_take, &list);
	if (!err && !list.count)
		return -EIO;
	return err;
}

int nl_peer_list(struct nl *nl, struct nl_peer *peer, size_t max, size_t *count)
{
	struct list list = { .peer = peer, .max = max };
	int err;

	nl_request_begin(nl, TOCSIN_CMD_PEER_GET);
	err = nl_request_list(nl, list_take, &list);
	*count = list.count;
	return err;
}
