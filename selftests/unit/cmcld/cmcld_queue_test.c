// SPDX-License-Identifier: GPL-2.0-or-later
/* Queue between two threads: order, exhaustion of the pool, wake-up. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>
#include <pthread.h>
#include <sched.h>

#include "cmcld_queue.h"

static void blocks_keep_order(void **state)
{
	struct cmcld_queue *queue = cmcld_queue_create(4, 16);
	struct cmcld_block *block;
	u64 i;

	assert_non_null(queue);
	assert_int_equal(cmcld_queue_block_size(queue), 16);
	for (i = 0; i < 4; i++) {
		block = cmcld_queue_take(queue);
		assert_non_null(block);
		assert_int_equal(block->size, 0);
		block->tag = i;
		assert_int_equal(cmcld_queue_room(queue), 3 - i);
		cmcld_queue_send(queue, block);
	}
	assert_null(cmcld_queue_take(queue));
	for (i = 0; i < 4; i++) {
		block = cmcld_queue_receive(queue);
		assert_int_equal(block->tag, i);
		cmcld_queue_return(queue, block);
	}
	assert_null(cmcld_queue_receive(queue));
	assert_int_equal(cmcld_queue_room(queue), 4);
	block = cmcld_queue_take(queue);
	assert_non_null(block);
	assert_int_equal(block->tag, 0);
	cmcld_queue_send(queue, block);
	cmcld_queue_destroy(queue);
}

static void marks_arrive_without_blocks(void **state)
{
	struct cmcld_queue *queue = cmcld_queue_create(1, 8);
	struct pollfd fd = { .fd = cmcld_queue_fd(queue), .events = POLLIN };

	assert_int_equal(cmcld_queue_marked(queue), -1);
	cmcld_queue_send(queue, cmcld_queue_take(queue));
	cmcld_queue_clear(queue);
	assert_null(cmcld_queue_take(queue));
	cmcld_queue_mark(queue, CMCLD_QUEUE_MARKS - 1);
	cmcld_queue_mark(queue, 0);
	cmcld_queue_mark(queue, 0);
	cmcld_queue_mark(queue, 64);
	assert_int_equal(poll(&fd, 1, 0), 1);
	/* Not before the block that was sent before. */
	assert_int_equal(cmcld_queue_marked(queue), -1);
	assert_non_null(cmcld_queue_receive(queue));
	assert_int_equal(cmcld_queue_marked(queue), 0);
	assert_int_equal(cmcld_queue_marked(queue), 64);
	assert_int_equal(cmcld_queue_marked(queue), CMCLD_QUEUE_MARKS - 1);
	assert_int_equal(cmcld_queue_marked(queue), -1);
	cmcld_queue_destroy(queue);
}

static void marks_have_their_place_among_blocks(void **state)
{
	struct cmcld_queue *queue = cmcld_queue_create(3, 8);
	struct cmcld_block *block;
	int i;

	for (i = 0; i < 3; i++) {
		cmcld_queue_mark(queue, 7);
		cmcld_queue_send(queue, cmcld_queue_take(queue));
		/* The later one counts. */
		cmcld_queue_mark(queue, 7);
		cmcld_queue_mark(queue, 70);
		cmcld_queue_send(queue, cmcld_queue_take(queue));
		block = cmcld_queue_receive(queue);
		cmcld_queue_return(queue, block);
		assert_int_equal(cmcld_queue_marked(queue), 7);
		assert_int_equal(cmcld_queue_marked(queue), 70);
		assert_int_equal(cmcld_queue_marked(queue), -1);
		block = cmcld_queue_receive(queue);
		cmcld_queue_return(queue, block);
	}
	cmcld_queue_destroy(queue);
}

static void descriptor_tells_of_blocks(void **state)
{
	struct cmcld_queue *queue = cmcld_queue_create(2, 8);
	struct pollfd fd = { .fd = cmcld_queue_fd(queue), .events = POLLIN };

	assert_int_equal(poll(&fd, 1, 0), 0);
	cmcld_queue_send(queue, cmcld_queue_take(queue));
	assert_int_equal(poll(&fd, 1, 0), 1);
	cmcld_queue_clear(queue);
	assert_int_equal(poll(&fd, 1, 0), 0);
	cmcld_queue_wake(queue);
	assert_int_equal(poll(&fd, 1, 0), 1);
	assert_non_null(cmcld_queue_receive(queue));
	cmcld_queue_destroy(queue);
}

#define MESSAGES 20000

static void *send_many(void *arg)
{
	struct cmcld_queue *queue = arg;
	struct cmcld_block *block;
	u64 i;

	for (i = 0; i < MESSAGES; i++) {
		while (!(block = cmcld_queue_take(queue)))
			sched_yield();
		memcpy(block->data, &i, sizeof(i));
		block->size = sizeof(i);
		block->tag = i * 7;
		cmcld_queue_send(queue, block);
	}
	return NULL;
}

static void two_threads_lose_nothing(void **state)
{
	struct cmcld_queue *queue = cmcld_queue_create(8, sizeof(u64));
	struct pollfd fd = { .fd = cmcld_queue_fd(queue), .events = POLLIN };
	struct cmcld_block *block;
	pthread_t thread;
	u64 expected = 0, number;

	assert_int_equal(pthread_create(&thread, NULL, send_many, queue), 0);
	while (expected < MESSAGES) {
		assert_int_equal(poll(&fd, 1, 60000), 1);
		cmcld_queue_clear(queue);
		while ((block = cmcld_queue_receive(queue))) {
			memcpy(&number, block->data, sizeof(number));
			assert_int_equal(number, expected);
			assert_int_equal(block->tag, expected * 7);
			expected++;
			cmcld_queue_return(queue, block);
		}
	}
	pthread_join(thread, NULL);
	cmcld_queue_destroy(queue);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_keep_order),
		cmocka_unit_test(marks_arrive_without_blocks),
		cmocka_unit_test(marks_have_their_place_among_blocks),
		cmocka_unit_test(descriptor_tells_of_blocks),
		cmocka_unit_test(two_threads_lose_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
