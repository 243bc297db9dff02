/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Membership: Paxos view change, frontiers, waits, joining, leaving, formation,
 * replicated state (Documentation/MEMBERSHIP). Pure: one event in, a bounded
 * list of actions out; no I/O, clock, allocation, thread or log.
 *
 * Contract of the shell (cmcld, the simulator)
 * - It carries out the actions in their order.
 * - KERNEL_* actions that have an answer (all but ACKNOWLEDGE) are
 *   carried out at once, and their answers are the next events, in the order of
 *   the actions, before any other event. KERNEL_ACKNOWLEDGE has no answer; its
 *   error is ignored.
 * - All times are nanoseconds of the clock that the kernel's core uses (raw
 *   plus suspended), never going back.
 * - Pointers in events need to live until member_step() returns; pointers in
 *   actions live until the next call for the same struct member.
 */
#ifndef TOCSIN_MEMBER_H
#define TOCSIN_MEMBER_H

#include "member_action.h"
#include "member_event.h"

struct member;		/* member_size() bytes, zero or not, 16-byte aligned */

/**
 * struct member_config - fixed for one incarnation
 * @incarnation: given to the kernel at attach; never 0
 * @interval_ns, @timeout_ns: I and L; L / 2 + 3 * I < L must hold
 * @toc_margin_ns: part of the takeover wait
 * @form_wait_ns: how long automatic formation waits for all of @nodes before it
 *	settles for a majority of the newest view on disk
 * @seed: of the random back-off
 * @node: ids of all configured nodes, ascending, this one among them
 * @has_arbiter: a quorum server is configured
 */
struct member_config {
	u64 cluster;
	u64 incarnation;
	u64 interval_ns;
	u64 timeout_ns;
	u64 toc_margin_ns;
	u64 form_wait_ns;
	u64 seed;
	u16 node_id;
	bool has_arbiter;
	u16 node_count;
	u16 node[CORE_VIEW_MEMBERS_MAX];
};

/* What cmviewcl shows. */
enum member_phase {
	MEMBER_PHASE_SEARCHING,
	MEMBER_PHASE_JOINING,
	MEMBER_PHASE_FORMING,
	MEMBER_PHASE_INSTALLING,	/* committed, lease not yet held */
	MEMBER_PHASE_MEMBER,
	MEMBER_PHASE_RECONFIGURING,
	MEMBER_PHASE_LEAVING,
	MEMBER_PHASE_LEFT,
	MEMBER_PHASE_EVICTED,
};

size_t member_size(void);

/**
 * member_init - start an instance; does nothing until MEMBER_EVENT_START
 * @disk: what member_disk_decode() gave, or NULL when there is no such file
 * Return: 0, or -EINVAL: a configuration out of range.
 */
int member_init(struct member *m, const struct member_config *config,
		const struct member_disk *disk);

/**
 * member_step - take one event
 * @out: overwritten
 */
void member_step(struct member *m, const struct member_event *event,
		 struct member_actions *out);

enum member_phase member_phase(const struct member *m);
/* Installed view, or NULL before the first and after LEFT or TOC. */
const struct core_view *member_view(const struct member *m);
/* Coordinator of the installed view, no view change under way, and all state
 * that the view adopted is committed. Decide only then, and on committed state. */
bool member_may_update(const struct member *m);
bool member_is_coordinator(const struct member *m);

/* Committed records in no special order; NULL past the last. Deleted records
 * are left out of member_record_find() only. */
const struct member_record *member_record_at(const struct member *m, unsigned int index);
const struct member_record *member_record_find(const struct member *m, u32 key);
u64 member_state_committed(const struct member *m);

/* Exclusions whose wait is not over at @now_ns; returns how many were written. */
unsigned int member_waits(const struct member *m, u64 now_ns,
			  struct member_wait *wait, unsigned int room);

/* Text for logs, English, no trailing period; never NULL. */
const char *member_reason_name(enum member_reason reason);
const char *member_phase_name(enum member_phase phase);

#endif
