// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests that change something: one function for each operation. */
#include "nl_socket.h"

static int incarnation_take(const struct nlattr *first, size_t size, void *context)
{
	u64 *incarnation = context;
	const struct nlattr *attr;

	nl_for_each(attr, first, size)
		if (mnl_attr_get_type(attr) == TOCSIN_A_INCARNATION)
			*incarnation = nl_attr_number(attr);
	return 0;
}

static int attach(struct nl *nl, const struct nl_config *config, u64 *incarnation)
{
	const struct core_config *core = &config->core;
	struct nlmsghdr *request;
	int err;

	nl_request_begin(nl, TOCSIN_CMD_ATTACH);
	request = nl->request;
	mnl_attr_put_u64(request, TOCSIN_A_CLUSTER_ID, core->cluster_id);
	mnl_attr_put_u16(request, TOCSIN_A_NODE_ID, core->node_id);
	mnl_attr_put_strz(request, TOCSIN_A_NAME, config->name);
	mnl_attr_put_u16(request, TOCSIN_A_PORT,
			 config->port ? config->port : CORE_PORT_DEFAULT);
	mnl_attr_put_u64(request, TOCSIN_A_INTERVAL_NS, core->interval_ns);
	mnl_attr_put_u64(request, TOCSIN_A_MEMBER_TIMEOUT_NS, core->member_timeout_ns);
	mnl_attr_put_u64(request, TOCSIN_A_SAFETY_TIMEOUT_NS, core->safety_timeout_ns);
	mnl_attr_put_u64(request, TOCSIN_A_TOC_MARGIN_NS, config->toc_margin_ns);
	mnl_attr_put_u64(request, TOCSIN_A_ON_DETACH_NS, core->on_detach_ns);
	mnl_attr_put_u8(request, TOCSIN_A_ACTION, config->action);
	if (core->incarnation)
		mnl_attr_put_u64(request, TOCSIN_A_INCARNATION, core->incarnation);
	*incarnation = 0;
	err = nl_request_run(nl, incarnation_take, incarnation);
	if (!err && !*incarnation)
		return -EIO;
	return err;
}

int nl_attach(struct nl *nl, const struct nl_config *config, u64 *incarnation)
{
	/* First: who has attached must be able to renew. */
	int err = nl_device_open(nl);

	if (!err)
		err = attach(nl, config, incarnation);
	if (!err)
		nl->incarnation = *incarnation;
	else if (!nl->incarnation)
		nl_device_close(nl);
	return err;
}

int nl_key_set(struct nl *nl, u8 slot, u32 key_id, const u8 key[TOCSIN_KEY_SIZE],
	       bool transmit)
{
	int err;

	nl_request_begin(nl, TOCSIN_CMD_KEY_SET);
	mnl_attr_put_u8(nl->request, TOCSIN_A_KEY_SLOT, slot);
	mnl_attr_put_u32(nl->request, TOCSIN_A_KEY_ID, key_id);
	mnl_attr_put(nl->request, TOCSIN_A_KEY, TOCSIN_KEY_SIZE, key);
	if (transmit)
		mnl_attr_put(nl->request, TOCSIN_A_KEY_TRANSMIT, 0, NULL);
	err = nl_request_run(nl, NULL, NULL);
	explicit_bzero(nl->out, sizeof(nl->out));
	return err;
}

/* Puts one address; returns the family, 0 if it is none of ours. */
static int address_put(struct nlmsghdr *request, u16 type, const struct sockaddr_storage *from,
		       u32 *scope)
{
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)from;
	const struct sockaddr_in *four = (const struct sockaddr_in *)from;

	if (from->ss_family == AF_INET) {
		mnl_attr_put(request, type, sizeof(four->sin_addr), &four->sin_addr);
	} else if (from->ss_family == AF_INET6) {
		mnl_attr_put(request, type, sizeof(six->sin6_addr), &six->sin6_addr);
		if (six->sin6_scope_id)
			*scope = six->sin6_scope_id;
	} else {
		return 0;
	}
	return from->ss_family;
}

