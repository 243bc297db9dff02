/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A few cores and the datagrams between them, for the tests of this room.
 * Node ids are 1..n, incarnations 100 + id, time starts at 10 s.
 */
#ifndef CORE_WORLD_H
#define CORE_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "core_info.h"
#include "core_state.h"

#define MS		CORE_NS_PER_MS
#define WORLD_NODES	6
#define CLUSTER		0x1234567890ULL

struct world {
	u64 now_ns;
	unsigned int count;
	struct core *node[WORLD_NODES + 1];
	bool cut[WORLD_NODES + 1][WORLD_NODES + 1];	/* [from][to] */
};

static inline u64 inc(u16 id)
{
	return 100 + id;
}

static inline struct core_config world_config(u16 id)
{
	struct core_config config = {
		.cluster_id = CLUSTER,
		.incarnation = inc(id),
		.interval_ns = 100 * MS,
		.member_timeout_ns = 1000 * MS,
		.safety_timeout_ns = 5000 * MS,
		.on_detach_ns = 500 * MS,
		.node_id = id,
	};

	return config;
}

static inline void world_node(struct world *w, u16 id, u64 incarnation)
{
	struct core_config config = world_config(id);
	u16 peer;

	config.incarnation = incarnation;
	assert_int_equal(core_init(w->node[id], &config, w->now_ns), 0);
	for (peer = 1; peer <= w->count; peer++)
		if (peer != id)
			assert_int_equal(core_peer_add(w->node[id], peer, 2), 0);
}

static inline struct world *world_make(unsigned int count)
{
	struct world *w = calloc(1, sizeof(*w));
	u16 id;

	assert_true(count <= WORLD_NODES);
	w->now_ns = 10 * CORE_NS_PER_S;
	w->count = count;
	for (id = 1; id <= count; id++) {
		w->node[id] = malloc(core_size());
		world_node(w, id, inc(id));
	}
	return w;
}

static inline void world_free(struct world *w)
{
	u16 id;

	for (id = 1; id <= w->count; id++)
		free(w->node[id]);
	free(w);
}

/* One datagram on one path; what core_receive() says, -1 if nothing went. */
static inline int world_send(struct world *w, u16 from, u16 to, u8 path)
{
	u8 buf[CORE_HB_SIZE];

	if (core_transmit(w->node[from], to, path, w->now_ns, buf) != CORE_HB_SIZE)
		return -1;
	if (w->cut[from][to])
		return -1;
	return core_receive(w->node[to], 0, path, w->now_ns, buf);
}

/* Time passes in steps of one interval, each node sends to each. */
static inline void world_run(struct world *w, unsigned int intervals)
{
	u16 from, to;

	while (intervals--) {
		w->now_ns += 100 * MS;
		for (from = 1; from <= w->count; from++)
			for (to = 1; to <= w->count; to++)
				if (from != to)
					world_send(w, from, to, 0);
		for (from = 1; from <= w->count; from++)
			core_tick(w->node[from], w->now_ns);
	}
}

static inline void world_pet(struct world *w)
{
	u16 id;

	for (id = 1; id <= w->count; id++)
		core_pet(w->node[id], w->now_ns);
}

static inline void world_acknowledge_all(struct world *w)
{
	u16 i, j;

	for (i = 1; i <= w->count; i++)
		for (j = 1; j <= w->count; j++)
			if (i != j)
				core_acknowledge(w->node[i], j, inc(j));
}

/* A view of the nodes in a bit mask (bit id). */
static inline struct core_view world_view(u64 epoch, unsigned int mask)
{
	struct core_view view = { .epoch = epoch };
	u16 id;

	for (id = 1; id <= WORLD_NODES; id++) {
		if (!(mask & 1U << id))
			continue;
		view.member[view.count].id = id;
		view.member[view.count].incarnation = inc(id);
		view.count++;
	}
	view.coordinator = view.member[0].id;
	view.hash = core_view_hash(&view);
	return view;
}

static inline int world_accept(struct world *w, u16 id, const struct core_view *view, u64 ballot)
{
	struct core_ages ages;

	return core_accept(w->node[id], view, ballot, 1, w->now_ns, &ages);
}

/* All nodes heard, armed, and in the view of all, epoch 1. */
static inline struct world *world_formed(unsigned int count)
{
	struct world *w = world_make(count);
	struct core_view view = world_view(1, (2U << count) - 2);
	u16 id;

	world_acknowledge_all(w);
	world_run(w, 4);
	for (id = 1; id <= count; id++) {
		assert_int_equal(core_arm(w->node[id], w->now_ns), 0);
		assert_int_equal(world_accept(w, id, &view, 1), 0);
	}
	world_run(w, 3);
	for (id = 1; id <= count; id++)
		assert_int_equal(core_install(w->node[id], &view, w->now_ns), 0);
	return w;
}

/* Counts the events of a type that a node still holds, and drops all. */
static inline unsigned int world_events(struct world *w, u16 id, enum core_event_type type)
{
	struct core_event event;
	unsigned int count = 0;

	while (core_event_pop(w->node[id], &event))
		count += event.type == type;
	return count;
}

#endif
