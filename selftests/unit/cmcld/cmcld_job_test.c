// SPDX-License-Identifier: GPL-2.0-or-later
/* Jobs: to the real-time thread and back, to another node and back. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "cmcld_job.h"
#include "cmcld_ops.h"

/* Two nodes' main threads; the test plays their real-time threads. */
struct side {
	struct cmcld_wires wires;
	struct cmcld_publisher *publisher;
	struct cmcld_jobs *jobs;
	struct cmcld_request request;	/* the last one asked of the thread */
	int requests;
	int messages;
};

struct world {
	struct conf *conf;
	struct cmcld_config config[2];
	struct side side[2];
};

static void conf_fill(struct conf *conf)
{
	static const char *const names[] = { "n1", "n2" };
	int i;

	conf_init(conf);
	for (i = 0; i < 2; i++) {
		struct conf_node *node = &conf->cluster.node[i];

		node->id = (u16)(i + 1);
		memcpy(node->name, names[i], 3);
	}
	conf->cluster.node_count = 2;
	memcpy(conf->package[0].name, "web", 4);
	conf->package_count = 1;
}

static void publish_view(struct side *side, const struct conf *conf)
{
	struct cmcld_snapshot *snapshot = cmcld_snapshot_begin(side->publisher);

	snapshot->conf = conf;
	snapshot->view.count = 2;
	snapshot->view.member[0].id = 1;
	snapshot->view.member[1].id = 2;
	cmcld_snapshot_publish(side->publisher, snapshot);
}

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	int i;

	world->conf = calloc(1, sizeof(*world->conf));
	conf_fill(world->conf);
	cmcld_snapshot_thread_begin();
	for (i = 0; i < 2; i++) {
		struct side *side = &world->side[i];

		side->wires.asks = cmcld_queue_create(8, CMCLD_REQUEST_BYTES);
		side->wires.tells = cmcld_queue_create(8, CMCLD_REQUEST_BYTES);
		side->publisher = cmcld_publisher_create();
		world->config[i].conf = world->conf;
		world->config[i].self = &world->conf->cluster.node[i];
		publish_view(side, world->conf);
		side->jobs = cmcld_jobs_create(&side->wires, &world->config[i],
					       side->publisher, cmcld_ops);
	}
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;
	int i;

	cmcld_snapshot_thread_end();
	for (i = 0; i < 2; i++) {
		struct side *side = &world->side[i];

		cmcld_jobs_destroy(side->jobs);
		cmcld_queue_destroy(side->wires.asks);
		cmcld_queue_destroy(side->wires.tells);
		cmcld_publisher_destroy(side->publisher);
	}
	free(world->conf);
	free(world);
	return 0;
}

/* Carry what the sides asked for: messages to the other one, requests kept. */
static void carry(struct world *world)
{
	struct cmcld_block *block;
	int i, moved;

	do {
		moved = 0;
		for (i = 0; i < 2; i++) {
			struct side *side = &world->side[i];

			while ((block = cmcld_queue_receive(side->wires.asks))) {
				moved++;
				if (block->type == CMCLD_ASK_PEER) {
					assert_int_equal(block->tag, 2 - i);
					side->messages++;
					cmcld_jobs_peer(world->side[1 - i].jobs, (u16)(i + 1),
							block->data, block->size);
				} else {
					assert_int_equal(block->type, CMCLD_ASK_REQUEST);
					memcpy(&side->request, block->data,
					       sizeof(side->request));
					side->requests++;
				}
				cmcld_queue_return(side->wires.asks, block);
			}
		}
	} while (moved);
}

static void reply(struct world *world, int i, int code)
{
	struct cmcld_reply reply = {
		.id = world->side[i].request.id, .final = true, .code = code,
	};

	cmcld_jobs_reply(world->side[i].jobs, &reply);
	carry(world);
}

static void begin(struct world *world, int i, const char *op, json_t *args)
{
	cmcld_jobs_start(world->side[i].jobs, op, args, NULL);
	json_decref(args);
	carry(world);
}

static void package_request_reaches_the_thread(void **state)
{
	struct world *world = *state;
	struct side *side = &world->side[0];

	begin(world, 0, "runpkg", json_pack("{s:s, s:s}", "package", "web", "node", "n2"));
	assert_int_equal(side->requests, 1);
	assert_int_equal(side->request.op, CMCLD_OP_RUN_PACKAGE);
	assert_int_equal(side->request.node, 2);
	assert_string_equal(side->request.package, "web");
	assert_false(cmcld_jobs_idle(side->jobs));
	reply(world, 0, 0);
	assert_true(cmcld_jobs_idle(side->jobs));
}

