// SPDX-License-Identifier: GPL-2.0-or-later
/* Paths for readers: a kernel that does not answer keeps nobody who asks. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdatomic.h>
#include <unistd.h>

#include "cmcld_fake_nl.h"
#include "cmcld_paths.h"

#define PATIENCE_S	60

static atomic_bool stall;
static atomic_bool stalled;

/* One peer with one path, which is up; or a wait for another family's request. */
static int list(struct nl_peer *peer, size_t max, size_t *count)
{
	while (atomic_load(&stall)) {
		atomic_store(&stalled, true);
		poll(NULL, 0, 1);
	}
	memset(peer, 0, sizeof(*peer));
	peer->info.id = 2;
	peer->info.paths = 1;
	peer->path[0].info.state = CORE_PATH_UP;
	*count = 1;
	return 0;
}

static const struct cmcld_paths *wait_count(struct cmcld_paths_reader *reader, int count)
{
	u64 until = base_clock_ns() + PATIENCE_S * BASE_NS_PER_S;
	const struct cmcld_paths *paths;

	while ((paths = cmcld_paths_read(reader))->count != count && base_clock_ns() < until)
		poll(NULL, 0, 10);
	assert_int_equal(paths->count, count);
	return paths;
}

static void paths_are_read(void **state)
{
	struct cmcld_paths_reader *reader = cmcld_paths_create(1);

	assert_non_null(reader);
	assert_string_equal(cmcld_paths_status(wait_count(reader, 1), 2, 0), "up");
	cmcld_paths_destroy(reader);
}

/* Without a thread of its own the first of these reads would not come back. */
static void a_kernel_that_stalls_keeps_no_reader(void **state)
{
	struct cmcld_paths_reader *reader = cmcld_paths_create(1);
	const struct cmcld_paths *paths;

	assert_non_null(reader);
	alarm(2 * PATIENCE_S);
	wait_count(reader, 1);
	atomic_store(&stall, true);
	wait_count(reader, 0);
	while (!atomic_load(&stalled))
		poll(NULL, 0, 1);
	poll(NULL, 0, 200);
	paths = cmcld_paths_read(reader);
	assert_int_equal(paths->count, 0);
	assert_string_equal(cmcld_paths_status(paths, 2, 0), "unknown");
	atomic_store(&stall, false);
	wait_count(reader, 1);
	cmcld_paths_destroy(reader);
	alarm(0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_are_read),
		cmocka_unit_test(a_kernel_that_stalls_keeps_no_reader),
	};

	fake_peer_list = list;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
