// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmcld_admin.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmcld_log.h"
#include "cmcld_member.h"
#include "cmcld_pkg.h"
#include "cmcld_publish.h"

#define REQUESTS_MAX	64
#define FORM_WAIT_NS	(60 * BASE_NS_PER_S)

enum stage {
	FREE,
	PACKAGES,	/* the package library has it */
	FORMING,	/* waits for a view */
	LEAVE_NEXT,	/* packages are halted; leaves from the loop */
	LEAVING,	/* waits until this node is out */
};

struct entry {
	enum stage stage;
	enum cmcld_op op;
	u64 id;
	u64 deadline_ns;
};

struct cmcld_admin {
	int timer;
	struct entry entry[REQUESTS_MAX];
};

static void send_reply(struct cmcld *cmcld, const struct cmcld_reply *reply)
{
	cmcld_tell(cmcld, CMCLD_TELL_REPLY, 0, reply, sizeof(*reply));
}

static void __attribute__((format(printf, 3, 4)))
progress(struct cmcld *cmcld, u64 id, const char *format, ...)
{
	struct cmcld_reply reply = { .id = id };
	va_list args;

	va_start(args, format);
	vsnprintf(reply.text, sizeof(reply.text), format, args);
	va_end(args);
	send_reply(cmcld, &reply);
}

/* The snapshot comes first: who asks for the status next sees what was done. */
static void __attribute__((format(printf, 4, 5)))
finish(struct cmcld *cmcld, struct entry *entry, int code, const char *format, ...)
{
	struct cmcld_reply reply = { .id = entry->id, .final = true, .code = code };
	va_list args;

	va_start(args, format);
	vsnprintf(reply.text, sizeof(reply.text), format, args);
	va_end(args);
	entry->stage = FREE;
	cmcld_publish_now(cmcld);
	send_reply(cmcld, &reply);
}

static struct entry *entry_find(struct cmcld *cmcld, u64 id)
{
	int i;

	for (i = 0; i < REQUESTS_MAX; i++)
		if (cmcld->admin->entry[i].stage != FREE && cmcld->admin->entry[i].id == id)
			return &cmcld->admin->entry[i];
	return NULL;
}

static struct entry *entry_new(struct cmcld *cmcld, const struct cmcld_request *request)
{
	int i;

	for (i = 0; i < REQUESTS_MAX; i++) {
		struct entry *entry = &cmcld->admin->entry[i];

		if (entry->stage != FREE)
			continue;
		*entry = (struct entry){
			.op = request->op, .id = request->id, .deadline_ns = CMCLD_NEVER,
		};
		return entry;
	}
	return NULL;
}

/* ---- timers ---- */

static void deadlines_set(struct cmcld *cmcld)
{
	u64 next = CMCLD_NEVER;
	int i;

	for (i = 0; i < REQUESTS_MAX; i++) {
		struct entry *entry = &cmcld->admin->entry[i];

		if (entry->stage != FREE && entry->deadline_ns < next)
			next = entry->deadline_ns;
	}
	cmcld_loop_timer_set(cmcld->loop, cmcld->admin->timer, next);
}

/* ---- forming and leaving ---- */

static void begin_form(struct cmcld *cmcld, struct entry *entry,
		       const struct cmcld_request *request)
{
	const struct core_view *view = cmcld_member_view(cmcld);

	if (view) {
		/* After a cmhaltcl that did not end: let packages start again. */
		entry->stage = PACKAGES;
		cmcld_pkg_ask(cmcld, entry->id, PKG_OP_OPEN_CLUSTER, request);
		return;
	}
	entry->stage = FORMING;
	entry->deadline_ns = base_clock_ns() + FORM_WAIT_NS;
	deadlines_set(cmcld);
	cmcld_log(LOG_NOTICE, "Forming a cluster was asked for by an administrator");
	cmcld_member_form(cmcld, request->nodes, request->node_count);
}

void cmcld_admin_view(struct cmcld *cmcld, const struct core_view *view)
{
	int i;

	for (i = 0; i < REQUESTS_MAX; i++) {
		struct entry *entry = &cmcld->admin->entry[i];

		if (entry->stage == FORMING)
			finish(cmcld, entry, 0, "%u nodes have formed a cluster, epoch %"
			       PRIu64, view->count, view->epoch);
	}
}

void cmcld_admin_report(struct cmcld *cmcld, enum member_reason reason, const char *text)
{
	bool forming = reason == MEMBER_REASON_FORMING ||
		       reason == MEMBER_REASON_FORM_REFUSED ||
		       reason == MEMBER_REASON_ARBITER_ASKED ||
		       reason == MEMBER_REASON_ARBITER_REFUSED ||
		       reason == MEMBER_REASON_JOINING;
	int i;

	if (!forming)
		return;
	for (i = 0; i < REQUESTS_MAX; i++)
		if (cmcld->admin->entry[i].stage == FORMING)
			progress(cmcld, cmcld->admin->entry[i].id, "%s", text);
}

