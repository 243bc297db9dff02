// SPDX-License-Identifier: GPL-2.0-or-later
/* How cmcld ends, and what its unit makes of that; the test plays the real-time thread. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmcld_server.h"

#define HERE	"selftests/unit/cmcld/cmcld_server_test.c"
#define UNIT	"userspace/systemd/tocsin-cmcld.service"
#define BLOCKS	8
#define PATIENCE_MS	20000

struct world {
	struct conf *conf;
	struct cmcld_config config;
	struct cmcld_server_config server_config;
	struct cmcld_server *server;
	u64 opened_ns;
	bool asked_again;
	char path[64];
};

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	struct cmcld_server_config *config = &world->server_config;
	sigset_t set;

	/* As cmcld's main does: it takes them from a descriptor. */
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	world->conf = calloc(1, sizeof(*world->conf));
	conf_init(world->conf);
	world->conf->cluster.node_count = 1;
	world->conf->cluster.node[0].id = 1;
	world->config.conf = world->conf;
	world->config.self = &world->conf->cluster.node[0];
	snprintf(world->path, sizeof(world->path), "/tmp/cmcld-server-%d.sock", getpid());
	config->path = world->path;
	config->config = &world->config;
	config->wires.asks = cmcld_queue_create(BLOCKS, CMCLD_REQUEST_BYTES);
	config->wires.tells = cmcld_queue_create(BLOCKS, CMCLD_REQUEST_BYTES);
	config->publisher = cmcld_publisher_create();
	*state = world;
	world->opened_ns = base_clock_ns();
	return cmcld_server_open(config, &world->server);
}

static int teardown(void **state)
{
	struct world *world = *state;

	cmcld_server_close(world->server);
	cmcld_publisher_destroy(world->server_config.publisher);
	cmcld_queue_destroy(world->server_config.wires.asks);
	cmcld_queue_destroy(world->server_config.wires.tells);
	free(world->conf);
	free(world);
	return 0;
}

static void tell(struct world *world, enum cmcld_tell type, u64 tag, const char *text)
{
	struct cmcld_queue *tells = world->server_config.wires.tells;
	struct cmcld_block *block = cmcld_queue_take(tells);

	block->type = type;
	block->tag = tag;
	block->size = (u32)strlen(text) + 1;
	memcpy(block->data, text, block->size);
	cmcld_queue_send(tells, block);
}

static void asked_to_leave_it_stays_away(void **state)
{
	tell(*state, CMCLD_TELL_LEFT, 1, "");
	assert_int_equal(cmcld_server_run(((struct world *)*state)->server), 0);
}

static void out_unasked_it_is_to_be_started_again(void **state)
{
	struct world *world = *state;

	tell(world, CMCLD_TELL_LEFT, 0, "");
	assert_int_equal(cmcld_server_run(world->server), CMCLD_EXIT_AGAIN);
	assert_true(base_clock_ns() - world->opened_ns >= CMCLD_AGAIN_NS);
}

static void asked_to_leave_meanwhile_it_stays_away(void **state)
{
	tell(*state, CMCLD_TELL_LEFT, 0, "");
	tell(*state, CMCLD_TELL_LEFT, 1, "");
	assert_int_equal(cmcld_server_run(((struct world *)*state)->server), 0);
}

static void a_failure_is_one(void **state)
{
	tell(*state, CMCLD_TELL_FAILED, 0, "a test");
	assert_int_equal(cmcld_server_run(((struct world *)*state)->server), 1);
}

/* ---- systemctl stop ---- */

/* The real-time thread of the test. Return: whether it was asked to leave, and its id. */
static bool asked_to_leave(struct world *world, u64 *id)
{
	struct cmcld_queue *asks = world->server_config.wires.asks;
	struct pollfd fd = { .fd = cmcld_queue_fd(asks), .events = POLLIN };
	const struct cmcld_request *request;
	struct cmcld_block *block;
	bool leave;

	if (poll(&fd, 1, PATIENCE_MS) <= 0)
		return false;
	cmcld_queue_clear(asks);
	block = cmcld_queue_receive(asks);
	if (!block)
		return false;
	request = (const struct cmcld_request *)block->data;
	leave = block->type == CMCLD_ASK_REQUEST && request->op == CMCLD_OP_LEAVE;
	*id = request->id;
	cmcld_queue_return(asks, block);
	return leave;
}

