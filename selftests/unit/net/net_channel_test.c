// SPDX-License-Identifier: GPL-2.0-or-later
/* Channels and listeners over real sockets: keys, garbage, slow peers, limits. */
#include "net_testing.h"

static const u8 good_key[BASE_KEY_SIZE] = { 1, 2, 3 };
static const u8 other_key[BASE_KEY_SIZE] = { 9, 9, 9 };

static struct net_listener *listener;
static struct net_listener_config listen_config;
static struct net_address server_address;

/* Server side: echoes frames. */
static struct net_channel *server_channel;
static unsigned int server_down, reports;
static u64 reported_times;
static char report_text[300];
/* Client side. */
static struct net_channel *client;
static bool client_up;
static int client_error;
static char client_why[200];
static u8 *received;
static size_t received_size, received_frames;

static int key_of(void *arg, const struct net_identity *identity,
		  const struct net_address *from, u8 key[BASE_KEY_SIZE])
{
	if (identity->cluster_id != 0xabcdef || strcmp(identity->cluster, "prod"))
		return -EACCES;
	memcpy(key, good_key, BASE_KEY_SIZE);
	return 0;
}

static void echo_frame(void *arg, struct net_channel *channel, const u8 *data, size_t size)
{
	if (size == 4 && !memcmp(data, "quit", 4)) {
		server_channel = NULL;
		net_channel_close(channel);
	} else if (size == 4 && !memcmp(data, "last", 4)) {
		server_channel = NULL;
		net_channel_send(channel, "bye", 3);
		net_channel_finish(channel);
	} else {
		net_channel_send(channel, data, size);
	}
}

static void echo_down(void *arg, struct net_channel *channel, int error, const char *why)
{
	server_down++;
	server_channel = NULL;
}

static const struct net_channel_ops echo_ops = { .frame = echo_frame, .down = echo_down };

static void on_accepted(void *arg, struct net_channel *channel)
{
	server_channel = channel;
	net_channel_own(channel, &echo_ops, NULL);
}

static void on_refused(void *arg, const struct net_address *from, const char *why, u64 times)
{
	reports++;
	reported_times += times;
	snprintf(report_text, sizeof(report_text), "%s", why);
}

static void client_on_up(void *arg, struct net_channel *channel)
{
	client_up = true;
}

static void client_on_frame(void *arg, struct net_channel *channel, const u8 *data, size_t size)
{
	free(received);
	received = malloc(size);
	memcpy(received, data, size);
	received_size = size;
	received_frames++;
}

static void client_on_down(void *arg, struct net_channel *channel, int error, const char *why)
{
	client = NULL;
	client_error = error;
	snprintf(client_why, sizeof(client_why), "%s", why);
}

static const struct net_channel_ops client_ops = {
	.up = client_on_up, .frame = client_on_frame, .down = client_on_down,
};

static void start_listener(const char *address)
{
	server_address = address_of(address, free_port());
	listen_config.event = loop;
	listen_config.addresses = &server_address;
	listen_config.count = 1;
	listen_config.key_of = key_of;
	listen_config.accepted = on_accepted;
	listen_config.refused = on_refused;
	assert_int_equal(net_listener_create(&listen_config, &listener), 0);
}

static int setup(void **state)
{
	assert_true(sd_event_new(&loop) >= 0);
	memset(&listen_config, 0, sizeof(listen_config));
	server_down = reports = 0;
	reported_times = 0;
	client_up = false;
	client_error = 0;
	received_frames = 0;
	start_listener("127.0.0.1");
	return 0;
}

static int teardown(void **state)
{
	net_channel_close(client);
	client = NULL;
	net_channel_close(server_channel);
	server_channel = NULL;
	net_listener_destroy(listener);
	sd_event_unref(loop);
	free(received);
	received = NULL;
	return 0;
}

static void restart_listener(const char *address)
{
	net_listener_destroy(listener);
	start_listener(address);
}

