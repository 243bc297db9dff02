// SPDX-License-Identifier: GPL-2.0-or-later
/* Starts, halts, services, restarts of cmsrvassistd: with real processes. */
#include "assistd_world_files.h"

/* Everything in order, each step writes a line. */
static void steps_fill(struct assist_message *m)
{
	static char variable[] = "PEV_COLOR=blue";

	m->package.pre[m->package.pre_count++] = path_in_top("pre.sh");
	m->package.external[m->package.external_count++] = path_in_top("ext.sh");
	m->package.run_script = path_in_top("ctl.sh");
	m->package.halt_script = m->package.run_script;
	m->package.variable[m->package.variable_count++] = variable;
}

static void service_add(struct assist_message *m, const char *name, const char *cmd, u64 halt_ns)
{
	struct assist_service *s = &m->package.service[m->package.service_count++];

	s->name = name;
	s->cmd = cmd;
	s->halt_timeout_ns = halt_ns;
}

static void ready(u64 incarnation)
{
	hello(incarnation);
	expect(ASSIST_READY, 0);
}

static void order_and_environment(void **state)
{
	struct assist_message m;
	char command[512];
	char *text;

	world_need();
	ready(5);
	script_write("pre.sh", "#!/bin/sh\necho pre $1 >> $(dirname $0)/order\n");
	script_write("ext.sh", "#!/bin/sh\necho ext $1 $PEV_COLOR >> $(dirname $0)/order\n");
	script_write("ctl.sh", "echo ctl $1 $SG_PACKAGE $SG_NODE \"$SG_HALT_REASON\" "
		     ">> $(dirname $0)/order\n");
	snprintf(command, sizeof(command),
		 "echo svc $SG_SERVICE_NAME >> %s/order; ls /proc/self/fd | wc -l > %s/fds; "
		 "readlink /proc/self/fd/0 >> %s/fds; exec sleep 1000", top, top, top);
	package_init(&m, ASSIST_START, 3);
	steps_fill(&m);
	service_add(&m, "web.a", command, 5000000000ULL);
	put(&m);
	expect(ASSIST_STARTED, PKG_OK);
	assert_int_equal(got.head.slot, 7);
	assert_int_equal(got.head.run, 3);
	wait_file("order", "svc web.a");
	wait_file("fds", "/dev/null");
	/* 0, 1, 2, the directory that ls reads; nothing inherited. */
	assert_true(file_has("fds", "4\n"));
	package_init(&m, ASSIST_HALT, 3);
	put(&m);
	expect(ASSIST_HALTED, PKG_OK);
	assert_true(base_file_read(path_in_top("order"), 4096, &text) > 0);
	assert_string_equal(text, "pre start\next start blue\nctl start web n1 \n"
			    "svc web.a\nctl stop web n1 user_halt\next stop blue\npre stop\n");
	free(text);
	assert_true(file_has("web.log", "what=service-start"));
	assert_true(file_has("web.log", "what=service-stopped"));
	assert_false(file_has("web.log", "service-kill"));
}

static void run_script_codes(void **state)
{
	static const struct {
		const char *script;
		int outcome;
	} cases[] = {
		{ "#!/bin/sh\nexit 1\n", PKG_NO_RESTART },
		{ "#!/bin/sh\nexit 2\n", PKG_RESTART },
		{ "#!/bin/sh\nexit 7\n", PKG_NO_RESTART },
		{ "#!/bin/sh\nkill -9 $$\n", PKG_NO_RESTART },
		{ "#!/nonexistent\n", PKG_NO_RESTART },
	};
	struct assist_message m;

	world_need();
	ready(5);
	for (u32 i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char script[64];

		snprintf(script, sizeof(script), "%s", cases[i].script);
		script_write("ctl.sh", script);
		package_init(&m, ASSIST_START, i + 1);
		m.package.run_script = path_in_top("ctl.sh");
		m.package.halt_script = m.package.run_script;
		put(&m);
		expect(ASSIST_STARTED, cases[i].outcome);
		assert_int_equal(got.head.clean, 1);
		assert_false(file_has("web.log", "verb=stop"));
	}
}

