// SPDX-License-Identifier: GPL-2.0
#include "wire.h"

/* Offsets as in the table in wire.h. */
enum {
	AT_MAGIC = 0,
	AT_VERSION = 4,
	AT_PATH = 5,
	AT_FLAGS = 6,
	AT_KEY_ID = 8,
	AT_SRC = 12,
	AT_DST = 14,
	AT_CLUSTER = 16,
	AT_SRC_INCARNATION = 24,
	AT_DST_INCARNATION = 32,
	AT_SEQUENCE = 40,
	AT_INSTALLED = 48,
	AT_FRONTIER_EPOCH = 56,
	AT_FRONTIER_HASH = 64,
	AT_SENT = 72,
	AT_RETURNED = 80,
	AT_PATH_RETURNED = 88,
	AT_PATH_HELD = 96,
	AT_INTERVAL = 104,
	AT_HEARD = 112,
	AT_MAC = AT_HEARD + CORE_HEARD_SIZE,
};

/* Of a gasp, from AT_MAC on. */
enum {
	AT_PROMISED = AT_MAC,
	AT_PROMISED_NODE = 152,
	AT_BALLOT_NODE = 154,
	AT_BALLOT = 156,
	AT_COUNT = 164,
	AT_COORDINATOR = 166,
	AT_ARBITER = 168,
	AT_STATE = 176,
	AT_MEMBER = CORE_GASP_AT_MEMBER,
};

static_assert(AT_MAC + CORE_MAC_SIZE == CORE_HB_SIZE, "the layout fills the datagram");

static void put(u8 *buf, unsigned int at, unsigned int bytes, u64 value)
{
	while (bytes--) {
		buf[at + bytes] = value & 0xff;
		value >>= 8;
	}
}

static u64 get(const u8 *buf, unsigned int at, unsigned int bytes)
{
	u64 value = 0;
	unsigned int i;

	for (i = 0; i < bytes; i++)
		value = value << 8 | buf[at + i];
	return value;
}

static void header_encode(const struct core_hb *hb, u8 *buf)
{
	core_assert(hb->src && hb->src <= CORE_NODE_ID_MAX);
	core_assert(hb->path < CORE_PATHS_MAX);
	put(buf, AT_MAGIC, 4, CORE_HB_MAGIC);
	put(buf, AT_VERSION, 1, CORE_HB_VERSION);
	put(buf, AT_PATH, 1, hb->path);
	put(buf, AT_FLAGS, 2, hb->flags);
	put(buf, AT_KEY_ID, 4, hb->key_id);
	put(buf, AT_SRC, 2, hb->src);
	put(buf, AT_DST, 2, hb->dst);
	put(buf, AT_CLUSTER, 8, hb->cluster_id);
	put(buf, AT_SRC_INCARNATION, 8, hb->src_incarnation);
	put(buf, AT_DST_INCARNATION, 8, hb->dst_incarnation);
	put(buf, AT_SEQUENCE, 8, hb->sequence);
	put(buf, AT_INSTALLED, 8, hb->installed_epoch);
	put(buf, AT_FRONTIER_EPOCH, 8, hb->frontier.epoch);
	put(buf, AT_FRONTIER_HASH, 8, hb->frontier.hash);
	put(buf, AT_SENT, 8, hb->sent_ns);
	put(buf, AT_RETURNED, 8, hb->returned_ns);
	put(buf, AT_PATH_RETURNED, 8, hb->path_returned_ns);
	put(buf, AT_PATH_HELD, 8, hb->path_held_ns);
	put(buf, AT_INTERVAL, 4, hb->interval_us);
	memcpy(buf + AT_HEARD, hb->heard, CORE_HEARD_SIZE);
}

void core_hb_encode(const struct core_hb *hb, u8 *buf)
{
	core_assert(!(hb->flags & CORE_HB_GASP));
	memset(buf, 0, CORE_HB_SIZE);
	header_encode(hb, buf);
}

void core_gasp_encode(const struct core_hb *hb, const struct core_gasp *gasp, u8 *buf)
{
	const struct core_view *view = &gasp->accepted;
	unsigned int i, at = AT_MEMBER;

	core_assert(hb->flags & CORE_HB_GASP);
	core_assert(view->count <= CORE_VIEW_MEMBERS_MAX);
	memset(buf, 0, CORE_GASP_SIZE);
	header_encode(hb, buf);
	put(buf, AT_PROMISED, 8, gasp->promised.counter);
	put(buf, AT_PROMISED_NODE, 2, gasp->promised.node);
	if (!view->count)
		return;
	put(buf, AT_BALLOT, 8, gasp->ballot.counter);
	put(buf, AT_BALLOT_NODE, 2, gasp->ballot.node);
	put(buf, AT_COUNT, 2, view->count);
	put(buf, AT_COORDINATOR, 2, view->coordinator);
	put(buf, AT_ARBITER, 8, view->arbiter);
	put(buf, AT_STATE, 8, view->state);
	for (i = 0; i < view->count; i++, at += CORE_GASP_MEMBER_SIZE) {
		put(buf, at, 2, view->member[i].id);
		put(buf, at + 2, 8, view->member[i].incarnation);
	}
}

