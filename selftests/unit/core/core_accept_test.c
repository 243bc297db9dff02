// SPDX-License-Identifier: GPL-2.0-or-later
#include "core_world.h"

static struct core_ages accept_ages(struct world *w, u16 id, const struct core_view *view,
				    u64 ballot)
{
	struct core_ages ages;

	memset(&ages, 0xff, sizeof(ages));
	assert_int_equal(core_accept(w->node[id], view, ballot, 1, w->now_ns, &ages), 0);
	return ages;
}

static bool acknowledges(struct world *w, u16 node, u16 peer)
{
	struct core_peer_info info;

	assert_int_equal(core_peer_read(w->node[node], peer, &info), 0);
	return info.acknowledged;
}

static void accept_narrows_and_only_a_higher_ballot_widens(void **state)
{
	struct world *w = world_formed(3);
	struct core_view without = world_view(2, 0x06), with = world_view(2, 0x0e);

	assert_true(acknowledges(w, 1, 3));
	assert_int_equal(world_accept(w, 1, &without, 5), 0);
	assert_false(acknowledges(w, 1, 3));
	assert_true(acknowledges(w, 1, 2));
	/* Nothing re-opens it but a value of a higher ballot. */
	assert_int_equal(core_acknowledge(w->node[1], 3, inc(3)), -EBUSY);
	assert_int_equal(world_accept(w, 1, &with, 4), -ESTALE);
	assert_false(acknowledges(w, 1, 3));
	assert_int_equal(world_accept(w, 1, &with, 6), 0);
	assert_true(acknowledges(w, 1, 3));
	world_free(w);
}

static void frontier_travels_in_heartbeats(void **state)
{
	struct world *w = world_formed(3);
	struct core_view next = world_view(2, 0x06);
	struct core_peer_info info;

	assert_int_equal(world_accept(w, 1, &next, 1), 0);
	world_run(w, 1);
	assert_int_equal(core_peer_read(w->node[3], 1, &info), 0);
	assert_int_equal(info.installed_epoch, 1);
	assert_int_equal(info.frontier.epoch, 2);
	assert_int_equal(info.frontier.hash, next.hash);
	world_free(w);
}

static void epochs_and_ballots_must_follow(void **state)
{
	struct world *w = world_formed(3);
	struct core_view next = world_view(2, 0x06), other = world_view(2, 0x0e);
	struct core_view same = world_view(1, 0x0e), far = world_view(3, 0x0e);

	assert_int_equal(world_accept(w, 1, &same, 9), -ESTALE);
	assert_int_equal(world_accept(w, 1, &far, 9), -ESTALE);
	assert_int_equal(world_accept(w, 1, &next, 2), 0);
	assert_int_equal(world_accept(w, 1, &other, 2), -ESTALE);
	/* The same value answers again, whatever the ballot. */
	assert_int_equal(world_accept(w, 1, &next, 1), 0);
	next.hash ^= 1;
	assert_int_equal(world_accept(w, 1, &next, 3), -EINVAL);
	world_free(w);
}

/* A ballot that brings the same value once more is promised all the same. */
static void the_same_value_raises_the_ballot(void **state)
{
	struct world *w = world_formed(3);
	struct core_view next = world_view(2, 0x06), other = world_view(2, 0x0e);
	struct core_ages ages;

	assert_int_equal(core_accept(w->node[1], &next, 5, 2, w->now_ns, &ages), 0);
	assert_int_equal(core_accept(w->node[1], &next, 9, 2, w->now_ns, &ages), 0);
	assert_int_equal(core_accept(w->node[1], &other, 7, 2, w->now_ns, &ages), -ESTALE);
	assert_int_equal(core_accept(w->node[1], &other, 9, 1, w->now_ns, &ages), -ESTALE);
	assert_int_equal(core_accept(w->node[1], &other, 9, 2, w->now_ns, &ages), -ESTALE);
	assert_int_equal(w->node[1]->promised.counter, 9);
	/* Of equal counters the higher node's is the higher ballot. */
	assert_int_equal(core_accept(w->node[1], &other, 9, 3, w->now_ns, &ages), 0);
	assert_int_equal(w->node[1]->promised.node, 3);
	world_free(w);
}

static void a_view_without_me_is_not_mine_to_install(void **state)
{
	struct world *w = world_formed(3);
	struct core_view next = world_view(2, 0x06);

	assert_int_equal(world_accept(w, 3, &next, 5), 0);
	assert_int_equal(core_install(w->node[3], &next, w->now_ns), -EINVAL);
	assert_int_equal(w->node[3]->installed.epoch, 1);
	world_free(w);
}

static void joiner_takes_any_epoch_and_never_goes_back(void **state)
{
	struct world *w = world_make(3);
	struct core_view seven = world_view(7, 0x0e), nine = world_view(9, 0x0e);

	assert_int_equal(world_accept(w, 1, &seven, 5), 0);
	assert_int_equal(world_accept(w, 1, &nine, 1), 0);
	assert_int_equal(world_accept(w, 1, &seven, 6), -ESTALE);
	world_free(w);
}

