// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sessions between two nodes over loopback, through proxies that break, delay
 * and swallow: what arrives is a prefix of what was sent, between two resets.
 */
#include "net_testing.h"

#include <tocsin/net_session.h>

#include "net_session_proxy.h"

#define CLUSTER	0xc1

struct node {
	struct net_sessions *sessions;
	u16 id, peer;
	u64 incarnation;
	bool connected;
	unsigned int resets, states, reports, messages;
	u64 dropped;
	/* Each binding numbers its messages anew, for the check of the promise. */
	u64 binding, sent;		/* outgoing */
	u64 seen_binding, seen;		/* incoming */
	bool fresh;			/* the next message must be number 0 */
	u32 last_type;
	size_t last_size;
};

struct payload {
	u64 binding;
	u64 number;
	u8 filler[3000];
};

static struct node node[2];
static struct proxy proxy[2];		/* one a path, from node 1 to node 2 */
static u16 port;
static u64 bindings;
static unsigned int paths = 2;
static u64 ping_ns, stall_ns;
static bool missing[2];		/* node has no address on path 0 */

static void on_message(void *arg, u16 peer, u32 type, const u8 *data, size_t size)
{
	struct node *n = arg;
	struct payload p;

	assert_int_equal(peer, n->peer);
	n->messages++;
	n->last_type = type;
	n->last_size = size;
	if (type != NET_SESSION_STATE)
		return;
	assert_in_range(size, 16, sizeof(p));
	memcpy(&p, data, size);
	if (n->fresh) {
		assert_int_equal(p.number, 0);
		n->seen_binding = p.binding;
	} else {
		assert_true(p.binding == n->seen_binding);
		assert_true(p.number == n->seen + 1);
	}
	n->fresh = false;
	n->seen = p.number;
}

static void on_reset(void *arg, u16 peer, u64 incarnation, u64 dropped)
{
	struct node *n = arg;

	n->resets++;
	n->dropped += dropped;
	n->binding = ++bindings;
	n->sent = 0;
	n->fresh = true;
	assert_true(incarnation == node[n->peer - 1].incarnation || n->resets > 1);
}

static void on_state(void *arg, u16 peer, bool connected)
{
	struct node *n = arg;

	assert_true(n->connected != connected);
	n->connected = connected;
	n->states++;
}

static void on_report(void *arg, bool error, const char *text)
{
	struct node *n = arg;

	n->reports++;
	if (getenv("TEST_VERBOSE"))
		print_message("node %u: %s\n", n->id, text);
}

static const struct net_session_ops ops = {
	.message = on_message, .peer_reset = on_reset,
	.peer_state = on_state, .report = on_report,
};

static const char *const local_text[2][2] = {
	{ "127.0.1.1", "127.1.1.1" }, { "127.0.2.1", "127.1.2.1" },
};
static const char *const proxy_text[2] = { "127.0.3.1", "127.1.3.1" };

static void start_node(unsigned int index)
{
	struct node *n = &node[index];
	struct net_session_config config = {
		.event = loop, .node_id = (u16)(index + 1),
		.identity = { .cluster_id = CLUSTER, .cluster = "c" },
		.key = { 5 }, .port = port, .paths = paths, .queue_max = 1 << 20,
		.ping_ns = ping_ns, .stall_ns = stall_ns, .ops = &ops, .arg = n,
	};
	struct net_address peer[NET_SESSION_PATHS_MAX] = { 0 };
	unsigned int path;

	n->id = (u16)(index + 1);
	n->peer = (u16)(2 - index);
	n->incarnation = config.incarnation = base_random_u64();
	n->connected = false;
	n->fresh = true;
	snprintf(config.identity.node, NET_NAME_MAX, "node%u", index + 1);
	for (path = 0; path < paths; path++) {
		if (!missing[index] || path)
			config.local[path] = address_of(local_text[index][path], 0);
		/* Node 1 connects through the proxy. */
		if (!missing[1 - index] || path)
			peer[path] = address_of(index ? local_text[0][path] : proxy_text[path], 0);
	}
	assert_int_equal(net_sessions_create(&config, &n->sessions), 0);
	assert_int_equal(net_sessions_peer_add(n->sessions, n->peer,
					       index ? "node1" : "node2", peer), 0);
}

