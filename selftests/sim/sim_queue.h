/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What happens when: a heap of events in global time.  Two events at the same
 * time happen in the order in which they were put in.
 */
#ifndef TOCSIN_SIM_QUEUE_H
#define TOCSIN_SIM_QUEUE_H

#include "core_env.h"

struct sim_world;
struct sim_event;

typedef void (*sim_event_fn)(struct sim_world *world, struct sim_event *event);

/**
 * struct sim_event - one thing that will happen
 * @at_ns: global time
 * @order: set by the queue
 * @node: index of the node it happens to (or SIM_NOBODY)
 * @boot: @fn is skipped when the node's boot number is another by then
 * @life: likewise for the life of the user-space process; 0: any
 * @arg: for @fn
 * @data: malloc'd, belongs to the event; freed after @fn unless taken away
 */
struct sim_event {
	u64 at_ns;
	u64 order;
	sim_event_fn fn;
	u32 node;
	u32 boot;
	u32 life;
	u64 arg[4];
	void *data;
};

struct sim_queue {
	struct sim_event *heap;
	size_t count;
	size_t room;
	u64 order;
};

void sim_queue_init(struct sim_queue *queue);
void sim_queue_free(struct sim_queue *queue);
void sim_queue_put(struct sim_queue *queue, const struct sim_event *event);
/* False when the queue is empty. */
bool sim_queue_take(struct sim_queue *queue, struct sim_event *event);

#endif
