// SPDX-License-Identifier: GPL-2.0
/* Writers in all contexts at once: no entry is lost, torn or out of order. */
#include "contexts.h"
#include "instance.h"
#include "recorder.h"

#define ROUNDS		200
#define MARK		0x746f6373696e2d74ULL

static u64 digest(u64 worker, u64 round)
{
	u64 state = worker << 32 | round;

	return test_draw(&state);
}

static bool entry_record(void *data, unsigned int worker, unsigned int round)
{
	tocsin_record(tocsin_initial, RECORDER_NONE, worker + 1, round % CORE_PATHS_MAX, MARK,
		      worker, round, digest(worker, round));
	return true;
}

struct ring {
	const struct recorder_header *header;
	const struct recorder_entry *entry;
	u64 begin;
};

static void ring_open(struct kunit *test, struct ring *ring)
{
	u64 size;
	const void *area = tocsin_recorder_area(&size);

	ring->header = area;
	KUNIT_ASSERT_EQ(test, recorder_header_check(area, CORE_NEVER), 0);
	KUNIT_ASSERT_EQ(test, size, recorder_size(ring->header->entry_count));
	ring->entry = area + ring->header->entry_offset;
	ring->begin = READ_ONCE(ring->header->written);
}

static const struct recorder_entry *ring_entry(const struct ring *ring, u64 number)
{
	return &ring->entry[number % ring->header->entry_count];
}

static void entry_check(struct kunit *test, const struct recorder_entry *entry, u64 *next)
{
	u64 worker = entry->arg[1];

	KUNIT_ASSERT_LT(test, worker, (u64)TEST_WORKERS_MAX);
	KUNIT_EXPECT_EQ(test, entry->arg[2], next[worker]);
	KUNIT_EXPECT_EQ(test, entry->arg[3], digest(worker, entry->arg[2]));
	KUNIT_EXPECT_EQ(test, entry->peer, worker + 1);
	KUNIT_EXPECT_EQ(test, entry->path, entry->arg[2] % CORE_PATHS_MAX);
	KUNIT_EXPECT_LT(test, entry->cpu, nr_cpu_ids);
	next[worker]++;
}

static void concurrent_writers_lose_and_tear_nothing(struct kunit *test)
{
	u64 next[TEST_WORKERS_MAX] = { 0 };
	unsigned int workers, i;
	struct ring ring;
	u64 number;

	ring_open(test, &ring);
	KUNIT_ASSERT_GE(test, ring.header->entry_count, TEST_WORKERS_MAX * ROUNDS);
	workers = test_in_contexts(test, entry_record, NULL, ROUNDS);
	KUNIT_EXPECT_GE(test, ring.header->written, ring.begin + workers * ROUNDS);
	for (number = ring.begin; number < ring.header->written; number++) {
		KUNIT_EXPECT_EQ(test, ring_entry(&ring, number)->seq, number + 1);
		/* The module itself may have had to say something. */
		if (ring_entry(&ring, number)->arg[0] == MARK)
			entry_check(test, ring_entry(&ring, number), next);
	}
	for (i = 0; i < workers; i++)
		KUNIT_EXPECT_EQ(test, next[i], ROUNDS);
}

/* Entry 0 follows the last one, and the oldest goes. */
static void the_ring_goes_round(struct kunit *test)
{
	struct ring ring;
	u64 number, count;

	ring_open(test, &ring);
	count = ring.header->entry_count;
	for (number = 0; number < count + 3; number++)
		entry_record(NULL, 0, number);
	for (number = ring.header->written - count; number < ring.header->written; number++)
		KUNIT_EXPECT_EQ(test, ring_entry(&ring, number)->seq, number + 1);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(concurrent_writers_lose_and_tear_nothing),
	KUNIT_CASE(the_ring_goes_round),
	{}
};

static struct kunit_suite suite = {
	.name = "tocsin_recorder",
	.test_cases = cases,
};

kunit_test_suite(suite);
