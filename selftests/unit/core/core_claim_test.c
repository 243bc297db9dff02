// SPDX-License-Identifier: GPL-2.0-or-later
/* Recordings of former lives cannot keep the present one waiting. */
#include "core_world.h"

#define RECORDED	40
#define LIVES		(CORE_CLAIMS_WAITING + 2)	/* more than have a place */

/* Node 2's heartbeats of former lives, in their order. */
struct recording {
	u8 heartbeat[LIVES][RECORDED][CORE_HB_SIZE];
	unsigned int next[LIVES];
};

static struct core_peer_info peer_info(struct world *w, u16 node, u16 peer)
{
	struct core_peer_info info;

	assert_int_equal(core_peer_read(w->node[node], peer, &info), 0);
	return info;
}

/* Lives that node 1 has heard and answered; then both start anew. */
static struct world *recorded(struct recording *recording, unsigned int lives)
{
	struct world *w = world_make(2);
	unsigned int life, i;

	memset(recording, 0, sizeof(*recording));
	for (life = 0; life < lives; life++) {
		world_node(w, 2, 700 + life);
		for (i = 0; i < RECORDED; i++) {
			world_run(w, 1);
			core_transmit(w->node[2], 1, 0, w->now_ns,
				      recording->heartbeat[life][i]);
		}
		assert_int_equal(peer_info(w, 1, 2).incarnation, 700 + life);
	}
	world_node(w, 1, 111);
	world_node(w, 2, 999);
	return w;
}

/* The next of each life, as long as there are some; between two of the present life's,
 * so that it is never the first to come when a turn is over.
 */
static void play(struct world *w, struct recording *recording, unsigned int lives)
{
	unsigned int life;

	for (life = 0; life < lives; life++)
		if (recording->next[life] < RECORDED)
			core_receive(w->node[1], 0, 0, w->now_ns + 50 * MS,
				     recording->heartbeat[life][recording->next[life]++]);
}

/* How many intervals the present life needs, with the recordings before it in each. */
static unsigned int intervals_until_heard(unsigned int lives)
{
	static struct recording recording;
	struct world *w = recorded(&recording, lives);
	unsigned int count = 0;

	while (!peer_info(w, 1, 2).heard && count < RECORDED) {
		play(w, &recording, lives);
		assert_int_equal(peer_info(w, 1, 2).incarnation, 0);
		world_run(w, 1);
		count++;
	}
	assert_int_equal(peer_info(w, 1, 2).incarnation, 999);
	world_free(w);
	return count;
}

static void a_long_recording_waits_its_turn(void **state)
{
	unsigned int alone = intervals_until_heard(0);

	/* D is five intervals. */
	assert_in_range(intervals_until_heard(1), alone, alone + 5 + 1);
}

static void several_recordings_wait_their_turns(void **state)
{
	unsigned int alone = intervals_until_heard(0);

	assert_in_range(intervals_until_heard(3), alone, alone + 3 * 5 + 3);
}

/* Then a place is had by whoever comes when one is free; no turn is had without. */
static void more_than_can_wait_prove_nothing(void **state)
{
	assert_in_range(intervals_until_heard(LIVES), 1, RECORDED);
}

/* With nobody else there a slow peer keeps its claim. */
static void a_lone_claim_is_answered_on_and_on(void **state)
{
	struct world *w = world_make(2);

	w->cut[1][2] = true;
	world_run(w, 50);
	assert_int_equal(peer_info(w, 1, 2).incarnation, 0);
	w->cut[1][2] = false;
	world_run(w, 3);
	assert_true(peer_info(w, 1, 2).heard);
	world_free(w);
}

/* A claim that is no more leaves its place to the next. */
static void who_falls_silent_waits_no_more(void **state)
{
	static struct recording recording;
	struct world *w = recorded(&recording, 2);
	unsigned int count;

	play(w, &recording, 2);
	for (count = 0; count < 8; count++)
		world_run(w, 1);
	assert_true(peer_info(w, 1, 2).heard);
	assert_int_equal(peer_info(w, 1, 2).incarnation, 999);
	world_free(w);
}

