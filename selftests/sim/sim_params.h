/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a seed decides before anything runs: sizes, times, kinds of fault. */
#ifndef TOCSIN_SIM_PARAMS_H
#define TOCSIN_SIM_PARAMS_H

#include <stdio.h>

#include "limits.h"
#include "sim_net.h"
#include "sim_rng.h"

#define SIM_NODES_MAX		7
#define SIM_PACKAGES_MAX	4

enum sim_fault {
	SIM_FAULT_CUT_ONE_WAY,		/* one direction between two nodes */
	SIM_FAULT_CUT_PAIR,		/* both directions between two nodes */
	SIM_FAULT_CUT_PATH,		/* one path of a node to all */
	SIM_FAULT_PARTITION,		/* two halves */
	SIM_FAULT_PARTITION_ONE_WAY,	/* two halves, one direction */
	SIM_FAULT_ISOLATE,		/* one node from all and the arbiter */
	SIM_FAULT_LOSS,			/* one link loses much */
	SIM_FAULT_BREAK_SESSION,
	SIM_FAULT_CRASH,		/* power off, and on again */
	SIM_FAULT_KILL_CMCLD,
	SIM_FAULT_STOP_CMCLD,		/* user space stands still, the kernel goes on */
	SIM_FAULT_FREEZE,		/* the machine stands still, its clock goes on */
	SIM_FAULT_LEAVE,		/* clean leave, and a join later */
	SIM_FAULT_ARBITER_CRASH,
	SIM_FAULT_ARBITER_CUT,
	SIM_FAULT_DISK_SLOW,
	SIM_FAULT_PANIC,		/* the kernel goes down by itself, no lease ran out */
	SIM_FAULT_MOVE_PACKAGE,		/* not a fault, but at the worst time */
	SIM_FAULTS,
};

/**
 * struct sim_params - drawn from the seed, or written by a scenario
 * @nodes: that exist; ids 1..nodes
 * @real_packages: run by lib/pkg, else by sim_app.c
 * @first: of them started at once; the others join later
 * @faults: bit mask of enum sim_fault
 * @fault_gap_ns: mean time between two faults
 * @fault_min_ns, @fault_max_ns: time until a fault is taken back
 * @trigger_ppm: chance that a fault strikes right at a protocol step
 * @victims: bit mask of nodes that faults may strike
 * @healthy: bit mask of nodes that must not die while faults last
 * @reboot: a node that went down comes back by itself
 * @faults_end_ns: when faults stop and the nodes must come together again
 * @converge_ns: the time they have for it
 * @gasp_ppm: chance that a node that goes down by itself says its last words
 * @one_at_a_time: no new fault before the last one was taken back
 */
struct sim_params {
	u64 seed;
	u32 nodes;
	u32 first;
	bool arbiter;
	u32 packages;
	bool real_packages;
	u32 paths;
	u64 interval_ns;
	u64 timeout_ns;
	u64 margin_ns;
	u64 safety_ns;
	u64 on_detach_ns;
	struct sim_quality quality;
	u64 disk_min_ns, disk_max_ns;
	u64 disk_slow_ns;
	u32 disk_empty_ppm;
	s32 drift_ppm[SIM_ENDS_MAX];
	u32 faults;
	u64 fault_gap_ns;
	u64 fault_min_ns, fault_max_ns;
	u32 trigger_ppm;
	u32 gasp_ppm;
	bool one_at_a_time;
	bool reboot;
	u32 victims;
	u32 healthy;
	u64 boot_ns;
	u64 faults_end_ns;
	u64 converge_ns;
};

/* A quiet world of this many nodes, no faults: what scenarios start from. */
void sim_params_plain(struct sim_params *params, u64 seed, u32 nodes, bool arbiter);

void sim_params_draw(struct sim_params *params, u64 seed);

void sim_params_print(const struct sim_params *params, FILE *out);

const char *sim_fault_name(enum sim_fault fault);

#endif
