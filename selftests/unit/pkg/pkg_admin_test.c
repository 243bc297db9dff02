// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests of administrators, placement, restarts, and changes of coordinator. */
#include "pkg_world_setup.h"

static struct conf_package *one_package(u16 nodes)
{
	struct conf_package *package;

	world_begin(nodes, 3);
	package = package_add("web");
	return package;
}

static void starts_on_first_node(void **state)
{
	one_package(3);
	conf->package[0].node[0].id = 3;
	conf->package[0].node[2].id = 1;
	world_form();
	assert_int_equal(status(0).node, 3);
	assert_int_equal(status(0).status, PKG_STATUS_UP);
	for (u16 n = 1; n <= 3; n++)
		assert_int_equal(status_at(n, 0).run, 1);
}

/* Formed anew, without records: who was a member before may still run it. */
static void first_start_waits(void **state)
{
	one_package(3);
	w.waits = true;
	world_form();
	world_run(WAIT_NS - 205 * MS);
	assert_int_equal(status(0).status, PKG_STATUS_UNKNOWN);
	world_run(100 * MS);
	assert_int_equal(status(0).state, PKG_RUNNING);
}

static void halt_disables_auto_run(void **state)
{
	one_package(3);
	world_form();
	assert_int_equal(ask(2, PKG_OP_HALT, "web", 0), PKG_DONE);
	assert_int_equal(w.node[1].halt_reason[0], PKG_HALT_USER);
	assert_false(status(0).auto_run);
	world_run(5000 * MS);
	assert_int_equal(status(0).state, PKG_HALTED);
	assert_int_equal(ask(2, PKG_OP_HALT, "web", 0), PKG_E_NOT_RUNNING);
	assert_int_equal(ask(3, PKG_OP_RUN, "web", 3), PKG_DONE);
	assert_int_equal(status(0).node, 3);
	assert_false(status(0).auto_run);
	assert_true(w.progress > 0);
}

static void enabling_starts_it(void **state)
{
	one_package(2)->auto_run = false;
	world_form();
	assert_int_equal(status(0).status, PKG_STATUS_DOWN);
	assert_int_equal(ask(2, PKG_OP_DISABLE, "web", 1), PKG_DONE);
	assert_int_equal(ask(2, PKG_OP_RUN, "web", 1), PKG_E_SWITCHING);
	assert_int_equal(ask(2, PKG_OP_ENABLE, "web", 0), PKG_DONE);
	world_run(100 * MS);
	assert_int_equal(status(0).node, 2);
	assert_int_equal(ask(2, PKG_OP_RUN, "web", 2), PKG_E_RUNNING);
	assert_int_equal(ask(2, PKG_OP_RUN, "nosuch", 2), PKG_E_NO_PACKAGE);
	assert_int_equal(ask(2, PKG_OP_DISABLE, "web", 9), PKG_E_NODE);
}

static void move_keeps_auto_run(void **state)
{
	one_package(3);
	world_form();
	assert_int_equal(ask(1, PKG_OP_MOVE, "web", 3), PKG_DONE);
	assert_int_equal(status(0).node, 3);
	assert_true(status(0).auto_run);
	assert_int_equal(ask(1, PKG_OP_MOVE, "web", 3), PKG_E_RUNNING);
	assert_int_equal(ask(1, PKG_OP_MOVE, "web", 0), PKG_DONE);
	assert_int_equal(status(0).node, 1);
}

/* The wait is over at PKG_SAFE and not before; without one, after L'. */
static void failover_waits_for_safe(void **state)
{
	one_package(3);
	w.leader = 2;
	world_form();
	node_die(1);
	for (u32 i = 0; i < MAIL_MAX; i++)
		w.mail[i].used = false;
	world_notice();
	for (u32 i = 0; i < MAIL_MAX; i++)
		if (w.mail[i].type == MAIL_SAFE)
			w.mail[i].used = false;
	world_run(WAIT_NS - 2 * MS);
	assert_int_equal(status(0).state, PKG_RUNNING);
	assert_int_equal(status(0).status, PKG_STATUS_RELOCATE_WAIT);
	assert_int_equal(w.node[2].starts[0], 0);
	world_run(300 * MS);
	assert_int_equal(status(0).node, 2);
	assert_int_equal(status(0).why, PKG_WHY_NODE_LOST);
}

