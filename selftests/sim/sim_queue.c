// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim_queue.h"

#include <stdlib.h>

#define ROOM_FIRST 1024

void sim_queue_init(struct sim_queue *queue)
{
	queue->room = ROOM_FIRST;
	queue->heap = malloc(queue->room * sizeof(queue->heap[0]));
	core_assert(queue->heap);
	queue->count = 0;
	queue->order = 0;
}

void sim_queue_free(struct sim_queue *queue)
{
	size_t i;

	for (i = 0; i < queue->count; i++)
		free(queue->heap[i].data);
	free(queue->heap);
	queue->heap = NULL;
	queue->count = 0;
}

static bool before(const struct sim_event *a, const struct sim_event *b)
{
	if (a->at_ns != b->at_ns)
		return a->at_ns < b->at_ns;
	return a->order < b->order;
}

void sim_queue_put(struct sim_queue *queue, const struct sim_event *event)
{
	size_t at = queue->count++;
	struct sim_event new = *event;

	if (queue->count > queue->room) {
		queue->room *= 2;
		queue->heap = realloc(queue->heap, queue->room * sizeof(queue->heap[0]));
		core_assert(queue->heap);
	}
	new.order = ++queue->order;
	while (at && before(&new, &queue->heap[(at - 1) / 2])) {
		queue->heap[at] = queue->heap[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	queue->heap[at] = new;
}

bool sim_queue_take(struct sim_queue *queue, struct sim_event *event)
{
	struct sim_event last;
	size_t at = 0, child;

	if (!queue->count)
		return false;
	*event = queue->heap[0];
	last = queue->heap[--queue->count];
	while ((child = 2 * at + 1) < queue->count) {
		if (child + 1 < queue->count &&
		    before(&queue->heap[child + 1], &queue->heap[child]))
			child++;
		if (before(&last, &queue->heap[child]))
			break;
		queue->heap[at] = queue->heap[child];
		at = child;
	}
	queue->heap[at] = last;
	return true;
}
