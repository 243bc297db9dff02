// SPDX-License-Identifier: GPL-2.0-or-later
/* Why the real-time thread was late: who says what. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "cmcld_demo_conf.h"
#include "cmcld_fake_nl.h"
#include "cmcld_kernel.h"
#include "cmcld_pet.h"
#include "cmcld_publish.h"

/* Beyond a renewal's period and a tenth of MEMBER_TIMEOUT together. */
#define HELD_MS		1200
#define SEEN_MS		2500
/* A machine that stands still for a tenth of MEMBER_TIMEOUT each time is none. */
#define TRIES		10

static struct cmcld_config config;
static struct cmcld cmcld;
static char text[16384];
static bool by_kernel;

/* In the middle of the loop, as a handler. */
static void on_hold(void *arg, u64 now_ns)
{
	const struct core_member peer = { .id = 2, .incarnation = 5 };

	if (!by_kernel) {
		poll(NULL, 0, HELD_MS);
		return;
	}
	fake_node[1]->wait_ns = HELD_MS * BASE_NS_PER_MS;
	cmcld_kernel_acknowledge(cmcld.kernel, &peer);
}

static void on_end(void *arg, u64 now_ns)
{
	cmcld_loop_stop(cmcld.loop);
}

/* What is logged meanwhile; without a ring that goes to standard error. */
static void run(void)
{
	FILE *file = tmpfile();
	int before = dup(STDERR_FILENO);
	u64 now_ns = base_clock_ns();

	assert_non_null(file);
	fflush(stderr);
	dup2(fileno(file), STDERR_FILENO);
	cmcld_pet_start(&cmcld);
	cmcld_loop_timer_set(cmcld.loop, cmcld_loop_timer_add(cmcld.loop, on_hold, NULL), now_ns);
	cmcld_loop_timer_set(cmcld.loop, cmcld_loop_timer_add(cmcld.loop, on_end, NULL),
			     now_ns + SEEN_MS * BASE_NS_PER_MS);
	cmcld_loop_run(cmcld.loop);
	fflush(stderr);
	dup2(before, STDERR_FILENO);
	close(before);
	rewind(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
}

static void world_make(void)
{
	char error[CMCLD_CONFIG_TEXT_MAX] = "";

	cmcld = (struct cmcld){ .config = &config, .conf = config.conf, .self = 1 };
	assert_int_equal(cmcld_kernel_attach(&config, &cmcld.kernel, &cmcld.incarnation, error),
			 0);
	cmcld.publisher = cmcld_publisher_create();
	cmcld.loop = cmcld_loop_create();
	assert_int_equal(cmcld_pet_create(&cmcld), 0);
	assert_int_equal(cmcld_publish_create(&cmcld), 0);
}

static void world_end(void)
{
	cmcld_publish_destroy(&cmcld);
	cmcld_pet_destroy(&cmcld);
	cmcld_loop_destroy(cmcld.loop);
	cmcld_publisher_destroy(cmcld.publisher);
	cmcld_kernel_detach(cmcld.kernel);
}

/* Return: the longest that it was late, ns. */
static u64 story(bool kernel)
{
	u64 late_max_ns;

	by_kernel = kernel;
	world_make();
	run();
	late_max_ns = cmcld_pet_late_max_ns(&cmcld);
	world_end();
	return late_max_ns;
}

static void a_wait_for_the_kernel_is_told_as_one_only(void **state)
{
	u64 late_max_ns;
	int tries = 0;

	do
		late_max_ns = story(true);
	while (strstr(text, "unable to run") && ++tries < TRIES);
	assert_non_null(strstr(text, "kept cmcld waiting"));
	assert_null(strstr(text, "unable to run"));
	assert_true(late_max_ns < config.conf->cluster.member_timeout_ns / 10);
}

static void what_else_keeps_it_from_running_is_told(void **state)
{
	assert_true(story(false) >= config.conf->cluster.member_timeout_ns / 10);
	assert_null(strstr(text, "kept cmcld waiting"));
	assert_non_null(strstr(text, "unable to run"));
}

static int setup(void **state)
{
	config.conf = demo_conf("MEMBER_TIMEOUT 4000000\n", 0, (const char *const[]){ NULL });
	if (!config.conf)
		return -1;
	config.self = conf_node_by_id(config.conf, 1);
	return 0;
}

static int teardown(void **state)
{
	free((struct conf *)config.conf);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wait_for_the_kernel_is_told_as_one_only),
		cmocka_unit_test(what_else_keeps_it_from_running_is_told),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