static void failover_at_once_when_safe(void **state)
{
	struct pkg_event safe = { .type = PKG_SAFE };

	one_package(3);
	w.leader = 2;
	world_form();
	safe.safe.node = 1;
	safe.safe.incarnation = w.node[1].incarnation;
	node_die(1);
	world_notice();
	feed(2, &safe);
	world_run(20 * MS);
	assert_int_equal(status(0).node, 2);
	assert_int_equal(w.node[2].truth[0].is, UP);
}

/* Called safe before it became a member (a formation came to nothing): void. */
static void safe_before_it_joined(void **state)
{
	struct pkg_event safe = { .type = PKG_SAFE };

	one_package(3);
	w.leader = 2;
	for (u16 n = 1; n <= 3; n++)
		node_boot(n);
	safe.safe.node = 1;
	safe.safe.incarnation = w.node[1].incarnation;
	feed(2, &safe);
	world_view(14);
	feed(2, &safe);
	world_run(200 * MS);
	assert_int_equal(status(0).node, 1);
	node_die(1);
	world_notice();
	for (u32 i = 0; i < MAIL_MAX; i++)
		if (w.mail[i].type == MAIL_SAFE)
			w.mail[i].used = false;
	world_run(WAIT_NS - 10 * MS);
	assert_int_equal(w.node[2].starts[0], 0);
	world_run(300 * MS);
	assert_int_equal(status(0).node, 2);
}

static void disabled_package_stays_down(void **state)
{
	one_package(3);
	world_form();
	assert_int_equal(ask(1, PKG_OP_DISABLE, "web", 0), PKG_DONE);
	assert_int_equal(status(0).state, PKG_RUNNING);
	node_die(1);
	world_notice();
	world_run(3000 * MS);
	assert_int_equal(status(0).state, PKG_HALTED);
	assert_int_equal(w.node[2].starts[0] + w.node[3].starts[0], 0);
}

static void restarts_are_counted(void **state)
{
	one_package(2)->service[1].restart = 2;
	world_form();
	for (u32 i = 1; i <= 2; i++) {
		service_exit(1, 0, 1);
		world_run(100 * MS);
		assert_int_equal(status_at(2, 0).restarts[1], i);
		assert_int_equal(w.node[1].truth[0].services, 3);
		assert_int_equal(status(0).node, 1);
	}
	service_exit(1, 0, 1);
	world_run(200 * MS);
	assert_int_equal(status(0).node, 2);
	assert_int_equal(status(0).restarts[1], 0);
	assert_true(switched_off(0, 1));
	assert_int_equal(w.node[1].halt_reason[0], PKG_HALT_FAILURE);
}

static void unlimited_restarts(void **state)
{
	one_package(2)->service[0].restart = CONF_RESTART_UNLIMITED;
	world_form();
	for (u32 i = 0; i < 30; i++) {
		service_exit(1, 0, 0);
		world_run(20 * MS);
	}
	world_run(200 * MS);
	assert_int_equal(status(0).node, 1);
	assert_int_equal(status(0).restarts[0], 30);
}

static void no_node_left(void **state)
{
	one_package(2);
	world_form();
	for (u16 i = 0; i < 2; i++) {
		service_exit(status(0).node, 0, 0);
		world_run(300 * MS);
	}
	assert_int_equal(status(0).status, PKG_STATUS_START_WAIT);
	assert_int_equal(status(0).node, 0);
	assert_int_equal(ask(1, PKG_OP_ENABLE, "web", 2), PKG_DONE);
	world_run(100 * MS);
	assert_int_equal(status(0).node, 2);
}

