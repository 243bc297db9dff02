// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * At the netlink door, all at once.
 *
 *   kstress mode=storm for=MS seed=S workers=N    in a namespace of its own
 *   kstress mode=denied                           as root of a container
 *
 * storm: processes that attach, arm, form, leave, disarm, close and open in any order,
 * between messages of random commands, attributes, nests and lengths.  It is enough
 * that the kernel stands it.  denied: every operation that is not for reading must be
 * refused with EPERM, whatever it says.
 */
#include "kctl.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kspray.h"

#define MESSAGE_MAX	4096

static int raw_open(void)
{
	struct timeval second = { .tv_sec = 1 };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second)))
		kctl_die("netlink: %s", strerror(errno));
	return fd;
}

struct message {
	struct nlmsghdr header;
	struct genlmsghdr generic;
	u8 data[MESSAGE_MAX];
};

/* Return: the error that the kernel answers, 0, or 1: something else came. */
static int raw_ask(int fd, struct message *m, size_t size)
{
	static union {
		struct nlmsghdr header;
		u8 room[65536];
	} answer;
	ssize_t got;

	m->header.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN) + size;
	if (send(fd, m, m->header.nlmsg_len, 0) < 0)
		return -errno;
	got = recv(fd, &answer, sizeof(answer), 0);
	if (got < (ssize_t)NLMSG_HDRLEN)
		return 1;
	if (answer.header.nlmsg_type != NLMSG_ERROR)
		return 1;
	return ((struct nlmsgerr *)NLMSG_DATA(&answer.header))->error;
}

static u16 family_read(int fd)
{
	struct message m = {
		.header = { .nlmsg_type = GENL_ID_CTRL, .nlmsg_flags = NLM_F_REQUEST },
		.generic = { .cmd = CTRL_CMD_GETFAMILY, .version = 1 },
	};
	struct nlattr name = { .nla_len = NLA_HDRLEN + sizeof(TOCSIN_FAMILY_NAME),
			       .nla_type = CTRL_ATTR_FAMILY_NAME };
	u8 answer[8192];
	ssize_t got, at;

	memcpy(m.data, &name, sizeof(name));
	memcpy(m.data + NLA_HDRLEN, TOCSIN_FAMILY_NAME, sizeof(TOCSIN_FAMILY_NAME));
	m.header.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN) + NLA_ALIGN(name.nla_len);
	if (send(fd, &m, m.header.nlmsg_len, 0) < 0)
		kctl_die("family: %s", strerror(errno));
	got = recv(fd, answer, sizeof(answer), 0);
	for (at = NLMSG_LENGTH(GENL_HDRLEN); at + NLA_HDRLEN + 2 <= got;) {
		struct nlattr attr;
		u16 id;

		memcpy(&attr, answer + at, sizeof(attr));
		memcpy(&id, answer + at + NLA_HDRLEN, sizeof(id));
		if (attr.nla_type == CTRL_ATTR_FAMILY_ID)
			return id;
		at += NLA_ALIGN(attr.nla_len) ?: got;
	}
	kctl_die("tocsin is not loaded");
}

/* Attributes of any type and length; some hold others. Return: bytes. */
static size_t attributes_roll(struct dice *dice, u8 *out, size_t room, unsigned int depth)
{
	unsigned int count = dice_roll(dice, 8);
	size_t at = 0;

	while (count-- && at + 256 < room) {
		static const u8 usual[] = { 0, 1, 2, 4, 8, 16, 32, 33 };
		size_t length = dice_roll(dice, 4) ? usual[dice_roll(dice, sizeof(usual))] :
						     dice_roll(dice, 200);
		struct nlattr attr = { .nla_type = dice_roll(dice, TOCSIN_A_MAX + 4) };
		size_t i;

		for (i = 0; i < length; i++)
			out[at + NLA_HDRLEN + i] = dice_roll(dice, 4) ? dice_roll(dice, 4) :
									dice_roll(dice, 256);
		if (depth && !dice_roll(dice, 3)) {
			length = attributes_roll(dice, out + at + NLA_HDRLEN,
						 room - at - NLA_HDRLEN - 256, depth - 1);
			attr.nla_type |= NLA_F_NESTED;
		}
		attr.nla_len = NLA_HDRLEN + length;
		/* Now and then a length that is a lie. */
		if (!dice_roll(dice, 64))
			attr.nla_len += dice_roll(dice, 300) - 150;
		memcpy(out + at, &attr, sizeof(attr));
		at += NLA_ALIGN(NLA_HDRLEN + length);
	}
	return at;
}

static void garbage(struct dice *dice, int fd, u16 family)
{
	static struct message m;
	u8 command = dice_roll(dice, TOCSIN_CMD_MAX + 3);

	memset(&m, 0, sizeof(m));
	m.header.nlmsg_type = family;
	m.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	if (command == TOCSIN_CMD_PEER_GET && dice_roll(dice, 2))
		m.header.nlmsg_flags |= NLM_F_DUMP;
	m.generic.cmd = command;
	m.generic.version = 1;
	raw_ask(fd, &m, attributes_roll(dice, m.data, sizeof(m.data) - 512, 3));
}

