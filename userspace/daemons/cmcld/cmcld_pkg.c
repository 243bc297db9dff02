// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmcld_pkg.h"

#include <inttypes.h>
#include <stdlib.h>

#include "cmcld_admin.h"
#include "cmcld_log.h"
#include "cmcld_member.h"
#include "cmcld_pet.h"
#include "cmcld_publish.h"

#define PROPOSALS_MAX	512
#define LOOPED_MAX	16	/* messages to this very node */

static_assert(PKG_RECORD_MAX <= MEMBER_VALUE_BYTES_MAX, "a record is a value");

struct proposal {
	u32 key;
	u16 length;
	u8 data[PKG_RECORD_MAX];
};

struct looped {
	u16 length;
	u8 data[PKG_MESSAGE_MAX];
};

/*
 * Carrying out an action can bring the next event (a proposal is committed at
 * once in a view of one, a send to cmsrvassistd finds it gone).  The library
 * is not entered again before it has given all its actions: such events wait.
 */
struct cmcld_packages {
	struct pkg *pkg;
	int timer;
	bool stepping;
	bool assist_lost;
	u16 looped_count;
	u16 proposal_first, proposal_count;
	struct pkg_action action;
	struct pkg_status before[CONF_PACKAGES_MAX];
	struct looped looped[LOOPED_MAX];
	struct proposal proposal[PROPOSALS_MAX];
};

static const char *package_name(const struct cmcld *cmcld, u16 package)
{
	return package < cmcld->conf->package_count ?
	       cmcld->conf->package[package].name : "-";
}

/* ---- actions ---- */

static void do_propose(struct cmcld *cmcld, const struct pkg_action *action)
{
	struct cmcld_packages *packages = cmcld->packages;
	struct proposal *slot;

	/* The library proposes again what did not come back. */
	if (packages->proposal_count == PROPOSALS_MAX)
		return;
	slot = &packages->proposal[(packages->proposal_first + packages->proposal_count++) %
				   PROPOSALS_MAX];
	core_assert(action->length <= sizeof(slot->data));
	slot->key = action->key;
	slot->length = action->length;
	memcpy(slot->data, action->data, action->length);
}

static void do_send(struct cmcld *cmcld, const struct pkg_action *action)
{
	struct cmcld_packages *packages = cmcld->packages;
	struct looped *looped;

	if (action->node != cmcld->self) {
		cmcld_session_send(cmcld->session, action->node, NET_SESSION_PACKAGE,
				   action->data, action->length);
		return;
	}
	if (packages->looped_count == LOOPED_MAX)
		return;
	looped = &packages->looped[packages->looped_count++];
	looped->length = action->length;
	memcpy(looped->data, action->data, action->length);
}

static void do_start(struct cmcld *cmcld, const struct pkg_action *action)
{
	cmcld_log(LOG_NOTICE, "Starting package %s on this node: %s",
		  package_name(cmcld, action->package), pkg_reason_name(action->why));
	cmcld_event("package-start", "package=%s run=%u",
		    package_name(cmcld, action->package), action->run);
	cmcld_assist_start(cmcld->assist, action);
}

static void do_halt(struct cmcld *cmcld, const struct pkg_action *action)
{
	cmcld_log(LOG_NOTICE, "Halting package %s on this node: %s",
		  package_name(cmcld, action->package), pkg_reason_name(action->why));
	cmcld_event("package-halt", "package=%s run=%u reason=%s",
		    package_name(cmcld, action->package), action->run,
		    pkg_halt_reason_name(action->halt_reason));
	cmcld_assist_halt(cmcld->assist, action);
}

static void do_service(struct cmcld *cmcld, const struct pkg_action *action)
{
	const struct conf_package *package = &cmcld->conf->package[action->package];

	core_assert(action->service < package->service_count);
	cmcld_log(LOG_NOTICE, "Restarting service %s of package %s, restart %u",
		  package->service[action->service].name, package->name, action->restarts);
	cmcld_event("service-restart", "package=%s run=%u service=%s restarts=%u",
		    package->name, action->run, package->service[action->service].name,
		    action->restarts);
	cmcld_assist_service(cmcld->assist, action);
}

static void do_toc(struct cmcld *cmcld, const struct pkg_action *action)
{
	char text[200];

	base_str_print(text, sizeof(text), "package %s: %s",
		       package_name(cmcld, action->package), pkg_reason_name(action->why));
	cmcld_log(LOG_EMERG, "This node goes down now: %s", text);
	cmcld_event("toc-request", "why=package-%s",
		    package_name(cmcld, action->package));
	cmcld_pet_toc(cmcld, text);
}

