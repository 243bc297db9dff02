// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim_app.h"

#include <stdlib.h>

#include "sim_pkg.h"
#include "sim_world.h"

enum work {
	WORK_START,
	WORK_HALT,
};

void sim_app_reset(struct sim_world *world, u32 node)
{
	if (world->params.real_packages) {
		sim_pkg_reset(world, node);
		return;
	}
	memset(&world->node[node].user.app, 0, sizeof(world->node[node].user.app));
}

static bool is_safe(const struct sim_app *app, u64 incarnation)
{
	u32 i;

	for (i = 0; i < app->safe_count && i < SIM_SAFE_MAX; i++)
		if (app->safe[i] == incarnation)
			return true;
	return false;
}

void sim_app_safe(struct sim_world *world, u32 node, const struct core_member *member)
{
	struct sim_app *app = &world->node[node].user.app;

	if (world->params.real_packages) {
		sim_pkg_safe(world, node, member);
		return;
	}
	if (!is_safe(app, member->incarnation))
		app->safe[app->safe_count++ % SIM_SAFE_MAX] = member->incarnation;
}

/* The run or halt script has come to its end. */
static void work_done(struct sim_world *world, struct sim_event *event)
{
	u32 node = event->node, package = event->arg[1];
	struct sim_app *app = &world->node[node].user.app;

	app->busy[package] = false;
	if (event->arg[0] == WORK_HALT) {
		app->runs[package] = false;
		check_halted(world, node, package);
	}
}

static void work(struct sim_world *world, u32 node, u32 package, enum work what)
{
	struct sim_node *n = &world->node[node];
	struct sim_event event = {
		.fn = work_done, .node = node, .boot = n->boot, .life = n->user.life,
		.arg = { what, package },
	};

	n->user.app.busy[package] = true;
	event.at_ns = world->now_ns + sim_rng_range(&world->rng_user, SIM_NS_PER_MS,
						    world->params.timeout_ns / 4);
	sim_queue_put(&world->queue, &event);
}

/* The node's half: carry out what the committed record says. */
static void carry_out(struct sim_world *world, u32 node, u32 package)
{
	struct sim_user *user = &world->node[node].user;
	struct sim_app *app = &user->app;
	const struct sim_record *record = &app->record[package];
	bool mine = record->incarnation == user->incarnation;

	if (app->busy[package])
		return;
	if (mine && record->phase == SIM_PHASE_RUN && !app->runs[package] && !user->left) {
		app->runs[package] = true;
		check_started_package(world, node, package);
		work(world, node, package, WORK_START);
	} else if (mine && record->phase == SIM_PHASE_HALT && app->runs[package]) {
		work(world, node, package, WORK_HALT);
	}
}

void sim_app_committed(struct sim_world *world, u32 node, const struct member_record *record)
{
	struct sim_app *app = &world->node[node].user.app;
	struct sim_record *mine;

	if (world->params.real_packages) {
		sim_pkg_committed(world, node, record);
		return;
	}
	if (!record->length)
		return;
	core_assert(record->key < SIM_PACKAGES_MAX);
	core_assert(record->length == sizeof(struct sim_record));
	mine = &app->record[record->key];
	memcpy(mine, record->value, sizeof(*mine));
	app->asked_ns[record->key] = 0;
	sim_trace(world, node, "record", "package %u owner n%u.%02x phase %u number %u seq %u",
		  record->key, mine->owner, (u32)(mine->incarnation & 0xff), mine->phase,
		  mine->number, (u32)record->sequence);
	carry_out(world, node, record->key);
}

void sim_app_loaded(struct sim_world *world, u32 node)
{
	struct sim_user *user = &world->node[node].user;
	const struct member_record *record;
	unsigned int i;

	if (world->params.real_packages) {
		sim_pkg_loaded(world, node);
		return;
	}
	memset(user->app.record, 0, sizeof(user->app.record));
	for (i = 0; (record = member_record_at(user->member, i)); i++)
		sim_app_committed(world, node, record);
}

/* Who is in is not safe, whatever was said before it came in. */
void sim_app_view(struct sim_world *world, u32 node, const struct core_view *view)
{
	struct sim_app *app = &world->node[node].user.app;
	u32 i, at;

	if (world->params.real_packages) {
		sim_pkg_view(world, node, view);
		return;
	}
	memset(app->asked_ns, 0, sizeof(app->asked_ns));
	for (i = 0; i < view->count; i++)
		for (at = 0; at < SIM_SAFE_MAX; at++)
			if (app->safe[at] == view->member[i].incarnation)
				app->safe[at] = 0;
}

void sim_app_update_failed(struct sim_world *world, u32 node, u32 key)
{
	if (world->params.real_packages) {
		sim_pkg_update_failed(world, node, key);
		return;
	}
	core_assert(key < SIM_PACKAGES_MAX);
	world->node[node].user.app.asked_ns[key] = 0;
}

static void propose(struct sim_world *world, u32 node, u32 package, struct sim_record *record)
{
	struct sim_app *app = &world->node[node].user.app;
	struct member_event event = { .type = MEMBER_EVENT_UPDATE };

	record->number = app->record[package].number + 1;
	event.update.key = package;
	event.update.length = sizeof(*record);
	memcpy(event.update.value, record, sizeof(*record));
	app->asked_ns[package] = world->now_ns;
	sim_trace(world, node, "propose", "package %u owner n%u.%02x phase %u", package,
		  record->owner, (u32)(record->incarnation & 0xff), record->phase);
	sim_user_event(world, node, &event, NULL);
}

