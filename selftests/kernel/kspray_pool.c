// SPDX-License-Identifier: GPL-2.0-or-later
/* Heartbeats recorded from life, and what is made of them. */
#include "kspray.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

unsigned int pool_record(struct pool *pool, enum pool_kind kind, int fd, u16 src,
			 unsigned int want)
{
	u8 frame[SPRAY_FRAME];
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	unsigned int got = 0;
	struct core_hb hb;

	while (got < want && poll(&wait, 1, 30000) > 0) {
		ssize_t size = recv(fd, frame, sizeof(frame), 0);
		const u8 *payload;
		size_t length;

		payload = size > 0 ? frame_payload(frame, size, &length) : NULL;
		if (!payload || length != CORE_HB_SIZE || core_hb_decode(payload, &hb) ||
		    hb.src != src)
			continue;
		memcpy(pool->heartbeat[kind][pool->count[kind]++ % POOL_EACH], payload, length);
		got++;
	}
	if (got < want)
		kctl_die("recorded %u heartbeats of %u", got, want);
	return got;
}

static unsigned int pool_count(const struct pool *pool, enum pool_kind kind)
{
	return pool->count[kind] < POOL_EACH ? pool->count[kind] : POOL_EACH;
}

/* Last words of the life that said this heartbeat: of one that had promised nothing,
 * something, or had accepted a view.
 */
static void gasp_make(const u8 *heartbeat, unsigned int sort, u8 *buf)
{
	struct core_gasp gasp = { 0 };
	struct core_member member[2];
	struct core_hb hb;

	if (core_hb_decode(heartbeat, &hb))
		kctl_die("a recorded heartbeat cannot be read");
	hb.flags = CORE_HB_GASP | CORE_HB_ARMED;
	hb.sequence = CORE_GASP_SEQUENCE;
	hb.dst_incarnation = 0;
	hb.returned_ns = hb.path_returned_ns = hb.path_held_ns = 0;
	memset(hb.heard, 0, sizeof(hb.heard));
	if (sort) {
		hb.installed_epoch = hb.frontier.epoch = 4;
		hb.frontier.hash = 1;
		gasp.promised = (struct core_ballot){ .counter = 7, .node = hb.src };
	}
	if (sort == 2) {
		member[0] = (struct core_member){ .id = hb.src, .incarnation = hb.src_incarnation };
		member[1] = (struct core_member){ .id = 9, .incarnation = 9 };
		gasp.accepted = kctl_view(5, member, 2);
		gasp.ballot = gasp.promised;
		hb.frontier.epoch = gasp.accepted.epoch;
		hb.frontier.hash = gasp.accepted.hash;
	}
	core_gasp_encode(&hb, &gasp, buf);
	if (core_gasp_decode(buf, &hb, &gasp))
		kctl_die("last words that cannot be read");
}

void pool_gasps_make(struct pool *pool)
{
	u8 other[TOCSIN_KEY_SIZE];
	unsigned int kind, i;

	memcpy(other, kctl_key, sizeof(other));
	other[0] ^= 1;
	for (kind = 0; kind < POOL_KINDS; kind++) {
		bool wrong = kind == POOL_SECRET || (kind == POOL_PRESENT && !pool->said);
		u32 key_id = KCTL_KEY_ID + (kind == POOL_KEY_ID);

		for (i = 0; i < POOL_GASPS; i++) {
			u8 *gasp = pool->gasp[kind][i];

			/* Of both paths, whichever was recorded first. */
			gasp_make(pool->heartbeat[kind][i], i / 2 % 3, gasp);
			kctl_mac_seal(gasp, CORE_GASP_SIZE, key_id, wrong ? other : kctl_key);
		}
	}
}

/* Bytes changed, at random or where they tell most. */
static void bytes_change(struct dice *dice, struct shot *shot)
{
	static const u16 ends[] = { 4, 8, 12, 16, 24, 40, 48, 56, 72, 80, 96, 112, 144, 152, 154,
				    156, 160, 164, 166, 176, 184, 186, 194, 824, 840 };
	unsigned int count = 1 + dice_roll(dice, 4), field;

	while (count--) {
		if (dice_roll(dice, 2)) {
			shot->payload[dice_roll(dice, shot->size)] ^= 1 << dice_roll(dice, 8);
			continue;
		}
		/* A field a little different: an older or newer time, a next number. */
		field = ends[dice_roll(dice, sizeof(ends) / sizeof(ends[0]))] - 1;
		if (field < shot->size)
			shot->payload[field] += dice_roll(dice, 2) ? 1 : -1;
	}
}