/* Whoever coordinates dies in the middle of a request: it is still answered. */
static void request_outlives_coordinator(void **state)
{
	for (u32 after = 0; after < 40; after += 2) {
		one_package(4);
		world_form();
		assert_int_equal(ask(2, PKG_OP_MOVE, "web", 4), PKG_DONE);
		w.delay_ns = 10 * MS;
		admin(2, 77, PKG_OP_MOVE, "web", 3);
		world_run(after * MS);
		node_die(1);
		w.leader = (u16)(2 + after % 3);
		world_notice();
		world_run(2000 * MS);
		assert_int_equal(w.result_id, 77);
		assert_int_equal(w.result, PKG_DONE);
		assert_int_equal(status(0).node, 3);
	}
}

static void leave_moves_packages(void **state)
{
	struct pkg_event plain = { .type = PKG_ADMIN };

	one_package(3);
	world_form();
	plain.admin.id = 5;
	plain.admin.op = PKG_OP_LEAVE;
	feed(1, &plain);
	assert_int_equal(w.result, PKG_E_HAS_PACKAGES);
	assert_int_equal(ask(1, PKG_OP_LEAVE, "", 0), PKG_DONE);
	assert_true(pkg_node_idle(w.node[1].pkg));
	assert_int_equal(w.node[1].halt_reason[0], PKG_HALT_USER);
	world_run(100 * MS);
	assert_int_equal(status(0).node, 2);
	assert_int_equal(ask(3, PKG_OP_MOVE, "web", 1), PKG_E_NODE_UNABLE);
	world_view(1U << 2 | 1U << 3);
	assert_int_equal(ask(3, PKG_OP_MOVE, "web", 1), PKG_E_NODE_DOWN);
}

/* Two ask that node 1 leaves, one of them goes away: the other's leaving holds. */
static void leave_asked_twice(void **state)
{
	struct pkg_event cancel = { .type = PKG_ADMIN_CANCEL };

	for (u64 gone = 5; gone <= 6; gone++) {
		one_package(3);
		world_form();
		w.delay_ns = 50 * MS;
		admin(1, 5, PKG_OP_LEAVE, "", 0);
		admin(1, 6, PKG_OP_LEAVE, "", 0);
		world_run(10 * MS);
		cancel.admin.id = gone;
		feed(1, &cancel);
		world_run(2000 * MS);
		assert_int_equal(w.result, PKG_DONE);
		assert_true(pkg_node_idle(w.node[1].pkg));
		assert_false(pkg_node_active(w.node[1].pkg));
		assert_true(pkg_node_active(w.node[2].pkg));
		assert_int_equal(w.node[1].starts[0], 1);
		assert_int_equal(status(0).node, 2);
	}
}

static void halt_cluster(void **state)
{
	one_package(3);
	package_add("db");
	conf->package[1].node[0].id = 2;
	conf->package[1].node[1].id = 1;
	world_form();
	assert_int_equal(ask(3, PKG_OP_HALT_CLUSTER, "", 0), PKG_DONE);
	for (u16 n = 1; n <= 3; n++)
		assert_true(pkg_node_idle(w.node[n].pkg));
	world_run(5000 * MS);
	assert_int_equal(status(0).state, PKG_HALTED);
	assert_true(status(0).auto_run);
	assert_int_equal(ask(3, PKG_OP_RUN, "web", 0), PKG_E_HALTING);
	assert_int_equal(ask(3, PKG_OP_OPEN_CLUSTER, "", 0), PKG_DONE);
	world_run(200 * MS);
	assert_int_equal(status(0).state, PKG_RUNNING);
	assert_int_equal(status(1).node, 2);
}

