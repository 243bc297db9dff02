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

	/* What has waited there is of a former life. */
	while (recv(fd, frame, sizeof(frame), MSG_DONTWAIT) > 0)
		;
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

/* Bytes changed, at random or where they tell most. */
static void bytes_change(struct dice *dice, struct shot *shot)
{
	static const u8 ends[] = { 4, 8, 12, 16, 24, 40, 48, 56, 72, 80, 96, 112, 144, 160 };
	unsigned int count = 1 + dice_roll(dice, 4), field;

	while (count--) {
		if (dice_roll(dice, 2)) {
			shot->payload[dice_roll(dice, shot->size)] ^= 1 << dice_roll(dice, 8);
			continue;
		}
		/* A field a little different: an older or newer time, a next number. */
		field = ends[dice_roll(dice, sizeof(ends))] - 1;
		if (field < shot->size)
			shot->payload[field] += dice_roll(dice, 2) ? 1 : -1;
	}
}

void shot_make(struct dice *dice, const struct pool *pool, struct shot *shot)
{
	const u8 (*recorded)[CORE_HB_SIZE];
	unsigned int count, at;

	shot->kind = dice_roll(dice, POOL_KINDS);
	recorded = pool->heartbeat[shot->kind];
	count = pool->count[shot->kind] < POOL_EACH ? pool->count[shot->kind] : POOL_EACH;
	memcpy(shot->payload, recorded[dice_roll(dice, count)], CORE_HB_SIZE);
	shot->size = CORE_HB_SIZE;
	switch (dice_roll(dice, 8)) {
	case 0:	/* cut short */
		shot->size = dice_roll(dice, CORE_HB_SIZE);
		break;
	case 1:	/* too long */
		shot->size += 1 + dice_roll(dice, dice_roll(dice, 4) ? 32 : 1200);
		if (!dice_roll(dice, 4)) {	/* as if they were last words */
			shot->size = CORE_GASP_SIZE;
			shot->payload[7] |= CORE_HB_GASP;
		}
		memset(shot->payload + CORE_HB_SIZE, dice_roll(dice, 256),
		       shot->size - CORE_HB_SIZE);
		break;
	case 2:	/* two halves of different ones */
		memcpy(shot->payload + 40, recorded[dice_roll(dice, count)] + 40,
		       dice_roll(dice, CORE_HB_SIZE - 40));
		break;
	case 3:
	case 4:
		bytes_change(dice, shot);
		break;
	case 5:	/* noise, behind a right beginning */
		for (at = 0; at < CORE_HB_SIZE; at++)
			if (at >= 12 || !dice_roll(dice, 16))
				shot->payload[at] = dice_roll(dice, 256);
		break;
	default: /* as it was: again, from elsewhere, by another path, in another life */
		break;
	}
	shot->genuine = false;
	for (at = 0; shot->size >= CORE_HB_SIZE && at < count; at++)
		shot->genuine |= !memcmp(shot->payload, recorded[at], CORE_HB_SIZE);
}
