// SPDX-License-Identifier: GPL-2.0-or-later
/* What cmcld makes of events that the kernel could not deliver. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "cmcld_demo_conf.h"
#include "cmcld_fake_nl.h"
#include "cmcld_kernel.h"

#define SAID_MAX	256
/* More than are read at a time. */
#define MANY		100

static struct cmcld_config config;
static struct cmcld_kernel *kernel;
static struct nl_peer peer;

/* What was told: 'h' and 's' of node 2, 'o' of an overrun. */
static char said[SAID_MAX];

static void say(char what)
{
	size_t length = strlen(said);

	assert_true(length < SAID_MAX - 1);
	said[length] = what;
}

static void on_event(void *arg, const struct core_event *event)
{
	if (event->type == CORE_EVENT_PEER_HEARD)
		say('h');
	if (event->type == CORE_EVENT_PEER_SILENT)
		say('s');
}

static void on_gasp(void *arg, const struct core_event *event, const struct core_gasp *words)
{
}

static void on_overrun(void *arg)
{
	say('o');
}

static const struct cmcld_kernel_ops ops = {
	.event = on_event, .gasp = on_gasp, .overrun = on_overrun,
};

static void collect(void)
{
	cmcld_kernel_collect(kernel, &ops, NULL);
}

static struct nl *fake(void)
{
	return fake_node[1];
}

static void queue(enum core_event_type type)
{
	struct nl_events *events = fake()->events;

	assert_true(events->count < FAKE_EVENTS);
	events->event[(events->first + events->count++) % FAKE_EVENTS] =
		(struct core_event){ .type = type, .peer = 2, .incarnation = 5 };
}

static int setup(void **state)
{
	char error[CMCLD_CONFIG_TEXT_MAX] = "";
	u64 incarnation;

	memset(said, 0, sizeof(said));
	peer = (struct nl_peer){ .info = { .id = 2, .incarnation = 5, .heard = true } };
	if (cmcld_kernel_attach(&config, &kernel, &incarnation, error)) {
		print_error("%s\n", error);
		return -1;
	}
	fake()->listed = &peer;
	return 0;
}

static int teardown(void **state)
{
	cmcld_kernel_detach(kernel);
	return 0;
}

static void nothing_is_read_again_without_need(void **state)
{
	queue(CORE_EVENT_PEER_SILENT);
	collect();
	collect();
	assert_string_equal(said, "s");
	assert_false(cmcld_kernel_behind(kernel));
}

static void states_come_after_all_that_was_queued_before(void **state)
{
	queue(CORE_EVENT_PEER_SILENT);
	fake()->events->overrun = true;
	collect();
	assert_string_equal(said, "soh");
	assert_false(cmcld_kernel_behind(kernel));
}

static void states_wait_until_the_queue_was_empty(void **state)
{
	int i;

	for (i = 0; i < MANY; i++)
		queue(CORE_EVENT_PEER_SILENT);
	fake()->events->overrun = true;
	collect();
	assert_null(strchr(said, 'o'));
	assert_true(cmcld_kernel_behind(kernel));
	collect();
	assert_int_equal(strlen(said), MANY + 2);
	assert_string_equal(said + MANY, "oh");
}

static void states_that_cannot_be_read_are_asked_for_again(void **state)
{
	fake()->events->overrun = true;
	fake()->list_err = -ENOMEM;
	collect();
	assert_string_equal(said, "");
	assert_true(cmcld_kernel_behind(kernel));
	collect();
	assert_string_equal(said, "oh");
	assert_false(cmcld_kernel_behind(kernel));
}

static void events_that_the_module_lost_count_too(void **state)
{
	fake()->events->lost = 3;
	queue(CORE_EVENT_PEER_SILENT);
	queue(CORE_EVENT_PEER_SILENT);
	collect();
	assert_string_equal(said, "ssoh");
	queue(CORE_EVENT_PEER_SILENT);
	collect();
	assert_string_equal(said, "ssohs");
}

static int conf_setup(void **state)
{
	config.conf = demo_conf("", 0, (const char *const[]){ NULL });
	if (!config.conf)
		return -1;
	config.self = conf_node_by_id(config.conf, 1);
	return 0;
}

static int conf_teardown(void **state)
{
	free((struct conf *)config.conf);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_is_read_again_without_need, setup,
						teardown),
		cmocka_unit_test_setup_teardown(states_come_after_all_that_was_queued_before,
						setup, teardown),
		cmocka_unit_test_setup_teardown(states_wait_until_the_queue_was_empty, setup,
						teardown),
		cmocka_unit_test_setup_teardown(states_that_cannot_be_read_are_asked_for_again,
						setup, teardown),
		cmocka_unit_test_setup_teardown(events_that_the_module_lost_count_too, setup,
						teardown),
	};
	return cmocka_run_group_tests(tests, conf_setup, conf_teardown);
}
