// SPDX-License-Identifier: GPL-2.0-or-later
/* Snapshots: a reader sees one whole state, and never holds up the writer. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <urcu/urcu-memb.h>

#include <tocsin/base.h>

#include "cmcld_snapshot.h"

static void nothing_before_the_first(void **state)
{
	struct cmcld_publisher *publisher = cmcld_publisher_create();

	cmcld_snapshot_thread_begin();
	assert_null(cmcld_snapshot_get(publisher));
	cmcld_snapshot_put(publisher);
	cmcld_snapshot_thread_end();
	cmcld_publisher_destroy(publisher);
}

/* While a reader stays, the writer runs out of copies and is told so at once;
 * when the reader leaves, copies come back. */
static void slow_reader_costs_copies_not_time(void **state)
{
	struct cmcld_publisher *publisher = cmcld_publisher_create();
	struct cmcld_snapshot *snapshot;
	const struct cmcld_snapshot *held;
	int made = 0;

	cmcld_snapshot_thread_begin();
	snapshot = cmcld_snapshot_begin(publisher);
	snapshot->t_ns = 42;
	cmcld_snapshot_publish(publisher, snapshot);
	held = cmcld_snapshot_get(publisher);
	while ((snapshot = cmcld_snapshot_begin(publisher))) {
		cmcld_snapshot_publish(publisher, snapshot);
		assert_true(++made < 100);
	}
	assert_int_equal(held->t_ns, 42);
	assert_int_equal(held->change, 1);
	cmcld_snapshot_put(publisher);
	urcu_memb_barrier();
	assert_non_null(cmcld_snapshot_begin(publisher));
	cmcld_snapshot_thread_end();
	cmcld_publisher_destroy(publisher);
}

/* No age is young enough for a limit of nothing. */
static void beats_count_until_the_kernel_watches(void **state)
{
	struct cmcld_publisher *publisher = cmcld_publisher_create();

	assert_false(cmcld_publisher_lives(publisher, 0));
	cmcld_publisher_beat(publisher, false);
	assert_false(cmcld_publisher_lives(publisher, 0));
	assert_true(cmcld_publisher_lives(publisher, 60 * BASE_NS_PER_S));
	cmcld_publisher_beat(publisher, true);
	assert_true(cmcld_publisher_lives(publisher, 0));
	cmcld_publisher_beat(publisher, false);
	assert_false(cmcld_publisher_lives(publisher, 0));
	cmcld_publisher_destroy(publisher);
}

static atomic_bool stop;

static void *read_always(void *arg)
{
	struct cmcld_publisher *publisher = arg;
	u64 last = 0;

	cmcld_snapshot_thread_begin();
	while (!atomic_load(&stop)) {
		const struct cmcld_snapshot *snapshot = cmcld_snapshot_get(publisher);

		if (snapshot) {
			core_assert(snapshot->change >= last);
			core_assert(snapshot->t_ns == snapshot->change);
			core_assert(snapshot->package[CONF_PACKAGES_MAX - 1].run ==
				    (u32)snapshot->change);
			last = snapshot->change;
		}
		cmcld_snapshot_put(publisher);
	}
	cmcld_snapshot_thread_end();
	return NULL;
}

static void readers_see_whole_states(void **state)
{
	struct cmcld_publisher *publisher = cmcld_publisher_create();
	struct cmcld_snapshot *snapshot;
	pthread_t thread[2];
	int published = 0;

	cmcld_snapshot_thread_begin();
	pthread_create(&thread[0], NULL, read_always, publisher);
	pthread_create(&thread[1], NULL, read_always, publisher);
	while (published < 300) {
		snapshot = cmcld_snapshot_begin(publisher);
		if (!snapshot)
			continue;
		snapshot->t_ns = snapshot->change;
		snapshot->package[CONF_PACKAGES_MAX - 1].run = (u32)snapshot->change;
		cmcld_snapshot_publish(publisher, snapshot);
		published++;
	}
	atomic_store(&stop, true);
	pthread_join(thread[0], NULL);
	pthread_join(thread[1], NULL);
	cmcld_snapshot_thread_end();
	cmcld_publisher_destroy(publisher);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_before_the_first),
		cmocka_unit_test(slow_reader_costs_copies_not_time),
		cmocka_unit_test(beats_count_until_the_kernel_watches),
		cmocka_unit_test(readers_see_whole_states),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
