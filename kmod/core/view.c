// SPDX-License-Identifier: GPL-2.0
#include "view.h"

/* FNV-1a, 64 bit: no adversary can choose views, they are authenticated. */
#define FNV_OFFSET	0xcbf29ce484222325ULL
#define FNV_PRIME	0x100000001b3ULL

static u64 hash_number(u64 hash, u64 number)
{
	unsigned int byte;

	for (byte = 0; byte < 8; byte++) {
		hash ^= (number >> (8 * byte)) & 0xff;
		hash *= FNV_PRIME;
	}
	return hash;
}

u64 core_view_hash(const struct core_view *view)
{
	u64 hash = FNV_OFFSET;
	unsigned int i;

	core_assert(view->count <= CORE_VIEW_MEMBERS_MAX);
	hash = hash_number(hash, view->epoch);
	hash = hash_number(hash, view->arbiter);
	hash = hash_number(hash, view->state);
	hash = hash_number(hash, view->coordinator);
	hash = hash_number(hash, view->count);
	for (i = 0; i < view->count; i++) {
		hash = hash_number(hash, view->member[i].id);
		hash = hash_number(hash, view->member[i].incarnation);
	}
	/* 0 stands for "no view" in a frontier. */
	return hash ? hash : 1;
}

int core_view_find(const struct core_view *view, u16 id)
{
	unsigned int i;

	core_assert(view->count <= CORE_VIEW_MEMBERS_MAX);
	for (i = 0; i < view->count; i++)
		if (view->member[i].id == id)
			return i;
	return -1;
}

bool core_view_holds(const struct core_view *view, u16 id, u64 incarnation)
{
	int at = core_view_find(view, id);

	return at >= 0 && view->member[at].incarnation == incarnation;
}

int core_view_check(const struct core_view *view)
{
	unsigned int i;
	u16 before = 0;

	if (!view->epoch || !view->count || view->count > CORE_VIEW_MEMBERS_MAX)
		return -EINVAL;
	for (i = 0; i < view->count; i++) {
		const struct core_member *member = &view->member[i];

		if (member->id <= before || member->id > CORE_NODE_ID_MAX)
			return -EINVAL;
		if (!member->incarnation)
			return -EINVAL;
		before = member->id;
	}
	if (core_view_find(view, view->coordinator) < 0)
		return -EINVAL;
	return view->hash == core_view_hash(view) ? 0 : -EINVAL;
}
