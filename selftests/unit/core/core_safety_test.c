// SPDX-License-Identifier: GPL-2.0-or-later
#include "core_world.h"

static void configuration_is_checked(void **state)
{
	struct core *core = malloc(core_size());
	struct core_config config = world_config(1);

	assert_int_equal(core_init(core, &config, 1), 0);
	config.node_id = 0;
	assert_int_equal(core_init(core, &config, 1), -EINVAL);
	config.node_id = CORE_NODE_ID_MAX + 1;
	assert_int_equal(core_init(core, &config, 1), -EINVAL);
	config = world_config(1);
	config.incarnation = 0;
	assert_int_equal(core_init(core, &config, 1), -EINVAL);
	config = world_config(1);
	config.interval_ns = CORE_INTERVAL_NS_MIN - 1;
	assert_int_equal(core_init(core, &config, 1), -EINVAL);
	config = world_config(1);
	config.member_timeout_ns = 8 * config.interval_ns - 1;
	assert_int_equal(core_init(core, &config, 1), -EINVAL);
	config = world_config(1);
	config.on_detach_ns = config.safety_timeout_ns + 1;
	assert_int_equal(core_init(core, &config, 1), -EINVAL);
	free(core);
}

static void pet_moves_the_deadline_and_a_late_one_does_not(void **state)
{
	struct world *w = world_make(1);
	struct core *core = w->node[1];

	assert_int_equal(core_pet(core, w->now_ns), -EPERM);
	assert_int_equal(core_arm(core, w->now_ns), 0);
	assert_int_equal(core_arm(core, w->now_ns), -EALREADY);
	assert_int_equal(core_deadline_ns(core), w->now_ns + 5000 * MS);
	w->now_ns += 4999 * MS;
	assert_int_equal(core_pet(core, w->now_ns), 0);
	assert_int_equal(core_safety_lease_ns(core), w->now_ns + 5000 * MS);
	w->now_ns += 5000 * MS;
	assert_int_equal(core_pet(core, w->now_ns), -ETIME);
	assert_int_equal(core_check(core, w->now_ns), CORE_VERDICT_SAFETY_LEASE);
	assert_int_equal(core_disarm(core, true, w->now_ns), -ETIME);
	world_free(w);
}

/* Whoever comes before the check of any CPU finds the end of the lease all the same. */
static void disarming_too_late_rescues_nobody(void **state)
{
	struct world *w = world_make(1);
	struct core *core = w->node[1];

	assert_int_equal(core_arm(core, w->now_ns), 0);
	w->now_ns += 5000 * MS;
	assert_int_equal(core_disarm(core, true, w->now_ns), -ETIME);
	assert_int_equal(core_check(core, w->now_ns), CORE_VERDICT_SAFETY_LEASE);
	world_free(w);
}

static void detach_shortens_and_a_pet_restores(void **state)
{
	struct world *w = world_make(1);
	struct core *core = w->node[1];

	core_detached(core, w->now_ns);
	assert_int_equal(core_deadline_ns(core), CORE_NEVER);
	assert_int_equal(core_arm(core, w->now_ns), 0);
	core_detached(core, w->now_ns);
	assert_int_equal(core_deadline_ns(core), w->now_ns + 500 * MS);
	assert_int_equal(core_pet(core, w->now_ns), 0);
	assert_int_equal(core_deadline_ns(core), w->now_ns + 5000 * MS);
	/* Detaching late in the lease must not lengthen it. */
	w->now_ns += 4900 * MS;
	core_detached(core, w->now_ns);
	assert_int_equal(core_deadline_ns(core), w->now_ns + 100 * MS);
	assert_int_equal(core_check(core, w->now_ns + 100 * MS), CORE_VERDICT_DETACHED);
	world_free(w);
}

static void disarm_needs_a_clean_leave_or_force(void **state)
{
	struct world *w = world_formed(3);
	struct core_view without = world_view(2, 0x06);

	assert_int_equal(core_disarm(w->node[3], false, w->now_ns), -EBUSY);
	assert_int_equal(world_accept(w, 3, &without, 1), 0);
	assert_int_equal(core_disarm(w->node[3], false, w->now_ns), 0);
	assert_int_equal(core_disarm(w->node[3], false, w->now_ns), -EPERM);
	/* It was a member: it can come back only as another incarnation. */
	assert_int_equal(core_arm(w->node[3], w->now_ns), -EBUSY);
	assert_int_equal(core_disarm(w->node[2], true, w->now_ns), 0);
	world_free(w);
}

