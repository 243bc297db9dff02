/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the membership library is told; the contract is in member.h. */
#ifndef TOCSIN_MEMBER_EVENT_H
#define TOCSIN_MEMBER_EVENT_H

#include "core_gasp.h"
#include "member_message.h"

enum member_event_type {
	MEMBER_EVENT_START = 1,		/* .start: once, first */
	MEMBER_EVENT_MESSAGE,		/* .message: checked, from whom it says */
	MEMBER_EVENT_TIMER,		/* the time of SET_TIMER has come */
	MEMBER_EVENT_PEER_HEARD,	/* .peer: CORE_EVENT_PEER_HEARD */
	MEMBER_EVENT_PEER_SILENT,	/* .peer.id: CORE_EVENT_PEER_SILENT */
	MEMBER_EVENT_PEER_FRONTIER,	/* .peer: CORE_EVENT_FRONTIER */
	MEMBER_EVENT_KERNEL_ACCEPTED,	/* .accepted: of core_accept() */
	MEMBER_EVENT_KERNEL_ARMED,	/* .result */
	MEMBER_EVENT_KERNEL_INSTALLED,	/* .result: 0, -EAGAIN, ... */
	MEMBER_EVENT_KERNEL_DISARMED,	/* .result */
	MEMBER_EVENT_LEASE_HOLDS,	/* CORE_EVENT_LEASE_HOLDS */
	MEMBER_EVENT_DISK_DONE,		/* .disk: written and synced, or failed */
	MEMBER_EVENT_ARBITER_UP,	/* a session to the quorum server stands */
	MEMBER_EVENT_ARBITER_DOWN,
	MEMBER_EVENT_FORM,		/* .start.node*: cmruncl, at any time */
	MEMBER_EVENT_LEAVE,		/* packages are halted (rule 11) */
	MEMBER_EVENT_UPDATE,		/* .update: order a record (coordinator) */
	MEMBER_EVENT_PEER_GASP,		/* .gasp: CORE_EVENT_PEER_GASP */
	MEMBER_EVENT_KERNEL_PROMISED,	/* .result: of core_promise() */
	MEMBER_EVENT_TYPES = 32
};

enum member_start_mode {
	MEMBER_START_JOIN,	/* look for a running cluster, for ever */
	MEMBER_START_AUTO,	/* look for one; else form automatically (boot) */
};

/* Flags of the newest heartbeat of a peer, as far as they matter here. */
#define MEMBER_PEER_STALLED	1u	/* its cmcld is late */
#define MEMBER_PEER_LEAVING	2u

struct member_event {
	enum member_event_type type;
	u64 now_ns;
	union {
		struct {
			enum member_start_mode mode;
			u16 node_count;		/* FORM: 0 means all configured */
			const u16 *node;
		} start;
		const struct member_message *message;
		struct {
			u64 incarnation;
			u64 installed_epoch;
			struct core_frontier frontier;
			u32 flags;
			u16 id;
		} peer;
		struct {
			u64 incarnation;
			u64 installed_epoch;
			const struct core_gasp *words;	/* core_gasp_read() */
			u16 id;
		} gasp;
		struct {
			int result;
			const struct core_ages *ages;	/* when result is 0 */
		} accepted;
		int result;
		struct {
			u64 token;
			int result;
		} disk;
		struct member_record update;	/* sequence ignored */
	};
};

#endif
