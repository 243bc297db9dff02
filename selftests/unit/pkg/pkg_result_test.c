// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The result table (Documentation/PACKAGES): one test for each row, in the words
 * of the table: does the node reset, does the halt script run, may the package
 * run on this node and on an alternate afterwards.
 */
#include "pkg_world_setup.h"

enum what {
	SERVICE, RUN_1, RUN_2, RUN_TIMEOUT, HALT_1, HALT_TIMEOUT, HALT_TIMEOUT_USER,
	SUBNET, RESOURCE, DEPENDENCY
};

enum may { YES, NO, UNCHANGED, NOT_ASKED };

struct row {
	const char *name;
	enum what what;
	bool nff, sff;
	bool reset;
	bool halt_script;
	enum may here;
	enum may alternate;
	enum pkg_reason why;
};

static const struct row rows[] = {
	{ "service failure, SFF", SERVICE, 0, 1, true, false, NOT_ASKED, YES,
	  PKG_WHY_SERVICE },
	{ "service failure, SFF and NFF", SERVICE, 1, 1, true, false, NOT_ASKED, YES,
	  PKG_WHY_SERVICE },
	{ "service failure", SERVICE, 0, 0, false, true, NO, YES, PKG_WHY_SERVICE },
	{ "service failure, NFF", SERVICE, 1, 0, false, true, NO, YES, PKG_WHY_SERVICE },
	{ "run script exit 1", RUN_1, 0, 0, false, false, UNCHANGED, NO,
	  PKG_WHY_RUN_NO_RESTART },
	{ "run script exit 1, NFF", RUN_1, 1, 0, false, false, UNCHANGED, NO,
	  PKG_WHY_RUN_NO_RESTART },
	{ "run script exit 2, NFF", RUN_2, 1, 0, true, false, NOT_ASKED, YES,
	  PKG_WHY_RUN_RESTART },
	{ "run script exit 2", RUN_2, 0, 0, false, false, NO, YES, PKG_WHY_RUN_RESTART },
	{ "run script timeout, NFF", RUN_TIMEOUT, 1, 0, true, false, NOT_ASKED, YES,
	  PKG_WHY_RUN_TIMEOUT },
	{ "run script timeout", RUN_TIMEOUT, 0, 0, false, false, UNCHANGED, NO,
	  PKG_WHY_RUN_TIMEOUT },
	{ "halt script exit 1", HALT_1, 0, 0, false, true, YES, NO, PKG_WHY_HALT_SCRIPT },
	{ "halt script exit 1, NFF", HALT_1, 1, 0, false, true, YES, NO, PKG_WHY_HALT_SCRIPT },
	{ "halt script timeout, NFF", HALT_TIMEOUT, 1, 0, true, true, NOT_ASKED, YES,
	  PKG_WHY_HALT_TIMEOUT },
	{ "halt script timeout, NFF, after cmhaltpkg", HALT_TIMEOUT_USER, 1, 0, true, true,
	  NOT_ASKED, NO, PKG_WHY_HALT_TIMEOUT },
	{ "halt script timeout", HALT_TIMEOUT, 0, 0, false, true, YES, NO,
	  PKG_WHY_HALT_TIMEOUT },
	{ "loss of monitored subnet, NFF", SUBNET, 1, 0, true, false, NOT_ASKED, YES,
	  PKG_WHY_SUBNET },
	{ "loss of monitored subnet", SUBNET, 0, 0, false, true, YES, YES, PKG_WHY_SUBNET },
	{ "loss of monitored resource, NFF", RESOURCE, 1, 0, true, false, NOT_ASKED, YES,
	  PKG_WHY_RESOURCE },
	{ "loss of monitored resource", RESOURCE, 0, 0, false, true, YES, YES,
	  PKG_WHY_RESOURCE },
	{ "dependency package failed", DEPENDENCY, 0, 0, false, true, YES, YES,
	  PKG_WHY_DEPENDENCY },
	{ "dependency package failed, NFF", DEPENDENCY, 1, 0, false, true, YES, YES,
	  PKG_WHY_DEPENDENCY },
};

