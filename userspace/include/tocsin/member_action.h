/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the membership library wants done; the contract is in member.h. */
#ifndef TOCSIN_MEMBER_ACTION_H
#define TOCSIN_MEMBER_ACTION_H

#include "core.h"
#include "member_disk.h"
#include "member_message.h"

#define MEMBER_MESSAGES_PER_STEP	48
#define MEMBER_ACTIONS_PER_STEP		1024

enum member_action_type {
	MEMBER_ACTION_SEND = 1,		/* .send: .to a node */
	MEMBER_ACTION_SEND_ARBITER,	/* .send: to the quorum server */
	MEMBER_ACTION_SET_TIMER,	/* .at_ns; U64_MAX: none. Replaces */
	MEMBER_ACTION_KERNEL_ACKNOWLEDGE, /* .peer: core_acknowledge() */
	MEMBER_ACTION_KERNEL_PROMISE,	/* .promise: core_promise() */
	MEMBER_ACTION_KERNEL_ACCEPT,	/* .accept: core_accept() */
	MEMBER_ACTION_KERNEL_ARM,	/* core_arm(); pet from now on */
	MEMBER_ACTION_KERNEL_INSTALL,	/* .view: core_install() */
	MEMBER_ACTION_KERNEL_LEAVE,	/* core_leave(); no answer */
	MEMBER_ACTION_KERNEL_DISARM,	/* .force: core_disarm() */
	MEMBER_ACTION_DISK_WRITE,	/* .disk: replace the file, sync, answer
					 * DISK_DONE; one at a time */
	MEMBER_ACTION_VIEW_INSTALLED,	/* .installed: act on it from now on */
	MEMBER_ACTION_NODE_SAFE,	/* .peer: its takeover wait is over */
	MEMBER_ACTION_COMMITTED,	/* .record: has effect from now on */
	MEMBER_ACTION_STATE_LOADED,	/* .number: read all of member_record_at()
					 * in place of what was known */
	MEMBER_ACTION_UPDATE_FAILED,	/* .failed: will never be committed */
	MEMBER_ACTION_LEFT,		/* .asked: disarmed and out, cmcld may end;
					 * unless LEAVE was asked for it starts
					 * again at once, as a new incarnation */
	MEMBER_ACTION_TOC,		/* .reason: core_request_toc() */
	MEMBER_ACTION_REPORT,		/* .report: log line */
};

/* Why it acts; text by member_reason_name(). a, b: see member_reason.c */
enum member_reason {
	MEMBER_REASON_NONE,
	MEMBER_REASON_PEER_LOST,	/* node */
	MEMBER_REASON_PEER_RESTARTED,	/* node; a: new incarnation */
	MEMBER_REASON_PEER_GASPED,	/* node; a: its installed epoch */
	MEMBER_REASON_LINK_REPORTED,	/* node does not hear node a */
	MEMBER_REASON_PROPOSE,		/* a: epoch, b: ballot counter */
	MEMBER_REASON_PROPOSE_SILENCE,	/* node (the proposer) fell silent; a: epoch */
	MEMBER_REASON_PREEMPTED,	/* by node's ballot; a: epoch, b: counter */
	MEMBER_REASON_NO_QUORUM,	/* a: votes, b: members of the view */
	MEMBER_REASON_ARBITER_ASKED,	/* a: epoch */
	MEMBER_REASON_ARBITER_REFUSED,	/* a: epoch, b: its newest epoch */
	MEMBER_REASON_ARBITER_UNKNOWN,	/* a: identity in the view, b: answering */
	MEMBER_REASON_CHOSEN,		/* a: epoch, b: votes */
	MEMBER_REASON_EXCLUDED,		/* node; a: epoch, b: wait in ns */
	MEMBER_REASON_JOINED,		/* node; a: epoch */
	MEMBER_REASON_JOINER_DROPPED,	/* node */
	MEMBER_REASON_JOINING,		/* this node asks node; a: its epoch */
	MEMBER_REASON_FORMING,		/* a: nodes present, b: nodes configured */
	MEMBER_REASON_FORM_REFUSED,	/* a: nodes present, b: epoch of the view
					 * whose majority is missing (0: all of
					 * the configured nodes are needed) */
	MEMBER_REASON_FORMED,		/* a: epoch, b: members */
	MEMBER_REASON_LEASE_WAIT,	/* a: epoch; lease does not hold yet */
	MEMBER_REASON_EVICTED,		/* by node; a: epoch; it was a member */
	MEMBER_REASON_BEHIND,		/* node; a: its epoch, b: ours */
	MEMBER_REASON_KERNEL_REFUSED,	/* a: epoch, b: -errno */
	MEMBER_REASON_DISK_FAILED,	/* a: -errno */
	MEMBER_REASON_STATE_MISSING,	/* a: held, b: needed */
	MEMBER_REASON_MESSAGE_REFUSED,	/* from node; a: type, b: -errno */
	MEMBER_REASON_LEAVING,		/* a: epoch */
	MEMBER_REASON_LEAVE_ASKED,	/* node asks to leave */
	MEMBER_REASON_ACTIONS_LOST,	/* a: how many did not fit in the list */
	MEMBER_REASON_STARTS_OVER,	/* this node, never a member; node says that
					 * the view of epoch a is without it; 0: the
					 * others of that view are out of reach */
	MEMBER_REASON_COUNT
};

struct member_action {
	enum member_action_type type;
	union {
		struct {
			const struct member_message *message;
			u16 to;
		} send;
		u64 at_ns;
		struct core_member peer;
		struct {
			u64 epoch;
			struct member_ballot ballot;
		} promise;
		struct {
			const struct core_view *view;
			struct member_ballot ballot;
		} accept;
		const struct core_view *view;
		bool force;
		bool asked;
		struct {
			const u8 *bytes;	/* member_disk_encode()d */
			size_t length;
			u64 token;
		} disk;
		struct {
			const struct core_view *view;
			const struct member_wait *left;	/* who is out since the
							 * former view */
			u16 left_count;
		} installed;
		struct member_record record;
		u64 number;
		struct {
			u32 key;
			int error;	/* -EAGAIN: a view change is under way, its
					 * state not committed yet, or the window
					 * full; -EPERM: this node
					 * does not coordinate; -ENOSPC; -EINVAL;
					 * -ECANCELED: lost in a view change */
		} failed;
		enum member_reason reason;
		struct {
			enum member_reason reason;
			u16 node;
			u64 a;
			u64 b;
		} report;
	};
};

struct member_actions {
	u16 count;
	u16 message_count;
	u32 lost;	/* did not fit; repeated by the protocol, reported */
	struct member_action action[MEMBER_ACTIONS_PER_STEP];
	struct member_message message[MEMBER_MESSAGES_PER_STEP];
};

#endif