static void connect_with(u64 cluster_id, const u8 *key)
{
	struct net_identity identity = { .cluster_id = cluster_id, .node = "n1",
					 .cluster = "prod" };
	struct net_connect_config config = { .event = loop, .to = &server_address,
					     .identity = &identity, .key = key,
					     .ops = &client_ops };

	client_up = false;
	client_error = 0;
	assert_int_equal(net_channel_connect(&config, &client), 0);
}

static void connect_good(void)
{
	connect_with(0xabcdef, good_key);
	run_until(client_up && server_channel);
}

static struct net_listener_stats stats(void)
{
	struct net_listener_stats out;

	net_listener_stats_get(listener, &out);
	return out;
}

static void frames_of_all_sizes_come_back(void **state)
{
	static const size_t sizes[] = { 1, 2, 16383, 16384, 16385, 100000, NET_FRAME_MAX };
	u8 *data = malloc(NET_FRAME_MAX);
	unsigned int i;

	connect_good();
	assert_string_equal(net_channel_identity(server_channel)->node, "n1");
	base_random(data, NET_FRAME_MAX);
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		assert_int_equal(net_channel_send(client, data, sizes[i]), 0);
		run_until(received_frames == i + 1);
		assert_int_equal(received_size, sizes[i]);
		assert_memory_equal(received, data, sizes[i]);
	}
	assert_int_equal(net_channel_send(client, data, NET_FRAME_MAX + 1), -EMSGSIZE);
	assert_int_equal(net_channel_send(client, data, 0), -EMSGSIZE);
	free(data);
	assert_int_equal(stats().up, 1);
	assert_int_equal(reports, 0);
}

static void works_over_ipv6_and_any(void **state)
{
	restart_listener("::1");
	connect_good();
	net_channel_close(client);
	run_until(!server_channel);
	restart_listener("*");
	net_address_parse("127.0.0.1", net_address_port(&server_address), &server_address);
	connect_good();
	assert_true(net_address_same_host(net_channel_peer(server_channel), &server_address));
}

static void many_small_frames_keep_their_order(void **state)
{
	u32 i = 0, number;

	connect_good();
	while (received_frames < 20000) {
		while (i < 20000 && i < received_frames + 500) {
			number = htonl(++i);
			assert_int_equal(net_channel_send(client, &number, sizeof(number)), 0);
		}
		sd_event_run(loop, 1000);
		if (!received_frames)
			continue;
		memcpy(&number, received, sizeof(number));
		assert_int_equal(ntohl(number), received_frames);
	}
}

static void queue_is_bounded(void **state)
{
	u8 *data = calloc(1, NET_FRAME_MAX);
	unsigned int taken = 0;

	connect_good();
	/* Nobody runs the loop: the server does not read. */
	while (net_channel_send(client, data, NET_FRAME_MAX) == 0)
		taken++;
	assert_in_range(taken, 4, 16);
	assert_int_equal(net_channel_send(client, data, NET_FRAME_MAX), -ENOBUFS);
	assert_true(net_channel_queued(client) <= 4u << 20);
	run_until(received_frames == taken);
	free(data);
}

static void wrong_key_is_refused_and_counted(void **state)
{
	connect_with(0xabcdef, other_key);
	run_until(client_error && stats().refused_key);
	assert_int_equal(client_error, -EACCES);
	assert_false(client_up);
	assert_null(server_channel);
	assert_int_equal(stats().refused_key, 1);
	assert_string_equal(report_text, "wrong key for cluster prod, node n1");
}

static void unknown_cluster_is_refused_and_counted(void **state)
{
	connect_with(0x5, good_key);
	run_until(client_error && stats().refused_key);
	assert_int_equal(client_error, -EACCES);
	assert_int_equal(stats().refused_key, 1);
	assert_non_null(strstr(report_text, "id 0000000000000005"));
	/* And the next good one is served. */
	connect_good();
}

