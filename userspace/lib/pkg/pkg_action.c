// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Actions out.  What is to be done stands as marks in the tables and is put into
 * words only when it is fetched: there is no queue that could overflow, and what
 * is told is never older than the newest event.
 */
#include "pkg_private.h"

static void send_to(struct pkg_action *action, u16 node, const struct pkg_message *message)
{
	action->type = PKG_SEND;
	action->node = node;
	action->length = (u16)pkg_message_encode(message, action->data);
}

static void next_propose(struct pkg *pkg, u16 n, struct pkg_action *action)
{
	struct pkg_slot *slot = &pkg->slot[n];

	slot->todo &= ~(u32)PKG_TODO_PROPOSE;
	action->type = PKG_PROPOSE;
	action->key = PKG_KEY_FIRST + n;
	action->package = slot->index;
	action->length = 0;
	if (!slot->proposed_delete)
		action->length = (u16)pkg_record_encode(&slot->proposed, action->data);
}

static void next_changed(struct pkg_slot *slot, struct pkg_action *action)
{
	slot->todo &= ~(u32)PKG_TODO_CHANGED;
	action->type = PKG_CHANGED;
	action->package = slot->index;
	action->node = slot->record.owner;
	action->state = slot->record.state;
	action->why = slot->record.why;
	action->run = slot->record.run;
}

static void next_start(struct pkg_slot *slot, struct pkg_action *action)
{
	slot->todo &= ~(u32)PKG_TODO_START;
	action->type = PKG_START;
	action->package = slot->index;
	action->run = slot->record.run;
	action->why = slot->record.why;
}

static void next_halt(const struct pkg *pkg, struct pkg_slot *slot, struct pkg_action *action)
{
	slot->todo &= ~(u32)PKG_TODO_HALT;
	action->type = PKG_HALT;
	action->package = slot->index;
	action->run = pkg->settings[slot->index].local.run;
	action->why = slot->record.why;
	action->halt_reason = pkg_owned_here(pkg, slot) ? slot->record.halt_reason :
			      PKG_HALT_FAILURE;
}

/* Return: false when the report has no recipient or nothing to say any more. */
static bool next_report(struct pkg *pkg, u16 n, struct pkg_action *action)
{
	struct pkg_message message = { .type = PKG_MSG_REPORT };

	pkg->slot[n].todo &= ~(u32)PKG_TODO_REPORT;
	if (!pkg->view.epoch || pkg->slot[n].index == PKG_NOBODY)
		return false;
	pkg_node_report(pkg, n, &message.report);
	if (message.report.kind == PKG_REPORT_NONE)
		return false;
	send_to(action, pkg->view.coordinator, &message);
	return true;
}

static bool next_service(struct pkg *pkg, u16 index, struct pkg_action *action)
{
	struct pkg_local *local = &pkg->settings[index].local;

	if (!local->services_due || !pkg->assist_ready)
		return false;
	if (local->phase != PKG_UP && local->phase != PKG_BUSY_STARTING)
		return false;
	for (u16 s = 0; s < pkg->settings[index].service_count; s++) {
		if (!(local->services_due >> s & 1))
			continue;
		local->services_due &= ~(1U << s);
		action->type = PKG_SERVICE_START;
		action->package = index;
		action->service = s;
		action->run = local->run;
		action->restarts = local->restarts[s];
		return true;
	}
	return false;
}

static bool next_slot(struct pkg *pkg, u16 n, struct pkg_action *action)
{
	struct pkg_slot *slot = &pkg->slot[n];

	if (slot->todo & PKG_TODO_CHANGED)
		return next_changed(slot, action), true;
	if (slot->todo & PKG_TODO_PROPOSE)
		return next_propose(pkg, n, action), true;
	if (slot->todo & PKG_TODO_START)
		return next_start(slot, action), true;
	if (slot->todo & PKG_TODO_HALT)
		return next_halt(pkg, slot, action), true;
	if (slot->todo & PKG_TODO_REPORT)
		return next_report(pkg, n, action);
	return false;
}

static bool next_progress(struct pkg *pkg, struct pkg_ask *ask, struct pkg_action *action)
{
	for (u16 n = 0; n < PKG_SLOTS; n++) {
		if (!ask->news[n / 8])
			n |= 7;
		else if (pkg_bit_get(ask->news, n)) {
			pkg_bit_set(ask->news, n, false);
			next_changed(&pkg->slot[n], action);
			action->type = PKG_PROGRESS;
			action->id = ask->request.id;
			return true;
		}
	}
	return false;
}

static bool next_ask(struct pkg *pkg, struct pkg_ask *ask, struct pkg_action *action)
{
	struct pkg_message message = { .type = PKG_MSG_REQUEST };

	if (ask->phase == PKG_ASK_FREE)
		return false;
	if (ask->send) {
		ask->send = false;
		message.request = ask->request;
		ask->request.again = true;
		send_to(action, pkg->view.coordinator, &message);
		return true;
	}
	if (!ask->silent && next_progress(pkg, ask, action))
		return true;
	if (ask->phase != PKG_ASK_OVER)
		return false;
	ask->phase = PKG_ASK_FREE;
	action->type = PKG_RESULT;
	action->id = ask->request.id;
	action->result = ask->result;
	action->package = ask->about;
	action->node = ask->node;
	action->why = ask->why;
	return true;
}

static bool next_cluster(struct pkg *pkg, struct pkg_action *action)
{
	struct pkg_message message = { .type = PKG_MSG_STATUS };

	if (pkg->cluster_propose) {
		pkg->cluster_propose = false;
		action->type = PKG_PROPOSE;
		action->key = PKG_KEY_CLUSTER;
		action->length = (u16)pkg_cluster_encode(&pkg->cluster_proposed, action->data);
		return true;
	}
	if (!pkg->tell_status || !pkg->view.epoch)
		return false;
	pkg->tell_status = false;
	pkg_node_status_fill(pkg, &message.status);
	send_to(action, pkg->view.coordinator, &message);
	return true;
}

static bool next_reply(struct pkg *pkg, struct pkg_action *action)
{
	struct pkg_message message = { .type = PKG_MSG_REPLY };

	if (!pkg->reply_count)
		return false;
	message.reply = pkg->reply[--pkg->reply_count];
	send_to(action, pkg->reply_to[pkg->reply_count], &message);
	return true;
}

static void action_clear(struct pkg_action *action)
{
	memset(action, 0, sizeof(*action));
	action->package = PKG_NOBODY;
	action->service = PKG_NOBODY;
}

static bool next_toc(struct pkg *pkg, struct pkg_action *action)
{
	if (pkg->toc_given)
		return false;
	pkg->toc_given = true;
	action->type = PKG_TOC;
	action->package = pkg->toc_package;
	action->why = pkg->toc_why;
	return true;
}

bool pkg_next(struct pkg *pkg, u64 now_ns, struct pkg_action *action)
{
	core_assert(now_ns >= pkg->now_ns);
	action_clear(action);
	if (pkg->toc)
		return next_toc(pkg, action);
	for (u16 i = 0; i < PKG_SLOTS; i++)
		if (pkg->slot[i].todo && next_slot(pkg, i, action))
			return true;
	for (u16 i = 0; i < pkg->settings_count; i++)
		if (next_service(pkg, i, action))
			return true;
	if (next_cluster(pkg, action) || next_reply(pkg, action))
		return true;
	for (u16 i = 0; i < PKG_ADMIN_MAX; i++)
		if (next_ask(pkg, &pkg->ask[i], action))
			return true;
	return false;
}
