// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tables: packages as configured (index in struct conf) and packages as the
 * cluster has them (slot, that is, record key).  The two are matched by name, so
 * that a new configuration may list packages in another order.
 */
#include "pkg_private.h"

bool pkg_bit_get(const u8 *bits, u16 bit)
{
	return bits[bit / 8] >> (bit % 8) & 1;
}

void pkg_bit_set(u8 *bits, u16 bit, bool value)
{
	u8 mask = (u8)(1U << (bit % 8));

	if (value)
		bits[bit / 8] |= mask;
	else
		bits[bit / 8] &= (u8)~mask;
}

bool pkg_name_equal(const char *a, const char *b)
{
	for (u16 i = 0; i <= CONF_NAME_MAX; i++) {
		if (a[i] != b[i])
			return false;
		if (!a[i])
			return true;
	}
	return true;
}

u16 pkg_settings_find(const struct pkg *pkg, const char *name)
{
	for (u16 i = 0; i < pkg->settings_count; i++)
		if (pkg->settings[i].used && pkg_name_equal(pkg->settings[i].name, name))
			return i;
	return PKG_NOBODY;
}

struct pkg_settings *pkg_slot_settings(struct pkg *pkg, u16 slot)
{
	core_assert(slot < PKG_SLOTS);
	if (pkg->slot[slot].index == PKG_NOBODY)
		return NULL;
	return &pkg->settings[pkg->slot[slot].index];
}

u16 pkg_slot_free(const struct pkg *pkg)
{
	for (u16 i = 0; i < PKG_SLOTS; i++)
		if (!pkg->slot[i].known && !pkg->slot[i].pending)
			return i;
	return PKG_NOBODY;
}

/* Tie a slot to the settings of the package its record names. */
void pkg_slot_bind(struct pkg *pkg, u16 n)
{
	struct pkg_slot *slot = &pkg->slot[n];
	const struct pkg_record *record = pkg_slot_latest(slot);
	u16 index = PKG_NOBODY;

	core_assert(n < PKG_SLOTS);
	if (slot->known || slot->pending)
		index = pkg_settings_find(pkg, record->name);
	if (slot->index == index)
		return;
	if (slot->index != PKG_NOBODY && pkg->settings[slot->index].slot == n)
		pkg->settings[slot->index].slot = PKG_NOBODY;
	slot->index = index;
	if (index == PKG_NOBODY)
		return;
	pkg->settings[index].slot = n;
	pkg->tell_status = true;
}

/* The record as it will be: proposed if pending, else committed. */
const struct pkg_record *pkg_slot_latest(const struct pkg_slot *slot)
{
	return slot->pending ? &slot->proposed : &slot->record;
}

void pkg_wake(struct pkg *pkg, u64 at_ns)
{
	if (at_ns < pkg->deadline_ns)
		pkg->deadline_ns = at_ns;
}

static void settings_fill(struct pkg_settings *s, const struct conf_package *from)
{
	memset(s, 0, sizeof(*s));
	memcpy(s->name, from->name, sizeof(s->name));
	s->used = from->type == CONF_FAILOVER;
	s->auto_run = from->auto_run;
	s->node_fail_fast = from->node_fail_fast;
	s->failover = from->failover_policy;
	s->failback = from->failback_policy;
	s->slot = PKG_NOBODY;
	s->node_count = from->node_count;
	s->service_count = from->service_count;
	for (u16 i = 0; i < from->node_count; i++)
		s->node[i] = from->node[i].id;
	for (u16 i = 0; i < from->service_count; i++) {
		s->restart[i] = from->service[i].restart;
		s->fail_fast[i] = from->service[i].fail_fast;
	}
}

/* What runs here goes on under the new configuration. */
static void local_keep(struct pkg *pkg, u16 former_count, struct pkg_settings *settings)
{
	for (u16 i = 0; i < former_count; i++)
		if (pkg_name_equal(pkg->former[i].name, settings->name))
			settings->local = pkg->former[i].local;
}

/* Requests under way name their package by an index of the former configuration. */
static void asks_renumber(struct pkg *pkg)
{
	for (u16 i = 0; i < PKG_ADMIN_MAX; i++) {
		struct pkg_ask *ask = &pkg->ask[i];

		if (ask->phase == PKG_ASK_FREE)
			continue;
		if (ask->about != PKG_NOBODY)
			ask->about = pkg_settings_find(pkg, pkg->former[ask->about].name);
		if (ask->package == PKG_NOBODY)
			continue;
		ask->package = pkg_settings_find(pkg, pkg->former[ask->package].name);
		if (ask->package == PKG_NOBODY)
			pkg_ask_over(ask, PKG_E_NO_PACKAGE);
	}
}

void pkg_configure(struct pkg *pkg, const struct conf *conf)
{
	u16 former_count = pkg->settings_count;

	core_assert(conf->package_count <= PKG_SLOTS);
	memcpy(pkg->former, pkg->settings, sizeof(pkg->former));
	for (u16 i = 0; i < PKG_SLOTS; i++)
		pkg->slot[i].index = PKG_NOBODY;
	pkg->settings_count = conf->package_count;
	for (u16 i = 0; i < conf->package_count; i++) {
		settings_fill(&pkg->settings[i], &conf->package[i]);
		local_keep(pkg, former_count, &pkg->settings[i]);
	}
	for (u16 i = 0; i < PKG_SLOTS; i++)
		pkg_slot_bind(pkg, i);
	asks_renumber(pkg);
	pkg->tell_status = true;
	pkg->deadline_ns = 0;
}

bool pkg_owns_key(u32 key)
{
	return (key >= PKG_KEY_FIRST && key < PKG_KEY_FIRST + PKG_SLOTS) ||
	       key == PKG_KEY_CLUSTER;
}