static void bad_arguments_ask_nothing(void **state)
{
	struct world *world = *state;

	begin(world, 0, "runpkg", json_object());
	begin(world, 0, "runpkg", json_pack("{s:s}", "package", "no such"));
	begin(world, 0, "runpkg", json_pack("{s:s, s:s}", "package", "web", "node", "x"));
	begin(world, 0, "modpkg", json_pack("{s:s}", "package", "web"));
	begin(world, 0, "form", json_pack("{s:[s]}", "nodes", "n9"));
	begin(world, 0, "no such", json_object());
	assert_int_equal(world->side[0].requests, 0);
	assert_true(cmcld_jobs_idle(world->side[0].jobs));
}

static void form_sorts_its_nodes(void **state)
{
	struct world *world = *state;

	begin(world, 0, "form", json_pack("{s:[s,s]}", "nodes", "n2", "n1"));
	assert_int_equal(world->side[0].request.node_count, 2);
	assert_int_equal(world->side[0].request.nodes[0], 1);
	assert_int_equal(world->side[0].request.nodes[1], 2);
	reply(world, 0, 0);
}

static void leave_is_forwarded(void **state)
{
	struct world *world = *state;

	begin(world, 0, "leave", json_pack("{s:s, s:b}", "node", "n2", "force", 1));
	assert_int_equal(world->side[0].requests, 0);
	assert_int_equal(world->side[1].requests, 1);
	assert_int_equal(world->side[1].request.op, CMCLD_OP_LEAVE);
	assert_true(world->side[1].request.force);
	assert_false(cmcld_jobs_idle(world->side[0].jobs));
	reply(world, 1, 0);
	assert_true(cmcld_jobs_idle(world->side[0].jobs));
	assert_true(cmcld_jobs_idle(world->side[1].jobs));
}

static void lost_peer_ends_a_forwarded_job(void **state)
{
	struct world *world = *state;

	begin(world, 0, "leave", json_pack("{s:s}", "node", "n2"));
	assert_false(cmcld_jobs_idle(world->side[0].jobs));
	cmcld_jobs_peer_lost(world->side[0].jobs, 2);
	assert_true(cmcld_jobs_idle(world->side[0].jobs));
	/* Its late answer meets no job. */
	reply(world, 1, 0);
	assert_true(cmcld_jobs_idle(world->side[0].jobs));
}

static void haltcl_halts_packages_then_others_then_itself(void **state)
{
	struct world *world = *state;

	begin(world, 0, "haltcl", json_pack("{s:b}", "force", 1));
	assert_int_equal(world->side[0].request.op, CMCLD_OP_HALT_PACKAGES);
	assert_int_equal(world->side[1].requests, 0);
	reply(world, 0, 0);
	assert_int_equal(world->side[1].request.op, CMCLD_OP_LEAVE);
	assert_int_equal(world->side[0].requests, 1);
	reply(world, 1, 0);
	assert_int_equal(world->side[0].requests, 2);
	assert_int_equal(world->side[0].request.op, CMCLD_OP_LEAVE);
	reply(world, 0, 0);
	assert_true(cmcld_jobs_idle(world->side[0].jobs));
}

static void haltcl_stops_at_a_failure(void **state)
{
	struct world *world = *state;

	begin(world, 0, "haltcl", json_pack("{s:b}", "force", 0));
	reply(world, 0, EBUSY);
	assert_int_equal(world->side[1].requests, 0);
	assert_int_equal(world->side[0].requests, 1);
	assert_true(cmcld_jobs_idle(world->side[0].jobs));
}

static void peers_may_not_ask_for_everything(void **state)
{
	struct world *world = *state;
	static const char form[] = "{\"ask\":5,\"op\":\"form\",\"args\":{}}";
	static const char junk[] = "{\"ask\":5";

	cmcld_jobs_peer(world->side[0].jobs, 2, form, sizeof(form) - 1);
	cmcld_jobs_peer(world->side[0].jobs, 2, junk, sizeof(junk) - 1);
	carry(world);
	assert_int_equal(world->side[0].requests, 0);
	assert_int_equal(world->side[0].messages, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(package_request_reaches_the_thread, setup,
						teardown),
		cmocka_unit_test_setup_teardown(bad_arguments_ask_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(form_sorts_its_nodes, setup, teardown),
		cmocka_unit_test_setup_teardown(leave_is_forwarded, setup, teardown),
		cmocka_unit_test_setup_teardown(lost_peer_ends_a_forwarded_job, setup, teardown),
		cmocka_unit_test_setup_teardown(haltcl_halts_packages_then_others_then_itself,
						setup, teardown),
		cmocka_unit_test_setup_teardown(haltcl_stops_at_a_failure, setup, teardown),
		cmocka_unit_test_setup_teardown(peers_may_not_ask_for_everything, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