/* What was begun before the failure is taken back, the newest first. */
static void failed_start_is_undone(void **state)
{
	struct assist_message m;

	world_need();
	ready(5);
	script_write("pre.sh", "#!/bin/sh\necho pre $1 >> $(dirname $0)/order\n");
	script_write("ext.sh", "#!/bin/sh\necho ext $1 >> $(dirname $0)/order\n"
		     "[ $1 = stop ] || exit 2\n");
	script_write("ctl.sh", "#!/bin/sh\necho ctl $1 >> $(dirname $0)/order\n");
	package_init(&m, ASSIST_START, 1);
	steps_fill(&m);
	put(&m);
	expect(ASSIST_STARTED, PKG_RESTART);
	assert_int_equal(got.head.clean, 1);
	assert_true(file_has("order", "pre start\next start\next stop\npre stop\n"));
	script_write("pre.sh", "#!/bin/sh\n[ $1 = start ]\n");
	package_init(&m, ASSIST_START, 2);
	steps_fill(&m);
	put(&m);
	expect(ASSIST_STARTED, PKG_RESTART);
	assert_int_equal(got.head.clean, 0);
}

static void script_timeouts(void **state)
{
	struct assist_message m;

	world_need();
	ready(5);
	script_write("ctl.sh", "#!/bin/sh\nsleep 1000 &\nsleep 1000\n");
	package_init(&m, ASSIST_START, 1);
	m.package.run_script = path_in_top("ctl.sh");
	m.package.run_timeout_ns = 200000000ULL;
	put(&m);
	expect(ASSIST_STARTED, PKG_TIMEOUT);
	assert_int_equal(got.head.clean, 1);
	assert_true(assistd_cgroup_empty(group));
	script_write("ctl.sh", "#!/bin/sh\n[ $1 = start ] || sleep 1000\n");
	package_init(&m, ASSIST_START, 2);
	m.package.run_script = path_in_top("ctl.sh");
	m.package.halt_script = path_in_top("ctl.sh");
	m.package.halt_timeout_ns = 200000000ULL;
	put(&m);
	expect(ASSIST_STARTED, PKG_OK);
	m.head.type = ASSIST_HALT;
	put(&m);
	expect(ASSIST_HALTED, PKG_TIMEOUT);
}

/* A service that forks and ignores SIGTERM is gone as a whole all the same. */
static void stubborn_service(void **state)
{
	struct assist_message m;
	char command[512];

	world_need();
	ready(5);
	snprintf(command, sizeof(command), "trap '' TERM; (setsid sleep 1000 &) ; "
		 "(sleep 1000 &) ; echo deaf > %s/deaf; while :; do sleep 1; done", top);
	package_init(&m, ASSIST_START, 1);
	service_add(&m, "web.a", command, 100000000ULL);
	put(&m);
	expect(ASSIST_STARTED, PKG_OK);
	wait_file("deaf", "deaf");
	assert_false(assistd_cgroup_empty(group));
	m.head.type = ASSIST_HALT;
	put(&m);
	expect(ASSIST_HALTED, PKG_OK);
	assert_true(assistd_cgroup_empty(group));
	assert_true(file_has("web.log", "service-kill"));
}

static void service_exit_and_restart(void **state)
{
	struct assist_message m, again = { .head.type = ASSIST_SERVICE_START };
	char command[512];

	world_need();
	ready(5);
	snprintf(command, sizeof(command), "(setsid sleep 1000 &); "
		 "echo restarts=$SG_SERVICE_RESTARTS >> %s/count; "
		 "[ $SG_SERVICE_RESTARTS = 0 ] && exit 3; kill -9 $$", top);
	package_init(&m, ASSIST_START, 9);
	service_add(&m, "web.z", "exec sleep 1000", 0);
	service_add(&m, "web.a", command, 0);
	put(&m);
	expect(ASSIST_STARTED, PKG_OK);
	expect(ASSIST_SERVICE_EXIT, W_EXITCODE(3, 0));
	assert_int_equal(got.head.service, 1);
	assert_int_equal(got.head.run, 9);
	again.head.slot = 7;
	again.head.run = 9;
	again.head.service = 1;
	again.head.number = 1;
	put(&again);
	expect(ASSIST_SERVICE_EXIT, W_EXITCODE(0, SIGKILL));
	assert_true(file_has("count", "restarts=0\nrestarts=1\n"));
	/* The wrong run is not touched. */
	again.head.run = 8;
	put(&again);
	assert_false(take(200));
}

/* A halt in the middle of a start ends it and undoes it; one answer. */
static void halt_during_start(void **state)
{
	struct assist_message m;

	world_need();
	ready(5);
	script_write("ext.sh", "#!/bin/sh\necho ext $1 >> $(dirname $0)/order\n"
		     "[ $1 = stop ] || sleep 1000\n");
	package_init(&m, ASSIST_START, 4);
	m.package.external[m.package.external_count++] = path_in_top("ext.sh");
	put(&m);
	wait_file("order", "ext start");
	put(&m);
	m.head.type = ASSIST_HALT;
	put(&m);
	expect(ASSIST_HALTED, PKG_OK);
	assert_true(file_has("order", "ext start\next stop\n"));
	assert_false(take(100));
	assert_true(assistd_cgroup_empty(group));
}

