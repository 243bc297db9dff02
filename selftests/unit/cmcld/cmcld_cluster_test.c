// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whole cmclds in one process: real threads, real TLS sessions over loopback,
 * real disk files, the real libraries and the real kernel core; only the
 * kernel's door and cmsrvassistd are played.  Forms, loses a node, rejoins,
 * runs and moves a package, leaves.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmcld_thread.h"
#include "cmcld_demo_conf.h"
#include "cmcld_fake_assist.h"
#include "cmcld_fake_nl.h"

#define NODES		3
#define PATIENCE_NS	(60 * BASE_NS_PER_S)
#define POLL_MS		20

static const char parameters[] =
	"MEMBER_TIMEOUT 4000000\n"
	"AUTO_START_TIMEOUT 30000000\n";

static const char package_text[] =
	"package_name web\npackage_type failover\nnode_name n2\nnode_name n3\n"
	"node_name n1\nauto_run yes\nservice_name httpd\nservice_cmd /bin/true\n";

static const char later_text[] =
	"package_name later\npackage_type failover\nnode_name n3\nnode_name n1\n"
	"auto_run yes\nservice_name later_svc\nservice_cmd /bin/true\n";

struct node {
	struct cmcld_config config;
	struct cmcld_wires wires;
	struct cmcld_publisher *publisher;
	struct cmcld_thread *thread;
	struct assistant assistant;
	char disk[100];
	u64 request;
	bool left;
	bool asked;			/* to leave */
	bool refused;			/* formed in vain */
	bool done;
	int code;
	char text[CMCLD_REPLY_TEXT_MAX];
};

static struct conf *conf;
static struct conf *newer;		/* with package "later" */
static char dir[] = "/tmp/cmcld-cluster-XXXXXX";
static struct node node[NODES + 1];

/* ---- nodes ---- */

static void node_start(int i)
{
	struct cmcld_thread_places places = {
		.disk = node[i].disk, .assist = node[i].assistant.path,
	};
	char error[CMCLD_CONFIG_TEXT_MAX] = "";
	int err;

	snprintf(node[i].disk, sizeof(node[i].disk), "%s/member%d", dir, i);
	assist_start(&node[i].assistant, dir, i);
	node[i].config.conf = conf;
	node[i].config.self = conf_node_by_id(conf, (u16)i);
	node[i].config.options.priority_below_max = 90;
	node[i].left = false;
	node[i].refused = false;
	node[i].wires.asks = cmcld_queue_create(CMCLD_REQUEST_BLOCKS, CMCLD_REQUEST_BYTES);
	node[i].wires.tells = cmcld_queue_create(CMCLD_REQUEST_BLOCKS, CMCLD_REQUEST_BYTES);
	node[i].publisher = cmcld_publisher_create();
	err = cmcld_thread_start(&node[i].config, &places, &node[i].wires, node[i].publisher,
				 &node[i].thread, error);
	if (err)
		print_error("node %d: %s\n", i, error);
	assert_int_equal(err, 0);
}

/* Power off: from one moment to the next nothing comes from it any more. */
static void node_stop(int i)
{
	pthread_mutex_lock(&fake_lock);
	if (fake_node[i])
		fake_node[i]->dead = true;
	pthread_mutex_unlock(&fake_lock);
	cmcld_thread_stop(node[i].thread);
	assist_stop(&node[i].assistant);
	cmcld_publisher_destroy(node[i].publisher);
	cmcld_queue_destroy(node[i].wires.asks);
	cmcld_queue_destroy(node[i].wires.tells);
	node[i].thread = NULL;
}

static void take(int i, const struct cmcld_block *block)
{
	const struct cmcld_reply *reply = (const struct cmcld_reply *)block->data;

	if (block->type == CMCLD_TELL_LEFT) {
		node[i].left = true;
		node[i].asked = block->tag;
	}
	if (block->type == CMCLD_TELL_REPLY && strstr(reply->text, "Cannot form a cluster"))
		node[i].refused = true;
	if (block->type != CMCLD_TELL_REPLY || !reply->final)
		return;
	node[i].done = true;
	node[i].code = reply->code;
	memcpy(node[i].text, reply->text, sizeof(node[i].text));
}

