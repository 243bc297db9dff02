// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Nobody healthy is killed, and once faults stop all come together again, carry
 * on when a minority is switched off, and take it back.
 */
#include <stdio.h>

#include "sim_world.h"

#define LIVE	"convergence once faults stop"
#define HEALTHY	"no healthy node is killed"
#define CALM	"calm stays calm"
#define CARRY	"the others carry on"
#define QUIET_TIMEOUTS	4

/*
 * Sound only where it is set: a node is healthy in a world whose faults are whole
 * nodes that vanish (crash, isolation until death), while it and a majority of all
 * nodes hear each other without loss; or when nothing at all happens any more.
 */
void check_verdict(struct sim_world *world, u32 node, enum core_verdict verdict)
{
	struct check *check = &world->check;

	check->kills[verdict]++;
	if (check->healthy & (1u << node))
		check_fail(world, HEALTHY, "n%u: %s", node + 1, sim_verdict_name(verdict));
}

bool check_is_liveness(const struct sim_world *world)
{
	const char *property = world->check.property;

	return !strcmp(property, LIVE) || !strcmp(property, CARRY) || !strcmp(property, CALM);
}

static void stage_set(struct sim_world *world, enum check_stage stage)
{
	static const char *const names[] = {
		"faults", "converge", "quiet", "loss", "again",
	};

	world->check.stage = stage;
	world->check.stage_ns = world->now_ns;
	world->check.together_ns = 0;
	sim_trace(world, SIM_NOBODY, "stage", "%s", names[stage]);
}

/* Why the nodes in @mask are not together in one view, or NULL. */
static const char *apart(struct sim_world *world, u32 mask, char *text, size_t size)
{
	const struct core_view *view, *first = NULL;
	u32 node, count = 0;

	for (node = 0; node < world->params.nodes; node++) {
		if (!(mask & (1u << node)))
			continue;
		count++;
		if (world->node[node].frozen) {
			snprintf(text, size, "n%u stands still", node + 1);
			return text;
		}
		view = sim_user_view(world, node);
		if (!view || member_phase(world->node[node].user.member) != MEMBER_PHASE_MEMBER) {
			snprintf(text, size, "n%u is %s", node + 1, !world->node[node].user.alive ?
				 "not running" :
				 member_phase_name(member_phase(world->node[node].user.member)));
			return text;
		}
		if (first && first->hash != view->hash) {
			snprintf(text, size, "n%u has %s, others %s", node + 1,
				 sim_view_text(view), sim_view_text(first));
			return text;
		}
		first = view;
	}
	if (first && first->count != count) {
		snprintf(text, size, "the view is %s", sim_view_text(first));
		return text;
	}
	return NULL;
}

/* Why a package is not run by one of @mask, or NULL. */
static const char *idle(struct sim_world *world, u32 mask, char *text, size_t size)
{
	u32 node, package, owners;

	for (package = 0; package < world->params.packages; package++) {
		owners = 0;
		for (node = 0; node < world->params.nodes; node++)
			if (mask & (1u << node) && world->check.owner[node][package].incarnation)
				owners++;
		if (owners != 1) {
			snprintf(text, size, "package %u runs on %u nodes", package, owners);
			return text;
		}
	}
	return NULL;
}

static const char *not_well(struct sim_world *world, u32 mask, char *text, size_t size)
{
	const char *why = apart(world, mask, text, size);

	return why ? why : idle(world, mask, text, size);
}

static u32 everyone(const struct sim_world *world)
{
	return (1u << world->params.nodes) - 1;
}

bool check_together(struct sim_world *world)
{
	char text[160];

	return !not_well(world, everyone(world), text, sizeof(text));
}

