// SPDX-License-Identifier: GPL-2.0-or-later
/* Who feeds the hardware: with what, in which order, and who waits for a driver. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "cmcld_feeder.h"

#define PERIOD_MS	10
#define PATIENCE_MS	60000
#define PATIENCE_S	(PATIENCE_MS / 1000)

/* The driver: what it was asked to do, and where it hangs. */
static struct {
	pthread_mutex_t lock;
	char trace[32];			/* "sfffp": started, fed, stopped */
	char hang;			/* in this one */
	bool hanging;
	int err;			/* of the start */
} driver = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void work(char what)
{
	bool hang;

	pthread_mutex_lock(&driver.lock);
	if (strlen(driver.trace) < sizeof(driver.trace) - 1)
		driver.trace[strlen(driver.trace)] = what;
	pthread_mutex_unlock(&driver.lock);
	do {
		pthread_mutex_lock(&driver.lock);
		hang = driver.hang == what;
		driver.hanging = hang;
		pthread_mutex_unlock(&driver.lock);
	} while (hang && poll(NULL, 0, 1) == 0);
}

static int start(void *arg)
{
	int err;

	work('s');
	pthread_mutex_lock(&driver.lock);
	err = driver.err;
	pthread_mutex_unlock(&driver.lock);
	return err;
}

static int feed(void *arg)
{
	work('f');
	return 0;
}

static int stop(void *arg)
{
	work('p');
	return 0;
}

static const struct cmcld_feeder_ops ops = { .start = start, .feed = feed, .stop = stop };

static void hang_in(char what)
{
	pthread_mutex_lock(&driver.lock);
	driver.hang = what;
	pthread_mutex_unlock(&driver.lock);
}

static bool traced(const char *trace, bool hanging)
{
	bool same;

	pthread_mutex_lock(&driver.lock);
	same = !strcmp(driver.trace, trace) && driver.hanging == hanging;
	pthread_mutex_unlock(&driver.lock);
	return same;
}

static void wait_trace(const char *trace, bool hanging)
{
	int waited_ms;

	for (waited_ms = 0; !traced(trace, hanging) && waited_ms < PATIENCE_MS; waited_ms++)
		poll(NULL, 0, 1);
	if (!traced(trace, hanging))
		print_error("wanted \"%s\", not \"%s\"\n", trace, driver.trace);
	assert_true(traced(trace, hanging));
}

static void wait_running(struct cmcld_feeder *feeder, bool running)
{
	int waited_ms;

	for (waited_ms = 0; cmcld_feeder_running(feeder) != running &&
			    waited_ms < PATIENCE_MS; waited_ms++)
		poll(NULL, 0, 1);
	assert_int_equal(cmcld_feeder_running(feeder), running);
}

/* Who waits for the driver below waits for good, but for this. */
static struct cmcld_feeder *create(int err)
{
	struct cmcld_feeder *feeder = NULL;

	alarm(2 * PATIENCE_S);
	memset(driver.trace, 0, sizeof(driver.trace));
	driver.hang = 0;
	driver.err = err;
	assert_int_equal(cmcld_feeder_create(&ops, NULL, PERIOD_MS * BASE_NS_PER_MS, 0,
					     &feeder), 0);
	return feeder;
}

static void feeds_what_was_renewed_and_no_more(void **state)
{
	struct cmcld_feeder *feeder = create(0);

	cmcld_feeder_renewed(feeder);
	poll(NULL, 0, 5 * PERIOD_MS);
	assert_true(traced("", false));
	assert_false(cmcld_feeder_running(feeder));
	cmcld_feeder_begin(feeder);
	wait_running(feeder, true);
	poll(NULL, 0, 5 * PERIOD_MS);
	assert_true(traced("s", false));
	cmcld_feeder_renewed(feeder);
	wait_trace("sf", false);
	poll(NULL, 0, 5 * PERIOD_MS);
	assert_true(traced("sf", false));
	cmcld_feeder_renewed(feeder);
	wait_trace("sff", false);
	cmcld_feeder_end(feeder);
	wait_running(feeder, false);
	cmcld_feeder_renewed(feeder);
	poll(NULL, 0, 5 * PERIOD_MS);
	assert_true(traced("sffp", false));
	cmcld_feeder_destroy(feeder);
}

static void a_driver_that_hangs_keeps_nobody(void **state)
{
	struct cmcld_feeder *feeder = create(0);

	hang_in('s');
	cmcld_feeder_begin(feeder);
	wait_trace("s", true);
	cmcld_feeder_renewed(feeder);
	assert_false(cmcld_feeder_running(feeder));
	hang_in('f');
	wait_trace("sf", true);
	cmcld_feeder_renewed(feeder);
	cmcld_feeder_renewed(feeder);
	assert_true(cmcld_feeder_running(feeder));
	hang_in(0);
	/* Two renewals meanwhile are one reason to feed. */
	wait_trace("sff", false);
	hang_in('p');
	cmcld_feeder_end(feeder);
	wait_trace("sffp", true);
	cmcld_feeder_renewed(feeder);
	hang_in(0);
	cmcld_feeder_destroy(feeder);
	assert_true(traced("sffp", false));
}

/* The end of the program comes right after it has been told to. */
static void what_is_told_is_done_before_the_end(void **state)
{
	struct cmcld_feeder *feeder = create(0);

	cmcld_feeder_begin(feeder);
	wait_running(feeder, true);
	cmcld_feeder_end(feeder);
	cmcld_feeder_destroy(feeder);
	assert_true(traced("sp", false));
}

/* An end while armed is no end in order: the hardware counts on. */
static void an_end_without_order_stops_nothing(void **state)
{
	struct cmcld_feeder *feeder = create(0);

	cmcld_feeder_begin(feeder);
	wait_running(feeder, true);
	cmcld_feeder_destroy(feeder);
	assert_true(traced("s", false));
}

static void what_did_not_start_is_left_alone(void **state)
{
	struct cmcld_feeder *feeder = create(-EIO);

	cmcld_feeder_begin(feeder);
	wait_trace("s", false);
	cmcld_feeder_renewed(feeder);
	poll(NULL, 0, 5 * PERIOD_MS);
	assert_false(cmcld_feeder_running(feeder));
	cmcld_feeder_end(feeder);
	cmcld_feeder_destroy(feeder);
	assert_true(traced("s", false));
}

static void without_a_watchdog_nothing_happens(void **state)
{
	cmcld_feeder_begin(NULL);
	cmcld_feeder_renewed(NULL);
	assert_false(cmcld_feeder_running(NULL));
	cmcld_feeder_end(NULL);
	cmcld_feeder_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(feeds_what_was_renewed_and_no_more),
		cmocka_unit_test(a_driver_that_hangs_keeps_nobody),
		cmocka_unit_test(what_is_told_is_done_before_the_end),
		cmocka_unit_test(an_end_without_order_stops_nothing),
		cmocka_unit_test(what_did_not_start_is_left_alone),
		cmocka_unit_test(without_a_watchdog_nothing_happens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