static void begin_leave(struct cmcld *cmcld, struct entry *entry)
{
	entry->stage = LEAVING;
	progress(cmcld, entry->id, "Node %s leaves the cluster",
		 cmcld_node_name(cmcld, cmcld->self));
	cmcld_log(LOG_NOTICE, "This node leaves the cluster: an administrator asked for it");
	cmcld_member_leave(cmcld);
}

static void on_timer(void *arg, u64 now_ns)
{
	struct cmcld *cmcld = arg;
	int i;

	for (i = 0; i < REQUESTS_MAX; i++) {
		struct entry *entry = &cmcld->admin->entry[i];

		if (entry->deadline_ns > now_ns)
			continue;
		entry->deadline_ns = CMCLD_NEVER;
		if (entry->stage == LEAVE_NEXT)
			begin_leave(cmcld, entry);
		else if (entry->stage == FORMING)
			finish(cmcld, entry, ETIMEDOUT, "no cluster was formed in %llu s; "
			       "see which nodes are missing: cmviewcl, and the log of "
			       "cmcld on each node", FORM_WAIT_NS / BASE_NS_PER_S);
	}
	deadlines_set(cmcld);
}

static void refuse_starting_over(struct cmcld *cmcld, struct entry *entry)
{
	finish(cmcld, entry, ESHUTDOWN, "node %s starts over, since the cluster is without it "
	       "or out of reach; see the log of cmcld there, then ask again",
	       cmcld_node_name(cmcld, cmcld->self));
}

void cmcld_admin_left(struct cmcld *cmcld, bool asked)
{
	int i;

	for (i = 0; i < REQUESTS_MAX; i++) {
		struct entry *entry = &cmcld->admin->entry[i];

		if (entry->stage != FREE && !asked)
			refuse_starting_over(cmcld, entry);
		else if (entry->stage == LEAVING)
			finish(cmcld, entry, 0, "Node %s has left the cluster",
			       cmcld_node_name(cmcld, cmcld->self));
		else if (entry->stage != FREE)
			finish(cmcld, entry, ESHUTDOWN, "node %s has left the cluster",
			       cmcld_node_name(cmcld, cmcld->self));
	}
}

/* ---- packages ---- */

static enum pkg_op package_op(enum cmcld_op op)
{
	switch (op) {
	case CMCLD_OP_RUN_PACKAGE:
		return PKG_OP_RUN;
	case CMCLD_OP_HALT_PACKAGE:
		return PKG_OP_HALT;
	case CMCLD_OP_MOVE_PACKAGE:
		return PKG_OP_MOVE;
	case CMCLD_OP_ENABLE_PACKAGE:
		return PKG_OP_ENABLE;
	case CMCLD_OP_DISABLE_PACKAGE:
		return PKG_OP_DISABLE;
	case CMCLD_OP_HALT_PACKAGES:
		return PKG_OP_HALT_CLUSTER;
	case CMCLD_OP_LEAVE:
	case CMCLD_OP_FORM:
	case CMCLD_OP_RELOAD:
		break;
	}
	return PKG_OP_LEAVE;
}

static int result_code(enum pkg_result result)
{
	switch (result) {
	case PKG_DONE:
		return 0;
	case PKG_E_NO_PACKAGE:
		return ENOENT;
	case PKG_E_NODE:
	case PKG_E_NODE_UNABLE:
	case PKG_E_SWITCHING:
		return EINVAL;
	case PKG_E_NODE_DOWN:
		return EHOSTDOWN;
	case PKG_E_RUNNING:
	case PKG_E_NOT_RUNNING:
		return EALREADY;
	case PKG_E_HAS_PACKAGES:
	case PKG_E_HALTING:
		return EBUSY;
	case PKG_E_CANCELLED:
		return ECANCELED;
	case PKG_E_HALT_FAILED:
	case PKG_E_RUN_FAILED:
		break;
	}
	return EIO;
}

static const char *package_of(const struct cmcld *cmcld, u16 package)
{
	return package < cmcld->conf->package_count ?
	       cmcld->conf->package[package].name : "";
}

void cmcld_admin_package_progress(struct cmcld *cmcld, const struct pkg_action *action)
{
	if (!entry_find(cmcld, action->id))
		return;
	progress(cmcld, action->id, "Package %s is %s%s%s",
		 package_of(cmcld, action->package), pkg_state_name(action->state),
		 action->node ? " on node " : "",
		 action->node ? cmcld_node_name(cmcld, action->node) : "");
}

