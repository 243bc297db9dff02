/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state behind tocsin/member.h, for the files of this room only.
 */
#ifndef MEMBER_STATE_H
#define MEMBER_STATE_H

#include "tocsin/member.h"

#define MEMBER_NEVER		(~0ULL)
/* Distinct values that a proposer gathers from promises. */
#define MEMBER_SEEN_MAX		16
/* Nodes of the configuration, and so peers. */
#define MEMBER_NODES_MAX	CORE_VIEW_MEMBERS_MAX

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
};

/* An excluded incarnation. @told: NODE_SAFE was given for it. */
struct member_excluded {
	u64 incarnation;
	u64 safe_at_ns;
	u16 id;
	bool clean;
	bool told;
};

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

enum member_accept_stage {
	MEMBER_ACCEPT_IDLE,
	MEMBER_ACCEPT_KERNEL,
	MEMBER_ACCEPT_DISARM,		/* a leaver, rule 11 */
	MEMBER_ACCEPT_DISK,
};

/* An ACCEPT that is being answered. */
struct member_acceptance {
	enum member_accept_stage stage;
	struct member_value value;
	u16 to;
	u64 token;
	u64 at_ns;			/* when the kernel read the ages */
	bool disarmed;
	struct core_ages ages;
	struct member_ballot synced;	/* newest answer that is on disk */
	u64 synced_hash;
};

enum member_kernel_call {
	MEMBER_KERNEL_NONE,
	MEMBER_KERNEL_ACCEPT_VALUE,	/* for struct member_acceptance */
	MEMBER_KERNEL_ACCEPT_COMMIT,	/* for a COMMIT of a value not accepted */
	MEMBER_KERNEL_ACCEPT_LEAVE,	/* a leaver learns of its exclusion by COMMIT */
	MEMBER_KERNEL_ACCEPT_MUTANT,
	MEMBER_KERNEL_ARM,
	MEMBER_KERNEL_INSTALL,
	MEMBER_KERNEL_DISARM_ACCEPT,
	MEMBER_KERNEL_DISARM_LEAVE,
};

/* A committed view that is not installed yet. */
struct member_installing {
	bool active;
	bool told_wait;
	u64 arrived_ns;
	u64 retry_ns;
	struct member_commit commit;
};

/**
 * struct member_store - replicated state (rule 10)
 * @committed, @held: everything up to @committed has effect; the updates above,
 *	up to @held, are in @window and in no table
 * @line: epoch whose numbers a joiner's copy belongs to
 * @acked: by index in the installed view, at the coordinator
 */
struct member_store {
	u64 committed;
	u64 held;
	u64 line;
	bool loaded;
	u16 count;
	struct member_record table[MEMBER_RECORDS_MAX];
	struct member_record window[MEMBER_WINDOW];
	u64 acked[MEMBER_NODES_MAX];
	u64 known;			/* members whose @acked was said in this view */
	u64 resend_ns;
};

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

struct member {
	struct member_config config;
	u64 takeover_wait_ns;		/* L' */
	u64 now_ns;
	u64 random;
	u64 counter;			/* highest ballot counter seen */
	u64 timer_ns;			/* as the shell was told */
	struct member_actions *out;
	struct member_action spare;	/* takes what does not fit in @out */
	struct member_message spare_message;
	u16 send_count;
	u16 loop_count;			/* messages to this node itself */
	u16 loop[MEMBER_MESSAGES_PER_STEP];

	bool started;
	bool armed;
	bool leaving;
	bool disarmed;
	bool left;
	bool dead;
	u64 disarmed_at_ns;
	u64 leave_next_ns;
	bool arbiter_up;
	u64 arbiter_identity;		/* 0: not known */
	u64 arbiter_epoch;
	u64 arbiter_next_ns;

	u16 peer_count;
	struct member_peer peer[MEMBER_NODES_MAX];
	u64 heard_next_ns;
	u8 heard_repeat;
	u64 behind_next_ns;

	struct core_view installed;	/* .count 0: none */
	struct member_ballot installed_ballot;
	u64 commit_next_ns;
	u16 excluded_count;
	struct member_excluded excluded[MEMBER_WAITS_MAX];
	u16 left_count;
	struct member_wait left_list[MEMBER_WAITS_MAX];

	/* Acceptor for installed.epoch + 1. */
	struct member_ballot promised;	/* .counter 0: none */
	u64 promised_at_ns;
	u16 ballots;			/* taken for this epoch */
	struct member_acceptance acceptance;
	bool prepare_waits;		/* until its view is installed */
	struct member_ballot prepare_ballot;
	u64 prepare_epoch;

	enum member_kernel_call call;
	struct core_view kernel_view;	/* the call's; the answer belongs to it */
	struct core_frontier kernel_accepted;

	u64 change_since_ns;		/* 0: the view needs no change */
	u64 not_before_ns;
	u64 settled_ns;			/* no joins and leaves before */
	struct member_proposal proposal;
	struct member_installing installing;

