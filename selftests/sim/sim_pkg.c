// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim_pkg.h"

#include <stdio.h>
#include <stdlib.h>

#include "sim_world.h"

#define ADMIN_LEAVE	1
#define ADMIN_MOVE	100

/* One for each place of a node; given anew to each life of its cmcld. */
static struct pkg *memory[SIM_NODES_MAX];
static struct conf *conf;

static struct pkg *pkg_of(u32 node)
{
	if (!memory[node])
		memory[node] = aligned_alloc(64, (pkg_size() + 63) / 64 * 64);
	core_assert(memory[node]);
	return memory[node];
}

/* Every package may run on every node, each with another one first. */
static void configure(const struct sim_params *params)
{
	if (!conf)
		conf = calloc(1, sizeof(*conf));
	core_assert(conf);
	conf->package_count = (u16)params->packages;
	for (u32 p = 0; p < params->packages; p++) {
		struct conf_package *package = &conf->package[p];

		memset(package, 0, sizeof(*package));
		snprintf(package->name, sizeof(package->name), "p%u", p);
		package->auto_run = true;
		package->node_count = (u16)params->nodes;
		for (u32 n = 0; n < params->nodes; n++)
			package->node[n].id = (u16)((p + n) % params->nodes + 1);
	}
}

static void give(struct sim_world *world, u32 node, const struct pkg_event *event);

/* The run or halt script has come to its end. */
static void script_ends(struct sim_world *world, struct sim_event *event)
{
	struct pkg_event done = { .type = (enum pkg_event_type)event->arg[0] };

	done.done.package = (u16)event->arg[1];
	done.done.run = (u32)event->arg[2];
	done.done.outcome = PKG_OK;
	done.done.clean = true;
	if (done.type == PKG_HALT_DONE)
		check_halted(world, event->node, done.done.package);
	give(world, event->node, &done);
}

static void script(struct sim_world *world, u32 node, const struct pkg_action *action)
{
	struct sim_node *n = &world->node[node];
	struct sim_event event = {
		.fn = script_ends, .node = node, .boot = n->boot, .life = n->user.life,
		.arg = { action->type == PKG_START ? PKG_START_DONE : PKG_HALT_DONE,
			 action->package, action->run },
	};

	if (action->type == PKG_START)
		check_started_package(world, node, action->package);
	event.at_ns = world->now_ns + sim_rng_range(&world->rng_user, SIM_NS_PER_MS,
						    world->params.timeout_ns / 4);
	sim_queue_put(&world->queue, &event);
}

static void propose(struct sim_world *world, u32 node, const struct pkg_action *action)
{
	struct member_event event = { .type = MEMBER_EVENT_UPDATE };

	event.update.key = action->key;
	event.update.length = action->length;
	memcpy(event.update.value, action->data, action->length);
	sim_trace(world, node, "propose", "package %u", action->package);
	sim_user_event(world, node, &event, NULL);
}

static void send(struct sim_world *world, u32 node, const struct pkg_action *action)
{
	struct sim_envelope *envelope = calloc(1, sizeof(*envelope));

	core_assert(envelope);
	core_assert(action->node != node + 1);
	envelope->kind = SIM_ENVELOPE_PACKAGE;
	envelope->package.length = action->length;
	memcpy(envelope->package.data, action->data, action->length);
	sim_net_post(world, node, action->node - 1, envelope, sizeof(*envelope));
}

static void result(struct sim_world *world, u32 node, const struct pkg_action *action)
{
	struct sim_user *user = &world->node[node].user;
	struct member_event leave = { .type = MEMBER_EVENT_LEAVE };

	sim_trace(world, node, "answer", "%s", pkg_result_name(action->result));
	if (action->id != ADMIN_LEAVE || user->left)
		return;
	if (action->result != PKG_DONE)
		check_fail(world, "who is to leave can leave", "n%u: %s", node + 1,
			   pkg_result_name(action->result));
	user->left = true;
	sim_trace(world, node, "leave", " ");
	sim_user_event(world, node, &leave, NULL);
}

static void act(struct sim_world *world, u32 node, const struct pkg_action *action)
{
	switch (action->type) {
	case PKG_START:
	case PKG_HALT:
		script(world, node, action);
		break;
	case PKG_PROPOSE:
		propose(world, node, action);
		break;
	case PKG_SEND:
		send(world, node, action);
		break;
	case PKG_RESULT:
		result(world, node, action);
		break;
	case PKG_CHANGED:
		sim_trace(world, node, "record", "package %u %s on n%u run %u", action->package,
			  pkg_state_name(action->state), action->node, action->run);
		break;
	case PKG_PROGRESS:
		break;
	case PKG_TOC:
	case PKG_SERVICE_START:
		check_fail(world, "no package here asks for that", "n%u: action %u", node + 1,
			   action->type);
	}
}