/* A member to own a package: any that is not known to be leaving. */
static void assign(struct sim_world *world, u32 node, u32 package, const struct core_view *view)
{
	struct sim_record record = { .phase = SIM_PHASE_RUN };
	u32 first = sim_rng_below(&world->rng_user, view->count), i;
	const struct core_member *member;

	for (i = 0; i < view->count; i++) {
		member = &view->member[(first + i) % view->count];
		if (world->node[member->id - 1].user.leaving)
			continue;
		record.owner = member->id;
		record.incarnation = member->incarnation;
		propose(world, node, package, &record);
		return;
	}
}

static void ask_halt(struct sim_world *world, u32 node, u32 package)
{
	struct sim_record record = world->node[node].user.app.record[package];

	record.phase = SIM_PHASE_HALT;
	world->node[node].user.app.wish[package] = false;
	propose(world, node, package, &record);
}

/* All that may have owned a package before this cluster was formed are gone. */
static bool nobody_waited_for(struct sim_world *world, u32 node)
{
	struct member_wait wait[MEMBER_WAITS_MAX];
	struct sim_user *user = &world->node[node].user;

	return !member_waits(user->member, sim_node_clock(world, node), wait, MEMBER_WAITS_MAX);
}

/*
 * The former owner is known to be safe, or, when nobody ever says so to this node,
 * L' has passed since it installed a view without it (rule 5).
 */
static bool owner_is_safe(struct sim_world *world, u32 node, u32 package)
{
	const struct sim_params *params = &world->params;
	struct sim_app *app = &world->node[node].user.app;
	u64 incarnation = app->record[package].incarnation;
	u64 now = sim_node_clock(world, node);
	u64 wait = params->timeout_ns * CORE_DRIFT_NUMERATOR / CORE_DRIFT_DENOMINATOR +
		   params->margin_ns;

	if (is_safe(app, incarnation))
		return true;
	if (app->gone[package] != incarnation) {
		app->gone[package] = incarnation;
		app->gone_ns[package] = now;
	}
	return now - app->gone_ns[package] >= wait;
}

/* The coordinator's half: decide about one package. */
static void decide(struct sim_world *world, u32 node, u32 package, const struct core_view *view)
{
	struct sim_app *app = &world->node[node].user.app;
	const struct sim_record *record = &app->record[package];
	const struct sim_node *owner;

	if (app->asked_ns[package])
		return;
	if (!record->owner) {
		if (nobody_waited_for(world, node))
			assign(world, node, package, view);
		return;
	}
	if (record->phase == SIM_PHASE_FREE) {
		assign(world, node, package, view);
		return;
	}
	if (!core_view_holds(view, record->owner, record->incarnation)) {
		if (owner_is_safe(world, node, package))
			assign(world, node, package, view);
		return;
	}
	owner = &world->node[record->owner - 1];
	if (record->phase == SIM_PHASE_RUN && (app->wish[package] || owner->user.leaving))
		ask_halt(world, node, package);
}

/* The owner, once its halt script is done, tells the coordinator. */
static void tell_halted(struct sim_world *world, u32 node, u32 package)
{
	struct sim_user *user = &world->node[node].user;
	const struct sim_record *record = &user->app.record[package];
	const struct core_view *view = member_view(user->member);
	struct sim_envelope *envelope;

	if (record->incarnation != user->incarnation || record->phase != SIM_PHASE_HALT ||
	    user->app.runs[package] || user->app.busy[package] || !view)
		return;
	envelope = calloc(1, sizeof(*envelope));
	core_assert(envelope);
	envelope->kind = SIM_ENVELOPE_REQUEST;
	envelope->request.package = package;
	envelope->request.number = record->number;
	if (view->coordinator == node + 1) {
		sim_app_request(world, node, &envelope->request);
		free(envelope);
		return;
	}
	sim_net_post(world, node, view->coordinator - 1, envelope, sizeof(*envelope));
}

void sim_app_request(struct sim_world *world, u32 node, const struct sim_request *request)
{
	struct sim_user *user = &world->node[node].user;
	struct sim_record record = { .phase = SIM_PHASE_FREE };
	const struct sim_record *mine = &user->app.record[request->package];

	if (!user->alive || !member_may_update(user->member) ||
	    user->app.asked_ns[request->package])
		return;
	if (mine->number != request->number || mine->phase != SIM_PHASE_HALT)
		return;
	record.owner = mine->owner;
	record.incarnation = mine->incarnation;
	propose(world, node, request->package, &record);
}

void sim_app_tick(struct sim_world *world, u32 node)
{
	struct sim_user *user = &world->node[node].user;
	struct member_event leave = { .type = MEMBER_EVENT_LEAVE };
	const struct core_view *view = member_view(user->member);
	u32 package;

	if (world->params.real_packages) {
		sim_pkg_tick(world, node);
		return;
	}
	for (package = 0; package < world->params.packages; package++) {
		carry_out(world, node, package);
		tell_halted(world, node, package);
		if (view && member_may_update(user->member))
			decide(world, node, package, view);
	}
	if (user->leaving && !user->left && sim_app_idle(world, node)) {
		user->left = true;
		sim_trace(world, node, "leave", " ");
		sim_user_event(world, node, &leave, NULL);
	}
}

bool sim_app_idle(const struct sim_world *world, u32 node)
{
	const struct sim_user *user = &world->node[node].user;
	u32 package;

	for (package = 0; package < world->params.packages; package++) {
		const struct sim_record *record = &user->app.record[package];

		if (user->app.runs[package] || user->app.busy[package])
			return false;
		if (record->incarnation == user->incarnation && record->phase == SIM_PHASE_RUN)
			return false;
	}
	return true;
}
