// SPDX-License-Identifier: GPL-2.0-or-later
/* Status as JSON: each field an administrator's command reads. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "cmcld_json.h"

struct world {
	struct conf *conf;
	struct cmcld_snapshot *snapshot;
	struct cmcld_paths *paths;
	json_t *status;
};

static void node_fill(struct conf *conf, int i, const char *name)
{
	struct conf_node *node = &conf->cluster.node[i];
	struct conf_interface *interface = &node->interface[0];

	node->id = (u16)(i + 1);
	memcpy(node->name, name, strlen(name) + 1);
	node->interface_count = 1;
	memcpy(interface->name, "eth1", 5);
	interface->address_count = 1;
	interface->address[0].heartbeat = true;
	interface->address[0].address = (struct conf_address){
		.family = 4, .prefix_len = 24, .byte = { 10, 0, 0, (u8)(i + 1) },
	};
}

static void package_fill(struct conf *conf)
{
	struct conf_package *package = &conf->package[0];

	conf->package_count = 1;
	memcpy(package->name, "web", 4);
	package->failover_policy = CONF_MIN_PACKAGE_NODE;
	package->failback_policy = CONF_FAILBACK_AUTOMATIC;
	package->node_count = 2;
	package->node[0].id = 1;
	memcpy(package->node[0].name, "n1", 3);
	package->node[1].id = 2;
	memcpy(package->node[1].name, "n2", 3);
	package->service_count = 1;
	memcpy(package->service[0].name, "httpd", 6);
	package->service[0].restart = CONF_RESTART_UNLIMITED;
	package->address_count = 1;
	package->address[0].address = (struct conf_address){
		.family = 4, .byte = { 10, 9, 0, 5 },
	};
}

static void snapshot_fill(struct world *world)
{
	struct cmcld_snapshot *snapshot = world->snapshot;

	snapshot->conf = world->conf;
	snapshot->self = 1;
	snapshot->phase = CMCLD_MEMBER;
	snapshot->view.epoch = 7;
	snapshot->view.coordinator = 1;
	snapshot->node[0].state = CMCLD_NODE_RUNNING;
	snapshot->node[0].incarnation = 0xabc;
	snapshot->node[1].state = CMCLD_NODE_FAILED;
	snapshot->package[0].status = PKG_STATUS_UP;
	snapshot->package[0].state = PKG_RUNNING;
	snapshot->package[0].auto_run = true;
	snapshot->package[0].node = 1;
	snapshot->package[0].restarts[0] = 3;
	snapshot->package[0].disabled[0] = 2;
}

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	world->conf = calloc(1, sizeof(*world->conf));
	world->snapshot = calloc(1, sizeof(*world->snapshot));
	world->paths = calloc(1, sizeof(*world->paths));
	conf_init(world->conf);
	memcpy(world->conf->cluster.name, "demo", 5);
	world->conf->cluster.node_count = 2;
	node_fill(world->conf, 0, "n1");
	node_fill(world->conf, 1, "n2");
	package_fill(world->conf);
	snapshot_fill(world);
	world->paths->self = 1;
	world->paths->count = 1;
	world->paths->path[0] = (struct cmcld_path){
		.peer = 2, .state = "down", .local = "10.0.0.1", .remote = "10.0.0.2",
	};
	world->status = cmcld_json_status(world->snapshot, world->paths);
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	json_decref(world->status);
	free(world->paths);
	free(world->snapshot);
	free(world->conf);
	free(world);
	return 0;
}

static const char *text_of(json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	assert_non_null(text);
	return text;
}

static void cluster_is_told(void **state)
{
	struct world *world = *state;
	json_t *cluster = json_object_get(world->status, "cluster");

	assert_string_equal(text_of(cluster, "name"), "demo");
	assert_string_equal(text_of(cluster, "status"), "up");
	assert_string_equal(text_of(cluster, "coordinator"), "n1");
	assert_int_equal(json_integer_value(json_object_get(cluster, "epoch")), 7);
	assert_null(json_object_get(cluster, "quorum_server"));
	assert_string_equal(text_of(world->status, "self"), "n1");
}

static void nodes_are_told(void **state)
{
	struct world *world = *state;
	json_t *nodes = json_object_get(world->status, "nodes");
	json_t *n1 = json_array_get(nodes, 0), *n2 = json_array_get(nodes, 1);
	json_t *path, *interface;

	assert_int_equal(json_array_size(nodes), 2);
	assert_string_equal(text_of(n1, "status"), "up");
	assert_string_equal(text_of(n1, "incarnation"), "0000000000000abc");
	assert_string_equal(text_of(n2, "status"), "down");
	assert_string_equal(text_of(n2, "state"), "failed");
	path = json_array_get(json_object_get(n2, "paths"), 0);
	assert_string_equal(text_of(path, "remote"), "10.0.0.2");
	assert_string_equal(text_of(path, "state"), "down");
	interface = json_array_get(json_object_get(n2, "interfaces"), 0);
	assert_string_equal(text_of(interface, "address"), "10.0.0.2");
	assert_string_equal(text_of(interface, "status"), "down");
}

static void packages_are_told(void **state)
{
	struct world *world = *state;
	json_t *web = json_array_get(json_object_get(world->status, "packages"), 0);
	json_t *service = json_array_get(json_object_get(web, "services"), 0);
	json_t *nodes = json_object_get(web, "nodes");

	assert_string_equal(text_of(web, "status"), "up");
	assert_string_equal(text_of(web, "state"), "running");
	assert_string_equal(text_of(web, "node"), "n1");
	assert_string_equal(text_of(web, "failover_policy"), "min_package_node");
	assert_string_equal(text_of(web, "failback_policy"), "automatic");
	assert_true(json_is_true(json_object_get(web, "auto_run")));
	assert_string_equal(text_of(service, "max_restarts"), "unlimited");
	assert_int_equal(json_integer_value(json_object_get(service, "restarts")), 3);
	assert_true(json_is_true(json_object_get(json_array_get(nodes, 0), "current")));
	assert_true(json_is_true(json_object_get(json_array_get(nodes, 0), "switching")));
	assert_true(json_is_false(json_object_get(json_array_get(nodes, 1), "switching")));
}

static void halted_states_are_told_apart(void **state)
{
	struct world *world = *state;
	json_t *web;

	json_decref(world->status);
	world->snapshot->package[0].state = PKG_HALTED;
	world->snapshot->package[0].failed = true;
	world->snapshot->package[0].node = 0;
	world->status = cmcld_json_status(world->snapshot, world->paths);
	web = json_array_get(json_object_get(world->status, "packages"), 0);
	assert_string_equal(text_of(web, "state"), "failed");
	assert_true(json_is_null(json_object_get(web, "node")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(cluster_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(nodes_are_told, setup, teardown),
		cmocka_unit_test_setup_teardown(packages_are_told, setup, teardown),
		cmocka_unit_test_setup_teardown(halted_states_are_told_apart, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
