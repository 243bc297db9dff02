// SPDX-License-Identifier: GPL-2.0-or-later
/* What systemd is told, when, and what one that does not read does. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <tocsin/base.h>

#include "cmcld_keepalive.h"

#define WATCHDOG_USEC	"120000"
#define PERIOD_MS	20
#define PATIENCE_MS	60000
#define SENDERS_MAX	64

static char dir[] = "/tmp/cmcld-keepalive-XXXXXX";
static struct sockaddr_un address = { .sun_family = AF_UNIX };
static int systemd;
static struct cmcld_publisher *publisher;

static struct cmcld_keepalive *start_patient(u64 silence_ns)
{
	const struct cmcld_keepalive_config config = {
		.publisher = publisher, .silence_ns = silence_ns,
	};
	struct cmcld_keepalive *keepalive = NULL;

	alarm(2 * PATIENCE_MS / 1000);
	assert_int_equal(cmcld_keepalive_start(&config, &keepalive), 0);
	return keepalive;
}

static struct cmcld_keepalive *start(void)
{
	return start_patient(2 * PATIENCE_MS * BASE_NS_PER_MS);
}

/* A message within @patience_ms. Return: whether one came. */
static bool receive(char text[32], int patience_ms)
{
	struct pollfd fd = { .fd = systemd, .events = POLLIN };
	ssize_t size;

	if (poll(&fd, 1, patience_ms) <= 0)
		return false;
	size = recv(systemd, text, 31, MSG_DONTWAIT);
	if (size < 0)
		return false;
	text[size] = '\0';
	return true;
}

static void nobody_is_told_where_no_systemd_is(void **state)
{
	struct cmcld_keepalive *keepalive;

	unsetenv("NOTIFY_SOCKET");
	keepalive = start();
	setenv("NOTIFY_SOCKET", address.sun_path, 1);
	assert_null(keepalive);
	cmcld_keepalive_stopping(keepalive);
	cmcld_keepalive_beat(keepalive);
	cmcld_keepalive_stop(keepalive);
}

static void a_thread_that_never_ran_is_not_alive(void **state)
{
	struct cmcld_keepalive *keepalive = start();
	char text[32];

	assert_false(receive(text, 10 * PERIOD_MS));
	cmcld_publisher_beat(publisher, false);
	assert_true(receive(text, PATIENCE_MS));
	assert_string_equal(text, "WATCHDOG=1");
	cmcld_keepalive_stop(keepalive);
}

/* By nobody's help: nothing else runs in this process. */
static void an_armed_one_is_fed_again_and_again(void **state)
{
	struct cmcld_keepalive *keepalive;
	char text[32];
	int i;

	cmcld_publisher_beat(publisher, true);
	keepalive = start();
	for (i = 0; i < 5; i++) {
		assert_true(receive(text, PATIENCE_MS));
		assert_string_equal(text, "WATCHDOG=1");
	}
	cmcld_keepalive_stop(keepalive);
}

/* Until one that has sent nothing yet has no room either. */
static void fill(int sender[SENDERS_MAX])
{
	int i, sent = 1;

	for (i = 0; i < SENDERS_MAX && sent; i++) {
		sender[i] = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		assert_int_equal(connect(sender[i], (struct sockaddr *)&address,
					 sizeof(address)), 0);
		for (sent = 0; send(sender[i], "FILLER=1", 8, MSG_DONTWAIT) == 8; sent++)
			;
	}
	assert_int_equal(sent, 0);
}

static void a_full_queue_delays_and_loses_nothing(void **state)
{
	struct cmcld_keepalive *keepalive;
	int sender[SENDERS_MAX] = { };
	char text[32];
	int i, fillers = 0;

	fill(sender);
	cmcld_publisher_beat(publisher, true);
	keepalive = start();
	poll(NULL, 0, 5 * PERIOD_MS);
	while (receive(text, PATIENCE_MS) && strcmp(text, "WATCHDOG=1"))
		fillers++;
	assert_true(fillers > 0);
	assert_string_equal(text, "WATCHDOG=1");
	cmcld_keepalive_stop(keepalive);
	for (i = 0; i < SENDERS_MAX; i++)
		if (sender[i])
			close(sender[i]);
}

