// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmcld_thread.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "cmcld_admin.h"
#include "cmcld_log.h"
#include "cmcld_member.h"
#include "cmcld_nodes.h"
#include "cmcld_pet.h"
#include "cmcld_pkg.h"
#include "cmcld_publish.h"
#include "cmcld_realtime.h"
#include "cmcld_watchdog.h"

/* Sessions and the disk run below the real-time thread, above all else. */
#define SESSION_BELOW	1
#define DISK_BELOW	2
/*
 * Blocks to the main thread that are kept for what matters more: for the end of this program,
 * for the ends of all requests that there may be (64) as well, and for all but progress.
 */
#define KEPT_FOR_LAST	8
#define KEPT_FOR_ENDS	(KEPT_FOR_LAST + 64)
#define KEPT_FOR_NEWS	128

static_assert(CMCLD_QUEUE_MARKS >= CORE_NODE_ID_MAX, "a mark for each node");

struct cmcld_thread {
	struct cmcld cmcld;
	struct cmcld_thread_places places;
	pthread_t thread;
	int again;		/* timer: to ask the kernel that did not answer */
};

/* How many blocks a tell leaves to those that matter more. */
static u32 kept_from(u32 type, const void *data)
{
	switch ((enum cmcld_tell)type) {
	case CMCLD_TELL_LEFT:
	case CMCLD_TELL_FAILED:
		return 0;
	case CMCLD_TELL_READY:
		return KEPT_FOR_LAST;
	case CMCLD_TELL_REPLY:
		return ((const struct cmcld_reply *)data)->final ? KEPT_FOR_LAST :
								   KEPT_FOR_NEWS;
	case CMCLD_TELL_PEER:
	case CMCLD_TELL_PEER_LOST:
		return KEPT_FOR_ENDS;
	case CMCLD_TELL_STATUS:
		break;
	}
	return KEPT_FOR_NEWS;
}

/*
 * What comes again, or is progress, may be missed.  Who waits for another node must not
 * wait for ever, whether it is that node's answer that is missing or the news of its loss.
 */
static void tell_dropped(struct cmcld *cmcld, u32 type, u64 tag, u32 kept)
{
	if (type == CMCLD_TELL_PEER || type == CMCLD_TELL_PEER_LOST)
		cmcld_queue_mark(cmcld->wires.tells, (u32)tag - 1);
	if (kept == KEPT_FOR_NEWS || cmcld->tells_dropped)
		return;
	cmcld->tells_dropped = true;
	cmcld_log(LOG_WARNING, "The main thread does not keep up: answers to commands, or news "
		  "of other nodes, are dropped");
}

void cmcld_tell(struct cmcld *cmcld, u32 type, u64 tag, const void *data, size_t size)
{
	u32 kept = kept_from(type, data);
	struct cmcld_block *block = NULL;

	core_assert(size <= cmcld_queue_block_size(cmcld->wires.tells));
	if (cmcld_queue_room(cmcld->wires.tells) > kept)
		block = cmcld_queue_take(cmcld->wires.tells);
	if (!block) {
		tell_dropped(cmcld, type, tag, kept);
		return;
	}
	cmcld->tells_dropped = false;
	block->type = type;
	block->tag = tag;
	block->size = (u32)size;
	memcpy(block->data, data, size);
	cmcld_queue_send(cmcld->wires.tells, block);
}

/* ---- kernel ---- */

static void on_kernel_event(void *arg, const struct core_event *event)
{
	cmcld_nodes_kernel_event(arg, event);
	cmcld_member_kernel_event(arg, event);
}

static void on_kernel_overrun(void *arg)
{
	cmcld_log(LOG_WARNING, "Heartbeat events came faster than they could be read; the "
		  "present states were read instead");
}

static void on_gasp(void *arg, const struct core_event *event, const struct core_gasp *words)
{
	cmcld_member_gasp(arg, event, words);
}

static const struct cmcld_kernel_ops kernel_ops = {
	.event = on_kernel_event,
	.gasp = on_gasp,
	.overrun = on_kernel_overrun,
};

static void on_kernel(void *arg, u32 events)
{
	struct cmcld_thread *thread = arg;
	struct cmcld *cmcld = &thread->cmcld;

	cmcld_kernel_collect(cmcld->kernel, &kernel_ops, cmcld);
	if (cmcld_kernel_behind(cmcld->kernel))
		cmcld_loop_timer_set(cmcld->loop, thread->again,
				     base_clock_ns() + cmcld->conf->cluster.interval_ns);
}

static void on_kernel_again(void *arg, u64 now_ns)
{
	on_kernel(arg, 0);
}

/* ---- sessions ---- */

