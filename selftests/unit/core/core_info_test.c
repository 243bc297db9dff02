// SPDX-License-Identifier: GPL-2.0-or-later
/* What heartbeats say of their sender, and what can be read of peers and paths. */
#include "core_world.h"

static struct core_peer_info peer_info(struct world *w, u16 node, u16 peer)
{
	struct core_peer_info info;

	memset(&info, 0xff, sizeof(info));
	assert_int_equal(core_peer_read(w->node[node], peer, &info), 0);
	return info;
}

static struct core_path_info path_info(struct world *w, u16 node, u16 peer, u8 path)
{
	struct core_path_info info;

	memset(&info, 0xff, sizeof(info));
	assert_int_equal(core_path_read(w->node[node], peer, path, &info), 0);
	return info;
}

static struct core_hb heartbeat(struct world *w, u16 from, u16 to)
{
	u8 buf[CORE_HB_SIZE];
	struct core_hb hb;

	assert_int_equal(core_transmit(w->node[from], to, 0, w->now_ns, buf), CORE_HB_SIZE);
	assert_int_equal(core_hb_decode(buf, &hb), CORE_DROP_NONE);
	return hb;
}

static void a_heartbeat_says_who_is_heard(void **state)
{
	struct world *w = world_formed(3);
	struct core_hb hb;

	w->cut[3][1] = true;
	world_run(w, 6);
	hb = heartbeat(w, 1, 2);
	assert_true(core_heard_get(hb.heard, 1));
	assert_true(core_heard_get(hb.heard, 2));
	assert_false(core_heard_get(hb.heard, 3));
	assert_true(core_heard_get(peer_info(w, 2, 1).hears, 1));
	assert_false(core_heard_get(peer_info(w, 2, 1).hears, 3));
	world_free(w);
}

static void a_heartbeat_says_what_its_sender_is(void **state)
{
	struct world *w = world_make(2);

	world_run(w, 4);
	assert_int_equal(heartbeat(w, 1, 2).flags & (CORE_HB_ARMED | CORE_HB_JOINING),
			 CORE_HB_JOINING);
	assert_int_equal(core_arm(w->node[1], w->now_ns), 0);
	assert_int_equal(heartbeat(w, 1, 2).flags & (CORE_HB_ARMED | CORE_HB_JOINING),
			 CORE_HB_ARMED | CORE_HB_JOINING);
	world_free(w);
	w = world_formed(2);
	world_run(w, 1);
	assert_int_equal(peer_info(w, 2, 1).flags & (CORE_HB_ARMED | CORE_HB_JOINING),
			 CORE_HB_ARMED);
	assert_int_equal(peer_info(w, 2, 1).interval_us, 100000);
	world_free(w);
}

static void a_frontier_that_moves_is_an_event_and_one_that_stays_is_none(void **state)
{
	struct world *w = world_formed(3);
	struct core_view next = world_view(2, 0x06);

	world_run(w, 2);
	world_events(w, 2, CORE_EVENT_FRONTIER);
	world_run(w, 2);
	assert_int_equal(world_events(w, 2, CORE_EVENT_FRONTIER), 0);
	assert_int_equal(world_accept(w, 1, &next, 5), 0);
	world_run(w, 2);
	assert_int_equal(world_events(w, 2, CORE_EVENT_FRONTIER), 1);
	world_free(w);
}

static void times_are_those_of_the_newest_heartbeat(void **state)
{
	struct world *w = world_formed(2);
	struct core_peer_info info;
	struct core_path_info path;

	world_run(w, 3);
	info = peer_info(w, 1, 2);
	path = path_info(w, 1, 2, 0);
	assert_int_equal(info.id, 2);
	assert_int_equal(info.paths, 2);
	assert_int_equal(info.heard_ns, w->now_ns);
	assert_int_equal(path.heard_ns, w->now_ns);
	/* Node 1 is the first to send in each interval: this one has come back. */
	assert_int_equal(info.acked_ns, w->now_ns);
	assert_int_equal(path.sent, w->node[1]->peer[2].path[0].tx_sequence);
	assert_int_equal(path.received, path.sent);
	world_free(w);
}

/* 4 ms, 12 ms, 2 ms there and back. */
static void round_trips_have_a_minimum_and_a_mean(void **state)
{
	static const u64 round_ms[] = { 4, 12, 2 };
	struct world *w = world_make(2);
	struct core_path_info info;
	u8 buf[CORE_HB_SIZE];
	unsigned int i;

	world_run(w, 4);
	/* Only those that follow are to count. */
	w->node[1]->peer[2].path[0].rtt_min_ns = 0;
	w->node[1]->peer[2].path[0].rtt_smoothed_ns = 0;
	for (i = 0; i < 3; i++) {
		w->now_ns += 50 * MS;
		core_transmit(w->node[1], 2, 0, w->now_ns, buf);
		core_receive(w->node[2], 0, 0, w->now_ns, buf);
		core_transmit(w->node[2], 1, 0, w->now_ns, buf);
		w->now_ns += round_ms[i] * MS;
		core_receive(w->node[1], 0, 0, w->now_ns, buf);
		info = path_info(w, 1, 2, 0);
		assert_int_equal(info.rtt_last_ns, round_ms[i] * MS);
	}
	assert_int_equal(info.rtt_min_ns, 2 * MS);
	/* An eighth of the way each time: 4, 5, 4.625. */
	assert_int_equal(info.rtt_smoothed_ns, 4625000);
	world_free(w);
}