static void leaver_still_talks_and_says_so(void **state)
{
	struct world *w = world_formed(2);
	struct core_peer_info info;

	assert_int_equal(core_disarm(w->node[2], true, w->now_ns), 0);
	world_run(w, 1);
	assert_int_equal(core_peer_read(w->node[1], 2, &info), 0);
	assert_true(info.flags & CORE_HB_LEAVING);
	assert_false(info.flags & CORE_HB_ARMED);
	world_free(w);
}

static void requested_toc_needs_an_armed_node(void **state)
{
	struct world *w = world_make(1);
	struct core *core = w->node[1];

	core_request_toc(core);
	assert_int_equal(core_check(core, w->now_ns), CORE_VERDICT_NONE);
	assert_int_equal(core_arm(core, w->now_ns), 0);
	core_request_toc(core);
	assert_int_equal(core_check(core, w->now_ns), CORE_VERDICT_REQUESTED);
	assert_int_equal(core_pet(core, w->now_ns), -ETIME);
	world_free(w);
}

static void leases_warn_once_at_half_and_three_quarters(void **state)
{
	struct world *w = world_make(1);
	struct core *core = w->node[1];
	u64 start = w->now_ns;

	assert_int_equal(core_arm(core, start), 0);
	core_tick(core, start + 2499 * MS);
	assert_int_equal(world_events(w, 1, CORE_EVENT_LEASE_HALF), 0);
	core_tick(core, start + 2500 * MS);
	core_tick(core, start + 2600 * MS);
	assert_int_equal(world_events(w, 1, CORE_EVENT_LEASE_HALF), 1);
	core_tick(core, start + 3750 * MS);
	core_tick(core, start + 3800 * MS);
	assert_int_equal(world_events(w, 1, CORE_EVENT_LEASE_THREE_QUARTERS), 1);
	assert_int_equal(core_pet(core, start + 3900 * MS), 0);
	core_tick(core, start + 3900 * MS);
	core_tick(core, start + 6400 * MS);
	assert_int_equal(world_events(w, 1, CORE_EVENT_LEASE_HALF), 1);
	world_free(w);
}

static void late_user_space_is_told_to_peers(void **state)
{
	struct world *w = world_formed(2);
	struct core_peer_info info;

	world_run(w, 20);
	assert_int_equal(core_peer_read(w->node[1], 2, &info), 0);
	assert_false(info.flags & CORE_HB_STALLED);
	core_pet(w->node[1], w->now_ns);
	world_run(w, 8);
	assert_int_equal(core_peer_read(w->node[1], 2, &info), 0);
	assert_true(info.flags & CORE_HB_STALLED);
	assert_int_equal(core_peer_read(w->node[2], 1, &info), 0);
	assert_false(info.flags & CORE_HB_STALLED);
	world_free(w);
}

static void shutdown_gets_one_grace_and_keeps_the_quorum_lease(void **state)
{
	struct world *w = world_formed(2);
	struct core *core = w->node[1];
	u64 quorum = core_quorum_lease_ns(core);
	u64 end = w->now_ns + 60000 * MS;

	core_shutdown(core, w->now_ns, 60000 * MS);
	assert_int_equal(core_safety_lease_ns(core), end);
	assert_int_equal(core_quorum_lease_ns(core), quorum);
	/* Neither a second call, nor a renewal, nor a detach moves it. */
	w->now_ns += 100 * MS;
	core_shutdown(core, w->now_ns, 60000 * MS);
	assert_int_equal(core_pet(core, w->now_ns), 0);
	core_detached(core, w->now_ns);
	assert_int_equal(core_safety_lease_ns(core), end);
	assert_int_equal(core_check(core, quorum), CORE_VERDICT_QUORUM_LEASE);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(configuration_is_checked),
		cmocka_unit_test(pet_moves_the_deadline_and_a_late_one_does_not),
		cmocka_unit_test(disarming_too_late_rescues_nobody),
		cmocka_unit_test(detach_shortens_and_a_pet_restores),
		cmocka_unit_test(disarm_needs_a_clean_leave_or_force),
		cmocka_unit_test(leaver_still_talks_and_says_so),
		cmocka_unit_test(requested_toc_needs_an_armed_node),
		cmocka_unit_test(leases_warn_once_at_half_and_three_quarters),
		cmocka_unit_test(late_user_space_is_told_to_peers),
		cmocka_unit_test(shutdown_gets_one_grace_and_keeps_the_quorum_lease),
	};

	return cmocka_run_group_tests_name("core_safety", tests, NULL, NULL);
}