/* ---- a stop ---- */

/* Within @patience_ms, whatever else comes. Return: whether it came. */
static bool extended(int patience_ms)
{
	u64 until_ns = base_clock_ns() + (u64)patience_ms * BASE_NS_PER_MS;
	char text[32];

	while (base_clock_ns() < until_ns && receive(text, patience_ms))
		if (!strcmp(text, "EXTEND_TIMEOUT_USEC=60000000"))
			return true;
	return false;
}

static void a_stop_of_an_armed_one_gets_time_again_and_again(void **state)
{
	struct cmcld_keepalive *keepalive;
	int i;

	cmcld_publisher_beat(publisher, true);
	keepalive = start();
	assert_false(extended(10 * PERIOD_MS));
	cmcld_keepalive_stopping(keepalive);
	for (i = 0; i < 5; i++)
		assert_true(extended(PATIENCE_MS));
	cmcld_keepalive_stop(keepalive);
}

static void a_stop_gets_time_without_a_watchdog(void **state)
{
	struct cmcld_keepalive *keepalive;
	char text[32];

	cmcld_publisher_beat(publisher, true);
	unsetenv("WATCHDOG_USEC");
	keepalive = start();
	setenv("WATCHDOG_USEC", WATCHDOG_USEC, 1);
	cmcld_keepalive_stopping(keepalive);
	assert_true(receive(text, PATIENCE_MS));
	assert_string_equal(text, "EXTEND_TIMEOUT_USEC=60000000");
	cmcld_keepalive_stop(keepalive);
}

static void a_stop_of_one_that_is_not_armed_gets_none(void **state)
{
	struct cmcld_keepalive *keepalive;

	cmcld_publisher_beat(publisher, false);
	keepalive = start();
	cmcld_keepalive_stopping(keepalive);
	assert_false(extended(10 * PERIOD_MS));
	/* It is no stop that hangs: armed, the same one gets it. */
	cmcld_publisher_beat(publisher, true);
	assert_true(extended(PATIENCE_MS));
	cmcld_keepalive_stop(keepalive);
}

static void a_stop_gets_none_while_the_main_thread_hangs(void **state)
{
	struct cmcld_keepalive *keepalive;
	bool came;

	cmcld_publisher_beat(publisher, true);
	/* Any wait is too long for this one; but for none at all. */
	keepalive = start_patient(1);
	cmcld_keepalive_stopping(keepalive);
	assert_false(extended(10 * PERIOD_MS));
	cmcld_keepalive_stop(keepalive);
	keepalive = start();
	cmcld_keepalive_stopping(keepalive);
	came = extended(PATIENCE_MS);
	cmcld_keepalive_stop(keepalive);
	assert_true(came);
}

static int setup(void **state)
{
	char text[32];

	publisher = cmcld_publisher_create();
	while (receive(text, 0))
		;
	return publisher ? 0 : -1;
}

static int teardown(void **state)
{
	cmcld_publisher_destroy(publisher);
	return 0;
}

static int group_setup(void **state)
{
	if (!mkdtemp(dir))
		return -1;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/notify", dir);
	setenv("NOTIFY_SOCKET", address.sun_path, 1);
	setenv("WATCHDOG_USEC", WATCHDOG_USEC, 1);
	unsetenv("WATCHDOG_PID");
	systemd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return bind(systemd, (struct sockaddr *)&address, sizeof(address));
}

static int group_teardown(void **state)
{
	close(systemd);
	unlink(address.sun_path);
	return rmdir(dir);
}

#define TEST(test)	cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nobody_is_told_where_no_systemd_is),
		TEST(a_thread_that_never_ran_is_not_alive),
		TEST(an_armed_one_is_fed_again_and_again),
		TEST(a_full_queue_delays_and_loses_nothing),
		TEST(a_stop_of_an_armed_one_gets_time_again_and_again),
		TEST(a_stop_gets_time_without_a_watchdog),
		TEST(a_stop_of_one_that_is_not_armed_gets_none),
		TEST(a_stop_gets_none_while_the_main_thread_hangs),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