static void halt_cluster_fails(void **state)
{
	one_package(3);
	package_add("db");
	world_form();
	w.halt_outcome[1] = PKG_NO_RESTART;
	assert_int_equal(ask(3, PKG_OP_HALT_CLUSTER, "", 0), PKG_E_HALT_FAILED);
	world_run(500 * MS);
	assert_int_equal(status(0).state, PKG_RUNNING);
	assert_int_equal(status(1).state, PKG_HALT_FAILED);
	assert_int_equal(status(1).last_halt_failed_node, 1);
	/* Trying again is the first remedy. */
	assert_int_equal(ask(3, PKG_OP_HALT, "db", 0), PKG_DONE);
	assert_int_equal(status(1).state, PKG_HALTED);
}

static void failed_halt_needs_a_word(void **state)
{
	one_package(3);
	world_form();
	w.halt_outcome[0] = PKG_NO_RESTART;
	assert_int_equal(ask(1, PKG_OP_HALT, "web", 0), PKG_E_HALT_FAILED);
	assert_true(pkg_node_active(w.node[1].pkg));
	assert_int_equal(ask(2, PKG_OP_RUN, "web", 2), PKG_E_HALT_FAILED);
	w.node[1].truth[0].is = NOTHING;
	assert_int_equal(ask(2, PKG_OP_ENABLE, "web", 0), PKG_DONE);
	world_run(100 * MS);
	assert_int_equal(status(0).state, PKG_RUNNING);
}

static void dirty_start_is_a_failed_halt(void **state)
{
	one_package(3);
	w.start_outcome[0] = PKG_RESTART;
	w.start_dirty[0] = true;
	world_form();
	assert_int_equal(status(0).state, PKG_HALT_FAILED);
	assert_int_equal(status(0).why, PKG_WHY_RUN_UNDO);
	assert_int_equal(w.node[2].starts[0], 0);
}

static void cmsrvassistd_comes_back(void **state)
{
	one_package(2);
	world_form();
	assist_down(1);
	world_run(500 * MS);
	assist_up(1);
	world_run(500 * MS);
	assert_int_equal(status(0).node, 1);
	assert_int_equal(w.node[1].starts[0], 1);
	/* It comes back and finds nothing: halted here, started elsewhere. */
	assist_down(1);
	w.node[1].truth[0].is = NOTHING;
	assist_up(1);
	world_run(500 * MS);
	assert_int_equal(w.node[1].halts[0], 1);
	assert_int_equal(status(0).node, 2);
}

static void cmsrvassistd_dies_in_a_start(void **state)
{
	one_package(2);
	w.delay_ns = 50 * MS;
	for (u16 n = 1; n <= 2; n++)
		node_boot(n);
	world_view(6);
	while (w.node[1].truth[0].is != COMING)
		world_run(MS);
	assist_down(1);
	assist_up(1);
	world_run(500 * MS);
	assert_int_equal(w.node[1].starts[0], 2);
	assert_int_equal(status(0).node, 1);
	assert_int_equal(status(0).state, PKG_RUNNING);
}

static void cmsrvassistd_stays_away(void **state)
{
	one_package(2);
	world_form();
	assist_down(2);
	assist_down(1);
	world_run(PKG_ASSIST_GRACE_NS - 100 * MS);
	assert_false(w.node[1].toc);
	world_run(200 * MS);
	assert_true(w.node[1].toc);
	assert_false(w.node[2].toc);
}

static void spread_by_load(void **state)
{
	u16 seen[5] = { 0 };

	world_begin(4, 1);
	for (u16 i = 0; i < 4; i++) {
		static const char *const name[] = { "a", "b", "c", "d" };

		package_add(name[i])->failover_policy = CONF_MIN_PACKAGE_NODE;
	}
	world_form();
	for (u16 i = 0; i < 4; i++)
		seen[status(i).node]++;
	for (u16 n = 1; n <= 4; n++)
		assert_int_equal(seen[n], 1);
}

