// SPDX-License-Identifier: GPL-2.0-or-later
#include "qs_run.h"

#include "qs_log.h"
#include "qs_server.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

struct qs_process {
	const struct qs_options *options;
	sd_event *event;
	struct qs_auth auth;
	struct qs_states states;
	struct qs_server *server;
	int lock;
};

static void complain(const char *text)
{
	qs_log(QS_LOG_ERROR, "auth", "%s", text);
}

static void lock_path(const struct qs_options *options, char path[BASE_PATH_MAX])
{
	base_str_print(path, BASE_PATH_MAX, "%s/lock", options->state_directory);
}

/* Two servers on one state would each break the other's promises. */
static int take_lock(struct qs_process *process)
{
	char path[BASE_PATH_MAX], pid[32];
	int err = 0;

	lock_path(process->options, path);
	process->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (process->lock < 0) {
		err = -errno;
		qs_log(QS_LOG_ERROR, "main", "%s: %s", path, strerror(-err));
		return err;
	}
	if (flock(process->lock, LOCK_EX | LOCK_NB) < 0) {
		qs_log(QS_LOG_ERROR, "main", "%s: another quorum server uses this directory; stop "
		       "it, or give another one with -d", process->options->state_directory);
		return -EBUSY;
	}
	base_str_print(pid, sizeof(pid), "%d\n", (int)getpid());
	if (ftruncate(process->lock, 0) < 0 ||
	    pwrite(process->lock, pid, strlen(pid), 0) != (ssize_t)strlen(pid))
		err = -EIO;
	return err;
}

static int open_directory(struct qs_process *process)
{
	const char *path = process->options->state_directory;
	int err = 0;

	if (base_str_copy(process->states.directory, sizeof(process->states.directory), path))
		err = -ENAMETOOLONG;
	else if (mkdir(path, 0700) < 0 && errno != EEXIST)
		err = -errno;
	if (!err)
		return take_lock(process);
	qs_log(QS_LOG_ERROR, "main", "%s: %s", path, strerror(-err));
	return err;
}

static int reload(struct qs_process *process)
{
	struct qs_auth fresh;
	int err = qs_auth_read(process->options->auth_file, &fresh, complain);

	if (err) {
		qs_log(QS_LOG_ERROR, "auth", "%s was not taken over; %s",
		       process->options->auth_file, process->server ?
		       "the former authorisations hold" :
		       "no authorisations are known: the server does not start");
		return err;
	}
	/* Clients are judged by the new table before the old one goes. */
	if (process->server)
		qs_server_set_auth(process->server, &fresh);
	qs_auth_free(&process->auth);
	process->auth = fresh;
	if (process->server)
		qs_server_set_auth(process->server, &process->auth);
	qs_log(QS_LOG_INFO, "auth", "%u cluster%s authorised by %s", fresh.count,
	       fresh.count == 1 ? "" : "s", process->options->auth_file);
	return 0;
}

static int on_hangup(sd_event_source *source, const struct signalfd_siginfo *info, void *arg)
{
	sd_notify(0, "RELOADING=1");
	reload(arg);
	sd_notify(0, "READY=1");
	return 0;
}

static int add_signals(struct qs_process *process)
{
	sigset_t set;
	int err;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	signal(SIGPIPE, SIG_IGN);
	err = sd_event_add_signal(process->event, NULL, SIGTERM, NULL, NULL);
	if (err >= 0)
		err = sd_event_add_signal(process->event, NULL, SIGINT, NULL, NULL);
	if (err >= 0)
		err = sd_event_add_signal(process->event, NULL, SIGHUP, on_hangup, process);
	return err < 0 ? err : 0;
}

static int start_server(struct qs_process *process)
{
	const struct qs_options *options = process->options;
	struct qs_server_config config = {
		.event = process->event,
		.addresses = options->address,
		.count = options->addresses,
		.auth = &process->auth,
		.states = &process->states,
	};
	char text[NET_ADDRESS_TEXT_MAX];
	int err = qs_server_create(&config, &process->server);

	if (!err) {
		qs_log(QS_LOG_INFO, "main", "Server is up and waiting for connections at port %u",
		       net_address_port(&options->address[0]));
		return 0;
	}
	net_address_print(&options->address[0], text);
	qs_log(QS_LOG_ERROR, "main", "cannot listen on %s%s: %s", text,
	       options->addresses > 1 ? " and the other addresses" : "", strerror(-err));
	return err;
}

static int prepare(struct qs_process *process)
{
	int err;

	qs_log(QS_LOG_INFO, "main", "Starting Quorum Server");
	/* umask: nothing here is for others to read. */
	umask(077);
	err = sd_event_new(&process->event);
	if (err >= 0)
		err = add_signals(process);
	if (err >= 0)
		err = open_directory(process);
	if (err >= 0)
		err = reload(process);
	if (err >= 0)
		err = start_server(process);
	return err;
}

int qs_run(const struct qs_options *options)
{
	struct qs_process process = { .options = options, .lock = -1 };
	int err = prepare(&process);

	if (err >= 0) {
		sd_notify(0, "READY=1");
		err = sd_event_loop(process.event);
		sd_notify(0, "STOPPING=1");
		qs_log(err < 0 ? QS_LOG_ERROR : QS_LOG_INFO, "main", "Stopping Quorum Server");
	}
	qs_server_destroy(process.server);
	qs_states_free(&process.states);
	qs_auth_free(&process.auth);
	sd_event_unref(process.event);
	if (process.lock >= 0)
		close(process.lock);
	return err < 0 ? err : 0;
}

static void complain_to_user(const char *text)
{
	fprintf(stderr, "qs: %s\n", text);
}

static int signal_server(const struct qs_options *options)
{
	char path[BASE_PATH_MAX];
	char *text;
	u64 pid = 0;
	int fd, err;

	lock_path(options, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	/* The lock, not the number in the file, says that a server runs. */
	err = flock(fd, LOCK_SH | LOCK_NB) < 0 ? 0 : -ESRCH;
	close(fd);
	if (err)
		return err;
	if (base_file_read(path, 32, &text) < 0)
		return -EIO;
	err = base_str_u64(base_str_trim(text), 2, INT32_MAX, &pid);
	free(text);
	if (err)
		return -EIO;
	return kill((pid_t)pid, SIGHUP) < 0 ? -errno : 0;
}

int qs_update(const struct qs_options *options)
{
	struct qs_auth auth;
	unsigned int count;
	int err = qs_auth_read(options->auth_file, &auth, complain_to_user);

	if (err) {
		fprintf(stderr, "qs: nothing was changed; correct %s and run it again\n",
			options->auth_file);
		return err;
	}
	count = auth.count;
	qs_auth_free(&auth);
	err = signal_server(options);
	if (!err)
		printf("%u cluster%s in %s; the running quorum server takes them over\n", count,
		       count == 1 ? "" : "s", options->auth_file);
	else if (err == -ESRCH)
		fprintf(stderr, "qs: no quorum server runs on %s; start it with: "
			"systemctl start tocsin-qs\n", options->state_directory);
	else
		fprintf(stderr, "qs: cannot signal the running quorum server: %s\n",
			strerror(-err));
	return err;
}
