// SPDX-License-Identifier: GPL-2.0-or-later
/* The stream of news. */
#include "nl_socket.h"

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdlib.h>

/* Room for a burst: every path of 63 peers changing at once. */
#define EVENTS_BUFFER	(1 << 20)

struct nl_events {
	struct mnl_socket *socket;
	u16 family;
	const struct nlmsghdr *next;	/* of the messages already received */
	int left;
	char in[NL_MESSAGE_MAX];
};

int nl_events_open(struct nl_events **out)
{
	struct nl_events *events = calloc(1, sizeof(*events));
	int size = EVENTS_BUFFER;
	struct nl *nl = NULL;
	int group, err;

	if (!events)
		return -ENOMEM;
	err = nl_open(&nl);
	if (err)
		goto err_free;
	events->family = nl->family;
	group = nl->group;
	nl_close(nl);
	events->socket = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!events->socket) {
		err = -errno;
		goto err_free;
	}
	/* Above the system's limit where that is allowed, else up to it. */
	if (setsockopt(mnl_socket_get_fd(events->socket), SOL_SOCKET, SO_RCVBUFFORCE,
		       &size, sizeof(size)))
		setsockopt(mnl_socket_get_fd(events->socket), SOL_SOCKET, SO_RCVBUF,
			   &size, sizeof(size));
	if (mnl_socket_bind(events->socket, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_setsockopt(events->socket, NETLINK_ADD_MEMBERSHIP, &group,
				  sizeof(group)) < 0) {
		err = -errno;
		goto err_close;
	}
	*out = events;
	return 0;

err_close:
	mnl_socket_close(events->socket);
err_free:
	free(events);
	return err;
}

void nl_events_close(struct nl_events *events)
{
	if (!events)
		return;
	mnl_socket_close(events->socket);
	free(events);
}

int nl_events_fd(const struct nl_events *events)
{
	return mnl_socket_get_fd(events->socket);
}

static void frontier_take(const struct nlattr *attr, struct core_event *core)
{
	switch (mnl_attr_get_type(attr)) {
	case TOCSIN_A_EVENT_INSTALLED_EPOCH:
		core->installed_epoch = nl_attr_number(attr);
		break;
	case TOCSIN_A_EVENT_FRONTIER_EPOCH:
		core->frontier.epoch = nl_attr_number(attr);
		break;
	case TOCSIN_A_EVENT_FRONTIER_HASH:
		core->frontier.hash = nl_attr_number(attr);
		break;
	}
}

static void gasp_take(const struct nlattr *nest, struct nl_event *event)
{
	struct core_gasp *gasp = &event->gasp;
	const struct nlattr *attr;
	int err = 0;

	nl_for_each_nested(attr, nest) {
		switch (mnl_attr_get_type(attr)) {
		case TOCSIN_A_GASP_PROMISED_COUNTER:
			gasp->promised.counter = nl_attr_number(attr);
			break;
		case TOCSIN_A_GASP_PROMISED_NODE:
			gasp->promised.node = nl_attr_number(attr);
			break;
		case TOCSIN_A_GASP_BALLOT_COUNTER:
			gasp->ballot.counter = nl_attr_number(attr);
			break;
		case TOCSIN_A_GASP_BALLOT_NODE:
			gasp->ballot.node = nl_attr_number(attr);
			break;
		case TOCSIN_A_GASP_ACCEPTED:
			err = nl_view_take(attr, &gasp->accepted);
			break;
		}
	}
	/* Half of it would be worse than none. */
	event->has_gasp = !err && (!gasp->accepted.count || !core_view_check(&gasp->accepted));
}

static void event_take(const struct nlattr *nest, struct nl_event *event)
{
	const struct nlattr *attr;

	nl_for_each_nested(attr, nest) {
		switch (mnl_attr_get_type(attr)) {
		case TOCSIN_A_EVENT_TYPE:
			event->core.type = nl_attr_number(attr);
			break;
		case TOCSIN_A_EVENT_TIME_NS:
			event->time_ns = nl_attr_number(attr);
			break;
		case TOCSIN_A_EVENT_PEER:
			event->core.peer = nl_attr_number(attr);
			break;
		case TOCSIN_A_EVENT_PATH:
			event->core.path = nl_attr_number(attr);
			break;
		case TOCSIN_A_EVENT_FLAGS:
			event->core.flags = nl_attr_number(attr);
			break;
		case TOCSIN_A_EVENT_INCARNATION:
			event->core.incarnation = nl_attr_number(attr);
			break;
		case TOCSIN_A_EVENT_VALUE_NS:
			event->core.value_ns = nl_attr_number(attr);
			break;
		case TOCSIN_A_EVENT_GASP:
			gasp_take(attr, event);
			break;
		case TOCSIN_A_EVENT_LOST:
			event->lost = nl_attr_number(attr);
			break;
		default:
			frontier_take(attr, &event->core);
		}
	}
}

/* Return: true when the message was an event. */
static bool message_take(const struct nl_events *events, const struct nlmsghdr *message,
			 struct nl_event *event)
{
	const struct genlmsghdr *header = mnl_nlmsg_get_payload(message);
	const struct nlattr *first, *attr;
	size_t size = mnl_nlmsg_get_payload_len(message);

	if (message->nlmsg_type != events->family || size < sizeof(*header) ||
	    header->cmd != TOCSIN_CMD_EVENT)
		return false;
	memset(event, 0, sizeof(*event));
	first = mnl_nlmsg_get_payload_offset(message, sizeof(*header));
	nl_for_each(attr, first, size - MNL_ALIGN(sizeof(*header)))
		if (mnl_attr_get_type(attr) == TOCSIN_A_EVENT)
			event_take(attr, event);
	return true;
}

int nl_events_read(struct nl_events *events, struct nl_event *event)
{
	for (;;) {
		ssize_t got;

		while (mnl_nlmsg_ok(events->next, events->left)) {
			const struct nlmsghdr *message = events->next;

			events->next = mnl_nlmsg_next(message, &events->left);
			if (message_take(events, message, event))
				return 0;
		}
		got = mnl_socket_recvfrom(events->socket, events->in, sizeof(events->in));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		events->next = (const struct nlmsghdr *)events->in;
		events->left = got;
	}
}