/* Killed and started again: the service goes on, and is still looked after. */
static void finds_services_again(void **state)
{
	struct assist_message m;
	char command[512];

	world_need();
	ready(5);
	snprintf(command, sizeof(command), "echo $SG_SERVICE_NAME >> %s/up; exec sleep 1000",
		 top);
	package_init(&m, ASSIST_START, 6);
	service_add(&m, "web.a", command, 0);
	service_add(&m, "web.b", command, 0);
	put(&m);
	expect(ASSIST_STARTED, PKG_OK);
	/* Before exec they still hold the socket that the next connect goes to. */
	wait_file("up", "web.a");
	wait_file("up", "web.b");
	daemon_kill();
	assert_false(assistd_cgroup_empty(group));
	daemon_start();
	cmcld_connect();
	hello(5);
	expect(ASSIST_FOUND, 3);
	assert_string_equal(got.package.name, "web");
	assert_int_equal(got.head.run, 6);
	expect(ASSIST_READY, 0);
	assistd_cgroup_kill(group);
	expect(ASSIST_SERVICE_EXIT, -1);
	expect(ASSIST_SERVICE_EXIT, -1);
	package_init(&m, ASSIST_HALT, 6);
	put(&m);
	expect(ASSIST_HALTED, PKG_OK);
}

static void dead_while_away(void **state)
{
	struct assist_message m;

	world_need();
	ready(5);
	package_init(&m, ASSIST_START, 6);
	service_add(&m, "web.a", "exec sleep 1000", 0);
	put(&m);
	expect(ASSIST_STARTED, PKG_OK);
	daemon_kill();
	assistd_cgroup_kill(group);
	for (int i = 0; !assistd_cgroup_empty(group); i++) {
		assert_true(i < WAIT_MS / 10);
		poll(NULL, 0, 10);
	}
	daemon_start();
	cmcld_connect();
	hello(5);
	expect(ASSIST_FOUND, 0);
	expect(ASSIST_READY, 0);
}

/* Another incarnation of this node: nothing of the former may go on. */
static void another_incarnation(void **state)
{
	struct assist_message m;

	world_need();
	ready(5);
	package_init(&m, ASSIST_START, 6);
	service_add(&m, "web.a", "trap '' TERM; sleep 1000; sleep 1000", 0);
	put(&m);
	expect(ASSIST_STARTED, PKG_OK);
	hello(6);
	expect(ASSIST_READY, 0);
	assert_true(assistd_cgroup_empty(group));
	daemon_kill();
	daemon_start();
	cmcld_connect();
	ready(6);
}

/* Halt of what was never started here: cleared, not refused. */
static void halt_of_nothing(void **state)
{
	struct assist_message m;

	world_need();
	ready(5);
	package_init(&m, ASSIST_HALT, 6);
	service_add(&m, "web.a", "exec sleep 1000", 0);
	put(&m);
	expect(ASSIST_HALTED, PKG_OK);
	script_write("ext.sh", "#!/bin/sh\nexit 1\n");
	package_init(&m, ASSIST_HALT, 7);
	m.package.external[m.package.external_count++] = path_in_top("ext.sh");
	put(&m);
	expect(ASSIST_HALTED, PKG_NO_RESTART);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(order_and_environment, world_up, world_down),
		cmocka_unit_test_setup_teardown(run_script_codes, world_up, world_down),
		cmocka_unit_test_setup_teardown(failed_start_is_undone, world_up, world_down),
		cmocka_unit_test_setup_teardown(script_timeouts, world_up, world_down),
		cmocka_unit_test_setup_teardown(stubborn_service, world_up, world_down),
		cmocka_unit_test_setup_teardown(service_exit_and_restart, world_up, world_down),
		cmocka_unit_test_setup_teardown(halt_during_start, world_up, world_down),
		cmocka_unit_test_setup_teardown(finds_services_again, world_up, world_down),
		cmocka_unit_test_setup_teardown(dead_while_away, world_up, world_down),
		cmocka_unit_test_setup_teardown(another_incarnation, world_up, world_down),
		cmocka_unit_test_setup_teardown(halt_of_nothing, world_up, world_down),
	};

	base_log_start("test", BASE_LOG_CRITICAL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
