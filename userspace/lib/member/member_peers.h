/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is there, who hears whom, and what follows from it: part of member_state.h. */
#ifndef MEMBER_PEERS_H
#define MEMBER_PEERS_H

#include <tocsin/member.h>

#define MEMBER_NEVER		(~0ULL)
/* Distinct values that a proposer gathers from promises. */
#define MEMBER_SEEN_MAX		16
/* Nodes of the configuration, and so peers. */
#define MEMBER_NODES_MAX	CORE_VIEW_MEMBERS_MAX

/**
 * struct member_last_words - of a dead incarnation of a peer (rule 7)
 * @incarnation: 0: none were heard
 * @at_ns: when they came
 */
struct member_last_words {
	u64 incarnation;
	u64 installed_epoch;
	u64 at_ns;
	struct core_gasp gasp;
};

/**
 * struct member_peer - what is known of another configured node
 * @report: whom it said last that it hears, under @report_incarnation
 * @join_at_ns, @leave_at_ns: when it last asked to join or leave; 0: never
 */
struct member_peer {
	u64 incarnation;
	u64 installed_epoch;
	struct core_frontier frontier;
	u32 flags;
	u16 id;
	bool heard;
	bool acknowledged;
	bool has_report;
	u64 report_incarnation;
	struct member_heard report;
	u64 join_at_ns;
	u64 join_incarnation;
	u64 join_epoch;
	u64 join_held;
	u64 leave_at_ns;
	u64 leave_incarnation;
	struct member_last_words last;
};

/* member_peer.c: who hears whom */
/* Place in the configuration, or -1. */
int member_slot(const struct member *m, u16 id);
struct member_peer *member_peer_find(struct member *m, u16 id);
bool member_hears(const struct member *m, u16 id, u64 incarnation);
bool member_heard_holds(const struct member_heard *heard, u16 id, u64 incarnation);
bool member_peer_says_hears(struct member *m, const struct core_member *who,
			    const struct core_member *whom);
void member_peer_heard(struct member *m, const struct member_event *event);
void member_peer_silent(struct member *m, const struct member_event *event);
void member_peer_report(struct member *m, u16 id, u64 incarnation,
			const struct member_heard *heard);
void member_peers_acknowledge(struct member *m);
void member_heard_changed(struct member *m);
void member_peer_tick(struct member *m);
u64 member_peer_deadline(const struct member *m);

/* member_gasp.c: rule 7 */
void member_gasp_take(struct member *m, const struct member_event *event);
/* Count those that a running ballot may count. */
void member_gasps_count(struct member *m);
/* When that incarnation is silent by its own last words; MEMBER_NEVER: not known. */
u64 member_gasp_safe_ns(const struct member *m, u16 id, u64 incarnation);

/* member_change.c: when to propose */
unsigned int member_rank(struct member *m);
unsigned int member_patience(const struct member *m);
void member_change_update(struct member *m);
u64 member_change_due(struct member *m);

/* member_join.c, member_leave.c */
bool member_joiner_ready(struct member *m, const struct member_peer *peer);
bool member_joiner_fits(struct member *m, const struct member_peer *peer,
			const struct core_view *view, u64 state);
bool member_join_due(struct member *m);
void member_on_join(struct member *m, const struct member_message *message);
void member_join_tick(struct member *m);
u64 member_join_deadline(const struct member *m);
bool member_cluster_heard(const struct member *m);
bool member_formed_before(const struct member *m);
void member_leave_start(struct member *m);
void member_leave_done(struct member *m);
void member_on_leave(struct member *m, const struct member_message *message);
bool member_wants_out(const struct member *m, const struct core_member *member);
void member_leave_tick(struct member *m);
u64 member_leave_deadline(const struct member *m);

#endif
