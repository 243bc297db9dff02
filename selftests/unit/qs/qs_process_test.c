// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A real quorum server process, real TLS clients: promises outlive kill -9,
 * strangers are refused and counted, clusters do not see each other.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "qs_run.h"

#include <tocsin/arbiter.h>
#include <tocsin/net_qs.h>

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_NS	(60 * BASE_NS_PER_S)
#define PROD		0x1111ULL
#define TEST		0x2222ULL

static sd_event *loop;
static char directory[64], auth_file[96], state_directory[96], log_file[96];
static u16 port;
static pid_t server;
static const u8 prod_key[BASE_KEY_SIZE] = { 1 }, test_key[BASE_KEY_SIZE] = { 2 };

struct peer {
	struct net_qs *qs;
	struct net_qs_status status;
	struct member_message answer;
	unsigned int answers, changes;
};

static struct peer peer[3];

#define run_until(condition) do {						\
	u64 until_start = base_clock_ns();					\
	while (!(condition)) {							\
		if (base_clock_ns() - until_start > PATIENCE_NS)		\
			fail_msg("%s:%d: never: %s", __FILE__, __LINE__, #condition); \
		sd_event_run(loop, 10000);					\
	}									\
} while (0)

static void write_auth(const char *text)
{
	assert_int_equal(base_file_write(auth_file, text, strlen(text), 0600), 0);
}

static void write_auth_both(void)
{
	char prod[65], test[65], text[300];

	base_hex_write(prod, prod_key, sizeof(prod_key));
	base_hex_write(test, test_key, sizeof(test_key));
	snprintf(text, sizeof(text), "prod %s 127.0.0.0/8\n%016llx %s\n", prod, TEST, test);
	write_auth(text);
}

static void start_server(void)
{
	struct qs_options options = { .auth_file = auth_file,
				      .state_directory = state_directory, .addresses = 1 };
	int log;

	server = fork();
	assert_true(server >= 0);
	if (server)
		return;
	log = open(log_file, O_WRONLY | O_CREAT | O_APPEND, 0600);
	dup2(log, STDOUT_FILENO);
	if (net_address_parse("127.0.0.1", port, &options.address[0]))
		_exit(99);
	_exit(qs_run(&options) ? 1 : 0);
}

static int stop_server(int signal_number)
{
	int status;

	assert_int_equal(kill(server, signal_number), 0);
	assert_int_equal(waitpid(server, &status, 0), server);
	server = 0;
	return status;
}

static bool log_has(const char *text)
{
	char *log;
	bool found;

	if (base_file_read(log_file, 10 << 20, &log) < 0)
		return false;
	found = strstr(log, text) != NULL;
	free(log);
	return found;
}

static void pick_port(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	getsockname(fd, (struct sockaddr *)&address, &size);
	port = ntohs(address.sin_port);
	close(fd);
}

static int setup(void **state)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	snprintf(directory, sizeof(directory), "/tmp/tocsin-qs-XXXXXX");
	assert_non_null(mkdtemp(directory));
	snprintf(auth_file, sizeof(auth_file), "%s/auth", directory);
	snprintf(state_directory, sizeof(state_directory), "%s/state", directory);
	snprintf(log_file, sizeof(log_file), "%s/log", directory);
	assert_true(sd_event_new(&loop) >= 0);
	memset(peer, 0, sizeof(peer));
	write_auth_both();
	pick_port();
	start_server();
	run_until(log_has("Server is up"));
	return 0;
}

static void remove_all(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	char name[400];

	while (dir && (entry = readdir(dir))) {
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		unlink(name);
	}
	if (dir)
		closedir(dir);
	rmdir(path);
}

static int teardown(void **state)
{
	unsigned int i;

	for (i = 0; i < 3; i++) {
		net_qs_destroy(peer[i].qs);
		peer[i].qs = NULL;
	}
	if (server)
		stop_server(SIGKILL);
	sd_event_unref(loop);
	remove_all(state_directory);
	remove_all(directory);
	return 0;
}

