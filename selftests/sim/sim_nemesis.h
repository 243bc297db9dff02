/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What goes wrong: faults drawn at random, also right at a step of the protocol. */
#ifndef TOCSIN_SIM_NEMESIS_H
#define TOCSIN_SIM_NEMESIS_H

#include "sim_params.h"

struct sim_world;

/**
 * struct sim_nemesis
 * @over: no more faults
 * @pending: faults not yet taken back
 * @until_ns: when the last of its kind on a node is over
 * @struck: how often each kind came
 */
struct sim_nemesis {
	bool over;
	u32 pending;
	u64 until_ns[SIM_FAULTS][SIM_NODES_MAX];
	u32 struck[SIM_FAULTS];
};

void sim_nemesis_start(struct sim_world *world);

/* A message of the protocol is about to be sent: a good moment. */
void sim_nemesis_step(struct sim_world *world, u32 from, u32 to, u32 type);

/* One fault now, on @victim where the kind concerns a node; taken back after @hold_ns. */
void sim_nemesis_strike(struct sim_world *world, enum sim_fault fault, u32 victim, u64 hold_ns);

/* Faults stop: links heal, the dead get power, the stopped run. */
void sim_nemesis_end(struct sim_world *world);

#endif
