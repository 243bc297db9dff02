// SPDX-License-Identifier: GPL-2.0-or-later
#include "core_world.h"

static struct core_path_info path_info(struct world *w, u16 node, u16 peer, u8 path)
{
	struct core_path_info info;

	assert_int_equal(core_path_read(w->node[node], peer, path, &info), 0);
	return info;
}

static struct core_peer_info peer_info(struct world *w, u16 node, u16 peer)
{
	struct core_peer_info info;

	assert_int_equal(core_peer_read(w->node[node], peer, &info), 0);
	return info;
}

static void path_comes_up_after_a_round_trip(void **state)
{
	struct world *w = world_make(2);

	w->now_ns += MS;
	assert_int_equal(world_send(w, 1, 2, 0), CORE_DROP_NONE);
	assert_int_equal(path_info(w, 2, 1, 0).state, CORE_PATH_DOWN);
	assert_int_equal(peer_info(w, 2, 1).incarnation, 0);
	w->now_ns += MS;
	world_send(w, 2, 1, 0);
	assert_int_equal(peer_info(w, 1, 2).incarnation, 0);
	w->now_ns += MS;
	world_send(w, 1, 2, 0);
	assert_int_equal(peer_info(w, 2, 1).incarnation, inc(1));
	assert_int_equal(path_info(w, 2, 1, 0).state, CORE_PATH_UP);
	w->now_ns += MS;
	world_send(w, 2, 1, 0);
	assert_int_equal(path_info(w, 1, 2, 0).state, CORE_PATH_UP);
	assert_int_equal(world_events(w, 1, CORE_EVENT_PEER_HEARD), 1);
	assert_int_equal(world_events(w, 2, CORE_EVENT_PEER_HEARD), 1);
	world_free(w);
}

static void one_way_path_never_counts(void **state)
{
	struct world *w = world_make(2);

	w->cut[1][2] = true;
	world_run(w, 20);
	assert_int_equal(world_events(w, 1, CORE_EVENT_PEER_HEARD), 0);
	assert_false(peer_info(w, 1, 2).heard);
	world_free(w);
}

static void losing_one_direction_takes_the_path_down_at_both_ends(void **state)
{
	struct world *w = world_formed(2);

	world_run(w, 2);
	w->cut[1][2] = true;
	world_events(w, 1, CORE_EVENT_TOC);
	world_run(w, 6);
	assert_int_equal(path_info(w, 2, 1, 0).state, CORE_PATH_DOWN);
	assert_int_equal(path_info(w, 1, 2, 0).state, CORE_PATH_INIT);
	world_free(w);
}

static void silence_is_reported_after_d_and_once(void **state)
{
	struct world *w = world_formed(2);

	world_run(w, 1);
	w->cut[2][1] = true;
	world_run(w, 4);
	assert_int_equal(world_events(w, 1, CORE_EVENT_PEER_SILENT), 0);
	world_run(w, 1);
	assert_int_equal(world_events(w, 1, CORE_EVENT_PEER_SILENT), 1);
	assert_false(core_heard_get(w->node[1]->heard, 2));
	world_run(w, 1);
	assert_int_equal(world_events(w, 1, CORE_EVENT_PEER_SILENT), 0);
	w->cut[2][1] = false;
	world_run(w, 2);
	assert_int_equal(world_events(w, 1, CORE_EVENT_PEER_HEARD), 1);
	assert_true(core_heard_get(w->node[1]->heard, 2));
	world_free(w);
}

static void own_lateness_is_nobodys_silence(void **state)
{
	struct world *w = world_formed(2);
	u64 end_ns;

	world_run(w, 1);
	world_events(w, 1, CORE_EVENT_PEER_SILENT);
	end_ns = core_quorum_lease_ns(w->node[1]);
	w->now_ns += 700 * MS;
	core_tick(w->node[1], w->now_ns);
	/* What has come meanwhile is taken after the late tick. */
	assert_int_equal(core_quorum_lease_ns(w->node[1]), end_ns);
	assert_int_equal(world_send(w, 2, 1, 0), CORE_DROP_NONE);
	world_run(w, 1);
	assert_int_equal(world_events(w, 1, CORE_EVENT_PEER_SILENT), 0);
	assert_int_equal(path_info(w, 1, 2, 0).state, CORE_PATH_UP);
	world_free(w);
}

