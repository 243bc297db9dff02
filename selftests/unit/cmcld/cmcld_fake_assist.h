/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A cmsrvassistd of a test that does everything at once and writes down who runs what. */
#ifndef CMCLD_FAKE_ASSIST_H
#define CMCLD_FAKE_ASSIST_H

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <tocsin/assist.h>
#include <tocsin/conf.h>
#include <tocsin/pkg.h>

#define ASSIST_POLL_MS	20

struct assistant {
	int listener;
	int client;
	pthread_t thread;
	char path[100];
	atomic_uint running;		/* run number of package web, 0: halted */
	atomic_bool stop;
	struct assist_message in, out;
	u8 buffer[ASSIST_MESSAGE_MAX];
};

static void assist_send(struct assistant *assistant, const struct assist_message *message)
{
	int size = assist_encode(message, assistant->buffer, sizeof(assistant->buffer));

	core_assert(size > 0);
	if (send(assistant->client, assistant->buffer, (size_t)size, MSG_NOSIGNAL) < 0)
		return;
}

static void assist_answer(struct assistant *assistant)
{
	const struct assist_message *in = &assistant->in;
	struct assist_message *out = &assistant->out;
	char name[CONF_NAME_MAX + 1] = "";
	bool web;

	if (in->package.name)
		snprintf(name, sizeof(name), "%s", in->package.name);
	web = !strcmp(name, "web");
	memset(out, 0, sizeof(*out));
	out->head = in->head;
	out->package.name = name;
	switch (in->head.type) {
	case ASSIST_HELLO:
		out->head.type = ASSIST_READY;
		break;
	case ASSIST_START:
		if (web)
			atomic_store(&assistant->running, in->head.run);
		out->head.type = ASSIST_STARTED;
		out->head.number = PKG_OK;
		break;
	case ASSIST_HALT:
		if (web)
			atomic_store(&assistant->running, 0);
		out->head.type = ASSIST_HALTED;
		out->head.number = PKG_OK;
		break;
	default:
		return;
	}
	assist_send(assistant, out);
}

static void assist_serve(struct assistant *assistant)
{
	struct pollfd fd = { .fd = assistant->client, .events = POLLIN };
	const char *why;
	ssize_t size;

	while (!atomic_load(&assistant->stop)) {
		if (poll(&fd, 1, ASSIST_POLL_MS) <= 0)
			continue;
		size = recv(assistant->client, assistant->buffer,
			    sizeof(assistant->buffer), 0);
		if (size <= 0)
			return;
		core_assert(!assist_decode(&assistant->in, assistant->buffer, (size_t)size,
					   &why));
		assist_answer(assistant);
	}
}

static void *assist_run(void *arg)
{
	struct assistant *assistant = arg;
	struct pollfd fd = { .fd = assistant->listener, .events = POLLIN };

	while (!atomic_load(&assistant->stop)) {
		if (poll(&fd, 1, ASSIST_POLL_MS) <= 0)
			continue;
		assistant->client = accept(assistant->listener, NULL, NULL);
		assist_serve(assistant);
		close(assistant->client);
	}
	close(assistant->listener);
	return NULL;
}

/* Its socket is made in @dir. */
static void assist_start(struct assistant *assistant, const char *dir, int i)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	memset(assistant, 0, sizeof(*assistant));
	snprintf(assistant->path, sizeof(assistant->path), "%s/assist%d", dir, i);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", assistant->path);
	unlink(assistant->path);
	assistant->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(assistant->listener, (struct sockaddr *)&address,
			      sizeof(address)), 0);
	assert_int_equal(listen(assistant->listener, 4), 0);
	assert_int_equal(pthread_create(&assistant->thread, NULL, assist_run, assistant), 0);
}

static void assist_stop(struct assistant *assistant)
{
	atomic_store(&assistant->stop, true);
	pthread_join(assistant->thread, NULL);
	unlink(assistant->path);
}

#endif
