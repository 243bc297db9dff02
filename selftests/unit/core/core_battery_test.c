// SPDX-License-Identifier: GPL-2.0-or-later
/* The battery clock: what its whole seconds can tell, and what is done with it. */
#include "core_battery.h"
#include "core_world.h"

#define S	((s64)CORE_NS_PER_S)
/* The real difference of the two clocks; any. */
#define OFFSET	(1700000000 * S + 123456789)

struct pair {
	struct core_battery battery;
	u64 now_ns;
	s64 offset_ns;
	unsigned int seed;
};

static u64 look(struct pair *pair)
{
	u64 late_ns = rand_r(&pair->seed) % (3 * MS);
	s64 battery_ns = (s64)pair->now_ns + (s64)late_ns / 2 + pair->offset_ns;

	return core_battery_look(&pair->battery, pair->now_ns, pair->now_ns + late_ns,
				 battery_ns / S);
}

static struct pair pair_make(unsigned int seed)
{
	struct pair pair = { .now_ns = 5 * S + seed * 37 * MS, .offset_ns = OFFSET,
			     .seed = seed };

	return pair;
}

static void go(struct pair *pair, unsigned int rounds, s64 ppm)
{
	for (; rounds; rounds--) {
		u64 step_ns = 430 * MS + rand_r(&pair->seed) % (20 * MS);

		pair->now_ns += step_ns;
		pair->offset_ns += (s64)step_ns / 1000000 * ppm;
		assert_int_equal(look(pair), 0);
	}
}

static void clocks_that_drift_are_no_jump(void **state)
{
	static const s64 ppm[] = { 0, 500, -500, 999, -999 };
	unsigned int seed;

	for (seed = 0; seed < 100; seed++) {
		struct pair pair = pair_make(seed);

		go(&pair, 2000, ppm[seed % 5]);
	}
}

/* What is told is never less than what was, and less than a second and a half more. */
static void a_stop_is_measured(void **state)
{
	unsigned int seed;

	for (seed = 0; seed < 500; seed++) {
		struct pair pair = pair_make(seed);
		s64 stop_ns = 1300 * MS + seed * 20 * MS;
		u64 told_ns;

		go(&pair, 20 + seed % 50, 100);
		pair.offset_ns += stop_ns;
		pair.now_ns += 430 * MS;
		told_ns = look(&pair);
		assert_true(told_ns >= (u64)stop_ns);
		assert_true(told_ns < (u64)stop_ns + 1500 * MS);
		go(&pair, 50, 100);
	}
}

/* Shorter than a second it may take some readings, or not be seen. */
static void a_short_stop_is_seen_within_a_second(void **state)
{
	unsigned int seed, seen = 0, round;

	for (seed = 0; seed < 100; seed++) {
		struct pair pair = pair_make(seed);

		go(&pair, 60, 0);
		pair.offset_ns += 800 * MS;
		for (round = 0; round < 3; round++) {
			pair.now_ns += 430 * MS;
			if (look(&pair)) {
				seen++;
				break;
			}
		}
	}
	assert_true(seen > 90);
}

static void a_clock_that_is_set_back_is_followed(void **state)
{
	struct pair pair = pair_make(1);

	go(&pair, 10, 0);
	pair.offset_ns -= 3600 * S;
	pair.now_ns += 430 * MS;
	assert_int_equal(look(&pair), 0);
	go(&pair, 10, 0);
	pair.offset_ns += 8 * S;
	pair.now_ns += 430 * MS;
	assert_true(look(&pair) >= 8 * CORE_NS_PER_S);
}

static void nonsense_is_no_reading(void **state)
{
	struct pair pair = pair_make(1);

	go(&pair, 10, 0);
	assert_int_equal(core_battery_look(&pair.battery, pair.now_ns, pair.now_ns, -1), 0);
	assert_int_equal(core_battery_look(&pair.battery, pair.now_ns, pair.now_ns,
					   INT64_MAX), 0);
	assert_int_equal(core_battery_look(&pair.battery, pair.now_ns, pair.now_ns - 1,
					   1700000000), 0);
	go(&pair, 10, 0);
}

static void lone_node_needs_nobody(void **state)
{
	struct world *w = world_make(1);
	struct core *core = w->node[1];

	assert_true(core_stood_still(core, w->now_ns));
	assert_int_equal(core_arm(core, w->now_ns), 0);
	assert_true(core_stood_still(core, w->now_ns));
	assert_int_equal(core_check(core, w->now_ns), CORE_VERDICT_NONE);
	world_free(w);
}

/* Acknowledged since: as good as ever, whatever happened before. */
static void acknowledged_since_it_goes_on(void **state)
{
	struct world *w = world_formed(3);
	u64 since_ns;

	since_ns = w->now_ns;
	world_run(w, 3);
	assert_true(core_stood_still(w->node[1], since_ns));
	assert_int_equal(core_check(w->node[1], w->now_ns), CORE_VERDICT_NONE);
	world_free(w);
}

static void cut_off_it_goes_down(void **state)
{
	struct world *w = world_formed(3);
	u64 since_ns;

	since_ns = w->now_ns + 1;
	w->cut[1][2] = w->cut[2][1] = w->cut[1][3] = w->cut[3][1] = true;
	world_run(w, 3);
	assert_int_equal(core_check(w->node[1], w->now_ns), CORE_VERDICT_NONE);
	assert_false(core_stood_still(w->node[1], since_ns));
	assert_int_equal(core_check(w->node[1], w->now_ns), CORE_VERDICT_STOPPED);
	assert_int_equal(core_check(w->node[2], w->now_ns), CORE_VERDICT_NONE);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clocks_that_drift_are_no_jump),
		cmocka_unit_test(a_stop_is_measured),
		cmocka_unit_test(a_short_stop_is_seen_within_a_second),
		cmocka_unit_test(a_clock_that_is_set_back_is_followed),
		cmocka_unit_test(nonsense_is_no_reading),
		cmocka_unit_test(lone_node_needs_nobody),
		cmocka_unit_test(acknowledged_since_it_goes_on),
		cmocka_unit_test(cut_off_it_goes_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
