// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim_params.h"

#include <inttypes.h>

#define PERCENT 10000U

static const char *const fault_names[SIM_FAULTS] = {
	[SIM_FAULT_CUT_ONE_WAY]		= "cut-one-way",
	[SIM_FAULT_CUT_PAIR]		= "cut-pair",
	[SIM_FAULT_CUT_PATH]		= "cut-path",
	[SIM_FAULT_PARTITION]		= "partition",
	[SIM_FAULT_PARTITION_ONE_WAY]	= "partition-one-way",
	[SIM_FAULT_ISOLATE]		= "isolate",
	[SIM_FAULT_LOSS]		= "loss",
	[SIM_FAULT_BREAK_SESSION]	= "break-session",
	[SIM_FAULT_CRASH]		= "crash",
	[SIM_FAULT_KILL_CMCLD]		= "kill-cmcld",
	[SIM_FAULT_STOP_CMCLD]		= "stop-cmcld",
	[SIM_FAULT_FREEZE]		= "freeze",
	[SIM_FAULT_LEAVE]		= "leave",
	[SIM_FAULT_ARBITER_CRASH]	= "arbiter-crash",
	[SIM_FAULT_ARBITER_CUT]		= "arbiter-cut",
	[SIM_FAULT_DISK_SLOW]		= "disk-slow",
	[SIM_FAULT_PANIC]		= "panic",
	[SIM_FAULT_MOVE_PACKAGE]	= "move-package",
};

const char *sim_fault_name(enum sim_fault fault)
{
	core_assert(fault < SIM_FAULTS);
	return fault_names[fault];
}

/* Everything that follows from interval and timeout. */
static void derive(struct sim_params *params)
{
	struct sim_quality *quality = &params->quality;

	quality->delay_min_ns = params->interval_ns / 200;
	quality->delay_max_ns = params->interval_ns / 20;
	quality->late_max_ns = 3 * params->timeout_ns;
	quality->session_max_ns = params->interval_ns / 8;
	quality->stall_max_ns = 2 * params->timeout_ns;
	params->margin_ns = params->timeout_ns / 10;
	params->safety_ns = 5 * params->timeout_ns;
	params->on_detach_ns = params->timeout_ns;
	params->disk_min_ns = params->interval_ns / 20;
	params->disk_max_ns = params->interval_ns / 2;
	params->disk_slow_ns = 2 * params->timeout_ns;
	params->boot_ns = 2 * params->timeout_ns;
	params->fault_gap_ns = 3 * params->timeout_ns;
	params->fault_min_ns = params->interval_ns;
	params->fault_max_ns = 4 * params->timeout_ns;
	params->converge_ns = 60 * params->timeout_ns + 30 * SIM_NS_PER_S;
}

void sim_params_plain(struct sim_params *params, u64 seed, u32 nodes, bool arbiter)
{
	memset(params, 0, sizeof(*params));
	core_assert(nodes && nodes <= SIM_NODES_MAX);
	params->seed = seed;
	params->nodes = nodes;
	params->first = nodes;
	params->arbiter = arbiter;
	params->packages = nodes < SIM_PACKAGES_MAX ? nodes : SIM_PACKAGES_MAX;
	params->paths = 1;
	params->interval_ns = 100 * SIM_NS_PER_MS;
	params->timeout_ns = SIM_NS_PER_S;
	derive(params);
	params->faults_end_ns = 20 * params->timeout_ns;
	params->victims = (1u << nodes) - 1;
	params->reboot = true;
}

/*
 * A world of whole nodes that vanish: a minority crashes or is cut off until it is
 * dead, at the worst moments; the others hear each other perfectly.  None of these may
 * die, whatever proposals were left behind.
 */
static void draw_vanishing(struct sim_params *params, struct sim_rng *rng)
{
	u32 nodes = params->nodes, count = (nodes - 1) / 2, node;

	memset(&params->quality, 0, sizeof(params->quality));
	derive(params);
	params->first = nodes;
	params->safety_ns = 5 * params->timeout_ns;
	params->disk_empty_ppm = 0;
	params->faults &= 1u << SIM_FAULT_CRASH | 1u << SIM_FAULT_KILL_CMCLD |
			  1u << SIM_FAULT_PANIC | 1u << SIM_FAULT_MOVE_PACKAGE;
	params->faults |= 1u << SIM_FAULT_ISOLATE;
	params->fault_min_ns = 3 * params->timeout_ns;
	params->fault_max_ns = 6 * params->timeout_ns;
	params->trigger_ppm = sim_rng_log(rng, 5000, 30 * PERCENT);
	params->victims = 0;
	while (count) {
		node = sim_rng_below(rng, nodes);
		if (params->victims & (1u << node))
			continue;
		params->victims |= 1u << node;
		count--;
	}
	params->healthy = ((1u << nodes) - 1) & ~params->victims;
}

