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

void core_hb_encode(const struct core_hb *hb, u8 *buf)
{
	core_assert(hb->src && hb->src <= CORE_NODE_ID_MAX);
	core_assert(hb->path < CORE_PATHS_MAX);
	memset(buf, 0, CORE_HB_SIZE);
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

void core_hb_set_key(u8 *buf, u32 key_id)
{
	put(buf, AT_KEY_ID, 4, key_id);
}

enum core_drop core_hb_precheck(const u8 *buf, size_t len, u32 *key_id)
{
	if (len != CORE_HB_SIZE)
		return CORE_DROP_LENGTH;
	if (get(buf, AT_MAGIC, 4) != CORE_HB_MAGIC)
		return CORE_DROP_MAGIC;
	if (get(buf, AT_VERSION, 1) != CORE_HB_VERSION)
		return CORE_DROP_VERSION;
	*key_id = get(buf, AT_KEY_ID, 4);
	return CORE_DROP_NONE;
}

enum core_drop core_hb_decode(const u8 *buf, struct core_hb *hb)
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