static bool in_start(const struct row *row)
{
	return row->what == RUN_1 || row->what == RUN_2 || row->what == RUN_TIMEOUT;
}

static void provoke(const struct row *row)
{
	static const enum pkg_outcome outcome[] = {
		[RUN_1] = PKG_NO_RESTART, [RUN_2] = PKG_RESTART, [RUN_TIMEOUT] = PKG_TIMEOUT,
		[HALT_1] = PKG_NO_RESTART, [HALT_TIMEOUT] = PKG_TIMEOUT,
		[HALT_TIMEOUT_USER] = PKG_TIMEOUT,
	};

	switch (row->what) {
	case SERVICE:
		service_exit(1, 0, 1);
		break;
	case RUN_1: case RUN_2: case RUN_TIMEOUT:
		w.start_outcome[0] = outcome[row->what];
		break;
	case HALT_1: case HALT_TIMEOUT:
		/* What makes it halt must not itself forbid the node: a leave. */
		w.halt_outcome[0] = outcome[row->what];
		admin(1, 1, PKG_OP_LEAVE, "", 0);
		break;
	case HALT_TIMEOUT_USER:
		w.halt_outcome[0] = outcome[row->what];
		admin(1, 1, PKG_OP_HALT, "web", 0);
		break;
	case SUBNET:
		need(1, 0, PKG_NEED_SUBNET, false);
		break;
	case RESOURCE:
		need(1, 0, PKG_NEED_RESOURCE, false);
		break;
	case DEPENDENCY:
		need(1, 0, PKG_NEED_DEPENDENCY, false);
		break;
	}
}

static void check_alternate(const struct row *row)
{
	struct pkg_status s = status(0);

	if (row->alternate == YES) {
		assert_int_equal(s.state, PKG_RUNNING);
		assert_int_equal(s.node, 2);
		assert_true(s.auto_run);
		assert_int_equal(w.node[2].truth[0].is, UP);
		return;
	}
	assert_false(s.auto_run);
	assert_int_equal(w.node[2].starts[0], 0);
	assert_int_equal(w.node[3].starts[0], 0);
	assert_true(s.state == PKG_HALTED || s.state == PKG_HALT_FAILED);
	assert_int_equal(s.state == PKG_HALT_FAILED, row->here == YES);
}

static void check_here(const struct row *row)
{
	assert_int_equal(switched_off(0, 1), row->here == NO);
	if (row->alternate == YES)
		return;
	/* On this node the administrator may start it at once. */
	if (row->here == YES || row->here == UNCHANGED) {
		if (row->here == YES)
			assert_int_equal(ask(2, PKG_OP_RUN, "web", 2), PKG_E_HALT_FAILED);
		assert_int_equal(ask(2, PKG_OP_RUN, "web", 1), PKG_DONE);
		assert_int_equal(w.node[1].truth[0].is, UP);
	}
}

static void result_row(void **state)
{
	const struct row *row = *state;
	struct conf_package *package;

	world_begin(3, 7);
	package = package_add("web");
	package->node_fail_fast = row->nff;
	package->service[1].fail_fast = row->sff;
	if (in_start(row))
		provoke(row);
	world_form();
	if (!in_start(row)) {
		assert_int_equal(status(0).node, 1);
		provoke(row);
		world_run(300 * MS);
	}
	assert_int_equal(w.node[1].toc, row->reset);
	assert_int_equal(w.node[1].halts[0] > 0, row->halt_script);
	if (row->reset) {
		assert_int_equal(w.node[1].toc_why, row->why);
		assert_int_equal(w.node[2].starts[0], 0);
		world_notice();
		world_run(3000 * MS);
	}
	check_alternate(row);
	if (!row->reset)
		check_here(row);
}

int main(void)
{
	struct CMUnitTest tests[sizeof(rows) / sizeof(rows[0])];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].name, .test_func = result_row,
						.initial_state = (void *)(uintptr_t)&rows[i] };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
