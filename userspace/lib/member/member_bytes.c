// SPDX-License-Identifier: GPL-2.0-or-later
#include "member_bytes.h"

#define FORMAT_VERSION	1u
/* FNV-1a, 64 bit: against torn and rotten files, not against people. */
#define FNV_OFFSET	0xcbf29ce484222325ULL
#define FNV_PRIME	0x100000001b3ULL

void member_put(struct member_writer *to, u64 number, unsigned int bytes)
{
	core_assert(bytes <= 8 && to->length + bytes <= to->room);
	while (bytes--)
		to->buf[to->length++] = (u8)(number >> (8 * bytes));
}

u64 member_get(struct member_reader *from, unsigned int bytes)
{
	u64 number = 0;

	core_assert(bytes <= 8);
	if (from->bad || from->length - from->at < bytes) {
		from->bad = true;
		return 0;
	}
	while (bytes--)
		number = number << 8 | from->buf[from->at++];
	return number;
}

void member_put_ballot(struct member_writer *to, const struct member_ballot *ballot)
{
	member_put(to, ballot->counter, 8);
	member_put(to, ballot->node, 2);
}

void member_get_ballot(struct member_reader *from, struct member_ballot *ballot)
{
	ballot->counter = member_get(from, 8);
	ballot->node = (u16)member_get(from, 2);
}

void member_put_view(struct member_writer *to, const struct core_view *view)
{
	u16 i;

	core_assert(view->count <= CORE_VIEW_MEMBERS_MAX);
	member_put(to, view->count, 2);
	if (!view->count)
		return;
	member_put(to, view->epoch, 8);
	member_put(to, view->hash, 8);
	member_put(to, view->arbiter, 8);
	member_put(to, view->state, 8);
	member_put(to, view->coordinator, 2);
	for (i = 0; i < view->count; i++) {
		member_put(to, view->member[i].id, 2);
		member_put(to, view->member[i].incarnation, 8);
	}
}

void member_get_view(struct member_reader *from, struct core_view *view)
{
	u16 i;

	memset(view, 0, sizeof(*view));
	view->count = (u16)member_get(from, 2);
	if (view->count > CORE_VIEW_MEMBERS_MAX)
		from->bad = true;
	if (from->bad)
		view->count = 0;
	if (!view->count)
		return;
	view->epoch = member_get(from, 8);
	view->hash = member_get(from, 8);
	view->arbiter = member_get(from, 8);
	view->state = member_get(from, 8);
	view->coordinator = (u16)member_get(from, 2);
	for (i = 0; i < view->count; i++) {
		view->member[i].id = (u16)member_get(from, 2);
		view->member[i].incarnation = member_get(from, 8);
	}
	if (from->bad || core_view_check(view))
		from->bad = true;
}

void member_put_value(struct member_writer *to, const struct member_value *value)
{
	member_put_ballot(to, &value->ballot);
	member_put(to, value->formed, 1);
	member_put_view(to, &value->view);
}

void member_get_value(struct member_reader *from, struct member_value *value)
{
	memset(value, 0, sizeof(*value));
	member_get_ballot(from, &value->ballot);
	value->formed = member_get(from, 1) != 0;
	member_get_view(from, &value->view);
	if (!value->ballot.counter || !value->ballot.node || !value->view.count)
		from->bad = true;
}

static u64 checksum(const u8 *buf, size_t length)
{
	u64 hash = FNV_OFFSET;

	while (length--) {
		hash ^= *buf++;
		hash *= FNV_PRIME;
	}
	return hash;
}

void member_header_put(struct member_writer *to, u32 magic)
{
	member_put(to, magic, 4);
	member_put(to, FORMAT_VERSION, 4);
	member_put(to, 0, 8);
	member_put(to, 0, 8);
	core_assert(to->length == MEMBER_HEADER_BYTES);
}

void member_header_seal(struct member_writer *to)
{
	size_t length = to->length;

	core_assert(length >= MEMBER_HEADER_BYTES);
	to->length = 8;
	member_put(to, length, 8);
	member_put(to, checksum(to->buf + MEMBER_HEADER_BYTES,
				length - MEMBER_HEADER_BYTES), 8);
	to->length = length;
}

int member_header_get(struct member_reader *from, u32 magic)
{
	u64 length, sum;

	if (member_get(from, 4) != magic || member_get(from, 4) != FORMAT_VERSION)
		return -EINVAL;
	length = member_get(from, 8);
	sum = member_get(from, 8);
	if (from->bad || length != from->length)
		return -EBADMSG;
	if (checksum(from->buf + MEMBER_HEADER_BYTES, length - MEMBER_HEADER_BYTES) != sum)
		return -EBADMSG;
	return 0;
}
