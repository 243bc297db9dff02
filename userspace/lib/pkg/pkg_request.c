// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the coordinator answers to the wish of an administrator: not now, no (and
 * why), or accepted.  Accepted means proposed; the node that asked watches the
 * committed records itself, so that nothing is lost with the coordinator.
 */
#include "pkg_private.h"

struct work {
	struct pkg *pkg;
	struct pkg_slot *slot;
	struct pkg_settings *settings;
	const struct pkg_request *request;
	struct pkg_reply *reply;
	struct pkg_record next;
	u16 from;
	u16 n;
};

static void refuse(struct work *w, enum pkg_result result, u16 node)
{
	w->reply->answer = PKG_ANSWER_RESULT;
	w->reply->result = result;
	w->reply->node = node;
}

/*
 * No node to start on.  Soon after a view that may only mean that the nodes have
 * not yet said that they are able: then the answer is to ask again.
 */
static void refuse_place(struct work *w, enum pkg_result result, u16 node)
{
	if (result == PKG_E_NODE_UNABLE && w->pkg->now_ns < w->pkg->view_ns + PKG_STATUS_WAIT_NS)
		return;
	refuse(w, result, node);
}

/* Under way already, or done: the records from now on will tell. */
static void follow(struct work *w)
{
	w->reply->answer = PKG_ANSWER_ACCEPTED;
	w->reply->version = w->slot->record.version;
	w->reply->run = w->slot->record.run;
}

static void accept_next(struct work *w)
{
	pkg_propose(w->pkg, w->n, &w->next);
	w->reply->answer = PKG_ANSWER_ACCEPTED;
	w->reply->version = w->slot->proposed.version;
	w->reply->run = w->next.run;
}

static bool owner_lost(const struct work *w)
{
	return w->next.owner && !core_view_holds(&w->pkg->view, w->next.owner,
						 w->next.incarnation);
}

static void request_run(struct work *w)
{
	u16 node = w->request->node;
	enum pkg_result result;

	if (w->pkg->cluster.state != PKG_CLUSTER_OPEN)
		return refuse(w, PKG_E_HALTING, 0);
	if (w->next.state == PKG_STARTING || w->next.state == PKG_RUNNING) {
		if (w->request->again && (!node || w->next.owner == node))
			return follow(w);
		return refuse(w, PKG_E_RUNNING, w->next.owner);
	}
	if (w->next.state == PKG_HALTING || owner_lost(w))
		return;
	if (w->next.state == PKG_HALT_FAILED) {
		/* Only where the pieces are can a start clear them away. */
		if (node && node != w->next.owner)
			return refuse(w, PKG_E_HALT_FAILED, w->next.owner);
		node = w->next.owner;
	}
	if (!node)
		node = pkg_place_choose(w->pkg, w->n, w->settings, &w->next);
	if (!node)
		return refuse_place(w, PKG_E_NODE_UNABLE, 0);
	result = pkg_place_check(w->pkg, w->n, w->settings, &w->next, node);
	if (result != PKG_DONE)
		return refuse_place(w, result, node);
	w->next.why = PKG_WHY_ADMIN;
	pkg_record_start(w->pkg, &w->next, node);
	accept_next(w);
}

static void request_halt(struct work *w)
{
	bool wanted = w->next.auto_run || w->next.target;

	if (w->request->node && w->next.owner != w->request->node)
		return refuse(w, PKG_E_NOT_RUNNING, w->request->node);
	w->next.auto_run = false;
	w->next.target = 0;
	if (w->next.state == PKG_HALTED && !wanted)
		return refuse(w, w->request->again ? PKG_DONE : PKG_E_NOT_RUNNING, 0);
	if (w->next.state == PKG_HALTED || owner_lost(w))
		w->next.why = PKG_WHY_ADMIN;
	else if (w->next.state == PKG_HALTING && !wanted)
		return follow(w);
	else
		pkg_record_halt(&w->next, PKG_WHY_ADMIN, PKG_HALT_USER);
	accept_next(w);
}

static void request_move(struct work *w)
{
	struct pkg_record elsewhere = w->next;
	u16 node = w->request->node;
	enum pkg_result result;

	if (w->pkg->cluster.state != PKG_CLUSTER_OPEN)
		return refuse(w, PKG_E_HALTING, 0);
	if (w->request->again && w->next.state != PKG_HALTED &&
	    (w->next.target == node || w->next.owner == node))
		return follow(w);
	if (w->next.state == PKG_HALTED || w->next.state == PKG_HALT_FAILED)
		return refuse(w, w->next.state == PKG_HALTED ? PKG_E_NOT_RUNNING :
			      PKG_E_HALT_FAILED, w->next.owner);
	if (w->next.state != PKG_RUNNING || owner_lost(w))
		return;
	pkg_bit_set(elsewhere.disabled, (u16)(w->next.owner - 1), true);
	if (!node)
		node = pkg_place_choose(w->pkg, w->n, w->settings, &elsewhere);
	if (!node)
		return refuse_place(w, PKG_E_NODE_UNABLE, 0);
	if (node == w->next.owner)
		return refuse(w, PKG_E_RUNNING, node);
	result = pkg_place_check(w->pkg, w->n, w->settings, &w->next, node);
	if (result != PKG_DONE)
		return refuse_place(w, result, node);
	w->next.target = node;
	pkg_record_halt(&w->next, PKG_WHY_ADMIN, PKG_HALT_USER);
	accept_next(w);
	w->reply->run++;
}

