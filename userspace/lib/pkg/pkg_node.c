// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Node half: makes this node do what the committed records say of it, and tells
 * the coordinator what came of it.  A report is repeated until the record shows
 * that it was heard: messages may be lost, coordinators may change.
 */
#include "pkg_mutants.h"
#include "pkg_private.h"

bool pkg_owned_here(const struct pkg *pkg, const struct pkg_slot *slot)
{
	return slot->known && slot->record.owner == pkg->self &&
	       slot->record.incarnation == pkg->incarnation;
}

static void toc(struct pkg *pkg, u16 index, enum pkg_reason why)
{
	if (pkg->toc)
		return;
	pkg->toc = true;
	pkg->toc_package = index;
	pkg->toc_why = why;
}

static void local_begin(struct pkg_local *local, u32 run, enum pkg_phase phase)
{
	u8 unmet = local->unmet;

	memset(local, 0, sizeof(*local));
	local->run = run;
	local->phase = phase;
	local->unmet = unmet;
}

/* Committed: "starting, owner: this incarnation". */
static void start_here(struct pkg *pkg, struct pkg_slot *slot, struct pkg_local *local)
{
	u32 run = slot->record.run;

	if (local->phase == PKG_BUSY_HALTING)
		return;
	if (local->run == run && (local->phase != PKG_IDLE || local->start_over))
		return;
	if (pkg->leaving || local->unmet) {
		local_begin(local, run, PKG_IDLE);
		local->start_over = true;
		local->start_clean = true;
		local->start_outcome = PKG_UNABLE;
		return;
	}
	if (!pkg->assist_ready)
		return;
	local_begin(local, run, PKG_BUSY_STARTING);
	slot->todo |= PKG_TODO_START;
}

static void halt_here(struct pkg *pkg, struct pkg_slot *slot, struct pkg_local *local)
{
	if (local->phase == PKG_BUSY_HALTING)
		return;
	if (local->run == slot->record.run && local->halt_over)
		return;
	if (!pkg->assist_ready)
		return;
	local_begin(local, slot->record.run, PKG_BUSY_HALTING);
	slot->todo &= ~(u32)PKG_TODO_START;
	slot->todo |= PKG_TODO_HALT;
}

/* Running here says the record; is it? */
static void running_here(struct pkg *pkg, struct pkg_slot *slot, struct pkg_local *local)
{
	if (!pkg->assist_ready)
		return;
	if (local->run == slot->record.run && (local->phase == PKG_UP || local->failure))
		return;
	local_begin(local, slot->record.run, PKG_IDLE);
	local->failure = PKG_WHY_LOST_TRACK;
}

/* Not ours: what still runs here of an earlier run must end. */
static void others(struct pkg *pkg, struct pkg_slot *slot, struct pkg_local *local)
{
	if (!pkg->assist_ready || local->phase == PKG_BUSY_HALTING)
		return;
	if (local->phase == PKG_IDLE) {
		local_begin(local, local->run, PKG_IDLE);
		return;
	}
	local_begin(local, local->run, PKG_BUSY_HALTING);
	slot->todo &= ~(u32)PKG_TODO_START;
	slot->todo |= PKG_TODO_HALT;
}

static enum pkg_report_kind report_due(const struct pkg_slot *slot, const struct pkg_local *local)
{
	if (local->run != slot->record.run)
		return PKG_REPORT_NONE;
	switch (slot->record.state) {
	case PKG_STARTING:
		if (local->failure)
			return PKG_REPORT_FAILED;
		if (!local->start_over)
			return PKG_REPORT_NONE;
		return local->start_outcome == PKG_OK ? PKG_REPORT_STARTED :
		       PKG_REPORT_START_FAILED;
	case PKG_RUNNING:
		if (local->failure)
			return PKG_REPORT_FAILED;
		if (memcmp(local->restarts, slot->record.restarts, sizeof(local->restarts)))
			return PKG_REPORT_RESTARTS;
		return PKG_REPORT_NONE;
	case PKG_HALTING:
		if (!local->halt_over)
			return PKG_REPORT_NONE;
		return local->halt_outcome == PKG_OK ? PKG_REPORT_HALTED : PKG_REPORT_HALT_FAILED;
	default:
		return PKG_REPORT_NONE;
	}
}

void pkg_node_report(const struct pkg *pkg, u16 n, struct pkg_report *report)
{
	const struct pkg_slot *slot = &pkg->slot[n];
	const struct pkg_local *local = &pkg->settings[slot->index].local;

	core_assert(slot->index != PKG_NOBODY);
	memset(report, 0, sizeof(*report));
	report->kind = report_due(slot, local);
	report->slot = n;
	report->run = local->run;
	report->incarnation = pkg->incarnation;
	report->why = local->failure;
	report->clean = local->start_clean;
	report->outcome = slot->record.state == PKG_HALTING ? local->halt_outcome :
			  local->start_outcome;
	memcpy(report->restarts, local->restarts, sizeof(report->restarts));
}

