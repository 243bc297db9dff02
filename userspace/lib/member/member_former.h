/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Forming a cluster: part of member_state.h. */
#ifndef MEMBER_FORMER_H
#define MEMBER_FORMER_H

#include "member_proposal.h"

enum member_form_phase {
	MEMBER_FORM_IDLE,
	MEMBER_FORM_PREPARE,
	MEMBER_FORM_ARBITER,		/* its promise */
	MEMBER_FORM_ACCEPT,
};

struct member_forming {
	bool wanted;
	bool automatic;
	u64 since_ns;
	u64 not_before_ns;
	u64 promised_at_ns;
	u16 promised_to;
	u16 ballots;			/* promised since this node started */
	u16 answer_to;			/* promise to send when the disk has it */
	u64 answer_token;
	struct member_ballot answer_ballot;
	struct member_ballot synced;	/* the promise that is on disk */
	u16 node_count;
	u16 node[MEMBER_NODES_MAX];

	enum member_form_phase phase;
	struct member_ballot ballot;
	u64 started_ns;
	u64 next_ns;
	u64 asked;			/* by slot in the configuration */
	u64 promised;
	u64 held;
	u64 accepted;
	u64 incarnation[MEMBER_NODES_MAX];
	struct member_heard heard[MEMBER_NODES_MAX];
	struct core_view committed;	/* newest on any disk */
	bool overflow;
	u16 seen_count;
	struct member_value seen[MEMBER_SEEN_MAX];
	bool arbiter_answered;
	bool arbiter_needed;
	bool arbiter_promised;
	bool arbiter_accepted;
	u64 arbiter_identity;
	u64 arbiter_epoch;
	struct core_view value;
	u64 present;			/* by slot */
	u64 present_since_ns;
	u64 told_epoch;
	u64 told_present;
};

/* member_form.c, member_form_value.c */
void member_form_want(struct member *m, bool automatic, u16 count, const u16 *node);
void member_form_stop(struct member *m);
void member_form_tick(struct member *m);
u64 member_form_deadline(const struct member *m);
void member_on_form_prepare(struct member *m, const struct member_message *message);
void member_on_form_promise(struct member *m, const struct member_message *message);
void member_on_form_accepted(struct member *m, const struct member_message *message);
void member_form_arbiter(struct member *m, const struct member_arbiter_answer *answer);
void member_form_synced(struct member *m, u64 token, int result);
void member_form_back_off(struct member *m);
int member_form_choose(struct member *m);
bool member_form_waits(const struct member *m, struct member_commit *commit);
void member_on_form_accept(struct member *m, const struct member_message *message);
void member_form_seen(struct member *m, const struct member_value *value);

#endif
