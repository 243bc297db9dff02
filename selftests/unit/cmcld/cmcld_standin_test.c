// SPDX-License-Identifier: GPL-2.0-or-later
/* Who renews while a request keeps the real-time thread: from when on, until when. */
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

static atomic_uint renewals;

static void renew(void *arg)
{
	atomic_fetch_add(&renewals, 1);
}

static struct cmcld_standin *start(u64 longest_ms)
{
	struct cmcld_standin *standin = NULL;

	atomic_store(&renewals, 0);
	assert_int_equal(cmcld_standin_start(PERIOD_MS * BASE_NS_PER_MS,
					     longest_ms * BASE_NS_PER_MS, 0, renew, NULL,
					     &standin), 0);
	return standin;
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
	/* The next one counts from its own beginning. */
	cmcld_standin_begin(standin);
	for (waited_ms = 0; atomic_load(&renewals) == after && waited_ms < PATIENCE_MS; waited_ms++)
		poll(NULL, 0, 1);
	assert_true(atomic_load(&renewals) > after);
	cmcld_standin_stop(standin);
}

static void nobody_stands_in_without_one(void **state)
{
	cmcld_standin_begin(NULL);
	assert_int_equal(cmcld_standin_end(NULL), 0);
	cmcld_standin_stop(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(renews_during_a_request_only),
		cmocka_unit_test(a_request_that_does_not_end_is_given_up),
		cmocka_unit_test(nobody_stands_in_without_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