static void report_settle(struct pkg *pkg, u16 n, struct pkg_local *local)
{
	struct pkg_slot *slot = &pkg->slot[n];
	enum pkg_report_kind kind = report_due(slot, local);

	if (kind == PKG_REPORT_NONE) {
		local->told = PKG_REPORT_NONE;
		slot->todo &= ~(u32)PKG_TODO_REPORT;
		return;
	}
	if (kind != local->told || pkg->now_ns >= local->told_ns + PKG_REPEAT_NS) {
		local->told = kind;
		local->told_ns = pkg->now_ns;
		if (pkg_is_coordinator(pkg))
			pkg_node_report(pkg, n, &slot->report);
		else
			slot->todo |= PKG_TODO_REPORT;
	}
	pkg_wake(pkg, local->told_ns + PKG_REPEAT_NS);
}

static void settle_slot(struct pkg *pkg, u16 n)
{
	struct pkg_slot *slot = &pkg->slot[n];
	struct pkg_settings *settings = pkg_slot_settings(pkg, n);

	if (mutant_pkg_uncommitted && slot->pending && settings) {
		slot->record = slot->proposed;
		slot->known = true;
	}
	if (!slot->known || !settings)
		return;
	if (!pkg_owned_here(pkg, slot)) {
		others(pkg, slot, &settings->local);
		return;
	}
	if (!pkg->assist_ready && pkg->assist_lost_ns) {
		if (pkg->now_ns >= pkg->assist_lost_ns + PKG_ASSIST_GRACE_NS)
			toc(pkg, slot->index, PKG_WHY_LOST_TRACK);
		pkg_wake(pkg, pkg->assist_lost_ns + PKG_ASSIST_GRACE_NS);
	}
	if (slot->record.state == PKG_STARTING)
		start_here(pkg, slot, &settings->local);
	else if (slot->record.state == PKG_RUNNING)
		running_here(pkg, slot, &settings->local);
	else if (slot->record.state == PKG_HALTING)
		halt_here(pkg, slot, &settings->local);
	else
		settings->local.halt_over = false;	/* cmhaltpkg may try again */
	report_settle(pkg, n, &settings->local);
}

void pkg_node_status_fill(const struct pkg *pkg, struct pkg_node_status *status)
{
	memset(status, 0, sizeof(*status));
	status->incarnation = pkg->incarnation;
	status->able = pkg->assist_ready;
	status->leaving = pkg->leaving;
	for (u16 i = 0; i < pkg->settings_count; i++)
		if (pkg->settings[i].slot != PKG_NOBODY)
			pkg_bit_set(status->unfit, pkg->settings[i].slot,
				    pkg->settings[i].local.unmet != 0);
}

void pkg_node_settle(struct pkg *pkg)
{
	/* Before the first view the records may be incomplete. */
	if (!pkg->view.epoch)
		return;
	for (u16 i = 0; i < PKG_SLOTS; i++)
		settle_slot(pkg, i);
	if (pkg->now_ns >= pkg->status_ns + PKG_STATUS_NS)
		pkg->tell_status = true;
	if (pkg->tell_status && pkg_is_coordinator(pkg)) {
		pkg_node_status_fill(pkg, &pkg->node[pkg->self]);
		pkg->status_ns = pkg->now_ns;
		pkg->tell_status = false;
	}
	if (pkg->tell_status)
		pkg->status_ns = pkg->now_ns;
	pkg_wake(pkg, pkg->status_ns + PKG_STATUS_NS);
}

/* Everything is told again: the coordinator may be a new one. */
void pkg_node_view(struct pkg *pkg)
{
	for (u16 i = 0; i < pkg->settings_count; i++)
		pkg->settings[i].local.told = PKG_REPORT_NONE;
	pkg->tell_status = true;
}

/* The local half of a package, if @run is the one it works on in @phase. */
static struct pkg_local *local_of(struct pkg *pkg, u16 index, u32 run, enum pkg_phase phase)
{
	struct pkg_local *local;

	if (index >= pkg->settings_count)
		return NULL;
	local = &pkg->settings[index].local;
	return local->run == run && local->phase == phase ? local : NULL;
}

void pkg_node_start_done(struct pkg *pkg, const struct pkg_event *event)
{
	struct pkg_local *local = local_of(pkg, event->done.package, event->done.run,
					   PKG_BUSY_STARTING);
	bool again = event->done.outcome == PKG_RESTART;

	if (!local)
		return;
	if ((again || event->done.outcome == PKG_TIMEOUT) &&
	    pkg->settings[event->done.package].node_fail_fast) {
		toc(pkg, event->done.package, again ? PKG_WHY_RUN_RESTART : PKG_WHY_RUN_TIMEOUT);
		return;
	}
	local->start_over = true;
	local->start_outcome = event->done.outcome;
	local->start_clean = event->done.clean || event->done.outcome == PKG_OK;
	local->phase = event->done.outcome == PKG_OK ? PKG_UP : PKG_IDLE;
	if (local->phase == PKG_IDLE)
		local->failure = PKG_WHY_NONE;
}