static void view_ask(struct dice *dice, struct nl *nl, bool install)
{
	struct core_member member[3];
	struct nl_status status;
	struct core_ages ages;
	struct core_view view;
	struct nl_peer peer;
	unsigned int count = 1;

	if (nl_status_get(nl, &status))
		return;
	member[0].id = 1;
	member[0].incarnation = status.config.core.incarnation ?: 1;
	if (!nl_peer_get(nl, 2, &peer) && dice_roll(dice, 2)) {
		member[1].id = 2;
		member[1].incarnation = peer.info.incarnation ?: 2;
		count = 2;
	}
	view = kctl_view(status.installed.epoch + 1, member, count);
	if (install)
		nl_install(nl, &view);
	else
		nl_accept(nl, &view, dice_roll(dice, 4), 1, &ages);
}

static void ask(struct dice *dice, struct nl *nl)
{
	struct nl_config config = {
		.core = {
			.cluster_id = KCTL_CLUSTER, .node_id = 1,
			.interval_ns = (5 + dice_roll(dice, 20)) * CORE_NS_PER_MS,
			.member_timeout_ns = (200 + dice_roll(dice, 300)) * CORE_NS_PER_MS,
			.safety_timeout_ns = (100 + dice_roll(dice, 900)) * CORE_NS_PER_MS,
		},
		.toc_margin_ns = CORE_TOC_MARGIN_NS_DEFAULT,
		.action = TOCSIN_ACTION_REPORT,
	};
	struct nl_path_address path[2];
	static struct nl_peer peer[8];
	struct nl_status status;
	struct nl_stats stats;
	u64 incarnation;
	size_t count;

	memset(path, 0, sizeof(path));
	kctl_address(&path[0].local, "127.0.0.1", 0);
	kctl_address(&path[0].remote, dice_roll(dice, 4) ? "127.0.0.2" : "127.0.0.3", 0);
	kctl_address(&path[1].local, dice_roll(dice, 4) ? "::1" : "::2", 0);
	kctl_address(&path[1].remote, "::1", 0);
	switch (dice_roll(dice, 16)) {
	case 0: nl_attach(nl, &config, &incarnation); break;
	case 1:
		nl_key_set(nl, dice_roll(dice, 2), KCTL_KEY_ID, kctl_key, dice_roll(dice, 2));
		break;
	case 2: nl_peer_set(nl, 2 + dice_roll(dice, 3), "x", path, 1 + dice_roll(dice, 2)); break;
	case 3: nl_peer_del(nl, 2 + dice_roll(dice, 3)); break;
	case 4: nl_arm(nl, NULL); break;
	case 5: nl_disarm(nl, !dice_roll(dice, 3)); break;
	case 6: nl_acknowledge(nl, 2, 1 + dice_roll(dice, 3)); break;
	case 7: view_ask(dice, nl, false); break;
	case 8: view_ask(dice, nl, true); break;
	case 9: nl_status_get(nl, &status); break;
	case 10: nl_peer_list(nl, peer, 8, &count); break;
	case 11: nl_stats_get(nl, &stats); break;
	case 12: if (!dice_roll(dice, 8)) nl_toc_request(nl, "storm"); break;
	default: nl_pet(nl); break;
	}
}

static int worker(u64 seed, u64 time_ns)
{
	struct dice dice = { .state = seed * 0x9e3779b97f4a7c15ULL | 1 };
	u64 end_ns = base_clock_ns() + time_ns;
	int fd = raw_open();
	u16 family = family_read(fd);
	struct nl *nl = NULL;

	while (base_clock_ns() < end_ns) {
		if (!nl)
			kctl_must(nl_open(&nl), "open");
		ask(&dice, nl);
		garbage(&dice, fd, family);
		if (!dice_roll(&dice, 40)) {
			nl_close(nl);
			nl = NULL;
		}
		if (!dice_roll(&dice, 40)) {
			close(fd);
			fd = raw_open();
		}
	}
	return 0;
}

static void storm(char **options)
{
	u64 time_ns = kctl_number(options, "for", 10000) * CORE_NS_PER_MS;
	unsigned int workers = kctl_number(options, "workers", 4), i;
	int status;

	for (i = 0; i < workers; i++)
		if (!fork())
			_exit(worker(kctl_number(options, "seed", 1) * 100 + i, time_ns));
	while (wait(&status) > 0)
		if (status)
			kctl_die("a worker ended with %d", status);
}

static void denied(void)
{
	struct message m;
	unsigned int command;
	int fd, err, wanted;
	u16 family;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNET))
		kctl_die("unshare: %s", strerror(errno));
	fd = raw_open();
	family = family_read(fd);
	for (command = TOCSIN_CMD_ATTACH; command < TOCSIN_CMD_EVENT; command++) {
		memset(&m, 0, sizeof(m));
		m.header.nlmsg_type = family;
		m.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
		m.generic.cmd = command;
		m.generic.version = 1;
		err = raw_ask(fd, &m, 0);
		wanted = -EPERM;
		/* Reading is for everybody; here there is nothing to read. */
		if (command == TOCSIN_CMD_STATUS_GET || command == TOCSIN_CMD_STATS_GET)
			wanted = -ENODEV;
		if (command == TOCSIN_CMD_PEER_GET)
			wanted = -EINVAL;
		if (err != wanted)
			kctl_die("command %u: %d instead of %d", command, err, wanted);
	}
}

int main(int argc, char **argv)
{
	if (!strcmp(kctl_text(argv, "mode", "storm"), "denied"))
		denied();
	else
		storm(argv);
	return 0;
}
