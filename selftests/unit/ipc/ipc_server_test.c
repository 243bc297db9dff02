// SPDX-License-Identifier: GPL-2.0-or-later
/* A real server in a thread, real clients: replies, roles, limits, garbage. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <tocsin/base_log.h>
#include <tocsin/ipc.h>

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static char path[64];
static pthread_t thread;
static int stop_fd, ready_fd;
static struct ipc_server_config config;
static struct ipc_request *held;
static _Atomic unsigned int cancelled, larges, lines;
static struct ipc_server_stats last_stats;

static void op_echo(struct ipc_request *request, json_t *args, void *arg)
{
	ipc_reply_result(request, json_incref(args));
}

static void op_count(struct ipc_request *request, json_t *args, void *arg)
{
	json_int_t i, to = json_integer_value(json_object_get(args, "to"));

	for (i = 1; i <= to; i++)
		ipc_reply_progress(request, json_integer(i));
	ipc_reply_result(request, json_string("done"));
}

static void op_fail(struct ipc_request *request, json_t *args, void *arg)
{
	ipc_reply_error(request, -EBUSY, "node %s is busy", "a");
}

static void op_large(struct ipc_request *request, json_t *args, void *arg)
{
	size_t size = (size_t)json_integer_value(json_object_get(args, "size"));
	char *text = malloc(size + 1);

	larges++;
	memset(text, 'x', size);
	text[size] = '\0';
	ipc_reply_result(request, json_string(text));
	free(text);
}

static void on_cancel(void *arg)
{
	cancelled++;
	ipc_reply_error(held, EINTR, "cancelled");
	held = NULL;
}

static void op_hold(struct ipc_request *request, json_t *args, void *arg)
{
	held = request;
	ipc_request_on_cancel(request, on_cancel, NULL);
	ipc_reply_progress(request, json_string("holding"));
}

static void op_release(struct ipc_request *request, json_t *args, void *arg)
{
	if (held)
		ipc_reply_result(held, json_string("released"));
	held = NULL;
	ipc_reply_result(request, json_true());
}

static void op_whoami(struct ipc_request *request, json_t *args, void *arg)
{
	const struct ipc_peer *peer = ipc_request_peer(request);

	ipc_reply_result(request, json_pack("{s:i,s:i}", "pid", (int)peer->pid,
					    "uid", (int)peer->uid));
}

static const struct ipc_op ops[] = {
	{ "echo", IPC_ROLE_MONITOR, op_echo },
	{ "count", IPC_ROLE_MONITOR, op_count },
	{ "fail", IPC_ROLE_MONITOR, op_fail },
	{ "large", IPC_ROLE_MONITOR, op_large },
	{ "hold", IPC_ROLE_MONITOR, op_hold },
	{ "release", IPC_ROLE_MONITOR, op_release },
	{ "whoami", IPC_ROLE_MONITOR, op_whoami },
	{ "halt", IPC_ROLE_FULL_ADMIN, op_echo },
	{ }
};

static enum ipc_role only_monitor(void *arg, const struct ipc_peer *peer)
{
	return IPC_ROLE_MONITOR;
}

static int on_stop(sd_event_source *source, int fd, u32 events, void *arg)
{
	return sd_event_exit(sd_event_source_get_event(source), 0);
}

static void *serve(void *arg)
{
	struct ipc_server *server;
	sd_event *event;
	u64 one = 1;

	assert_true(sd_event_new(&event) >= 0);
	sd_event_add_io(event, NULL, stop_fd, POLLIN, on_stop, NULL);
	config.event = event;
	config.path = path;
	config.mode = 0666;
	config.ops = ops;
	assert_int_equal(ipc_server_create(&config, &server), 0);
	assert_int_equal(write(ready_fd, &one, sizeof(one)), sizeof(one));
	sd_event_loop(event);
	ipc_server_stats_get(server, &last_stats);
	ipc_server_destroy(server);
	sd_event_unref(event);
	held = NULL;
	return NULL;
}

static void start(void)
{
	u64 count;

	cancelled = 0;
	larges = 0;
	lines = 0;
	snprintf(path, sizeof(path), "/tmp/tocsin-ipc-%d.sock", getpid());
	stop_fd = eventfd(0, EFD_CLOEXEC);
	ready_fd = eventfd(0, EFD_CLOEXEC);
	assert_int_equal(pthread_create(&thread, NULL, serve, NULL), 0);
	assert_int_equal(read(ready_fd, &count, sizeof(count)), sizeof(count));
}

static int setup(void **state)
{
	memset(&config, 0, sizeof(config));
	start();
	return 0;
}

static void stop(void)
{
	u64 one = 1;

	assert_int_equal(write(stop_fd, &one, sizeof(one)), sizeof(one));
	pthread_join(thread, NULL);
	close(stop_fd);
	close(ready_fd);
	stop_fd = -1;
}

static int teardown(void **state)
{
	if (stop_fd >= 0)
		stop();
	return access(path, F_OK) == 0;		/* the socket file is gone, too */
}

