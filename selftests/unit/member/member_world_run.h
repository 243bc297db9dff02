/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Time and faults for member_world.h. */
#ifndef MEMBER_WORLD_RUN_H
#define MEMBER_WORLD_RUN_H

#include "member_world.h"

/*
 * Take an event and carry the actions out in order; the kernel's answers come
 * after the list, before anything else.
 */
static inline void world_event(struct world *w, u16 id, struct member_event *event)
{
	struct member_actions *actions = malloc(sizeof(*actions));
	u16 i;

	event->now_ns = w->now_ns;
	member_step(w->node[id].member, event, actions);
	assert_int_equal(actions->lost, 0);
	for (i = 0; i < actions->count; i++) {
		const struct member_action *action = &actions->action[i];

		if (action->type == MEMBER_ACTION_SEND)
			world_post(w, id, action->send.to, action->send.message);
		else if (action->type == MEMBER_ACTION_SEND_ARBITER)
			world_post(w, id, WORLD_ARBITER, action->send.message);
		else
			world_note(w, id, action);
	}
	for (i = 0; i < actions->count && w->node[id].alive; i++)
		world_kernel(w, id, &actions->action[i]);
	free(actions);
}

static inline void world_deliver(struct world *w, const struct letter *letter)
{
	struct member_event event = { .type = MEMBER_EVENT_MESSAGE, .message = &letter->message };
	struct member_message answer;
	bool sync;

	if (w->cut[letter->from][letter->to])
		return;
	assert_int_equal(member_message_check(&letter->message, CLUSTER), 0);
	if (letter->to != WORLD_ARBITER) {
		if (w->node[letter->to].alive)
			world_event(w, letter->to, &event);
	} else if (w->arbiter_up && !arbiter_step(&w->arbiter, &letter->message, &answer, &sync)) {
		world_post(w, WORLD_ARBITER, letter->from, &answer);
	}
}

static inline void world_mail(struct world *w)
{
	struct letter letter;
	u32 i = 0;

	while (i < w->letters) {
		if (w->letter[i].at_ns > w->now_ns) {
			i++;
			continue;
		}
		letter = w->letter[i];
		w->letters--;
		memmove(&w->letter[i], &w->letter[i + 1],
			(w->letters - i) * sizeof(w->letter[0]));
		world_deliver(w, &letter);
	}
}

static inline void world_beat(struct world *w, u16 id)
{
	u8 buf[CORE_HB_SIZE];
	u16 to;

	if (w->node[id].core.armed)
		core_pet(&w->node[id].core, w->now_ns);
	for (to = 1; to <= w->count; to++) {
		if (to == id || core_transmit(&w->node[id].core, to, 0, w->now_ns, buf) <= 0)
			continue;
		if (w->node[to].boot && core_check(&w->node[to].core, w->now_ns) ==
		    CORE_VERDICT_NONE && w->node[to].alive && !w->cut[id][to])
			core_receive(&w->node[to].core, id, 0, w->now_ns, buf);
	}
	core_tick(&w->node[id].core, w->now_ns);
}

static inline void world_gasp_event(struct world *w, u16 id, const struct core_event *from)
{
	struct member_event to = { .type = MEMBER_EVENT_PEER_GASP };
	struct core_gasp words;

	assert_int_equal(core_gasp_read(&w->node[id].core, from->peer, from->incarnation,
					&words), 0);
	to.gasp.id = from->peer;
	to.gasp.incarnation = from->incarnation;
	to.gasp.installed_epoch = from->installed_epoch;
	to.gasp.words = &words;
	world_event(w, id, &to);
}

static inline void world_core_events(struct world *w, u16 id)
{
	struct core_event from;

	while (w->node[id].alive && core_event_pop(&w->node[id].core, &from)) {
		struct member_event to = { .type = 0 };

		if (from.type == CORE_EVENT_PEER_HEARD)
			to.type = MEMBER_EVENT_PEER_HEARD;
		else if (from.type == CORE_EVENT_PEER_SILENT)
			to.type = MEMBER_EVENT_PEER_SILENT;
		else if (from.type == CORE_EVENT_FRONTIER)
			to.type = MEMBER_EVENT_PEER_FRONTIER;
		else if (from.type == CORE_EVENT_PEER_GASP)
			world_gasp_event(w, id, &from);
		else if (from.type == CORE_EVENT_LEASE_HOLDS)
			to.type = MEMBER_EVENT_LEASE_HOLDS;
		if (!to.type)
			continue;
		if (to.type != MEMBER_EVENT_LEASE_HOLDS) {
			to.peer.id = from.peer;
			to.peer.incarnation = from.incarnation;
			to.peer.installed_epoch = from.installed_epoch;
			to.peer.frontier = from.frontier;
		}
		world_event(w, id, &to);
	}
}

static inline void world_node_run(struct world *w, u16 id)
{
	struct node *node = &w->node[id];

	if (core_check(&node->core, w->now_ns) != CORE_VERDICT_NONE) {
		node->alive = false;
		return;
	}
	if (w->now_ns % INTERVAL_NS == id * MS)
		world_beat(w, id);
	world_core_events(w, id);
	if (node->alive && node->disk_busy && w->now_ns >= node->disk_at_ns) {
		struct member_event done = { .type = MEMBER_EVENT_DISK_DONE };

		node->disk_busy = false;
		node->has_disk = true;
		node->disk_length = node->written_length;
		memcpy(node->disk, node->written, node->written_length);
		done.disk.token = node->disk_token;
		world_event(w, id, &done);
	}
	if (node->alive && w->now_ns >= node->timer_ns) {
		struct member_event timer = { .type = MEMBER_EVENT_TIMER };

		node->timer_ns = CORE_NEVER;
		world_event(w, id, &timer);
	}
}

static inline void world_run(struct world *w, u64 ms)
{
	u16 id;

	for (; ms; ms--) {
		w->now_ns += MS;
		world_mail(w);
		for (id = 1; id <= w->count; id++)
			if (w->node[id].alive)
				world_node_run(w, id);
	}
}

#endif