static void on_member(void *arg, u16 peer, const struct member_message *message)
{
	/* The session says who speaks; a message that says otherwise is void. */
	if (message->from == peer)
		cmcld_member_message(arg, message);
}

static void on_message(void *arg, u16 peer, u32 type, const void *data, size_t size)
{
	if (type == NET_SESSION_PACKAGE)
		cmcld_pkg_message(arg, peer, data, size);
	else if (type == NET_SESSION_ADMIN)
		cmcld_tell(arg, CMCLD_TELL_PEER, peer, data, size);
}

static void on_peer_reset(void *arg, u16 peer, u64 incarnation)
{
	struct cmcld *cmcld = arg;

	cmcld_log(LOG_INFO, "New session with node %s, incarnation %016" PRIx64,
		  cmcld_node_name(cmcld, peer), incarnation);
	cmcld_tell(cmcld, CMCLD_TELL_PEER_LOST, peer, "", 0);
}

static void on_peer_state(void *arg, u16 peer, bool connected)
{
	struct cmcld *cmcld = arg;

	cmcld_nodes_connected(cmcld, peer, connected);
	if (!connected)
		cmcld_tell(cmcld, CMCLD_TELL_PEER_LOST, peer, "", 0);
}

static void on_qs_message(void *arg, const struct member_message *message)
{
	if (message->from == 0)
		cmcld_member_message(arg, message);
}

static void on_qs_status(void *arg, const struct net_qs_status *status)
{
	struct cmcld *cmcld = arg;
	bool was_up = cmcld->qs.state == NET_QS_UP;
	bool up = status->state == NET_QS_UP;

	if (status->state != cmcld->qs.state)
		cmcld_log(up ? LOG_NOTICE : LOG_WARNING, "Quorum server %s is %s%s%s",
			  conf_text(cmcld->conf, cmcld->conf->cluster.qs.host),
			  net_qs_state_name(status->state), *status->why ? ": " : "",
			  status->why);
	cmcld->qs = *status;
	cmcld_publish_mark(cmcld);
	if (up != was_up)
		cmcld_member_arbiter(cmcld, up);
}

static const struct cmcld_session_ops session_ops = {
	.member = on_member,
	.message = on_message,
	.peer_reset = on_peer_reset,
	.peer_state = on_peer_state,
	.qs_message = on_qs_message,
	.qs_status = on_qs_status,
};

static void on_session(void *arg, u32 events)
{
	struct cmcld *cmcld = arg;

	cmcld_session_collect(cmcld->session, &session_ops, cmcld);
}

/* ---- disk, cmsrvassistd ---- */

static void on_disk_done(void *arg, u64 token, int err)
{
	cmcld_member_disk_done(arg, token, err);
}

static void on_disk(void *arg, u32 events)
{
	struct cmcld *cmcld = arg;

	cmcld_disk_collect(cmcld->disk, on_disk_done, cmcld);
}

static void log_outcome(const struct cmcld *cmcld, const struct pkg_event *event)
{
	const char *name = event->done.package < cmcld->conf->package_count ?
			   cmcld->conf->package[event->done.package].name : "-";

	if (event->type == PKG_START_DONE)
		cmcld_event("package-started", "package=%s run=%u outcome=%d clean=%d",
			    name, event->done.run, event->done.outcome, event->done.clean);
	else if (event->type == PKG_HALT_DONE)
		cmcld_event("package-halted", "package=%s run=%u outcome=%d", name,
			    event->done.run, event->done.outcome);
	else if (event->type == PKG_SERVICE_EXIT)
		cmcld_event("service-exit", "package=%s run=%u service=%u", name,
			    event->exited.run, event->exited.service);
}

static void on_assist(void *arg, const struct pkg_event *event)
{
	log_outcome(arg, event);
	cmcld_publish_mark(arg);
	cmcld_pkg_event(arg, event);
}

static void on_assist_step(void *arg, u16 package, const char *text)
{
	cmcld_admin_step(arg, package, text);
}

/* ---- main thread ---- */

static void on_asks(void *arg, u32 events)
{
	struct cmcld *cmcld = arg;
	struct cmcld_block *block;

	cmcld_queue_clear(cmcld->wires.asks);
	while ((block = cmcld_queue_receive(cmcld->wires.asks))) {
		if (block->type == CMCLD_ASK_REQUEST)
			cmcld_admin_request(cmcld, (const struct cmcld_request *)block->data);
		else if (block->type == CMCLD_ASK_CANCEL)
			cmcld_admin_cancel(cmcld, block->tag);
		else if (block->type == CMCLD_ASK_PEER)
			cmcld_session_send(cmcld->session, (u16)block->tag,
					   NET_SESSION_ADMIN, block->data, block->size);
		else if (block->type == CMCLD_ASK_STOP)
			cmcld_loop_stop(cmcld->loop);
		cmcld_queue_return(cmcld->wires.asks, block);
	}
}

