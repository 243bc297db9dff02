// SPDX-License-Identifier: GPL-2.0-or-later
#include "scenario.h"

#include <stdlib.h>

static const struct scenario *const tables[] = {
	scenario_votes,
	scenario_leases,
	scenario_disks,
	scenario_gasps,
};

static struct story the_story;

const struct scenario *scenario_at(u32 index)
{
	const struct scenario *scenario;
	u32 table;

	for (table = 0; table < sizeof(tables) / sizeof(tables[0]); table++)
		for (scenario = tables[table]; scenario->name; scenario++)
			if (!index--)
				return scenario;
	return NULL;
}

void scenario_params(const struct scenario *scenario, struct sim_params *params, u64 seed)
{
	u32 nodes = scenario->nodes ? scenario->nodes : 1 + seed % SIM_NODES_MAX;
	struct sim_rng rng;
	u32 end;

	sim_params_plain(params, seed, nodes, scenario->arbiter);
	params->packages = SIM_PACKAGES_MAX;
	params->interval_ns = params->timeout_ns /
			      (scenario->intervals ? scenario->intervals : 20);
	params->safety_ns = 8 * params->timeout_ns;
	params->quality.delay_max_ns = params->interval_ns / 20;
	params->quality.session_max_ns = params->interval_ns / 10;
	params->disk_max_ns = params->interval_ns / 4;
	params->faults_end_ns = 40 * params->timeout_ns;
	params->reboot = false;
	sim_rng_init(&rng, seed, 7);
	for (end = 0; end < SIM_ENDS_MAX; end++)
		params->drift_ppm[end] = (s32)sim_rng_below(&rng, 2001) - 1000;
}

struct story *story(struct sim_world *world)
{
	return world->script;
}

static void story_event(struct sim_world *world, struct sim_event *event)
{
	if (!world->nemesis.over)
		story(world)->scenario->then(world, event->arg[0]);
}

void story_later(struct sim_world *world, u64 delay_ns, u32 stage)
{
	struct sim_event event = {
		.fn = story_event, .node = SIM_NOBODY, .at_ns = world->now_ns + delay_ns,
		.arg = { stage },
	};

	sim_queue_put(&world->queue, &event);
}

void story_deaf(struct sim_world *world, u32 from, u32 to, bool deaf)
{
	u32 path;

	for (path = 0; path < SIM_PATHS_MAX; path++)
		world->net.loss_ppm[from][to][path] = deaf ? SIM_PPM : 0;
	sim_trace(world, from, "story", "n%u %s it", to + 1, deaf ? "no longer hears" : "hears");
}

void story_cut(struct sim_world *world, u32 a, u32 b, bool cut)
{
	sim_net_cut(&world->net, a, b, cut);
	sim_net_cut(&world->net, b, a, cut);
	sim_trace(world, a, "story", "%s %s", cut ? "cut from" : "joined to",
		  b == SIM_ARBITER ? "q" : (const char *[]){ "n1", "n2", "n3", "n4", "n5", "n6",
							     "n7" }[b]);
}

static void held_goes(struct sim_world *world, struct sim_event *event)
{
	struct sim_envelope *envelope = event->data;

	event->data = NULL;
	sim_trace(world, event->arg[0], "story", "held message goes to n%u",
		  (u32)event->arg[1] + 1);
	sim_world_deliver(world, event->arg[0], event->arg[1], envelope);
}

void story_hold(struct sim_world *world, u32 from, u32 to, const struct sim_envelope *envelope,
		u64 delay_ns)
{
	struct sim_event event = {
		.fn = held_goes, .node = SIM_NOBODY, .at_ns = world->now_ns + delay_ns,
		.arg = { from, to },
	};

	event.data = malloc(sizeof(*envelope));
	core_assert(event.data);
	memcpy(event.data, envelope, sizeof(*envelope));
	sim_queue_put(&world->queue, &event);
}

void story_stop(struct sim_world *world, u32 node, u32 timeouts)
{
	sim_trace(world, node, "story", "cmcld stops for %u timeouts", timeouts);
	sim_user_stop(world, node, timeouts * world->params.timeout_ns);
}

void story_off(struct sim_world *world, u32 node)
{
	sim_trace(world, node, "story", "off");
	sim_node_power_off(world, node);
}

static bool filter(struct sim_world *world, u32 from, u32 to, struct sim_envelope *envelope)
{
	const struct scenario *scenario = story(world)->scenario;

	if (!story(world)->began || world->nemesis.over || !scenario->sees ||
	    envelope->kind != SIM_ENVELOPE_MEMBER)
		return true;
	return scenario->sees(world, from, to, envelope);
}

static void wait_together(struct sim_world *world, struct sim_event *event)
{
	if (world->nemesis.over)
		return;
	if (check_together(world)) {
		story(world)->began = true;
		story(world)->time_ns = world->now_ns;
		sim_trace(world, SIM_NOBODY, "story", "begins");
		if (story(world)->scenario->begin)
			story(world)->scenario->begin(world);
		return;
	}
	event->at_ns = world->now_ns + world->params.interval_ns;
	sim_queue_put(&world->queue, event);
}

void scenario_start(struct sim_world *world, const struct scenario *scenario)
{
	struct sim_event event = { .fn = wait_together, .node = SIM_NOBODY };

	memset(&the_story, 0, sizeof(the_story));
	the_story.scenario = scenario;
	world->script = &the_story;
	world->filter = filter;
	event.at_ns = world->params.boot_ns;
	sim_queue_put(&world->queue, &event);
}
