/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A TCP proxy in the loop of the test: forwards, breaks, swallows, refuses. */
#ifndef TOCSIN_NET_SESSION_PROXY_H
#define TOCSIN_NET_SESSION_PROXY_H

#include "net_testing.h"

#include <sys/epoll.h>

struct proxy;

struct proxy_pipe {
	struct proxy_pipe *next;
	struct proxy *proxy;
	int fd[2];
	sd_event_source *source[2];
	bool dead;
};

struct proxy {
	sd_event *event;
	sd_event_source *source;
	int fd;
	struct net_address at, to;
	struct proxy_pipe *pipes;
	bool swallow;		/* reads, and throws away */
	bool refuse;
};

static inline void proxy_pipe_kill(struct proxy_pipe *pipe, bool reset)
{
	struct linger linger = { .l_onoff = 1, .l_linger = 0 };
	int i;

	if (pipe->dead)
		return;
	pipe->dead = true;
	for (i = 0; i < 2; i++) {
		pipe->source[i] = sd_event_source_disable_unref(pipe->source[i]);
		if (reset)
			setsockopt(pipe->fd[i], SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
		close(pipe->fd[i]);
	}
}

static inline int proxy_on_data(sd_event_source *source, int fd, u32 events, void *arg)
{
	struct proxy_pipe *pipe = arg;
	int other = fd == pipe->fd[0] ? pipe->fd[1] : pipe->fd[0];
	u8 data[4096];
	ssize_t got = recv(fd, data, sizeof(data), MSG_DONTWAIT);
	ssize_t at = 0;

	if (got < 0 && errno == EAGAIN)
		return 0;
	if (got <= 0) {
		proxy_pipe_kill(pipe, false);
		return 0;
	}
	while (!pipe->proxy->swallow && at < got) {
		ssize_t put = send(other, data + at, (size_t)(got - at),
				   MSG_NOSIGNAL | MSG_DONTWAIT);

		if (put < 0) {
			/* A full socket in a test of this size: treat as broken. */
			proxy_pipe_kill(pipe, true);
			return 0;
		}
		at += put;
	}
	return 0;
}

static inline int proxy_on_accept(sd_event_source *source, int listen_fd, u32 events, void *arg)
{
	struct proxy *proxy = arg;
	struct proxy_pipe *pipe = calloc(1, sizeof(*pipe));
	int i, large = 4 << 20;

	pipe->proxy = proxy;
	pipe->fd[0] = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
	pipe->fd[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	for (i = 0; i < 2; i++)
		setsockopt(pipe->fd[i], SOL_SOCKET, SO_SNDBUFFORCE, &large, sizeof(large));
	if (proxy->refuse || connect(pipe->fd[1], (struct sockaddr *)&proxy->to.storage,
				     proxy->to.size) < 0) {
		close(pipe->fd[0]);
		close(pipe->fd[1]);
		free(pipe);
		return 0;
	}
	for (i = 0; i < 2; i++)
		sd_event_add_io(proxy->event, &pipe->source[i], pipe->fd[i], EPOLLIN,
				proxy_on_data, pipe);
	pipe->next = proxy->pipes;
	proxy->pipes = pipe;
	return 0;
}

static inline void proxy_start(struct proxy *proxy, sd_event *event,
			       const struct net_address *at, const struct net_address *to)
{
	int one = 1;

	memset(proxy, 0, sizeof(*proxy));
	proxy->event = event;
	proxy->at = *at;
	proxy->to = *to;
	proxy->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(proxy->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	assert_int_equal(bind(proxy->fd, (const struct sockaddr *)&at->storage, at->size), 0);
	assert_int_equal(listen(proxy->fd, 20), 0);
	assert_true(sd_event_add_io(event, &proxy->source, proxy->fd, EPOLLIN, proxy_on_accept,
				    proxy) >= 0);
}

static inline void proxy_refuse(struct proxy *proxy, bool refuse)
{
	proxy->refuse = refuse;
}

/* Cut all connections; @reset: what is on its way is lost, too. */
static inline void proxy_break(struct proxy *proxy, bool reset)
{
	struct proxy_pipe *pipe;

	for (pipe = proxy->pipes; pipe; pipe = pipe->next)
		proxy_pipe_kill(pipe, reset);
}

static inline void proxy_stop(struct proxy *proxy)
{
	proxy_break(proxy, true);
	while (proxy->pipes) {
		struct proxy_pipe *pipe = proxy->pipes;

		proxy->pipes = pipe->next;
		free(pipe);
	}
	sd_event_source_disable_unref(proxy->source);
	close(proxy->fd);
}

#endif