static void on_status(void *arg, const struct net_qs_status *status)
{
	struct peer *p = arg;

	p->status = *status;
	p->changes++;
}

static void on_message(void *arg, const struct member_message *message)
{
	struct peer *p = arg;

	p->answer = *message;
	p->answers++;
}

static void connect_peer(unsigned int i, u64 cluster_id, const char *cluster, const u8 *key)
{
	struct net_qs_config config = {
		.event = loop, .node_id = (u16)(i + 1), .count = 1,
		.identity = { .cluster_id = cluster_id },
		.poll_ns = BASE_NS_PER_S, .status = on_status, .message = on_message,
		.arg = &peer[i],
	};

	memcpy(config.key, key, BASE_KEY_SIZE);
	snprintf(config.identity.node, NET_NAME_MAX, "n%u", i + 1);
	snprintf(config.identity.cluster, NET_NAME_MAX, "%s", cluster);
	assert_int_equal(net_address_parse("127.0.0.1", port, &config.addresses[0]), 0);
	net_qs_destroy(peer[i].qs);
	memset(&peer[i], 0, sizeof(peer[i]));
	assert_int_equal(net_qs_create(&config, &peer[i].qs), 0);
}

static void request(struct member_message *m, unsigned int i, u64 cluster, u16 type)
{
	memset(m, 0, sizeof(*m));
	m->cluster = cluster;
	m->incarnation = 77;
	m->epoch = 1;
	m->from = (u16)(i + 1);
	m->type = type;
}

static void make_view(struct core_view *view, u64 epoch, u16 only)
{
	view->epoch = epoch;
	view->coordinator = only;
	view->count = 1;
	view->member[0].id = only;
	view->member[0].incarnation = 77;
	view->hash = core_view_hash(view);
}

/* Ask and wait for the answer; asks again as a member would. */
static void ask(unsigned int i, const struct member_message *m)
{
	unsigned int before = peer[i].answers;

	run_until(net_qs_send(peer[i].qs, m) == 0);
	run_until(peer[i].answers > before);
}

static bool prepare(unsigned int i, u64 epoch, u64 counter)
{
	struct member_message m;

	request(&m, i, PROD, MEMBER_MESSAGE_ARBITER_PREPARE);
	m.arbiter_prepare.epoch = epoch;
	m.arbiter_prepare.ballot = (struct member_ballot){ counter, (u16)(i + 1) };
	ask(i, &m);
	return peer[i].answer.arbiter_answer.granted;
}

static bool accept_view(unsigned int i, u64 epoch, u64 counter)
{
	struct member_message m;

	request(&m, i, PROD, MEMBER_MESSAGE_ARBITER_ACCEPT);
	m.arbiter_accept.ballot = (struct member_ballot){ counter, (u16)(i + 1) };
	make_view(&m.arbiter_accept.view, epoch, (u16)(i + 1));
	ask(i, &m);
	return peer[i].answer.arbiter_answer.granted;
}

static void it_decides_once(void **state)
{
	connect_peer(0, PROD, "prod", prod_key);
	connect_peer(1, PROD, "prod", prod_key);
	run_until(peer[0].status.state == NET_QS_UP && peer[1].status.state == NET_QS_UP);
	assert_true(peer[0].status.arbiter != 0);
	assert_true(peer[0].status.arbiter == peer[1].status.arbiter);
	assert_true(prepare(0, 5, 10));
	assert_true(accept_view(0, 5, 10));
	/* The other half comes late: a lower ballot is refused ... */
	assert_false(prepare(1, 5, 9));
	/* ... a higher one learns what was accepted. */
	assert_true(prepare(1, 5, 11));
	assert_true(peer[1].answer.arbiter_answer.has_accepted);
	assert_int_equal(peer[1].answer.arbiter_answer.accepted.view.member[0].id, 1);
	assert_false(accept_view(0, 5, 10));
	/* Older epochs are refused. */
	assert_false(prepare(0, 4, 99));
	assert_true(log_has("accepted epoch 5 with nodes 1"));
}