static void stop_node(unsigned int index)
{
	net_sessions_destroy(node[index].sessions);
	node[index].sessions = NULL;
}

static int start_all(u64 ping_ms, u64 stall_ms)
{
	unsigned int path;

	ping_ns = ping_ms * BASE_NS_PER_MS;
	stall_ns = stall_ms * BASE_NS_PER_MS;
	assert_true(sd_event_new(&loop) >= 0);
	memset(node, 0, sizeof(node));
	port = free_port();
	for (path = 0; path < 2; path++) {
		struct net_address at = address_of(proxy_text[path], port);
		struct net_address to = address_of(local_text[1][path], port);

		proxy_start(&proxy[path], loop, &at, &to);
	}
	start_node(0);
	start_node(1);
	return 0;
}

/* Patient: on a busy machine nothing moves only because it was slow. */
static int setup(void **state)
{
	return start_all(2000, 20000);
}

/* Silence is noticed soon. */
static int setup_silence(void **state)
{
	return start_all(200, 20000);
}

/* The stall is noticed, and long before the dead connection is. */
static int setup_stall(void **state)
{
	return start_all(5000, 100);
}

/* Both, soon. */
static int setup_hasty(void **state)
{
	return start_all(100, 50);
}

static int teardown(void **state)
{
	stop_node(0);
	stop_node(1);
	proxy_stop(&proxy[0]);
	proxy_stop(&proxy[1]);
	sd_event_unref(loop);
	return 0;
}

static struct net_session_stats stats(unsigned int index)
{
	struct net_session_stats out;

	assert_int_equal(net_session_stats_get(node[index].sessions, node[index].peer, &out), 0);
	return out;
}

static bool all_paths(void)
{
	return stats(0).paths_connected == 3 && stats(1).paths_connected == 3;
}

/* Send the next numbered message; false when the queue is full. */
static bool send_next(struct node *n, size_t filler)
{
	struct payload p;
	int err;

	memset(&p, (int)n->sent, sizeof(p));
	p.binding = n->binding;
	p.number = n->sent;
	err = net_sessions_send(n->sessions, n->peer, NET_SESSION_STATE, &p, 16 + filler);
	if (err)
		assert_true(err == -ENOBUFS || err == -ENOTCONN);
	else
		n->sent++;
	return !err;
}

static bool delivered(unsigned int from)
{
	const struct node *n = &node[from], *to = &node[1 - from];

	return !n->sent || (!to->fresh && to->seen_binding == n->binding &&
			    to->seen + 1 == n->sent);
}

static void messages_flow_both_ways(void **state)
{
	unsigned int i;

	assert_int_equal(net_sessions_send(node[0].sessions, 2, 1, "x", 1), -ENOTCONN);
	assert_int_equal(net_sessions_send(node[0].sessions, 7, 1, "x", 1), -ENOENT);
	run_until(node[0].connected && node[1].connected);
	for (i = 0; i < 1000; i++) {
		while (!send_next(&node[0], i % 3000) || !send_next(&node[1], i % 7))
			sd_event_run(loop, 1000);
	}
	run_until(delivered(0) && delivered(1));
	run_until(!stats(0).unacknowledged && !stats(1).unacknowledged);
	assert_int_equal(node[1].messages, 1000);
	/* Unless a connection broke on a busy machine. */
	if (stats(0).switches == 1)
		assert_int_equal(stats(0).resent + stats(1).duplicates, 0);
	assert_int_equal(net_sessions_send(node[0].sessions, 2, 77, NULL, 0), 0);
	run_until(node[1].last_type == 77);
	assert_int_equal(node[1].last_size, 0);
	assert_int_equal(node[0].resets, 1);
	assert_int_equal(node[1].resets, 1);
	assert_int_equal(node[0].dropped + node[1].dropped, 0);
}

