// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests of administrators on this node: sent to the coordinator until it
 * answers, asked again after a change of coordinator, then judged by what the
 * committed records say.
 */
#include "pkg_private.h"

void pkg_ask_over(struct pkg_ask *ask, enum pkg_result result)
{
	ask->phase = ask->silent ? PKG_ASK_FREE : PKG_ASK_OVER;
	ask->send = false;
	ask->result = result;
}

bool pkg_admin_room(const struct pkg *pkg)
{
	for (u16 i = 0; i < PKG_ADMIN_MAX; i++)
		if (pkg->ask[i].phase == PKG_ASK_FREE)
			return true;
	return false;
}

/* What of ours keeps this node from leaving; PKG_NOBODY: nothing. */
static u16 owned_in(const struct pkg *pkg, bool failed_only)
{
	for (u16 i = 0; i < PKG_SLOTS; i++) {
		const struct pkg_slot *slot = &pkg->slot[i];

		if (!pkg_owned_here(pkg, slot))
			continue;
		if (!failed_only || slot->record.state == PKG_HALT_FAILED)
			return slot->index;
	}
	return PKG_NOBODY;
}

static void leave_begin(struct pkg *pkg, struct pkg_ask *ask)
{
	ask->phase = PKG_ASK_ACCEPTED;
	ask->about = owned_in(pkg, false);
	if (!ask->request.force && ask->about != PKG_NOBODY) {
		pkg_ask_over(ask, PKG_E_HAS_PACKAGES);
		return;
	}
	/* Of several who ask the first counts: only its end undoes the leaving. */
	if (!pkg->leaving)
		pkg->leave_id = ask->request.id;
	pkg->leaving = true;
	pkg->tell_status = true;
}

/* Who asked is gone; while another one waits for the same the leaving goes on. */
static void leave_cancel(struct pkg *pkg)
{
	for (u16 i = 0; i < PKG_ADMIN_MAX; i++) {
		const struct pkg_ask *ask = &pkg->ask[i];

		if (ask->phase == PKG_ASK_FREE || ask->request.op != PKG_OP_LEAVE ||
		    ask->request.id == pkg->leave_id)
			continue;
		pkg->leave_id = ask->request.id;
		return;
	}
	pkg->leaving = false;
	pkg->tell_status = true;
}

/* The run whose halt failed, as this administrator can see; 0: none. */
static u32 failure_seen(const struct pkg *pkg, u16 package)
{
	u16 n = pkg->settings[package].slot;

	if (n == PKG_NOBODY || !pkg->slot[n].known ||
	    pkg->slot[n].record.state != PKG_HALT_FAILED)
		return 0;
	return pkg->slot[n].record.run;
}

void pkg_ask_begin(struct pkg *pkg, const struct pkg_event *event)
{
	struct pkg_ask *ask = pkg->ask;

	core_assert(pkg_admin_room(pkg));
	while (ask->phase != PKG_ASK_FREE)
		ask++;
	memset(ask, 0, sizeof(*ask));
	ask->phase = PKG_ASK_SEND;
	ask->send_ns = pkg->now_ns;
	ask->request.id = event->admin.id;
	ask->request.op = event->admin.op;
	ask->request.node = event->admin.node;
	ask->request.force = event->admin.force;
	ask->request.slot = PKG_NOBODY;
	ask->about = PKG_NOBODY;
	ask->package = PKG_NOBODY;
	if (ask->request.op == PKG_OP_LEAVE) {
		leave_begin(pkg, ask);
	} else if (ask->request.op < PKG_OP_LEAVE) {
		ask->package = pkg_settings_find(pkg, event->admin.package);
		ask->about = ask->package;
		if (ask->package == PKG_NOBODY)
			pkg_ask_over(ask, PKG_E_NO_PACKAGE);
		else
			ask->request.run = failure_seen(pkg, ask->package);
	}
}

void pkg_ask_cancel(struct pkg *pkg, u64 id)
{
	if (pkg->leaving && pkg->leave_id == id)
		leave_cancel(pkg);
	for (u16 i = 0; i < PKG_ADMIN_MAX; i++) {
		struct pkg_ask *ask = &pkg->ask[i];

		if (ask->phase == PKG_ASK_FREE || ask->request.id != id || ask->silent)
			continue;
		if (ask->request.op != PKG_OP_HALT_CLUSTER || ask->phase == PKG_ASK_OVER) {
			ask->phase = PKG_ASK_FREE;
			continue;
		}
		ask->phase = PKG_ASK_SEND;
		ask->send_ns = pkg->now_ns;
		ask->request.cancel = true;
		ask->silent = true;
	}
}

void pkg_ask_reply(struct pkg *pkg, const struct pkg_reply *reply)
{
	for (u16 i = 0; i < PKG_ADMIN_MAX; i++) {
		struct pkg_ask *ask = &pkg->ask[i];

		if (ask->phase != PKG_ASK_SEND || ask->request.id != reply->id)
			continue;
		ask->request.again = true;
		if (reply->answer == PKG_ANSWER_RETRY) {
			ask->send_ns = pkg->now_ns + PKG_RETRY_NS;
			continue;
		}
		ask->version = reply->version;
		ask->run = reply->run;
		ask->node = reply->node;
		if (reply->slot < PKG_SLOTS)
			ask->about = pkg->slot[reply->slot].index;
		if (reply->answer == PKG_ANSWER_ACCEPTED)
			ask->phase = PKG_ASK_ACCEPTED;
		else
			pkg_ask_over(ask, reply->result);
	}
}

