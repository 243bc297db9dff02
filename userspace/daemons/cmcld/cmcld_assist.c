// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmcld_assist.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <tocsin/assist.h>
#include <tocsin/base.h>

#include "cmcld_log.h"

#define RETRY_NS	(100 * BASE_NS_PER_MS)
#define BUFFER_BYTES	(2 * 1024 * 1024)
#define SCRATCH_BYTES	(64 * 1024)

enum state {
	AWAY,
	HELLO_SENT,
	READY,
};

struct cmcld_assist {
	struct cmcld_assist_config config;
	int fd;			/* -1: not connected */
	int timer;
	enum state state;
	bool complained;
	u16 found_count;
	struct pkg_found found[CONF_PACKAGES_MAX];
	struct assist_message out;
	struct assist_message in;
	u8 buffer[ASSIST_MESSAGE_MAX];
	char scratch[SCRATCH_BYTES];
};

static void disconnect(struct cmcld_assist *assist, const char *why)
{
	const struct pkg_event event = { .type = PKG_ASSIST_LOST };
	bool was_ready = assist->state == READY;

	if (assist->fd >= 0) {
		cmcld_loop_unwatch(assist->config.loop, assist->fd);
		close(assist->fd);
	}
	assist->fd = -1;
	assist->state = AWAY;
	cmcld_loop_timer_set(assist->config.loop, assist->timer, base_clock_ns() + RETRY_NS);
	if (!assist->complained)
		cmcld_log(LOG_WARNING, "No connection to cmsrvassistd: %s. Packages "
			  "cannot be started or halted on this node until it is back; "
			  "see systemctl status tocsin-cmsrvassistd.", why);
	assist->complained = true;
	if (was_ready)
		assist->config.event(assist->config.arg, &event);
}