/* What an action brings at once may come back here; the library allows it. */
static void give(struct sim_world *world, u32 node, const struct pkg_event *event)
{
	struct sim_user *user = &world->node[node].user;
	struct pkg_action action;
	u32 life = user->life;

	if (!user->alive)
		return;
	pkg_step(pkg_of(node), sim_node_clock(world, node), event);
	while (user->alive && user->life == life &&
	       pkg_next(pkg_of(node), sim_node_clock(world, node), &action))
		act(world, node, &action);
}

void sim_pkg_reset(struct sim_world *world, u32 node)
{
	const struct sim_params *params = &world->params;
	struct sim_user *user = &world->node[node].user;

	configure(params);
	memset(&user->app, 0, sizeof(user->app));
	user->app.fresh = true;
}

/* The incarnation is drawn after sim_app_reset(): the library starts with the
 * first event. cmsrvassistd is there, with nothing. */
static void begin(struct sim_world *world, u32 node)
{
	const struct sim_params *params = &world->params;
	struct sim_user *user = &world->node[node].user;
	struct pkg_event ready = { .type = PKG_ASSIST_READY };

	if (!user->app.fresh)
		return;
	user->app.fresh = false;
	pkg_init(pkg_of(node), (u16)(node + 1), user->incarnation,
		 params->timeout_ns * CORE_DRIFT_NUMERATOR / CORE_DRIFT_DENOMINATOR +
		 params->margin_ns);
	pkg_configure(pkg_of(node), conf);
	give(world, node, &ready);
}

void sim_pkg_committed(struct sim_world *world, u32 node, const struct member_record *record)
{
	struct pkg_event event = { .type = PKG_COMMITTED };

	begin(world, node);
	event.committed.key = record->key;
	event.committed.data = record->value;
	event.committed.length = record->length;
	give(world, node, &event);
}

void sim_pkg_loaded(struct sim_world *world, u32 node)
{
	const struct member_record *record;
	unsigned int i;

	for (i = 0; (record = member_record_at(world->node[node].user.member, i)); i++)
		sim_pkg_committed(world, node, record);
}

void sim_pkg_view(struct sim_world *world, u32 node, const struct core_view *view)
{
	struct pkg_event event = { .type = PKG_VIEW, .view = view };
	struct member_wait wait[MEMBER_WAITS_MAX];

	begin(world, node);
	event.no_waits = !member_waits(world->node[node].user.member,
				       sim_node_clock(world, node), wait, MEMBER_WAITS_MAX);
	give(world, node, &event);
}

void sim_pkg_safe(struct sim_world *world, u32 node, const struct core_member *member)
{
	struct pkg_event event = { .type = PKG_SAFE };

	begin(world, node);
	event.safe.node = member->id;
	event.safe.incarnation = member->incarnation;
	give(world, node, &event);
}

void sim_pkg_message(struct sim_world *world, u32 from, u32 node,
		     const struct sim_pkg_message *message)
{
	struct pkg_event event = { .type = PKG_MESSAGE };

	begin(world, node);
	event.message.from = (u16)(from + 1);
	event.message.data = message->data;
	event.message.length = message->length;
	give(world, node, &event);
}

void sim_pkg_update_failed(struct sim_world *world, u32 node, u32 key)
{
	struct pkg_event event = { .type = PKG_PROPOSE_FAILED };

	event.failed.key = key;
	give(world, node, &event);
}

static void ask(struct sim_world *world, u32 node, u64 id, enum pkg_op op, u32 package)
{
	struct pkg_event event = { .type = PKG_ADMIN };

	if (!pkg_admin_room(pkg_of(node)))
		return;
	event.admin.id = id;
	event.admin.op = op;
	event.admin.force = true;
	snprintf(event.admin.package, sizeof(event.admin.package), "p%u", package);
	give(world, node, &event);
}

void sim_pkg_tick(struct sim_world *world, u32 node)
{
	struct sim_user *user = &world->node[node].user;
	const struct pkg_event timer = { .type = PKG_TIMER };

	begin(world, node);
	if (pkg_deadline_ns(pkg_of(node)) <= sim_node_clock(world, node))
		give(world, node, &timer);
	for (u32 p = 0; p < world->params.packages && user->alive; p++) {
		if (!user->app.wish[p])
			continue;
		user->app.wish[p] = false;
		if (member_may_update(user->member))
			ask(world, node, ADMIN_MOVE + p, PKG_OP_MOVE, p);
	}
	if (user->alive && user->leaving && !user->app.asked_leave) {
		user->app.asked_leave = true;
		ask(world, node, ADMIN_LEAVE, PKG_OP_LEAVE, 0);
	}
}
