// SPDX-License-Identifier: GPL-2.0-or-later
/* Last words: what they say, and what they do to who hears them (rule 7). */
#include "core_world.h"
#include "names.h"

static int gasp_send(struct world *w, u16 from, u16 to, u8 path)
{
	u8 buf[CORE_GASP_SIZE];

	if (core_gasp_write(w->node[from], to, path, w->now_ns, buf) != CORE_GASP_SIZE)
		return -1;
	return core_gasp_receive(w->node[to], 0, path, w->now_ns, buf);
}

static void gasp_written(struct world *w, u16 id, struct core_hb *hb, struct core_gasp *gasp)
{
	u8 buf[CORE_GASP_SIZE];

	assert_int_equal(core_gasp_write(w->node[id], 2, 1, w->now_ns, buf), CORE_GASP_SIZE);
	assert_int_equal(core_gasp_decode(buf, hb, gasp), CORE_DROP_NONE);
}

static void says_what_was_promised_and_accepted(void **state)
{
	struct world *w = world_formed(3);
	struct core_view view = world_view(2, 0x06);
	struct core_ballot ballot = { 7, 2 }, lower = { 6, 3 };
	struct core_gasp gasp;
	struct core_hb hb;

	gasp_written(w, 1, &hb, &gasp);
	assert_int_equal(hb.installed_epoch, 1);
	assert_int_equal(hb.sequence, CORE_GASP_SEQUENCE);
	assert_int_equal(hb.flags, CORE_HB_GASP | CORE_HB_ARMED);
	assert_int_equal(gasp.promised.counter, 0);
	assert_int_equal(gasp.accepted.count, 0);
	assert_int_equal(core_promise(w->node[1], 2, &ballot), 0);
	assert_int_equal(core_promise(w->node[1], 2, &lower), 0);
	assert_int_equal(world_accept(w, 1, &view, 9), 0);
	gasp_written(w, 1, &hb, &gasp);
	/* Accepting a ballot promises it. */
	assert_int_equal(gasp.promised.counter, 9);
	assert_int_equal(gasp.ballot.counter, 9);
	assert_int_equal(gasp.ballot.node, 1);
	assert_int_equal(gasp.accepted.hash, view.hash);
	assert_int_equal(gasp.accepted.count, 2);
	assert_int_equal(hb.frontier.epoch, 2);
	assert_int_equal(hb.frontier.hash, view.hash);
	world_free(w);
}

static void what_it_said_is_kept(void **state)
{
	struct world *w = world_formed(3);
	struct core_view view = world_view(2, 0x06);
	struct core_peer_info info;
	struct core_gasp gasp;

	assert_int_equal(world_accept(w, 1, &view, 9), 0);
	assert_int_equal(gasp_send(w, 1, 2, 0), CORE_DROP_NONE);
	assert_int_equal(gasp_send(w, 3, 2, 0), CORE_DROP_NONE);
	assert_int_equal(core_gasp_read(w->node[2], 1, inc(1), &gasp), 0);
	assert_int_equal(gasp.promised.counter, 9);
	assert_int_equal(gasp.ballot.counter, 9);
	assert_int_equal(gasp.accepted.hash, view.hash);
	assert_int_equal(core_gasp_read(w->node[2], 3, inc(3), &gasp), 0);
	assert_int_equal(gasp.accepted.count, 0);
	/* Another life, another node. */
	assert_int_equal(core_gasp_read(w->node[2], 1, inc(3), &gasp), -ENOENT);
	assert_int_equal(core_gasp_read(w->node[2], 3, inc(1), &gasp), -ENOENT);
	assert_false(core_heard_get(w->node[2]->heard, 1));
	assert_int_equal(core_peer_read(w->node[2], 1, &info), 0);
	assert_int_equal(info.installed_epoch, 1);
	assert_int_equal(info.frontier.epoch, 2);
	assert_int_equal(info.frontier.hash, view.hash);
	world_free(w);
}

static void who_has_not_joined_says_so(void **state)
{
	struct world *w = world_make(2);
	struct core_gasp gasp;
	struct core_hb hb;

	world_run(w, 4);
	assert_int_equal(core_arm(w->node[1], w->now_ns), 0);
	gasp_written(w, 1, &hb, &gasp);
	assert_int_equal(hb.flags, CORE_HB_GASP | CORE_HB_ARMED | CORE_HB_JOINING);
	world_free(w);
}

