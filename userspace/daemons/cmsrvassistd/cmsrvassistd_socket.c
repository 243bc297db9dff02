// SPDX-License-Identifier: GPL-2.0-or-later
/* The door to cmcld: one client, one message a packet. */
#include "cmsrvassistd.h"

#include <tocsin/base.h>
#include <tocsin/base_log.h>

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static u8 buffer[ASSIST_MESSAGE_MAX];

static void client_drop(struct assistd *assistd)
{
	if (assistd->client_fd < 0)
		return;
	assistd->client_source = sd_event_source_disable_unref(assistd->client_source);
	close(assistd->client_fd);
	assistd->client_fd = -1;
	assistd->hello = false;
	assistd->ready_due = false;
}

void assistd_send(struct assistd *assistd, struct assist_message *message)
{
	static u8 out[ASSIST_MESSAGE_MAX];
	int length;

	if (assistd->client_fd < 0)
		return;
	message->head.t_ns = base_clock_ns();
	message->head.incarnation = assistd->incarnation;
	length = assist_encode(message, out, sizeof(out));
	core_assert(length > 0);
	if (send(assistd->client_fd, out, (size_t)length, MSG_DONTWAIT | MSG_NOSIGNAL) == length)
		return;
	base_log(BASE_LOG_WARNING, "cmcld does not take messages (%s): it will connect again "
		 "and be told all", strerror(errno));
	client_drop(assistd);
}

void assistd_step_send(struct assistd_package *package, const char *format, ...)
{
	char text[ASSISTD_PATH_MAX];
	struct assist_message message = { .head = {
		.type = ASSIST_STEP, .slot = package->slot, .run = package->run } };
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	message.package.name = package->def.name;
	message.text = text;
	assistd_send(package->assistd, &message);
}

void assistd_ready_check(struct assistd *assistd)
{
	struct assist_message message = { .head.type = ASSIST_FOUND };

	if (!assistd->ready_due)
		return;
	for (struct assistd_package *p = assistd->packages; p; p = p->next)
		if (p->phase == ASSISTD_PURGING)
			return;
	for (struct assistd_package *p = assistd->packages; p; p = p->next) {
		if (p->phase != ASSISTD_UP)
			continue;
		message.head.run = p->run;
		message.head.slot = p->slot;
		message.head.number = (s32)assistd_services_alive(p);
		message.package.name = p->def.name;
		assistd_send(assistd, &message);
	}
	memset(&message, 0, sizeof(message));
	message.head.type = ASSIST_READY;
	assistd->ready_due = false;
	assistd_send(assistd, &message);
}

static bool address_owned(const struct assistd *assistd, const struct conf_address *address)
{
	for (const struct assistd_package *p = assistd->packages; p; p = p->next) {
		if (p->phase == ASSISTD_IDLE)
			continue;
		for (u16 i = 0; i < p->def.address_count; i++)
			if (!memcmp(p->def.address[i].address.byte, address->byte, 16) &&
			    p->def.address[i].address.family == address->family)
				return true;
	}
	return false;
}

/* Addresses of packages that do not run here must not be here. */
static void sweep(struct assistd *assistd, const struct assist_message *message)
{
	for (u16 i = 0; i < message->address_count; i++) {
		const struct conf_address *address = &message->address[i].address;

		if (!address_owned(assistd, address) && assistd_address_remove(address) > 0)
			base_log(BASE_LOG_NOTICE, "a stale relocatable address was removed");
	}
}

/* What was started for another incarnation of this node must end. */
static void hello(struct assistd *assistd, const struct assist_message *message)
{
	struct assistd_package *next;

	base_str_print(assistd->node, sizeof(assistd->node), "%s", message->package.node);
	base_str_print(assistd->cluster, sizeof(assistd->cluster), "%s",
		       message->package.cluster);
	assistd->incarnation = message->head.incarnation;
	assistd->hello = true;
	assistd->ready_due = true;
	for (struct assistd_package *p = assistd->packages; p; p = next) {
		next = p->next;
		if (p->incarnation == assistd->incarnation)
			continue;
		if (p->phase != ASSISTD_IDLE && p->phase != ASSISTD_PURGING)
			assistd_package_purge(p);
		p->incarnation = assistd->incarnation;
	}
	sweep(assistd, message);
	assistd_ready_check(assistd);
}

static void dispatch(struct assistd *assistd, const struct assist_message *message,
		     size_t length)
{
	if (!assistd->hello && message->head.type != ASSIST_HELLO) {
		base_log(BASE_LOG_ERROR, "cmcld did not say HELLO first: message refused");
		return;
	}
	switch ((enum assist_type)message->head.type) {
	case ASSIST_HELLO:
		hello(assistd, message);
		break;
	case ASSIST_START:
		assistd_package_start(assistd, message, buffer, length);
		break;
	case ASSIST_HALT:
		assistd_package_halt(assistd, message, buffer, length);
		break;
	case ASSIST_SERVICE_START:
		assistd_service_again(assistd, message);
		break;
	default:
		base_log(BASE_LOG_ERROR, "message of type %u is not for cmsrvassistd",
			 message->head.type);
		break;
	}
}

static int client_ready(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct assistd *assistd = data;
	static struct assist_message message;
	ssize_t length = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT | MSG_TRUNC);
	const char *why;

	if (length < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (length <= 0) {
		base_log(BASE_LOG_NOTICE, "cmcld has closed its connection; packages go on");
		client_drop(assistd);
		return 0;
	}
	if (length > (ssize_t)sizeof(buffer)) {
		base_log(BASE_LOG_ERROR, "message of %zd bytes: larger than can be", length);
		return 0;
	}
	if (assist_decode(&message, buffer, (size_t)length, &why)) {
		base_log(BASE_LOG_ERROR, "message from cmcld refused: %s", why);
		return 0;
	}
	dispatch(assistd, &message, (size_t)length);
	return 0;
}

static int client_new(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct assistd *assistd = data;
	int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	int room = (int)(8 * ASSIST_MESSAGE_MAX);
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (client < 0)
		return 0;
	if (getsockopt(client, SOL_SOCKET, SO_PEERCRED, &peer, &size) || peer.uid != geteuid()) {
		base_log(BASE_LOG_WARNING, "a process of uid %u wanted to be cmcld: refused",
			 peer.uid);
		close(client);
		return 0;
	}
	client_drop(assistd);
	setsockopt(client, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
	assistd->client_fd = client;
	if (sd_event_add_io(assistd->event, &assistd->client_source, client, EPOLLIN,
			    client_ready, assistd) < 0)
		client_drop(assistd);
	return 0;
}

static int listener_bind(int fd, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	mode_t before;
	int err = base_str_copy(address.sun_path, sizeof(address.sun_path), path);

	if (err)
		return err;
	unlink(path);
	before = umask(0177);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, 4))
		err = -errno;
	umask(before);
	return err;
}

int assistd_socket_open(struct assistd *assistd)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), err;

	if (fd < 0)
		return -errno;
	err = listener_bind(fd, assistd->socket_path);
	if (!err)
		err = sd_event_add_io(assistd->event, NULL, fd, EPOLLIN, client_new, assistd);
	if (err < 0) {
		close(fd);
		return err;
	}
	assistd->listen_fd = fd;
	return 0;
}

void assistd_socket_close(struct assistd *assistd)
{
	client_drop(assistd);
	close(assistd->listen_fd);
	unlink(assistd->socket_path);
}