/* Take what the nodes have to say; waits a little when it is nothing. */
static void hear(void)
{
	struct pollfd fd[NODES];
	int i;

	for (i = 1; i <= NODES; i++) {
		fd[i - 1].fd = node[i].thread ? cmcld_queue_fd(node[i].wires.tells) : -1;
		fd[i - 1].events = POLLIN;
	}
	poll(fd, NODES, POLL_MS);
	for (i = 1; i <= NODES; i++) {
		struct cmcld_block *block;

		if (!node[i].thread)
			continue;
		cmcld_queue_clear(node[i].wires.tells);
		while ((block = cmcld_queue_receive(node[i].wires.tells))) {
			take(i, block);
			cmcld_queue_return(node[i].wires.tells, block);
		}
	}
}

static void ask(int i, const struct cmcld_request *request)
{
	struct cmcld_block *block = cmcld_queue_take(node[i].wires.asks);

	assert_non_null(block);
	memcpy(block->data, request, sizeof(*request));
	((struct cmcld_request *)block->data)->id = ++node[i].request;
	block->size = sizeof(*request);
	block->type = CMCLD_ASK_REQUEST;
	node[i].done = false;
	cmcld_queue_send(node[i].wires.asks, block);
}

static void wait_done(int i, int code)
{
	u64 until = base_clock_ns() + PATIENCE_NS;

	while (!node[i].done && base_clock_ns() < until)
		hear();
	if (!node[i].done || node[i].code != code)
		print_error("node %d answers %d: %s\n", i, node[i].code, node[i].text);
	assert_true(node[i].done);
	assert_int_equal(node[i].code, code);
}

/* ---- what can be seen ---- */

struct sight {
	u64 epoch;
	u16 count;
	u16 coordinator;
	u16 owner;
	enum pkg_state state;
	enum cmcld_node_state other[NODES + 1];
	bool safe_waiting[NODES + 1];
};

static struct sight look(int i)
{
	const struct cmcld_snapshot *snapshot = cmcld_snapshot_get(node[i].publisher);
	struct sight sight = { };
	int k;

	if (snapshot && snapshot->phase == CMCLD_MEMBER) {
		sight.epoch = snapshot->view.epoch;
		sight.count = snapshot->view.count;
		sight.coordinator = snapshot->view.coordinator;
		sight.owner = snapshot->package[0].node;
		sight.state = snapshot->package[0].state;
		for (k = 1; k <= NODES; k++) {
			sight.other[k] = snapshot->node[k - 1].state;
			sight.safe_waiting[k] = snapshot->node[k - 1].safe_waiting;
		}
	}
	cmcld_snapshot_put(node[i].publisher);
	return sight;
}

/* Until all nodes of @mask (bit i) are in one view of just these. */
static void wait_view(unsigned int mask)
{
	u64 until = base_clock_ns() + PATIENCE_NS;
	bool same;
	int i;

	do {
		struct sight first = { };

		hear();
		same = true;
		for (i = 1; i <= NODES; i++) {
			struct sight sight;

			if (!(mask & 1U << i))
				continue;
			sight = look(i);
			if (!first.epoch)
				first = sight;
			same = same && sight.epoch && sight.epoch == first.epoch &&
			       sight.count == (u16)__builtin_popcount(mask);
		}
	} while (!same && base_clock_ns() < until);
	assert_true(same);
}

/* Owner of a package that only the newer configuration has; 0: none. */
static u16 later_owner(int i)
{
	const struct cmcld_snapshot *snapshot = cmcld_snapshot_get(node[i].publisher);
	u16 owner = 0, k;

	for (k = 0; snapshot && k < snapshot->conf->package_count; k++)
		if (!strcmp(snapshot->conf->package[k].name, "later") &&
		    snapshot->package[k].state == PKG_RUNNING)
			owner = snapshot->package[k].node;
	cmcld_snapshot_put(node[i].publisher);
	return owner;
}