/* Power off as many as the others can do without. */
static void lose_some(struct sim_world *world)
{
	struct sim_rng *rng = &world->rng_fault;
	u32 nodes = world->params.nodes, most = (nodes - 1) / 2, count, node;

	if (nodes % 2 == 0 && world->params.arbiter)
		most = nodes / 2;
	count = most ? sim_rng_range(rng, 1, most) : 0;
	world->check.lost = 0;
	while (count) {
		node = sim_rng_below(rng, nodes);
		if (world->check.lost & (1u << node))
			continue;
		world->check.lost |= 1u << node;
		count--;
	}
	stage_set(world, CHECK_LOSS);
	world->check.healthy = everyone(world) & ~world->check.lost;
	for (node = 0; node < nodes; node++)
		if (world->check.lost & (1u << node))
			sim_node_power_off(world, node);
}

static void switch_on(struct sim_world *world)
{
	u32 node;

	stage_set(world, CHECK_AGAIN);
	for (node = 0; node < world->params.nodes; node++)
		if (world->check.lost & (1u << node))
			sim_node_power_on(world, node);
	world->check.lost = 0;
}

/*
 * From power-off to the package running again: L' after the last heartbeat, plus
 * agreement, one more interval and the coordinator's own update.
 */
static u64 outage_max(const struct sim_params *params)
{
	u64 wait = params->timeout_ns * CORE_DRIFT_NUMERATOR / CORE_DRIFT_DENOMINATOR +
		   params->margin_ns;

	return wait + 4 * params->interval_ns + 3 * params->disk_max_ns +
	       params->timeout_ns;
}

static void stage_loss(struct sim_world *world, const char *why)
{
	u64 passed = world->now_ns - world->check.stage_ns;

	if (!why) {
		if (passed > world->check.longest_outage_ns)
			world->check.longest_outage_ns = passed;
		switch_on(world);
	} else if (passed > outage_max(&world->params)) {
		check_fail(world, CARRY, "%u ms after mask %#x was switched off: %s",
			   (u32)(passed / SIM_NS_PER_MS), world->check.lost, why);
	}
}

static void stage_converge(struct sim_world *world, const char *why)
{
	struct check *check = &world->check;

	if (why) {
		check->together_ns = 0;
		if (world->now_ns - check->stage_ns > world->params.converge_ns)
			check_fail(world, LIVE, "after %u ms: %s",
				   (u32)(world->params.converge_ns / SIM_NS_PER_MS), why);
		return;
	}
	if (!check->together_ns)
		check->together_ns = world->now_ns;
	/* A node that is on its way down shows within the longest lease. */
	if (world->now_ns - check->together_ns < 2 * world->params.timeout_ns)
		return;
	if (check->stage == CHECK_AGAIN) {
		world->over = true;
		return;
	}
	stage_set(world, CHECK_QUIET);
	/* Agreement within a lease takes disks that are faster than a lease. */
	if (world->params.disk_max_ns > world->params.interval_ns / 2)
		world->params.disk_max_ns = world->params.interval_ns / 2;
	check->healthy = everyone(world);
}

static void watch(struct sim_world *world, struct sim_event *event)
{
	char text[160];
	const char *why = not_well(world, everyone(world) & ~world->check.lost, text, sizeof(text));

	switch (world->check.stage) {
	case CHECK_FAULTS:
		/* Who was cut off comes back alive, and with old news. */
		world->check.healthy = 0;
		sim_nemesis_end(world);
		sim_net_calm(&world->net, world->params.interval_ns);
		stage_set(world, CHECK_CONVERGE);
		break;
	case CHECK_CONVERGE:
	case CHECK_AGAIN:
		stage_converge(world, why);
		break;
	case CHECK_QUIET:
		if (why)
			check_fail(world, CALM, "%s", why);
		if (world->now_ns - world->check.stage_ns >
		    QUIET_TIMEOUTS * world->params.timeout_ns)
			lose_some(world);
		break;
	case CHECK_LOSS:
		stage_loss(world, why);
		break;
	}
	event->at_ns = world->now_ns + world->params.interval_ns / 2;
	sim_queue_put(&world->queue, event);
}

void check_live_start(struct sim_world *world)
{
	struct sim_event event = { .fn = watch, .node = SIM_NOBODY };

	world->check.healthy = world->params.healthy;
	event.at_ns = world->params.faults_end_ns;
	sim_queue_put(&world->queue, &event);
}
