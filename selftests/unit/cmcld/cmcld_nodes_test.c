// SPDX-License-Identifier: GPL-2.0-or-later
/* What cmcld says about heartbeat events. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmcld_demo_conf.h"
#include "cmcld_nodes.h"
#include "cmcld_publish.h"

static struct cmcld cmcld;
static struct conf *conf;
static char text[4096];

/* What is logged of it; without a ring that goes to standard error. */
static const char *said(const struct core_event *event)
{
	FILE *file = tmpfile();
	int before = dup(STDERR_FILENO);

	assert_non_null(file);
	fflush(stderr);
	dup2(fileno(file), STDERR_FILENO);
	cmcld_nodes_kernel_event(&cmcld, event);
	fflush(stderr);
	dup2(before, STDERR_FILENO);
	close(before);
	rewind(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	return text;
}

static void says(const char *what, bool expected)
{
	if (!strstr(text, what) == expected)
		fail_msg("%s: %s", expected ? "missing" : "unexpected", what);
}

static void a_quorum_lease_points_to_the_networks(void **state)
{
	struct core_event event = {
		.type = CORE_EVENT_LEASE_HALF, .path = CORE_LEASE_QUORUM,
		.value_ns = 1234 * BASE_NS_PER_MS,
	};

	said(&event);
	says("at risk of being evicted", true);
	says("one half", true);
	says("1234 ms", true);
	says("heartbeat networks", true);
	says("SAFETY_TIMEOUT", false);
	event.type = CORE_EVENT_LEASE_THREE_QUARTERS;
	said(&event);
	says("three quarters", true);
}

static void a_safety_lease_points_to_what_kept_cmcld_from_running(void **state)
{
	struct core_event event = {
		.type = CORE_EVENT_LEASE_HALF, .path = CORE_LEASE_SAFETY,
		.value_ns = 2345 * BASE_NS_PER_MS,
	};

	said(&event);
	says("SAFETY_TIMEOUT", true);
	says("one half", true);
	says("2345 ms", true);
	says("real-time process", true);
	says("evicted", false);
	says("heartbeat networks", false);
	event.type = CORE_EVENT_LEASE_THREE_QUARTERS;
	said(&event);
	says("three quarters", true);
	says("real-time process", true);
}

/* As all states are read again after events were lost. */
static void a_path_is_told_when_it_changes(void **state)
{
	struct core_event event = { .type = CORE_EVENT_PATH_STATE, .peer = 2, .path = 1 };

	event.value_ns = CORE_PATH_DOWN;
	said(&event);
	says("path 1 to node n2 is down", true);
	said(&event);
	says("Heartbeat path", false);
	event.value_ns = CORE_PATH_UP;
	said(&event);
	says("path 1 to node n2 is up", true);
	said(&event);
	says("Heartbeat path", false);
	event.path = 0;
	said(&event);
	says("path 0 to node n2 is up", true);
	event.peer = 3;
	said(&event);
	says("path 0 to node n3 is up", true);
	event.peer = 2;
	said(&event);
	says("Heartbeat path", false);
	event.path = 1;
	event.value_ns = CORE_PATH_INIT;
	said(&event);
	says("path 1 to node n2 is one way", true);
	event.value_ns = CORE_PATH_DOWN;
	said(&event);
	says("path 1 to node n2 is down", true);
}

static int session_start(void)
{
	struct base_key key;
	const struct cmcld_session_config config = {
		.conf = conf, .self = conf_node_by_id(conf, 1), .key = &key, .incarnation = 1,
	};

	base_key_generate(1, &key);
	return cmcld_session_start(&config, &cmcld.session);
}

static int setup(void **state)
{
	conf = demo_conf("", 78, (const char *const[]){ NULL });
	if (!conf || session_start())
		return -1;
	cmcld.conf = conf;
	cmcld.loop = cmcld_loop_create();
	return cmcld_nodes_create(&cmcld) || cmcld_publish_create(&cmcld);
}

static int teardown(void **state)
{
	cmcld_session_stop(cmcld.session);
	cmcld_publish_destroy(&cmcld);
	cmcld_nodes_destroy(&cmcld);
	cmcld_loop_destroy(cmcld.loop);
	free(conf);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_quorum_lease_points_to_the_networks),
		cmocka_unit_test(a_safety_lease_points_to_what_kept_cmcld_from_running),
		cmocka_unit_test(a_path_is_told_when_it_changes),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