static void wait_package(int seer, u16 owner, enum pkg_state state)
{
	u64 until = base_clock_ns() + PATIENCE_NS;
	struct sight sight;

	do {
		hear();
		sight = look(seer);
	} while ((sight.owner != owner || sight.state != state) && base_clock_ns() < until);
	assert_int_equal(sight.owner, owner);
	assert_int_equal(sight.state, state);
}

static unsigned int running_at(int i)
{
	return node[i].thread ? atomic_load(&node[i].assistant.running) : 0;
}

/* As cmcld knows, for as long as it feeds the hardware watchdog. */
static bool armed(int i)
{
	const struct cmcld_snapshot *snapshot = cmcld_snapshot_get(node[i].publisher);
	bool is = snapshot && snapshot->armed;

	cmcld_snapshot_put(node[i].publisher);
	return is;
}

/* ---- the story, in order ---- */

static void three_nodes_form_on_request(void **state)
{
	const struct cmcld_request form = { .op = CMCLD_OP_FORM };
	int i;

	for (i = 1; i <= NODES; i++)
		node_start(i);
	ask(1, &form);
	wait_done(1, 0);
	wait_view(0xe);
}

static void package_starts_on_its_first_node(void **state)
{
	wait_package(1, 2, PKG_RUNNING);
	assert_int_not_equal(running_at(2), 0);
	assert_int_equal(running_at(1), 0);
	assert_int_equal(running_at(3), 0);
}

static void package_moves_on_request_from_any_node(void **state)
{
	const struct cmcld_request move = {
		.op = CMCLD_OP_MOVE_PACKAGE, .package = "web", .node = 3,
	};

	ask(1, &move);
	wait_done(1, 0);
	wait_package(1, 3, PKG_RUNNING);
	assert_int_equal(running_at(2), 0);
	assert_int_not_equal(running_at(3), 0);
}

static void others_carry_on_without_a_lost_node(void **state)
{
	node_stop(3);
	wait_view(0x6);
	wait_package(1, 2, PKG_RUNNING);
	assert_int_not_equal(running_at(2), 0);
	assert_int_equal(look(1).other[3], CMCLD_NODE_FAILED);
}

static void cut(int i, bool from_all)
{
	int k;

	pthread_mutex_lock(&fake_lock);
	for (k = 1; k <= NODES; k++)
		fake_cut[i][k] = fake_cut[k][i] = from_all;
	pthread_mutex_unlock(&fake_lock);
}

/* It has promised to its own formation, and the cluster is without it. */
static void node_cut_off_at_its_start_is_to_start_again(void **state)
{
	const struct cmcld_request alone = {
		.op = CMCLD_OP_FORM, .node_count = 1, .nodes = { 3 },
	};
	u64 until = base_clock_ns() + PATIENCE_NS;

	cut(3, true);
	node_start(3);
	ask(3, &alone);
	while (!node[3].refused && base_clock_ns() < until)
		hear();
	assert_true(node[3].refused);
	assert_false(node[3].left);
	cut(3, false);
	wait_done(3, ESHUTDOWN);
	assert_non_null(strstr(node[3].text, "starts over"));
	while (!node[3].left && base_clock_ns() < until)
		hear();
	assert_true(node[3].left);
	assert_false(node[3].asked);
}

/* An administrator comes just then: the node stays away. */
static void node_that_starts_over_can_be_halted(void **state)
{
	const struct cmcld_request form = { .op = CMCLD_OP_FORM };
	const struct cmcld_request leave = { .op = CMCLD_OP_LEAVE };
	u64 until = base_clock_ns() + PATIENCE_NS;

	ask(3, &form);
	wait_done(3, ESHUTDOWN);
	ask(3, &leave);
	wait_done(3, 0);
	while (!node[3].asked && base_clock_ns() < until)
		hear();
	assert_true(node[3].asked);
	node_stop(3);
	wait_view(0x6);
}

/* Without renewals in its stead node 1 would be dead before it has answered. */
static void lost_node_comes_back_while_a_kernel_is_slow(void **state)
{
	pthread_mutex_lock(&fake_lock);
	fake_node[1]->wait_ns = conf->cluster.safety_timeout_ns * 3 / 2;
	pthread_mutex_unlock(&fake_lock);
	node_start(3);
	wait_view(0xe);
	wait_package(3, 2, PKG_RUNNING);
	assert_int_equal(running_at(3), 0);
}

