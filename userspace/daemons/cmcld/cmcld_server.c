// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmcld_server.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>

#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include <tocsin/ipc.h>

#include "cmcld_job.h"
#include "cmcld_json.h"
#include "cmcld_keepalive.h"
#include "cmcld_log.h"
#include "cmcld_ops.h"
#include "cmcld_paths.h"
#include "cmcld_realtime.h"

#define CLIENTS_MAX	256
/* What may come is longest with all nodes named; each byte kept is locked memory. */
#define REQUEST_MAX	(64 * 1024)
#define IDLE_NS		(60 * BASE_NS_PER_S)
/* Answers and farewells get this long to leave. */
#define FAREWELL_NS	(300 * BASE_NS_PER_MS)
/* Below the real-time thread, as the sessions; above what that survives. */
#define KEEPALIVE_BELOW	1
/* While it stops, the main thread goes round so often; and after so long without it hangs. */
#define ROUND_NS	(10 * BASE_NS_PER_S)
#define SILENCE_NS	(600 * BASE_NS_PER_S)

struct cmcld_server {
	struct cmcld_server_config config;
	sd_event *event;
	struct ipc_server *ipc;
	struct cmcld_jobs *jobs;
	struct cmcld_paths_reader *paths;
	struct cmcld_keepalive *keepalive;
	u64 opened_ns;
	bool stopping;
	int exit_code;
};

/* ---- local clients ---- */

static void handle_ping(struct ipc_request *request, json_t *args, void *arg)
{
	ipc_reply_result(request, json_pack("{s:s}", "message", "cmcld is alive"));
}

static void handle_status(struct ipc_request *request, json_t *args, void *arg)
{
	struct cmcld_server *server = arg;
	const struct cmcld_paths *paths = cmcld_paths_read(server->paths);
	const struct cmcld_snapshot *snapshot;
	json_t *status = NULL;

	snapshot = cmcld_snapshot_get(server->config.publisher);
	if (snapshot)
		status = cmcld_json_status(snapshot, paths);
	cmcld_snapshot_put(server->config.publisher);
	if (status)
		ipc_reply_result(request, status);
	else
		ipc_reply_error(request, EAGAIN, "cmcld is starting; try again");
}

static void handle_job(struct ipc_request *request, json_t *args, void *arg,
		       const char *op)
{
	struct cmcld_server *server = arg;
	const struct ipc_peer *peer = ipc_request_peer(request);

	cmcld_log(LOG_INFO, "Request \"%s\" from user %u, process %d", op,
		  (unsigned int)peer->uid, (int)peer->pid);
	cmcld_jobs_start(server->jobs, op, args, request);
}

