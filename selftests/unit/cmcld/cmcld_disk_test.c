// SPDX-License-Identifier: GPL-2.0-or-later
/* Disk thread: written in order, each answered, failures told. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <tocsin/base.h>

#include "cmcld_disk.h"

struct done {
	int count;
	u64 tag[16];
	int err[16];
};

static void on_done(void *arg, u64 tag, int err)
{
	struct done *done = arg;

	assert_true(done->count < 16);
	done->tag[done->count] = tag;
	done->err[done->count++] = err;
}

static void wait_for(struct cmcld_disk *disk, struct done *done, int count)
{
	struct pollfd fd = { .fd = cmcld_disk_fd(disk), .events = POLLIN };

	while (done->count < count) {
		assert_int_equal(poll(&fd, 1, 60000), 1);
		cmcld_disk_collect(disk, on_done, done);
	}
}

static void writes_reach_the_file_in_order(void **state)
{
	char dir[] = "/tmp/cmcld-disk-XXXXXX", path[64];
	struct cmcld_disk *disk;
	struct done done = { };
	char *text;
	int i;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/member", dir);
	assert_int_equal(cmcld_disk_start(path, 0, &disk), 0);
	for (i = 0; i < 8; i++) {
		char data[16];
		int size = snprintf(data, sizeof(data), "state %d", i);

		assert_int_equal(cmcld_disk_write(disk, 100 + (u64)i, data, (u32)size), 0);
	}
	assert_int_equal(cmcld_disk_write(disk, 1, "x", 1), -EAGAIN);
	wait_for(disk, &done, 8);
	for (i = 0; i < 8; i++) {
		assert_int_equal(done.tag[i], 100 + i);
		assert_int_equal(done.err[i], 0);
	}
	assert_int_equal(base_file_read(path, 100, &text), 7);
	assert_string_equal(text, "state 7");
	free(text);
	cmcld_disk_stop(disk);
	unlink(path);
	rmdir(dir);
}

static void failure_is_told(void **state)
{
	struct cmcld_disk *disk;
	struct done done = { };

	assert_int_equal(cmcld_disk_start("/proc/no/such/place", 0, &disk), 0);
	assert_int_equal(cmcld_disk_write(disk, 7, "x", 1), 0);
	wait_for(disk, &done, 1);
	assert_int_equal(done.tag[0], 7);
	assert_true(done.err[0] < 0);
	cmcld_disk_stop(disk);
}

static void too_large_is_refused(void **state)
{
	static u8 data[MEMBER_DISK_BYTES_MAX + 1];
	struct cmcld_disk *disk;

	assert_int_equal(cmcld_disk_start("/proc/no/such/place", 0, &disk), 0);
	assert_int_equal(cmcld_disk_write(disk, 7, data, sizeof(data)), -EMSGSIZE);
	cmcld_disk_stop(disk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_reach_the_file_in_order),
		cmocka_unit_test(failure_is_told),
		cmocka_unit_test(too_large_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
