// SPDX-License-Identifier: GPL-2.0-or-later
#include "net_channel.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#define HANDSHAKE_NS_DEFAULT	(5 * BASE_NS_PER_S)
#define QUEUE_MAX_DEFAULT	(4u << 20)
#define HEADER_SIZE		4
#define RECORD_SIZE		16384
/* Records taken in one turn of the loop: other sources want theirs. */
#define READS_PER_TURN		16
/* A frame may be dear (a quorum server writes to disk), and small. */
#define FRAMES_PER_TURN		64
#define DSCP_CS6		0xc0

static void set_option(int fd, int level, int name, int value)
{
	/* Each is an improvement that the connection can do without. */
	(void)setsockopt(fd, level, name, &value, sizeof(value));
}

void net_socket_tune(int fd, int family, u64 idle_ns)
{
	u64 silence_ms = (idle_ns ? idle_ns : 20 * BASE_NS_PER_S) / BASE_NS_PER_MS;

	set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, (int)silence_ms);
	set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, 10);
	set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, 5);
	if (family == AF_INET6)
		set_option(fd, IPPROTO_IPV6, IPV6_TCLASS, DSCP_CS6);
	else
		set_option(fd, IPPROTO_IP, IP_TOS, DSCP_CS6);
}

static void release(struct net_channel *channel)
{
	if (--channel->users || channel->state != NET_CHANNEL_CLOSED)
		return;
	free(channel);
}

/* Everything but the memory, which may still be in use further up the stack. */
static void tear_down(struct net_channel *channel)
{
	if (channel->state == NET_CHANNEL_CLOSED)
		return;
	if (channel->listener)
		net_listener_forget(channel->listener, channel);
	channel->state = NET_CHANNEL_CLOSED;
	channel->source = sd_event_source_disable_unref(channel->source);
	channel->timer = sd_event_source_disable_unref(channel->timer);
	net_tls_stop(&channel->tls);
	close(channel->fd);
	net_buffer_free(&channel->in);
	net_buffer_free(&channel->out);
}

void net_channel_close(struct net_channel *channel)
{
	if (!channel)
		return;
	channel->users++;
	tear_down(channel);
	release(channel);
}

static void fail(struct net_channel *channel, int error, const char *why)
{
	bool tell = channel->state != NET_CHANNEL_FINISHING &&
		    channel->state != NET_CHANNEL_CLOSED;

	channel->users++;
	/* The owner may look at peer and identity, and may call close(). */
	if (tell && channel->ops->down)
		channel->ops->down(channel->arg, channel, error, why);
	tear_down(channel);
	release(channel);
}

/* What the loop waits for now. */
static void watch(struct net_channel *channel)
{
	u32 events = EPOLLIN;

	if (channel->state == NET_CHANNEL_CONNECTING)
		events = EPOLLOUT;
	else if (channel->state == NET_CHANNEL_HANDSHAKE)
		events = net_tls_wants_write(&channel->tls) ? EPOLLOUT : EPOLLIN;
	else if (channel->state == NET_CHANNEL_FINISHING)
		events = EPOLLOUT;
	else if (channel->out.from < channel->out.to || channel->failed || channel->more)
		events |= EPOLLOUT;
	sd_event_source_set_io_events(channel->source, events);
}

/* Send until the queue is empty (0) or the socket is full (-EAGAIN). */
static int flush(struct net_channel *channel)
{
	struct net_buffer *out = &channel->out;

	while (out->from < out->to) {
		size_t size = out->to - out->from;
		ssize_t put;

		if (size > RECORD_SIZE)
			size = RECORD_SIZE;
		put = net_tls_write(&channel->tls, channel->sending ? NULL : out->data + out->from,
				    size);
		if (put == -EAGAIN) {
			if (!channel->sending)
				channel->sending = size;
			return -EAGAIN;
		}
		if (put < 0)
			return (int)put;
		channel->sending = 0;
		out->from += (size_t)put;
	}
	out->from = 0;
	out->to = 0;
	return 0;
}