	bool joining_told;
	u64 join_next_ns;
	u64 join_since_ns;		/* a joiner is ready, since */
	struct member_forming form;
	struct member_store store;

	u64 disk_token;			/* of the newest write */
	bool disk_busy;
	bool disk_dirty;
	struct member_disk disk;
	u8 disk_bytes[MEMBER_DISK_BYTES_MAX];
};

/* member_send.c: actions and messages */
struct member_action *member_act(struct member *m, enum member_action_type type);
struct member_message *member_message_new(struct member *m, enum member_message_type type);
void member_send(struct member *m, u16 to, const struct member_message *message);
void member_send_arbiter(struct member *m, const struct member_message *message);
void member_send_view(struct member *m, const struct core_view *view,
		      const struct member_message *message);
void member_report(struct member *m, enum member_reason reason, u16 node, u64 a, u64 b);
void member_toc(struct member *m, enum member_reason reason, u16 node, u64 a);
u64 member_random(struct member *m, u64 below);
void member_counter_seen(struct member *m, const struct member_ballot *ballot);
void member_heard_fill(struct member *m, struct member_heard *heard);

/* member_peer.c: who hears whom */
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

/* member_change.c: when to propose */
unsigned int member_rank(struct member *m);
unsigned int member_patience(const struct member *m);
void member_change_update(struct member *m);
u64 member_change_due(struct member *m);

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

/* member_accept.c */
void member_on_prepare(struct member *m, const struct member_message *message);
void member_on_accept(struct member *m, const struct member_message *message);
void member_prepare_resume(struct member *m);
void member_accept_kernel(struct member *m, enum member_kernel_call call,
			  const struct core_view *view, const struct member_ballot *ballot);
void member_accept_answered(struct member *m, int result, const struct core_ages *ages);
void member_accept_disarmed(struct member *m, int result);
void member_accept_synced(struct member *m, u64 token, int result);

/* member_commit.c, member_wait.c */
void member_commit_fill(struct member *m, struct member_commit *commit);
void member_commit_send(struct member *m, u16 to);
void member_commit_take(struct member *m, const struct member_commit *commit, u16 from);
void member_install_advance(struct member *m);
void member_install_answered(struct member *m, int result);
void member_commit_tick(struct member *m);
u64 member_commit_deadline(const struct member *m);
void member_waits_fill(struct member *m, struct member_commit *commit);
void member_waits_tighten(struct member *m, const struct member_commit *commit, u64 at_ns);
void member_waits_install(struct member *m, const struct core_view *former,
			  const struct member_commit *commit, u64 at_ns);
void member_waits_tell(struct member *m);
u64 member_waits_deadline(const struct member *m);

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
int member_slot(const struct member *m, u16 id);

/* member_store.c, member_update.c, member_sync.c */
void member_store_complete(struct member *m);
void member_update_check(struct member *m);
void member_update_propose(struct member *m, const struct member_record *record);
void member_on_update(struct member *m, const struct member_message *message);
void member_on_held(struct member *m, const struct member_message *message);
void member_on_committed(struct member *m, const struct member_message *message);
void member_update_tick(struct member *m);
u64 member_update_deadline(const struct member *m);
void member_store_reset(struct member *m);
void member_store_installed(struct member *m, const struct core_view *former);
void member_store_commit(struct member *m, u64 through);
void member_store_put(struct member *m, const struct member_record *record);
void member_held_send(struct member *m, u16 to);
void member_records_send(struct member *m, u16 to, u64 after);
void member_on_records(struct member *m, const struct member_message *message);
void member_on_want_records(struct member *m, const struct member_message *message);
void member_want_records(struct member *m, u16 from);

/* member_disk.c */
u64 member_disk_write(struct member *m);
void member_disk_done(struct member *m, u64 token, int result);
bool member_disk_accept(struct member_disk *disk, const struct member_value *value);

/* member_value.c: pure functions of rule 4 and of the quorum */
bool member_quorum(const struct core_view *former, unsigned int votes, bool arbiter);
bool member_arbiter_votes(const struct core_view *former);
bool member_may_be_chosen(const struct core_view *former, u64 promised, bool arbiter_promised,
			  u64 holders, bool arbiter_holds);
int member_bound(const struct core_view *former, u64 promised, bool arbiter_promised,
		 const struct member_seen *seen, unsigned int count);
unsigned int member_bits(u64 set);
/* member_clique.c: largest set in which all hear each other and that holds @self */
u64 member_clique(const u64 *hears, unsigned int count, unsigned int self);

/* member_check.c */
bool member_view_same(const struct core_view *a, const struct core_view *b);

static inline bool member_installed(const struct member *m)
{
	return m->installed.count != 0;
}

static inline u64 member_earlier(u64 a, u64 b)
{
	return a < b ? a : b;
}

#endif