static void new_package_starts_while_the_cluster_runs(void **state)
{
	const struct cmcld_request reload = { .op = CMCLD_OP_RELOAD, .conf = newer };
	u64 until = base_clock_ns() + PATIENCE_NS;
	int i;

	for (i = 1; i <= NODES; i++) {
		ask(i, &reload);
		wait_done(i, 0);
	}
	while (later_owner(1) != 3 && base_clock_ns() < until)
		hear();
	assert_int_equal(later_owner(1), 3);
	wait_package(1, 2, PKG_RUNNING);
	assert_int_not_equal(running_at(2), 0);
}

static void node_with_packages_leaves_only_by_force(void **state)
{
	struct cmcld_request leave = { .op = CMCLD_OP_LEAVE };
	u64 until = base_clock_ns() + PATIENCE_NS;

	ask(2, &leave);
	wait_done(2, EBUSY);
	assert_int_not_equal(running_at(2), 0);
	leave.force = true;
	ask(2, &leave);
	wait_done(2, 0);
	while (!node[2].left && base_clock_ns() < until)
		hear();
	assert_true(node[2].left);
	assert_true(node[2].asked);
	assert_int_equal(running_at(2), 0);
	node_stop(2);
	wait_view(0xa);
	assert_int_equal(look(1).other[2], CMCLD_NODE_HALTED);
	wait_package(1, 3, PKG_RUNNING);
}

static void last_nodes_leave(void **state)
{
	const struct cmcld_request halt = { .op = CMCLD_OP_HALT_PACKAGES, .force = true };
	const struct cmcld_request leave = { .op = CMCLD_OP_LEAVE, .force = true };

	ask(1, &halt);
	wait_done(1, 0);
	assert_int_equal(running_at(3), 0);
	ask(3, &leave);
	wait_done(3, 0);
	node_stop(3);
	wait_view(0x2);
	/* It has disarmed before, and its answer was lost. */
	pthread_mutex_lock(&fake_lock);
	assert_int_equal(core_disarm(fake_node[1]->core, true, base_clock_ns()), 0);
	pthread_mutex_unlock(&fake_lock);
	assert_true(armed(1));
	ask(1, &leave);
	wait_done(1, 0);
	assert_false(armed(1));
	node_stop(1);
}

/* ---- making the world ---- */

static int setup(void **state)
{
	int i;

	conf = demo_conf(parameters, 77, (const char *const[]){ package_text, NULL });
	newer = demo_conf(parameters, 77, (const char *const[]){ package_text, later_text, NULL });
	if (!mkdtemp(dir) || !conf || !newer)
		return -1;
	base_key_generate(1, &node[1].config.key);
	for (i = 2; i <= NODES; i++)
		node[i].config.key = node[1].config.key;
	cmcld_snapshot_thread_begin();
	return pthread_create(&fake_thread, NULL, fake_run, NULL);
}

static int teardown(void **state)
{
	int i;

	if (!conf || !newer)
		return 0;

	for (i = 1; i <= NODES; i++) {
		if (node[i].thread)
			node_stop(i);
		unlink(node[i].disk);
	}
	pthread_mutex_lock(&fake_lock);
	fake_stop = true;
	pthread_mutex_unlock(&fake_lock);
	pthread_join(fake_thread, NULL);
	cmcld_snapshot_thread_end();
	free(conf);
	free(newer);
	rmdir(dir);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(three_nodes_form_on_request),
		cmocka_unit_test(package_starts_on_its_first_node),
		cmocka_unit_test(package_moves_on_request_from_any_node),
		cmocka_unit_test(others_carry_on_without_a_lost_node),
		cmocka_unit_test(node_cut_off_at_its_start_is_to_start_again),
		cmocka_unit_test(node_that_starts_over_can_be_halted),
		cmocka_unit_test(lost_node_comes_back_while_a_kernel_is_slow),
		cmocka_unit_test(new_package_starts_while_the_cluster_runs),
		cmocka_unit_test(node_with_packages_leaves_only_by_force),
		cmocka_unit_test(last_nodes_leave),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