/* What is not for this node, or not from that peer, changes nothing. */
static void those_for_others_are_refused(void **state)
{
	struct world *w = world_formed(3);
	struct core_gasp gasp;
	u8 good[CORE_GASP_SIZE], buf[CORE_GASP_SIZE];
	struct core *b = w->node[2];

	assert_int_equal(core_gasp_write(w->node[1], 2, 0, w->now_ns, good), CORE_GASP_SIZE);
	memcpy(buf, good, sizeof(buf));
	buf[7] = 0;
	assert_int_equal(core_gasp_receive(b, 0, 0, w->now_ns, buf), CORE_DROP_FIELD);
	memcpy(buf, good, sizeof(buf));
	buf[23] ^= 1;
	assert_int_equal(core_gasp_receive(b, 0, 0, w->now_ns, buf), CORE_DROP_CLUSTER);
	assert_int_equal(core_gasp_receive(b, 3, 0, w->now_ns, good), CORE_DROP_PEER);
	assert_int_equal(core_gasp_receive(b, 1, 1, w->now_ns, good), CORE_DROP_PATH);
	assert_int_equal(core_gasp_receive(w->node[3], 1, 0, w->now_ns, good),
			 CORE_DROP_DESTINATION);
	assert_true(core_heard_get(b->heard, 1));
	assert_int_equal(core_gasp_read(b, 1, inc(1), &gasp), -ENOENT);
	assert_int_equal(core_gasp_receive(b, 1, 0, w->now_ns, good), CORE_DROP_NONE);
	world_free(w);
}

/* A node past its lease learns nothing that could prolong its life. */
static void none_is_taken_after_the_own_lease(void **state)
{
	struct world *w = world_formed(2);
	struct core_gasp gasp;
	u8 buf[CORE_GASP_SIZE];

	assert_int_equal(core_gasp_write(w->node[1], 2, 0, w->now_ns, buf), CORE_GASP_SIZE);
	w->now_ns += 6000 * MS;
	assert_int_equal(core_gasp_receive(w->node[2], 1, 0, w->now_ns, buf), CORE_DROP_NONE);
	assert_int_equal(core_gasp_read(w->node[2], 1, inc(1), &gasp), -ENOENT);
	world_free(w);
}

static void promise_is_for_the_next_epoch_only(void **state)
{
	struct world *w = world_formed(2);
	struct core_view view = world_view(2, 0x06);
	struct core_ballot ballot = { 7, 2 }, none = { 0, 2 };
	struct core_gasp gasp;
	struct core_hb hb;

	assert_int_equal(core_promise(w->node[1], 1, &ballot), -ESTALE);
	assert_int_equal(core_promise(w->node[1], 3, &ballot), -ESTALE);
	assert_int_equal(core_promise(w->node[1], 2, &none), -EINVAL);
	assert_int_equal(core_promise(w->node[1], 2, &ballot), 0);
	assert_int_equal(world_accept(w, 1, &view, 8), 0);
	assert_int_equal(world_accept(w, 2, &view, 8), 0);
	world_run(w, 3);
	assert_int_equal(core_install(w->node[1], &view, w->now_ns), 0);
	gasp_written(w, 1, &hb, &gasp);
	assert_int_equal(gasp.promised.counter, 0);
	assert_int_equal(gasp.accepted.count, 0);
	assert_int_equal(hb.installed_epoch, 2);
	world_free(w);
}

static void generation_moves_with_all_that_a_gasp_says(void **state)
{
	struct world *w = world_formed(2);
	struct core_view view = world_view(2, 0x06);
	struct core_ballot ballot = { 7, 2 };
	u64 last = core_gasp_generation(w->node[1]);

	assert_int_equal(core_promise(w->node[1], 2, &ballot), 0);
	assert_true(core_gasp_generation(w->node[1]) > last);
	last = core_gasp_generation(w->node[1]);
	/* Nothing new. */
	assert_int_equal(core_promise(w->node[1], 2, &ballot), 0);
	world_run(w, 1);
	assert_int_equal(core_gasp_generation(w->node[1]), last);
	assert_int_equal(world_accept(w, 1, &view, 8), 0);
	assert_true(core_gasp_generation(w->node[1]) > last);
	last = core_gasp_generation(w->node[1]);
	/* The same value at a higher ballot. */
	assert_int_equal(world_accept(w, 1, &view, 9), 0);
	assert_true(core_gasp_generation(w->node[1]) > last);
	last = core_gasp_generation(w->node[1]);
	assert_int_equal(world_accept(w, 2, &view, 9), 0);
	world_run(w, 3);
	assert_int_equal(core_install(w->node[1], &view, w->now_ns), 0);
	assert_true(core_gasp_generation(w->node[1]) > last);
	world_free(w);
}

