// SPDX-License-Identifier: GPL-2.0
#include "parse.h"

#include <linux/ipv6.h>
#include <net/genetlink.h>

#include "generated/netlink.h"

static u64 number(const struct nlattr *attr, u64 otherwise)
{
	return attr ? nla_get_u64(attr) : otherwise;
}

int tocsin_parse_config(struct genl_info *info, struct core_config *config)
{
	struct nlattr **attr = info->attrs;

	if (GENL_REQ_ATTR_CHECK(info, TOCSIN_A_CLUSTER_ID) ||
	    GENL_REQ_ATTR_CHECK(info, TOCSIN_A_NODE_ID))
		return -EINVAL;
	config->cluster_id = nla_get_u64(attr[TOCSIN_A_CLUSTER_ID]);
	config->node_id = nla_get_u16(attr[TOCSIN_A_NODE_ID]);
	config->incarnation = number(attr[TOCSIN_A_INCARNATION], 0);
	config->interval_ns = number(attr[TOCSIN_A_INTERVAL_NS], CORE_INTERVAL_NS_DEFAULT);
	config->member_timeout_ns = number(attr[TOCSIN_A_MEMBER_TIMEOUT_NS],
					   CORE_MEMBER_TIMEOUT_NS_DEFAULT);
	config->safety_timeout_ns = number(attr[TOCSIN_A_SAFETY_TIMEOUT_NS],
					   CORE_SAFETY_TIMEOUT_NS_DEFAULT);
	config->on_detach_ns = number(attr[TOCSIN_A_ON_DETACH_NS], 0);
	return 0;
}

int tocsin_parse_instance(struct tocsin *t, struct genl_info *info)
{
	struct nlattr **attr = info->attrs;
	u64 margin_ns = number(attr[TOCSIN_A_TOC_MARGIN_NS], CORE_TOC_MARGIN_NS_DEFAULT);
	bool machine = t == tocsin_initial;
	u8 action = machine ? TOCSIN_ACTION_PANIC : TOCSIN_ACTION_REPORT;

	lockdep_assert_held(&t->mutex);
	if (margin_ns < CORE_TOC_MARGIN_NS_MIN || margin_ns > CORE_TOC_MARGIN_NS_MAX) {
		GENL_SET_ERR_MSG(info, "TOC margin: 4 ms to 1 min");
		return -ERANGE;
	}
	if (attr[TOCSIN_A_ACTION])
		action = nla_get_u8(attr[TOCSIN_A_ACTION]);
	if (!machine && action != TOCSIN_ACTION_REPORT) {
		GENL_SET_ERR_MSG(info, "outside the initial network namespace: action report only");
		return -EPERM;
	}
	t->action = action;
	t->toc_margin_ns = margin_ns;
	t->port = attr[TOCSIN_A_PORT] ? nla_get_u16(attr[TOCSIN_A_PORT]) : CORE_PORT_DEFAULT;
	memset(t->name, 0, sizeof(t->name));
	if (attr[TOCSIN_A_NAME])
		nla_strscpy(t->name, attr[TOCSIN_A_NAME], sizeof(t->name));
	return 0;
}

static bool address_read(const struct nlattr *attr, struct tocsin_address *address)
{
	if (!attr)
		return false;
	if (nla_len(attr) == sizeof(address->four)) {
		address->family = AF_INET;
		nla_memcpy(&address->four, attr, sizeof(address->four));
		return true;
	}
	if (nla_len(attr) == sizeof(address->six)) {
		address->family = AF_INET6;
		nla_memcpy(&address->six, attr, sizeof(address->six));
		return true;
	}
	return false;
}

static int path_parse(struct genl_info *info, struct nlattr *nest, struct tocsin_parsed_peer *peer)
{
	struct nlattr *attr[TOCSIN_A_PATH_MAX + 1];
	struct tocsin_path *path;
	int err;

	err = nla_parse_nested(attr, ARRAY_SIZE(tocsin_path_nl_policy) - 1, nest,
			       tocsin_path_nl_policy, info->extack);
	if (err)
		return err;
	/* Paths come in order, so that none is missing. */
	if (!attr[TOCSIN_A_PATH_INDEX] || peer->paths == CORE_PATHS_MAX ||
	    nla_get_u8(attr[TOCSIN_A_PATH_INDEX]) != peer->paths) {
		GENL_SET_ERR_MSG(info, "paths are numbered from 0 in order, at most 8");
		return -EINVAL;
	}
	path = &peer->path[peer->paths++];
	if (!address_read(attr[TOCSIN_A_PATH_LOCAL], &path->local) ||
	    !address_read(attr[TOCSIN_A_PATH_REMOTE], &path->remote) ||
	    path->local.family != path->remote.family) {
		GENL_SET_ERR_MSG(info, "a path has two addresses of one family, 4 or 16 bytes");
		return -EINVAL;
	}
	path->scope = attr[TOCSIN_A_PATH_SCOPE] ? nla_get_u32(attr[TOCSIN_A_PATH_SCOPE]) : 0;
	return 0;
}