static void age_is_since_the_newest_acknowledged_heartbeat(void **state)
{
	struct world *w = world_formed(3);
	struct core_view next = world_view(2, 0x06);
	struct core_ages ages;
	u64 received;

	world_run(w, 3);
	/* Received, but not yet acknowledged: does not count. */
	received = w->now_ns;
	w->now_ns += 30 * MS;
	assert_int_equal(world_send(w, 3, 1, 0), CORE_DROP_NONE);
	w->now_ns += 20 * MS;
	ages = accept_ages(w, 1, &next, 1);
	assert_int_equal(ages.count, 1);
	assert_int_equal(ages.age[0].id, 3);
	assert_int_equal(ages.age[0].incarnation, inc(3));
	/* Node 1 sends before node 3 does in each interval. */
	assert_int_equal(ages.age[0].age_ns, w->now_ns - received + 100 * MS);
	/* Narrowed: a later acknowledgement is impossible, the age only grows. */
	w->now_ns += 50 * MS;
	world_send(w, 3, 1, 0);
	world_send(w, 1, 3, 0);
	ages = accept_ages(w, 1, &next, 2);
	assert_int_equal(ages.age[0].age_ns, w->now_ns - received + 100 * MS);
	world_free(w);
}

static void age_counts_from_the_own_installation(void **state)
{
	struct world *w = world_formed(3);
	struct core_view next = world_view(2, 0x06), after = world_view(3, 0x02);
	struct core_ages ages;
	u64 installed;

	world_run(w, 1);
	/* Node 2 falls silent, then a view that still holds it is installed. */
	assert_int_equal(world_accept(w, 1, &next, 1), 0);
	assert_int_equal(world_accept(w, 2, &next, 1), 0);
	world_run(w, 1);
	w->cut[2][1] = true;
	world_run(w, 5);
	installed = w->now_ns;
	assert_int_equal(core_install(w->node[1], &next, w->now_ns), 0);
	w->now_ns += 10 * MS;
	ages = accept_ages(w, 1, &after, 1);
	assert_int_equal(ages.count, 1);
	assert_int_equal(ages.age[0].id, 2);
	assert_int_equal(ages.age[0].age_ns, w->now_ns - installed);
	world_free(w);
}

static void excluded_node_reports_itself_and_freezes(void **state)
{
	struct world *w = world_formed(2);
	struct core_view next = world_view(2, 0x04);
	struct core_ages ages;
	u64 accepted, end;

	world_run(w, 2);
	accepted = w->now_ns;
	ages = accept_ages(w, 1, &next, 1);
	assert_int_equal(ages.count, 1);
	assert_int_equal(ages.age[0].id, 1);
	assert_int_equal(ages.age[0].age_ns, 0);
	end = core_quorum_lease_ns(w->node[1]);
	assert_true(end <= accepted + 1000 * MS);
	/* Node 2 goes on acknowledging: none of it counts. */
	world_run(w, 4);
	assert_int_equal(core_quorum_lease_ns(w->node[1]), end);
	assert_int_equal(core_check(w->node[1], end), CORE_VERDICT_QUORUM_LEASE);
	world_free(w);
}

static void frozen_view_of_one_dies_after_l(void **state)
{
	struct world *w = world_make(2);
	struct core_view one = world_view(1, 0x02), other = world_view(2, 0x04);
	struct core *core = w->node[1];
	u64 frozen;

	assert_int_equal(core_arm(core, w->now_ns), 0);
	assert_int_equal(world_accept(w, 1, &one, 1), 0);
	assert_int_equal(core_install(core, &one, w->now_ns), 0);
	frozen = w->now_ns;
	assert_int_equal(world_accept(w, 1, &other, 1), 0);
	assert_int_equal(core_quorum_lease_ns(core), frozen + 1000 * MS);
	/* Excluded again by a higher ballot: the first moment stays. */
	w->now_ns += 100 * MS;
	other.state = 1;
	other.hash = core_view_hash(&other);
	assert_int_equal(world_accept(w, 1, &other, 2), 0);
	assert_int_equal(core_quorum_lease_ns(core), frozen + 1000 * MS);
	/* A value that holds it again thaws it. */
	one = world_view(2, 0x02);
	assert_int_equal(world_accept(w, 1, &one, 3), 0);
	assert_int_equal(core_quorum_lease_ns(core), CORE_NEVER);
	world_free(w);
}

static void lease_must_hold_under_both_views(void **state)
{
	struct world *w = world_formed(4);
	struct core_view next = world_view(2, 0x06);
	u64 end;

	world_run(w, 2);
	assert_int_equal(world_accept(w, 1, &next, 1), 0);
	/* Nodes 3 and 4 still give the old majority, node 2 is gone. */
	w->cut[2][1] = true;
	world_run(w, 3);
	end = core_quorum_lease_ns(w->node[1]);
	assert_true(core_lease_under(w->node[1], &w->node[1]->installed, w->now_ns) > end);
	assert_int_equal(core_lease_under(w->node[1], &next, w->now_ns), end);
	world_free(w);
}

