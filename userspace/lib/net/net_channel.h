/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What net_channel.c and net_listener.c share. */
#ifndef TOCSIN_NET_CHANNEL_H
#define TOCSIN_NET_CHANNEL_H

#include "net_tls.h"

#define NET_WHY_MAX	160

enum net_channel_state {
	NET_CHANNEL_CONNECTING,		/* TCP */
	NET_CHANNEL_HANDSHAKE,		/* TLS */
	NET_CHANNEL_UP,
	NET_CHANNEL_FINISHING,		/* flushes its queue, then closes */
	NET_CHANNEL_CLOSED,		/* waits for the last user to let go */
};

/* Bytes waiting, from @from to @to. */
struct net_buffer {
	u8 *data;
	size_t from, to, room;
};

struct net_channel {
	enum net_channel_state state;
	unsigned int users;		/* frames of this file on the stack */
	int fd;
	struct net_tls tls;
	sd_event *event;
	sd_event_source *source;
	sd_event_source *timer;
	s64 priority;
	struct net_limits limits;
	u64 started_ns, heard_ns;
	u64 due_ns;			/* the timer, when up */
	struct net_address peer, local;
	struct net_identity identity;
	struct net_buffer in, out;
	size_t sending;			/* bytes GnuTLS holds after -EAGAIN */
	int failed;			/* error of a write outside the loop */
	bool tell_drained;		/* when the queue is empty */
	unsigned int turn;		/* frames delivered in this turn of the loop */
	bool more;			/* some are left for the next */
	const struct net_channel_ops *ops;
	void *arg;
	struct net_listener *listener;	/* of an accepted channel, while it lives */
	struct net_channel *next, *previous;	/* in the listener's list */
};

/* An accepted TCP connection; takes over @fd, also on error. */
int net_channel_accept(struct net_listener *listener, int fd, struct net_channel **channel);

/* Callbacks into net_listener.c. */
int net_listener_key(void *channel, const void *name, size_t size, u8 key[BASE_KEY_SIZE]);
void net_listener_forget(struct net_listener *listener, struct net_channel *channel);
const struct net_listener_config *net_listener_config_of(const struct net_listener *listener);
const struct net_channel_ops *net_listener_ops(void);

int net_buffer_reserve(struct net_buffer *buffer, size_t size, size_t max);
void net_buffer_free(struct net_buffer *buffer);

/* Socket options every connection has. */
void net_socket_tune(int fd, int family, u64 idle_ns);

#endif
