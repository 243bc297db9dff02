// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmclconfd_unit.h"
#include "cmclconfd_job.h"
#include "cmclconfd_resolve.h"
#include "cmclconfd_store.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Runs "systemctl VERB UNIT" with its messages going to @out_fd. */
static int spawn(const char *program, const char *verb, int out_fd, pid_t *pid)
{
	char *argv[] = { (char *)program, (char *)verb, CLCONFD_CMCLD_UNIT, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none;
	int err;

	sigemptyset(&none);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, out_fd, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out_fd, STDERR_FILENO);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	err = posix_spawnp(pid, program, &actions, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	return -err;
}

/* Keeps what fits of the output, reads the rest away, collects the child. */
static int collect(int fd, pid_t pid, char *text, size_t size)
{
	char rest[256];
	size_t used = 0;
	ssize_t got;
	int status;

	for (;;) {
		bool full = used == size - 1;

		got = full ? read(fd, rest, sizeof(rest)) :
			     read(fd, text + used, size - 1 - used);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		if (!full)
			used += (size_t)got;
	}
	text[used] = '\0';
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -EIO;
}

static void run_systemctl(struct clconfd_job *job)
{
	const char *verb = json_string_value(json_object_get(job->args, "verb"));
	const struct clconfd_options *options = &job->daemon->options;
	char text[300] = "";
	pid_t pid;
	int pipes[2];
	int err;

	if (pipe2(pipes, O_CLOEXEC) < 0) {
		clconfd_job_fail(job, -errno, "pipe: %s", strerror(errno));
		return;
	}
	err = spawn(options->systemctl, verb, pipes[1], &pid);
	close(pipes[1]);
	if (!err)
		err = collect(pipes[0], pid, text, sizeof(text));
	close(pipes[0]);
	text[strcspn(text, "\n")] = '\0';
	if (err)
		clconfd_job_fail(job, err, "%s %s %s on %s failed: %s; there see "
				 "journalctl -u tocsin-cmcld", options->systemctl, verb,
				 CLCONFD_CMCLD_UNIT, options->node,
				 *text ? text : strerror(-err));
}

static void start_job(struct clconfd *daemon, struct ipc_request *request, const char *verb)
{
	json_t *args = json_pack("{s:s}", "verb", verb);
	struct clconfd_job job = {
		.daemon = daemon, .request = request, .args = args, .run = run_systemctl,
	};

	clconfd_job_start(&job);
	json_decref(args);
}

void clconfd_unit_start(struct ipc_request *request, json_t *args, void *arg)
{
	struct clconfd *daemon = arg;
	struct clconfd_staged staged;

	if (clconfd_store_staged(daemon, &staged, NULL, NULL) != -ENOENT) {
		clconfd_resolve_now(daemon);
		ipc_reply_error(request, EBUSY, "a change of the configuration by node %s is not "
				"finished on %s; try again in some seconds",
				*staged.coordinator ? staged.coordinator : "?",
				daemon->options.node);
		return;
	}
	start_job(daemon, request, "start");
}

void clconfd_unit_stop(struct ipc_request *request, json_t *args, void *arg)
{
	start_job(arg, request, "stop");
}
