/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packages, as thin as can be while they still need every promise of the
 * membership: the record of a package names its owner's incarnation; only an
 * owner by a *committed* record runs it; a new owner is named only once the
 * former one halted it, or is known to be safe.
 */
#ifndef TOCSIN_SIM_APP_H
#define TOCSIN_SIM_APP_H

#include <tocsin/member.h>

#include "sim_params.h"

struct sim_world;

#define SIM_SAFE_MAX	64

enum sim_phase {
	SIM_PHASE_FREE,		/* nobody's */
	SIM_PHASE_RUN,		/* the owner is to run it */
	SIM_PHASE_HALT,		/* the owner is to halt it */
};

/* Value of the record of a package. */
struct sim_record {
	u64 incarnation;
	u16 owner;
	u16 phase;
	u32 number;		/* grows with each change */
};

/* What an owner tells the coordinator. */
struct sim_request {
	u32 package;
	u32 number;		/* of the record it speaks of: it is halted */
};

/**
 * struct sim_app - of one node, since its cmcld started
 * @record: committed only
 * @runs: this node runs the package
 * @wish: the coordinator shall move it
 * @busy: its run or halt script is at work
 * @asked_ns: since when an update is under way, 0: none
 * @gone, @gone_ns: an owner that is out of the view, and since when
 * @safe: incarnations known to be safe
 * @fresh, @asked_leave: with the real package manager (sim_pkg.c)
 */
struct sim_app {
	struct sim_record record[SIM_PACKAGES_MAX];
	bool runs[SIM_PACKAGES_MAX];
	bool busy[SIM_PACKAGES_MAX];
	bool wish[SIM_PACKAGES_MAX];
	u64 asked_ns[SIM_PACKAGES_MAX];
	u64 gone[SIM_PACKAGES_MAX];
	u64 gone_ns[SIM_PACKAGES_MAX];
	u32 safe_count;
	u64 safe[SIM_SAFE_MAX];
	bool fresh;
	bool asked_leave;
};

void sim_app_reset(struct sim_world *world, u32 node);
/* A committed record, or all of them anew. */
void sim_app_committed(struct sim_world *world, u32 node, const struct member_record *record);
void sim_app_loaded(struct sim_world *world, u32 node);
void sim_app_view(struct sim_world *world, u32 node, const struct core_view *view);
void sim_app_safe(struct sim_world *world, u32 node, const struct core_member *member);
void sim_app_request(struct sim_world *world, u32 node, const struct sim_request *request);
void sim_app_update_failed(struct sim_world *world, u32 node, u32 key);
/* Once an interval. */
void sim_app_tick(struct sim_world *world, u32 node);
/* This node runs nothing and no committed record says it should. */
bool sim_app_idle(const struct sim_world *world, u32 node);

#endif