static int path_put(struct nlmsghdr *request, u8 index, const struct nl_path_address *path)
{
	struct nlattr *nest = mnl_attr_nest_start(request, TOCSIN_A_PEER_PATH);
	int local, remote;
	u32 scope = 0;

	mnl_attr_put_u8(request, TOCSIN_A_PATH_INDEX, index);
	local = address_put(request, TOCSIN_A_PATH_LOCAL, &path->local, &scope);
	remote = address_put(request, TOCSIN_A_PATH_REMOTE, &path->remote, &scope);
	if (scope)
		mnl_attr_put_u32(request, TOCSIN_A_PATH_SCOPE, scope);
	mnl_attr_nest_end(request, nest);
	return local && local == remote ? 0 : -EAFNOSUPPORT;
}

int nl_peer_set(struct nl *nl, u16 id, const char *name, const struct nl_path_address *path,
		u8 paths)
{
	struct nlattr *nest;
	u8 i;

	if (!paths || paths > CORE_PATHS_MAX)
		return -EINVAL;
	nl_request_begin(nl, TOCSIN_CMD_PEER_SET);
	nest = mnl_attr_nest_start(nl->request, TOCSIN_A_PEER);
	mnl_attr_put_u16(nl->request, TOCSIN_A_PEER_ID, id);
	mnl_attr_put_strz(nl->request, TOCSIN_A_PEER_NAME, name);
	for (i = 0; i < paths; i++) {
		int err = path_put(nl->request, i, &path[i]);

		if (err)
			return err;
	}
	mnl_attr_nest_end(nl->request, nest);
	return nl_request_run(nl, NULL, NULL);
}

int nl_peer_del(struct nl *nl, u16 id)
{
	nl_request_begin(nl, TOCSIN_CMD_PEER_DEL);
	mnl_attr_put_u16(nl->request, TOCSIN_A_TARGET, id);
	return nl_request_run(nl, NULL, NULL);
}

static int warnings_take(const struct nlattr *first, size_t size, void *context)
{
	const struct nlattr *attr, *field;
	u32 *warnings = context;

	nl_for_each(attr, first, size) {
		if (mnl_attr_get_type(attr) != TOCSIN_A_STATUS)
			continue;
		nl_for_each_nested(field, attr)
			if (mnl_attr_get_type(field) == TOCSIN_A_STATUS_WARNINGS)
				*warnings = nl_attr_number(field);
	}
	return 0;
}

int nl_arm(struct nl *nl, u32 *warnings)
{
	u32 bits = 0;
	int err;

	nl_request_begin(nl, TOCSIN_CMD_ARM);
	err = nl_request_run(nl, warnings_take, &bits);
	if (warnings)
		*warnings = bits;
	return err;
}

int nl_pet(struct nl *nl)
{
	nl->error[0] = 0;
	if (nl->device >= 0)
		return nl_renew(nl);
	nl_request_begin(nl, TOCSIN_CMD_PET);
	return nl_request_run(nl, NULL, NULL);
}

int nl_disarm(struct nl *nl, bool force)
{
	nl_request_begin(nl, TOCSIN_CMD_DISARM);
	if (force)
		mnl_attr_put(nl->request, TOCSIN_A_FORCE, 0, NULL);
	return nl_request_run(nl, NULL, NULL);
}

int nl_acknowledge(struct nl *nl, u16 id, u64 incarnation)
{
	nl_request_begin(nl, TOCSIN_CMD_ACKNOWLEDGE);
	mnl_attr_put_u16(nl->request, TOCSIN_A_TARGET, id);
	mnl_attr_put_u64(nl->request, TOCSIN_A_INCARNATION, incarnation);
	return nl_request_run(nl, NULL, NULL);
}

int nl_promise(struct nl *nl, u64 epoch, const struct core_ballot *ballot)
{
	nl_request_begin(nl, TOCSIN_CMD_PROMISE);
	mnl_attr_put_u64(nl->request, TOCSIN_A_EPOCH, epoch);
	mnl_attr_put_u64(nl->request, TOCSIN_A_BALLOT_COUNTER, ballot->counter);
	mnl_attr_put_u16(nl->request, TOCSIN_A_BALLOT_NODE, ballot->node);
	return nl_request_run(nl, NULL, NULL);
}

