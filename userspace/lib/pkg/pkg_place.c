// SPDX-License-Identifier: GPL-2.0-or-later
/* Where a package may run, and where it should. */
#include "pkg_private.h"

bool pkg_node_member(const struct pkg *pkg, u16 node)
{
	return node && core_view_find(&pkg->view, node) >= 0;
}

u64 pkg_node_incarnation(const struct pkg *pkg, u16 node)
{
	int at = core_view_find(&pkg->view, node);

	return at < 0 ? 0 : pkg->view.member[at].incarnation;
}

static bool listed(const struct pkg_settings *settings, u16 node)
{
	for (u16 i = 0; i < settings->node_count; i++)
		if (settings->node[i] == node)
			return true;
	return false;
}

/* Has this very incarnation said anything of itself yet? */
static bool heard(const struct pkg *pkg, u16 node)
{
	return pkg->node[node].incarnation == pkg_node_incarnation(pkg, node);
}

static bool unable(const struct pkg *pkg, u16 slot, u16 node)
{
	const struct pkg_node_status *status = &pkg->node[node];

	return !heard(pkg, node) || !status->able || status->leaving ||
	       pkg_bit_get(status->unfit, slot);
}

/* PKG_DONE: the node may run it now. Otherwise why not. */
enum pkg_result pkg_place_check(struct pkg *pkg, u16 slot, const struct pkg_settings *settings,
				const struct pkg_record *record, u16 node)
{
	core_assert(slot < PKG_SLOTS);
	if (!listed(settings, node))
		return PKG_E_NODE;
	if (!pkg_node_member(pkg, node))
		return PKG_E_NODE_DOWN;
	if (pkg_bit_get(record->disabled, (u16)(node - 1)))
		return PKG_E_SWITCHING;
	if (unable(pkg, slot, node))
		return PKG_E_NODE_UNABLE;
	if (pkg->slot[slot].avoid == node && pkg->now_ns < pkg->slot[slot].avoid_until_ns) {
		pkg_wake(pkg, pkg->slot[slot].avoid_until_ns);
		return PKG_E_NODE_UNABLE;
	}
	return PKG_DONE;
}

static u16 load_of(const struct pkg *pkg, u16 node)
{
	u16 count = 0;

	for (u16 i = 0; i < PKG_SLOTS; i++)
		if ((pkg->slot[i].known || pkg->slot[i].pending) &&
		    pkg_slot_latest(&pkg->slot[i])->owner == node)
			count++;
	return count;
}

/*
 * A node that just came with this view may need a moment until it says that it
 * is able; a worse one is not taken in its stead meanwhile.
 */
bool pkg_place_wait(struct pkg *pkg, const struct pkg_record *record, u16 node)
{
	u64 until = pkg->view_ns + PKG_STATUS_WAIT_NS;

	if (!pkg_node_member(pkg, node) || pkg_bit_get(record->disabled, (u16)(node - 1)))
		return false;
	if (pkg->now_ns >= until || (heard(pkg, node) && pkg->node[node].able))
		return false;
	if (heard(pkg, node) && pkg->node[node].leaving)
		return false;
	pkg_wake(pkg, until);
	return true;
}

/* The node to start on now, 0: none (or not yet). */
u16 pkg_place_choose(struct pkg *pkg, u16 slot, const struct pkg_settings *settings,
		     const struct pkg_record *record)
{
	u16 best = 0, best_load = 0, load;

	for (u16 i = 0; i < settings->node_count; i++) {
		u16 node = settings->node[i];

		if (pkg_place_wait(pkg, record, node))
			return 0;
		if (pkg_place_check(pkg, slot, settings, record, node) != PKG_DONE)
			continue;
		if (settings->failover == CONF_CONFIGURED_NODE)
			return node;
		load = load_of(pkg, node);
		if (!best || load < best_load) {
			best = node;
			best_load = load;
		}
	}
	return best;
}
