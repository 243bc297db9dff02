/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Nodes that start, leave and die, for member_world.h. */
#ifndef MEMBER_WORLD_SETUP_H
#define MEMBER_WORLD_SETUP_H

#include "member_world_run.h"

static inline struct core_config world_core_config(struct world *w, u16 id)
{
	struct core_config config = {
		.cluster_id = CLUSTER, .incarnation = inc(w, id), .interval_ns = INTERVAL_NS,
		.member_timeout_ns = TIMEOUT_NS, .safety_timeout_ns = 5000 * MS, .node_id = id,
	};

	return config;
}

static inline void world_boot(struct world *w, u16 id, enum member_start_mode mode)
{
	struct member_event start = { .type = MEMBER_EVENT_START, .start = { .mode = mode } };
	struct member_config config = {
		.cluster = CLUSTER, .interval_ns = INTERVAL_NS, .timeout_ns = TIMEOUT_NS,
		.toc_margin_ns = MARGIN_NS, .form_wait_ns = 3000 * MS, .seed = id,
		.node_id = id, .has_arbiter = w->arbiter_up, .node_count = w->count,
	};
	struct node *node = &w->node[id];
	struct core_config core_config;
	struct member_disk disk;
	u16 peer;

	node->boot++;
	node->alive = true;
	node->timer_ns = CORE_NEVER;
	node->disk_busy = false;
	memset(&node->seen, 0, sizeof(node->seen));
	core_config = world_core_config(w, id);
	assert_int_equal(core_init(&node->core, &core_config, w->now_ns), 0);
	for (peer = 1; peer <= w->count; peer++) {
		config.node[peer - 1] = peer;
		if (peer != id)
			assert_int_equal(core_peer_add(&node->core, peer, 1), 0);
	}
	config.incarnation = inc(w, id);
	if (node->has_disk)
		assert_int_equal(member_disk_decode(&disk, node->disk, node->disk_length,
						    CLUSTER, id), 0);
	assert_int_equal(member_init(node->member, &config, node->has_disk ? &disk : NULL), 0);
	world_event(w, id, &start);
	if (w->arbiter_up)
		world_answer(w, id, MEMBER_EVENT_ARBITER_UP, 0);
}

static inline struct world *world_make(u16 count, bool arbiter)
{
	struct world *w = calloc(1, sizeof(*w));
	u16 id;

	w->now_ns = 10 * CORE_NS_PER_S;
	w->count = count;
	w->arbiter_up = arbiter;
	w->letter = calloc(WORLD_QUEUE, sizeof(w->letter[0]));
	assert_int_equal(arbiter_init(&w->arbiter, CLUSTER, IDENTITY), 0);
	for (id = 1; id <= count; id++) {
		w->node[id].member = malloc(member_size());
		world_boot(w, id, MEMBER_START_AUTO);
	}
	return w;
}

static inline void world_free(struct world *w)
{
	u16 id;

	for (id = 1; id <= w->count; id++)
		free(w->node[id].member);
	free(w->letter);
	free(w);
}

static inline void world_crash(struct world *w, u16 id)
{
	w->node[id].alive = false;
}

/* It dies and says so to those who hear it. */
static inline void world_panic(struct world *w, u16 id)
{
	u8 buf[CORE_GASP_SIZE];
	u16 to;

	for (to = 1; to <= w->count; to++)
		if (to != id && w->node[to].alive && !w->cut[id][to] &&
		    core_gasp_write(&w->node[id].core, to, 0, w->now_ns, buf) > 0)
			core_gasp_receive(&w->node[to].core, id, 0, w->now_ns, buf);
	world_crash(w, id);
}

static inline const struct core_view *world_view(struct world *w, u16 id)
{
	return member_view(w->node[id].member);
}

/* Ids of the installed view as bits; 0: none. */
static inline u32 world_members(struct world *w, u16 id)
{
	const struct core_view *view = world_view(w, id);
	u32 set = 0;
	u16 i;

	for (i = 0; view && i < view->count; i++)
		set |= 1u << view->member[i].id;
	return set;
}

static inline void world_update(struct world *w, u16 id, u32 key, u8 value)
{
	struct member_event event = {
		.type = MEMBER_EVENT_UPDATE,
		.update = { .key = key, .length = 1, .value = { value } },
	};

	world_event(w, id, &event);
}

/* Value of a committed record at a node; -1: none. */
static inline int world_value(struct world *w, u16 id, u32 key)
{
	const struct member_record *record = member_record_find(w->node[id].member, key);

	return record ? record->value[0] : -1;
}

#endif