static void largest_message_passes(void **state)
{
	u8 *large = calloc(1, NET_SESSION_MESSAGE_MAX + 1);

	run_until(node[0].connected && node[1].connected);
	assert_int_equal(net_sessions_send(node[0].sessions, 2, NET_SESSION_PACKAGE, large,
					   NET_SESSION_MESSAGE_MAX + 1), -EMSGSIZE);
	assert_int_equal(net_sessions_send(node[0].sessions, 2, NET_SESSION_PACKAGE, large,
					   NET_SESSION_MESSAGE_MAX), 0);
	run_until(node[1].last_size == NET_SESSION_MESSAGE_MAX);
	free(large);
}

static void broken_connections_lose_and_repeat_nothing(void **state)
{
	unsigned int breaks = 0, i = 0;

	run_until(all_paths());
	while (i < 4000) {
		if (send_next(&node[0], base_random_u64() % 200))
			i++;
		send_next(&node[1], base_random_u64() % 200);
		if (base_random_u64() % 50 == 0) {
			proxy_break(&proxy[base_random_u64() % 2], base_random_u64() % 2);
			breaks++;
		}
		sd_event_run(loop, 0);
		if (!node[0].connected)
			run_until(node[0].connected);
	}
	run_until(delivered(0) && delivered(1));
	assert_true(breaks > 20);
	assert_true(stats(0).resent > 0);
	assert_true(stats(0).connections > 5);
	/* No life began anew: every message arrived once, in order. */
	assert_int_equal(node[0].resets, 1);
	assert_int_equal(node[1].resets, 1);
	assert_int_equal(node[1].messages, 4000);
}

static void path_down_moves_traffic_at_once(void **state)
{
	u64 start;
	u8 path;

	run_until(all_paths());
	path = stats(0).path;
	/* The path swallows from now on; the kernel tells. */
	proxy[path].swallow = true;
	send_next(&node[0], 100);
	net_session_path_state(node[0].sessions, 2, path, false);
	assert_int_equal(stats(0).path, 1 - path);
	start = base_clock_ns();
	run_until(delivered(0));
	/* Well before the stall would have been noticed. */
	assert_true(base_clock_ns() - start < 10 * BASE_NS_PER_S);
	assert_true(stats(0).resent == 1);
	assert_int_equal(net_session_path_state(node[0].sessions, 2, 2, false), -ENOENT);
	assert_int_equal(net_session_path_state(node[0].sessions, 3, 0, false), -ENOENT);
}

static void stalled_path_is_left_without_being_told(void **state)
{
	u64 start;
	u8 path;

	run_until(all_paths());
	path = stats(0).path;
	proxy[path].swallow = true;
	send_next(&node[0], 100);
	send_next(&node[0], 2000);
	start = base_clock_ns();
	run_until(delivered(0));
	assert_true(base_clock_ns() - start < 10 * BASE_NS_PER_S);
	assert_int_equal(stats(0).path, 1 - path);
	assert_int_equal(stats(0).paths_connected, 3);
}

static void silent_path_is_noticed_and_comes_back(void **state)
{
	run_until(all_paths());
	proxy[1].swallow = true;
	run_until(stats(0).paths_connected == 1);
	proxy_break(&proxy[1], true);
	proxy[1].swallow = false;
	run_until(all_paths());
	assert_int_equal(node[0].resets, 1);
}

static void path_up_connects_at_once(void **state)
{
	run_until(all_paths());
	proxy_refuse(&proxy[0], true);
	proxy_break(&proxy[0], true);
	run_until(stats(0).paths_connected == 2);
	/* Let the back-off grow. */
	run_for(3 * BASE_NS_PER_S);
	proxy_refuse(&proxy[0], false);
	net_session_path_state(node[0].sessions, 2, 0, true);
	{
		u64 start = base_clock_ns();

		run_until(all_paths());
		assert_true(base_clock_ns() - start < 2 * BASE_NS_PER_S);
	}
}

