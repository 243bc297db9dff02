// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Two wait-free queues of liburcu: full blocks one way, empty ones back.
 *
 * A sender that is preempted in the middle of its enqueue hides what follows;
 * the receiver must not wait for it (it may be of higher priority), and need
 * not: the sender writes the eventfd after the enqueue.
 */
#include "cmcld_queue.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "cmcld_order.h"

struct lane {
	struct cds_wfcq_head head;
	struct cds_wfcq_tail tail;
};

struct cmcld_queue {
	struct lane full;
	struct lane empty;
	u32 block_size;
	u32 count;
	u32 taken;			/* the sender's; both only grow */
	u32 returned;			/* the receiver's, read by the sender */
	int fd;
	u32 received;			/* the receiver's, it only grows */
	u64 marks[CMCLD_QUEUE_MARKS / 64];	/* set by the sender, taken by the receiver */
	u32 mark_taken[CMCLD_QUEUE_MARKS];	/* how many blocks had been taken then */
	u8 *pool;
};

static void lane_put(struct lane *lane, struct cmcld_block *block)
{
	cmcld_order_before(block);
	cds_wfcq_node_init(&block->node);
	cds_wfcq_enqueue(&lane->head, &lane->tail, &block->node);
}

static struct cmcld_block *lane_get(struct lane *lane)
{
	struct cds_wfcq_node *node;

	node = __cds_wfcq_dequeue_nonblocking(&lane->head, &lane->tail);
	if (!node || node == CDS_WFCQ_WOULDBLOCK)
		return NULL;
	cmcld_order_after(node);
	return caa_container_of(node, struct cmcld_block, node);
}

struct cmcld_queue *cmcld_queue_create(u32 count, u32 size)
{
	size_t stride = (sizeof(struct cmcld_block) + size + 63) & ~(size_t)63;
	struct cmcld_queue *queue = calloc(1, sizeof(*queue));
	u32 i;

	if (!queue)
		return NULL;
	queue->pool = aligned_alloc(64, stride * count);
	queue->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (!queue->pool || queue->fd < 0) {
		cmcld_queue_destroy(queue);
		return NULL;
	}
	memset(queue->pool, 0, stride * count);
	queue->block_size = size;
	queue->count = count;
	cds_wfcq_init(&queue->full.head, &queue->full.tail);
	cds_wfcq_init(&queue->empty.head, &queue->empty.tail);
	for (i = 0; i < count; i++)
		lane_put(&queue->empty, (struct cmcld_block *)(queue->pool + i * stride));
	return queue;
}

void cmcld_queue_destroy(struct cmcld_queue *queue)
{
	if (!queue)
		return;
	if (queue->fd >= 0)
		close(queue->fd);
	free(queue->pool);
	free(queue);
}

u32 cmcld_queue_block_size(const struct cmcld_queue *queue)
{
	return queue->block_size;
}

struct cmcld_block *cmcld_queue_take(struct cmcld_queue *queue)
{
	struct cmcld_block *block = lane_get(&queue->empty);

	if (block) {
		queue->taken++;
		block->type = 0;
		block->size = 0;
		block->tag = 0;
	}
	return block;
}

u32 cmcld_queue_room(const struct cmcld_queue *queue)
{
	return queue->count - (queue->taken - __atomic_load_n(&queue->returned, __ATOMIC_RELAXED));
}

void cmcld_queue_send(struct cmcld_queue *queue, struct cmcld_block *block)
{
	core_assert(block->size <= queue->block_size);
	lane_put(&queue->full, block);
	cmcld_queue_wake(queue);
}

void cmcld_queue_mark(struct cmcld_queue *queue, u32 mark)
{
	core_assert(mark < CMCLD_QUEUE_MARKS);
	__atomic_store_n(&queue->mark_taken[mark], queue->taken, __ATOMIC_RELAXED);
	__atomic_or_fetch(&queue->marks[mark / 64], (u64)1 << mark % 64, __ATOMIC_RELEASE);
	cmcld_queue_wake(queue);
}

/* Taken first and looked at then: what the sender sets meanwhile is not lost. */
static bool mark_take(struct cmcld_queue *queue, u32 mark)
{
	u64 *marks = &queue->marks[mark / 64];
	u64 bit = (u64)1 << mark % 64;
	u32 taken;

	if (!(__atomic_fetch_and(marks, ~bit, __ATOMIC_ACQUIRE) & bit))
		return false;
	taken = __atomic_load_n(&queue->mark_taken[mark], __ATOMIC_RELAXED);
	if ((s32)(queue->received - taken) >= 0)
		return true;
	__atomic_fetch_or(marks, bit, __ATOMIC_RELAXED);
	return false;
}

int cmcld_queue_marked(struct cmcld_queue *queue)
{
	u32 mark;

	for (mark = 0; mark < CMCLD_QUEUE_MARKS; mark++) {
		if (!__atomic_load_n(&queue->marks[mark / 64], __ATOMIC_RELAXED))
			mark |= 63;
		else if (mark_take(queue, mark))
			return (int)mark;
	}
	return -1;
}

void cmcld_queue_wake(struct cmcld_queue *queue)
{
	const u64 one = 1;

	/* Fails only when the counter is at its end: then it is readable. */
	if (write(queue->fd, &one, sizeof(one)) < 0)
		return;
}

int cmcld_queue_fd(const struct cmcld_queue *queue)
{
	return queue->fd;
}

void cmcld_queue_clear(struct cmcld_queue *queue)
{
	u64 count;

	if (read(queue->fd, &count, sizeof(count)) < 0)
		return;
}

struct cmcld_block *cmcld_queue_receive(struct cmcld_queue *queue)
{
	struct cmcld_block *block = lane_get(&queue->full);

	queue->received += !!block;
	return block;
}

void cmcld_queue_return(struct cmcld_queue *queue, struct cmcld_block *block)
{
	lane_put(&queue->empty, block);
	__atomic_store_n(&queue->returned, queue->returned + 1, __ATOMIC_RELAXED);
}
