// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Datagrams that must change nothing and be counted, each for its reason.
 * Node 1 at 127.0.0.1 must know node 2 at 127.0.0.2 with one path.
 */
#include "kctl.h"

#include <stdio.h>
#include <sys/socket.h>
#include <time.h>

#include "names.h"

struct spray {
	struct nl *nl;
	int fd;			/* on node 2's address */
	int stranger;		/* on another one */
	struct sockaddr_in to;
	struct core_hb good;
	u64 expected[CORE_DROP_COUNT];
};

static void fire(struct spray *s, int fd, const u8 *buf, size_t size, enum core_drop reason)
{
	if (sendto(fd, buf, size, 0, (struct sockaddr *)&s->to, sizeof(s->to)) != (ssize_t)size)
		kctl_die("spray: cannot send");
	s->expected[reason]++;
}

/* An authenticated heartbeat that is wrong in what it says. */
static void fire_signed(struct spray *s, const struct core_hb *hb, enum core_drop reason)
{
	u8 buf[CORE_HB_SIZE];

	core_hb_encode(hb, buf);
	kctl_mac_sign(buf, KCTL_KEY_ID);
	fire(s, s->fd, buf, sizeof(buf), reason);
}

static void spray_unauthenticated(struct spray *s)
{
	u8 buf[CORE_HB_SIZE + 40] = { 0 };
	unsigned int at;

	core_hb_encode(&s->good, buf);
	kctl_mac_sign(buf, KCTL_KEY_ID);
	fire(s, s->fd, buf, 0, CORE_DROP_LENGTH);
	fire(s, s->fd, buf, 1, CORE_DROP_LENGTH);
	fire(s, s->fd, buf, CORE_HB_SIZE - 1, CORE_DROP_LENGTH);
	fire(s, s->fd, buf, CORE_HB_SIZE + 40, CORE_DROP_LENGTH);
	buf[0] ^= 1;
	fire(s, s->fd, buf, CORE_HB_SIZE, CORE_DROP_MAGIC);
	buf[0] ^= 1;
	buf[4] = 9;
	fire(s, s->fd, buf, CORE_HB_SIZE, CORE_DROP_VERSION);
	buf[4] = CORE_HB_VERSION;
	core_hb_set_key(buf, KCTL_KEY_ID + 1);
	fire(s, s->fd, buf, CORE_HB_SIZE, CORE_DROP_KEY);
	core_hb_set_key(buf, KCTL_KEY_ID);
	/* One flipped bit anywhere behind the key id, authenticator included. */
	for (at = 12; at < CORE_HB_SIZE; at += 13) {
		buf[at] ^= 0x10;
		fire(s, s->fd, buf, CORE_HB_SIZE, CORE_DROP_MAC);
		buf[at] ^= 0x10;
	}
}

static void spray_authenticated(struct spray *s)
{
	struct core_hb hb = s->good;
	u8 buf[CORE_HB_SIZE];

	hb.sequence = 0;
	fire_signed(s, &hb, CORE_DROP_FIELD);
	hb = s->good;
	hb.cluster_id++;
	fire_signed(s, &hb, CORE_DROP_CLUSTER);
	hb = s->good;
	hb.dst = 3;
	fire_signed(s, &hb, CORE_DROP_DESTINATION);
	hb = s->good;
	hb.src = 9;
	fire_signed(s, &hb, CORE_DROP_PEER);
	hb = s->good;
	hb.path = 1;
	fire_signed(s, &hb, CORE_DROP_PATH);
	core_hb_encode(&s->good, buf);
	kctl_mac_sign(buf, KCTL_KEY_ID);
	fire(s, s->stranger, buf, CORE_HB_SIZE, CORE_DROP_ADDRESS);
	/* Another life of a peer that is being heard. */
	hb = s->good;
	hb.src_incarnation = 0xdead;
	fire_signed(s, &hb, CORE_DROP_INCARNATION);
	/* The known life, but an old word of it. */
	hb = s->good;
	hb.sequence = 1;
	fire_signed(s, &hb, CORE_DROP_REPLAY);
}

static void settle(void)
{
	struct timespec wait = { .tv_nsec = 200000000 };

	nanosleep(&wait, NULL);
}

/* What the heartbeat of node 2 looks like, taken from what the kernel knows. */
static void good_make(struct spray *s)
{
	struct nl_status status;
	struct nl_peer peer;

	kctl_check(nl_status_get(s->nl, &status), "status-get");
	kctl_check(nl_peer_get(s->nl, 2, &peer), "peer-get");
	if (!peer.info.heard)
		kctl_die("spray: node 2 must be heard");
	s->good.cluster_id = KCTL_CLUSTER;
	s->good.src_incarnation = peer.info.incarnation;
	s->good.dst_incarnation = status.config.core.incarnation;
	s->good.sequence = 1000000;
	s->good.sent_ns = 1000000;
	s->good.src = 2;
	s->good.dst = status.config.core.node_id;
}

void kctl_spray_run(struct nl *nl, char **options)
{
	struct spray s = { .nl = nl };
	struct nl_stats before, after;
	unsigned int reason;

	s.to = kctl_udp_address(kctl_text(options, "to", "127.0.0.1"), CORE_PORT_DEFAULT);
	s.fd = kctl_udp_open("127.0.0.2", 0);
	s.stranger = kctl_udp_open("127.0.0.9", 0);
	good_make(&s);
	kctl_check(nl_stats_get(nl, &before), "stats-get");
	spray_unauthenticated(&s);
	spray_authenticated(&s);
	settle();
	kctl_check(nl_stats_get(nl, &after), "stats-get");
	for (reason = 1; reason < CORE_DROP_COUNT; reason++)
		if (after.dropped[reason] - before.dropped[reason] != s.expected[reason])
			kctl_die("spray: %s: counted %llu, sent %llu", core_drop_name(reason),
				 (unsigned long long)(after.dropped[reason] -
						      before.dropped[reason]),
				 (unsigned long long)s.expected[reason]);
	kctl_check(nl_peer_get(nl, 2, &(struct nl_peer){ 0 }), "peer-get");
	printf("spray: all refused and counted\n");
}
