// SPDX-License-Identifier: GPL-2.0-or-later
/* One event in; then everything is settled again; then the actions out. */
#include "pkg_private.h"

size_t pkg_size(void)
{
	return sizeof(struct pkg);
}

void pkg_init(struct pkg *pkg, u16 self, u64 incarnation, u64 takeover_wait_ns)
{
	core_assert(self && self <= CORE_NODE_ID_MAX);
	core_assert(incarnation);
	memset(pkg, 0, sizeof(*pkg));
	pkg->self = self;
	pkg->incarnation = incarnation;
	pkg->takeover_wait_ns = takeover_wait_ns;
	pkg->deadline_ns = UINT64_MAX;
	for (u16 i = 0; i < PKG_SLOTS; i++) {
		pkg->slot[i].index = PKG_NOBODY;
		pkg->settings[i].slot = PKG_NOBODY;
	}
}

/* Since when is the owner no member? Counted from this node's own installation. */
static void gone_settle(struct pkg *pkg)
{
	for (u16 i = 0; i < PKG_SLOTS; i++) {
		struct pkg_slot *slot = &pkg->slot[i];
		const struct pkg_record *r = &slot->record;

		if (!slot->known || !r->owner || !pkg->view.epoch ||
		    core_view_holds(&pkg->view, r->owner, r->incarnation))
			slot->gone_ns = 0;
		else if (!slot->gone_ns)
			slot->gone_ns = pkg->now_ns ? pkg->now_ns : 1;
	}
}

static void settle(struct pkg *pkg)
{
	pkg->deadline_ns = UINT64_MAX;
	if (pkg->toc)
		return;
	gone_settle(pkg);
	pkg_node_settle(pkg);
	pkg_decide_all(pkg);
	pkg_ask_settle(pkg);
	if (!pkg->tell_status || !pkg_is_coordinator(pkg))
		return;
	/* Told to myself: heard at once, and looked at anew. */
	pkg_node_status_fill(pkg, &pkg->node[pkg->self]);
	pkg->tell_status = false;
	pkg_wake(pkg, pkg->now_ns);
}

static void step_view(struct pkg *pkg, const struct core_view *view, bool no_waits)
{
	core_assert(core_view_check(view) == 0);
	pkg->view = *view;
	pkg->view_ns = pkg->now_ns;
	pkg->first_start_ns = no_waits ? 0 : pkg->now_ns + pkg->takeover_wait_ns;
	/* Who is a member is not safe, whatever was said before it came in. */
	for (u16 i = 0; i < view->count; i++)
		if (pkg->safe_incarnation[view->member[i].id] == view->member[i].incarnation)
			pkg->safe_incarnation[view->member[i].id] = 0;
	for (u16 i = 0; i < PKG_SLOTS; i++) {
		struct pkg_slot *slot = &pkg->slot[i];

		slot->todo &= ~(u32)(PKG_TODO_PROPOSE | PKG_TODO_REPORT);
		if (slot->pending) {
			slot->pending = false;
			pkg_slot_bind(pkg, i);
		}
	}
	pkg->cluster_pending = false;
	pkg->cluster_propose = false;
	pkg->reply_count = 0;
	pkg_node_view(pkg);
	pkg_ask_view(pkg);
}

static void committed_cluster(struct pkg *pkg, const u8 *data, u16 length)
{
	struct pkg_cluster cluster;

	if (!pkg_cluster_decode(&cluster, data, length)) {
		pkg->rejected++;
		return;
	}
	if (cluster.version <= pkg->cluster.version)
		return;
	pkg->cluster = cluster;
	if (pkg->cluster_pending && cluster.version >= pkg->cluster_proposed.version) {
		pkg->cluster_pending = false;
		pkg->cluster_propose = false;
	}
}

static void committed_delete(struct pkg *pkg, u16 n)
{
	struct pkg_slot *slot = &pkg->slot[n];

	slot->known = false;
	slot->pending = false;
	slot->todo = 0;
	pkg_slot_bind(pkg, n);
	memset(slot, 0, sizeof(*slot));
	slot->index = PKG_NOBODY;
}

static void committed_package(struct pkg *pkg, u16 n, const u8 *data, u16 length)
{
	struct pkg_slot *slot = &pkg->slot[n];
	struct pkg_record record;

	if (!pkg_record_decode(&record, data, length)) {
		pkg->rejected++;
		return;
	}
	if (slot->known && record.version <= slot->record.version)
		return;
	if (!slot->known || record.incarnation != slot->record.incarnation)
		slot->gone_ns = 0;
	slot->record = record;
	slot->known = true;
	if (slot->pending && record.version >= slot->proposed.version) {
		slot->pending = false;
		slot->todo &= ~(u32)PKG_TODO_PROPOSE;
	}
	slot->todo |= PKG_TODO_CHANGED;
	pkg_slot_bind(pkg, n);
	pkg_ask_news(pkg, n);
}