static int call(int fd, const char *op, json_t *args, json_t **reply)
{
	struct ipc_call request = { .op = op, .args = args, .timeout_ns = 20 * BASE_NS_PER_S };
	int err = ipc_call(fd, &request, reply);

	json_decref(args);
	return err;
}

static void results_and_errors_come_back(void **state)
{
	int fd = ipc_connect(path), i;
	json_t *reply;

	assert_true(fd >= 0);
	for (i = 0; i < 100; i++) {
		assert_int_equal(call(fd, "echo", json_pack("{s:i}", "n", i), &reply), 0);
		assert_int_equal(json_integer_value(json_object_get(reply, "n")), i);
		json_decref(reply);
	}
	assert_int_equal(call(fd, "echo", NULL, &reply), 0);
	assert_int_equal(json_object_size(reply), 0);
	json_decref(reply);
	assert_int_equal(call(fd, "fail", NULL, &reply), -EBUSY);
	assert_string_equal(json_string_value(reply), "node a is busy");
	json_decref(reply);
	assert_int_equal(call(fd, "whoami", NULL, &reply), 0);
	assert_int_equal(json_integer_value(json_object_get(reply, "pid")), getpid());
	json_decref(reply);
	close(fd);
}

static void count_progress(void *arg, json_t *progress)
{
	int *last = arg;

	assert_int_equal(json_integer_value(progress), *last + 1);
	*last += 1;
}

static void progress_comes_in_order(void **state)
{
	int last = 0;
	json_t *args = json_pack("{s:i}", "to", 1000), *reply;
	struct ipc_call request = { "count", args, 20 * BASE_NS_PER_S, count_progress, &last };

	assert_int_equal(ipc_call_path(path, &request, &reply), 0);
	assert_int_equal(last, 1000);
	json_decref(reply);
	json_decref(args);
}

static void large_answers_have_a_limit(void **state)
{
	int fd = ipc_connect(path);
	json_t *reply;

	assert_int_equal(call(fd, "large", json_pack("{s:i}", "size", 1000000), &reply), 0);
	assert_int_equal(json_string_length(reply), 1000000);
	json_decref(reply);
	assert_int_equal(call(fd, "large", json_pack("{s:i}", "size", IPC_FRAME_MAX), &reply),
			 -EMSGSIZE);
	json_decref(reply);
	close(fd);
}

static void large_requests_have_a_limit(void **state)
{
	char *text = calloc(1, IPC_FRAME_MAX + 1);
	int fd = ipc_connect(path);
	json_t *reply;

	memset(text, 'y', IPC_FRAME_MAX - 100);
	assert_int_equal(call(fd, "echo", json_pack("{s:s}", "t", text), &reply), 0);
	assert_int_equal(json_string_length(json_object_get(reply, "t")), IPC_FRAME_MAX - 100);
	json_decref(reply);
	memset(text, 'y', IPC_FRAME_MAX);
	assert_int_equal(call(fd, "echo", json_pack("{s:s}", "t", text), &reply), -EMSGSIZE);
	assert_null(reply);
	close(fd);
	free(text);
}

static void unknown_and_forbidden_are_refused(void **state)
{
	int fd = ipc_connect(path);
	json_t *reply;

	assert_int_equal(call(fd, "nonsense", NULL, &reply), -EOPNOTSUPP);
	json_decref(reply);
	assert_int_equal(call(fd, "halt", NULL, &reply), getuid() ? -EACCES : 0);
	json_decref(reply);
	close(fd);
	stop();
	config.role_of = only_monitor;
	start();
	fd = ipc_connect(path);
	assert_int_equal(call(fd, "halt", NULL, &reply), -EACCES);
	json_decref(reply);
	assert_int_equal(call(fd, "echo", NULL, &reply), 0);
	json_decref(reply);
	close(fd);
	stop();
	assert_int_equal(last_stats.refused_role, 1);
}

static void client_gone_cancels_its_request(void **state)
{
	json_t *reply;
	int fd = ipc_connect(path);
	struct ipc_call request = { .op = "hold", .timeout_ns = 100 * BASE_NS_PER_MS };

	assert_int_equal(ipc_call(fd, &request, &reply), -ETIMEDOUT);
	close(fd);
	while (!cancelled)
		sched_yield();
	fd = ipc_connect(path);
	assert_int_equal(call(fd, "echo", NULL, &reply), 0);
	json_decref(reply);
	close(fd);
}

static size_t read_until(int fd, char *text, size_t room, size_t have, size_t want)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	ssize_t got;

	while (have < want) {
		assert_int_equal(poll(&wait, 1, 20000), 1);
		got = read(fd, text + have, room - have);
		assert_true(got > 0);
		have += (size_t)got;
	}
	return have;
}