/* Clocks begin anew with a boot: the present life's may be behind a former one's. */
static void a_recording_with_a_later_clock_waits_its_turn(void **state)
{
	struct world *w = world_make(2);
	u8 recorded[CORE_HB_SIZE];
	unsigned int count;

	assert_int_equal(core_transmit(w->node[2], 1, 0, w->now_ns + 3600 * CORE_NS_PER_S,
				       recorded), CORE_HB_SIZE);
	world_node(w, 1, 111);
	world_node(w, 2, 999);
	core_receive(w->node[1], 0, 0, w->now_ns, recorded);
	for (count = 0; count < 5 + 4; count++)
		world_run(w, 1);
	assert_true(peer_info(w, 1, 2).heard);
	assert_int_equal(peer_info(w, 1, 2).incarnation, 999);
	world_free(w);
}

/* Otherwise it could never prove itself while its other path is down. */
static void a_claim_is_answered_on_the_path_it_came_by(void **state)
{
	struct world *w = world_make(2);
	u8 buf[CORE_HB_SIZE];
	struct core_hb hb;

	w->now_ns += 100 * MS;
	assert_int_equal(world_send(w, 2, 1, 1), CORE_DROP_NONE);
	assert_int_equal(core_transmit(w->node[1], 2, 1, w->now_ns + 30 * MS, buf), CORE_HB_SIZE);
	assert_int_equal(core_hb_decode(buf, &hb), CORE_DROP_NONE);
	assert_int_equal(hb.dst_incarnation, inc(2));
	assert_int_equal(hb.path_returned_ns, w->now_ns);
	assert_int_equal(hb.path_held_ns, 30 * MS);
	assert_int_equal(core_transmit(w->node[1], 2, 0, w->now_ns + 30 * MS, buf), CORE_HB_SIZE);
	assert_int_equal(core_hb_decode(buf, &hb), CORE_DROP_NONE);
	assert_int_equal(hb.path_returned_ns, 0);
	world_free(w);
}

/* Node 2 sends on both paths; the second one is faster, and cut towards it.  Where
 * @fast is not NULL, what came by that is kept there.
 */
static void interval_with_a_faster_path(struct world *w, u8 *fast)
{
	u8 slow[2][CORE_HB_SIZE], buf[CORE_HB_SIZE];

	w->now_ns += 100 * MS;
	core_transmit(w->node[1], 2, 0, w->now_ns, slow[0]);
	core_transmit(w->node[1], 2, 1, w->now_ns, buf);
	core_transmit(w->node[2], 1, 0, w->now_ns, slow[1]);
	w->now_ns += MS;
	core_transmit(w->node[2], 1, 1, w->now_ns, buf);
	core_receive(w->node[1], 0, 1, w->now_ns, buf);
	if (fast)
		memcpy(fast, buf, sizeof(buf));
	w->now_ns += MS;
	core_receive(w->node[1], 0, 0, w->now_ns, slow[1]);
	core_receive(w->node[2], 0, 0, w->now_ns, slow[0]);
}

/* Its words are the newest, but nobody can answer them where they come from. */
static void a_faster_path_one_way_hinders_no_proof(void **state)
{
	struct world *w = world_make(2);
	unsigned int count;

	for (count = 0; count < 4; count++)
		interval_with_a_faster_path(w, NULL);
	assert_true(peer_info(w, 1, 2).heard);
	assert_true(peer_info(w, 2, 1).heard);
	world_free(w);
}

static void what_a_claim_said_is_not_taken_again(void **state)
{
	struct world *w = world_make(2);
	u8 fast[CORE_HB_SIZE];
	unsigned int count;

	for (count = 0; count < 4 && !peer_info(w, 1, 2).heard; count++)
		interval_with_a_faster_path(w, fast);
	assert_true(peer_info(w, 1, 2).heard);
	assert_int_equal(core_receive(w->node[1], 0, 1, w->now_ns, fast), CORE_DROP_REPLAY);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_long_recording_waits_its_turn),
		cmocka_unit_test(several_recordings_wait_their_turns),
		cmocka_unit_test(more_than_can_wait_prove_nothing),
		cmocka_unit_test(a_lone_claim_is_answered_on_and_on),
		cmocka_unit_test(who_falls_silent_waits_no_more),
		cmocka_unit_test(a_recording_with_a_later_clock_waits_its_turn),
		cmocka_unit_test(a_claim_is_answered_on_the_path_it_came_by),
		cmocka_unit_test(a_faster_path_one_way_hinders_no_proof),
		cmocka_unit_test(what_a_claim_said_is_not_taken_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