void core_hb_set_key(u8 *buf, u32 key_id)
{
	put(buf, AT_KEY_ID, 4, key_id);
}

enum core_drop core_hb_precheck(const u8 *buf, size_t len, u32 *key_id)
{
	if (len != CORE_HB_SIZE && len != CORE_GASP_SIZE)
		return CORE_DROP_LENGTH;
	if (get(buf, AT_MAGIC, 4) != CORE_HB_MAGIC)
		return CORE_DROP_MAGIC;
	if (get(buf, AT_VERSION, 1) != CORE_HB_VERSION)
		return CORE_DROP_VERSION;
	*key_id = get(buf, AT_KEY_ID, 4);
	return CORE_DROP_NONE;
}

enum core_drop core_header_decode(const u8 *buf, struct core_hb *hb)
{
	hb->path = get(buf, AT_PATH, 1);
	hb->flags = get(buf, AT_FLAGS, 2);
	hb->key_id = get(buf, AT_KEY_ID, 4);
	hb->src = get(buf, AT_SRC, 2);
	hb->dst = get(buf, AT_DST, 2);
	hb->cluster_id = get(buf, AT_CLUSTER, 8);
	hb->src_incarnation = get(buf, AT_SRC_INCARNATION, 8);
	hb->dst_incarnation = get(buf, AT_DST_INCARNATION, 8);
	hb->sequence = get(buf, AT_SEQUENCE, 8);
	hb->installed_epoch = get(buf, AT_INSTALLED, 8);
	hb->frontier.epoch = get(buf, AT_FRONTIER_EPOCH, 8);
	hb->frontier.hash = get(buf, AT_FRONTIER_HASH, 8);
	hb->sent_ns = get(buf, AT_SENT, 8);
	hb->returned_ns = get(buf, AT_RETURNED, 8);
	hb->path_returned_ns = get(buf, AT_PATH_RETURNED, 8);
	hb->path_held_ns = get(buf, AT_PATH_HELD, 8);
	hb->interval_us = get(buf, AT_INTERVAL, 4);
	memcpy(hb->heard, buf + AT_HEARD, CORE_HEARD_SIZE);

	if (!hb->src || hb->src > CORE_NODE_ID_MAX || hb->path >= CORE_PATHS_MAX)
		return CORE_DROP_FIELD;
	if (!hb->src_incarnation || !hb->sequence || !hb->sent_ns)
		return CORE_DROP_FIELD;
	if (hb->frontier.epoch < hb->installed_epoch)
		return CORE_DROP_FIELD;
	return CORE_DROP_NONE;
}

enum core_drop core_hb_decode(const u8 *buf, struct core_hb *hb)
{
	enum core_drop drop = core_header_decode(buf, hb);

	if (drop == CORE_DROP_NONE && hb->flags & CORE_HB_GASP)
		drop = CORE_DROP_FIELD;
	return drop;
}

static enum core_drop accepted_decode(const u8 *buf, const struct core_hb *hb,
				      struct core_gasp *gasp)
{
	struct core_view *view = &gasp->accepted;
	unsigned int i, at = AT_MEMBER;

	gasp->ballot.counter = get(buf, AT_BALLOT, 8);
	gasp->ballot.node = get(buf, AT_BALLOT_NODE, 2);
	view->epoch = hb->frontier.epoch;
	view->hash = hb->frontier.hash;
	view->coordinator = get(buf, AT_COORDINATOR, 2);
	view->arbiter = get(buf, AT_ARBITER, 8);
	view->state = get(buf, AT_STATE, 8);
	for (i = 0; i < view->count; i++, at += CORE_GASP_MEMBER_SIZE) {
		view->member[i].id = get(buf, at, 2);
		view->member[i].incarnation = get(buf, at + 2, 8);
	}
	if (core_view_check(view))
		return CORE_DROP_FIELD;
	if (hb->installed_epoch && view->epoch != hb->installed_epoch + 1)
		return CORE_DROP_FIELD;
	/* Who accepts a ballot has promised it. */
	if (!gasp->ballot.counter || core_ballot_below(&gasp->promised, &gasp->ballot))
		return CORE_DROP_FIELD;
	return CORE_DROP_NONE;
}

enum core_drop core_gasp_decode(const u8 *buf, struct core_hb *hb, struct core_gasp *gasp)
{
	enum core_drop drop = core_header_decode(buf, hb);

	memset(gasp, 0, sizeof(*gasp));
	if (drop != CORE_DROP_NONE)
		return drop;
	if (!(hb->flags & CORE_HB_GASP) || hb->sequence != CORE_GASP_SEQUENCE)
		return CORE_DROP_FIELD;
	gasp->promised.counter = get(buf, AT_PROMISED, 8);
	gasp->promised.node = get(buf, AT_PROMISED_NODE, 2);
	gasp->accepted.count = get(buf, AT_COUNT, 2);
	if (gasp->accepted.count > CORE_VIEW_MEMBERS_MAX)
		return CORE_DROP_FIELD;
	return gasp->accepted.count ? accepted_decode(buf, hb, gasp) : CORE_DROP_NONE;
}
