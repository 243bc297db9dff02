// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim_nemesis.h"

#include "sim_world.h"

#define PERCENT 10000U

struct strike {
	enum sim_fault fault;
	u32 victim;
	u32 other;
	u32 side;		/* bit mask of ends on one side of a partition */
	u32 path;
};

static void cut_between(struct sim_world *world, u32 side, bool both, bool cut)
{
	u32 a, b;

	for (a = 0; a < world->ends; a++)
		for (b = 0; b < world->ends; b++) {
			if (!(side & (1u << a)) || (side & (1u << b)))
				continue;
			sim_net_cut(&world->net, a, b, cut);
			if (both)
				sim_net_cut(&world->net, b, a, cut);
		}
}

static void cut_path(struct sim_world *world, u32 victim, u32 path, bool cut)
{
	u32 other;

	for (other = 0; other < world->params.nodes; other++) {
		world->net.cut[victim][other][path] = cut;
		world->net.cut[other][victim][path] = cut;
	}
}

/* Cuts and losses, made and taken back. */
static void strike_net(struct sim_world *world, const struct strike *strike, bool on)
{
	struct sim_net *net = &world->net;
	u32 path;

	switch (strike->fault) {
	case SIM_FAULT_CUT_PAIR:
		sim_net_cut(net, strike->other, strike->victim, on);
		sim_net_cut(net, strike->victim, strike->other, on);
		break;
	case SIM_FAULT_CUT_ONE_WAY:
		sim_net_cut(net, strike->victim, strike->other, on);
		break;
	case SIM_FAULT_CUT_PATH:
		cut_path(world, strike->victim, strike->path, on);
		break;
	case SIM_FAULT_PARTITION:
	case SIM_FAULT_ISOLATE:
		cut_between(world, strike->side, true, on);
		break;
	case SIM_FAULT_PARTITION_ONE_WAY:
		cut_between(world, strike->side, false, on);
		break;
	case SIM_FAULT_LOSS:
		for (path = 0; path < SIM_PATHS_MAX; path++)
			net->loss_ppm[strike->victim][strike->other][path] = on ? 60 * PERCENT : 0;
		break;
	case SIM_FAULT_ARBITER_CUT:
		sim_net_isolate(net, SIM_ARBITER, on);
		break;
	default:
		core_assert(false);
	}
}

static bool is_net(enum sim_fault fault)
{
	return fault <= SIM_FAULT_LOSS || fault == SIM_FAULT_ARBITER_CUT;
}

static void undo(struct sim_world *world, struct sim_event *event)
{
	struct strike strike = {
		.fault = event->arg[0], .victim = event->arg[1] & 0xffff,
		.other = event->arg[1] >> 16, .side = event->arg[2], .path = event->arg[3],
	};

	if (world->nemesis.over)
		return;
	world->nemesis.pending--;
	/* Cut off again meanwhile: that lasts. */
	if (strike.fault == SIM_FAULT_ISOLATE &&
	    world->nemesis.until_ns[strike.fault][strike.victim] > world->now_ns)
		return;
	sim_trace(world, strike.victim, "undo", "%s", sim_fault_name(strike.fault));
	if (is_net(strike.fault))
		strike_net(world, &strike, false);
	else if (strike.fault == SIM_FAULT_CRASH || strike.fault == SIM_FAULT_KILL_CMCLD ||
		 strike.fault == SIM_FAULT_PANIC || strike.fault == SIM_FAULT_LEAVE)
		sim_node_power_on(world, strike.victim);
	else if (strike.fault == SIM_FAULT_ARBITER_CRASH)
		sim_arbiter_start(world);
	else if (strike.fault == SIM_FAULT_DISK_SLOW)
		world->disk_slow[strike.victim] = false;
}

/* Faults of machines and processes; those with an end of their own take @hold_ns. */
static void strike_node(struct sim_world *world, const struct strike *strike, u64 hold_ns)
{
	u32 victim = strike->victim;

	switch (strike->fault) {
	case SIM_FAULT_BREAK_SESSION:
		sim_net_break(world, victim, strike->other);
		break;
	case SIM_FAULT_CRASH:
		sim_node_power_off(world, victim);
		break;
	case SIM_FAULT_PANIC:
		sim_node_panic(world, victim);
		break;
	case SIM_FAULT_KILL_CMCLD:
		sim_user_kill(world, victim);
		break;
	case SIM_FAULT_STOP_CMCLD:
		sim_user_stop(world, victim, hold_ns);
		break;
	case SIM_FAULT_FREEZE:
		sim_node_freeze(world, victim, hold_ns);
		break;
	case SIM_FAULT_LEAVE:
		sim_user_leave(world, victim);
		break;
	case SIM_FAULT_ARBITER_CRASH:
		sim_arbiter_crash(world);
		break;
	case SIM_FAULT_DISK_SLOW:
		world->disk_slow[victim] = true;
		break;
	case SIM_FAULT_MOVE_PACKAGE:
		sim_user_move(world, sim_rng_below(&world->rng_fault, world->params.packages));
		break;
	default:
		core_assert(false);
	}
}

