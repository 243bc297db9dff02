/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state behind tocsin/member.h, for the files of this room only.
 */
#ifndef MEMBER_STATE_H
#define MEMBER_STATE_H

#include "member_acceptor.h"
#include "member_former.h"
#include "member_peers.h"
#include "member_proposal.h"
#include "member_store.h"

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
	bool links_changed;
	bool links_lost;
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
	u16 promise_calls;		/* of the kernel, not answered yet */
	bool promise_owed;		/* PROMISE goes when it knows */
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
