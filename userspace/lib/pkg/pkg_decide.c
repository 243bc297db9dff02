// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Coordinator half: from the committed record of a package, the newest report of
 * its owner and the view follows its next record, or none.
 *
 *	HALTED ---> STARTING ---> RUNNING
 *	  ^  ^         |  \          |
 *	  |  |failed   |   \failed   | failed, halt, leave
 *	  |  +---------+    v        v
 *	  +------------- HALTING <---+
 *	  |                 | could not
 *	  | cmmodpkg -e     v
 *	  +----------- HALT_FAILED
 *
 *	owner gone from the view and known to be dead: any ---> HALTED
 *
 * HALTED and the STARTING that follows go into one record when both are known at
 * the same time: a failover costs one round, not two.
 */
#include "pkg_mutants.h"
#include "pkg_private.h"

bool pkg_is_coordinator(const struct pkg *pkg)
{
	return pkg->view.epoch && pkg->view.coordinator == pkg->self;
}

/* Is there room for a proposal about this slot? */
bool pkg_may_propose(const struct pkg *pkg, u16 n)
{
	return !pkg->slot[n].pending && pkg->open < PKG_PROPOSALS_MAX;
}

void pkg_propose(struct pkg *pkg, u16 n, const struct pkg_record *next)
{
	struct pkg_slot *slot = &pkg->slot[n];

	core_assert(pkg_is_coordinator(pkg));
	core_assert(!slot->pending);
	slot->proposed = *next;
	slot->proposed.version = slot->known ? slot->record.version + 1 : 1;
	slot->proposed_delete = false;
	slot->pending = true;
	pkg->open++;
	slot->again_ns = pkg->now_ns + PKG_PROPOSE_NS;
	slot->todo |= PKG_TODO_PROPOSE;
	pkg_wake(pkg, slot->again_ns);
}

void pkg_cluster_propose(struct pkg *pkg, enum pkg_cluster_state state, u16 owner,
			 u64 incarnation)
{
	core_assert(pkg_is_coordinator(pkg));
	core_assert(!pkg->cluster_pending);
	pkg->cluster_proposed.state = state;
	pkg->cluster_proposed.version = pkg->cluster.version + 1;
	pkg->cluster_proposed.owner = owner;
	pkg->cluster_proposed.incarnation = incarnation;
	pkg->cluster_pending = true;
	pkg->cluster_propose = true;
	pkg->cluster_again_ns = pkg->now_ns + PKG_PROPOSE_NS;
	pkg_wake(pkg, pkg->cluster_again_ns);
}

void pkg_record_start(struct pkg *pkg, struct pkg_record *next, u16 node)
{
	core_assert(pkg_node_member(pkg, node));
	next->state = PKG_STARTING;
	next->owner = node;
	next->incarnation = pkg_node_incarnation(pkg, node);
	next->target = 0;
	next->run++;
	memset(next->restarts, 0, sizeof(next->restarts));
}

void pkg_record_halt(struct pkg_record *next, enum pkg_reason why, enum pkg_halt_reason reason)
{
	core_assert(next->owner);
	next->state = PKG_HALTING;
	next->why = why;
	next->halt_reason = reason;
}

static void release(struct pkg_record *next, enum pkg_reason why)
{
	next->state = PKG_HALTED;
	next->why = why;
	next->owner = 0;
	next->incarnation = 0;
}

static void halt_failed(struct pkg_record *next, enum pkg_reason why)
{
	next->state = PKG_HALT_FAILED;
	next->why = why;
	next->auto_run = false;
	next->target = 0;
}

/* The rows "run script ..." of the result table. */
static void start_failed(struct pkg *pkg, struct pkg_slot *slot, struct pkg_record *next)
{
	u16 node = next->owner;

	next->target = 0;
	if (!slot->report.clean) {
		halt_failed(next, PKG_WHY_RUN_UNDO);
		return;
	}
	switch (slot->report.outcome) {
	case PKG_UNABLE:
		slot->avoid = node;
		slot->avoid_until_ns = pkg->now_ns + PKG_AVOID_NS;
		release(next, PKG_WHY_REFUSED);
		return;
	case PKG_RESTART:
		pkg_bit_set(next->disabled, (u16)(node - 1), true);
		release(next, PKG_WHY_RUN_RESTART);
		return;
	case PKG_TIMEOUT:
		next->auto_run = false;
		release(next, PKG_WHY_RUN_TIMEOUT);
		return;
	case PKG_NO_RESTART:
	case PKG_OK:
		next->auto_run = false;
		release(next, PKG_WHY_RUN_NO_RESTART);
		return;
	}
}

/* The rows "service failure" and "loss of ..." (what does not reset the node). */
static void failed(struct pkg_record *next, enum pkg_reason why)
{
	if (why == PKG_WHY_SERVICE || why == PKG_WHY_LOST_TRACK)
		pkg_bit_set(next->disabled, (u16)(next->owner - 1), true);
	pkg_record_halt(next, why, why == PKG_WHY_DEPENDENCY ? PKG_HALT_AUTOMATIC :
			PKG_HALT_FAILURE);
}

