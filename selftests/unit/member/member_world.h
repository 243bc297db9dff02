/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A few nodes (the real membership library on the real kernel core), a quorum
 * server and the messages between them, for the tests of this room. Nothing
 * fails by itself here; faults at random are the simulator's business.
 * Node ids are 1..n, incarnations 100 * boot + id.
 */
#ifndef MEMBER_WORLD_H
#define MEMBER_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include <tocsin/arbiter.h>
#include <tocsin/member.h>

#include "core_state.h"

#define MS		CORE_NS_PER_MS
#define WORLD_NODES	5
#define WORLD_ARBITER	0
#define WORLD_QUEUE	8192
#define CLUSTER		0x77ULL
#define IDENTITY	0xa4b17e4ULL
#define INTERVAL_NS	(100 * MS)
#define TIMEOUT_NS	(1000 * MS)
#define MARGIN_NS	(100 * MS)

struct letter {
	u64 at_ns;
	u16 from, to;
	struct member_message message;
};

/* What a node's library said since the test looked last. */
struct seen {
	unsigned int views, left, toc, safe, committed, loaded, failed;
	bool asked;			/* to leave */
	u64 reasons;			/* bits */
	u16 safe_id;
	u64 safe_at_ns;
	struct member_wait out[MEMBER_WAITS_MAX];
	u16 out_count;
	int error;
};

struct node {
	bool alive;
	u16 boot;
	struct core core;
	struct member *member;
	u64 timer_ns;
	bool disk_busy, has_disk;
	bool leave_at_arm;		/* asked to, before the kernel answers */
	u64 disk_at_ns, disk_token;
	size_t disk_length, written_length;
	u8 disk[MEMBER_DISK_BYTES_MAX], written[MEMBER_DISK_BYTES_MAX];
	struct seen seen;
};

struct world {
	u64 now_ns;
	u16 count;
	bool arbiter_up;
	struct arbiter_state arbiter;
	bool cut[WORLD_NODES + 1][WORLD_NODES + 1];
	struct node node[WORLD_NODES + 1];
	u32 letters;
	struct letter *letter;
};

static inline u64 inc(const struct world *w, u16 id)
{
	return 100ULL * w->node[id].boot + id;
}

static inline void world_post(struct world *w, u16 from, u16 to,
			      const struct member_message *message)
{
	struct letter *letter = &w->letter[w->letters++];

	assert_true(w->letters < WORLD_QUEUE);
	letter->at_ns = w->now_ns + MS;
	letter->from = from;
	letter->to = to;
	letter->message = *message;
}

static inline void world_event(struct world *w, u16 id, struct member_event *event);

static inline void world_answer(struct world *w, u16 id, enum member_event_type type, int result)
{
	struct member_event event = { .type = type, .result = result };

	world_event(w, id, &event);
}

static inline void world_kernel(struct world *w, u16 id, const struct member_action *action)
{
	struct member_event event = { .type = MEMBER_EVENT_KERNEL_ACCEPTED };
	struct core *core = &w->node[id].core;
	struct core_ballot ballot;
	struct core_ages ages;

	switch (action->type) {
	case MEMBER_ACTION_KERNEL_ACKNOWLEDGE:
		core_acknowledge(core, action->peer.id, action->peer.incarnation);
		break;
	case MEMBER_ACTION_KERNEL_PROMISE:
		ballot.counter = action->promise.ballot.counter;
		ballot.node = action->promise.ballot.node;
		world_answer(w, id, MEMBER_EVENT_KERNEL_PROMISED,
			     core_promise(core, action->promise.epoch, &ballot));
		break;
	case MEMBER_ACTION_KERNEL_ACCEPT:
		event.accepted.result = core_accept(core, action->accept.view,
						    action->accept.ballot.counter,
						    action->accept.ballot.node, w->now_ns, &ages);
		event.accepted.ages = &ages;
		world_event(w, id, &event);
		break;
	case MEMBER_ACTION_KERNEL_ARM:
		if (w->node[id].leave_at_arm)
			world_answer(w, id, MEMBER_EVENT_LEAVE, 0);
		world_answer(w, id, MEMBER_EVENT_KERNEL_ARMED, core_arm(core, w->now_ns));
		break;
	case MEMBER_ACTION_KERNEL_INSTALL:
		world_answer(w, id, MEMBER_EVENT_KERNEL_INSTALLED,
			     core_install(core, action->view, w->now_ns));
		break;
	case MEMBER_ACTION_KERNEL_LEAVE:
		core_leave(core);
		break;
	case MEMBER_ACTION_KERNEL_DISARM:
		world_answer(w, id, MEMBER_EVENT_KERNEL_DISARMED,
			     core_disarm(core, action->force, w->now_ns));
		break;
	default:
		break;
	}
}

static inline void world_note(struct world *w, u16 id, const struct member_action *action)
{
	struct node *node = &w->node[id];
	struct seen *seen = &node->seen;

	switch (action->type) {
	case MEMBER_ACTION_SET_TIMER:
		node->timer_ns = action->at_ns;
		break;
	case MEMBER_ACTION_DISK_WRITE:
		assert_false(node->disk_busy);
		node->disk_busy = true;
		node->disk_at_ns = w->now_ns + 2 * MS;
		node->disk_token = action->disk.token;
		node->written_length = action->disk.length;
		memcpy(node->written, action->disk.bytes, action->disk.length);
		break;
	case MEMBER_ACTION_VIEW_INSTALLED:
		seen->views++;
		seen->out_count = action->installed.left_count;
		memcpy(seen->out, action->installed.left, seen->out_count * sizeof(seen->out[0]));
		break;
	case MEMBER_ACTION_NODE_SAFE:
		seen->safe++;
		seen->safe_id = action->peer.id;
		seen->safe_at_ns = w->now_ns;
		break;
	case MEMBER_ACTION_COMMITTED:
		seen->committed++;
		break;
	case MEMBER_ACTION_STATE_LOADED:
		seen->loaded++;
		break;
	case MEMBER_ACTION_UPDATE_FAILED:
		seen->failed++;
		seen->error = action->failed.error;
		break;
	case MEMBER_ACTION_LEFT:
		seen->left++;
		seen->asked = action->asked;
		node->alive = false;
		break;
	case MEMBER_ACTION_REPORT:
		seen->reasons |= 1ULL << action->report.reason;
		break;
	case MEMBER_ACTION_TOC:
		seen->toc++;
		core_request_toc(&node->core);
		break;
	default:
		break;
	}
}

#endif
