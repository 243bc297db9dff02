// SPDX-License-Identifier: GPL-2.0-or-later
/* Options file: what is taken, what is refused, and how it is said. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "cmcld_config.h"
#include "cmcld_watchdog.h"

#include <tocsin/base.h>

static int read_text(const char *text, struct cmcld_options *options,
		     char error[CMCLD_CONFIG_TEXT_MAX])
{
	char copy[256];

	strncpy(copy, text, sizeof(copy) - 1);
	copy[sizeof(copy) - 1] = '\0';
	error[0] = '\0';
	return cmcld_config_options("f", copy, options, error);
}

static void options_are_read(void **state)
{
	char error[CMCLD_CONFIG_TEXT_MAX];
	struct cmcld_options options = { };

	assert_int_equal(read_text("# comment\n\n AUTOSTART_CMCLD = 1 \n"
				   "CMCLD_PRIORITY_BELOW_MAX=30\nCMCLD_ON_DETACH_MS=250\n",
				   &options, error), 0);
	assert_true(options.autostart);
	assert_int_equal(options.priority_below_max, 30);
	assert_int_equal(options.on_detach_ns, 250000000);
	assert_string_equal(options.watchdog, "");
	assert_int_equal(read_text("CMCLD_WATCHDOG=/dev/watchdog1\n"
				   "CMCLD_WATCHDOG_TIMEOUT_S=90\n", &options, error), 0);
	assert_string_equal(options.watchdog, "/dev/watchdog1");
	assert_int_equal(options.watchdog_timeout_s, 90);
	assert_int_equal(read_text("CMCLD_WATCHDOG=none\n", &options, error), 0);
	assert_string_equal(options.watchdog, "");
}

static void the_watchdog_comes_after_the_kernel(void **state)
{
	char error[CMCLD_CONFIG_TEXT_MAX] = "";

	assert_int_equal(cmcld_watchdog_timeout(0, 5100 * BASE_NS_PER_MS, error), 60);
	assert_int_equal(cmcld_watchdog_timeout(0, 300 * BASE_NS_PER_S, error), 302);
	assert_int_equal(cmcld_watchdog_timeout(8, 5100 * BASE_NS_PER_MS, error), 8);
	assert_string_equal(error, "");
	assert_int_equal(cmcld_watchdog_timeout(7, 5100 * BASE_NS_PER_MS, error), 0);
	assert_non_null(strstr(error, "at least 8"));
}

static void a_watchdog_that_is_none_is_refused(void **state)
{
	static const char *const bad[] = { "/dev/null", "/dev/nothing", "/etc/passwd" };
	char error[CMCLD_CONFIG_TEXT_MAX];
	struct cmcld_watchdog *watchdog;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		error[0] = '\0';
		assert_int_equal(cmcld_watchdog_create(bad[i], 60, &watchdog, error), -ENODEV);
		assert_null(watchdog);
		assert_non_null(strstr(error, bad[i]));
		assert_non_null(strstr(error, "/dev/watchdog"));
	}
	assert_int_equal(cmcld_watchdog_create("", 60, &watchdog, error), 0);
	assert_null(watchdog);
	assert_int_equal(cmcld_watchdog_start(watchdog), 0);
	assert_int_equal(cmcld_watchdog_feed(watchdog), 0);
	assert_int_equal(cmcld_watchdog_stop(watchdog), 0);
}

static void faults_name_their_line(void **state)
{
	static const char *const bad[] = {
		"\nAUTOSTART_CMCLD", "\nAUTOSTART_CMCLD=2", "\nAUTOSTART_CMCLD=",
		"\nAUTOSTART=1", "\nCMCLD_PRIORITY_BELOW_MAX=97",
		"\nCMCLD_ON_DETACH_MS=-1", "\nCMCLD_WATCHDOG=auto", "\nCMCLD_WATCHDOG=",
		"\nCMCLD_WATCHDOG_TIMEOUT_S=0",
	};
	char error[CMCLD_CONFIG_TEXT_MAX];
	struct cmcld_options options;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(read_text(bad[i], &options, error), -EINVAL);
		assert_memory_equal(error, "f:2: ", 5);
		assert_non_null(strstr(error, "CMCLD"));
	}
}

static void missing_configuration_says_what_to_do(void **state)
{
	const struct cmcld_config_places places = {
		.conf = "/nonexistent/cmclconfig", .options = "/nonexistent/options",
	};
	char error[CMCLD_CONFIG_TEXT_MAX] = "";
	struct cmcld_config config;

	assert_int_equal(cmcld_config_load(&places, &config, error), -ENOENT);
	assert_non_null(strstr(error, "cmapplyconf"));
	assert_null(config.conf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_are_read),
		cmocka_unit_test(faults_name_their_line),
		cmocka_unit_test(the_watchdog_comes_after_the_kernel),
		cmocka_unit_test(a_watchdog_that_is_none_is_refused),
		cmocka_unit_test(missing_configuration_says_what_to_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