static bool report_speaks_of(const struct pkg_report *report, const struct pkg_record *record)
{
	return report->kind != PKG_REPORT_NONE && report->run == record->run &&
	       report->incarnation == record->incarnation;
}

static bool counts_take(const struct pkg_report *report, struct pkg_record *next)
{
	if (!memcmp(next->restarts, report->restarts, sizeof(next->restarts)))
		return false;
	memcpy(next->restarts, report->restarts, sizeof(next->restarts));
	return true;
}

static bool report_apply(struct pkg *pkg, struct pkg_slot *slot, struct pkg_record *next)
{
	const struct pkg_report *report = &slot->report;
	bool up = next->state == PKG_STARTING || next->state == PKG_RUNNING;
	bool changed = false;

	if (!report_speaks_of(report, next))
		return false;
	if (up)
		changed = counts_take(report, next);
	if (report->kind == PKG_REPORT_STARTED && next->state == PKG_STARTING)
		next->state = PKG_RUNNING;
	else if (report->kind == PKG_REPORT_START_FAILED && next->state == PKG_STARTING)
		start_failed(pkg, slot, next);
	else if (report->kind == PKG_REPORT_FAILED && up)
		failed(next, report->why);
	else if (next->state == PKG_HALTING &&
		 (report->kind == PKG_REPORT_HALTED || mutant_pkg_move_at_once))
		release(next, next->why);
	else if (report->kind == PKG_REPORT_HALT_FAILED && next->state == PKG_HALTING)
		halt_failed(next, report->outcome == PKG_TIMEOUT ? PKG_WHY_HALT_TIMEOUT :
			    PKG_WHY_HALT_SCRIPT);
	else
		return changed;
	slot->report.kind = PKG_REPORT_NONE;
	return true;
}

/* Does a node that is better placed want it back? */
static bool fails_back(struct pkg *pkg, u16 n, const struct pkg_record *record)
{
	const struct pkg_settings *settings = pkg_slot_settings(pkg, n);
	u16 node;

	if (!settings || settings->failback != CONF_FAILBACK_AUTOMATIC ||
	    settings->failover != CONF_CONFIGURED_NODE || !record->auto_run)
		return false;
	node = pkg_place_choose(pkg, n, settings, record);
	for (u16 i = 0; node && i < settings->node_count; i++) {
		if (settings->node[i] == record->owner)
			return false;
		if (settings->node[i] == node)
			return true;
	}
	return false;
}

/* The owner is a member: what it reports, and what others want of it. */
static bool owner_alive(struct pkg *pkg, u16 n, struct pkg_record *next)
{
	struct pkg_slot *slot = &pkg->slot[n];
	const struct pkg_node_status *status = &pkg->node[next->owner];

	if (report_apply(pkg, slot, next))
		return true;
	if (next->state != PKG_STARTING && next->state != PKG_RUNNING)
		return false;
	if (pkg->cluster.state == PKG_CLUSTER_HALTING) {
		next->target = 0;
		pkg_record_halt(next, PKG_WHY_CLUSTER_HALT, PKG_HALT_USER);
		return true;
	}
	if (status->leaving && status->incarnation == next->incarnation) {
		pkg_record_halt(next, PKG_WHY_NODE_LEAVE, PKG_HALT_USER);
		return true;
	}
	if (next->state == PKG_RUNNING && fails_back(pkg, n, next)) {
		pkg_record_halt(next, PKG_WHY_FAILBACK, PKG_HALT_AUTOMATIC);
		return true;
	}
	return false;
}

/*
 * The owner is not a member any more.  It may still be alive somewhere until its
 * lease has run out (Documentation/MEMBERSHIP, rule 5): nothing happens before.
 */
static bool owner_gone(struct pkg *pkg, struct pkg_slot *slot, struct pkg_record *next)
{
	u64 safe_ns = slot->gone_ns + pkg->takeover_wait_ns;

	core_assert(slot->gone_ns);
	if (pkg->safe_incarnation[next->owner] != next->incarnation && pkg->now_ns < safe_ns &&
	    !mutant_pkg_no_wait) {
		pkg_wake(pkg, safe_ns);
		return false;
	}
	release(next, next->state == PKG_HALTING && next->why != PKG_WHY_SERVICE ?
		next->why : PKG_WHY_NODE_LOST);
	return true;
}

