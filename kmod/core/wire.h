/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The heartbeat on the wire: fixed layout, big-endian, one datagram.
 *
 *   offset size field
 *        0    4 magic "TCHB"
 *        4    1 version
 *        5    1 path: index of the path, the same at both ends
 *        6    2 flags, CORE_HB_*
 *        8    4 key id
 *       12    2 source node id
 *       14    2 destination node id
 *       16    8 cluster id
 *       24    8 incarnation of the source
 *       32    8 incarnation of the destination as the source knows it, or 0
 *       40    8 sequence, grows with each heartbeat on this path
 *       48    8 installed epoch
 *       56    8 frontier: epoch
 *       64    8 frontier: hash of the view
 *       72    8 send time, source's clock
 *       80    8 acknowledgement: newest send time received, or 0
 *       88    8 newest send time received on this path, or 0
 *       96    8 how long ago that was received
 *      104    4 interval in microseconds
 *      108    4 reserved, sent as 0, ignored
 *      112   32 peers heard: node id n is bit (n - 1) % 8 of byte (n - 1) / 8
 *      144   16 HMAC-SHA-256 of everything before it, truncated
 *
 * The gasp of a dying node begins with the same 144 bytes (flag CORE_HB_GASP,
 * sequence CORE_GASP_SEQUENCE, nothing returned) and goes on with the state of
 * its acceptor (Documentation/MEMBERSHIP, rule 7):
 *
 *      144    8 ballot promised for the epoch after the installed one: counter
 *      152    2 ... node id; both 0: none
 *      154    2 ballot of the value accepted for that epoch: node id
 *      156    8 ... counter
 *      164    2 members of that value; 0: nothing accepted
 *      166    2 its coordinator
 *      168    8 its arbiter
 *      176    8 its state number (epoch and hash are the frontier)
 *      184  640 its members, 10 bytes each: node id 2, incarnation 8
 *      824   16 HMAC-SHA-256 of everything before it, truncated
 */
#ifndef TOCSIN_CORE_WIRE_H
#define TOCSIN_CORE_WIRE_H

#include "limits.h"
#include "view.h"

#define CORE_HB_MAGIC		0x54434842U	/* "TCHB" */
#define CORE_HB_VERSION		1
#define CORE_HB_SIZE		160
#define CORE_MAC_SIZE		16
#define CORE_KEY_SIZE		32
#define CORE_HEARD_SIZE		(CORE_NODE_ID_MAX / 8)

#define CORE_GASP_AT_MEMBER	184
#define CORE_GASP_MEMBER_SIZE	10
#define CORE_GASP_SIZE		(CORE_GASP_AT_MEMBER + \
				 CORE_VIEW_MEMBERS_MAX * CORE_GASP_MEMBER_SIZE + CORE_MAC_SIZE)
/* Nothing of that life may come after it. */
#define CORE_GASP_SEQUENCE	(~0ULL)

/* Minimum IPv6 MTU less headers: it is never fragmented. */
static_assert(CORE_GASP_SIZE <= 1280 - 48, "a gasp is one frame");
static_assert(CORE_HB_SIZE <= 192, "a heartbeat stays below 192 bytes");

enum core_hb_flag {
	CORE_HB_ARMED	= 1 << 0,	/* both leases are running */
	CORE_HB_JOINING	= 1 << 1,	/* no view installed */
	CORE_HB_LEAVING	= 1 << 2,	/* disarmed, a view still installed */
	CORE_HB_STALLED	= 1 << 3,	/* user space is late with its renewal */
	CORE_HB_IN_VIEW	= 1 << 4,	/* the destination incarnation is in my installed view */
	CORE_HB_GASP	= 1 << 5,	/* last words: nothing of this life follows */
};

/* Why a datagram was not taken; names in names.c */
enum core_drop {
	CORE_DROP_NONE,
	CORE_DROP_LENGTH,
	CORE_DROP_MAGIC,
	CORE_DROP_VERSION,
	CORE_DROP_KEY,			/* no key with this id */
	CORE_DROP_MAC,			/* authenticator does not match */
	CORE_DROP_FIELD,		/* a field out of range */
	CORE_DROP_CLUSTER,
	CORE_DROP_DESTINATION,		/* for another node */
	CORE_DROP_PEER,			/* from a node that is not configured */
	CORE_DROP_PATH,			/* not the path it was sent on */
	CORE_DROP_ADDRESS,		/* not from the address of that path */
	CORE_DROP_REPLAY,		/* sequence or send time went back */
	CORE_DROP_INCARNATION,		/* another life of the peer, not proven fresh */
	CORE_DROP_COUNT
};

struct core_hb {
	u64 cluster_id;
	u64 src_incarnation;
	u64 dst_incarnation;
	u64 sequence;
	u64 installed_epoch;
	struct core_frontier frontier;
	u64 sent_ns;
	u64 returned_ns;
	u64 path_returned_ns;
	u64 path_held_ns;
	u32 interval_us;
	u32 key_id;
	u16 flags;
	u16 src;
	u16 dst;
	u8 path;
	u8 heard[CORE_HEARD_SIZE];
};

/**
 * struct core_gasp - what a dying acceptor leaves behind
 * @promised: newest ballot promised for the epoch after the installed one;
 *	.counter 0: none
 * @ballot, @accepted: of what it accepted for that epoch, the value of the highest
 *	ballot; .count 0: nothing
 */
struct core_gasp {
	struct core_ballot promised;
	struct core_ballot ballot;
	struct core_view accepted;
};

/* Writes CORE_HB_SIZE bytes; the authenticator is left zero. Context: any. */
void core_hb_encode(const struct core_hb *hb, u8 *buf);

/**
 * core_hb_precheck - what may be looked at before the authenticator
 * @len: length of the datagram
 * @key_id: set to the key that the sender says it used
 * Return: CORE_DROP_NONE, or CORE_DROP_LENGTH (neither that of a heartbeat nor
 * that of a gasp), _MAGIC, _VERSION.
 */
enum core_drop core_hb_precheck(const u8 *buf, size_t len, u32 *key_id);

/* What heartbeats and gasps begin with; CORE_DROP_NONE or CORE_DROP_FIELD. */
enum core_drop core_header_decode(const u8 *buf, struct core_hb *hb);

/**
 * core_hb_decode - read an authenticated heartbeat of CORE_HB_SIZE bytes
 * A gasp of that length is CORE_DROP_FIELD.
 * Return: CORE_DROP_NONE, or CORE_DROP_FIELD.
 */
enum core_drop core_hb_decode(const u8 *buf, struct core_hb *hb);

/* Writes CORE_GASP_SIZE bytes; @hb names epochs and ids. */
void core_gasp_encode(const struct core_hb *hb, const struct core_gasp *gasp, u8 *buf);

/**
 * core_gasp_decode - read an authenticated gasp of CORE_GASP_SIZE bytes
 * Return: CORE_DROP_NONE, or CORE_DROP_FIELD.
 */
enum core_drop core_gasp_decode(const u8 *buf, struct core_hb *hb, struct core_gasp *gasp);

/* Write the key id into an encoded heartbeat, before the authenticator. */
void core_hb_set_key(u8 *buf, u32 key_id);

#endif
