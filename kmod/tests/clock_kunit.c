// SPDX-License-Identifier: GPL-2.0
/* The clock of the leases, seen from everywhere at once. */
#include <linux/atomic.h>

#include "clock.h"
#include "contexts.h"

#define ROUNDS		400

/* A time read after another was seen, wherever that was, is not before it. */
static bool clock_read(void *data, unsigned int worker, unsigned int round)
{
	atomic64_t *newest = data;
	s64 seen = atomic64_read_acquire(newest);
	s64 now_ns;

	smp_mb(); /* the clock is read after what was seen */
	now_ns = tocsin_clock_ns();
	if (now_ns < seen)
		return false;
	while (now_ns > seen && !atomic64_try_cmpxchg(newest, &seen, now_ns))
		;
	return true;
}

static void clock_never_goes_back(struct kunit *test)
{
	atomic64_t *newest = kunit_kzalloc(test, sizeof(*newest), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, newest);
	test_in_contexts(test, clock_read, newest, ROUNDS);
}

/* No sleep in between, so taking the time suspended anew changes nothing. */
static void resuming_without_a_suspend_keeps_the_time(struct kunit *test)
{
	u64 before_ns, after_ns;
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		before_ns = tocsin_clock_ns();
		tocsin_clock_resume();
		after_ns = tocsin_clock_ns();
		/* Boot time and monotonic time are read one after the other. */
		KUNIT_EXPECT_GE(test, after_ns + NSEC_PER_MSEC, before_ns);
	}
}

static void wall_clock_is_an_offset_away(struct kunit *test)
{
	u64 wall_ns = tocsin_clock_ns() + tocsin_clock_real_offset_ns();

	KUNIT_EXPECT_LE(test, abs((s64)(ktime_get_real_ns() - wall_ns)), NSEC_PER_SEC);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(clock_never_goes_back),
	KUNIT_CASE(resuming_without_a_suspend_keeps_the_time),
	KUNIT_CASE(wall_clock_is_an_offset_away),
	{}
};

static struct kunit_suite suite = {
	.name = "tocsin_clock",
	.test_cases = cases,
};

kunit_test_suite(suite);