/* A package that has no owner: should it have one, and which? */
static bool start_wanted(struct pkg *pkg, u16 n, struct pkg_record *next)
{
	const struct pkg_settings *settings = pkg_slot_settings(pkg, n);
	u16 node = 0, target = next->target;

	core_assert(next->state == PKG_HALTED);
	if (!settings || pkg->cluster.state != PKG_CLUSTER_OPEN)
		return false;
	if (target && pkg_place_wait(pkg, next, target))
		return false;
	next->target = 0;
	if (target && pkg_place_check(pkg, n, settings, next, target) == PKG_DONE)
		node = target;
	else if (next->auto_run)
		node = pkg_place_choose(pkg, n, settings, next);
	if (!node)
		return target != 0;
	pkg_record_start(pkg, next, node);
	return true;
}

static void propose_again(struct pkg *pkg, struct pkg_slot *slot)
{
	if (pkg->now_ns >= slot->again_ns) {
		slot->todo |= PKG_TODO_PROPOSE;
		slot->again_ns = pkg->now_ns + PKG_PROPOSE_NS;
	}
	pkg_wake(pkg, slot->again_ns);
}

static void decide(struct pkg *pkg, u16 n)
{
	struct pkg_slot *slot = &pkg->slot[n];
	struct pkg_record next;
	bool changed = false;

	if (slot->pending) {
		propose_again(pkg, slot);
		return;
	}
	if (!slot->known || !pkg_may_propose(pkg, n))
		return;
	next = slot->record;
	if (next.owner && !core_view_holds(&pkg->view, next.owner, next.incarnation))
		changed = owner_gone(pkg, slot, &next);
	else if (next.owner)
		changed = owner_alive(pkg, n, &next);
	if (next.state == PKG_HALTED)
		changed = start_wanted(pkg, n, &next) || changed;
	if (changed) {
		pkg_propose(pkg, n, &next);
	} else if (slot->index == PKG_NOBODY && next.state == PKG_HALTED) {
		pkg_propose(pkg, n, &next);
		slot->proposed_delete = true;
	}
}

/* The first record of a package that the configuration names. */
static void introduce(struct pkg *pkg, u16 index)
{
	struct pkg_settings *settings = &pkg->settings[index];
	u16 n = pkg_slot_free(pkg);
	struct pkg_slot *slot;
	struct pkg_record next = {
		.state = PKG_HALTED,
		.why = PKG_WHY_CLUSTER_START,
		.auto_run = settings->auto_run,
	};

	if (n == PKG_NOBODY || !pkg_may_propose(pkg, n))
		return;
	slot = &pkg->slot[n];
	memcpy(next.name, settings->name, sizeof(next.name));
	slot->index = index;
	settings->slot = n;
	pkg->tell_status = true;
	start_wanted(pkg, n, &next);
	pkg_propose(pkg, n, &next);
}

/*
 * No record does not mean that nobody runs it: a cluster formed anew starts with
 * none, and a member of the former one may live until its lease has run out.
 */
static void introduce_all(struct pkg *pkg)
{
	for (u16 i = 0; i < pkg->settings_count; i++) {
		if (!pkg->settings[i].used || pkg->settings[i].slot != PKG_NOBODY)
			continue;
		if (pkg->now_ns < pkg->first_start_ns) {
			pkg_wake(pkg, pkg->first_start_ns);
			return;
		}
		introduce(pkg, i);
	}
}

/* cmhaltcl: is everything down? Does the one who asked still wait? */
static void decide_cluster(struct pkg *pkg)
{
	const struct pkg_cluster *cluster = &pkg->cluster;
	bool stuck = false;

	if (pkg->cluster_pending) {
		if (pkg->now_ns >= pkg->cluster_again_ns) {
			pkg->cluster_propose = true;
			pkg->cluster_again_ns = pkg->now_ns + PKG_PROPOSE_NS;
		}
		pkg_wake(pkg, pkg->cluster_again_ns);
		return;
	}
	if (cluster->state != PKG_CLUSTER_HALTING)
		return;
	if (!core_view_holds(&pkg->view, cluster->owner, cluster->incarnation)) {
		pkg_cluster_propose(pkg, PKG_CLUSTER_OPEN, 0, 0);
		return;
	}
	for (u16 i = 0; i < PKG_SLOTS; i++) {
		const struct pkg_slot *slot = &pkg->slot[i];

		if (slot->pending)
			return;
		if (!slot->known || slot->record.state == PKG_HALTED)
			continue;
		if (slot->record.state != PKG_HALT_FAILED)
			return;
		stuck = true;
	}
	pkg_cluster_propose(pkg, stuck ? PKG_CLUSTER_OPEN : PKG_CLUSTER_HALTED,
			    cluster->owner, cluster->incarnation);
}

void pkg_decide_all(struct pkg *pkg)
{
	if (!pkg_is_coordinator(pkg))
		return;
	pkg->open = 0;
	for (u16 i = 0; i < PKG_SLOTS; i++)
		pkg->open += pkg->slot[i].pending;
	for (u16 i = 0; i < PKG_SLOTS; i++)
		decide(pkg, i);
	introduce_all(pkg);
	decide_cluster(pkg);
}