static void send_out(struct cmcld_assist *assist)
{
	int size;

	if (assist->fd < 0)
		return;
	assist->out.head.version = ASSIST_VERSION;
	assist->out.head.incarnation = assist->config.incarnation;
	assist->out.head.node = assist->config.self->id;
	size = assist_encode(&assist->out, assist->buffer, sizeof(assist->buffer));
	if (size < 0) {
		cmcld_log(LOG_ERR, "A request to cmsrvassistd cannot be put together: "
			  "%s", strerror(-size));
		return;
	}
	if (send(assist->fd, assist->buffer, (size_t)size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		disconnect(assist, strerror(errno));
}

static void out_begin(struct cmcld_assist *assist, enum assist_type type,
		      const struct pkg_action *action)
{
	memset(&assist->out, 0, sizeof(assist->out));
	assist->out.head.type = type;
	assist->out.head.slot = action->package;
	assist->out.head.run = action->run;
}

static bool out_fill(struct cmcld_assist *assist, const struct pkg_action *action)
{
	int err = assist_package_fill(&assist->out.package, assist->config.conf,
				      action->package, assist->config.self->name,
				      assist->scratch, sizeof(assist->scratch));

	if (err)
		cmcld_log(LOG_ERR, "Package %s is too large to be handed to "
			  "cmsrvassistd: %s",
			  assist->config.conf->package[action->package].name,
			  strerror(-err));
	return !err;
}

void cmcld_assist_start(struct cmcld_assist *assist, const struct pkg_action *action)
{
	out_begin(assist, ASSIST_START, action);
	if (out_fill(assist, action))
		send_out(assist);
}

void cmcld_assist_halt(struct cmcld_assist *assist, const struct pkg_action *action)
{
	out_begin(assist, ASSIST_HALT, action);
	assist->out.head.number = (s32)action->halt_reason;
	if (out_fill(assist, action))
		send_out(assist);
}

void cmcld_assist_service(struct cmcld_assist *assist, const struct pkg_action *action)
{
	out_begin(assist, ASSIST_SERVICE_START, action);
	assist->out.package.name = assist->config.conf->package[action->package].name;
	assist->out.head.service = action->service;
	assist->out.head.number = (s32)action->restarts;
	send_out(assist);
}

bool cmcld_assist_connected(const struct cmcld_assist *assist)
{
	return assist->state == READY;
}

/* ---- what arrives ---- */

/* The name counts, the slot may be of an earlier configuration. */
static u16 package_index(const struct cmcld_assist *assist)
{
	const struct conf *conf = assist->config.conf;
	const char *name = assist->in.package.name;
	const struct conf_package *package = name ? conf_package_by_name(conf, name) : NULL;

	return package ? (u16)(package - conf->package) : PKG_NOBODY;
}

static void take_found(struct cmcld_assist *assist, u16 package)
{
	if (assist->found_count == CONF_PACKAGES_MAX)
		return;
	assist->found[assist->found_count++] = (struct pkg_found){
		.package = package,
		.run = assist->in.head.run,
		.services = (u32)assist->in.head.number,
	};
}

static void take_ready(struct cmcld_assist *assist)
{
	struct pkg_event event = { .type = PKG_ASSIST_READY };

	event.assist.found = assist->found;
	event.assist.count = assist->found_count;
	assist->state = READY;
	assist->complained = false;
	cmcld_log(LOG_INFO, "Connected to cmsrvassistd; it runs %u packages on this node",
		  assist->found_count);
	assist->config.event(assist->config.arg, &event);
}

static void take_done(struct cmcld_assist *assist, u16 package, enum pkg_event_type type)
{
	const struct assist_head *head = &assist->in.head;
	struct pkg_event event = { .type = type };

	event.done.package = package;
	event.done.run = head->run;
	event.done.outcome = (enum pkg_outcome)head->number;
	event.done.clean = head->clean;
	assist->config.event(assist->config.arg, &event);
}

static void take_exit(struct cmcld_assist *assist, u16 package)
{
	const struct assist_head *head = &assist->in.head;
	struct pkg_event event = { .type = PKG_SERVICE_EXIT };

	event.exited.package = package;
	event.exited.run = head->run;
	event.exited.service = head->service;
	assist->config.event(assist->config.arg, &event);
}

static void take(struct cmcld_assist *assist)
{
	const struct assist_head *head = &assist->in.head;
	u16 package = package_index(assist);

	if (head->type != ASSIST_READY && package == PKG_NOBODY) {
		cmcld_log(LOG_WARNING, "cmsrvassistd speaks of package \"%s\", which is "
			  "not configured; ignored",
			  assist->in.package.name ? assist->in.package.name : "");
		return;
	}
	switch ((enum assist_type)head->type) {
	case ASSIST_FOUND:
		take_found(assist, package);
		break;
	case ASSIST_READY:
		take_ready(assist);
		break;
	case ASSIST_STARTED:
		take_done(assist, package, PKG_START_DONE);
		break;
	case ASSIST_HALTED:
		take_done(assist, package, PKG_HALT_DONE);
		break;
	case ASSIST_SERVICE_EXIT:
		take_exit(assist, package);
		break;
	case ASSIST_STEP:
		assist->config.step(assist->config.arg, package, assist->in.text);
		break;
	default:
		cmcld_log(LOG_WARNING, "cmsrvassistd sent a message of unknown type %u; "
			  "ignored", head->type);
	}
}

static void on_readable(void *arg, u32 events)
{
	struct cmcld_assist *assist = arg;
	const char *why = "";
	ssize_t size;

	while (assist->fd >= 0) {
		size = recv(assist->fd, assist->buffer, sizeof(assist->buffer), MSG_DONTWAIT);
		if (size < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (size <= 0) {
			disconnect(assist, size ? strerror(errno) : "it closed the connection");
			return;
		}
		if (assist_decode(&assist->in, assist->buffer, (size_t)size, &why)) {
			disconnect(assist, why);
			return;
		}
		take(assist);
	}
}

/* ---- connecting ---- */

static int socket_open(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const int bytes = BUFFER_BYTES;
	int fd, err;

	if (base_str_copy(address.sun_path, sizeof(address.sun_path), path))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes));
	if (!connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

static void on_retry(void *arg, u64 now_ns)
{
	struct cmcld_assist *assist = arg;
	int fd = socket_open(assist->config.path);

	if (fd < 0) {
		disconnect(assist, strerror(-fd));
		return;
	}
	assist->fd = fd;
	assist->state = HELLO_SENT;
	assist->found_count = 0;
	if (cmcld_loop_watch(assist->config.loop, fd, EPOLLIN, on_readable, assist)) {
		disconnect(assist, "no room to watch its socket");
		return;
	}
	memset(&assist->out, 0, sizeof(assist->out));
	if (assist_hello_fill(&assist->out, assist->config.conf, assist->config.self->id,
			      assist->config.incarnation)) {
		disconnect(assist, "too many relocatable addresses");
		return;
	}
	send_out(assist);
}

struct cmcld_assist *cmcld_assist_create(const struct cmcld_assist_config *config)
{
	struct cmcld_assist *assist = calloc(1, sizeof(*assist));

	if (!assist)
		return NULL;
	assist->config = *config;
	assist->fd = -1;
	assist->timer = cmcld_loop_timer_add(config->loop, on_retry, assist);
	if (assist->timer < 0) {
		free(assist);
		return NULL;
	}
	cmcld_loop_timer_set(config->loop, assist->timer, base_clock_ns());
	return assist;
}

void cmcld_assist_configure(struct cmcld_assist *assist, const struct conf *conf)
{
	assist->config.self = conf_node_by_id(conf, assist->config.self->id);
	assist->config.conf = conf;
}

void cmcld_assist_destroy(struct cmcld_assist *assist)
{
	if (!assist)
		return;
	if (assist->fd >= 0)
		close(assist->fd);
	free(assist);
}
