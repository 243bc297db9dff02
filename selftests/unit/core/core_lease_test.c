// SPDX-License-Identifier: GPL-2.0-or-later
#include "core_world.h"

/* Sets A[i][j] of node 1 as if heartbeats had brought it. */
static void set_ack(struct core *core, u16 id, u64 incarnation, u64 sent_ns)
{
	core_ack_record(core, &core->peer[id], incarnation, sent_ns);
}

static void lease_needs_the_majority_th_newest(void **state)
{
	struct world *w = world_make(6);
	struct core *core = w->node[1];
	u64 t = w->now_ns;
	struct core_view view;
	u16 id;

	for (id = 2; id <= 6; id++)
		set_ack(core, id, inc(id), t - id * 100 * MS);
	/* n = 1 needs nobody; n = 2 and 3 need one; 4 and 5 two; 6 three. */
	view = world_view(1, 0x02);
	assert_int_equal(core_lease_under(core, &view, t), CORE_NEVER);
	view = world_view(1, 0x06);
	assert_int_equal(core_lease_under(core, &view, t), t + 800 * MS);
	view = world_view(1, 0x0e);
	assert_int_equal(core_lease_under(core, &view, t), t + 800 * MS);
	view = world_view(1, 0x1e);
	assert_int_equal(core_lease_under(core, &view, t), t + 700 * MS);
	view = world_view(1, 0x3e);
	assert_int_equal(core_lease_under(core, &view, t), t + 700 * MS);
	view = world_view(1, 0x7e);
	assert_int_equal(core_lease_under(core, &view, t), t + 600 * MS);
	world_free(w);
}

static void lease_under_a_view_of_strangers_has_ended(void **state)
{
	struct world *w = world_make(3);
	struct core_view view = world_view(1, 0x0e);

	assert_int_equal(core_lease_under(w->node[1], &view, w->now_ns), 0);
	world_free(w);
}

static void acknowledgements_never_go_back(void **state)
{
	struct world *w = world_make(2);
	struct core_view view = world_view(1, 0x06);

	set_ack(w->node[1], 2, inc(2), w->now_ns - 10 * MS);
	set_ack(w->node[1], 2, inc(2), w->now_ns - 20 * MS);
	assert_int_equal(core_lease_under(w->node[1], &view, w->now_ns),
			 w->now_ns + 990 * MS);
	world_free(w);
}

static void acknowledgements_belong_to_an_incarnation(void **state)
{
	struct world *w = world_formed(3);
	struct core *core = w->node[1];
	u64 before = core_quorum_lease_ns(core);
	u64 life;

	w->now_ns += 100 * MS;
	/* Other lives of the peers lend nothing, and take nothing away. */
	for (life = 900; life < 910; life++) {
		set_ack(core, 2, life, w->now_ns);
		set_ack(core, 3, life, w->now_ns);
		assert_int_equal(core_quorum_lease_ns(core), before);
	}
	set_ack(core, 2, inc(2), w->now_ns);
	assert_int_equal(core_quorum_lease_ns(core), w->now_ns + 1000 * MS);
	world_free(w);
}

static void rule_1_counts_by_frontier(void **state)
{
	struct world *w = world_formed(3);
	struct core *core = w->node[1];
	struct core_hb hb = {
		.dst_incarnation = inc(1),
		.returned_ns = w->now_ns,
		.installed_epoch = 1,
		.frontier = core->frontier,
	};
	struct core_view next = world_view(2, 0x06), other = world_view(2, 0x0a);

	assert_true(core_ack_counts(core, &hb, w->now_ns));
	hb.frontier.epoch = 0;
	assert_true(core_ack_counts(core, &hb, w->now_ns));
	/* A frontier above what is installed here, and not accepted here. */
	hb.frontier.epoch = next.epoch;
	hb.frontier.hash = next.hash;
	assert_false(core_ack_counts(core, &hb, w->now_ns));
	/* The same once it is accepted here; another value still does not. */
	assert_int_equal(world_accept(w, 1, &next, 2), 0);
	assert_true(core_ack_counts(core, &hb, w->now_ns));
	hb.frontier.hash = other.hash;
	assert_false(core_ack_counts(core, &hb, w->now_ns));
	world_free(w);
}