/* Each late tick counts for one and a half intervals; what is still heard stays. */
static void who_is_always_late_suspects_late(void **state)
{
	struct world *w = world_formed(3);
	unsigned int i;

	world_run(w, 1);
	world_events(w, 1, CORE_EVENT_PEER_SILENT);
	for (i = 1; i <= 4; i++) {
		w->now_ns += 300 * MS;
		world_send(w, 1, 2, 0);
		world_send(w, 2, 1, 0);
		core_tick(w->node[1], w->now_ns);
		assert_int_equal(world_events(w, 1, CORE_EVENT_PEER_SILENT), i == 4);
	}
	assert_false(core_heard_get(w->node[1]->heard, 3));
	assert_true(core_heard_get(w->node[1]->heard, 2));
	world_free(w);
}

static void only_larger_sequences_are_taken(void **state)
{
	struct world *w = world_formed(2);
	u8 old[CORE_HB_SIZE], new[CORE_HB_SIZE];

	assert_int_equal(core_transmit(w->node[2], 1, 0, w->now_ns, old), CORE_HB_SIZE);
	assert_int_equal(core_transmit(w->node[2], 1, 0, w->now_ns, new), CORE_HB_SIZE);
	w->now_ns += MS;
	assert_int_equal(core_receive(w->node[1], 0, 0, w->now_ns, new), CORE_DROP_NONE);
	assert_int_equal(core_receive(w->node[1], 0, 0, w->now_ns, new), CORE_DROP_REPLAY);
	assert_int_equal(core_receive(w->node[1], 0, 0, w->now_ns, old), CORE_DROP_REPLAY);
	/* Nor on the other path. */
	assert_int_equal(core_receive(w->node[1], 0, 1, w->now_ns, new), CORE_DROP_PATH);
	world_free(w);
}

static void misaddressed_heartbeats_are_refused(void **state)
{
	struct world *w = world_make(3);
	struct core *core = w->node[1];
	struct core_hb hb = {
		.cluster_id = CLUSTER, .src_incarnation = inc(2), .sequence = 1,
		.sent_ns = 1, .src = 2, .dst = 1,
	};
	u8 buf[CORE_HB_SIZE];

	core_hb_encode(&hb, buf);
	assert_int_equal(core_receive(core, 3, 0, w->now_ns, buf), CORE_DROP_PEER);
	assert_int_equal(core_receive(core, 2, 1, w->now_ns, buf), CORE_DROP_PATH);
	assert_int_equal(core_receive(core, 2, 0, w->now_ns, buf), CORE_DROP_NONE);
	hb.dst = 3;
	core_hb_encode(&hb, buf);
	assert_int_equal(core_receive(core, 0, 0, w->now_ns, buf), CORE_DROP_DESTINATION);
	hb.dst = 1;
	hb.src = 9;
	core_hb_encode(&hb, buf);
	assert_int_equal(core_receive(core, 0, 0, w->now_ns, buf), CORE_DROP_PEER);
	hb.src = 2;
	hb.cluster_id++;
	core_hb_encode(&hb, buf);
	assert_int_equal(core_receive(core, 0, 0, w->now_ns, buf), CORE_DROP_CLUSTER);
	hb.cluster_id--;
	hb.sequence = 0;
	core_hb_encode(&hb, buf);
	assert_int_equal(core_receive(core, 0, 0, w->now_ns, buf), CORE_DROP_FIELD);
	world_free(w);
}

