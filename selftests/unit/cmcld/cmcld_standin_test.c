// SPDX-License-Identifier: GPL-2.0-or-later
/* Who renews while requests keep the real-time thread: from when on, until when. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>
#include <stdatomic.h>

#include "cmcld_standin.h"

#define PERIOD_MS	20
#define LONGEST_MS	400
#define PATIENCE_MS	60000
/* Of those tests in which nobody may renew: a machine that stands still is told apart. */
#define LONG_PERIOD_MS	400
#define TRIES		20

static atomic_uint renewals;

static void renew(void *arg)
{
	atomic_fetch_add(&renewals, 1);
}

static struct cmcld_standin *start_slow(u64 period_ms, u64 longest_ms)
{
	struct cmcld_standin *standin = NULL;

	atomic_store(&renewals, 0);
	assert_int_equal(cmcld_standin_start(period_ms * BASE_NS_PER_MS,
					     longest_ms * BASE_NS_PER_MS, 0, renew, NULL,
					     &standin), 0);
	return standin;
}

static struct cmcld_standin *start(u64 longest_ms)
{
	return start_slow(PERIOD_MS, longest_ms);
}

static void renews_during_a_request_only(void **state)
{
	struct cmcld_standin *standin = start(PATIENCE_MS);
	unsigned int after;
	int waited_ms;

	poll(NULL, 0, 5 * PERIOD_MS);
	assert_int_equal(atomic_load(&renewals), 0);
	cmcld_standin_begin(standin);
	for (waited_ms = 0; atomic_load(&renewals) < 3 && waited_ms < PATIENCE_MS; waited_ms++)
		poll(NULL, 0, 1);
	assert_true(cmcld_standin_end(standin) >= PERIOD_MS * BASE_NS_PER_MS);
	after = atomic_load(&renewals);
	assert_true(after >= 3);
	poll(NULL, 0, 5 * PERIOD_MS);
	assert_int_equal(atomic_load(&renewals), after);
	cmcld_standin_stop(standin);
}

static void a_request_that_does_not_end_is_given_up(void **state)
{
	struct cmcld_standin *standin = start(LONGEST_MS);
	unsigned int after;
	int waited_ms;

	cmcld_standin_begin(standin);
	poll(NULL, 0, LONGEST_MS + PERIOD_MS);
	after = atomic_load(&renewals);
	poll(NULL, 0, 5 * PERIOD_MS);
	assert_int_equal(atomic_load(&renewals), after);
	assert_true(after <= LONGEST_MS / PERIOD_MS);
	cmcld_standin_end(standin);
	after = atomic_load(&renewals);
	/* The next one counts from its own beginning. */
	cmcld_standin_begin(standin);
	for (waited_ms = 0; atomic_load(&renewals) == after && waited_ms < PATIENCE_MS; waited_ms++)
		poll(NULL, 0, 1);
	assert_true(atomic_load(&renewals) > after);
	cmcld_standin_stop(standin);
}

/* Each far shorter than a period, and the lease would end all the same. */
static void short_waits_count_together(void **state)
{
	struct cmcld_standin *standin = start_slow(LONG_PERIOD_MS, PATIENCE_MS);
	u64 told_ns = 0, waited_ns;
	int waits;

	for (waits = 0; atomic_load(&renewals) < 3 && waits < PATIENCE_MS / 100; waits++) {
		cmcld_standin_begin(standin);
		poll(NULL, 0, 100);
		waited_ns = cmcld_standin_end(standin);
		if (waited_ns)
			told_ns = waited_ns;
	}
	assert_true(atomic_load(&renewals) >= 3);
	/* What is told is all of them. */
	assert_true(told_ns >= 2 * LONG_PERIOD_MS * BASE_NS_PER_MS);
	cmcld_standin_renewed(standin);
	cmcld_standin_begin(standin);
	assert_true(cmcld_standin_end(standin) < told_ns);
	cmcld_standin_stop(standin);
}

/* Rounds of a request that takes @wait_ms. Return: how long the longest of them took. */
static u64 rounds(struct cmcld_standin *standin, int wait_ms, bool renew_each)
{
	u64 begun_ns = base_clock_ns(), before_ns, took_ns, longest_ns = 0;

	cmcld_standin_renewed(standin);
	do {
		before_ns = base_clock_ns();
		cmcld_standin_begin(standin);
		if (wait_ms)
			poll(NULL, 0, wait_ms);
		cmcld_standin_end(standin);
		if (renew_each)
			cmcld_standin_renewed(standin);
		took_ns = base_clock_ns() - before_ns;
		if (took_ns > longest_ns)
			longest_ns = took_ns;
	} while (before_ns - begun_ns < 3 * LONG_PERIOD_MS * BASE_NS_PER_MS);
	return longest_ns;
}

/* Nobody may renew, unless the machine has stood still for @limit_ms: then once more. */
static void none_renews(int wait_ms, bool renew_each, u64 limit_ms)
{
	unsigned int renewed;
	u64 longest_ns;
	int tries = 0;

	do {
		struct cmcld_standin *standin = start_slow(LONG_PERIOD_MS, PATIENCE_MS);

		longest_ns = rounds(standin, wait_ms, renew_each);
		renewed = atomic_load(&renewals);
		cmcld_standin_stop(standin);
	} while (renewed && longest_ns >= limit_ms * BASE_NS_PER_MS && ++tries < TRIES);
	assert_int_equal(renewed, 0);
}

static void own_renewals_need_none_instead(void **state)
{
	none_renews(LONG_PERIOD_MS / 5, true, LONG_PERIOD_MS / 2);
}

/* A handler that never ends is a cmcld that hangs, and not one that is kept waiting. */
static void quick_requests_are_no_waits(void **state)
{
	none_renews(0, false, LONG_PERIOD_MS / 16);
}

static void nobody_stands_in_without_one(void **state)
{
	cmcld_standin_renewed(NULL);
	cmcld_standin_begin(NULL);
	assert_int_equal(cmcld_standin_end(NULL), 0);
	cmcld_standin_stop(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(renews_during_a_request_only),
		cmocka_unit_test(a_request_that_does_not_end_is_given_up),
		cmocka_unit_test(short_waits_count_together),
		cmocka_unit_test(own_renewals_need_none_instead),
		cmocka_unit_test(quick_requests_are_no_waits),
		cmocka_unit_test(nobody_stands_in_without_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
