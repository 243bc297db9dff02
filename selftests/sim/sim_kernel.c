// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim_kernel.h"

#include <stdlib.h>

#include "sim_world.h"

static const char *const verdict_names[] = {
	[CORE_VERDICT_NONE]		= "none",
	[CORE_VERDICT_QUORUM_LEASE]	= "quorum-lease",
	[CORE_VERDICT_SAFETY_LEASE]	= "safety-lease",
	[CORE_VERDICT_DETACHED]		= "detached",
	[CORE_VERDICT_EVICTED]		= "evicted",
	[CORE_VERDICT_REQUESTED]	= "requested",
	[CORE_VERDICT_STOPPED]		= "stopped",
};

const char *sim_verdict_name(enum core_verdict verdict)
{
	core_assert(verdict < sizeof(verdict_names) / sizeof(verdict_names[0]));
	return verdict_names[verdict];
}

void sim_kernel_reset(struct sim_world *world, u32 node)
{
	struct sim_kernel *kernel = &world->node[node].kernel;

	free(kernel->core);
	memset(kernel, 0, sizeof(*kernel));
	kernel->check_ns = SIM_NEVER;
}

/* Half of what the margin allows, by the slowest clock. */
static u64 half_margin(const struct sim_world *world)
{
	return world->params.margin_ns * 499 / 1000;
}

u64 sim_kernel_stop_ns(struct sim_world *world)
{
	return sim_rng_below(&world->rng_node, half_margin(world));
}

/*
 * TOC.  The share of the margin that the check did not use is what the last
 * CPU may take to stop; until then everything on the node goes on acting.
 */
static void down(struct sim_world *world, u32 node, enum core_verdict verdict)
{
	struct sim_node *n = &world->node[node];
	u64 stop;

	if (n->kernel.verdict != CORE_VERDICT_NONE)
		return;
	n->kernel.verdict = verdict;
	stop = sim_kernel_stop_ns(world);
	sim_trace(world, node, "verdict", "%s", sim_verdict_name(verdict));
	check_verdict(world, node, verdict);
	sim_node_die_at(world, node, world->now_ns + stop);
}

static void check_fires(struct sim_world *world, struct sim_event *event);

/* Puts the check after the nearer of the two deadlines, late by up to half a margin. */
static void check_schedule(struct sim_world *world, u32 node)
{
	struct sim_kernel *kernel = &world->node[node].kernel;
	struct sim_event event = { .fn = check_fires, .node = node };
	u64 deadline = core_deadline_ns(kernel->core);
	u64 at;

	if (deadline == SIM_NEVER)
		return;
	at = sim_clock_global(&world->node[node].clock, deadline) + 1;
	if (at < world->now_ns)
		at = world->now_ns;
	/* A later deadline needs no new event: the check finds it when it runs. */
	if (kernel->check_ns != SIM_NEVER && kernel->check_ns <= at + half_margin(world))
		return;
	event.at_ns = at + sim_rng_below(&world->rng_node, half_margin(world));
	event.boot = world->node[node].boot;
	event.arg[0] = kernel->instance;
	event.arg[1] = event.at_ns;
	kernel->check_ns = event.at_ns;
	sim_queue_put(&world->queue, &event);
}

void sim_kernel_check(struct sim_world *world, u32 node)
{
	struct sim_kernel *kernel = &world->node[node].kernel;
	enum core_verdict verdict;

	if (kernel->verdict != CORE_VERDICT_NONE)
		return;
	verdict = core_check(kernel->core, sim_node_clock(world, node));
	if (verdict != CORE_VERDICT_NONE)
		down(world, node, verdict);
}

static void check_fires(struct sim_world *world, struct sim_event *event)
{
	struct sim_kernel *kernel = &world->node[event->node].kernel;

	if (event->arg[0] != kernel->instance)
		return;
	/* Not at_ns: a freeze may have put it off. */
	if (kernel->check_ns == event->arg[1])
		kernel->check_ns = SIM_NEVER;
	sim_kernel_check(world, event->node);
	sim_kernel_after(world, event->node);
}