static void install_waits_for_the_lease(void **state)
{
	struct world *w = world_make(2);
	struct core_view view = world_view(1, 0x06);

	world_acknowledge_all(w);
	w->cut[2][1] = true;
	world_run(w, 3);
	assert_int_equal(world_accept(w, 1, &view, 1), 0);
	assert_int_equal(world_accept(w, 2, &view, 1), 0);
	assert_int_equal(core_install(w->node[1], &view, w->now_ns), -EPERM);
	assert_int_equal(core_arm(w->node[1], w->now_ns), 0);
	assert_int_equal(core_install(w->node[1], &view, w->now_ns), -EAGAIN);
	w->cut[2][1] = false;
	world_events(w, 1, CORE_EVENT_LEASE_HOLDS);
	world_run(w, 4);
	assert_int_equal(world_events(w, 1, CORE_EVENT_LEASE_HOLDS), 1);
	assert_int_equal(core_install(w->node[1], &view, w->now_ns), 0);
	/* Again: already done. */
	assert_int_equal(core_install(w->node[1], &view, w->now_ns), 0);
	world_free(w);
}

static void install_takes_only_the_accepted_value(void **state)
{
	struct world *w = world_formed(3);
	struct core_view next = world_view(2, 0x06), other = world_view(2, 0x0e);
	struct core_view without = world_view(2, 0x0c);

	assert_int_equal(core_install(w->node[1], &next, w->now_ns), -ENOENT);
	assert_int_equal(world_accept(w, 1, &next, 1), 0);
	assert_int_equal(core_install(w->node[1], &other, w->now_ns), -ENOENT);
	assert_int_equal(world_accept(w, 1, &without, 2), 0);
	assert_int_equal(core_install(w->node[1], &without, w->now_ns), -EINVAL);
	world_free(w);
}

static void joiner_is_acknowledged_before_accept(void **state)
{
	struct world *w = world_make(3);
	struct core_view two = world_view(1, 0x06);
	u16 id;

	world_acknowledge_all(w);
	world_run(w, 4);
	for (id = 1; id <= 2; id++) {
		assert_int_equal(core_arm(w->node[id], w->now_ns), 0);
		assert_int_equal(world_accept(w, id, &two, 1), 0);
	}
	world_run(w, 3);
	for (id = 1; id <= 2; id++)
		assert_int_equal(core_install(w->node[id], &two, w->now_ns), 0);
	assert_false(acknowledges(w, 1, 3));
	assert_int_equal(core_acknowledge(w->node[1], 3, inc(3)), 0);
	assert_true(acknowledges(w, 1, 3));
	/* Another life of a member is no joiner, and nobody is no node. */
	assert_int_equal(core_acknowledge(w->node[1], 2, 777), -EEXIST);
	assert_int_equal(core_acknowledge(w->node[2], 1, 777), -EEXIST);
	assert_int_equal(core_acknowledge(w->node[1], 6, 777), -ENOENT);
	assert_int_equal(core_acknowledge(w->node[1], 3, 0), -EINVAL);
	world_free(w);
}

static void peers_in_views_stay_and_late_peers_are_acknowledged(void **state)
{
	struct world *w = world_formed(3);
	struct core_view next = world_view(2, 0x06);

	assert_int_equal(core_peer_remove(w->node[1], 3), -EBUSY);
	assert_int_equal(world_accept(w, 1, &next, 1), 0);
	assert_int_equal(world_accept(w, 2, &next, 1), 0);
	assert_int_equal(core_peer_remove(w->node[1], 3), -EBUSY);
	world_run(w, 2);
	assert_int_equal(core_install(w->node[1], &next, w->now_ns), 0);
	assert_int_equal(core_peer_remove(w->node[1], 3), 0);
	assert_int_equal(core_peer_remove(w->node[1], 3), -ENOENT);
	assert_int_equal(core_peer_add(w->node[1], 3, 1), 0);
	assert_int_equal(core_peer_add(w->node[1], 3, 1), -EEXIST);
	assert_int_equal(w->node[1]->peer[3].acknowledge, 0);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accept_narrows_and_only_a_higher_ballot_widens),
		cmocka_unit_test(frontier_travels_in_heartbeats),
		cmocka_unit_test(epochs_and_ballots_must_follow),
		cmocka_unit_test(the_same_value_raises_the_ballot),
		cmocka_unit_test(a_view_without_me_is_not_mine_to_install),
		cmocka_unit_test(joiner_takes_any_epoch_and_never_goes_back),
		cmocka_unit_test(age_is_since_the_newest_acknowledged_heartbeat),
		cmocka_unit_test(age_counts_from_the_own_installation),
		cmocka_unit_test(excluded_node_reports_itself_and_freezes),
		cmocka_unit_test(frozen_view_of_one_dies_after_l),
		cmocka_unit_test(lease_must_hold_under_both_views),
		cmocka_unit_test(install_waits_for_the_lease),
		cmocka_unit_test(install_takes_only_the_accepted_value),
		cmocka_unit_test(joiner_is_acknowledged_before_accept),
		cmocka_unit_test(peers_in_views_stay_and_late_peers_are_acknowledged),
	};

	return cmocka_run_group_tests_name("core_accept", tests, NULL, NULL);
}