static void refusals_are_reported_once_a_second(void **state)
{
	unsigned int i;

	for (i = 1; i <= 20; i++) {
		connect_with(0x5, good_key);
		run_until(client_error && stats().refused_key == i);
	}
	assert_in_range(reports, 1, 19);
	run_for(BASE_NS_PER_S);
	connect_with(0x5, good_key);
	run_until(client_error && stats().refused_key == 21);
	assert_int_equal(reported_times, 21);
}

static void garbage_is_refused(void **state)
{
	static const char *const garbage[] = {
		"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
		"\x16\x03\x01\xff\xff\x01",
		"\x80\x2e\x01\x03\x01",
		"zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz",
	};
	unsigned int i;
	u8 noise[4000];

	for (i = 0; i < 4; i++) {
		int fd = connect_plain(&server_address);

		assert_true(write(fd, garbage[i], strlen(garbage[i])) > 0);
		shutdown(fd, SHUT_WR);
		run_until(stats().refused_protocol == i + 1);
		close(fd);
	}
	for (; i < 30; i++) {
		int fd = connect_plain(&server_address);

		base_random(noise, sizeof(noise));
		if (i % 2)	/* a plausible record header */
			memcpy(noise, "\x16\x03\x01\x08\x00\x01\x00\x07\xfc\x03\x03", 11);
		assert_true(write(fd, noise, sizeof(noise)) > 0);
		shutdown(fd, SHUT_WR);
		run_until(stats().refused_protocol == i + 1);
		close(fd);
	}
	connect_good();
	assert_int_equal(stats().half_open, 0);
}

static void slow_handshakes_do_not_keep_others_out(void **state)
{
	int fd[40];
	unsigned int i;

	for (i = 0; i < 40; i++) {
		fd[i] = connect_plain(&server_address);
		assert_int_equal(write(fd[i], "\x16\x03\x01", 3), 3);
	}
	run_until(stats().accepted == 40);
	assert_int_equal(stats().half_open, 16);
	assert_int_equal(stats().refused_limit, 24);
	connect_good();
	for (i = 0; i < 40; i++)
		close(fd[i]);
	run_until(stats().half_open == 0);
}

/* From many addresses: the total is bounded, and the honest one gets in. */
static void crowd_does_not_keep_others_out(void **state)
{
	int fd[60], i;

	listen_config.half_open_max = 20;
	restart_listener("127.0.0.1");
	for (i = 0; i < 60; i++) {
		struct sockaddr_in from = { .sin_family = AF_INET,
					    .sin_addr.s_addr = htonl(0x7f000100u + (u32)i) };

		fd[i] = socket(AF_INET, SOCK_STREAM, 0);
		assert_int_equal(bind(fd[i], (struct sockaddr *)&from, sizeof(from)), 0);
		assert_int_equal(connect(fd[i], (struct sockaddr *)&server_address.storage,
					 server_address.size), 0);
	}
	run_until(stats().accepted == 20);
	assert_int_equal(stats().refused_limit, 0);
	connect_good();
	assert_true(stats().half_open <= 20);
	assert_true(stats().refused_limit >= 40);
	for (i = 0; i < 60; i++)
		close(fd[i]);
	run_until(stats().half_open == 0);
}

static void silent_handshake_times_out(void **state)
{
	int fd;

	listen_config.limits.handshake_ns = 100 * BASE_NS_PER_MS;
	restart_listener("127.0.0.1");
	fd = connect_plain(&server_address);
	run_until(stats().refused_timeout == 1);
	assert_string_equal(report_text, "handshake timed out");
	close(fd);
}

static void silent_server_times_out(void **state)
{
	struct net_identity identity = { .cluster_id = 1, .node = "n", .cluster = "c" };
	struct net_connect_config config = { .event = loop, .to = &server_address,
					     .identity = &identity, .key = good_key,
					     .ops = &client_ops,
					     .limits.handshake_ns = 100 * BASE_NS_PER_MS };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	server_address = address_of("127.0.0.1", free_port());
	assert_int_equal(bind(fd, (struct sockaddr *)&server_address.storage,
			      server_address.size), 0);
	assert_int_equal(listen(fd, 5), 0);
	client_error = 0;
	assert_int_equal(net_channel_connect(&config, &client), 0);
	run_until(client_error);
	assert_int_equal(client_error, -ETIMEDOUT);
	close(fd);
	assert_int_equal(net_channel_connect(&config, &client), 0);
	client_error = 0;
	run_until(client_error);
	assert_int_equal(client_error, -ECONNREFUSED);
}

