// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stories: the library on the real kernel core, from formation to clean leave.
 */
#include "member_world_setup.h"

static void three_form_lose_one_and_take_it_back(void **state)
{
	struct world *w = world_make(3, false);
	u64 died;

	world_run(w, 2000);
	assert_int_equal(world_members(w, 1), 0x0e);
	assert_int_equal(world_members(w, 2), 0x0e);
	assert_int_equal(world_members(w, 3), 0x0e);
	assert_true(member_is_coordinator(w->node[1].member));
	world_crash(w, 1);
	died = w->now_ns;
	world_run(w, 1000);
	assert_int_equal(world_members(w, 2), 0x0c);
	assert_int_equal(world_members(w, 3), 0x0c);
	assert_true(member_is_coordinator(w->node[2].member));
	assert_int_equal(w->node[2].seen.safe, 0);
	world_run(w, 1000);
	assert_int_equal(w->node[2].seen.safe, 1);
	assert_int_equal(w->node[2].seen.safe_id, 1);
	assert_true(w->node[2].seen.safe_at_ns >= died - INTERVAL_NS + TIMEOUT_NS + MARGIN_NS);
	assert_true(w->node[2].seen.safe_at_ns <= died + 2 * TIMEOUT_NS);
	assert_int_equal(w->node[3].seen.safe, 1);
	world_boot(w, 1, MEMBER_START_AUTO);
	world_run(w, 2000);
	assert_int_equal(world_members(w, 1), 0x0e);
	assert_int_equal(world_members(w, 3), 0x0e);
	assert_true(member_is_coordinator(w->node[2].member));
	world_free(w);
}

static void the_lost_one_is_silent_before_it_is_called_safe(void **state)
{
	struct world *w = world_make(3, false);
	u16 id;

	world_run(w, 2000);
	for (id = 1; id <= 2; id++)
		w->cut[id][3] = w->cut[3][id] = true;
	while (!w->node[1].seen.safe && !w->node[2].seen.safe) {
		world_run(w, 1);
		assert_true(w->now_ns < 20 * CORE_NS_PER_S);
	}
	assert_false(w->node[3].alive);
	assert_int_equal(world_members(w, 1), 0x06);
	assert_true(w->node[1].alive && w->node[2].alive);
	world_free(w);
}

static void two_and_the_quorum_server_lose_one(void **state)
{
	struct world *w = world_make(2, true);

	world_run(w, 3000);
	assert_int_equal(world_members(w, 1), 0x06);
	assert_int_equal(world_view(w, 2)->arbiter, IDENTITY);
	w->cut[1][2] = w->cut[2][1] = true;
	world_run(w, 3000);
	assert_int_equal(w->node[1].alive + w->node[2].alive, 1);
	assert_int_equal(world_members(w, w->node[1].alive ? 1 : 2),
			 w->node[1].alive ? 0x02 : 0x04);
	assert_true(w->arbiter.has_accepted);
	world_free(w);
}

static void two_without_a_quorum_server_stop(void **state)
{
	struct world *w = world_make(2, false);

	world_run(w, 3000);
	assert_int_equal(world_members(w, 1), 0x06);
	world_crash(w, 2);
	world_run(w, 3000);
	assert_false(w->node[1].alive);
	assert_int_equal(w->node[1].seen.views, 1);
	world_free(w);
}

static void half_of_the_newest_view_forms_nothing_alone(void **state)
{
	struct world *w = world_make(4, false);
	u16 id;

	world_run(w, 3000);
	for (id = 1; id <= 4; id++)
		world_crash(w, id);
	world_boot(w, 1, MEMBER_START_AUTO);
	world_boot(w, 2, MEMBER_START_AUTO);
	world_run(w, 15000);
	assert_int_equal(world_members(w, 1), 0);
	world_boot(w, 4, MEMBER_START_AUTO);
	world_run(w, 15000);
	assert_int_equal(world_members(w, 1), 0x16);
	/* Node 3 may still run, for all that these know: they wait for it. */
	assert_int_equal(w->node[2].seen.out_count, 1);
	assert_int_equal(w->node[2].seen.out[0].id, 3);
	assert_true(w->node[2].seen.out[0].remaining_ns >= TIMEOUT_NS);
	assert_true(world_view(w, 4)->epoch >= 2);
	world_free(w);
}