static void promises_outlive_kill(void **state)
{
	u64 epoch = 1, identity = 0, counter = 1;
	unsigned int round;

	connect_peer(0, PROD, "prod", prod_key);
	connect_peer(1, PROD, "prod", prod_key);
	for (round = 0; round < 25; round++) {
		bool promised_only = base_random_u64() % 2;

		run_until(peer[0].status.state == NET_QS_UP);
		epoch += base_random_u64() % 2;
		counter += 2;
		assert_true(prepare(0, epoch, counter));
		if (!promised_only)
			assert_true(accept_view(0, epoch, counter));
		/* At once after the answer, or with a request in flight. */
		if (base_random_u64() % 2) {
			struct member_message m;

			request(&m, 1, PROD, MEMBER_MESSAGE_ARBITER_QUERY);
			net_qs_send(peer[1].qs, &m);
		}
		stop_server(SIGKILL);
		start_server();
		/* Both have noticed: only the new process answers from here on. */
		run_until(peer[0].status.state != NET_QS_UP && peer[1].status.state != NET_QS_UP);
		run_until(peer[1].status.state == NET_QS_UP);
		if (!identity)
			identity = peer[1].status.arbiter;
		assert_true(peer[1].status.arbiter == identity);
		/* Lower ballots and older epochs stay refused. */
		assert_false(prepare(1, epoch, counter - 1));
		if (epoch > 1)
			assert_false(prepare(1, epoch - 1, counter + 1000));
		if (!promised_only) {
			struct member_message m;

			request(&m, 1, PROD, MEMBER_MESSAGE_ARBITER_QUERY);
			ask(1, &m);
			assert_true(peer[1].answer.arbiter_answer.has_accepted);
			assert_true(peer[1].answer.arbiter_answer.accepted.view.epoch == epoch);
			assert_true(peer[1].answer.arbiter_answer.accepted.ballot.counter ==
				    counter);
		}
	}
}

static void damaged_state_is_not_served(void **state)
{
	char path[200], *bytes;
	ssize_t size;

	connect_peer(0, PROD, "prod", prod_key);
	connect_peer(1, TEST, "test", test_key);
	run_until(peer[0].status.state == NET_QS_UP && peer[1].status.state == NET_QS_UP);
	assert_true(prepare(0, 3, 1));
	stop_server(SIGTERM);
	snprintf(path, sizeof(path), "%s/prod.%016llx.state", state_directory, PROD);
	size = base_file_read(path, 10000, &bytes);
	assert_true(size > 20);
	bytes[size - 5] ^= 1;
	assert_int_equal(base_file_write(path, bytes, (size_t)size, 0600), 0);
	start_server();
	run_until(peer[0].status.state == NET_QS_DAMAGED && peer[1].status.state == NET_QS_UP);
	assert_non_null(strstr(peer[0].status.why, "prod.0000000000001111.state is damaged"));
	assert_true(peer[0].status.arbiter == 0);
	/* Restored, it serves again without a restart. */
	bytes[size - 5] ^= 1;
	assert_int_equal(base_file_write(path, bytes, (size_t)size, 0600), 0);
	free(bytes);
	run_until(peer[0].status.state == NET_QS_UP);
	assert_false(prepare(0, 2, 100));
}

static void strangers_are_refused(void **state)
{
	unsigned int i;
	struct net_address address;

	connect_peer(0, PROD, "prod", test_key);		/* another's key */
	connect_peer(1, 0x3333, "unknown", prod_key);
	run_until(peer[0].status.state == NET_QS_DENIED &&
		  peer[1].status.state == NET_QS_DENIED);
	run_until(log_has("wrong key for cluster prod, node n1") ||
		  log_has("cluster \"unknown\", id 0000000000003333, node \"n2\""));
	/* Slow and noisy ones do not keep an honest one out. */
	assert_int_equal(net_address_parse("127.0.0.1", port, &address), 0);
	for (i = 0; i < 50; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		u8 noise[500];

		assert_int_equal(connect(fd, (struct sockaddr *)&address.storage, address.size), 0);
		base_random(noise, sizeof(noise));
		noise[0] = 0x16;
		noise[1] = 0x03;
		if (write(fd, noise, i % 2 ? sizeof(noise) : 3) < 0)
			assert_true(errno == EPIPE || errno == ECONNRESET);
	}
	connect_peer(2, PROD, "prod", prod_key);
	run_until(peer[2].status.state == NET_QS_UP);
	assert_true(prepare(2, 1, 1));
}