static u32 draw_nodes(struct sim_rng *rng)
{
	static const u8 share[SIM_NODES_MAX] = { 4, 24, 28, 18, 16, 5, 5 };
	u32 left = sim_rng_below(rng, 100), nodes = 0;

	while (left >= share[nodes])
		left -= share[nodes++];
	return nodes + 1;
}

static void draw_quality(struct sim_params *params, struct sim_rng *rng)
{
	struct sim_quality *quality = &params->quality;

	if (sim_rng_chance(rng, 40 * PERCENT))
		quality->loss_ppm = sim_rng_log(rng, 100, 15 * PERCENT);
	if (sim_rng_chance(rng, 40 * PERCENT))
		quality->double_ppm = sim_rng_log(rng, 100, 10 * PERCENT);
	if (sim_rng_chance(rng, 30 * PERCENT))
		quality->late_ppm = sim_rng_log(rng, 100, 5 * PERCENT);
	if (sim_rng_chance(rng, 30 * PERCENT))
		quality->stall_ppm = sim_rng_log(rng, 100, 5 * PERCENT);
	if (sim_rng_chance(rng, 30 * PERCENT))
		quality->delay_max_ns = params->interval_ns / sim_rng_range(rng, 2, 10);
	if (sim_rng_chance(rng, 30 * PERCENT))
		quality->session_max_ns = params->interval_ns / sim_rng_range(rng, 1, 6);
	if (sim_rng_chance(rng, 25 * PERCENT)) {
		quality->session_loss_ppm = sim_rng_log(rng, 1000, 10 * PERCENT);
		quality->session_double_ppm = sim_rng_log(rng, 1000, 20 * PERCENT);
		quality->session_reorder = true;
	}
}

static void draw_faults(struct sim_params *params, struct sim_rng *rng)
{
	u64 timeout = params->timeout_ns;
	u32 fault;

	/* Swarm: each run knows only some of the kinds, so that no kind hides another. */
	for (fault = 0; fault < SIM_FAULTS; fault++)
		if (sim_rng_chance(rng, 45 * PERCENT))
			params->faults |= 1u << fault;
	params->fault_gap_ns = sim_rng_log(rng, timeout / 4, 10 * timeout);
	params->fault_max_ns = sim_rng_log(rng, 2 * params->interval_ns, 8 * timeout);
	params->one_at_a_time = sim_rng_chance(rng, 30 * PERCENT);
	if (sim_rng_chance(rng, 70 * PERCENT))
		params->trigger_ppm = sim_rng_log(rng, 1000, 10 * PERCENT);
	if (sim_rng_chance(rng, 5 * PERCENT))
		params->disk_empty_ppm = 20 * PERCENT;
	params->faults_end_ns = params->boot_ns + sim_rng_range(rng, 10, 60) * timeout;
}

