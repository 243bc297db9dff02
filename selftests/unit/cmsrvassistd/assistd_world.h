/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A real cmsrvassistd in a process of its own, with its own cgroup and
 * directories; the test plays cmcld.
 */
#ifndef ASSISTD_WORLD_H
#define ASSISTD_WORLD_H

#include "cmsrvassistd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <tocsin/base.h>
#include <tocsin/base_log.h>

#define WORLD		static __attribute__((unused))
#define WAIT_MS		20000		/* a slow machine is not a failure */

static char top[64], group[ASSISTD_PATH_MAX];
static pid_t daemon_pid;
static int cmcld = -1;
static u8 bytes[ASSIST_MESSAGE_MAX];
static struct assist_message got;

WORLD char *path_in_top(const char *name)
{
	static char path[4][160];
	static int turn;
	char *out = path[turn++ & 3];

	snprintf(out, sizeof(path[0]), "%s/%s", top, name);
	return out;
}

static void daemon_quiet(enum base_log_level level, const char *line)
{
}

WORLD void daemon_start(void)
{
	struct assistd assistd = { .listen_fd = -1, .client_fd = -1 };

	daemon_pid = fork();
	assert_true(daemon_pid >= 0);
	if (daemon_pid)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	base_log_redirect(daemon_quiet);
	base_str_print(assistd.socket_path, sizeof(assistd.socket_path), "%s/socket", top);
	base_str_print(assistd.state_dir, sizeof(assistd.state_dir), "%s/state", top);
	base_str_print(assistd.cgroup, sizeof(assistd.cgroup), "%s", group);
	if (sd_event_default(&assistd.event) < 0)
		_exit(1);
	assistd_state_load(&assistd);
	if (assistd_socket_open(&assistd))
		_exit(1);
	sd_event_loop(assistd.event);
	_exit(0);
}

WORLD void daemon_kill(void)
{
	kill(daemon_pid, SIGKILL);
	waitpid(daemon_pid, NULL, 0);
	if (cmcld >= 0)
		close(cmcld);
	cmcld = -1;
}

WORLD void cmcld_connect(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	base_str_print(to.sun_path, sizeof(to.sun_path), "%s/socket", top);
	cmcld = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	for (int i = 0; connect(cmcld, (struct sockaddr *)&to, sizeof(to)); i++) {
		assert_true(i < WAIT_MS / 10);
		poll(NULL, 0, 10);
	}
}

WORLD void put(const struct assist_message *message)
{
	int length = assist_encode(message, bytes, sizeof(bytes));

	assert_true(length > 0);
	assert_int_equal(send(cmcld, bytes, (size_t)length, 0), length);
}

/* The next message but STEP into @got; false: none in time. */
WORLD bool take(int wait_ms)
{
	struct pollfd ready = { .fd = cmcld, .events = POLLIN };
	const char *why = "";
	ssize_t length;

	do {
		if (poll(&ready, 1, wait_ms) != 1)
			return false;
		length = recv(cmcld, bytes, sizeof(bytes), 0);
		if (length <= 0) {
			int err = length ? errno : 0, status = 0;
			pid_t ended = waitpid(daemon_pid, &status, WNOHANG);

			fail_msg("connection lost (errno %d), cmsrvassistd %s, status %x", err,
				 ended ? "ended" : "lives", (unsigned int)status);
		}
		if (assist_decode(&got, bytes, (size_t)length, &why))
			fail_msg("bad message from cmsrvassistd: %s", why);
	} while (got.head.type == ASSIST_STEP);
	return true;
}

WORLD void expect(enum assist_type type, int number)
{
	assert_true(take(WAIT_MS));
	assert_int_equal(got.head.type, type);
	assert_int_equal(got.head.number, number);
}

WORLD void hello(u64 incarnation)
{
	struct assist_message message = { .head = {
		.type = ASSIST_HELLO, .node = 1, .incarnation = incarnation } };

	message.package.node = "n1";
	message.package.cluster = "test";
	put(&message);
}

/* A package with nothing in it but a name and a log. */
WORLD void package_init(struct assist_message *message, enum assist_type type, u32 run)
{
	memset(message, 0, sizeof(*message));
	message->head.type = (u16)type;
	message->head.slot = 7;
	message->head.run = run;
	message->head.number = type == ASSIST_HALT ? PKG_HALT_USER : 0;
	message->package.name = "web";
	message->package.node = "n1";
	message->package.cluster = "test";
	message->package.log_file = path_in_top("web.log");
}

#endif