static void silences_at_once_and_for_good(void **state)
{
	struct world *w = world_formed(3);
	struct core_path_info path;
	struct core_peer_info info;
	struct core_gasp gasp;
	u8 late[CORE_HB_SIZE];

	world_run(w, 1);
	w->now_ns += MS;
	assert_int_equal(core_transmit(w->node[1], 2, 0, w->now_ns, late), CORE_HB_SIZE);
	assert_int_equal(core_gasp_read(w->node[2], 1, inc(1), &gasp), -ENOENT);
	world_events(w, 2, CORE_EVENT_TOC);
	assert_int_equal(gasp_send(w, 1, 2, 0), CORE_DROP_NONE);
	assert_int_equal(core_peer_read(w->node[2], 1, &info), 0);
	assert_false(info.heard);
	assert_int_equal(core_path_read(w->node[2], 1, 0, &path), 0);
	assert_int_equal(path.state, CORE_PATH_DOWN);
	assert_int_equal(core_gasp_read(w->node[2], 1, inc(1), &gasp), 0);
	assert_int_equal(world_events(w, 2, CORE_EVENT_PEER_GASP), 1);
	/* On the other path, again, and what was under way. */
	assert_int_equal(gasp_send(w, 1, 2, 1), CORE_DROP_REPLAY);
	assert_int_equal(gasp_send(w, 1, 2, 0), CORE_DROP_REPLAY);
	assert_int_equal(core_receive(w->node[2], 0, 0, w->now_ns, late), CORE_DROP_REPLAY);
	assert_int_equal(core_peer_read(w->node[2], 1, &info), 0);
	assert_false(info.heard);
	assert_int_equal(world_events(w, 2, CORE_EVENT_PEER_GASP), 0);
	world_free(w);
}

static void belongs_to_the_life_that_is_known(void **state)
{
	struct world *w = world_formed(2);
	u8 old[CORE_GASP_SIZE];

	assert_int_equal(core_gasp_write(w->node[1], 2, 0, w->now_ns, old), CORE_GASP_SIZE);
	assert_int_equal(gasp_send(w, 1, 2, 0), CORE_DROP_NONE);
	world_node(w, 1, 777);
	world_run(w, 4);
	world_events(w, 2, CORE_EVENT_TOC);
	/* The new life is heard at once, and a recording does not end it. */
	assert_true(core_heard_get(w->node[2]->heard, 1));
	assert_int_equal(core_gasp_receive(w->node[2], 0, 0, w->now_ns, old),
			 CORE_DROP_INCARNATION);
	assert_true(core_heard_get(w->node[2]->heard, 1));
	world_free(w);
}

static void disarmed_nodes_have_none(void **state)
{
	struct world *w = world_make(2);
	u8 buf[CORE_GASP_SIZE];

	world_run(w, 4);
	assert_int_equal(core_gasp_write(w->node[1], 2, 0, w->now_ns, buf), 0);
	assert_int_equal(core_gasp_write(w->node[1], 3, 0, w->now_ns, buf), -ENOENT);
	assert_int_equal(core_gasp_write(w->node[1], 2, 2, w->now_ns, buf), -ENOENT);
	assert_int_equal(core_gasp_write(w->node[1], 0, 0, w->now_ns, buf), -ENOENT);
	assert_int_equal(core_gasp_write(w->node[1], CORE_NODE_ID_MAX + 1, 0, w->now_ns, buf),
			 -ENOENT);
	assert_int_equal(core_peer_add(w->node[1], CORE_NODE_ID_MAX, 1), 0);
	assert_int_equal(core_gasp_write(w->node[1], CORE_NODE_ID_MAX, 0, w->now_ns, buf), 0);
	assert_int_equal(core_arm(w->node[1], w->now_ns), 0);
	assert_int_equal(core_gasp_write(w->node[1], 2, 0, w->now_ns, buf), CORE_GASP_SIZE);
	world_free(w);
}

