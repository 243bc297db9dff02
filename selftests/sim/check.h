/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The properties, written from the rules (Documentation/MEMBERSHIP) and not from
 * the library: what is seen from outside at kernels, messages, disks, packages.
 * Each violation ends the world.
 */
#ifndef TOCSIN_SIM_CHECK_H
#define TOCSIN_SIM_CHECK_H

#include "core.h"
#include "sim_params.h"

#include <tocsin/member.h>

struct sim_world;
struct check_chain;
struct check_state;

/**
 * struct check_owner - who runs a package, in global time
 * @incarnation: 0: this node does not
 */
struct check_owner {
	u64 incarnation;
	u64 since_ns;
};

/* An incarnation that was called safe, when its caller's view was of @epoch. */
struct check_safe {
	u64 incarnation;
	u64 epoch;
};

enum check_stage {
	CHECK_FAULTS,		/* anything may happen */
	CHECK_CONVERGE,		/* all must come together */
	CHECK_QUIET,		/* together: nobody may die */
	CHECK_LOSS,		/* some were switched off: the others carry on */
	CHECK_AGAIN,		/* switched on again: all must come together */
};

/**
 * struct check
 * @property, @why: of the violation
 * @healthy: bit mask of nodes that nothing was done to and nothing will be
 * @stage, @stage_ns: of the liveness part
 * @lost: bit mask of the nodes switched off in CHECK_LOSS
 */
struct check {
	const char *property;
	char why[256];
	u32 healthy;
	enum check_stage stage;
	u64 stage_ns;
	u64 together_ns;
	u32 lost;
	struct check_owner owner[SIM_NODES_MAX][SIM_PACKAGES_MAX];
	struct check_safe safe[SIM_NODES_MAX];
	struct check_chain *chain;
	struct check_state *state;
	u64 views, kills[8], takeovers, safes, commits, longest_outage_ns;
};

void check_init(struct sim_world *world);
void check_free(struct sim_world *world);
void check_fail(struct sim_world *world, const char *property, const char *format, ...)
	__attribute__((noreturn, format(printf, 3, 4)));

/* -- check_chain.c: one chain of views -- */
void check_accepted(struct sim_world *world, u32 node, const struct core_view *view);
void check_synced(struct sim_world *world, u32 node, const struct member_disk *disk);
void check_message(struct sim_world *world, u32 from, u32 to,
		   const struct member_message *message);
void check_installed(struct sim_world *world, u32 node, const struct core_view *view);
void check_view_installed(struct sim_world *world, u32 node, const struct core_view *view);
bool check_any_view(const struct sim_world *world);
/* Last words are said: that incarnation accepts nothing more. */
void check_gasped(struct sim_world *world, u32 node);
/* The view of the highest epoch, or NULL. */
const struct core_view *check_newest(const struct sim_world *world);
/* Epoch of the formation that the view of this epoch descends from. */
u64 check_line(const struct sim_world *world, u64 epoch);
/* The view of an epoch, or NULL. */
const struct core_view *check_view(const struct sim_world *world, u64 epoch);
bool check_has_accepted(const struct sim_world *world, u32 node, u64 epoch);

/* -- check_owner.c: one owner; nobody who may still act is taken over -- */
void check_started_package(struct sim_world *world, u32 node, u32 package);
/* A kernel installs a view. */
void check_not_safe(struct sim_world *world, u32 node, const struct core_view *view);
void check_halted(struct sim_world *world, u32 node, u32 package);
void check_dead(struct sim_world *world, u32 node);
void check_thawed(struct sim_world *world, u32 node);
void check_disarmed(struct sim_world *world, u32 node);
void check_left(struct sim_world *world, u32 node);
void check_safe(struct sim_world *world, u32 node, const struct core_member *member);

/* -- check_state.c: replicated state -- */
void check_held(struct sim_world *world, u32 node, u64 epoch, u64 sequence);
/* A message reaches a node: it may hold more now. */
void check_delivered(struct sim_world *world, u32 node, const struct member_message *message);
/* The coordinator sends an update of this number. */
void check_ordered(struct sim_world *world, u32 node, u64 sequence);
/* It says that it accepted: it must hold what the view starts from. */
void check_accepted_state(struct sim_world *world, u32 node, const struct core_view *view);
void check_committed(struct sim_world *world, u32 node, const struct member_record *record);
void check_loaded(struct sim_world *world, u32 node, u64 number);
void check_state_view(struct sim_world *world, const struct core_view *view);
/* After each step of lib/member. */
void check_state(struct sim_world *world, u32 node);
/* A new incarnation. */
void check_started(struct sim_world *world, u32 node);
void check_state_init(struct sim_world *world);
void check_state_free(struct sim_world *world);

/* -- check_live.c: nobody healthy dies; all come together again -- */
void check_verdict(struct sim_world *world, u32 node, enum core_verdict verdict);
void check_live_start(struct sim_world *world);
/* The violation is that nodes did not come together. */
bool check_is_liveness(const struct sim_world *world);
/* All nodes in one view, every package runs. */
bool check_together(struct sim_world *world);

#endif
