// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim_world.h"
#include "mutants.h"

u64 sim_node_clock(const struct sim_world *world, u32 node)
{
	return sim_clock_local(&world->node[node].clock, world->now_ns);
}

bool sim_node_runs(const struct sim_world *world, u32 node)
{
	return world->node[node].powered && !world->node[node].frozen;
}

void sim_node_power_on(struct sim_world *world, u32 node)
{
	struct sim_node *n = &world->node[node];

	if (n->powered) {
		/* Clean leavers and those whose cmcld ended start it again. */
		sim_user_start(world, node);
		return;
	}
	n->powered = true;
	n->frozen = false;
	n->dead_ns = SIM_NEVER;
	n->boot++;
	n->clock.start_global_ns = world->now_ns;
	n->clock.start_local_ns = sim_rng_range(&world->rng_node, SIM_NS_PER_S,
						1000 * SIM_NS_PER_S);
	n->clock.rate_ppm = world->params.drift_ppm[node];
	sim_trace(world, node, "power-on", "boot %u", n->boot);
	sim_kernel_reset(world, node);
	sim_user_start(world, node);
}

void sim_node_power_off(struct sim_world *world, u32 node)
{
	struct sim_node *n = &world->node[node];

	if (!n->powered)
		return;
	sim_trace(world, node, "dead", "%s", sim_verdict_name(n->kernel.verdict));
	n->powered = false;
	n->frozen = false;
	sim_user_gone(world, node, false);
	sim_disk_lose(world, node);
	check_dead(world, node);
	sim_net_dies(world, node);
}

/* Those of a kernel that has prepared them (rule 7). */
static void last_words(struct sim_world *world, u32 node)
{
	if (sim_rng_chance(&world->rng_node, world->params.gasp_ppm))
		sim_kernel_gasp(world, node);
}

static void last_cpu_stops(struct sim_world *world, struct sim_event *event)
{
	struct sim_node *n = &world->node[event->node];

	if (n->dead_ns > world->now_ns)
		return;
	if (n->powered && !mutant_gasp_early)
		last_words(world, event->node);
	sim_node_power_off(world, event->node);
}

/* A dead node comes back by itself: panic_timeout, kdump, boot. */
static void reboot(struct sim_world *world, struct sim_event *event)
{
	const struct sim_node *n = &world->node[event->arg[0]];

	if (world->params.reboot && !n->powered && n->boot == event->arg[1])
		sim_node_power_on(world, event->arg[0]);
}

void sim_node_die_at(struct sim_world *world, u32 node, u64 at_ns)
{
	struct sim_node *n = &world->node[node];
	struct sim_event event = { .fn = last_cpu_stops, .node = node, .boot = n->boot };

	n->dead_ns = at_ns < n->dead_ns ? at_ns : n->dead_ns;
	if (mutant_gasp_early)
		last_words(world, node);
	/* A freeze may have put it off. */
	event.at_ns = n->dead_ns > world->now_ns ? n->dead_ns : world->now_ns;
	sim_queue_put(&world->queue, &event);
	event.fn = reboot;
	event.at_ns += world->params.boot_ns +
		       sim_rng_below(&world->rng_node, world->params.boot_ns);
	event.node = SIM_NOBODY;
	event.arg[0] = node;
	event.arg[1] = n->boot;
	sim_queue_put(&world->queue, &event);
}

void sim_node_panic(struct sim_world *world, u32 node)
{
	if (!sim_node_runs(world, node))
		return;
	sim_trace(world, node, "panic", " ");
	sim_node_die_at(world, node, world->now_ns + sim_kernel_stop_ns(world));
}

static void thaw(struct sim_world *world, struct sim_event *event)
{
	struct sim_node *n = &world->node[event->node];

	if (!n->frozen || n->thaw_ns > world->now_ns)
		return;
	n->frozen = false;
	sim_trace(world, event->node, "thaw", " ");
	sim_kernel_thaw(world, event->node);
	if (n->kernel.verdict == CORE_VERDICT_NONE)
		check_thawed(world, event->node);
	else
		sim_node_power_off(world, event->node);
}

void sim_node_freeze(struct sim_world *world, u32 node, u64 hold_ns)
{
	struct sim_node *n = &world->node[node];
	struct sim_event event = { .fn = thaw, .node = node, .boot = n->boot };

	if (!n->powered || n->frozen)
		return;
	n->frozen = true;
	n->thaw_ns = world->now_ns + hold_ns;
	event.at_ns = n->thaw_ns;
	sim_queue_put(&world->queue, &event);
	sim_trace(world, node, "freeze", "%u ms", (u32)(hold_ns / SIM_NS_PER_MS));
}