void sim_params_draw(struct sim_params *params, u64 seed)
{
	struct sim_rng rng;
	u32 end, nodes;
	bool arbiter;

	sim_rng_init(&rng, seed, 1);
	nodes = draw_nodes(&rng);
	arbiter = sim_rng_chance(&rng, (nodes % 2 ? 30 : 75) * PERCENT);
	sim_params_plain(params, seed, nodes, arbiter);
	params->paths = sim_rng_chance(&rng, 40 * PERCENT) ? 2 : 1;
	params->interval_ns = sim_rng_log(&rng, CORE_INTERVAL_NS_MIN, 200 * SIM_NS_PER_MS);
	params->timeout_ns = params->interval_ns * sim_rng_range(&rng, 10, 20);
	if (params->timeout_ns < CORE_MEMBER_TIMEOUT_NS_MIN)
		params->timeout_ns = CORE_MEMBER_TIMEOUT_NS_MIN;
	derive(params);
	params->boot_ns = params->timeout_ns * sim_rng_range(&rng, 1, 6);
	params->safety_ns = params->timeout_ns * sim_rng_range(&rng, 1, 6);
	if (params->safety_ns < CORE_SAFETY_TIMEOUT_NS_MIN)
		params->safety_ns = CORE_SAFETY_TIMEOUT_NS_MIN;
	params->on_detach_ns = sim_rng_below(&rng, params->safety_ns);
	if (sim_rng_chance(&rng, 25 * PERCENT))
		params->first = sim_rng_range(&rng, 1, nodes);
	if (sim_rng_chance(&rng, 30 * PERCENT))
		params->disk_max_ns = params->timeout_ns / sim_rng_range(&rng, 2, 8);
	for (end = 0; end < SIM_ENDS_MAX; end++)
		params->drift_ppm[end] = (s32)sim_rng_below(&rng, 2001) - 1000;
	draw_quality(params, &rng);
	draw_faults(params, &rng);
	if (sim_rng_chance(&rng, 70 * PERCENT))
		params->gasp_ppm = sim_rng_range(&rng, 30 * PERCENT, 100 * PERCENT);
	if (nodes > 2 && sim_rng_chance(&rng, 15 * PERCENT))
		draw_vanishing(params, &rng);
}

static void print_ms(FILE *out, const char *name, u64 ns)
{
	fprintf(out, "  %-14s %" PRIu64 ".%03" PRIu64 " ms\n", name,
		ns / SIM_NS_PER_MS, ns % SIM_NS_PER_MS / 1000);
}

static void print_quality(const struct sim_quality *quality, FILE *out)
{
	fprintf(out, "  %-14s loss %u double %u late %u stall %u (ppm)\n", "links",
		quality->loss_ppm, quality->double_ppm, quality->late_ppm, quality->stall_ppm);
	fprintf(out, "  %-14s loss %u double %u (ppm)%s\n", "sessions", quality->session_loss_ppm,
		quality->session_double_ppm, quality->session_reorder ? " reorder" : "");
	print_ms(out, "delay min", quality->delay_min_ns);
	print_ms(out, "delay max", quality->delay_max_ns);
	print_ms(out, "late max", quality->late_max_ns);
	print_ms(out, "session max", quality->session_max_ns);
	print_ms(out, "stall max", quality->stall_max_ns);
}

void sim_params_print(const struct sim_params *params, FILE *out)
{
	u32 i;

	fprintf(out, "SEED=%" PRIu64 "\n", params->seed);
	fprintf(out, "  %-14s %u, %u at first, arbiter %s, %u paths, %u packages\n", "nodes",
		params->nodes, params->first, params->arbiter ? "yes" : "no",
		params->paths, params->packages);
	print_ms(out, "interval", params->interval_ns);
	print_ms(out, "timeout", params->timeout_ns);
	print_ms(out, "toc margin", params->margin_ns);
	print_ms(out, "safety", params->safety_ns);
	print_ms(out, "on detach", params->on_detach_ns);
	print_quality(&params->quality, out);
	print_ms(out, "disk min", params->disk_min_ns);
	print_ms(out, "disk max", params->disk_max_ns);
	fprintf(out, "  %-14s %u ppm\n", "disk empty", params->disk_empty_ppm);
	fprintf(out, "  %-14s", "drift ppm");
	for (i = 0; i < params->nodes; i++)
		fprintf(out, " %d", params->drift_ppm[i]);
	fprintf(out, "\n  %-14s", "faults");
	for (i = 0; i < SIM_FAULTS; i++)
		if (params->faults & (1u << i))
			fprintf(out, " %s", fault_names[i]);
	fprintf(out, "%s\n", params->one_at_a_time ? ", one at a time" : "");
	fprintf(out, "  %-14s %#x, healthy %#x\n", "victims", params->victims, params->healthy);
	fprintf(out, "  %-14s %u ppm\n", "trigger", params->trigger_ppm);
	fprintf(out, "  %-14s %u ppm\n", "gasp", params->gasp_ppm);
	print_ms(out, "fault gap", params->fault_gap_ns);
	print_ms(out, "fault max", params->fault_max_ns);
	print_ms(out, "boot", params->boot_ns);
	print_ms(out, "faults end", params->faults_end_ns);
	print_ms(out, "converge", params->converge_ns);
}
