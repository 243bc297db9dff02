/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Queue between two threads: one sends, one receives.  Blocks come from a pool
 * made beforehand, so that neither side allocates, waits or takes a lock.
 */
#ifndef CMCLD_QUEUE_H
#define CMCLD_QUEUE_H

#include "core_env.h"

#include <urcu/wfcqueue.h>

/**
 * struct cmcld_block - what travels
 * @type: meaning agreed between the two threads
 * @size: bytes used of @data
 * @tag: free for the two threads (a request number, a node id)
 */
struct cmcld_block {
	struct cds_wfcq_node node;
	u32 type;
	u32 size;
	u64 tag;
	u8 data[];
};

struct cmcld_queue;

#define CMCLD_QUEUE_MARKS	256

/* @count blocks of @size bytes each. NULL: out of memory or descriptors. */
struct cmcld_queue *cmcld_queue_create(u32 count, u32 size);
void cmcld_queue_destroy(struct cmcld_queue *queue);

/* Bytes of data that fit into a block. */
u32 cmcld_queue_block_size(const struct cmcld_queue *queue);

/* Sender: a free block, or NULL when all are on their way. */
struct cmcld_block *cmcld_queue_take(struct cmcld_queue *queue);
/* Sender: how many blocks are free, at the least. */
u32 cmcld_queue_room(const struct cmcld_queue *queue);
/* Sender: pass it on and wake the receiver. */
void cmcld_queue_send(struct cmcld_queue *queue, struct cmcld_block *block);

/* Sender: for what must arrive even if all blocks are on their way; said several times it
 * arrives once, the last time. @mark: below CMCLD_QUEUE_MARKS, meaning agreed between the
 * two threads.
 */
void cmcld_queue_mark(struct cmcld_queue *queue, u32 mark);

/* Receiver: readable (poll) when there may be blocks or marks. */
int cmcld_queue_fd(const struct cmcld_queue *queue);
/* Receiver: call once for each wake-up, before receiving. */
void cmcld_queue_clear(struct cmcld_queue *queue);
/* Receiver: the oldest block, or NULL; give it back with cmcld_queue_return(). */
struct cmcld_block *cmcld_queue_receive(struct cmcld_queue *queue);
/* Receiver: a mark that was set before the oldest block that is left was sent, and is gone
 * then, or -1.
 */
int cmcld_queue_marked(struct cmcld_queue *queue);
/* Receiver: be woken once more, for what is left. */
void cmcld_queue_wake(struct cmcld_queue *queue);
void cmcld_queue_return(struct cmcld_queue *queue, struct cmcld_block *block);

#endif