/* Each field out of range, one at a time. */
static void malformed_ones_are_refused(void **state)
{
	static const struct {
		unsigned int at;
		u8 value;
	} spoil[] = {
		{ 7, 0 },		/* flags: no gasp */
		{ 40, 0 },		/* sequence */
		{ 164, 0xff },		/* members */
		{ 151, 0 },		/* promised below the ballot accepted */
		{ 163, 0 },		/* no ballot */
		{ 63, 9 },		/* epoch of the value */
		{ 71, 1 },		/* its hash */
		{ 185, 0 },		/* a member */
	};
	struct world *w = world_formed(2);
	struct core_view view = world_view(2, 0x06);
	struct core_gasp gasp;
	struct core_hb hb;
	u8 good[CORE_GASP_SIZE], buf[CORE_GASP_SIZE];
	unsigned int i;
	u32 key;

	assert_int_equal(world_accept(w, 1, &view, 8), 0);
	assert_int_equal(core_gasp_write(w->node[1], 2, 0, w->now_ns, good), CORE_GASP_SIZE);
	assert_int_equal(core_gasp_decode(good, &hb, &gasp), CORE_DROP_NONE);
	for (i = 0; i < sizeof(spoil) / sizeof(spoil[0]); i++) {
		memcpy(buf, good, sizeof(buf));
		buf[spoil[i].at] = spoil[i].value;
		assert_int_equal(core_gasp_decode(buf, &hb, &gasp), CORE_DROP_FIELD);
	}
	/* The length says what it is, the flag must agree. */
	assert_int_equal(core_hb_precheck(good, CORE_GASP_SIZE, &key), CORE_DROP_NONE);
	assert_int_equal(core_hb_precheck(good, CORE_GASP_SIZE - 1, &key), CORE_DROP_LENGTH);
	assert_int_equal(core_receive(w->node[2], 0, 0, w->now_ns, good), CORE_DROP_FIELD);
	world_free(w);
}

static void largest_view_round_trips(void **state)
{
	struct core_hb in = { .src = 1, .src_incarnation = 5, .sequence = CORE_GASP_SEQUENCE,
			      .sent_ns = 1, .flags = CORE_HB_GASP, .installed_epoch = 3 }, out;
	struct core_gasp gasp = { .promised = { 9, 256 }, .ballot = { 8, 7 } }, back;
	struct core_view *view = &gasp.accepted;
	u8 buf[CORE_GASP_SIZE];
	u16 i;

	view->epoch = 4;
	view->arbiter = 0x1122334455667788ULL;
	view->state = 99;
	view->count = CORE_VIEW_MEMBERS_MAX;
	for (i = 0; i < view->count; i++) {
		view->member[i].id = 193 + i;
		view->member[i].incarnation = ~(u64)i;
	}
	view->coordinator = 256;
	view->hash = core_view_hash(view);
	in.frontier.epoch = view->epoch;
	in.frontier.hash = view->hash;
	core_gasp_encode(&in, &gasp, buf);
	assert_int_equal(core_gasp_decode(buf, &out, &back), CORE_DROP_NONE);
	assert_memory_equal(&gasp.promised, &back.promised, sizeof(u64) + sizeof(u16));
	assert_int_equal(core_view_hash(&back.accepted), view->hash);
	assert_string_equal(core_event_name(CORE_EVENT_PEER_GASP), "peer-gasp");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_what_was_promised_and_accepted),
		cmocka_unit_test(what_it_said_is_kept),
		cmocka_unit_test(who_has_not_joined_says_so),
		cmocka_unit_test(those_for_others_are_refused),
		cmocka_unit_test(none_is_taken_after_the_own_lease),
		cmocka_unit_test(promise_is_for_the_next_epoch_only),
		cmocka_unit_test(generation_moves_with_all_that_a_gasp_says),
		cmocka_unit_test(silences_at_once_and_for_good),
		cmocka_unit_test(belongs_to_the_life_that_is_known),
		cmocka_unit_test(disarmed_nodes_have_none),
		cmocka_unit_test(malformed_ones_are_refused),
		cmocka_unit_test(largest_view_round_trips),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