void sim_nemesis_strike(struct sim_world *world, enum sim_fault fault, u32 victim, u64 hold_ns)
{
	struct sim_rng *rng = &world->rng_fault;
	struct strike strike = { .fault = fault, .victim = victim };
	struct sim_event event = { .fn = undo, .node = SIM_NOBODY };
	u32 nodes = world->params.nodes;

	strike.other = nodes > 1 ? (victim + 1 + sim_rng_below(rng, nodes - 1)) % nodes : victim;
	strike.path = sim_rng_below(rng, world->params.paths);
	strike.side = 1u << victim;
	if (fault == SIM_FAULT_PARTITION || fault == SIM_FAULT_PARTITION_ONE_WAY) {
		strike.side = sim_rng_below(rng, 1u << nodes);
		if (sim_rng_chance(rng, SIM_PPM / 2))
			strike.side |= 1u << SIM_ARBITER;
	}
	if (!world->params.arbiter &&
	    (fault == SIM_FAULT_ARBITER_CRASH || fault == SIM_FAULT_ARBITER_CUT))
		return;
	world->nemesis.struck[fault]++;
	world->nemesis.pending++;
	sim_trace(world, victim, "fault", "%s other n%u side %#x hold %u ms", sim_fault_name(fault),
		  strike.other + 1, strike.side, (u32)(hold_ns / SIM_NS_PER_MS));
	if (is_net(fault))
		strike_net(world, &strike, true);
	else
		strike_node(world, &strike, hold_ns);
	event.at_ns = world->now_ns + hold_ns;
	if (world->nemesis.until_ns[fault][victim] < event.at_ns)
		world->nemesis.until_ns[fault][victim] = event.at_ns;
	event.arg[0] = fault;
	event.arg[1] = victim | (u64)strike.other << 16;
	event.arg[2] = strike.side;
	event.arg[3] = strike.path;
	sim_queue_put(&world->queue, &event);
}

static void strike_random(struct sim_world *world, u32 victim)
{
	struct sim_rng *rng = &world->rng_fault;
	u32 mask = world->params.faults, fault;

	if (!mask || (world->params.one_at_a_time && world->nemesis.pending))
		return;
	if (!(world->params.victims & (1u << victim)))
		return;
	do
		fault = sim_rng_below(rng, SIM_FAULTS);
	while (!(mask & (1u << fault)));
	sim_nemesis_strike(world, fault, victim,
			   sim_rng_log(rng, world->params.fault_min_ns,
				       world->params.fault_max_ns));
}

static void strike_later(struct sim_world *world, struct sim_event *event)
{
	if (world->nemesis.over)
		return;
	strike_random(world, sim_rng_below(&world->rng_fault, world->params.nodes));
	event->at_ns = world->now_ns + 1 +
		       sim_rng_below(&world->rng_fault, 2 * world->params.fault_gap_ns);
	sim_queue_put(&world->queue, event);
}

void sim_nemesis_start(struct sim_world *world)
{
	struct sim_event event = { .fn = strike_later, .node = SIM_NOBODY };

	event.at_ns = world->params.boot_ns +
		      sim_rng_below(&world->rng_fault, 4 * world->params.timeout_ns);
	if (world->params.faults)
		sim_queue_put(&world->queue, &event);
}

void sim_nemesis_step(struct sim_world *world, u32 from, u32 to, u32 type)
{
	u32 victim;

	if (type == MEMBER_MESSAGE_HEARD || type == MEMBER_MESSAGE_ARBITER_QUERY)
		return;
	if (world->nemesis.over || !sim_rng_chance(&world->rng_fault, world->params.trigger_ppm))
		return;
	victim = sim_rng_chance(&world->rng_fault, 70 * PERCENT) ? from : to;
	if (victim < world->params.nodes)
		strike_random(world, victim);
}

void sim_nemesis_end(struct sim_world *world)
{
	u32 node;

	sim_trace(world, SIM_NOBODY, "faults-end", "healing all");
	world->nemesis.over = true;
	sim_net_heal(&world->net);
	for (node = 0; node < world->params.nodes; node++) {
		world->disk_slow[node] = false;
		sim_user_continue(world, node);
		sim_node_power_on(world, node);
	}
	sim_arbiter_start(world);
}