void sim_kernel_after(struct sim_world *world, u32 node)
{
	struct sim_kernel *kernel = &world->node[node].kernel;
	struct core_event event;

	if (!kernel->core)
		return;
	while (core_event_pop(kernel->core, &event))
		sim_user_kernel_event(world, node, &event);
	if (kernel->verdict == CORE_VERDICT_NONE)
		check_schedule(world, node);
}

/* Once an interval: a heartbeat to everyone on every path, and housekeeping. */
static void tick(struct sim_world *world, struct sim_event *event)
{
	u32 node = event->node, peer, path;
	struct sim_node *n = &world->node[node];
	u8 buf[CORE_HB_SIZE];
	u64 now = sim_node_clock(world, node);

	if (event->arg[0] != n->kernel.instance || (!n->kernel.attached && !n->kernel.armed))
		return;
	core_tick(n->kernel.core, now);
	for (peer = 0; peer < world->params.nodes; peer++) {
		if (peer == node)
			continue;
		for (path = 0; path < world->params.paths; path++)
			if (core_transmit(n->kernel.core, peer + 1, path, now, buf) > 0)
				sim_net_datagram(world, node, peer, path, buf, sizeof(buf));
	}
	sim_kernel_after(world, node);
	event->at_ns = sim_clock_global(&n->clock, now + world->params.interval_ns);
	sim_queue_put(&world->queue, event);
}

void sim_kernel_gasp(struct sim_world *world, u32 node)
{
	struct core *core = world->node[node].kernel.core;
	u8 buf[CORE_GASP_SIZE];
	u32 peer, path;
	u64 now = sim_node_clock(world, node);

	if (!core || !world->node[node].kernel.armed)
		return;
	sim_trace(world, node, "gasp", " ");
	check_gasped(world, node);
	for (peer = 0; peer < world->params.nodes; peer++)
		for (path = 0; peer != node && path < world->params.paths; path++)
			if (core_gasp_write(core, peer + 1, path, now, buf) > 0)
				sim_net_datagram(world, node, peer, path, buf, sizeof(buf));
}

int sim_kernel_attach(struct sim_world *world, u32 node, const struct core_config *config)
{
	struct sim_node *n = &world->node[node];
	struct sim_event event = { .fn = tick, .node = node, .boot = n->boot };
	int err;
	u32 peer;

	core_assert(!n->kernel.attached);
	if (!n->kernel.core)
		n->kernel.core = malloc(core_size());
	core_assert(n->kernel.core);
	err = core_init(n->kernel.core, config, sim_node_clock(world, node));
	if (err)
		return err;
	for (peer = 0; peer < world->params.nodes; peer++)
		if (peer != node)
			core_assert(!core_peer_add(n->kernel.core, peer + 1, world->params.paths));
	n->kernel.attached = true;
	n->kernel.first_epoch = 0;
	n->kernel.check_ns = SIM_NEVER;
	n->kernel.instance++;
	event.at_ns = world->now_ns + sim_rng_below(&world->rng_node, config->interval_ns);
	event.arg[0] = n->kernel.instance;
	sim_queue_put(&world->queue, &event);
	return 0;
}

void sim_kernel_receive(struct sim_world *world, u32 node, u32 from, u32 path,
			const void *data, size_t size)
{
	struct sim_kernel *kernel = &world->node[node].kernel;

	/* A dead CPU takes nothing; between verdict and stop others still do. */
	if (!kernel->core)
		return;
	if (size == CORE_GASP_SIZE)
		core_gasp_receive(kernel->core, from + 1, path, sim_node_clock(world, node), data);
	else
		core_receive(kernel->core, from + 1, path, sim_node_clock(world, node), data);
	/* Eviction is decided here, and acted on by a timer of some CPU. */
	if (sim_rng_chance(&world->rng_node, SIM_PPM / 2))
		sim_kernel_check(world, node);
	sim_kernel_after(world, node);
}

void sim_kernel_thaw(struct sim_world *world, u32 node)
{
	struct sim_kernel *kernel = &world->node[node].kernel;

	if (!kernel->core)
		return;
	sim_kernel_check(world, node);
	if (kernel->verdict != CORE_VERDICT_NONE)
		sim_node_die_at(world, node, world->now_ns);
}
