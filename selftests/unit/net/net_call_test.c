// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests to another host: a served channel in a thread, a blocking client. */
#include "net_testing.h"

#include <tocsin/net_call.h>

#include "net_tls.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>

#define FRAME_SIZE	1100000
#define RECORD_SIZE	16384

static const u8 good_key[BASE_KEY_SIZE] = { 4 };
static pthread_t thread;
static int stop_fd, ready_fd;
static u16 port;
static u64 idle_ns;
static const char *listen_on;
static struct ipc_request *held;
static _Atomic int cancelled;

static void op_echo(struct ipc_request *request, json_t *args, void *arg)
{
	ipc_reply_progress(request, json_string(net_request_identity(request)->node));
	ipc_reply_result(request, json_incref(args));
}

static void op_fail(struct ipc_request *request, json_t *args, void *arg)
{
	ipc_reply_error(request, EBUSY, "busy");
}

static void on_cancel(void *arg)
{
	ipc_reply_error(held, ECANCELED, "cancelled");
	held = NULL;
	cancelled++;
}

static void op_hold(struct ipc_request *request, json_t *args, void *arg)
{
	held = request;
	ipc_request_on_cancel(request, on_cancel, NULL);
}

static const struct ipc_op ops[] = {
	{ "echo", IPC_ROLE_MONITOR, op_echo },
	{ "fail", IPC_ROLE_MONITOR, op_fail },
	{ "hold", IPC_ROLE_MONITOR, op_hold },
	{ "full", IPC_ROLE_FULL_ADMIN, op_echo },
	{ }
};

static int key_of(void *arg, const struct net_identity *identity,
		  const struct net_address *from, u8 key[BASE_KEY_SIZE])
{
	memcpy(key, good_key, BASE_KEY_SIZE);
	return 0;
}

static void on_accepted(void *arg, struct net_channel *channel)
{
	net_call_serve(arg, channel);
}

static int on_stop(sd_event_source *source, int fd, u32 events, void *arg)
{
	return sd_event_exit(sd_event_source_get_event(source), 0);
}

static void *serve(void *arg)
{
	struct net_call_server_config config = { .ops = ops, .role = IPC_ROLE_PACKAGE_ADMIN,
						 .idle_ns = idle_ns };
	struct net_call_server *server;
	struct net_listener *listener;
	struct net_address address = address_of(listen_on, port);
	struct net_listener_config listen = { .addresses = &address, .count = 1,
					      .key_of = key_of, .accepted = on_accepted };
	u64 one = 1;

	assert_true(sd_event_new(&loop) >= 0);
	sd_event_add_io(loop, NULL, stop_fd, POLLIN, on_stop, NULL);
	assert_int_equal(net_call_server_create(&config, &server), 0);
	listen.event = loop;
	listen.arg = server;
	assert_int_equal(net_listener_create(&listen, &listener), 0);
	assert_int_equal(write(ready_fd, &one, sizeof(one)), sizeof(one));
	sd_event_loop(loop);
	net_call_server_destroy(server);
	net_listener_destroy(listener);
	sd_event_unref(loop);
	held = NULL;
	return NULL;
}

static void start(const char *address)
{
	u64 count;

	listen_on = address;
	port = free_port();
	cancelled = 0;
	stop_fd = eventfd(0, EFD_CLOEXEC);
	ready_fd = eventfd(0, EFD_CLOEXEC);
	assert_int_equal(pthread_create(&thread, NULL, serve, NULL), 0);
	assert_int_equal(read(ready_fd, &count, sizeof(count)), sizeof(count));
}

/* A busy machine may be slow to ask again. */
static int setup(void **state)
{
	idle_ns = 60 * BASE_NS_PER_S;
	start("127.0.0.1");
	return 0;
}

static int setup_hasty(void **state)
{
	idle_ns = 300 * BASE_NS_PER_MS;
	start("127.0.0.1");
	return 0;
}

static int teardown(void **state)
{
	u64 one = 1;

	assert_int_equal(write(stop_fd, &one, sizeof(one)), sizeof(one));
	pthread_join(thread, NULL);
	close(stop_fd);
	close(ready_fd);
	return 0;
}

static struct net_call *open_call(void)
{
	struct net_call_config config = { .to = address_of(listen_on, port),
					  .identity = { .node = "n7", .cluster = "c" } };
	char error[NET_CALL_TEXT_MAX];
	struct net_call *call;

	memcpy(config.key, good_key, BASE_KEY_SIZE);
	assert_int_equal(net_call_open(&config, &call, error), 0);
	return call;
}

static void node_is(void *arg, json_t *progress)
{
	assert_string_equal(json_string_value(progress), "n7");
	++*(int *)arg;
}

static void echo_many(struct net_call *call)
{
	char *text = calloc(1, 900001);
	int progress = 0, i;
	json_t *reply;

	memset(text, 'z', 900000);
	for (i = 0; i < 5; i++) {
		json_t *args = json_pack("{s:s}", "t", text);
		struct ipc_call request = { "echo", args, 20 * BASE_NS_PER_S, node_is,
					    &progress };

		assert_int_equal(net_call(call, &request, &reply), 0);
		assert_int_equal(json_string_length(json_object_get(reply, "t")), 900000);
		json_decref(reply);
		json_decref(args);
	}
	assert_int_equal(progress, 5);
	free(text);
}