/* ---- the thread ---- */

static void *run(void *arg)
{
	struct cmcld_thread *thread = arg;
	struct cmcld *cmcld = &thread->cmcld;
	int err;

	cmcld_snapshot_thread_begin();
	cmcld_pet_start(cmcld);
	cmcld_publish_now(cmcld);
	cmcld_tell(cmcld, CMCLD_TELL_READY, 0, "", 0);
	cmcld_member_start(cmcld);
	err = cmcld_loop_run(cmcld->loop);
	if (err)
		cmcld_tell(cmcld, CMCLD_TELL_FAILED, 0, strerror(-err),
			   strlen(strerror(-err)) + 1);
	cmcld_snapshot_thread_end();
	return NULL;
}

static int watch_all(struct cmcld_thread *thread)
{
	struct cmcld *cmcld = &thread->cmcld;
	struct cmcld_loop *loop = cmcld->loop;
	int err;

	err = cmcld_loop_watch(loop, cmcld_kernel_fd(cmcld->kernel), EPOLLIN, on_kernel, thread);
	if (!err)
		err = cmcld_loop_watch(loop, cmcld_session_fd(cmcld->session), EPOLLIN,
				       on_session, cmcld);
	if (!err)
		err = cmcld_loop_watch(loop, cmcld_disk_fd(cmcld->disk), EPOLLIN, on_disk,
				       cmcld);
	if (!err)
		err = cmcld_loop_watch(loop, cmcld_queue_fd(cmcld->wires.asks), EPOLLIN,
				       on_asks, cmcld);
	return err;
}

static int assist_create(struct cmcld *cmcld, const char *path)
{
	const struct cmcld_assist_config config = {
		.loop = cmcld->loop,
		.path = path,
		.conf = cmcld->conf,
		.self = cmcld->config->self,
		.incarnation = cmcld->incarnation,
		.event = on_assist,
		.step = on_assist_step,
		.arg = cmcld,
	};

	cmcld->assist = cmcld_assist_create(&config);
	return cmcld->assist ? 0 : -ENOMEM;
}

static int session_start(struct cmcld *cmcld)
{
	struct cmcld_session_config config = {
		.conf = cmcld->conf,
		.self = cmcld->config->self,
		.key = &cmcld->config->key,
		.incarnation = cmcld->incarnation,
		.priority = cmcld->priority - SESSION_BELOW,
		.qs_count = cmcld->config->qs_count,
	};

	memcpy(config.qs, cmcld->config->qs, sizeof(config.qs));
	return cmcld_session_start(&config, &cmcld->session);
}

/* What the acceptor remembers; a damaged file counts as an empty disk. */
static int disk_read(const struct cmcld *cmcld, const char *path, struct member_disk *disk)
{
	char *bytes;
	ssize_t size = base_file_read(path, MEMBER_DISK_BYTES_MAX, &bytes);
	int err;

	if (size == -ENOENT)
		return -ENOENT;
	if (size < 0) {
		cmcld_log(LOG_ERR, "Cannot read %s: %s", path, strerror((int)-size));
		return (int)size;
	}
	err = member_disk_decode(disk, (const u8 *)bytes, (size_t)size,
				 cmcld->conf->cluster.id, cmcld->self);
	free(bytes);
	if (err)
		cmcld_log(LOG_WARNING, "%s is of no use (%s); this node counts as one "
			  "with an empty disk", path, strerror(-err));
	return err;
}

static int member_create(struct cmcld *cmcld, const char *path)
{
	struct member_disk *disk = calloc(1, sizeof(*disk));
	int err;

	if (!disk)
		return -ENOMEM;
	err = disk_read(cmcld, path, disk);
	err = cmcld_member_create(cmcld, err ? NULL : disk);
	free(disk);
	return err;
}

/* The pet's timer comes first: it runs before all others. */
static int rooms_create(struct cmcld_thread *thread)
{
	struct cmcld *cmcld = &thread->cmcld;
	int err = cmcld_pet_create(cmcld);

	if (!err)
		err = member_create(cmcld, thread->places.disk);
	if (!err)
		err = cmcld_nodes_create(cmcld);
	if (!err)
		err = cmcld_pkg_create(cmcld);
	if (!err)
		err = cmcld_admin_create(cmcld);
	if (!err)
		err = cmcld_publish_create(cmcld);
	if (!err)
		err = assist_create(cmcld, thread->places.assist);
	if (err)
		return err;
	thread->again = cmcld_loop_timer_add(cmcld->loop, on_kernel_again, thread);
	return thread->again < 0 ? thread->again : 0;
}

