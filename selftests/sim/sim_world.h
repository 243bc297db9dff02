/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One simulated world: nodes, quorum server, networks, disks, time, checkers. */
#ifndef TOCSIN_SIM_WORLD_H
#define TOCSIN_SIM_WORLD_H

#include <setjmp.h>

#include "check.h"
#include "sim_arbiter.h"
#include "sim_kernel.h"
#include "sim_nemesis.h"
#include "sim_params.h"
#include "sim_pkg.h"
#include "sim_queue.h"
#include "sim_trace.h"
#include "sim_user.h"

#define SIM_NOBODY	0xffffU
#define SIM_ARBITER	(SIM_ENDS_MAX - 1)	/* the quorum server's place among the ends */

struct scenario;

/**
 * struct sim_node - one machine
 * @boot: grows with each power-on; events of a former boot are void
 * @frozen: stands still until @thaw_ns; what happens to it waits
 * @dead_ns: when the last CPU stops, once that is decided
 */
struct sim_node {
	bool powered;
	bool frozen;
	u32 boot;
	u64 thaw_ns;
	u64 dead_ns;
	struct sim_clock clock;
	struct sim_kernel kernel;
	struct sim_user user;
};

enum sim_envelope_kind {
	SIM_ENVELOPE_MEMBER,
	SIM_ENVELOPE_REQUEST,
	SIM_ENVELOPE_PACKAGE,
};

/* What travels in a session. */
struct sim_envelope {
	enum sim_envelope_kind kind;
	union {
		struct member_message message;
		struct sim_request request;
		struct sim_pkg_message package;
	};
};

/**
 * struct sim_world
 * @filter: a scenario's: false: the message is lost
 * @steps: calls of member_step()
 */
struct sim_world {
	u64 now_ns;
	u32 ends;		/* SIM_ENDS_MAX: nodes first, SIM_ARBITER last */
	struct sim_params params;
	struct sim_rng rng_net, rng_node, rng_disk, rng_fault, rng_user;
	struct sim_queue queue;
	struct sim_net net;
	struct sim_node node[SIM_NODES_MAX];
	struct sim_arbiter *arbiter;
	bool disk_slow[SIM_ENDS_MAX];
	struct sim_nemesis nemesis;
	struct sim_tracer tracer;
	struct check check;
	bool (*filter)(struct sim_world *world, u32 from, u32 to, struct sim_envelope *envelope);
	struct story *script;
	bool over;
	bool disk_lost;
	u64 events;
	u64 steps;
	jmp_buf failed;
};

/* -- sim_world.c -- */

/**
 * sim_world_run - one world from its beginning to its end
 * @scenario: or NULL: a random world
 * Return: 0, or 1: a property was violated (world->check says which).
 */
int sim_world_run(struct sim_world *world, const struct sim_params *params,
		  const struct scenario *scenario, bool trace);
void sim_world_free(struct sim_world *world);

/* A message of a session arrives; takes @data. */
void sim_world_deliver(struct sim_world *world, u32 from, u32 to, void *data);
bool sim_world_frozen(const struct sim_world *world, u32 end);
u32 sim_world_boot(const struct sim_world *world, u32 end);

/* -- sim_node.c -- */

void sim_node_power_on(struct sim_world *world, u32 node);
void sim_node_power_off(struct sim_world *world, u32 node);
void sim_node_die_at(struct sim_world *world, u32 node, u64 at_ns);
/* A panic that no lease asked for: last words when the last CPU has stopped. */
void sim_node_panic(struct sim_world *world, u32 node);
void sim_node_freeze(struct sim_world *world, u32 node, u64 hold_ns);
/* The node's raw clock now. */
u64 sim_node_clock(const struct sim_world *world, u32 node);
/* Its CPUs execute instructions. */
bool sim_node_runs(const struct sim_world *world, u32 node);

#endif