static void requests_are_answered(void **state)
{
	struct net_call *call = open_call();
	struct ipc_call fail = { .op = "fail", .timeout_ns = 20 * BASE_NS_PER_S };
	struct ipc_call full = { .op = "full", .timeout_ns = 20 * BASE_NS_PER_S };
	json_t *reply;

	echo_many(call);
	assert_int_equal(net_call(call, &fail, &reply), -EBUSY);
	assert_string_equal(json_string_value(reply), "busy");
	json_decref(reply);
	assert_int_equal(net_call(call, &full, &reply), -EACCES);
	json_decref(reply);
	net_call_close(call);
}

static void works_over_ipv6(void **state)
{
	struct net_call *call;

	teardown(state);
	start("::1");
	call = open_call();
	echo_many(call);
	net_call_close(call);
}

static void slow_requests_outlive_the_idle_limit(void **state)
{
	struct net_call *call = open_call();
	struct ipc_call hold = { .op = "hold", .timeout_ns = 1000 * BASE_NS_PER_MS };
	json_t *reply;

	/* Three idle limits later it still waits, and is cancelled when it goes. */
	assert_int_equal(net_call(call, &hold, &reply), -ETIMEDOUT);
	assert_int_equal(cancelled, 0);
	net_call_close(call);
	while (!cancelled)
		sched_yield();
}

static void idle_channel_is_closed(void **state)
{
	struct net_call *call = open_call();
	struct ipc_call echo = { .op = "echo", .timeout_ns = 20 * BASE_NS_PER_S };
	json_t *reply;

	poll(NULL, 0, 2000);
	assert_int_equal(net_call(call, &echo, &reply), -ECONNRESET);
	net_call_close(call);
}

/* A connection with the key that only writes. */
static int deaf_client(struct net_tls *tls)
{
	const struct net_identity identity = { .node = "n7", .cluster = "c" };
	struct net_address to = address_of(listen_on, port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char why[NET_CALL_TEXT_MAX];
	int err;

	assert_int_equal(connect(fd, (struct sockaddr *)&to.storage, to.size), 0);
	assert_int_equal(net_tls_start_client(tls, fd, &identity, good_key), 0);
	do
		err = net_tls_handshake(tls, why, sizeof(why));
	while (err == -EAGAIN);
	assert_int_equal(err, 0);
	return fd;
}

static void who_does_not_read_is_cut_off(void **state)
{
	static const char request[] = "{\"op\":\"echo\",\"args\":{\"t\":\"%01000000d\"}}";
	u32 length;
	char *frame = calloc(1, sizeof(length) + FRAME_SIZE);
	struct net_tls tls = { 0 };
	size_t at, size = 0;
	ssize_t put = 0;
	int fd = deaf_client(&tls);
	int i;

	/* More than all that can be kept at both ends. */
	for (i = 0; i < 100 && put >= 0; i++) {
		size = sizeof(length) + (size_t)snprintf(frame + sizeof(length), FRAME_SIZE,
							 request, i);
		length = htonl((u32)(size - sizeof(length)));
		memcpy(frame, &length, sizeof(length));
		for (at = 0; at < size && put >= 0; at += (size_t)put)
			put = net_tls_write(&tls, frame + at,
					    size - at < RECORD_SIZE ? size - at : RECORD_SIZE);
	}
	assert_true(put < 0);
	net_tls_stop(&tls);
	close(fd);
	free(frame);
}

static void failures_are_explained(void **state)
{
	struct net_call_config config = { .to = address_of("127.0.0.1", port),
					  .timeout_ns = 300 * BASE_NS_PER_MS };
	struct net_address silent = address_of("127.0.0.1", free_port());
	char error[NET_CALL_TEXT_MAX], where[NET_ADDRESS_TEXT_MAX];
	struct net_call *call;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(net_call_open(&config, &call, error), -EACCES);
	assert_non_null(strstr(error, "another cluster key"));
	assert_null(call);
	config.to = silent;
	assert_int_equal(net_call_open(&config, &call, error), -ECONNREFUSED);
	net_address_print(&silent, where);
	assert_memory_equal(error, where, strlen(where));
	assert_int_equal(bind(fd, (struct sockaddr *)&silent.storage, silent.size), 0);
	assert_int_equal(listen(fd, 5), 0);
	assert_int_equal(net_call_open(&config, &call, error), -ETIMEDOUT);
	assert_non_null(strstr(error, "no answer in time"));
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define H(name) cmocka_unit_test_setup_teardown(name, setup_hasty, teardown)
		T(requests_are_answered),
		T(works_over_ipv6),
		H(slow_requests_outlive_the_idle_limit),
		H(idle_channel_is_closed),
		T(who_does_not_read_is_cut_off),
		T(failures_are_explained),
	};

	return cmocka_run_group_tests_name("net_call", tests, NULL, NULL);
}