static void restarted_acceptor_starts_anew(void **state)
{
	unsigned int i;

	run_until(all_paths());
	send_next(&node[0], 1);
	run_until(delivered(0) && !stats(0).unacknowledged);
	proxy[0].swallow = proxy[1].swallow = true;
	for (i = 0; i < 5; i++)
		send_next(&node[0], 1);
	stop_node(1);
	start_node(1);
	proxy_break(&proxy[0], true);
	proxy_break(&proxy[1], true);
	proxy[0].swallow = proxy[1].swallow = false;
	run_until(node[0].resets == 2 && node[1].resets == 2);
	assert_int_equal(node[0].dropped, 5);
	assert_true(stats(0).incarnation == node[1].incarnation);
	send_next(&node[0], 1);
	send_next(&node[1], 1);
	run_until(delivered(0) && delivered(1));
}

static void restarted_connector_starts_anew(void **state)
{
	run_until(all_paths());
	send_next(&node[0], 1);
	send_next(&node[1], 1);
	run_until(delivered(0) && delivered(1));
	stop_node(0);
	start_node(0);
	run_until(node[0].resets >= 2 && node[1].resets >= 2 && node[1].connected);
	assert_true(stats(1).incarnation == node[0].incarnation);
	send_next(&node[0], 1);
	send_next(&node[1], 1);
	run_until(delivered(0) && delivered(1));
	run_until(all_paths());
}

static void new_incarnation_starts_anew(void **state)
{
	unsigned int index;

	for (index = 0; index < 2; index++) {
		unsigned int before = node[1 - index].resets;

		run_until(all_paths());
		node[index].incarnation = base_random_u64();
		net_sessions_set_incarnation(node[index].sessions, node[index].incarnation);
		assert_int_equal(net_sessions_send(node[index].sessions, node[index].peer, 1,
						   "x", 1), -ENOTCONN);
		run_until(node[1 - index].resets > before && all_paths());
		assert_true(stats(1 - index).incarnation == node[index].incarnation);
		send_next(&node[0], 1);
		send_next(&node[1], 1);
		run_until(delivered(0) && delivered(1));
	}
}

static void queue_is_bounded_while_the_peer_is_away(void **state)
{
	unsigned int i;

	run_until(node[0].connected && node[1].connected);
	proxy[0].swallow = proxy[1].swallow = true;
	for (i = 0; i < 2000 && send_next(&node[0], 3000); i++)
		;
	assert_in_range(i, 300, 400);
	assert_true(stats(0).unacknowledged_bytes <= 1 << 20);
	run_until(!node[0].connected);
	proxy_break(&proxy[0], true);
	proxy_break(&proxy[1], true);
	proxy[0].swallow = proxy[1].swallow = false;
	run_until(delivered(0));
	assert_int_equal(node[0].resets, 1);
}

static unsigned int intruder_up, intruder_down;

static void intruder_on_up(void *arg, struct net_channel *channel)
{
	u8 noise[300];
	unsigned int i;

	intruder_up++;
	for (i = 0; i < 5; i++) {
		size_t size = 1 + base_random_u64() % sizeof(noise);

		base_random(noise, sizeof(noise));
		/* Often a plausible length of the header. */
		if (size > 2 && i % 2) {
			noise[0] = 0;
			noise[1] = (u8)(base_random_u64() % (size - 1));
		}
		net_channel_send(channel, noise, size);
	}
}

static void intruder_on_frame(void *arg, struct net_channel *channel, const u8 *data,
			      size_t size)
{
	/* Send back what was said, changed: a greeting that lies. */
	u8 copy[2000];

	if (size > sizeof(copy))
		return;
	memcpy(copy, data, size);
	copy[base_random_u64() % size] ^= (u8)(1 << base_random_u64() % 8);
	net_channel_send(channel, copy, size);
}

static void intruder_on_down(void *arg, struct net_channel *channel, int error, const char *why)
{
	intruder_down++;
}

