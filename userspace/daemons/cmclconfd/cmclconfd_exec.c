// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmclconfd_exec.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOOK_MS 50

extern char **environ;

static int spawn(const struct clconfd_exec *exec, int out_fd, pid_t *pid)
{
	char *const *env = exec->env ? (char *const *)exec->env : environ;
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int err;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, out_fd, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out_fd, STDERR_FILENO);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
				 POSIX_SPAWN_SETPGROUP);
	err = posix_spawnp(pid, exec->argv[0], &actions, &attr, (char *const *)exec->argv, env);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	return -err;
}

/* Takes what is there; keeps the beginning. */
static void drain(int fd, char *text, size_t size, size_t *used)
{
	char piece[256];
	ssize_t got;

	while ((got = read(fd, piece, sizeof(piece))) > 0) {
		size_t room = size - 1 - *used;
		size_t take = (size_t)got < room ? (size_t)got : room;

		memcpy(text + *used, piece, take);
		*used += take;
	}
	text[*used] = '\0';
}

/* Ends when the child does, not when its last descendant closes the pipe. */
static int follow(struct clconfd_exec *exec, int fd, pid_t pid)
{
	u64 end_ns = base_clock_ns() + exec->timeout_ns;
	struct pollfd readable = { .fd = fd, .events = POLLIN };
	size_t used = 0;
	bool late = false;
	int status = 0;
	pid_t ended;

	for (;;) {
		if (poll(&readable, 1, LOOK_MS) > 0)
			drain(fd, exec->output, sizeof(exec->output), &used);
		if (readable.revents & POLLHUP)
			readable.fd = -1;
		ended = waitpid(pid, &status, WNOHANG);
		if (ended == pid || (ended < 0 && errno != EINTR))
			break;
		if (!late && base_clock_ns() > end_ns) {
			late = true;
			kill(-pid, SIGKILL);
		}
	}
	drain(fd, exec->output, sizeof(exec->output), &used);
	if (ended < 0)
		return -errno;
	if (late)
		return -ETIMEDOUT;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int clconfd_exec_run(struct clconfd_exec *exec)
{
	int pipes[2];
	pid_t pid;
	int code;

	exec->output[0] = '\0';
	if (pipe2(pipes, O_CLOEXEC) < 0)
		return -errno;
	fcntl(pipes[0], F_SETFL, O_NONBLOCK);
	code = spawn(exec, pipes[1], &pid);
	close(pipes[1]);
	if (!code)
		code = follow(exec, pipes[0], pid);
	close(pipes[0]);
	exec->output[strcspn(exec->output, "\n")] = '\0';
	return code;
}
