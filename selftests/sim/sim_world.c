// SPDX-License-Identifier: GPL-2.0-or-later
#include "scenario.h"

#include <stdlib.h>

/* More than any honest world needs; a loop that never ends is a failure, too. */
#define EVENTS_MAX 40000000ULL

bool sim_world_frozen(const struct sim_world *world, u32 end)
{
	return end < world->params.nodes && world->node[end].frozen;
}

u32 sim_world_boot(const struct sim_world *world, u32 end)
{
	return end < world->params.nodes ? world->node[end].boot : 0;
}

void sim_world_deliver(struct sim_world *world, u32 from, u32 to, void *data)
{
	struct sim_envelope *envelope = data;

	if (to == SIM_ARBITER) {
		sim_arbiter_message(world, from, envelope);
		return;
	}
	if (!world->node[to].user.alive) {
		free(envelope);
		return;
	}
	if (envelope->kind == SIM_ENVELOPE_REQUEST) {
		sim_app_request(world, to, &envelope->request);
		free(envelope);
		return;
	}
	if (envelope->kind == SIM_ENVELOPE_PACKAGE) {
		sim_pkg_message(world, from, to, &envelope->package);
		free(envelope);
		return;
	}
	sim_trace_message(world, from, to, &envelope->message, false);
	check_delivered(world, to, &envelope->message);
	sim_user_message(world, to, &envelope->message, envelope);
}

static void world_init(struct sim_world *world, const struct sim_params *params, bool trace)
{
	u32 node;

	memset(world, 0, sizeof(*world));
	world->params = *params;
	world->ends = SIM_ENDS_MAX;
	sim_rng_init(&world->rng_net, params->seed, 2);
	sim_rng_init(&world->rng_node, params->seed, 3);
	sim_rng_init(&world->rng_disk, params->seed, 4);
	sim_rng_init(&world->rng_fault, params->seed, 5);
	sim_rng_init(&world->rng_user, params->seed, 6);
	sim_queue_init(&world->queue);
	sim_net_init(&world->net, params);
	sim_trace_init(&world->tracer, trace);
	for (node = 0; node < params->nodes; node++)
		sim_kernel_reset(world, node);
	if (params->arbiter)
		sim_arbiter_init(world);
}

static void power_on(struct sim_world *world, struct sim_event *event)
{
	sim_node_power_on(world, event->arg[0]);
}

/* cmruncl for the first nodes, until it has worked. */
static void form(struct sim_world *world, struct sim_event *event)
{
	if (check_any_view(world) || world->nemesis.over)
		return;
	sim_user_form(world, 0, world->params.first);
	event->at_ns = world->now_ns + 8 * world->params.timeout_ns;
	sim_queue_put(&world->queue, event);
}

static void world_begin(struct sim_world *world)
{
	struct sim_event event = { .fn = power_on, .node = SIM_NOBODY };
	const struct sim_params *params = &world->params;
	u32 node;

	sim_arbiter_start(world);
	for (node = 0; node < params->nodes; node++) {
		event.arg[0] = node;
		event.at_ns = sim_rng_below(&world->rng_node, params->boot_ns);
		sim_queue_put(&world->queue, &event);
	}
	event.fn = form;
	event.at_ns = params->boot_ns;
	if (params->first < params->nodes)
		sim_queue_put(&world->queue, &event);
	sim_nemesis_start(world);
	check_live_start(world);
}

/* Void events: another boot, another life; a frozen machine does it at its thaw. */
static bool event_is_due(struct sim_world *world, struct sim_event *event)
{
	const struct sim_node *n;

	if (event->node >= world->params.nodes)
		return true;
	n = &world->node[event->node];
	if (!n->powered || n->boot != event->boot)
		return false;
	if (event->life && event->life != n->user.life)
		return false;
	if (!n->frozen || n->thaw_ns <= world->now_ns)
		return true;
	event->at_ns = n->thaw_ns;
	sim_queue_put(&world->queue, event);
	event->data = NULL;
	return false;
}

static void world_loop(struct sim_world *world)
{
	struct sim_event event;

	while (!world->over && sim_queue_take(&world->queue, &event)) {
		core_assert(event.at_ns >= world->now_ns);
		world->now_ns = event.at_ns;
		if (++world->events > EVENTS_MAX)
			check_fail(world, "the world comes to an end", "%s", "too many events");
		if (event_is_due(world, &event))
			event.fn(world, &event);
		free(event.data);
	}
}

int sim_world_run(struct sim_world *world, const struct sim_params *params,
		  const struct scenario *scenario, bool trace)
{
	world_init(world, params, trace);
	if (setjmp(world->failed))
		return 1;
	check_init(world);
	if (scenario)
		scenario_start(world, scenario);
	world_begin(world);
	world_loop(world);
	return 0;
}

void sim_world_free(struct sim_world *world)
{
	u32 node;

	for (node = 0; node < world->params.nodes; node++) {
		sim_user_free(world, node);
		sim_kernel_reset(world, node);
	}
	sim_arbiter_free(world);
	sim_net_free(&world->net);
	sim_queue_free(&world->queue);
	sim_trace_free(&world->tracer);
	check_free(world);
}