static void idle_channel_is_closed(void **state)
{
	listen_config.limits.idle_ns = 200 * BASE_NS_PER_MS;
	restart_listener("127.0.0.1");
	connect_good();
	run_until(server_down == 1);
	run_until(client_error);
	assert_int_equal(client_error, -ECONNRESET);
}

static void channels_are_bounded(void **state)
{
	struct net_channel *first;

	listen_config.channels_max = 1;
	restart_listener("127.0.0.1");
	connect_good();
	first = client;
	connect_with(0xabcdef, good_key);
	run_until(client_error);
	assert_int_equal(stats().refused_limit, 1);
	assert_int_equal(stats().channels, 1);
	client = first;
}

static void owner_may_close_in_a_callback(void **state)
{
	connect_good();
	assert_int_equal(net_channel_send(client, "quit", 4), 0);
	run_until(client_error);
	assert_int_equal(client_error, -ECONNRESET);
	connect_good();
	assert_int_equal(net_channel_send(client, "last", 4), 0);
	run_until(client_error);
	assert_int_equal(received_frames, 1);
	assert_memory_equal(received, "bye", 3);
	run_until(stats().channels == 0);
}

/* A peer with the key that breaks the framing is still only closed. */
static void frame_length_is_checked(void **state)
{
	listen_config.limits.frame_max = 100;
	restart_listener("127.0.0.1");
	connect_good();
	assert_int_equal(net_channel_send(client, good_key, 32), 0);
	run_until(received_frames == 1);
	{
		u8 large[101] = { 0 };

		assert_int_equal(net_channel_send(client, large, sizeof(large)), 0);
	}
	run_until(server_down == 1 && client_error);
}

static void addresses_are_numeric(void **state)
{
	static const char *const bad[] = { "", "localhost", "1.2.3", "1.2.3.4.5", "::g",
					   "1.2.3.4:5", "fe80::1%nosuchif", "[::1]" };
	struct net_address address, other;
	char text[NET_ADDRESS_TEXT_MAX];
	unsigned int i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(net_address_parse(bad[i], 1, &address), -EINVAL);
	address = address_of("10.1.2.3", 5300);
	net_address_print(&address, text);
	assert_string_equal(text, "10.1.2.3:5300");
	other = address_of("::ffff:10.1.2.3", 1);
	assert_true(net_address_same_host(&address, &other));
	address = address_of("fd00::1", 1238);
	net_address_print(&address, text);
	assert_string_equal(text, "[fd00::1]:1238");
	assert_false(net_address_same_host(&address, &other));
	address = address_of("fe80::1%lo", 7);
	net_address_print(&address, text);
	assert_string_equal(text, "[fe80::1%lo]:7");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(frames_of_all_sizes_come_back),
		T(works_over_ipv6_and_any),
		T(many_small_frames_keep_their_order),
		T(queue_is_bounded),
		T(wrong_key_is_refused_and_counted),
		T(unknown_cluster_is_refused_and_counted),
		T(refusals_are_reported_once_a_second),
		T(garbage_is_refused),
		T(slow_handshakes_do_not_keep_others_out),
		T(crowd_does_not_keep_others_out),
		T(silent_handshake_times_out),
		T(silent_server_times_out),
		T(idle_channel_is_closed),
		T(channels_are_bounded),
		T(owner_may_close_in_a_callback),
		T(frame_length_is_checked),
		T(addresses_are_numeric),
	};

	return cmocka_run_group_tests_name("net_channel", tests, NULL, NULL);
}