/* A clock that jumps: a time far ahead, far back, at its beginning or its end. */
static void times_jump(struct dice *dice, struct shot *shot)
{
	/* Sent, returned, returned on this path, how long ago. */
	static const u8 fields[] = { 72, 80, 88, 96 };
	unsigned int count = 1 + dice_roll(dice, 3), i;
	u64 value, far;
	u8 *field;

	while (count--) {
		field = shot->payload + fields[dice_roll(dice, sizeof(fields) / sizeof(fields[0]))];
		for (i = 0, value = 0; i < 8; i++)
			value = value << 8 | field[i];
		/* From a microsecond to some hundred years. */
		far = 1ULL << (10 + dice_roll(dice, 54));
		switch (dice_roll(dice, 4)) {
		case 0: value = 0; break;
		case 1: value = CORE_NEVER; break;
		case 2: value += far; break;
		default: value = value > far ? value - far : 1; break;
		}
		for (i = 8; i--; value >>= 8)
			field[i] = value;
	}
}

/* A whole one of that kind, heartbeat or last words; returns its length. */
static size_t pool_choose(struct dice *dice, const struct pool *pool, enum pool_kind kind,
			  const u8 **whole)
{
	if (!dice_roll(dice, 4)) {
		*whole = pool->gasp[kind][dice_roll(dice, POOL_GASPS)];
		return CORE_GASP_SIZE;
	}
	*whole = pool->heartbeat[kind][dice_roll(dice, pool_count(pool, kind))];
	return CORE_HB_SIZE;
}

static void shot_lengthen(struct dice *dice, struct shot *shot)
{
	size_t size = shot->size;

	shot->size += 1 + dice_roll(dice, dice_roll(dice, 4) ? 32 : 400);
	if (size == CORE_HB_SIZE && !dice_roll(dice, 4)) {	/* as if they were last words */
		shot->size = CORE_GASP_SIZE;
		shot->payload[7] |= CORE_HB_GASP;
	}
	memset(shot->payload + size, dice_roll(dice, 256), shot->size - size);
}

static void shot_cut(struct dice *dice, struct shot *shot)
{
	if (shot->size == CORE_GASP_SIZE && dice_roll(dice, 2)) {	/* as if a heartbeat */
		shot->size = CORE_HB_SIZE;
		if (dice_roll(dice, 2))
			shot->payload[7] &= ~CORE_HB_GASP;
		return;
	}
	shot->size = dice_roll(dice, shot->size);
}

/* The beginning of one with a part of another, which may be of the other length. */
static void shot_splice(struct dice *dice, const struct pool *pool, struct shot *shot)
{
	const u8 *other;
	size_t size = pool_choose(dice, pool, shot->kind, &other);

	if (size > shot->size)
		size = shot->size;
	memcpy(shot->payload + 40, other + 40, dice_roll(dice, size - 40));
}

static size_t shot_genuine(const struct pool *pool, const struct shot *shot)
{
	unsigned int i;

	for (i = 0; shot->size >= CORE_HB_SIZE && i < pool_count(pool, shot->kind); i++)
		if (!memcmp(shot->payload, pool->heartbeat[shot->kind][i], CORE_HB_SIZE))
			return CORE_HB_SIZE;
	if (shot->kind == POOL_SECRET || (shot->kind == POOL_PRESENT && !pool->said))
		return 0;
	for (i = 0; shot->size >= CORE_GASP_SIZE && i < POOL_GASPS; i++)
		if (!memcmp(shot->payload, pool->gasp[shot->kind][i], CORE_GASP_SIZE))
			return CORE_GASP_SIZE;
	return 0;
}

void shot_make(struct dice *dice, const struct pool *pool, struct shot *shot)
{
	const u8 *whole;
	size_t at;

	shot->kind = dice_roll(dice, POOL_KINDS);
	shot->size = pool_choose(dice, pool, shot->kind, &whole);
	memcpy(shot->payload, whole, shot->size);
	switch (dice_roll(dice, 10)) {
	case 0:
		shot_cut(dice, shot);
		break;
	case 1:
		shot_lengthen(dice, shot);
		break;
	case 2:
		shot_splice(dice, pool, shot);
		break;
	case 3:
	case 4:
		bytes_change(dice, shot);
		break;
	case 5:
		times_jump(dice, shot);
		break;
	case 6:	/* noise, behind a right beginning */
		for (at = 0; at < shot->size; at++)
			if (at >= 12 || !dice_roll(dice, 16))
				shot->payload[at] = dice_roll(dice, 256);
		break;
	default: /* as it was: again, from elsewhere, by another path, in another life */
		break;
	}
	shot->genuine = shot_genuine(pool, shot);
}