/* Clocks begin anew with a boot; nothing of the former life may be mixed in. */
static void a_new_life_begins_with_nothing(void **state)
{
	struct world *w = world_formed(2);
	struct core_peer_info info;
	u64 later = w->now_ns + 3600 * CORE_NS_PER_S;
	u8 buf[CORE_HB_SIZE], slow[CORE_HB_SIZE];

	/* The former life's clock was far ahead. */
	assert_int_equal(core_transmit(w->node[2], 1, 0, w->now_ns, buf), CORE_HB_SIZE);
	assert_int_equal(core_receive(w->node[1], 0, 0, w->now_ns, buf), CORE_DROP_NONE);
	w->node[1]->peer[2].sent_ns = later;
	w->node[1]->armed = false;
	world_node(w, 2, 999);
	/* One that is under way on the other path for long. */
	assert_int_equal(core_transmit(w->node[2], 1, 1, w->now_ns, slow), CORE_HB_SIZE);
	world_events(w, 1, CORE_EVENT_TOC);
	world_run(w, 12);
	info = peer_info(w, 1, 2);
	assert_int_equal(info.incarnation, 999);
	assert_int_equal(info.installed_epoch, 0);
	assert_int_equal(info.frontier.epoch, 0);
	assert_int_equal(info.flags & CORE_HB_ARMED, 0);
	assert_int_equal(core_receive(w->node[1], 0, 1, w->now_ns, slow), CORE_DROP_REPLAY);
	assert_int_equal(core_arm(w->node[2], w->now_ns), 0);
	world_run(w, 1);
	assert_int_equal(peer_info(w, 1, 2).flags & CORE_HB_ARMED, CORE_HB_ARMED);
	world_free(w);
}

/* Else a recording, or a long queue, would keep a dead peer alive for as long as it lasts. */
static void what_was_held_up_for_longer_than_l_proves_nothing(void **state)
{
	struct world *w = world_formed(2);
	u8 early[CORE_HB_SIZE], late[CORE_HB_SIZE];

	world_run(w, 1);
	assert_int_equal(core_transmit(w->node[2], 1, 0, w->now_ns, early), CORE_HB_SIZE);
	assert_int_equal(core_transmit(w->node[2], 1, 0, w->now_ns, late), CORE_HB_SIZE);
	/* Nobody's lease is to end meanwhile. */
	w->node[1]->armed = false;
	w->cut[2][1] = true;
	world_run(w, 8);
	assert_false(peer_info(w, 1, 2).heard);
	assert_int_equal(core_receive(w->node[1], 2, 0, w->now_ns, early), CORE_DROP_NONE);
	assert_true(peer_info(w, 1, 2).heard);
	world_run(w, 6);
	assert_false(peer_info(w, 1, 2).heard);
	assert_int_equal(core_receive(w->node[1], 2, 0, w->now_ns, late), CORE_DROP_NONE);
	assert_int_equal(path_info(w, 1, 2, 0).state, CORE_PATH_INIT);
	assert_false(peer_info(w, 1, 2).heard);
	world_free(w);
}

static void silence_of_a_path_is_an_event(void **state)
{
	struct world *w = world_formed(2);

	world_run(w, 1);
	world_events(w, 1, CORE_EVENT_TOC);
	w->cut[2][1] = true;
	world_run(w, 5);
	assert_int_equal(path_info(w, 1, 2, 0).state, CORE_PATH_DOWN);
	assert_int_equal(world_events(w, 1, CORE_EVENT_PATH_STATE), 1);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_heartbeat_says_who_is_heard),
		cmocka_unit_test(a_heartbeat_says_what_its_sender_is),
		cmocka_unit_test(a_frontier_that_moves_is_an_event_and_one_that_stays_is_none),
		cmocka_unit_test(times_are_those_of_the_newest_heartbeat),
		cmocka_unit_test(round_trips_have_a_minimum_and_a_mean),
		cmocka_unit_test(a_new_life_begins_with_nothing),
		cmocka_unit_test(what_was_held_up_for_longer_than_l_proves_nothing),
		cmocka_unit_test(silence_of_a_path_is_an_event),
	};

	return cmocka_run_group_tests_name("core_info", tests, NULL, NULL);
}