static void clusters_do_not_see_each_other(void **state)
{
	struct member_message m;

	connect_peer(0, PROD, "prod", prod_key);
	connect_peer(1, TEST, "test", test_key);
	/* A second cluster with prod's line but another id: its own state. */
	connect_peer(2, 0x4444, "prod", prod_key);
	run_until(peer[0].status.state == NET_QS_UP && peer[1].status.state == NET_QS_UP &&
		  peer[2].status.state == NET_QS_UP);
	assert_true(peer[0].status.arbiter != peer[1].status.arbiter);
	assert_true(peer[0].status.arbiter != peer[2].status.arbiter);
	assert_true(prepare(0, 9, 9));
	request(&m, 1, TEST, MEMBER_MESSAGE_ARBITER_QUERY);
	ask(1, &m);
	assert_true(peer[1].answer.arbiter_answer.newest_epoch == 0);
	/* A request for another cluster costs the connection. */
	request(&m, 1, PROD, MEMBER_MESSAGE_ARBITER_QUERY);
	assert_int_equal(net_qs_send(peer[1].qs, &m), 0);
	run_until(peer[1].status.state == NET_QS_DOWN);
	run_until(peer[1].status.state == NET_QS_UP);
}

static void hangup_reads_the_file_again(void **state)
{
	struct qs_options options = { .auth_file = auth_file,
				      .state_directory = state_directory };
	unsigned int changes;

	connect_peer(0, PROD, "prod", prod_key);
	connect_peer(1, TEST, "test", test_key);
	run_until(peer[0].status.state == NET_QS_UP && peer[1].status.state == NET_QS_UP);
	changes = peer[1].changes;
	/* A file with a fault changes nothing. */
	write_auth("prod nonsense\n");
	assert_int_equal(qs_update(&options), -EINVAL);
	assert_int_equal(kill(server, SIGHUP), 0);
	run_until(log_has("the former authorisations hold"));
	assert_true(prepare(0, 2, 1));
	{
		char test[65], text[200];

		base_hex_write(test, test_key, sizeof(test_key));
		snprintf(text, sizeof(text), "test %s\n", test);
		write_auth(text);
	}
	assert_int_equal(qs_update(&options), 0);
	run_until(peer[0].status.state == NET_QS_DENIED);
	write_auth_both();
	assert_int_equal(qs_update(&options), 0);
	run_until(peer[0].status.state == NET_QS_UP);
	assert_false(prepare(0, 1, 1));
	assert_true(peer[1].changes >= changes);
	stop_server(SIGTERM);
	assert_int_equal(qs_update(&options), -ESRCH);
}

static void two_servers_do_not_share_a_directory(void **state)
{
	pid_t first = server;
	int status;

	start_server();
	assert_int_equal(waitpid(server, &status, 0), server);
	server = first;
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	assert_true(log_has("another quorum server uses this directory"));
	connect_peer(0, PROD, "prod", prod_key);
	run_until(peer[0].status.state == NET_QS_UP);
	status = stop_server(SIGTERM);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	run_until(peer[0].status.state == NET_QS_DOWN);
}

static void hanging_server_is_noticed(void **state)
{
	struct member_message m;

	connect_peer(0, PROD, "prod", prod_key);
	run_until(peer[0].status.state == NET_QS_UP);
	assert_int_equal(kill(server, SIGSTOP), 0);
	request(&m, 0, PROD, MEMBER_MESSAGE_ARBITER_QUERY);
	assert_int_equal(net_qs_send(peer[0].qs, &m), 0);
	run_until(peer[0].status.state == NET_QS_DOWN);
	assert_int_equal(net_qs_send(peer[0].qs, &m), -ENOTCONN);
	assert_int_equal(kill(server, SIGCONT), 0);
	run_until(peer[0].status.state == NET_QS_UP);
	assert_true(prepare(0, 1, 1));
}