static bool on_list(const struct pkg_settings *settings, u16 node)
{
	for (u16 i = 0; i < settings->node_count; i++)
		if (settings->node[i] == node)
			return true;
	return false;
}

/* cmmodpkg -e, -d */
static void request_switch(struct work *w, bool enable)
{
	u16 node = w->request->node;
	bool now;

	if (node && !on_list(w->settings, node))
		return refuse(w, PKG_E_NODE, node);
	now = node ? !pkg_bit_get(w->next.disabled, (u16)(node - 1)) : w->next.auto_run;
	/*
	 * Enabling the package says that what a failed halt left is cleared away;
	 * so it counts only from one who has seen that very failure.
	 */
	if (!node && enable && w->next.state == PKG_HALT_FAILED) {
		if (w->request->run != w->next.run)
			return refuse(w, PKG_E_HALT_FAILED, w->next.owner);
		w->next.state = PKG_HALTED;
		w->next.why = PKG_WHY_ADMIN;
		w->next.owner = 0;
		w->next.incarnation = 0;
		now = false;
	}
	if (now == enable)
		return refuse(w, PKG_DONE, node);
	if (node)
		pkg_bit_set(w->next.disabled, (u16)(node - 1), !enable);
	else
		w->next.auto_run = enable;
	accept_next(w);
}

static bool any_owned(const struct pkg *pkg, u16 *which)
{
	for (u16 i = 0; i < PKG_SLOTS; i++) {
		const struct pkg_slot *slot = &pkg->slot[i];

		if ((slot->known || slot->pending) && pkg_slot_latest(slot)->owner) {
			*which = i;
			return true;
		}
	}
	return false;
}

static void request_cluster(struct work *w)
{
	struct pkg *pkg = w->pkg;
	bool open = w->request->op == PKG_OP_OPEN_CLUSTER || w->request->cancel;
	u16 which;

	if (pkg->cluster_pending)
		return;
	w->reply->answer = PKG_ANSWER_RESULT;
	w->reply->result = PKG_DONE;
	if (open ? pkg->cluster.state == PKG_CLUSTER_OPEN :
		   pkg->cluster.state == PKG_CLUSTER_HALTED)
		return;
	if (!open && !w->request->force && any_owned(pkg, &which)) {
		w->reply->result = PKG_E_HAS_PACKAGES;
		w->reply->slot = which;
		return;
	}
	w->reply->answer = PKG_ANSWER_ACCEPTED;
	w->reply->version = pkg->cluster.version;
	if (!open && pkg->cluster.state == PKG_CLUSTER_HALTING)
		return;
	pkg_cluster_propose(pkg, open ? PKG_CLUSTER_OPEN : PKG_CLUSTER_HALTING, w->from,
			    pkg_node_incarnation(pkg, w->from));
	w->reply->version = pkg->cluster_proposed.version;
}

static void request_package(struct work *w)
{
	switch (w->request->op) {
	case PKG_OP_RUN:
		return request_run(w);
	case PKG_OP_HALT:
		return request_halt(w);
	case PKG_OP_MOVE:
		return request_move(w);
	case PKG_OP_ENABLE:
		return request_switch(w, true);
	case PKG_OP_DISABLE:
		return request_switch(w, false);
	default:
		return;
	}
}

void pkg_request_answer(struct pkg *pkg, u16 from, const struct pkg_request *request,
			struct pkg_reply *reply)
{
	struct work w = {
		.pkg = pkg, .request = request, .reply = reply, .from = from,
		.n = request->slot,
	};

	memset(reply, 0, sizeof(*reply));
	reply->id = request->id;
	reply->slot = request->slot;
	reply->answer = PKG_ANSWER_RETRY;
	if (!pkg_is_coordinator(pkg) || !pkg_node_member(pkg, from))
		return;
	if (request->op >= PKG_OP_HALT_CLUSTER) {
		request_cluster(&w);
		return;
	}
	core_assert(request->slot < PKG_SLOTS);
	w.slot = &pkg->slot[request->slot];
	w.settings = pkg_slot_settings(pkg, request->slot);
	if (!w.slot->known || !w.settings || !pkg_may_propose(pkg, request->slot))
		return;
	w.next = w.slot->record;
	request_package(&w);
}
