/* SPDX-License-Identifier: GPL-2.0 */
/*
 * View: what members agree on (Documentation/MEMBERSHIP, Words).  The same
 * structure in the kernel, in the membership library and in the simulator.
 */
#ifndef TOCSIN_CORE_VIEW_H
#define TOCSIN_CORE_VIEW_H

#include "limits.h"

/**
 * struct core_member - one member of a view
 * @incarnation: 64 random bits drawn at attach; never 0 for a member
 * @id: node id, 1..CORE_NODE_ID_MAX
 */
struct core_member {
	u64 incarnation;
	u16 id;
};

/**
 * struct core_view - a view, installed or proposed
 * @epoch: grows by one with each view; 0 means "no view"
 * @hash: core_view_hash() of all other fields; identifies the value together
 *	with @epoch
 * @arbiter: identity of the quorum server's state (random, drawn by the server
 *	when it creates its state); 0 means the view has no arbiter
 * @state: number of the replicated state that a member must hold before it
 *	accepts (Documentation/MEMBERSHIP, rule 10)
 * @coordinator: node id of the member that orders updates
 * @count: members in use
 * @member: members in ascending order of id
 */
struct core_view {
	u64 epoch;
	u64 hash;
	u64 arbiter;
	u64 state;
	u16 coordinator;
	u16 count;
	struct core_member member[CORE_VIEW_MEMBERS_MAX];
};

/* Totally ordered: counter first, then node id. 0.0 is below all. */
struct core_ballot {
	u64 counter;
	u16 node;
};

/* Both zero: nothing installed, nothing accepted. */
struct core_frontier {
	u64 epoch;
	u64 hash;
};

static inline bool core_ballot_below(const struct core_ballot *a, const struct core_ballot *b)
{
	return a->counter != b->counter ? a->counter < b->counter : a->node < b->node;
}

/**
 * core_view_hash - 64-bit hash over every field but @hash, byte order fixed
 * Context: any. Never 0 for a view with members.
 */
u64 core_view_hash(const struct core_view *view);

/* Index of the member with this id, or -1. */
int core_view_find(const struct core_view *view, u16 id);

/* True when this very incarnation of this node is a member. */
bool core_view_holds(const struct core_view *view, u16 id, u64 incarnation);

/**
 * core_view_check - is this a well-formed view?
 * Return: 0, or -EINVAL: count out of range, ids not ascending or out of
 * range, an incarnation of 0, coordinator not a member, or a wrong hash.
 */
int core_view_check(const struct core_view *view);

#endif
