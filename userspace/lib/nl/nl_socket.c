// SPDX-License-Identifier: GPL-2.0-or-later
#include "nl_socket.h"

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <tocsin/base.h>

struct family {
	u16 id;
	u32 group;
};

u64 nl_attr_number(const struct nlattr *attr)
{
	u64 number = 0;

	switch (mnl_attr_get_payload_len(attr)) {
	case 1:
		return mnl_attr_get_u8(attr);
	case 2:
		return mnl_attr_get_u16(attr);
	case 4:
		return mnl_attr_get_u32(attr);
	case 8:
		memcpy(&number, mnl_attr_get_payload(attr), sizeof(number));
		return number;
	}
	return 0;
}

void nl_attr_text(const struct nlattr *attr, char *out, size_t size)
{
	size_t length = strnlen(mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr));

	if (length >= size)
		length = size - 1;
	memcpy(out, mnl_attr_get_payload(attr), length);
	out[length] = 0;
}

static void request_begin(struct nl *nl, u16 type, u8 command, u8 version)
{
	struct genlmsghdr *header;

	nl->error[0] = 0;
	nl->request = mnl_nlmsg_put_header(nl->out);
	nl->request->nlmsg_type = type;
	nl->request->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	nl->request->nlmsg_seq = ++nl->sequence;
	header = mnl_nlmsg_put_extra_header(nl->request, sizeof(*header));
	header->cmd = command;
	header->version = version;
}

void nl_request_begin(struct nl *nl, u8 command)
{
	request_begin(nl, nl->family, command, TOCSIN_FAMILY_VERSION);
}

/* The kernel's explanation follows the header of the request it echoes. */
static void error_keep(struct nl *nl, const struct nlmsghdr *message)
{
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(message);
	size_t skip = sizeof(*error);
	const struct nlattr *attr;
	size_t total = mnl_nlmsg_get_payload_len(message);

	if (!(message->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(message->nlmsg_flags & NLM_F_CAPPED))
		skip += MNL_ALIGN(error->msg.nlmsg_len) - sizeof(error->msg);
	if (skip >= total)
		return;
	nl_for_each(attr, (const struct nlattr *)((const char *)error + skip), total - skip)
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG)
			nl_attr_text(attr, nl->error, sizeof(nl->error));
}

/* One message of an answer. Return: 1: go on, 0: done, or -errno. */
static int answer_take(struct nl *nl, const struct nlmsghdr *message, nl_take take,
		       void *context)
{
	const struct nlmsgerr *error;
	int err;

	if (message->nlmsg_seq != nl->sequence)
		return 1;		/* of a request that was given up */
	if (message->nlmsg_type == NLMSG_ERROR) {
		if (mnl_nlmsg_get_payload_len(message) < sizeof(*error))
			return -EIO;
		error = mnl_nlmsg_get_payload(message);
		error_keep(nl, message);
		return error->error;
	}
	/* How a list ended is in there: one that broke off is no list (netlink(7)). */
	if (message->nlmsg_type == NLMSG_DONE)
		return mnl_nlmsg_get_payload_len(message) < sizeof(int) ? 0 :
		       *(const int *)mnl_nlmsg_get_payload(message);
	if (message->nlmsg_type < NLMSG_MIN_TYPE || !take)
		return 1;
	if (mnl_nlmsg_get_payload_len(message) < sizeof(struct genlmsghdr))
		return -EIO;
	err = take(mnl_nlmsg_get_payload_offset(message, sizeof(struct genlmsghdr)),
		   mnl_nlmsg_get_payload_len(message) - MNL_ALIGN(sizeof(struct genlmsghdr)),
		   context);
	return err ? err : 1;
}

int nl_request_run(struct nl *nl, nl_take take, void *context)
{
	int state = 1;

	if (mnl_socket_sendto(nl->socket, nl->request, nl->request->nlmsg_len) < 0)
		return -errno;
	while (state == 1) {
		ssize_t got = mnl_socket_recvfrom(nl->socket, nl->in, sizeof(nl->in));
		const struct nlmsghdr *message = (const struct nlmsghdr *)nl->in;
		int left = got;

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		for (; state == 1 && mnl_nlmsg_ok(message, left);
		     message = mnl_nlmsg_next(message, &left))
			state = answer_take(nl, message, take, context);
	}
	return state;
}

int nl_request_list(struct nl *nl, nl_take take, void *context)
{
	/* A list ends with NLMSG_DONE instead of an acknowledgement. */
	nl->request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	return nl_request_run(nl, take, context);
}

static void group_take(const struct nlattr *group, struct family *family)
{
	const struct nlattr *attr;
	char name[GENL_NAMSIZ] = "";
	u32 id = 0;

	nl_for_each_nested(attr, group) {
		if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_NAME)
			nl_attr_text(attr, name, sizeof(name));
		if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_ID)
			id = nl_attr_number(attr);
	}
	if (!strcmp(name, TOCSIN_MCGRP_EVENTS))
		family->group = id;
}

static int family_take(const struct nlattr *first, size_t size, void *context)
{
	struct family *family = context;
	const struct nlattr *attr, *group;

	nl_for_each(attr, first, size) {
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
			family->id = nl_attr_number(attr);
		if (mnl_attr_get_type(attr) != CTRL_ATTR_MCAST_GROUPS)
			continue;
		nl_for_each_nested(group, attr)
			group_take(group, family);
	}
	return 0;
}

static int family_find(struct nl *nl)
{
	struct family family = { 0 };
	int err;

	request_begin(nl, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1);
	mnl_attr_put_strz(nl->request, CTRL_ATTR_FAMILY_NAME, TOCSIN_FAMILY_NAME);
	err = nl_request_run(nl, family_take, &family);
	if (err)
		return err;
	if (!family.id || !family.group)
		return -EIO;
	nl->family = family.id;
	nl->group = family.group;
	return 0;
}

int nl_open(struct nl **out)
{
	struct nl *nl = calloc(1, sizeof(*nl));
	int one = 1;
	int err;

	if (!nl)
		return -ENOMEM;
	nl->device = -1;
	nl->socket = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	if (!nl->socket) {
		err = -errno;
		goto err_free;
	}
	if (mnl_socket_bind(nl->socket, 0, MNL_SOCKET_AUTOPID) < 0) {
		err = -errno;
		goto err_close;
	}
	/* Refusals come with words, and without an echo of the request. */
	mnl_socket_setsockopt(nl->socket, NETLINK_EXT_ACK, &one, sizeof(one));
	mnl_socket_setsockopt(nl->socket, NETLINK_CAP_ACK, &one, sizeof(one));
	nl->portid = mnl_socket_get_portid(nl->socket);
	nl->sequence = base_random_u64() & 0xffff;
	err = family_find(nl);
	if (err)
		goto err_close;
	*out = nl;
	return 0;

err_close:
	mnl_socket_close(nl->socket);
err_free:
	free(nl);
	return err;
}

void nl_close(struct nl *nl)
{
	if (!nl)
		return;
	nl_device_close(nl);
	mnl_socket_close(nl->socket);
	/* The buffers have held a key. */
	explicit_bzero(nl, sizeof(*nl));
	free(nl);
}

const char *nl_error(const struct nl *nl)
{
	return nl->error;
}
