// SPDX-License-Identifier: GPL-2.0-or-later
/* Last words among members (Documentation/MEMBERSHIP, rule 7). */
#include "member_world_setup.h"

#define LONG_MS		6000

static struct world *together(u16 count, bool arbiter)
{
	struct world *w = world_make(count, arbiter);
	u16 id;

	world_run(w, LONG_MS);
	for (id = 1; id <= count; id++)
		assert_int_equal(world_members(w, id), (2u << count) - 2);
	return w;
}

static void a_view_without_it_comes_before_silence_is_noticed(void **state)
{
	struct world *w = together(3, false);
	u64 then;

	world_panic(w, 3);
	then = w->now_ns;
	/* No D, and no interval for promises: all of the view have spoken. */
	world_run(w, 50);
	assert_int_equal(world_members(w, 1), 0x6);
	assert_int_equal(world_members(w, 2), 0x6);
	assert_int_equal(w->node[1].seen.safe, 0);
	world_run(w, 100);
	assert_int_equal(w->node[1].seen.safe, 1);
	assert_int_equal(w->node[1].seen.safe_id, 3);
	/* The rest of TOC_MARGIN, for writes under way. */
	assert_true(w->node[1].seen.safe_at_ns >= then + MARGIN_NS);
	assert_true(w->node[2].seen.safe_at_ns >= then + MARGIN_NS);
	world_free(w);
}

static void half_lives_on_without_an_arbiter(void **state)
{
	struct world *w = together(2, false);

	world_panic(w, 1);
	world_run(w, 50);
	assert_int_equal(world_members(w, 2), 0x4);
	world_run(w, LONG_MS);
	assert_true(w->node[2].alive);
	world_free(w);
}

static void half_dies_when_the_other_only_falls_silent(void **state)
{
	struct world *w = together(2, false);

	world_crash(w, 1);
	world_run(w, LONG_MS);
	assert_false(w->node[2].alive);
	world_free(w);
}

static void an_arbiter_of_the_view_is_asked_all_the_same(void **state)
{
	struct world *w = together(2, true);

	w->arbiter_up = false;
	world_panic(w, 1);
	world_run(w, LONG_MS);
	assert_false(w->node[2].alive);
	world_free(w);

	w = together(2, true);
	world_panic(w, 1);
	world_run(w, 200);
	assert_int_equal(world_members(w, 2), 0x4);
	assert_int_equal(w->arbiter.accepted.view.count, 1);
	world_free(w);
}

static void fewer_than_half_die(void **state)
{
	struct world *w = together(3, false);

	world_panic(w, 1);
	world_panic(w, 2);
	world_run(w, LONG_MS);
	assert_false(w->node[3].alive);
	world_free(w);
}

/* They come when the view without it is there, waiting for its silence. */
static void late_ones_end_the_wait(void **state)
{
	struct world *w = together(3, false);
	u8 buf[CORE_GASP_SIZE];

	assert_int_equal(core_gasp_write(&w->node[3].core, 1, 0, w->now_ns, buf),
			 CORE_GASP_SIZE);
	world_crash(w, 3);
	world_run(w, 900);
	assert_int_equal(world_members(w, 1), 0x6);
	assert_int_equal(w->node[1].seen.safe, 0);
	core_gasp_receive(&w->node[1].core, 3, 0, w->now_ns, buf);
	world_run(w, 102);
	assert_int_equal(w->node[1].seen.safe, 1);
	assert_int_equal(w->node[2].seen.safe, 0);
	world_free(w);
}

static void no_promise_is_said_that_the_kernel_does_not_know(void **state)
{
	struct world *w = together(3, false);
	struct core_gasp gasp;
	struct core_hb hb;
	u8 buf[CORE_GASP_SIZE];
	u32 i, promises = 0;

	world_crash(w, 3);
	while (!promises) {
		world_run(w, 1);
		for (i = 0; i < w->letters; i++) {
			const struct letter *letter = &w->letter[i];

			if (letter->message.type != MEMBER_MESSAGE_PROMISE || letter->from != 2)
				continue;
			promises++;
			assert_int_equal(core_gasp_write(&w->node[2].core, 1, 0, w->now_ns, buf),
					 CORE_GASP_SIZE);
			assert_int_equal(core_gasp_decode(buf, &hb, &gasp), CORE_DROP_NONE);
			assert_int_equal(gasp.promised.counter,
					 letter->message.promise.ballot.counter);
			assert_int_equal(gasp.promised.node, letter->message.promise.ballot.node);
		}
	}
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_view_without_it_comes_before_silence_is_noticed),
		cmocka_unit_test(half_lives_on_without_an_arbiter),
		cmocka_unit_test(half_dies_when_the_other_only_falls_silent),
		cmocka_unit_test(an_arbiter_of_the_view_is_asked_all_the_same),
		cmocka_unit_test(fewer_than_half_die),
		cmocka_unit_test(late_ones_end_the_wait),
		cmocka_unit_test(no_promise_is_said_that_the_kernel_does_not_know),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