static void do_changed(struct cmcld *cmcld, u16 package)
{
	struct pkg_status now, *before = &cmcld->packages->before[package];

	cmcld_publish_mark(cmcld);
	if (pkg_status_get(cmcld->packages->pkg, package, &now))
		return;
	if (now.state != before->state || now.node != before->node || now.run != before->run) {
		cmcld_log(LOG_NOTICE, "Package %s is %s%s%s: %s",
			  package_name(cmcld, package), pkg_status_name(now.status),
			  now.node ? " on " : "", now.node ? cmcld_node_name(cmcld, now.node) : "",
			  pkg_reason_name(now.why));
		cmcld_event("package-state", "package=%s run=%u state=%s owner=%s",
			    package_name(cmcld, package), now.run,
			    pkg_state_name(now.state),
			    now.node ? cmcld_node_name(cmcld, now.node) : "-");
	}
	*before = now;
}

static void carry_out(struct cmcld *cmcld, const struct pkg_action *action)
{
	switch (action->type) {
	case PKG_PROPOSE:
		do_propose(cmcld, action);
		break;
	case PKG_SEND:
		do_send(cmcld, action);
		break;
	case PKG_START:
		do_start(cmcld, action);
		break;
	case PKG_HALT:
		do_halt(cmcld, action);
		break;
	case PKG_SERVICE_START:
		do_service(cmcld, action);
		break;
	case PKG_TOC:
		do_toc(cmcld, action);
		break;
	case PKG_CHANGED:
		if (action->package < cmcld->conf->package_count)
			do_changed(cmcld, action->package);
		break;
	case PKG_PROGRESS:
		cmcld_admin_package_progress(cmcld, action);
		break;
	case PKG_RESULT:
		cmcld_admin_package_result(cmcld, action);
		break;
	}
}

/* ---- events ---- */

static void drain(struct cmcld *cmcld)
{
	struct cmcld_packages *packages = cmcld->packages;

	while (pkg_next(packages->pkg, base_clock_ns(), &packages->action))
		carry_out(cmcld, &packages->action);
}

static void step(struct cmcld *cmcld, const struct pkg_event *event)
{
	struct cmcld_packages *packages = cmcld->packages;

	packages->stepping = true;
	pkg_step(packages->pkg, base_clock_ns(), event);
	drain(cmcld);
	packages->stepping = false;
}

static bool step_looped(struct cmcld *cmcld)
{
	struct cmcld_packages *packages = cmcld->packages;
	struct pkg_event event = { .type = PKG_MESSAGE };
	struct looped first;

	if (!packages->looped_count)
		return false;
	first = packages->looped[0];
	packages->looped_count--;
	memmove(&packages->looped[0], &packages->looped[1],
		packages->looped_count * sizeof(first));
	event.message.from = cmcld->self;
	event.message.data = first.data;
	event.message.length = first.length;
	step(cmcld, &event);
	return true;
}

static bool step_assist_lost(struct cmcld *cmcld)
{
	const struct pkg_event event = { .type = PKG_ASSIST_LOST };

	if (!cmcld->packages->assist_lost)
		return false;
	cmcld->packages->assist_lost = false;
	step(cmcld, &event);
	return true;
}

/* May come back here with what the proposal brought. */
static bool hand_over_proposal(struct cmcld *cmcld)
{
	struct cmcld_packages *packages = cmcld->packages;
	struct proposal proposal;

	if (!packages->proposal_count)
		return false;
	proposal = packages->proposal[packages->proposal_first];
	packages->proposal_first = (u16)((packages->proposal_first + 1) % PROPOSALS_MAX);
	packages->proposal_count--;
	cmcld_member_propose(cmcld, proposal.key, proposal.data, proposal.length);
	return true;
}

static void give(struct cmcld *cmcld, const struct pkg_event *event)
{
	struct cmcld_packages *packages = cmcld->packages;

	if (packages->stepping) {
		core_assert(event->type == PKG_ASSIST_LOST);
		packages->assist_lost = true;
		return;
	}
	step(cmcld, event);
	while (step_assist_lost(cmcld) || step_looped(cmcld) || hand_over_proposal(cmcld))
		continue;
	cmcld_loop_timer_set(cmcld->loop, packages->timer, pkg_deadline_ns(packages->pkg));
}

static void on_timer(void *arg, u64 now_ns)
{
	const struct pkg_event event = { .type = PKG_TIMER };

	give(arg, &event);
}