static void step_committed(struct pkg *pkg, const struct pkg_event *event)
{
	u32 key = event->committed.key;

	if (!pkg_owns_key(key))
		return;
	if (key == PKG_KEY_CLUSTER)
		committed_cluster(pkg, event->committed.data, event->committed.length);
	else if (!event->committed.length)
		committed_delete(pkg, (u16)(key - PKG_KEY_FIRST));
	else
		committed_package(pkg, (u16)(key - PKG_KEY_FIRST), event->committed.data,
				  event->committed.length);
}

/*
 * The proposal stands: nothing it rests on can change before the next view.  It
 * is made again, not in the same breath: what refused it needs a moment.
 */
static void step_failed(struct pkg *pkg, u32 key)
{
	u64 again_ns = pkg->now_ns + PKG_REFUSED_NS;

	if (!pkg_owns_key(key))
		return;
	if (key == PKG_KEY_CLUSTER)
		pkg->cluster_again_ns = again_ns;
	else
		pkg->slot[key - PKG_KEY_FIRST].again_ns = again_ns;
}

static void reply_queue(struct pkg *pkg, u16 to, const struct pkg_reply *reply)
{
	/* A reply that finds no room is not missed: the node asks again. */
	if (pkg->reply_count == PKG_ADMIN_MAX)
		return;
	pkg->reply[pkg->reply_count] = *reply;
	pkg->reply_to[pkg->reply_count++] = to;
}

/* A report that is older than what is known of this run does not replace it. */
static void take_report(struct pkg *pkg, u16 from, const struct pkg_report *report)
{
	struct pkg_slot *slot = &pkg->slot[report->slot];

	if (!slot->known || slot->record.owner != from || slot->record.run != report->run ||
	    slot->record.incarnation != report->incarnation)
		return;
	slot->report = *report;
}

static void step_message(struct pkg *pkg, const struct pkg_event *event)
{
	u16 from = event->message.from;
	struct pkg_message message;
	struct pkg_reply reply;

	if (!from || from > CORE_NODE_ID_MAX ||
	    !pkg_message_decode(&message, event->message.data, event->message.length)) {
		pkg->rejected++;
		return;
	}
	switch (message.type) {
	case PKG_MSG_REPORT:
		take_report(pkg, from, &message.report);
		break;
	case PKG_MSG_STATUS:
		pkg->node[from] = message.status;
		break;
	case PKG_MSG_REQUEST:
		pkg_request_answer(pkg, from, &message.request, &reply);
		reply_queue(pkg, from, &reply);
		break;
	case PKG_MSG_REPLY:
		pkg_ask_reply(pkg, &message.reply);
		break;
	}
}

static void dispatch(struct pkg *pkg, const struct pkg_event *event)
{
	switch (event->type) {
	case PKG_TIMER:
		break;
	case PKG_VIEW:
		step_view(pkg, event->view, event->no_waits);
		break;
	case PKG_SAFE:
		if (event->safe.node && event->safe.node <= CORE_NODE_ID_MAX &&
		    !core_view_holds(&pkg->view, event->safe.node, event->safe.incarnation))
			pkg->safe_incarnation[event->safe.node] = event->safe.incarnation;
		break;
	case PKG_COMMITTED:
		step_committed(pkg, event);
		break;
	case PKG_MESSAGE:
		step_message(pkg, event);
		break;
	case PKG_ADMIN:
		pkg_ask_begin(pkg, event);
		break;
	case PKG_ADMIN_CANCEL:
		pkg_ask_cancel(pkg, event->admin.id);
		break;
	case PKG_ASSIST_READY:
		pkg_node_assist_ready(pkg, event);
		break;
	case PKG_ASSIST_LOST:
		pkg_node_assist_lost(pkg);
		break;
	case PKG_START_DONE:
		pkg_node_start_done(pkg, event);
		break;
	case PKG_HALT_DONE:
		pkg_node_halt_done(pkg, event);
		break;
	case PKG_SERVICE_EXIT:
		pkg_node_service_exit(pkg, event->exited.package, event->exited.run,
				      event->exited.service);
		break;
	case PKG_NEED_CHANGE:
		pkg_node_need(pkg, event);
		break;
	case PKG_PROPOSE_FAILED:
		step_failed(pkg, event->failed.key);
		break;
	}
}

void pkg_step(struct pkg *pkg, u64 now_ns, const struct pkg_event *event)
{
	core_assert(now_ns >= pkg->now_ns);
	pkg->now_ns = now_ns;
	if (pkg->toc)
		return;
	dispatch(pkg, event);
	settle(pkg);
}

u64 pkg_deadline_ns(const struct pkg *pkg)
{
	return pkg->deadline_ns;
}
