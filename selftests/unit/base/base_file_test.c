// SPDX-License-Identifier: GPL-2.0-or-later
/* Files written whole or not at all; the clock. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <tocsin/base.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char directory[64];
static char path[96];

static int setup(void **state)
{
	snprintf(directory, sizeof(directory), "/tmp/tocsin-base-XXXXXX");
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/file", directory);
	return 0;
}

static int teardown(void **state)
{
	char temporary[128];

	snprintf(temporary, sizeof(temporary), "%s.new", path);
	rmdir(temporary);
	unlink(path);
	return rmdir(directory);
}

static void written_is_read_back(void **state)
{
	struct stat st;
	char *back;

	assert_int_equal(base_file_write(path, "one\0two", 7, 0640), 0);
	assert_int_equal(base_file_read(path, 7, &back), 7);
	assert_memory_equal(back, "one\0two\0", 8);
	free(back);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(base_file_write(path, "", 0, 0600), 0);
	assert_int_equal(base_file_read(path, 7, &back), 0);
	free(back);
}

static void too_large_is_refused(void **state)
{
	char *back;

	assert_int_equal(base_file_write(path, "12345678", 8, 0600), 0);
	assert_int_equal(base_file_read(path, 7, &back), -EFBIG);
	assert_null(back);
	assert_int_equal(base_file_read("/dev/zero", 7, &back), -EFBIG);
	assert_int_equal(base_file_read("/dev/null", 7, &back), 0);
	free(back);
}

static void failed_write_leaves_the_old_file(void **state)
{
	char temporary[128];
	char *back;

	assert_int_equal(base_file_write(path, "old", 3, 0600), 0);
	snprintf(temporary, sizeof(temporary), "%s.new", path);
	assert_int_equal(mkdir(temporary, 0700), 0);
	assert_int_equal(base_file_write(path, "new", 3, 0600), -EISDIR);
	assert_int_equal(base_file_read(path, 100, &back), 3);
	assert_string_equal(back, "old");
	free(back);
	assert_int_equal(base_file_read("/nowhere/file", 100, &back), -ENOENT);
	assert_int_equal(base_file_write("/nowhere/file", "x", 1, 0600), -ENOENT);
}

static u64 read_clock(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (u64)now.tv_sec * BASE_NS_PER_S + (u64)now.tv_nsec;
}

static void clock_is_raw_plus_suspended(void **state)
{
	unsigned int tries;
	s64 off = INT64_MAX;

	/* The best of some tries: this test may be preempted, too. */
	for (tries = 0; tries < 100; tries++) {
		u64 suspended = read_clock(CLOCK_BOOTTIME) - read_clock(CLOCK_MONOTONIC);
		u64 want = read_clock(CLOCK_MONOTONIC_RAW) + suspended;
		s64 difference = llabs((s64)(base_clock_ns() - want));

		if (difference < off)
			off = difference;
	}
	assert_true(off < 50 * (s64)BASE_NS_PER_US);
}

static void clock_never_goes_back(void **state)
{
	u64 start = base_clock_ns(), before = start, now = start;
	unsigned int i;

	for (i = 0; i < 100000; i++) {
		now = base_clock_ns();
		assert_true(now >= before);
		before = now;
	}
	poll(NULL, 0, 2);
	assert_true(base_clock_ns() - now >= 1 * BASE_NS_PER_MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(written_is_read_back, setup, teardown),
		cmocka_unit_test_setup_teardown(too_large_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(failed_write_leaves_the_old_file, setup, teardown),
		cmocka_unit_test(clock_is_raw_plus_suspended),
		cmocka_unit_test(clock_never_goes_back),
	};

	return cmocka_run_group_tests_name("base_file", tests, NULL, NULL);
}