static void leaving_needs_no_wait(void **state)
{
	struct world *w = world_make(3, false);
	struct member_event leave = { .type = MEMBER_EVENT_LEAVE };

	world_run(w, 2000);
	world_event(w, 1, &leave);
	world_run(w, 500);
	assert_int_equal(w->node[1].seen.left, 1);
	assert_true(w->node[1].seen.asked);
	assert_int_equal(w->node[1].seen.toc, 0);
	assert_int_equal(world_members(w, 2), 0x0c);
	assert_int_equal(w->node[2].seen.out_count, 1);
	assert_true(w->node[2].seen.out[0].clean);
	assert_int_equal(w->node[2].seen.out[0].remaining_ns, 0);
	assert_int_equal(w->node[2].seen.safe, 1);
	world_free(w);
}

static void who_is_asked_to_leave_while_it_arms_is_not_evicted(void **state)
{
	struct world *w = world_make(3, false);

	w->node[1].leave_at_arm = true;
	while (!w->node[1].core.armed) {
		world_run(w, 1);
		assert_true(w->now_ns < 20 * CORE_NS_PER_S);
	}
	assert_true(w->node[1].core.leaving);
	world_run(w, 3000);
	assert_int_equal(w->node[1].seen.left, 1);
	assert_true(w->node[1].seen.asked);
	assert_int_equal(core_check(&w->node[1].core, w->now_ns), CORE_VERDICT_NONE);
	assert_int_equal(world_members(w, 2), 0x0c);
	world_free(w);
}

/* Cut off when it boots, it promises to its own formation, and is no joiner any more. */
static void who_formed_in_vain_starts_over_unasked(void **state)
{
	struct world *w = world_make(3, false);
	const struct seen *seen = &w->node[3].seen;
	u16 id;

	world_run(w, 2000);
	world_crash(w, 3);
	world_run(w, 3000);
	for (id = 1; id <= 2; id++)
		w->cut[id][3] = w->cut[3][id] = true;
	world_boot(w, 3, MEMBER_START_AUTO);
	while (!(seen->reasons >> MEMBER_REASON_FORM_REFUSED & 1)) {
		world_run(w, 1);
		assert_true(w->now_ns < 30 * CORE_NS_PER_S);
	}
	assert_int_equal(seen->left, 0);
	for (id = 1; id <= 2; id++)
		w->cut[id][3] = w->cut[3][id] = false;
	world_run(w, 2000);
	assert_int_equal(seen->left, 1);
	assert_false(seen->asked);
	assert_true(seen->reasons >> MEMBER_REASON_STARTS_OVER & 1);
	assert_false(seen->reasons >> MEMBER_REASON_EVICTED & 1);
	assert_int_equal(seen->toc, 0);
	world_boot(w, 3, MEMBER_START_AUTO);
	world_run(w, 3000);
	assert_int_equal(world_members(w, 3), 0x0e);
	assert_int_equal(world_members(w, 1), 0x0e);
	world_free(w);
}

static void all_leave_and_all_can_start_again(void **state)
{
	struct world *w = world_make(3, true);
	struct member_event leave = { .type = MEMBER_EVENT_LEAVE };
	u16 id;

	world_run(w, 3000);
	assert_int_equal(world_members(w, 1), 0x0e);
	for (id = 1; id <= 3; id++)
		world_event(w, id, &leave);
	world_run(w, 3000);
	for (id = 1; id <= 3; id++) {
		assert_int_equal(w->node[id].seen.left, 1);
		assert_int_equal(core_check(&w->node[id].core, w->now_ns), CORE_VERDICT_NONE);
		world_boot(w, id, MEMBER_START_AUTO);
	}
	world_run(w, 5000);
	for (id = 1; id <= 3; id++)
		assert_int_equal(world_members(w, id), 0x0e);
	world_free(w);
}