static void thread_free(struct cmcld_thread *thread)
{
	struct cmcld *cmcld = &thread->cmcld;

	if (cmcld->session)
		cmcld_session_stop(cmcld->session);
	if (cmcld->disk)
		cmcld_disk_stop(cmcld->disk);
	cmcld_assist_destroy(cmcld->assist);
	cmcld_publish_destroy(cmcld);
	cmcld_admin_destroy(cmcld);
	cmcld_pkg_destroy(cmcld);
	cmcld_nodes_destroy(cmcld);
	cmcld_member_destroy(cmcld);
	cmcld_pet_destroy(cmcld);
	cmcld_watchdog_destroy(cmcld->watchdog);
	if (cmcld->kernel)
		cmcld_kernel_detach(cmcld->kernel);
	cmcld_loop_destroy(cmcld->loop);
	free(thread);
}

static int watchdog_create(struct cmcld *cmcld, char error[CMCLD_CONFIG_TEXT_MAX])
{
	const struct cmcld_options *options = &cmcld->config->options;
	int err = cmcld_watchdog_create(options->watchdog, options->watchdog_timeout_s,
					&cmcld->watchdog, error);

	if (err)
		return err;
	if (cmcld_watchdog_has_reset(cmcld->watchdog)) {
		cmcld_log(LOG_WARNING, "Before this boot the hardware watchdog reset this node: "
			  "no CPU took interrupts any more, or the crash kernel hung");
		cmcld_event("watchdog-has-reset", "device=%s", options->watchdog);
	}
	return 0;
}

static int make_all(struct cmcld_thread *thread, char error[CMCLD_CONFIG_TEXT_MAX])
{
	struct cmcld *cmcld = &thread->cmcld;
	int err;

	err = cmcld_kernel_attach(cmcld->config, &cmcld->kernel, &cmcld->incarnation, error);
	if (!err)
		err = watchdog_create(cmcld, error);
	if (err)
		return err;
	base_str_print(error, CMCLD_CONFIG_TEXT_MAX, "out of memory or descriptors");
	cmcld->loop = cmcld_loop_create();
	err = cmcld->loop ? rooms_create(thread) : -ENOMEM;
	if (err)
		return err;
	base_str_print(error, CMCLD_CONFIG_TEXT_MAX,
		       "the thread for %s cannot be started", thread->places.disk);
	err = cmcld_disk_start(thread->places.disk, cmcld->priority - DISK_BELOW,
			       &cmcld->disk);
	if (err)
		return err;
	base_str_print(error, CMCLD_CONFIG_TEXT_MAX,
		       "sessions to other nodes cannot be opened; is TCP port %d in use?",
		       NET_PORT_SESSION);
	err = session_start(cmcld);
	return err ? err : watch_all(thread);
}

int cmcld_thread_start(const struct cmcld_config *config,
		       const struct cmcld_thread_places *places,
		       const struct cmcld_wires *wires, struct cmcld_publisher *publisher,
		       struct cmcld_thread **out, char error[CMCLD_CONFIG_TEXT_MAX])
{
	struct cmcld_thread *thread = calloc(1, sizeof(*thread));
	int err;

	if (!thread)
		return -ENOMEM;
	thread->places = *places;
	thread->cmcld.config = config;
	thread->cmcld.conf = config->conf;
	thread->cmcld.self = config->self->id;
	thread->cmcld.wires = *wires;
	thread->cmcld.publisher = publisher;
	thread->cmcld.priority = cmcld_realtime_priority(config->options.priority_below_max);
	err = make_all(thread, error);
	if (err)
		goto err_free;
	base_str_print(error, CMCLD_CONFIG_TEXT_MAX,
		       "the real-time thread cannot be started with priority %d; "
		       "LimitRTPRIO of the unit must allow it", thread->cmcld.priority);
	err = cmcld_realtime_thread(&thread->thread, thread->cmcld.priority, "cmcld-rt",
				    run, thread);
	if (err)
		goto err_free;
	*out = thread;
	return 0;

err_free:
	thread_free(thread);
	return err;
}

void cmcld_thread_stop(struct cmcld_thread *thread)
{
	struct cmcld_block *block = cmcld_queue_take(thread->cmcld.wires.asks);

	core_assert(block);
	block->type = CMCLD_ASK_STOP;
	cmcld_queue_send(thread->cmcld.wires.asks, block);
	pthread_join(thread->thread, NULL);
	thread_free(thread);
}
