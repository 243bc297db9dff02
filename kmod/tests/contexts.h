/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The same work at once in every context in which the module runs: on each CPU
 * a thread, a timer in softirq (a thread with PREEMPT_RT) and one in the hard
 * interrupt, each interrupting the ones before it.
 */
#ifndef TOCSIN_TESTS_CONTEXTS_H
#define TOCSIN_TESTS_CONTEXTS_H

#include <kunit/test.h>
#include <linux/types.h>

enum test_context {
	TEST_THREAD,
	TEST_SOFTIRQ,
	TEST_HARDIRQ,
	TEST_CONTEXTS
};

/* Of NR_CPUS up to so many take part. */
#define TEST_CPUS_MAX		4
#define TEST_WORKERS_MAX	(TEST_CPUS_MAX * TEST_CONTEXTS)

/**
 * typedef test_work - what a worker does, again and again
 * @worker: 0 to TEST_WORKERS_MAX - 1
 * @round: counts the calls of this worker, from 0
 * Return: true when all is well; the test counts the others.
 */
typedef bool test_work(void *data, unsigned int worker, unsigned int round);

struct test_contexts;

/**
 * test_contexts_start - let them begin
 * Every start needs its wait. Return: NULL without memory.
 */
struct test_contexts *test_contexts_start(test_work *work, void *data, unsigned int rounds);
bool test_contexts_running(struct test_contexts *contexts);

/* Wait for the end of all. Return: how many calls returned false. */
unsigned int test_contexts_wait(struct test_contexts *contexts);

/* Both, with an expectation that nothing failed. Return: number of workers. */
unsigned int test_in_contexts(struct kunit *test, test_work *work, void *data,
			      unsigned int rounds);

/* Numbers that repeat with the seed: splitmix64. */
static inline u64 test_draw(u64 *state)
{
	u64 z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

#endif