static void state_reaches_all_and_survives_its_coordinator(void **state)
{
	struct world *w = world_make(3, false);
	u32 key;

	world_run(w, 2000);
	for (key = 1; key <= MEMBER_WINDOW + 1; key++)
		world_update(w, 1, key, (u8)key);
	assert_int_equal(w->node[1].seen.failed, 1);
	assert_int_equal(w->node[1].seen.error, -EAGAIN);
	assert_int_equal(world_value(w, 1, 1), -1);
	world_run(w, 200);
	assert_int_equal(world_value(w, 1, 7), 7);
	assert_int_equal(world_value(w, 3, 7), 7);
	assert_int_equal(w->node[3].seen.committed, MEMBER_WINDOW);
	world_update(w, 2, 99, 1);
	assert_int_equal(w->node[2].seen.error, -EPERM);
	world_crash(w, 1);
	world_run(w, 1500);
	world_update(w, 2, 7, 70);
	world_update(w, 2, 8, 80);
	world_run(w, 100);
	assert_int_equal(world_value(w, 3, 7), 70);
	assert_int_equal(world_value(w, 2, 8), 80);
	/* The one that comes back gets all of it, deletions included. */
	world_boot(w, 1, MEMBER_START_AUTO);
	world_run(w, 3000);
	assert_int_equal(world_members(w, 1), 0x0e);
	assert_int_equal(w->node[1].seen.loaded, 1);
	assert_int_equal(world_value(w, 1, 7), 70);
	assert_int_equal(world_value(w, 1, 32), 32);
	assert_int_equal(world_value(w, 1, 33), -1);
	world_free(w);
}

static void an_unsent_update_dies_with_its_coordinator(void **state)
{
	struct world *w = world_make(3, false);

	world_run(w, 2000);
	w->cut[1][2] = w->cut[1][3] = w->cut[2][1] = w->cut[3][1] = true;
	world_update(w, 1, 5, 1);
	world_run(w, 3000);
	assert_false(w->node[1].alive);
	assert_int_equal(w->node[1].seen.committed, 0);
	world_update(w, 2, 5, 2);
	world_run(w, 100);
	assert_int_equal(world_value(w, 3, 5), 2);
	world_free(w);
}

static void a_new_quorum_server_is_taken_up_by_a_view(void **state)
{
	struct world *w = world_make(2, true);

	world_run(w, 3000);
	assert_int_equal(world_view(w, 1)->arbiter, IDENTITY);
	assert_int_equal(arbiter_init(&w->arbiter, CLUSTER, IDENTITY + 1), 0);
	world_answer(w, 1, MEMBER_EVENT_ARBITER_DOWN, 0);
	world_answer(w, 1, MEMBER_EVENT_ARBITER_UP, 0);
	world_answer(w, 2, MEMBER_EVENT_ARBITER_DOWN, 0);
	world_answer(w, 2, MEMBER_EVENT_ARBITER_UP, 0);
	world_run(w, 500);
	assert_int_equal(world_view(w, 1)->arbiter, IDENTITY + 1);
	assert_int_equal(world_view(w, 2)->arbiter, IDENTITY + 1);
	assert_int_equal(world_members(w, 2), 0x06);
	world_crash(w, 1);
	world_run(w, 1000);
	assert_int_equal(world_members(w, 2), 0x04);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(three_form_lose_one_and_take_it_back),
		cmocka_unit_test(the_lost_one_is_silent_before_it_is_called_safe),
		cmocka_unit_test(two_and_the_quorum_server_lose_one),
		cmocka_unit_test(two_without_a_quorum_server_stop),
		cmocka_unit_test(half_of_the_newest_view_forms_nothing_alone),
		cmocka_unit_test(leaving_needs_no_wait),
		cmocka_unit_test(who_is_asked_to_leave_while_it_arms_is_not_evicted),
		cmocka_unit_test(who_formed_in_vain_starts_over_unasked),
		cmocka_unit_test(all_leave_and_all_can_start_again),
		cmocka_unit_test(state_reaches_all_and_survives_its_coordinator),
		cmocka_unit_test(an_unsent_update_dies_with_its_coordinator),
		cmocka_unit_test(a_new_quorum_server_is_taken_up_by_a_view),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