static void recording_of_an_old_life_changes_nothing(void **state)
{
	struct world *w = world_formed(2);
	u8 record[CORE_HB_SIZE];
	struct core_peer_info info;

	assert_int_equal(core_transmit(w->node[2], 1, 0, w->now_ns, record), CORE_HB_SIZE);
	/* Node 2 comes back as another life while node 1 stays. */
	world_node(w, 2, 999);
	w->node[1]->armed = false;
	world_run(w, 12);
	assert_int_equal(peer_info(w, 1, 2).incarnation, 999);
	info = peer_info(w, 1, 2);
	assert_int_equal(core_receive(w->node[1], 0, 0, w->now_ns, record),
			 CORE_DROP_INCARNATION);
	/* Not even after the new life has fallen silent, however often. */
	w->cut[2][1] = true;
	world_run(w, 10);
	for (int i = 0; i < 20; i++) {
		core_receive(w->node[1], 0, 0, w->now_ns, record);
		world_run(w, 1);
	}
	assert_int_equal(peer_info(w, 1, 2).incarnation, 999);
	assert_false(peer_info(w, 1, 2).heard);
	assert_true(info.heard);
	w->cut[2][1] = false;
	world_run(w, 2);
	assert_true(peer_info(w, 1, 2).heard);
	world_free(w);
}

static void restarted_peer_is_taken_once_it_proves_itself(void **state)
{
	struct world *w = world_make(2);

	world_run(w, 4);
	world_node(w, 2, 999);
	world_events(w, 1, CORE_EVENT_TOC);
	world_run(w, 9);
	assert_int_equal(peer_info(w, 1, 2).incarnation, 999);
	assert_true(peer_info(w, 1, 2).heard);
	assert_int_equal(peer_info(w, 2, 1).incarnation, inc(1));
	assert_true(peer_info(w, 2, 1).heard);
	world_free(w);
}

static void eviction_by_a_newer_installed_view(void **state)
{
	struct world *w = world_formed(3);
	struct core_view next = world_view(2, 0x06);
	u16 id;

	world_run(w, 1);
	/* Node 3 hears nothing for a while, as if its machine stood still. */
	for (id = 1; id <= 2; id++) {
		w->cut[id][3] = w->cut[3][id] = true;
		assert_int_equal(world_accept(w, id, &next, 1), 0);
	}
	world_run(w, 1);
	/* Accepted only: no proof. */
	w->cut[1][3] = false;
	assert_int_equal(world_send(w, 1, 3, 0), CORE_DROP_NONE);
	assert_int_equal(core_check(w->node[3], w->now_ns), CORE_VERDICT_NONE);
	assert_int_equal(core_install(w->node[1], &next, w->now_ns), 0);
	assert_int_equal(world_send(w, 1, 3, 0), CORE_DROP_NONE);
	assert_int_equal(core_check(w->node[3], w->now_ns), CORE_VERDICT_EVICTED);
	assert_int_equal(world_events(w, 3, CORE_EVENT_TOC), 1);
	world_free(w);
}

static void leavers_are_not_evicted_but_their_lease_ends(void **state)
{
	struct world *w = world_formed(3);
	struct core_view next = world_view(2, 0x06);

	world_run(w, 1);
	assert_int_equal(core_leave(w->node[3]), 0);
	assert_int_equal(world_accept(w, 1, &next, 1), 0);
	assert_int_equal(world_accept(w, 2, &next, 1), 0);
	assert_int_equal(core_install(w->node[1], &next, w->now_ns), 0);
	assert_int_equal(world_send(w, 1, 3, 0), CORE_DROP_NONE);
	assert_int_equal(core_check(w->node[3], w->now_ns), CORE_VERDICT_NONE);
	assert_int_equal(world_accept(w, 3, &next, 1), 0);
	assert_int_equal(core_check(w->node[3], w->now_ns + w->node[3]->config.member_timeout_ns),
			 CORE_VERDICT_QUORUM_LEASE);
	world_free(w);
}

static void joiners_and_disarmed_nodes_are_not_evicted(void **state)
{
	struct world *w = world_formed(3);
	struct core_view next = world_view(2, 0x06);

	world_run(w, 1);
	assert_int_equal(core_disarm(w->node[3], true, w->now_ns), 0);
	assert_int_equal(world_accept(w, 1, &next, 1), 0);
	assert_int_equal(world_accept(w, 2, &next, 1), 0);
	world_run(w, 1);
	assert_int_equal(core_install(w->node[1], &next, w->now_ns), 0);
	world_run(w, 1);
	assert_int_equal(core_check(w->node[3], w->now_ns), CORE_VERDICT_NONE);
	/* Back as a new life, armed, with nothing installed. */
	world_node(w, 3, 333);
	assert_int_equal(core_arm(w->node[3], w->now_ns), 0);
	world_run(w, 10);
	assert_true(peer_info(w, 1, 3).heard);
	assert_int_equal(core_check(w->node[3], w->now_ns), CORE_VERDICT_NONE);
	world_free(w);
}