void cmcld_pkg_committed(struct cmcld *cmcld, const struct member_record *record)
{
	struct pkg_event event = { .type = PKG_COMMITTED };

	if (!pkg_owns_key(record->key))
		return;
	event.committed.key = record->key;
	event.committed.data = record->value;
	event.committed.length = record->length;
	give(cmcld, &event);
}

void cmcld_pkg_view(struct cmcld *cmcld, const struct core_view *view,
		    const struct member_wait *left, u16 left_count)
{
	struct pkg_event event = { .type = PKG_VIEW };
	u16 i;

	event.view = view;
	event.no_waits = !cmcld_member_any_waiting(cmcld, base_clock_ns());
	give(cmcld, &event);
	for (i = 0; i < left_count; i++) {
		struct core_member gone = {
			.id = left[i].id, .incarnation = left[i].incarnation,
		};

		if (left[i].clean || !left[i].remaining_ns)
			cmcld_pkg_safe(cmcld, &gone);
	}
}

void cmcld_pkg_safe(struct cmcld *cmcld, const struct core_member *peer)
{
	struct pkg_event event = { .type = PKG_SAFE };

	event.safe.node = peer->id;
	event.safe.incarnation = peer->incarnation;
	give(cmcld, &event);
}

void cmcld_pkg_message(struct cmcld *cmcld, u16 from, const void *data, size_t size)
{
	struct pkg_event event = { .type = PKG_MESSAGE };

	if (size > PKG_MESSAGE_MAX)
		return;
	event.message.from = from;
	event.message.data = data;
	event.message.length = (u16)size;
	give(cmcld, &event);
}

bool cmcld_pkg_room(const struct cmcld *cmcld)
{
	return pkg_admin_room(cmcld->packages->pkg);
}

void cmcld_pkg_ask(struct cmcld *cmcld, u64 id, enum pkg_op op,
		   const struct cmcld_request *request)
{
	struct pkg_event event = { .type = PKG_ADMIN };

	event.admin.id = id;
	event.admin.op = op;
	event.admin.node = request->node;
	event.admin.force = request->force;
	base_str_print(event.admin.package, sizeof(event.admin.package), "%s",
		       request->package);
	give(cmcld, &event);
}

void cmcld_pkg_cancel(struct cmcld *cmcld, u64 id)
{
	struct pkg_event event = { .type = PKG_ADMIN_CANCEL };

	event.admin.id = id;
	give(cmcld, &event);
}

void cmcld_pkg_event(struct cmcld *cmcld, const struct pkg_event *event)
{
	give(cmcld, event);
}

bool cmcld_pkg_active(const struct cmcld *cmcld)
{
	return pkg_node_active(cmcld->packages->pkg);
}

void cmcld_pkg_status(const struct cmcld *cmcld, u16 package, struct pkg_status *status)
{
	if (pkg_status_get(cmcld->packages->pkg, package, status))
		memset(status, 0, sizeof(*status));
}

void cmcld_pkg_configure(struct cmcld *cmcld)
{
	const struct pkg_event event = { .type = PKG_TIMER };
	u16 i;

	core_assert(!cmcld->packages->stepping);
	pkg_configure(cmcld->packages->pkg, cmcld->conf);
	/* Packages have other numbers now. */
	for (i = 0; i < cmcld->conf->package_count; i++)
		cmcld_pkg_status(cmcld, i, &cmcld->packages->before[i]);
	give(cmcld, &event);
}

int cmcld_pkg_create(struct cmcld *cmcld)
{
	struct cmcld_packages *packages = calloc(1, sizeof(*packages));
	const struct conf_cluster *cluster = &cmcld->conf->cluster;
	u64 wait_ns = cluster->member_timeout_ns / CORE_DRIFT_DENOMINATOR *
		      CORE_DRIFT_NUMERATOR + conf_takeover_margin_ns(cmcld->conf);

	if (!packages)
		return -ENOMEM;
	cmcld->packages = packages;
	packages->pkg = aligned_alloc(64, (pkg_size() + 63) & ~(size_t)63);
	if (!packages->pkg)
		return -ENOMEM;
	pkg_init(packages->pkg, cmcld->self, cmcld->incarnation, wait_ns);
	pkg_configure(packages->pkg, cmcld->conf);
	packages->timer = cmcld_loop_timer_add(cmcld->loop, on_timer, cmcld);
	return packages->timer < 0 ? packages->timer : 0;
}

void cmcld_pkg_destroy(struct cmcld *cmcld)
{
	if (!cmcld->packages)
		return;
	free(cmcld->packages->pkg);
	free(cmcld->packages);
	cmcld->packages = NULL;
}