void pkg_node_halt_done(struct pkg *pkg, const struct pkg_event *event)
{
	struct pkg_local *local = local_of(pkg, event->done.package, event->done.run,
					   PKG_BUSY_HALTING);

	if (!local)
		return;
	if (event->done.outcome == PKG_TIMEOUT &&
	    pkg->settings[event->done.package].node_fail_fast) {
		toc(pkg, event->done.package, PKG_WHY_HALT_TIMEOUT);
		return;
	}
	local->phase = PKG_IDLE;
	local->halt_over = true;
	local->halt_outcome = event->done.outcome;
	local->start_over = false;
	local->failure = PKG_WHY_NONE;
}

void pkg_node_service_exit(struct pkg *pkg, u16 index, u32 run, u16 service)
{
	struct pkg_local *local = local_of(pkg, index, run, PKG_UP);
	struct pkg_settings *settings;

	if (!local)
		local = local_of(pkg, index, run, PKG_BUSY_STARTING);
	if (!local || local->failure || service >= pkg->settings[index].service_count)
		return;
	settings = &pkg->settings[index];
	if (settings->restart[service] == CONF_RESTART_UNLIMITED ||
	    local->restarts[service] < settings->restart[service]) {
		if (local->restarts[service] < UINT16_MAX)
			local->restarts[service]++;
		local->services_due |= 1U << service;
		local->told = PKG_REPORT_NONE;
	} else if (settings->fail_fast[service]) {
		toc(pkg, index, PKG_WHY_SERVICE);
	} else {
		local->failure = PKG_WHY_SERVICE;
		local->services_due = 0;
	}
}

void pkg_node_need(struct pkg *pkg, const struct pkg_event *event)
{
	static const enum pkg_reason why[PKG_NEEDS] = {
		[PKG_NEED_SUBNET] = PKG_WHY_SUBNET,
		[PKG_NEED_RESOURCE] = PKG_WHY_RESOURCE,
		[PKG_NEED_DEPENDENCY] = PKG_WHY_DEPENDENCY,
	};
	u16 index = event->need.package;
	struct pkg_settings *settings;
	u8 mask;

	if (index >= pkg->settings_count || event->need.need >= PKG_NEEDS)
		return;
	settings = &pkg->settings[index];
	mask = (u8)(1U << event->need.need);
	pkg->tell_status = true;
	if (event->need.met) {
		settings->local.unmet &= (u8)~mask;
		return;
	}
	settings->local.unmet |= mask;
	if (settings->local.phase != PKG_UP && settings->local.phase != PKG_BUSY_STARTING)
		return;
	if (settings->node_fail_fast && event->need.need != PKG_NEED_DEPENDENCY)
		toc(pkg, index, why[event->need.need]);
	else if (!settings->local.failure)
		settings->local.failure = why[event->need.need];
}

void pkg_node_assist_lost(struct pkg *pkg)
{
	if (!pkg->assist_ready)
		return;
	pkg->assist_ready = false;
	pkg->assist_lost_ns = pkg->now_ns;
	pkg->tell_status = true;
}

static const struct pkg_found *found_of(const struct pkg_event *event, u16 index)
{
	for (u16 i = 0; i < event->assist.count; i++)
		if (event->assist.found[i].package == index)
			return &event->assist.found[i];
	return NULL;
}

/* After a restart of cmcld the record knows how often services were restarted. */
static void counts_recall(struct pkg *pkg, u16 index)
{
	struct pkg_settings *settings = &pkg->settings[index];
	const struct pkg_slot *slot;

	if (settings->slot == PKG_NOBODY)
		return;
	slot = &pkg->slot[settings->slot];
	if (slot->known && slot->record.run == settings->local.run)
		memcpy(settings->local.restarts, slot->record.restarts,
		       sizeof(settings->local.restarts));
}

/*
 * cmsrvassistd is there (again) and has told what it found running.  What was
 * under way when it died begins anew: starts and halts may be repeated.
 */
void pkg_node_assist_ready(struct pkg *pkg, const struct pkg_event *event)
{
	pkg->assist_ready = true;
	pkg->assist_lost_ns = 0;
	pkg->tell_status = true;
	for (u16 i = 0; i < pkg->settings_count; i++) {
		struct pkg_local *local = &pkg->settings[i].local;
		const struct pkg_found *found = found_of(event, i);

		if (!found) {
			if (local->phase != PKG_IDLE)
				local_begin(local, local->run, PKG_IDLE);
			continue;
		}
		if (local->run != found->run) {
			local_begin(local, found->run, PKG_UP);
			counts_recall(pkg, i);
		}
		local->phase = PKG_UP;
		local->start_over = true;
		local->start_outcome = PKG_OK;
		local->start_clean = true;
		for (u16 s = 0; s < pkg->settings[i].service_count; s++)
			if (!(found->services >> s & 1))
				pkg_node_service_exit(pkg, i, found->run, s);
	}
}