static void view_put(struct nlmsghdr *request, const struct core_view *view)
{
	struct nlattr *nest = mnl_attr_nest_start(request, TOCSIN_A_VIEW);
	unsigned int i;

	mnl_attr_put_u64(request, TOCSIN_A_VIEW_EPOCH, view->epoch);
	mnl_attr_put_u64(request, TOCSIN_A_VIEW_HASH, view->hash);
	mnl_attr_put_u64(request, TOCSIN_A_VIEW_ARBITER, view->arbiter);
	mnl_attr_put_u64(request, TOCSIN_A_VIEW_STATE, view->state);
	mnl_attr_put_u16(request, TOCSIN_A_VIEW_COORDINATOR, view->coordinator);
	for (i = 0; i < view->count; i++) {
		struct nlattr *member = mnl_attr_nest_start(request, TOCSIN_A_VIEW_MEMBER);

		mnl_attr_put_u16(request, TOCSIN_A_MEMBER_ID, view->member[i].id);
		mnl_attr_put_u64(request, TOCSIN_A_MEMBER_INCARNATION,
				 view->member[i].incarnation);
		mnl_attr_nest_end(request, member);
	}
	mnl_attr_nest_end(request, nest);
}

static int age_take(const struct nlattr *nest, struct core_ages *ages)
{
	const struct nlattr *attr;

	if (ages->count == CORE_VIEW_MEMBERS_MAX)
		return -EIO;
	nl_for_each_nested(attr, nest) {
		u64 number = nl_attr_number(attr);

		switch (mnl_attr_get_type(attr)) {
		case TOCSIN_A_AGE_ID:
			ages->age[ages->count].id = number;
			break;
		case TOCSIN_A_AGE_INCARNATION:
			ages->age[ages->count].incarnation = number;
			break;
		case TOCSIN_A_AGE_NS:
			ages->age[ages->count].age_ns = number;
			break;
		}
	}
	ages->count++;
	return 0;
}

static int ages_take(const struct nlattr *first, size_t size, void *context)
{
	const struct nlattr *attr;
	int err = 0;

	nl_for_each(attr, first, size)
		if (mnl_attr_get_type(attr) == TOCSIN_A_AGE && !err)
			err = age_take(attr, context);
	return err;
}

int nl_accept(struct nl *nl, const struct core_view *view, u64 ballot_counter,
	      u16 ballot_node, struct core_ages *ages)
{
	if (view->count > CORE_VIEW_MEMBERS_MAX)
		return -EINVAL;
	nl_request_begin(nl, TOCSIN_CMD_ACCEPT);
	view_put(nl->request, view);
	mnl_attr_put_u64(nl->request, TOCSIN_A_BALLOT_COUNTER, ballot_counter);
	mnl_attr_put_u16(nl->request, TOCSIN_A_BALLOT_NODE, ballot_node);
	memset(ages, 0, sizeof(*ages));
	return nl_request_run(nl, ages_take, ages);
}

int nl_install(struct nl *nl, const struct core_view *view)
{
	if (view->count > CORE_VIEW_MEMBERS_MAX)
		return -EINVAL;
	nl_request_begin(nl, TOCSIN_CMD_INSTALL);
	view_put(nl->request, view);
	return nl_request_run(nl, NULL, NULL);
}

int nl_leave(struct nl *nl)
{
	nl_request_begin(nl, TOCSIN_CMD_LEAVE);
	return nl_request_run(nl, NULL, NULL);
}

int nl_toc_request(struct nl *nl, const char *reason)
{
	char text[TOCSIN_REASON_MAX + 1];
	size_t length = strnlen(reason, TOCSIN_REASON_MAX);
	int err;

	memcpy(text, reason, length);
	text[length] = 0;
	err = nl_device_toc(nl, text);
	/* There is none, or it is one that knows renewals only. */
	if (err != -ENOENT && err != -EINVAL)
		return err;
	nl_request_begin(nl, TOCSIN_CMD_TOC_REQUEST);
	mnl_attr_put_strz(nl->request, TOCSIN_A_REASON, text);
	return nl_request_run(nl, NULL, NULL);
}