static void held_request_is_answered_later(void **state)
{
	static const char hold[] = "{\"op\":\"hold\"}{\"op\":\"echo\"}";
	int holder = ipc_connect(path), fd = ipc_connect(path);
	u32 length = htonl(13);
	char text[200];
	json_t *reply;
	size_t have;

	/* Two requests at once on one connection: the second one waits. */
	assert_int_equal(write(holder, &length, 4), 4);
	assert_int_equal(write(holder, hold, 13), 13);
	assert_int_equal(write(holder, &length, 4), 4);
	assert_int_equal(write(holder, hold + 13, 13), 13);
	have = read_until(holder, text, sizeof(text), 0, 4 + 22);
	assert_memory_equal(text + 4, "{\"progress\":\"holding\"}", 22);
	assert_int_equal(call(fd, "release", NULL, &reply), 0);
	json_decref(reply);
	read_until(holder, text, sizeof(text), have, 4 + 22 + 4 + 21 + 4 + 13);
	assert_memory_equal(text + 30, "{\"result\":\"released\"}", 21);
	assert_memory_equal(text + 55, "{\"result\":{}}", 13);
	close(holder);
	close(fd);
}

/* Send raw bytes; returns the errno text of the reply, or closes. */
static void garbage_is_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
	} bad[] = {
		{ "\0\0\0\0", 4 },			/* empty frame */
		{ "\xff\xff\xff\xff{", 5 },		/* 4 GiB */
		{ "\0\x10\0\1", 4 },			/* one byte over the limit */
		{ "\0\0\0\2{]", 6 },			/* not JSON */
		{ "\0\0\0\2[]", 6 },			/* not an object */
		{ "\0\0\0\7{\"a\":1}", 11 },		/* no op */
		{ "\0\0\0\x16{\"op\":\"echo\",\"args\":1}", 26 },
		{ "GET / HTTP/1.1\r\n\r\n", 18 },
	};
	unsigned int i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int fd = ipc_connect(path);
		struct pollfd wait = { .fd = fd, .events = POLLIN };
		char text[300];
		ssize_t got;

		assert_int_equal(write(fd, bad[i].bytes, bad[i].size), bad[i].size);
		do {
			assert_int_equal(poll(&wait, 1, 20000), 1);
			got = read(fd, text, sizeof(text));
		} while (got > 0);
		assert_true(got == 0 || errno == ECONNRESET);
		close(fd);
	}
	stop();
	assert_int_equal(last_stats.refused_frame, sizeof(bad) / sizeof(bad[0]));
	assert_int_equal(last_stats.clients, 0);
}

/* Who does not read its answers is not read either: a server keeps one for it. */
static void requests_sent_ahead_wait(void **state)
{
	static const char request[] = "\0\0\0\x25{\"op\":\"large\",\"args\":{\"size\":900000}}";
	const size_t whole = 20 * (4 + 900000 + strlen("{\"result\":\"\"}"));
	int fd = ipc_connect(path), other = ipc_connect(path), i;
	char *text = malloc(whole + 1);
	json_t *reply;

	for (i = 0; i < 20; i++)
		assert_int_equal(write(fd, request, 41), 41);
	for (i = 0; i < 20; i++) {
		assert_int_equal(call(other, "echo", NULL, &reply), 0);
		json_decref(reply);
	}
	assert_int_equal(larges, 1);
	assert_int_equal(read_until(fd, text, whole + 1, 0, whole), whole);
	assert_int_equal(larges, 20);
	close(fd);
	close(other);
	free(text);
}

static void a_server_may_take_less(void **state)
{
	char *text = calloc(1, 300001);
	int fd;
	json_t *reply;

	stop();
	config.request_max = 1000;
	start();
	fd = ipc_connect(path);
	memset(text, 'y', 500);
	assert_int_equal(call(fd, "echo", json_pack("{s:s}", "t", text), &reply), 0);
	json_decref(reply);
	memset(text, 'y', 300000);
	assert_int_equal(call(fd, "echo", json_pack("{s:s}", "t", text), &reply), -EMSGSIZE);
	assert_non_null(strstr(json_string_value(reply), "at most 1000 are taken"));
	json_decref(reply);
	close(fd);
	free(text);
}

/* ---- places ---- */

#define PLACES		24	/* 3 for each user, 18 for all, root may have all */
#define SOMEBODY	65500

/* This thread only, for what it connects. */
static void be(uid_t user)
{
	assert_int_equal(syscall(SYS_setresuid, -1, user, -1), 0);
}

static int connect_as(uid_t user)
{
	int fd;

	be(user);
	fd = ipc_connect(path);
	be(0);
	assert_true(fd >= 0);
	return fd;
}

