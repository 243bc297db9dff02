/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Written scenarios: short stories that random search finds too slowly, one for
 * each wording of the rules that fell.  Times and delays still come from the seed.
 *
 * A story begins when all nodes are together and every package runs.  It then sees
 * each message of a session before it is sent, and may lose or hold it.
 */
#ifndef TOCSIN_SIM_SCENARIO_H
#define TOCSIN_SIM_SCENARIO_H

#include "sim_world.h"

/**
 * struct scenario
 * @nodes, @arbiter: its world; 0 nodes: by the seed
 * @intervals: to a timeout; 0: 20, so that phases are told apart
 * @begin: all are together: put the first faults in
 * @sees: a message of lib/member is about to be sent; false: it is lost. NULL: none
 * @then: called with a stage number that story_later() was given
 */
struct scenario {
	const char *name;
	const char *what;
	u32 nodes;
	bool arbiter;
	u32 intervals;
	void (*begin)(struct sim_world *world);
	bool (*sees)(struct sim_world *world, u32 from, u32 to,
		     struct sim_envelope *envelope);
	void (*then)(struct sim_world *world, u32 stage);
};

/**
 * struct story - a scenario at work; free for the scenario: @count, @flag
 * @began: all were together once
 */
struct story {
	const struct scenario *scenario;
	bool began;
	u32 count;
	u32 flag[8];
	u64 time_ns;
};

/* NULL past the last. */
const struct scenario *scenario_at(u32 index);
void scenario_params(const struct scenario *scenario, struct sim_params *params, u64 seed);
void scenario_start(struct sim_world *world, const struct scenario *scenario);

struct story *story(struct sim_world *world);
/* Call @then with @stage, @delay_ns from now. */
void story_later(struct sim_world *world, u64 delay_ns, u32 stage);
/* Datagrams of kernels from one node to another are lost, sessions go on. */
void story_deaf(struct sim_world *world, u32 from, u32 to, bool deaf);
/* Nothing goes between two nodes (or the quorum server). */
void story_cut(struct sim_world *world, u32 a, u32 b, bool cut);
/* Send a copy of a message (that @sees then loses) after a while. */
void story_hold(struct sim_world *world, u32 from, u32 to, const struct sim_envelope *envelope,
		u64 delay_ns);
/* cmcld of a node stops for so many timeouts. */
void story_stop(struct sim_world *world, u32 node, u32 timeouts);
void story_off(struct sim_world *world, u32 node);

extern const struct scenario scenario_votes[];
extern const struct scenario scenario_leases[];
extern const struct scenario scenario_disks[];
extern const struct scenario scenario_gasps[];

#endif