/* A program with the key that calls itself node 1 and talks nonsense. */
static void nonsense_with_the_key_costs_its_connection(void **state)
{
	static const struct net_channel_ops intruder_ops = {
		.up = intruder_on_up, .frame = intruder_on_frame, .down = intruder_on_down,
	};
	static const u8 key[BASE_KEY_SIZE] = { 5 };
	struct net_identity identity = { .cluster_id = CLUSTER, .node = "node1",
					 .cluster = "c" };
	struct net_address to = address_of(local_text[1][0], port);
	struct net_connect_config config = { .event = loop, .to = &to, .identity = &identity,
					     .key = key, .ops = &intruder_ops };
	struct net_channel *channel;
	unsigned int i;

	intruder_up = intruder_down = 0;
	run_until(all_paths());
	for (i = 0; i < 200; i++) {
		assert_int_equal(net_channel_connect(&config, &channel), 0);
		run_until(intruder_down == i + 1);
		send_next(&node[0], 10);
		send_next(&node[1], 10);
	}
	assert_true(intruder_up > 150);
	run_until(all_paths());
	send_next(&node[0], 10);
	send_next(&node[1], 10);
	run_until(delivered(0) && delivered(1));
}

/* Path 0 exists on neither node, or on one of them only. */
static void missing_path_is_left_out(void **state)
{
	unsigned int which;

	for (which = 0; which < 3; which++) {
		stop_node(0);
		stop_node(1);
		missing[0] = which != 1;
		missing[1] = which != 0;
		memset(node, 0, sizeof(node));
		start_node(0);
		start_node(1);
		run_until(node[0].connected && node[1].connected);
		run_for(100 * BASE_NS_PER_MS);
		assert_int_equal(stats(0).paths_connected, 2);
		send_next(&node[0], 10);
		run_until(delivered(0));
	}
	missing[0] = missing[1] = false;
}

/* Everything at once, many times; on_message() checks the promise. */
static void chaos_keeps_the_promise(void **state)
{
	unsigned int round;

	for (round = 0; round < 2000; round++) {
		u64 dice = base_random_u64() % 300;

		send_next(&node[0], base_random_u64() % 1000);
		send_next(&node[1], base_random_u64() % 1000);
		if (dice < 2) {
			unsigned int which = (unsigned int)dice;

			stop_node(which);
			start_node(which);
		} else if (dice < 4) {
			node[dice - 2].incarnation = base_random_u64();
			net_sessions_set_incarnation(node[dice - 2].sessions,
						     node[dice - 2].incarnation);
		} else if (dice < 20) {
			proxy_break(&proxy[dice % 2], dice % 4 > 1);
		} else if (dice < 24) {
			proxy[dice % 2].swallow = !proxy[dice % 2].swallow;
		} else if (dice < 30) {
			net_session_path_state(node[dice % 2].sessions, node[dice % 2].peer,
					       dice % 3 > 1, dice % 2);
		}
		run_for(BASE_NS_PER_MS);
	}
	proxy[0].swallow = proxy[1].swallow = false;
	proxy_break(&proxy[0], true);
	proxy_break(&proxy[1], true);
	run_until(all_paths());
	send_next(&node[0], 1);
	send_next(&node[1], 1);
	run_until(delivered(0) && delivered(1));
	assert_true(node[0].messages > 100 && node[1].messages > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define S(name) cmocka_unit_test_setup_teardown(name, setup_silence, teardown)
		T(messages_flow_both_ways),
		T(largest_message_passes),
		T(broken_connections_lose_and_repeat_nothing),
		T(path_down_moves_traffic_at_once),
		cmocka_unit_test_setup_teardown(stalled_path_is_left_without_being_told,
						setup_stall, teardown),
		S(silent_path_is_noticed_and_comes_back),
		T(missing_path_is_left_out),
		T(nonsense_with_the_key_costs_its_connection),
		T(path_up_connects_at_once),
		T(restarted_acceptor_starts_anew),
		T(restarted_connector_starts_anew),
		T(new_incarnation_starts_anew),
		S(queue_is_bounded_while_the_peer_is_away),
		cmocka_unit_test_setup_teardown(chaos_keeps_the_promise, setup_hasty, teardown),
	};

	return cmocka_run_group_tests_name("net_session", tests, NULL, NULL);
}