int tocsin_parse_peer(struct genl_info *info, struct tocsin_parsed_peer *peer)
{
	struct nlattr *attr[TOCSIN_A_PEER_MAX + 1];
	struct nlattr *nest;
	int left, err;

	if (GENL_REQ_ATTR_CHECK(info, TOCSIN_A_PEER))
		return -EINVAL;
	err = nla_parse_nested(attr, ARRAY_SIZE(tocsin_peer_nl_policy) - 1,
			       info->attrs[TOCSIN_A_PEER], tocsin_peer_nl_policy, info->extack);
	if (err)
		return err;
	if (!attr[TOCSIN_A_PEER_ID]) {
		GENL_SET_ERR_MSG(info, "a peer has an id");
		return -EINVAL;
	}
	peer->id = nla_get_u16(attr[TOCSIN_A_PEER_ID]);
	if (attr[TOCSIN_A_PEER_NAME])
		nla_strscpy(peer->name, attr[TOCSIN_A_PEER_NAME], sizeof(peer->name));
	nla_for_each_nested(nest, info->attrs[TOCSIN_A_PEER], left) {
		if (nla_type(nest) != TOCSIN_A_PEER_PATH)
			continue;
		err = path_parse(info, nest, peer);
		if (err)
			return err;
	}
	if (!peer->paths) {
		GENL_SET_ERR_MSG(info, "a peer has at least one path");
		return -EINVAL;
	}
	return 0;
}

static int member_parse(struct genl_info *info, struct nlattr *nest, struct core_view *view)
{
	struct nlattr *attr[TOCSIN_A_MEMBER_MAX + 1];
	int err;

	err = nla_parse_nested(attr, ARRAY_SIZE(tocsin_member_nl_policy) - 1, nest,
			       tocsin_member_nl_policy, info->extack);
	if (err)
		return err;
	if (!attr[TOCSIN_A_MEMBER_ID] || !attr[TOCSIN_A_MEMBER_INCARNATION] ||
	    view->count == CORE_VIEW_MEMBERS_MAX) {
		GENL_SET_ERR_MSG(info, "a view has up to 64 members with id and incarnation");
		return -EINVAL;
	}
	view->member[view->count].id = nla_get_u16(attr[TOCSIN_A_MEMBER_ID]);
	view->member[view->count].incarnation = nla_get_u64(attr[TOCSIN_A_MEMBER_INCARNATION]);
	view->count++;
	return 0;
}

int tocsin_parse_view(struct genl_info *info, struct core_view *view)
{
	struct nlattr *attr[TOCSIN_A_VIEW_MAX + 1];
	struct nlattr *nest;
	int left, err;

	if (GENL_REQ_ATTR_CHECK(info, TOCSIN_A_VIEW))
		return -EINVAL;
	err = nla_parse_nested(attr, ARRAY_SIZE(tocsin_view_nl_policy) - 1,
			       info->attrs[TOCSIN_A_VIEW], tocsin_view_nl_policy, info->extack);
	if (err)
		return err;
	view->epoch = number(attr[TOCSIN_A_VIEW_EPOCH], 0);
	view->hash = number(attr[TOCSIN_A_VIEW_HASH], 0);
	view->arbiter = number(attr[TOCSIN_A_VIEW_ARBITER], 0);
	view->state = number(attr[TOCSIN_A_VIEW_STATE], 0);
	view->coordinator = attr[TOCSIN_A_VIEW_COORDINATOR] ?
			    nla_get_u16(attr[TOCSIN_A_VIEW_COORDINATOR]) : 0;
	nla_for_each_nested(nest, info->attrs[TOCSIN_A_VIEW], left) {
		if (nla_type(nest) != TOCSIN_A_VIEW_MEMBER)
			continue;
		err = member_parse(info, nest, view);
		if (err)
			return err;
	}
	err = core_view_check(view);
	if (err)
		GENL_SET_ERR_MSG(info,
				 "view: ids ascend, a member coordinates, its hash is right");
	return err;
}