static void newer_view_that_holds_me_does_not_evict(void **state)
{
	struct world *w = world_formed(3);
	struct core_view next = world_view(2, 0x0e);

	next.state = 5;
	next.hash = core_view_hash(&next);
	assert_int_equal(world_accept(w, 1, &next, 1), 0);
	assert_int_equal(world_accept(w, 2, &next, 1), 0);
	world_run(w, 2);
	assert_int_equal(core_install(w->node[1], &next, w->now_ns), 0);
	world_run(w, 1);
	assert_int_equal(core_check(w->node[3], w->now_ns), CORE_VERDICT_NONE);
	world_free(w);
}

static void round_trip_and_loss_are_measured(void **state)
{
	struct world *w = world_make(2);
	struct core_path_info info;
	u8 buf[CORE_HB_SIZE];
	int i;

	world_run(w, 4);
	for (i = 0; i < 10; i++) {
		w->now_ns += 50 * MS;
		core_transmit(w->node[1], 2, 0, w->now_ns, buf);
		core_receive(w->node[2], 0, 0, w->now_ns + 2 * MS, buf);
		w->now_ns += 50 * MS;
		core_transmit(w->node[2], 1, 0, w->now_ns, buf);
		if (i % 2)
			core_receive(w->node[1], 0, 0, w->now_ns + 3 * MS, buf);
	}
	info = path_info(w, 1, 2, 0);
	assert_int_equal(info.rtt_last_ns, 5 * MS);
	assert_int_equal(info.lost, 5);
	assert_int_equal(info.state, CORE_PATH_UP);
	world_free(w);
}

static void removed_peer_continues_its_sequence(void **state)
{
	struct world *w = world_make(2);

	world_run(w, 10);
	assert_int_equal(core_peer_remove(w->node[1], 2), 0);
	assert_int_equal(core_peer_add(w->node[1], 2, 2), 0);
	w->now_ns += MS;
	assert_int_equal(world_send(w, 1, 2, 0), CORE_DROP_NONE);
	world_free(w);
}

static void events_overflow_drops_the_oldest(void **state)
{
	struct world *w = world_make(2);
	struct core_event event = { .type = CORE_EVENT_PATH_STATE };
	unsigned int i;

	for (i = 0; i < CORE_EVENTS_MAX + 3; i++) {
		event.value_ns = i;
		core_event_push(w->node[1], &event);
	}
	assert_true(core_event_pop(w->node[1], &event));
	assert_int_equal(event.value_ns, 3);
	assert_int_equal(w->node[1]->events_lost, 3);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(path_comes_up_after_a_round_trip),
		cmocka_unit_test(one_way_path_never_counts),
		cmocka_unit_test(losing_one_direction_takes_the_path_down_at_both_ends),
		cmocka_unit_test(silence_is_reported_after_d_and_once),
		cmocka_unit_test(own_lateness_is_nobodys_silence),
		cmocka_unit_test(who_is_always_late_suspects_late),
		cmocka_unit_test(only_larger_sequences_are_taken),
		cmocka_unit_test(misaddressed_heartbeats_are_refused),
		cmocka_unit_test(recording_of_an_old_life_changes_nothing),
		cmocka_unit_test(restarted_peer_is_taken_once_it_proves_itself),
		cmocka_unit_test(eviction_by_a_newer_installed_view),
		cmocka_unit_test(leavers_are_not_evicted_but_their_lease_ends),
		cmocka_unit_test(joiners_and_disarmed_nodes_are_not_evicted),
		cmocka_unit_test(newer_view_that_holds_me_does_not_evict),
		cmocka_unit_test(round_trip_and_loss_are_measured),
		cmocka_unit_test(removed_peer_continues_its_sequence),
		cmocka_unit_test(events_overflow_drops_the_oldest),
	};

	return cmocka_run_group_tests_name("core_hb", tests, NULL, NULL);
}
