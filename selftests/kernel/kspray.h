/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sender that tries to fake heartbeats: see kspray.c.
 *
 * Network namespaces a (node 1, under test) and b (node 2) hang with their lan0
 * on a bridge in the namespace of the sender, by pa and pb.  Path 0 is IPv4,
 * path 1 IPv6.
 */
#ifndef KSPRAY_H
#define KSPRAY_H

#include "kctl.h"

#define SPRAY_FRAGMENTS	3
#define SPRAY_FRAME	1600
#define SPRAY_BATCH	64

/* Seeded numbers, the same on every machine. */
struct dice {
	u64 state;
};

static inline u64 dice_roll(struct dice *dice, u64 sides)
{
	dice->state ^= dice->state >> 12;
	dice->state ^= dice->state << 25;
	dice->state ^= dice->state >> 27;
	return (dice->state * 0x2545f4914f6cdd1dULL >> 16) % sides;
}

/* One datagram as it goes onto the wire, in one frame or in fragments. */
struct frames {
	u8 data[SPRAY_FRAGMENTS][SPRAY_FRAME];
	size_t size[SPRAY_FRAGMENTS];
	unsigned int count;
};

/**
 * struct arrival - what the stack makes of it before the module sees it
 * @reaches: the module does see it
 * @size: of the datagram's payload then
 * @six: by IPv6
 * @from_peer: from node 2's address of that family
 */
struct arrival {
	bool reaches;
	size_t size;
	bool six;
	bool from_peer;
};

/**
 * frames_make - wrap a payload into Ethernet, IP and UDP, in one of many ways
 * @odd: also in the ways that are unusual, wrong, or from elsewhere
 */
void frames_make(struct dice *dice, const u8 *payload, size_t size, bool six, bool odd,
		 struct frames *frames, struct arrival *arrival);

/* Recorded from life. */
enum pool_kind {
	POOL_PRESENT,		/* of node 2's present life */
	POOL_PAST,		/* of the life before */
	POOL_OWN,		/* of node 1 itself */
	POOL_STRANGER,		/* of node 3, which has the key but is no peer */
	POOL_CLUSTER,		/* of node 2 in another cluster with the same key */
	POOL_SECRET,		/* signed with another secret under the same key id */
	POOL_KEY_ID,		/* signed with an unknown key id */
	POOL_KINDS
};

#define POOL_EACH	64
#define POOL_GASPS	12

/**
 * struct pool - what there is to send
 * @gasp: last words of each kind's life, signed as that life signs.  Those of
 *	POOL_PRESENT are signed with another secret, so that none of them is valid,
 *	unless @said
 * @said: node 2's present life has ended with last words that node 1 took
 */
struct pool {
	unsigned int count[POOL_KINDS];
	u8 heartbeat[POOL_KINDS][POOL_EACH][CORE_HB_SIZE];
	u8 gasp[POOL_KINDS][POOL_GASPS][CORE_GASP_SIZE];
	bool said;
};

/* Read what has come and comes on a packet socket; keep @want heartbeats of @src. */
unsigned int pool_record(struct pool *pool, enum pool_kind kind, int fd, u16 src,
			 unsigned int want);
/* Last words for all that was recorded. */
void pool_gasps_make(struct pool *pool);

/**
 * struct shot - a datagram made of a recorded one
 * @genuine: cut to this length it is a whole one, as it was; 0: at none
 */
struct shot {
	u8 payload[SPRAY_FRAME];
	size_t size;
	enum pool_kind kind;
	size_t genuine;
};

void shot_make(struct dice *dice, const struct pool *pool, struct shot *shot);

/* Packet sockets of the sender's namespace. */
int packet_open(const char *interface);
void packet_send(int fd, const struct frames *frames, unsigned int count);
/* What waits there is of a former life. */
void packets_forget(int fd);

/* The UDP payload in a frame between the nodes, and its size, or NULL. */
const u8 *frame_payload(const u8 *frame, size_t size, size_t *payload_size);

/* A node: an instance in a namespace, with its socket. */
struct node {
	struct nl *nl;
	u16 id;
	u64 incarnation;
};

struct node_options {
	u64 cluster;
	u32 key_id;
	bool other_secret;
	u64 member_ms;
	u64 interval_ms;
};

void node_start(struct node *node, const char *space, u16 id, const struct node_options *options);
void node_stop(struct node *node);
/* Install a view of node 1, with node 2 if @peer (0: alone). */
void node_form(struct node *node, u64 epoch, u64 peer);

void spray_inside(int fd, struct dice *dice, u64 count);

#endif