static void packages_done(struct cmcld *cmcld, struct entry *entry,
			  const struct pkg_action *action)
{
	/* The package library is at work; the membership may call it back. */
	if (entry->op == CMCLD_OP_LEAVE) {
		entry->stage = LEAVE_NEXT;
		entry->deadline_ns = base_clock_ns();
		deadlines_set(cmcld);
	} else if (entry->op == CMCLD_OP_FORM) {
		finish(cmcld, entry, 0, "The cluster is running already; its packages may "
		       "start");
	} else if (action->node) {
		finish(cmcld, entry, 0, "%s is done: node %s", package_of(cmcld, action->package),
		       cmcld_node_name(cmcld, action->node));
	} else {
		finish(cmcld, entry, 0, "%s", pkg_result_name(PKG_DONE));
	}
}

void cmcld_admin_package_result(struct cmcld *cmcld, const struct pkg_action *action)
{
	struct entry *entry = entry_find(cmcld, action->id);
	bool why = action->why != PKG_WHY_NONE;

	if (!entry || entry->stage != PACKAGES)
		return;
	if (action->result == PKG_DONE) {
		packages_done(cmcld, entry, action);
		return;
	}
	finish(cmcld, entry, result_code(action->result), "%s%s%s%s%s%s%s",
	       package_of(cmcld, action->package), *package_of(cmcld, action->package) ? ": " : "",
	       pkg_result_name(action->result), why ? ": " : "",
	       why ? pkg_reason_name(action->why) : "",
	       action->node ? ", node " : "",
	       action->node ? cmcld_node_name(cmcld, action->node) : "");
}

void cmcld_admin_step(struct cmcld *cmcld, u16 package, const char *text)
{
	int i;

	for (i = 0; i < REQUESTS_MAX; i++)
		if (cmcld->admin->entry[i].stage == PACKAGES)
			progress(cmcld, cmcld->admin->entry[i].id, "%s: %s",
				 package_of(cmcld, package), text);
}

static void begin_package(struct cmcld *cmcld, struct entry *entry,
			  const struct cmcld_request *request)
{
	if (!cmcld_member_view(cmcld) && request->op == CMCLD_OP_LEAVE) {
		begin_leave(cmcld, entry);
		return;
	}
	if (!cmcld_member_view(cmcld)) {
		finish(cmcld, entry, ENOTCONN, "node %s is not in a running cluster; start "
		       "it with cmruncl or cmrunnode", cmcld_node_name(cmcld, cmcld->self));
		return;
	}
	if (!cmcld_pkg_room(cmcld)) {
		finish(cmcld, entry, EBUSY, "%d requests are under way; try again when one "
		       "has ended", PKG_ADMIN_MAX);
		return;
	}
	entry->stage = PACKAGES;
	cmcld_pkg_ask(cmcld, entry->id, package_op(request->op), request);
}

static void reload(struct cmcld *cmcld, struct entry *entry,
		   const struct cmcld_request *request)
{
	cmcld->conf = request->conf;
	cmcld_assist_configure(cmcld->assist, cmcld->conf);
	cmcld_pkg_configure(cmcld);
	cmcld_log(LOG_NOTICE, "Configuration generation %" PRIu64 " is in use: %u packages",
		  cmcld->conf->cluster.generation, cmcld->conf->package_count);
	finish(cmcld, entry, 0, "generation %" PRIu64 " is in use",
	       cmcld->conf->cluster.generation);
}

/* ---- requests ---- */

void cmcld_admin_request(struct cmcld *cmcld, const struct cmcld_request *request)
{
	struct entry *entry = entry_new(cmcld, request);
	struct entry none = { .id = request->id };

	if (!entry)
		finish(cmcld, &none, EBUSY, "%d requests are under way; try again when one "
		       "has ended", REQUESTS_MAX);
	else if (cmcld_member_left(cmcld) && request->op != CMCLD_OP_LEAVE)
		refuse_starting_over(cmcld, entry);
	else if (request->op == CMCLD_OP_FORM)
		begin_form(cmcld, entry, request);
	else if (request->op == CMCLD_OP_RELOAD)
		reload(cmcld, entry, request);
	else
		begin_package(cmcld, entry, request);
}

void cmcld_admin_cancel(struct cmcld *cmcld, u64 id)
{
	struct entry *entry = entry_find(cmcld, id);

	if (!entry)
		return;
	if (entry->stage == PACKAGES)
		cmcld_pkg_cancel(cmcld, id);
	/* Leaving goes on; its end is told to nobody. */
	if (entry->stage != LEAVING && entry->stage != LEAVE_NEXT)
		entry->stage = FREE;
}

int cmcld_admin_create(struct cmcld *cmcld)
{
	cmcld->admin = calloc(1, sizeof(*cmcld->admin));
	if (!cmcld->admin)
		return -ENOMEM;
	cmcld->admin->timer = cmcld_loop_timer_add(cmcld->loop, on_timer, cmcld);
	return cmcld->admin->timer < 0 ? cmcld->admin->timer : 0;
}

void cmcld_admin_destroy(struct cmcld *cmcld)
{
	free(cmcld->admin);
	cmcld->admin = NULL;
}