static void is_served(int fd)
{
	json_t *reply;

	assert_int_equal(call(fd, "echo", NULL, &reply), 0);
	json_decref(reply);
}

/* Also when the server has hung up before it is asked. */
static void is_refused(int fd, bool late, const char *why)
{
	struct pollfd wait = { .fd = fd };
	json_t *reply;

	if (late)
		assert_int_equal(poll(&wait, 1, 20000), 1);
	assert_int_equal(call(fd, "echo", NULL, &reply), -EBUSY);
	assert_non_null(strstr(json_string_value(reply), why));
	json_decref(reply);
	close(fd);
}

static void count_line(enum base_log_level level, const char *line)
{
	assert_int_equal(level, BASE_LOG_WARNING);
	assert_non_null(strstr(line, "was refused: "));
	lines++;
}

static void restart_with_places(void)
{
	if (geteuid()) {
		print_message("needs root, to connect as other users\n");
		skip();
	}
	stop();
	config.clients_max = PLACES;
	start();
	base_log_redirect(count_line);
}

static void one_user_has_few_places(void **state)
{
	int fd[4], i;

	restart_with_places();
	for (i = 0; i < 3; i++) {
		fd[i] = connect_as(SOMEBODY);
		is_served(fd[i]);
	}
	for (i = 0; i < 10; i++)
		is_refused(connect_as(SOMEBODY), i & 1, "user 65500 has 3 connections already");
	assert_int_equal(lines, 1);
	fd[3] = connect_as(SOMEBODY + 1);
	is_served(fd[3]);
	/* Who goes makes place. */
	close(fd[0]);
	is_served(fd[1]);
	fd[0] = connect_as(SOMEBODY);
	is_served(fd[0]);
	for (i = 0; i < 4; i++)
		close(fd[i]);
	stop();
	base_log_redirect(NULL);
	assert_int_equal(last_stats.refused_full, 10);
}

static void users_leave_places_for_root(void **state)
{
	int fd[PLACES], i;

	restart_with_places();
	for (i = 0; i < 18; i++) {
		fd[i] = connect_as((uid_t)(SOMEBODY + i / 3));
		is_served(fd[i]);
	}
	is_refused(connect_as(SOMEBODY + 6), true, "the last 6 are for root");
	for (; i < PLACES; i++) {
		fd[i] = connect_as(0);
		is_served(fd[i]);
	}
	is_refused(connect_as(0), false, "all 24 connections are in use");
	for (i = 0; i < PLACES; i++)
		close(fd[i]);
	stop();
	base_log_redirect(NULL);
	assert_int_equal(last_stats.refused_full, 2);
}

static void silent_clients_are_closed(void **state)
{
	struct pollfd wait = { .events = POLLIN };
	char byte;

	stop();
	config.idle_ns = 50 * BASE_NS_PER_MS;
	start();
	wait.fd = ipc_connect(path);
	assert_int_equal(poll(&wait, 1, 20000), 1);
	assert_int_equal(read(wait.fd, &byte, 1), 0);
	close(wait.fd);
}

static void a_reader_that_does_not_read_is_dropped(void **state)
{
	static const char request[] = "\0\0\0\x25{\"op\":\"count\",\"args\":{\"to\":1000000}}";
	struct pollfd wait = { .events = POLLIN };
	char text[65536];
	int fd = ipc_connect(path);
	json_t *reply;
	ssize_t got;

	assert_int_equal(write(fd, request, 41), 41);
	/* The server is busy producing 17 MB; then it serves others. */
	wait.fd = ipc_connect(path);
	assert_int_equal(call(wait.fd, "echo", NULL, &reply), 0);
	json_decref(reply);
	close(wait.fd);
	wait.fd = fd;
	do {
		assert_int_equal(poll(&wait, 1, 20000), 1);
		got = read(fd, text, sizeof(text));
	} while (got > 0);
	assert_true(got == 0 || errno == ECONNRESET);
	close(fd);
}

static void no_server_says_so(void **state)
{
	assert_int_equal(ipc_connect("/tmp/tocsin-nowhere.sock"), -ENOENT);
	stop();
	assert_int_equal(ipc_connect(path), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(results_and_errors_come_back),
		T(progress_comes_in_order),
		T(large_answers_have_a_limit),
		T(large_requests_have_a_limit),
		T(unknown_and_forbidden_are_refused),
		T(client_gone_cancels_its_request),
		T(held_request_is_answered_later),
		T(garbage_is_refused),
		T(requests_sent_ahead_wait),
		T(a_server_may_take_less),
		T(one_user_has_few_places),
		T(users_leave_places_for_root),
		T(silent_clients_are_closed),
		T(a_reader_that_does_not_read_is_dropped),
		T(no_server_says_so),
	};

	return cmocka_run_group_tests_name("ipc_server", tests, NULL, NULL);
}