#define JOB_HANDLER(op)								\
	static void handle_##op(struct ipc_request *request, json_t *args, void *arg) \
	{									\
		handle_job(request, args, arg, #op);				\
	}

JOB_HANDLER(form)
JOB_HANDLER(leave)
JOB_HANDLER(haltcl)
JOB_HANDLER(runpkg)
JOB_HANDLER(haltpkg)
JOB_HANDLER(movepkg)
JOB_HANDLER(modpkg)
JOB_HANDLER(reload)

static const struct ipc_op ops[] = {
	{ "ping", IPC_ROLE_MONITOR, handle_ping },
	{ "status", IPC_ROLE_MONITOR, handle_status },
	{ "form", IPC_ROLE_FULL_ADMIN, handle_form },
	{ "leave", IPC_ROLE_FULL_ADMIN, handle_leave },
	{ "haltcl", IPC_ROLE_FULL_ADMIN, handle_haltcl },
	{ "runpkg", IPC_ROLE_PACKAGE_ADMIN, handle_runpkg },
	{ "haltpkg", IPC_ROLE_PACKAGE_ADMIN, handle_haltpkg },
	{ "movepkg", IPC_ROLE_PACKAGE_ADMIN, handle_movepkg },
	{ "modpkg", IPC_ROLE_PACKAGE_ADMIN, handle_modpkg },
	{ "reload", IPC_ROLE_FULL_ADMIN, handle_reload },
	{ },
};

/* ---- news from the real-time thread ---- */

static int on_farewell(sd_event_source *source, uint64_t usec, void *arg)
{
	struct cmcld_server *server = arg;

	return sd_event_exit(server->event, server->exit_code);
}

static void end_after(struct cmcld_server *server, u64 delay_ns, int exit_code)
{
	server->exit_code = exit_code;
	sd_event_add_time_relative(server->event, NULL, CLOCK_MONOTONIC,
				   delay_ns / BASE_NS_PER_US, 0, on_farewell, server);
}

static void end_soon(struct cmcld_server *server, int exit_code)
{
	sd_notify(0, "STOPPING=1");
	end_after(server, FAREWELL_NS, exit_code);
}

static void end_to_start_again(struct cmcld_server *server)
{
	u64 lived_ns = base_clock_ns() - server->opened_ns;
	u64 delay_ns = FAREWELL_NS;

	if (lived_ns + delay_ns < CMCLD_AGAIN_NS)
		delay_ns = CMCLD_AGAIN_NS - lived_ns;
	sd_notify(0, "STATUS=Starting again, as a new incarnation");
	end_after(server, delay_ns, CMCLD_EXIT_AGAIN);
}

static void take_tell(struct cmcld_server *server, const struct cmcld_block *block)
{
	switch ((enum cmcld_tell)block->type) {
	case CMCLD_TELL_REPLY:
		cmcld_jobs_reply(server->jobs, (const struct cmcld_reply *)block->data);
		break;
	case CMCLD_TELL_PEER:
		cmcld_jobs_peer(server->jobs, (u16)block->tag, block->data, block->size);
		break;
	case CMCLD_TELL_PEER_LOST:
		cmcld_jobs_peer_lost(server->jobs, (u16)block->tag);
		break;
	case CMCLD_TELL_STATUS:
		sd_notifyf(0, "STATUS=%s", (const char *)block->data);
		break;
	case CMCLD_TELL_READY:
		sd_notify(0, "READY=1");
		break;
	case CMCLD_TELL_LEFT:
		if (block->tag)
			end_soon(server, 0);
		else
			end_to_start_again(server);
		break;
	case CMCLD_TELL_FAILED:
		cmcld_log(LOG_CRIT, "cmcld must end: %s", (const char *)block->data);
		end_soon(server, 1);
		break;
	}
}

/* Each in its place: an answer that came before the loss is good. */
static void take_marks(struct cmcld_server *server)
{
	int mark;

	while ((mark = cmcld_queue_marked(server->config.wires.tells)) >= 0)
		cmcld_jobs_peer_lost(server->jobs, (u16)(mark + 1));
}

static int on_tells(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	struct cmcld_server *server = arg;
	struct cmcld_queue *tells = server->config.wires.tells;
	struct cmcld_block *block;

	cmcld_queue_clear(tells);
	take_marks(server);
	while ((block = cmcld_queue_receive(tells))) {
		take_tell(server, block);
		cmcld_queue_return(tells, block);
		take_marks(server);
	}
	return 0;
}

/* ---- systemd ---- */

static int on_round(sd_event_source *source, uint64_t usec, void *arg)
{
	struct cmcld_server *server = arg;

	cmcld_keepalive_beat(server->keepalive);
	sd_event_source_set_time_relative(source, ROUND_NS / BASE_NS_PER_US);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* A stop that was begun goes on for systemd until this process has ended. */
static void stopping(struct cmcld_server *server)
{
	if (server->stopping)
		return;
	server->stopping = true;
	cmcld_keepalive_stopping(server->keepalive);
	sd_event_add_time_relative(server->event, NULL, CLOCK_MONOTONIC,
				   ROUND_NS / BASE_NS_PER_US, 0, on_round, server);
}

/*
 * systemctl stop: packages are halted or moved, then this node leaves.  After a refusal
 * the next signal tries again.
 */
static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *arg)
{
	struct cmcld_server *server = arg;
	json_t *args;

	if (cmcld_jobs_own(server->jobs))
		return 0;
	cmcld_log(LOG_NOTICE, "Signal %u from process %u: this node leaves the cluster",
		  info->ssi_signo, info->ssi_pid);
	sd_notify(0, "STOPPING=1\nSTATUS=Halting packages and leaving the cluster");
	stopping(server);
	args = json_pack("{s:b}", "force", 1);
	cmcld_jobs_start(server->jobs, "leave", args, NULL);
	json_decref(args);
	return 0;
}

/* They are blocked in all threads: cmcld_main.c. */
static int signals_take(struct cmcld_server *server)
{
	int err;

	err = sd_event_add_signal(server->event, NULL, SIGTERM, on_signal, server);
	if (err >= 0)
		err = sd_event_add_signal(server->event, NULL, SIGINT, on_signal, server);
	return err;
}

static int sources_add(struct cmcld_server *server)
{
	int err = sd_event_new(&server->event);

	if (err >= 0)
		err = sd_event_add_io(server->event, NULL,
				      cmcld_queue_fd(server->config.wires.tells), EPOLLIN,
				      on_tells, server);
	if (err >= 0)
		err = signals_take(server);
	return err < 0 ? err : 0;
}

static int ipc_open(struct cmcld_server *server)
{
	const struct ipc_server_config config = {
		.event = server->event,
		.path = server->config.path,
		.mode = 0666,
		.clients_max = CLIENTS_MAX,
		.request_max = REQUEST_MAX,
		.idle_ns = IDLE_NS,
		.ops = ops,
		.arg = server,
	};

	return ipc_server_create(&config, &server->ipc);
}

static int keepalive_start(struct cmcld_server *server)
{
	const struct cmcld_options *options = &server->config.config->options;
	const struct cmcld_keepalive_config config = {
		.publisher = server->config.publisher,
		.priority = cmcld_realtime_priority(options->priority_below_max) -
			    KEEPALIVE_BELOW,
		.silence_ns = SILENCE_NS,
	};
	int err = cmcld_keepalive_start(&config, &server->keepalive);

	if (err)
		cmcld_log(LOG_ERR, "The thread that feeds systemd's watchdog cannot be started: "
			  "%s; LimitRTPRIO of the unit must allow priority %d",
			  strerror(-err), config.priority);
	return err;
}

static int server_open(struct cmcld_server *server)
{
	struct cmcld_config *config = server->config.config;
	int err = sources_add(server);

	if (!err)
		err = keepalive_start(server);
	if (err)
		return err;
	server->paths = cmcld_paths_create(config->self->id);
	server->jobs = cmcld_jobs_create(&server->config.wires, config,
					 server->config.publisher, cmcld_ops);
	if (!server->paths || !server->jobs)
		return -ENOMEM;
	err = ipc_open(server);
	if (err)
		cmcld_log(LOG_ERR, "Cannot serve %s: %s", server->config.path,
			  strerror(-err));
	return err;
}

int cmcld_server_open(const struct cmcld_server_config *config,
		      struct cmcld_server **out)
{
	struct cmcld_server *server = calloc(1, sizeof(*server));
	int err;

	if (!server)
		return -ENOMEM;
	server->config = *config;
	server->opened_ns = base_clock_ns();
	cmcld_snapshot_thread_begin();
	err = server_open(server);
	if (err) {
		cmcld_server_close(server);
		return err;
	}
	*out = server;
	return 0;
}

int cmcld_server_run(struct cmcld_server *server)
{
	int code = sd_event_loop(server->event);

	return code < 0 ? 1 : code;
}

void cmcld_server_close(struct cmcld_server *server)
{
	if (server->ipc)
		ipc_server_destroy(server->ipc);
	cmcld_jobs_destroy(server->jobs);
	cmcld_paths_destroy(server->paths);
	cmcld_keepalive_stop(server->keepalive);
	sd_event_unref(server->event);
	cmcld_snapshot_thread_end();
	free(server);
}
