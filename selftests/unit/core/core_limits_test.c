// SPDX-License-Identifier: GPL-2.0-or-later
/* Where the ranges end (kmod/core/limits.h), and what is refused beyond. */
#include "core_world.h"

static int checked(struct core_config config)
{
	return core_config_check(&config);
}

#define WITH(field, value)						\
	({								\
		struct core_config changed = world_config(1);		\
		changed.field = (value);				\
		checked(changed);					\
	})

static void a_configuration_is_taken_up_to_its_ends(void **state)
{
	struct core_config config = world_config(1);

	assert_int_equal(checked(config), 0);
	assert_int_equal(WITH(node_id, 0), -EINVAL);
	assert_int_equal(WITH(node_id, CORE_NODE_ID_MAX), 0);
	assert_int_equal(WITH(node_id, CORE_NODE_ID_MAX + 1), -EINVAL);
	assert_int_equal(WITH(safety_timeout_ns, CORE_SAFETY_TIMEOUT_NS_MAX), 0);
	assert_int_equal(WITH(safety_timeout_ns, CORE_SAFETY_TIMEOUT_NS_MAX + 1), -EINVAL);
	assert_int_equal(WITH(on_detach_ns, config.safety_timeout_ns), 0);
	assert_int_equal(WITH(on_detach_ns, config.safety_timeout_ns + 1), -EINVAL);
	config.on_detach_ns = 0;
	config.safety_timeout_ns = CORE_SAFETY_TIMEOUT_NS_MIN;
	assert_int_equal(checked(config), 0);
	config.safety_timeout_ns--;
	assert_int_equal(checked(config), -EINVAL);
}

static void a_timeout_is_eight_intervals_at_least(void **state)
{
	struct core_config config = world_config(1);

	config.interval_ns = CORE_INTERVAL_NS_MIN;
	config.member_timeout_ns = CORE_INTERVALS_PER_TIMEOUT_MIN * config.interval_ns;
	assert_int_equal(checked(config), 0);
	config.member_timeout_ns--;
	assert_int_equal(checked(config), -EINVAL);
	config.interval_ns--;
	assert_int_equal(checked(config), -EINVAL);
	config.interval_ns = CORE_INTERVAL_NS_MAX;
	config.member_timeout_ns = CORE_MEMBER_TIMEOUT_NS_MAX;
	assert_int_equal(checked(config), 0);
	config.member_timeout_ns++;
	assert_int_equal(checked(config), -EINVAL);
	config.member_timeout_ns--;
	config.interval_ns++;
	assert_int_equal(checked(config), -EINVAL);
}

static void nothing_begins_without_an_incarnation_or_a_clock(void **state)
{
	struct world *w = world_make(1);
	struct core_config config = world_config(1);

	assert_int_equal(core_init(w->node[1], &config, 0), -EINVAL);
	config.incarnation = 0;
	assert_int_equal(core_init(w->node[1], &config, w->now_ns), -EINVAL);
	config.incarnation = 1;
	config.node_id = 0;
	assert_int_equal(core_init(w->node[1], &config, w->now_ns), -EINVAL);
	world_free(w);
}