static void only_times_of_this_incarnation_count(void **state)
{
	struct world *w = world_formed(2);
	struct core_hb hb = {
		.dst_incarnation = inc(1),
		.returned_ns = w->now_ns,
		.frontier = w->node[1]->frontier,
	};

	assert_true(core_ack_counts(w->node[1], &hb, w->now_ns));
	hb.dst_incarnation = 7;
	assert_false(core_ack_counts(w->node[1], &hb, w->now_ns));
	hb.dst_incarnation = inc(1);
	hb.returned_ns = w->now_ns + 1;
	assert_false(core_ack_counts(w->node[1], &hb, w->now_ns));
	hb.returned_ns = 0;
	assert_false(core_ack_counts(w->node[1], &hb, w->now_ns));
	world_free(w);
}

static void lease_runs_out_without_the_majority(void **state)
{
	struct world *w = world_formed(3);
	u64 end;

	world_run(w, 3);
	end = core_quorum_lease_ns(w->node[1]);
	assert_in_range(end, w->now_ns + 800 * MS, w->now_ns + 1000 * MS);
	w->cut[1][2] = w->cut[2][1] = w->cut[1][3] = w->cut[3][1] = true;
	world_run(w, 5);
	world_pet(w);
	assert_int_equal(core_check(w->node[1], end - 1), CORE_VERDICT_NONE);
	assert_int_equal(core_check(w->node[1], end), CORE_VERDICT_QUORUM_LEASE);
	/* The verdict stays; nothing is sent any more; the others live. */
	assert_int_equal(core_check(w->node[1], 1), CORE_VERDICT_QUORUM_LEASE);
	assert_int_equal(world_send(w, 1, 2, 0), -1);
	world_run(w, 20);
	assert_int_equal(core_check(w->node[2], w->now_ns), CORE_VERDICT_NONE);
	assert_int_equal(core_check(w->node[3], w->now_ns), CORE_VERDICT_NONE);
	world_free(w);
}

static void late_acknowledgement_does_not_revive(void **state)
{
	struct world *w = world_formed(2);
	u8 buf[CORE_HB_SIZE];
	u64 end;

	world_run(w, 1);
	end = core_quorum_lease_ns(w->node[1]);
	assert_int_equal(core_transmit(w->node[2], 1, 0, w->now_ns + MS, buf), CORE_HB_SIZE);
	assert_int_equal(core_receive(w->node[1], 0, 0, end, buf), CORE_DROP_NONE);
	assert_int_equal(core_check(w->node[1], end), CORE_VERDICT_QUORUM_LEASE);
	world_free(w);
}

static void view_of_one_needs_nobody_until_it_accepts(void **state)
{
	struct world *w = world_make(2);
	struct core *core = w->node[1];
	struct core_view one = world_view(1, 0x02), two = world_view(2, 0x06);

	assert_int_equal(core_arm(core, w->now_ns), 0);
	assert_int_equal(world_accept(w, 1, &one, 1), 0);
	assert_int_equal(core_install(core, &one, w->now_ns), 0);
	assert_int_equal(core_quorum_lease_ns(core), CORE_NEVER);
	/* The joiner has not acknowledged anything: accepting would kill. */
	assert_int_equal(world_accept(w, 1, &two, 1), -EAGAIN);
	assert_int_equal(core_quorum_lease_ns(core), CORE_NEVER);
	world_acknowledge_all(w);
	world_run(w, 4);
	assert_int_equal(world_accept(w, 1, &two, 1), 0);
	assert_in_range(core_quorum_lease_ns(core), w->now_ns, w->now_ns + 1000 * MS);
	world_free(w);
}

static void disarmed_node_has_no_lease(void **state)
{
	struct world *w = world_formed(2);

	assert_int_equal(core_disarm(w->node[1], true, w->now_ns), 0);
	assert_int_equal(core_deadline_ns(w->node[1]), CORE_NEVER);
	w->now_ns += 100 * CORE_NS_PER_S;
	assert_int_equal(core_check(w->node[1], w->now_ns), CORE_VERDICT_NONE);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lease_needs_the_majority_th_newest),
		cmocka_unit_test(lease_under_a_view_of_strangers_has_ended),
		cmocka_unit_test(acknowledgements_never_go_back),
		cmocka_unit_test(acknowledgements_belong_to_an_incarnation),
		cmocka_unit_test(rule_1_counts_by_frontier),
		cmocka_unit_test(only_times_of_this_incarnation_count),
		cmocka_unit_test(lease_runs_out_without_the_majority),
		cmocka_unit_test(late_acknowledgement_does_not_revive),
		cmocka_unit_test(view_of_one_needs_nobody_until_it_accepts),
		cmocka_unit_test(disarmed_node_has_no_lease),
	};

	return cmocka_run_group_tests_name("core_lease", tests, NULL, NULL);
}