/* The main thread has taken it when this returns. */
static void refuse(struct world *world, u64 id)
{
	struct cmcld_queue *tells = world->server_config.wires.tells;
	struct cmcld_block *block = cmcld_queue_take(tells);
	const struct cmcld_reply reply = {
		.id = id, .final = true, .code = EBUSY, .text = "a halt script failed",
	};

	block->type = CMCLD_TELL_REPLY;
	block->size = sizeof(reply);
	memcpy(block->data, &reply, sizeof(reply));
	cmcld_queue_send(tells, block);
	while (cmcld_queue_room(tells) < BLOCKS)
		poll(NULL, 0, 1);
}

static void *refuse_once(void *arg)
{
	struct world *world = arg;
	u64 id;

	kill(getpid(), SIGTERM);
	if (asked_to_leave(world, &id)) {
		refuse(world, id);
		kill(getpid(), SIGTERM);
		world->asked_again = asked_to_leave(world, &id);
	}
	tell(world, CMCLD_TELL_LEFT, 1, "");
	return NULL;
}

static void refused_to_leave_it_tries_again_at_the_next_signal(void **state)
{
	struct world *world = *state;
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, refuse_once, world), 0);
	assert_int_equal(cmcld_server_run(world->server), 0);
	pthread_join(thread, NULL);
	assert_true(world->asked_again);
}

/* ---- the unit ---- */

static char *unit_read(void)
{
	static const char file[] = __FILE__;
	size_t top = strlen(file) - strlen(HERE);
	char path[4096];
	char *text;

	assert_string_equal(file + top, HERE);
	snprintf(path, sizeof(path), "%.*s%s", (int)top, file, UNIT);
	assert_true(base_file_read(path, 65536, &text) > 0);
	return text;
}

/* Value of a line that is there once. */
static long setting(const char *text, const char *name)
{
	char line[64];
	const char *at;

	snprintf(line, sizeof(line), "\n%s=", name);
	at = strstr(text, line);
	if (!at)
		fail_msg("%s: no %s", UNIT, name);
	assert_null(strstr(at + 1, line));
	return strtol(at + strlen(line), NULL, 10);
}

/* In the time that systemd counts them, when it lives for @lived_s. */
static bool starts_fit(const char *text, long lived_s)
{
	long again_s = setting(text, "RestartSec") + lived_s;

	return setting(text, "StartLimitIntervalSec") / again_s <
	       setting(text, "StartLimitBurst");
}

static void its_unit_starts_it_again_without_end(void **state)
{
	char *text = unit_read();

	assert_int_equal(setting(text, "RestartForceExitStatus"), CMCLD_EXIT_AGAIN);
	assert_int_equal(setting(text, "SuccessExitStatus"), CMCLD_EXIT_AGAIN);
	assert_non_null(strstr(text, "\nRestart=on-failure\n"));
	assert_true(starts_fit(text, (long)(CMCLD_AGAIN_NS / BASE_NS_PER_S)));
	free(text);
}

/* A HEARTBEAT_IP that is not there yet ends it at once, with 1. */
static void its_unit_tries_until_the_network_is_there(void **state)
{
	char *text = unit_read();

	assert_non_null(strstr(text, "\nRestart=on-failure\n"));
	assert_true(starts_fit(text, 0));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(asked_to_leave_it_stays_away),
		T(out_unasked_it_is_to_be_started_again),
		T(asked_to_leave_meanwhile_it_stays_away),
		T(a_failure_is_one),
		T(refused_to_leave_it_tries_again_at_the_next_signal),
		cmocka_unit_test(its_unit_starts_it_again_without_end),
		cmocka_unit_test(its_unit_tries_until_the_network_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