int net_channel_send(struct net_channel *channel, const void *data, size_t size)
{
	u32 length = htonl((u32)size);
	int err;

	if (channel->state != NET_CHANNEL_UP || channel->failed)
		return -ENOTCONN;
	if (!size || size > channel->limits.frame_max)
		return -EMSGSIZE;
	err = net_buffer_reserve(&channel->out, HEADER_SIZE + size, channel->limits.queue_max);
	if (err)
		return err;
	memcpy(channel->out.data + channel->out.to, &length, HEADER_SIZE);
	memcpy(channel->out.data + channel->out.to + HEADER_SIZE, data, size);
	channel->out.to += HEADER_SIZE + size;
	err = flush(channel);
	/* Errors are told from the loop: the caller is not ready for callbacks. */
	if (err == -EAGAIN)
		channel->tell_drained = true;
	else if (err)
		channel->failed = err;
	watch(channel);
	return 0;
}

/* Hand over whole frames. Returns 0 or an error; stops when closed, or for this turn. */
static int deliver(struct net_channel *channel)
{
	channel->more = false;
	while (channel->state == NET_CHANNEL_UP) {
		struct net_buffer *in = &channel->in;
		size_t have = in->to - in->from;
		const u8 *frame;
		u32 length;

		if (have < HEADER_SIZE)
			break;
		memcpy(&length, in->data + in->from, HEADER_SIZE);
		length = ntohl(length);
		if (!length || length > channel->limits.frame_max)
			return -EMSGSIZE;
		if (have < HEADER_SIZE + length)
			break;
		if (channel->turn++ == FRAMES_PER_TURN) {
			channel->more = true;
			break;
		}
		frame = in->data + in->from + HEADER_SIZE;
		in->from += HEADER_SIZE + length;
		channel->ops->frame(channel->arg, channel, frame, length);
	}
	if (channel->state != NET_CHANNEL_CLOSED && channel->in.from == channel->in.to) {
		channel->in.from = 0;
		channel->in.to = 0;
	}
	return 0;
}

/* 0: there may be more; -EAGAIN: no more for now. */
static int read_record(struct net_channel *channel)
{
	ssize_t got;
	int err;

	/* A record is read whole, so that nothing stays hidden in GnuTLS. */
	err = net_buffer_reserve(&channel->in, RECORD_SIZE,
				 channel->limits.frame_max + HEADER_SIZE + 2 * RECORD_SIZE);
	if (err)
		return err;
	got = net_tls_read(&channel->tls, channel->in.data + channel->in.to, RECORD_SIZE);
	if (got < 0)
		return (int)got;
	channel->heard_ns = base_clock_ns();
	channel->in.to += (size_t)got;
	return deliver(channel);
}

static const char *reading_error(int err)
{
	switch (err) {
	case -ECONNRESET:
		return "connection closed by the other end";
	case -EMSGSIZE:
		return "frame length out of range";
	case -ENOBUFS:
		return "the other end does not read";
	case -ENOMEM:
		return "out of memory";
	default:
		return "connection broken";
	}
}

static void run_up(struct net_channel *channel)
{
	unsigned int reads = 0;
	int err = channel->failed;

	if (!err)
		err = flush(channel);
	if (!err && channel->state == NET_CHANNEL_UP && channel->tell_drained) {
		channel->tell_drained = false;
		if (channel->ops->drained)
			channel->ops->drained(channel->arg, channel);
	}
	if (err == -EAGAIN)
		err = 0;
	channel->turn = 0;
	if (!err && channel->more)
		err = deliver(channel);
	while (!err && channel->state == NET_CHANNEL_UP && !channel->more &&
	       reads++ < READS_PER_TURN)
		err = read_record(channel);
	if (channel->state == NET_CHANNEL_CLOSED)
		return;
	if (channel->state == NET_CHANNEL_FINISHING && channel->out.from == channel->out.to)
		err = -ECONNRESET;
	if (err && err != -EAGAIN)
		fail(channel, err, reading_error(err));
}

static void set_timer(struct net_channel *channel, u64 delay_ns)
{
	channel->due_ns = base_clock_ns() + delay_ns;
	sd_event_source_set_time_relative(channel->timer, delay_ns / BASE_NS_PER_US + 1);
	sd_event_source_set_enabled(channel->timer, SD_EVENT_ONESHOT);
}

static void come_up(struct net_channel *channel)
{
	channel->state = NET_CHANNEL_UP;
	channel->heard_ns = base_clock_ns();
	net_channel_set_idle(channel, channel->limits.idle_ns);
	channel->ops->up(channel->arg, channel);
}