static void fails_back_by_itself(void **state)
{
	one_package(2)->failback_policy = CONF_FAILBACK_AUTOMATIC;
	world_form();
	node_die(1);
	w.leader = 2;
	world_notice();
	world_run(2000 * MS);
	assert_int_equal(status(0).node, 2);
	node_boot(1);
	world_view(6);
	world_run(1000 * MS);
	assert_int_equal(status(0).node, 1);
	assert_int_equal(w.node[2].halt_reason[0], PKG_HALT_AUTOMATIC);
}

/* A request goes on under the name it was made for. */
static void request_over_new_configuration(void **state)
{
	struct conf_package swap;

	one_package(2);
	package_add("old")->auto_run = false;
	world_form();
	w.delay_ns = 40 * MS;
	admin(2, 55, PKG_OP_RUN, "old", 2);
	swap = conf->package[0];
	conf->package[0] = conf->package[1];
	conf->package[1] = swap;
	w.node[1].truth[1] = w.node[1].truth[0];
	memset(&w.node[1].truth[0], 0, sizeof(w.node[1].truth[0]));
	for (u16 n = 1; n <= 2; n++)
		pkg_configure(w.node[n].pkg, conf);
	world_run(1000 * MS);
	assert_int_equal(w.result_id, 55);
	assert_int_equal(w.result, PKG_DONE);
	assert_int_equal(status(0).node, 2);
	admin(2, 56, PKG_OP_HALT, "old", 0);
	conf->package_count = 0;
	pkg_configure(w.node[2].pkg, conf);
	world_run(100 * MS);
	assert_int_equal(w.result_id, 56);
	assert_int_equal(w.result, PKG_E_NO_PACKAGE);
}

/* The same packages in another order, one gone, one new: nothing is disturbed. */
static void new_configuration(void **state)
{
	struct conf_package swap;

	one_package(2);
	package_add("old")->auto_run = false;
	world_form();
	swap = conf->package[0];
	conf->package[0] = conf->package[1];
	conf->package[1] = swap;
	snprintf(conf->package[0].name, sizeof(conf->package[0].name), "new");
	conf->package[0].auto_run = true;
	for (u16 n = 1; n <= 2; n++)
		pkg_configure(w.node[n].pkg, conf);
	swap.place.line = 0;
	w.node[1].truth[1] = w.node[1].truth[0];
	memset(&w.node[1].truth[0], 0, sizeof(w.node[1].truth[0]));
	world_run(500 * MS);
	assert_int_equal(status(1).state, PKG_RUNNING);
	assert_int_equal(status(1).run, 1);
	assert_int_equal(status(0).state, PKG_RUNNING);
	assert_int_equal(w.node[1].halts[0] + w.node[1].halts[1], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_on_first_node),
		cmocka_unit_test(first_start_waits),
		cmocka_unit_test(halt_disables_auto_run),
		cmocka_unit_test(enabling_starts_it),
		cmocka_unit_test(move_keeps_auto_run),
		cmocka_unit_test(failover_waits_for_safe),
		cmocka_unit_test(failover_at_once_when_safe),
		cmocka_unit_test(safe_before_it_joined),
		cmocka_unit_test(disabled_package_stays_down),
		cmocka_unit_test(restarts_are_counted),
		cmocka_unit_test(unlimited_restarts),
		cmocka_unit_test(no_node_left),
		cmocka_unit_test(request_outlives_coordinator),
		cmocka_unit_test(leave_moves_packages),
		cmocka_unit_test(leave_asked_twice),
		cmocka_unit_test(halt_cluster),
		cmocka_unit_test(halt_cluster_fails),
		cmocka_unit_test(failed_halt_needs_a_word),
		cmocka_unit_test(dirty_start_is_a_failed_halt),
		cmocka_unit_test(cmsrvassistd_comes_back),
		cmocka_unit_test(cmsrvassistd_dies_in_a_start),
		cmocka_unit_test(cmsrvassistd_stays_away),
		cmocka_unit_test(spread_by_load),
		cmocka_unit_test(fails_back_by_itself),
		cmocka_unit_test(new_configuration),
		cmocka_unit_test(request_over_new_configuration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
