/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The proposer and the choice of a value: part of member_state.h. */
#ifndef MEMBER_PROPOSAL_H
#define MEMBER_PROPOSAL_H

#include "member_peers.h"

/* A value reported by promises; holders by index in the installed view. */
struct member_seen {
	struct member_value value;
	u64 holders;
	bool arbiter;
};

enum member_proposal_phase {
	MEMBER_PROPOSAL_IDLE,
	MEMBER_PROPOSAL_PREPARE,
	MEMBER_PROPOSAL_FETCH,		/* state named by a bound value is missing */
	MEMBER_PROPOSAL_ACCEPT,
};

/* A ballot of this node for the epoch after the installed one. */
struct member_proposal {
	enum member_proposal_phase phase;
	struct member_ballot ballot;
	u64 started_ns;
	u64 next_ns;			/* next look or repetition */
	u64 decide_ns;			/* not before, unless all have promised */
	u64 promised;			/* members, by index in the installed view */
	u64 gasped;			/* counted as promises (rule 7) */
	u64 leaving;
	u64 state[MEMBER_NODES_MAX];
	bool arbiter_promised;
	u16 seen_count;
	struct member_seen seen[MEMBER_SEEN_MAX];
	struct core_view value;
	u64 accepted;
	u64 disarmed;
	u64 safe_at_ns[MEMBER_NODES_MAX];
	bool arbiter_asked;
	bool arbiter_accepted;
	bool told_no_quorum;
	bool waited_for_late;
};

/* member_propose.c, member_choose.c */
void member_propose_start(struct member *m);
void member_propose_stop(struct member *m);
void member_propose_preempted(struct member *m, u16 by, const struct member_ballot *ballot);
void member_propose_tick(struct member *m);
u64 member_propose_deadline(const struct member *m);
void member_propose_decide(struct member *m);
void member_propose_accept(struct member *m);
void member_propose_seen(struct member *m, const struct member_value *value, int holder);
void member_on_promise(struct member *m, const struct member_message *message);
void member_on_accepted(struct member *m, const struct member_message *message);
void member_on_refuse(struct member *m, const struct member_message *message);
void member_on_arbiter(struct member *m, const struct member_message *message);
/* Free choice; false: no value that a quorum can carry. */
bool member_choose(struct member *m, struct core_view *view);
/* Is a member heard that has not promised? */
bool member_choose_late(struct member *m);
const struct core_view *member_choose_bound(struct member *m);

/* member_value.c: pure functions of rules 4 and 7 and of the quorum */
bool member_quorum(const struct core_view *former, unsigned int votes, bool arbiter);
bool member_arbiter_votes(const struct core_view *former);
u64 member_all(const struct core_view *former);
/* Do these survivors choose alone, the others having gasped (rule 7)? */
bool member_half_chooses(const struct core_view *former, u64 promised, u64 gasped, u64 votes);
/* Is the value chosen (rules 5 and 7)? */
bool member_chosen(const struct core_view *former, const struct member_proposal *p);
bool member_may_be_chosen(const struct core_view *former, u64 promised, u64 gasped,
			  bool arbiter_promised, u64 holders, bool arbiter_holds);
int member_bound(const struct core_view *former, const struct member_proposal *p);
unsigned int member_bits(u64 set);
/* member_clique.c: largest set in which all hear each other and that holds @self */
u64 member_clique(const u64 *hears, unsigned int count, unsigned int self);

#endif