/* What this request waits for is committed, or it was lost with the coordinator. */
static bool reached(const struct pkg *pkg, const struct pkg_ask *ask)
{
	if (ask->request.op >= PKG_OP_HALT_CLUSTER)
		return pkg->cluster.version >= ask->version;
	return ask->request.slot < PKG_SLOTS && pkg->slot[ask->request.slot].known &&
	       pkg->slot[ask->request.slot].record.version >= ask->version;
}

void pkg_ask_view(struct pkg *pkg)
{
	for (u16 i = 0; i < PKG_ADMIN_MAX; i++) {
		struct pkg_ask *ask = &pkg->ask[i];

		if (ask->request.op == PKG_OP_LEAVE)
			continue;
		if (ask->phase == PKG_ASK_ACCEPTED && !reached(pkg, ask))
			ask->phase = PKG_ASK_SEND;
		if (ask->phase == PKG_ASK_SEND)
			ask->send_ns = pkg->now_ns;
	}
}

void pkg_ask_news(struct pkg *pkg, u16 n)
{
	for (u16 i = 0; i < PKG_ADMIN_MAX; i++) {
		struct pkg_ask *ask = &pkg->ask[i];

		if (ask->phase == PKG_ASK_FREE || ask->phase == PKG_ASK_OVER || ask->silent)
			continue;
		if (ask->request.op >= PKG_OP_LEAVE || ask->request.slot == n)
			pkg_bit_set(ask->news, n, true);
	}
}

static void send_now(struct pkg *pkg, struct pkg_ask *ask)
{
	struct pkg_reply reply;

	if (!pkg->view.epoch)
		return;
	if (ask->package != PKG_NOBODY)
		ask->request.slot = pkg->settings[ask->package].slot;
	if (ask->request.slot == PKG_NOBODY && ask->package != PKG_NOBODY) {
		ask->send_ns = pkg->now_ns + PKG_RETRY_NS;
		return;
	}
	if (pkg_is_coordinator(pkg)) {
		pkg_request_answer(pkg, pkg->self, &ask->request, &reply);
		pkg_ask_reply(pkg, &reply);
		return;
	}
	ask->send = true;
	ask->send_ns = pkg->now_ns + PKG_REPEAT_NS;
}

static void watch_run(struct pkg_ask *ask, const struct pkg_record *record)
{
	if (record->state == PKG_RUNNING && record->run >= ask->run)
		pkg_ask_over(ask, PKG_DONE);
	else if (record->state == PKG_HALT_FAILED)
		pkg_ask_over(ask, record->run >= ask->run ? PKG_E_RUN_FAILED : PKG_E_HALT_FAILED);
	else if (record->state == PKG_HALTED && !record->target)
		pkg_ask_over(ask, PKG_E_RUN_FAILED);
}

static void watch_halt(struct pkg_ask *ask, const struct pkg_record *record)
{
	if (record->state == PKG_HALTED)
		pkg_ask_over(ask, PKG_DONE);
	else if (record->state == PKG_HALT_FAILED)
		pkg_ask_over(ask, PKG_E_HALT_FAILED);
	else if (record->run != ask->run)
		pkg_ask_over(ask, PKG_E_CANCELLED);
}

static void watch_package(struct pkg *pkg, struct pkg_ask *ask)
{
	const struct pkg_record *record = &pkg->slot[ask->request.slot].record;

	ask->node = record->owner;
	ask->why = record->why;
	switch (ask->request.op) {
	case PKG_OP_RUN:
	case PKG_OP_MOVE:
		watch_run(ask, record);
		break;
	case PKG_OP_HALT:
		watch_halt(ask, record);
		break;
	default:
		pkg_ask_over(ask, PKG_DONE);
		break;
	}
}

static void watch_cluster(struct pkg *pkg, struct pkg_ask *ask)
{
	bool open = ask->request.op == PKG_OP_OPEN_CLUSTER || ask->request.cancel;

	if (open || pkg->cluster.state == PKG_CLUSTER_HALTED) {
		pkg_ask_over(ask, PKG_DONE);
		return;
	}
	if (pkg->cluster.state != PKG_CLUSTER_OPEN)
		return;
	pkg_ask_over(ask, PKG_E_CANCELLED);
	for (u16 i = 0; i < PKG_SLOTS; i++) {
		if (!pkg->slot[i].known || pkg->slot[i].record.state != PKG_HALT_FAILED)
			continue;
		ask->result = PKG_E_HALT_FAILED;
		ask->about = pkg->slot[i].index;
		ask->node = pkg->slot[i].record.owner;
	}
}

static void watch_leave(struct pkg *pkg, struct pkg_ask *ask)
{
	ask->about = owned_in(pkg, true);
	if (ask->about != PKG_NOBODY) {
		pkg_ask_over(ask, PKG_E_HALT_FAILED);
		pkg->leaving = false;
		pkg->tell_status = true;
	} else if (pkg_node_idle(pkg)) {
		pkg_ask_over(ask, PKG_DONE);
	}
}

static void settle(struct pkg *pkg, struct pkg_ask *ask)
{
	if (ask->phase == PKG_ASK_SEND && pkg->now_ns >= ask->send_ns)
		send_now(pkg, ask);
	if (ask->phase == PKG_ASK_SEND)
		pkg_wake(pkg, ask->send_ns);
	if (ask->phase != PKG_ASK_ACCEPTED)
		return;
	if (ask->request.op == PKG_OP_LEAVE)
		watch_leave(pkg, ask);
	else if (!reached(pkg, ask))
		return;
	else if (ask->request.op >= PKG_OP_HALT_CLUSTER)
		watch_cluster(pkg, ask);
	else
		watch_package(pkg, ask);
}

void pkg_ask_settle(struct pkg *pkg)
{
	for (u16 i = 0; i < PKG_ADMIN_MAX; i++)
		if (pkg->ask[i].phase != PKG_ASK_FREE)
			settle(pkg, &pkg->ask[i]);
}