static void run_handshake(struct net_channel *channel)
{
	char why[NET_WHY_MAX] = "";
	int err = net_tls_handshake(&channel->tls, why, sizeof(why));

	if (err == -EAGAIN)
		return;
	if (err) {
		fail(channel, err, why);
		return;
	}
	come_up(channel);
	/* What the peer sent along with the end of its handshake. */
	if (channel->state == NET_CHANNEL_UP)
		run_up(channel);
}

static void finish_connect(struct net_channel *channel)
{
	socklen_t size = sizeof(int);
	int error = 0;

	if (getsockopt(channel->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		error = errno;
	if (error) {
		fail(channel, -error, strerror(error));
		return;
	}
	channel->local.size = sizeof(channel->local.storage);
	getsockname(channel->fd, (struct sockaddr *)&channel->local.storage,
		    &channel->local.size);
	channel->state = NET_CHANNEL_HANDSHAKE;
	run_handshake(channel);
}

static int on_io(sd_event_source *source, int fd, u32 events, void *arg)
{
	struct net_channel *channel = arg;

	channel->users++;
	if (channel->state == NET_CHANNEL_CONNECTING)
		finish_connect(channel);
	else if (channel->state == NET_CHANNEL_HANDSHAKE)
		run_handshake(channel);
	else
		run_up(channel);
	if (channel->state != NET_CHANNEL_CLOSED)
		watch(channel);
	release(channel);
	return 0;
}

/*
 * The peer was silent, unless it is we who were late: then its data is waiting,
 * or what it answers to was sent late.
 */
static void check_idle(struct net_channel *channel)
{
	u64 idle_ns = channel->limits.idle_ns;
	bool late = base_clock_ns() - channel->due_ns > idle_ns / 4;
	u64 silent;

	channel->users++;
	run_up(channel);
	if (channel->state == NET_CHANNEL_UP) {
		watch(channel);
		/* What has come and waits for its turn is no silence. */
		if (channel->more)
			channel->heard_ns = base_clock_ns();
		silent = base_clock_ns() - channel->heard_ns;
		if (silent >= idle_ns && late)
			set_timer(channel, idle_ns);
		else if (silent >= idle_ns)
			fail(channel, -ETIMEDOUT, "silent for too long");
		else
			set_timer(channel, idle_ns - silent);
	}
	release(channel);
}

static int on_timer(sd_event_source *source, u64 usec, void *arg)
{
	struct net_channel *channel = arg;

	if (channel->state == NET_CHANNEL_CONNECTING)
		fail(channel, -ETIMEDOUT, "no answer (TCP connect timed out)");
	else if (channel->state == NET_CHANNEL_HANDSHAKE)
		fail(channel, -ETIMEDOUT, "handshake timed out");
	else if (channel->state == NET_CHANNEL_FINISHING)
		fail(channel, -ETIMEDOUT, "silent for too long");
	else
		check_idle(channel);
	return 0;
}

static void default_limits(struct net_limits *limits)
{
	if (!limits->handshake_ns)
		limits->handshake_ns = HANDSHAKE_NS_DEFAULT;
	if (!limits->frame_max || limits->frame_max > NET_FRAME_MAX)
		limits->frame_max = NET_FRAME_MAX;
	if (!limits->queue_max)
		limits->queue_max = QUEUE_MAX_DEFAULT;
}

/* Sources for a channel whose fd and event are set. */
static int start_sources(struct net_channel *channel, u32 events)
{
	int err = sd_event_add_io(channel->event, &channel->source, channel->fd, events, on_io,
				  channel);

	if (err < 0)
		return err;
	err = sd_event_add_time_relative(channel->event, &channel->timer, CLOCK_BOOTTIME,
					 channel->limits.handshake_ns / BASE_NS_PER_US, 1000,
					 on_timer, channel);
	if (err < 0)
		return err;
	sd_event_source_set_priority(channel->source, channel->priority);
	sd_event_source_set_priority(channel->timer, channel->priority);
	return 0;
}

static int open_socket(struct net_channel *channel, const struct net_address *from)
{
	int family = channel->peer.storage.ss_family;

	channel->fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (channel->fd < 0)
		return -errno;
	net_socket_tune(channel->fd, family, channel->limits.idle_ns);
	if (from) {
		set_option(channel->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
		if (bind(channel->fd, (const struct sockaddr *)&from->storage, from->size) < 0)
			return -errno;
	}
	if (connect(channel->fd, (const struct sockaddr *)&channel->peer.storage,
		    channel->peer.size) < 0 && errno != EINPROGRESS)
		return -errno;
	return 0;
}

int net_channel_connect(const struct net_connect_config *config, struct net_channel **out)
{
	struct net_channel *channel = calloc(1, sizeof(*channel));
	int err;

	*out = NULL;
	if (!channel)
		return -ENOMEM;
	channel->fd = -1;
	channel->event = config->event;
	channel->priority = config->priority;
	channel->limits = config->limits;
	default_limits(&channel->limits);
	channel->peer = *config->to;
	channel->identity = *config->identity;
	channel->ops = config->ops;
	channel->arg = config->arg;
	channel->started_ns = base_clock_ns();
	err = open_socket(channel, config->from);
	if (!err)
		err = net_tls_start_client(&channel->tls, channel->fd, config->identity,
					   config->key);
	if (!err)
		err = start_sources(channel, EPOLLOUT);
	if (err) {
		net_channel_close(channel);
		return err;
	}
	*out = channel;
	return 0;
}

int net_channel_accept(struct net_listener *listener, int fd, struct net_channel **out)
{
	const struct net_listener_config *config = net_listener_config_of(listener);
	struct net_channel *channel = calloc(1, sizeof(*channel));
	int err;

	*out = NULL;
	if (!channel) {
		close(fd);
		return -ENOMEM;
	}
	channel->fd = fd;
	channel->event = config->event;
	channel->priority = config->priority;
	channel->limits = config->limits;
	default_limits(&channel->limits);
	channel->state = NET_CHANNEL_HANDSHAKE;
	channel->ops = net_listener_ops();
	channel->arg = listener;
	channel->started_ns = base_clock_ns();
	channel->peer.size = sizeof(channel->peer.storage);
	channel->local.size = sizeof(channel->local.storage);
	if (getpeername(fd, (struct sockaddr *)&channel->peer.storage, &channel->peer.size) < 0 ||
	    getsockname(fd, (struct sockaddr *)&channel->local.storage, &channel->local.size) < 0)
		err = -errno;
	else
		err = net_tls_start_server(&channel->tls, fd, net_listener_key, channel);
	if (!err) {
		net_socket_tune(fd, channel->peer.storage.ss_family, channel->limits.idle_ns);
		err = start_sources(channel, EPOLLIN);
	}
	if (err) {
		net_channel_close(channel);
		return err;
	}
	channel->listener = listener;
	*out = channel;
	return 0;
}

void net_channel_finish(struct net_channel *channel)
{
	if (channel->state != NET_CHANNEL_UP || channel->out.from == channel->out.to) {
		net_channel_close(channel);
		return;
	}
	channel->state = NET_CHANNEL_FINISHING;
	set_timer(channel, channel->limits.handshake_ns);
	watch(channel);
}

void net_channel_own(struct net_channel *channel, const struct net_channel_ops *ops, void *arg)
{
	channel->ops = ops;
	channel->arg = arg;
}

void net_channel_set_idle(struct net_channel *channel, u64 idle_ns)
{
	channel->limits.idle_ns = idle_ns;
	if (channel->state != NET_CHANNEL_UP || channel->failed)
		return;
	if (idle_ns)
		set_timer(channel, idle_ns);
	else
		sd_event_source_set_enabled(channel->timer, SD_EVENT_OFF);
}

void net_channel_give_up(struct net_channel *channel, int error)
{
	if (channel->state != NET_CHANNEL_UP || channel->failed)
		return;
	channel->failed = error;
	set_timer(channel, 1);
}

size_t net_channel_queued(const struct net_channel *channel)
{
	return channel->out.to - channel->out.from;
}

const struct net_address *net_channel_peer(const struct net_channel *channel)
{
	return &channel->peer;
}

const struct net_address *net_channel_local(const struct net_channel *channel)
{
	return &channel->local;
}

const struct net_identity *net_channel_identity(const struct net_channel *channel)
{
	return &channel->identity;
}