/* The floor of the product line: 150 clusters, 300 nodes. */
static void it_serves_many(void **state)
{
	struct qs_options options = { .auth_file = auth_file,
				      .state_directory = state_directory };
	static struct peer many[300];
	char text[150 * 100], hex[65];
	struct member_message m;
	size_t at = 0;
	unsigned int i, up = 0;

	base_hex_write(hex, prod_key, sizeof(prod_key));
	for (i = 0; i < 150; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "c%u %s\n", i, hex);
	write_auth(text);
	assert_int_equal(qs_update(&options), 0);
	run_until(log_has("150 clusters authorised"));
	for (i = 0; i < 300; i++) {
		struct net_qs_config config = {
			.event = loop, .node_id = (u16)(1 + i % 2), .count = 1,
			.identity = { .cluster_id = 1 + i / 2, .node = "n" },
			.poll_ns = 20 * BASE_NS_PER_S, .status = on_status,
			.message = on_message, .arg = &many[i],
		};

		memcpy(config.key, prod_key, BASE_KEY_SIZE);
		snprintf(config.identity.cluster, NET_NAME_MAX, "c%u", i / 2);
		assert_int_equal(net_address_parse("127.0.0.1", port, &config.addresses[0]), 0);
		memset(&many[i], 0, sizeof(many[i]));
		assert_int_equal(net_qs_create(&config, &many[i].qs), 0);
	}
	while (up < 300) {
		run_until(many[up].status.state == NET_QS_UP);
		up++;
	}
	for (i = 0; i < 300; i++) {
		request(&m, i % 2, 1 + i / 2, MEMBER_MESSAGE_ARBITER_PREPARE);
		m.arbiter_prepare.epoch = 1 + i;
		m.arbiter_prepare.ballot = (struct member_ballot){ 1, m.from };
		run_until(net_qs_send(many[i].qs, &m) == 0);
		run_until(many[i].answers > 0);
		assert_true(many[i].answer.arbiter_answer.newest_epoch == 1 + i);
	}
	for (i = 0; i < 300; i++)
		net_qs_destroy(many[i].qs);
}

/* Disk trouble: no answer, and what was promised before still holds. */
static void failed_write_gives_no_answer(void **state)
{
	char path[200];
	struct member_message m;
	unsigned int answers;

	connect_peer(0, PROD, "prod", prod_key);
	run_until(peer[0].status.state == NET_QS_UP);
	assert_true(prepare(0, 2, 2));
	snprintf(path, sizeof(path), "%s/prod.%016llx.state.new", state_directory, PROD);
	assert_int_equal(mkdir(path, 0700), 0);
	answers = peer[0].answers;
	request(&m, 0, PROD, MEMBER_MESSAGE_ARBITER_PREPARE);
	m.arbiter_prepare.epoch = 7;
	m.arbiter_prepare.ballot = (struct member_ballot){ 7, 1 };
	assert_int_equal(net_qs_send(peer[0].qs, &m), 0);
	request(&m, 0, PROD, MEMBER_MESSAGE_ARBITER_QUERY);
	ask(0, &m);
	/* Only the query was answered, and epoch 7 was not promised. */
	assert_int_equal(peer[0].answers, answers + 1);
	assert_true(peer[0].answer.arbiter_answer.newest_epoch == 2);
	assert_true(log_has("cannot write"));
	assert_int_equal(rmdir(path), 0);
	assert_true(prepare(0, 7, 7));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(it_decides_once),
		T(promises_outlive_kill),
		T(damaged_state_is_not_served),
		T(strangers_are_refused),
		T(clusters_do_not_see_each_other),
		T(hangup_reads_the_file_again),
		T(two_servers_do_not_share_a_directory),
		T(hanging_server_is_noticed),
		T(it_serves_many),
		T(failed_write_gives_no_answer),
	};

	return cmocka_run_group_tests_name("qs_process", tests, NULL, NULL);
}