static void peers_and_paths_have_numbers_in_their_ranges(void **state)
{
	struct world *w = world_make(1);
	struct core *core = w->node[1];
	struct core_path_info path;
	struct core_peer_info info;
	u8 buf[CORE_HB_SIZE];

	assert_int_equal(core_peer_add(core, 0, 1), -EINVAL);
	assert_int_equal(core_peer_add(core, 1, 1), -EINVAL);
	assert_int_equal(core_peer_add(core, CORE_NODE_ID_MAX + 1, 1), -EINVAL);
	assert_int_equal(core_peer_add(core, CORE_NODE_ID_MAX, 0), -EINVAL);
	assert_int_equal(core_peer_add(core, CORE_NODE_ID_MAX, CORE_PATHS_MAX + 1), -EINVAL);
	assert_int_equal(core_peer_add(core, CORE_NODE_ID_MAX, CORE_PATHS_MAX), 0);
	assert_int_equal(core_transmit(core, CORE_NODE_ID_MAX, CORE_PATHS_MAX - 1, w->now_ns, buf),
			 CORE_HB_SIZE);
	assert_int_equal(core_transmit(core, CORE_NODE_ID_MAX, CORE_PATHS_MAX, w->now_ns, buf),
			 -ENOENT);
	assert_int_equal(core_transmit(core, CORE_NODE_ID_MAX + 1, 0, w->now_ns, buf), -ENOENT);
	assert_int_equal(core_transmit(core, 0, 0, w->now_ns, buf), -ENOENT);
	assert_int_equal(core_transmit(core, 2, 0, w->now_ns, buf), -ENOENT);
	assert_int_equal(core_peer_read(core, CORE_NODE_ID_MAX, &info), 0);
	assert_int_equal(core_peer_read(core, CORE_NODE_ID_MAX + 1, &info), -ENOENT);
	assert_int_equal(core_peer_read(core, 2, &info), -ENOENT);
	assert_int_equal(core_path_read(core, CORE_NODE_ID_MAX, CORE_PATHS_MAX - 1, &path), 0);
	assert_int_equal(core_path_read(core, CORE_NODE_ID_MAX, CORE_PATHS_MAX, &path), -ENOENT);
	assert_int_equal(core_path_read(core, 2, 0, &path), -ENOENT);
	assert_int_equal(core_acknowledge(core, CORE_NODE_ID_MAX, 5), 0);
	assert_int_equal(core_acknowledge(core, CORE_NODE_ID_MAX + 1, 5), -ENOENT);
	assert_int_equal(core_peer_remove(core, CORE_NODE_ID_MAX), 0);
	assert_int_equal(core_peer_remove(core, CORE_NODE_ID_MAX + 1), -ENOENT);
	assert_int_equal(core_peer_remove(core, 0), -ENOENT);
	world_free(w);
}

/* After the verdict there is no way back, by whatever door. */
static void a_dead_node_is_refused_everything(void **state)
{
	struct world *w = world_formed(2);
	struct core_view next = world_view(2, 0x06);
	struct core *core = w->node[1];
	u8 buf[CORE_HB_SIZE];

	assert_int_equal(core_arm(core, w->now_ns), -EALREADY);
	assert_int_equal(world_accept(w, 1, &next, 5), 0);
	w->now_ns += 6000 * MS;
	assert_int_equal(world_accept(w, 1, &next, 6), -ETIME);
	assert_int_equal(core_install(core, &next, w->now_ns), -ETIME);
	assert_int_equal(core_pet(core, w->now_ns), -ETIME);
	assert_int_equal(core_disarm(core, true, w->now_ns), -ETIME);
	assert_int_equal(core_transmit(core, 2, 0, w->now_ns, buf), 0);
	core->armed = false;
	assert_int_equal(core_arm(core, w->now_ns), -ETIME);
	world_free(w);
}

static void who_is_not_armed_has_nothing_to_lose(void **state)
{
	struct world *w = world_make(2);
	struct core *core = w->node[1];

	assert_int_equal(core_pet(core, w->now_ns), -EPERM);
	assert_int_equal(core_leave(core), -EPERM);
	assert_int_equal(core_disarm(core, true, w->now_ns), -EPERM);
	core_request_toc(core);
	assert_int_equal(core_check(core, CORE_NEVER - 1), CORE_VERDICT_NONE);
	world_free(w);
}

/* A node that is armed anew is no leaver; a machine that shuts down goes on doing so. */
static void arming_begins_anew(void **state)
{
	struct world *w = world_make(2);
	struct core *core = w->node[1];
	u64 end_ns;

	assert_int_equal(core_arm(core, w->now_ns), 0);
	assert_int_equal(core_leave(core), 0);
	core_shutdown(core, w->now_ns, CORE_NS_PER_S);
	assert_int_equal(core_disarm(core, false, w->now_ns), 0);
	assert_int_equal(core_arm(core, w->now_ns), 0);
	assert_false(core->leaving);
	end_ns = core_safety_lease_ns(core);
	assert_int_equal(core_pet(core, w->now_ns + MS), 0);
	assert_int_equal(core_safety_lease_ns(core), end_ns);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_configuration_is_taken_up_to_its_ends),
		cmocka_unit_test(a_timeout_is_eight_intervals_at_least),
		cmocka_unit_test(nothing_begins_without_an_incarnation_or_a_clock),
		cmocka_unit_test(peers_and_paths_have_numbers_in_their_ranges),
		cmocka_unit_test(a_dead_node_is_refused_everything),
		cmocka_unit_test(who_is_not_armed_has_nothing_to_lose),
		cmocka_unit_test(arming_begins_anew),
	};

	return cmocka_run_group_tests_name("core_limits", tests, NULL, NULL);
}
