/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * net: connections between hosts.  TCP with TLS 1.3 and a pre-shared key
 * ((EC)DHE, so that a key stolen later does not open old traffic), carrying
 * frames: a 32-bit big-endian length and that many bytes.  IPv4 and IPv6.
 * Nothing here blocks: all runs in the sd-event loop it is given, all calls
 * come from that loop's thread, and no callback may destroy what calls it unless
 * it says so.  Strangers cost a bounded amount of memory and time, change
 * nothing, are counted and reported.
 *
 * Built on this: net_session.h (messages between cmclds), net_qs.h (quorum
 * server), net_call.h (requests of commands and cmclconfd).
 */
#ifndef TOCSIN_NET_H
#define TOCSIN_NET_H

#include "base_key.h"

#include <sys/socket.h>
#include <systemd/sd-event.h>

#define NET_PORT_QS		1238	/* hacl-qs */
#define NET_PORT_SESSION	5300	/* hacl-hb, TCP; UDP is the kernel's */
#define NET_PORT_CONFIGURATION	5302	/* hacl-cfg */

#define NET_FRAME_MAX		(1024 * 1024)
#define NET_NAME_MAX		64	/* node and cluster names, with their NUL */
#define NET_ADDRESS_TEXT_MAX	64	/* "[ipv6]:port" with its NUL */

/* ---- addresses: numeric only, no name is ever resolved ---- */

struct net_address {
	struct sockaddr_storage storage;
	socklen_t size;
};

/**
 * net_address_parse - "10.0.0.1", "fd00::1", "fe80::1%eth0"; "*": any, both families
 * Return: 0, or -EINVAL when it is not a numeric address.
 */
int net_address_parse(const char *text, u16 port, struct net_address *address);
/* Write "10.0.0.1:5300" or "[fd00::1]:5300". */
void net_address_print(const struct net_address *address, char text[NET_ADDRESS_TEXT_MAX]);
u16 net_address_port(const struct net_address *address);
void net_address_set_port(struct net_address *address, u16 port);
/* Same host address, ports aside; an IPv4-mapped IPv6 address equals its IPv4. */
bool net_address_same_host(const struct net_address *a, const struct net_address *b);

/* ---- who is at the other end ---- */

/**
 * struct net_identity - what a client says it is, in its PSK identity:
 * "<cluster id, 16 hexadecimal digits>:<node name>:<cluster name>"
 * The key proves the cluster; the names are as good as the key's holders.
 */
struct net_identity {
	u64 cluster_id;		/* 0: not in a cluster yet */
	char node[NET_NAME_MAX];
	char cluster[NET_NAME_MAX];
};

/* ---- channel: one connection ---- */

struct net_channel;

/**
 * struct net_channel_ops - what a channel tells its owner
 * @up: handshake done: frames may be sent
 * @frame: one whole frame; @data is valid during the call only
 * @drained: a queue that a send had to leave behind is empty now (may be NULL)
 * @down: closed by the peer, by an error or by a time-out; @why says so in
 *	words.  Also called when the handshake fails.  The channel is gone after
 *	it.  Not called by net_channel_close().
 * Every callback may call net_channel_close().
 */
struct net_channel_ops {
	void (*up)(void *arg, struct net_channel *channel);
	void (*frame)(void *arg, struct net_channel *channel, const u8 *data, size_t size);
	void (*drained)(void *arg, struct net_channel *channel);
	void (*down)(void *arg, struct net_channel *channel, int error, const char *why);
};

/**
 * struct net_limits - 0 in a field means the default in brackets
 * @handshake_ns: longest TCP connect + TLS handshake [5 s]
 * @idle_ns: longest time without a byte from the peer; the owner sees to it that
 *	something is sent in time [0: no limit]
 * @frame_max: bytes, 1..NET_FRAME_MAX [NET_FRAME_MAX]
 * @queue_max: bytes that may wait to be sent [4 MiB]
 */
struct net_limits {
	u64 handshake_ns;
	u64 idle_ns;
	u32 frame_max;
	u32 queue_max;
};

/**
 * struct net_connect_config - an outgoing connection
 * @from: local address (port 0), or NULL
 * @key: pre-shared key, copied
 */
struct net_connect_config {
	sd_event *event;
	s64 priority;
	const struct net_address *to;
	const struct net_address *from;
	const struct net_identity *identity;
	const u8 *key;
	struct net_limits limits;
	const struct net_channel_ops *ops;
	void *arg;
};

/**
 * net_channel_connect - start to connect
 * Return: 0: @up or @down will follow, from the loop; -errno: nothing started.
 */
int net_channel_connect(const struct net_connect_config *config, struct net_channel **channel);

/**
 * net_channel_send - queue one frame
 * Return: 0; -ENOTCONN: not up; -EMSGSIZE: larger than frame_max; -ENOBUFS: the
 * queue is full, nothing was queued.
 */
int net_channel_send(struct net_channel *channel, const void *data, size_t size);

/* Close at once, without waiting for the queue; no callback follows. */
void net_channel_close(struct net_channel *channel);
/* Close when the queue has been sent, after at most one handshake time; no
 * callback follows. */
void net_channel_finish(struct net_channel *channel);

/* New owner for the callbacks from here on (of an accepted channel, mostly). */
void net_channel_own(struct net_channel *channel, const struct net_channel_ops *ops, void *arg);
void net_channel_set_idle(struct net_channel *channel, u64 idle_ns);

/* Fail with @error, -errno, from the loop: for those who cannot bear a callback now. */
void net_channel_give_up(struct net_channel *channel, int error);

size_t net_channel_queued(const struct net_channel *channel);
const struct net_address *net_channel_peer(const struct net_channel *channel);
const struct net_address *net_channel_local(const struct net_channel *channel);
/* Of an accepted channel: what the client said and the key proved. */
const struct net_identity *net_channel_identity(const struct net_channel *channel);

/* ---- listener ---- */

struct net_listener;

/**
 * struct net_listener_config
 * @addresses, @count: where to listen
 * @fd: a listening socket instead (systemd socket activation) when @count is 0
 * @free_bind: listen also on an address that no interface has yet
 * @half_open_max: handshakes under way at once [64].  At the limit the oldest
 *	makes room once it had a quarter of a second; until then new ones wait in
 *	the kernel's queue.  So neither those who only hold a connection nor a
 *	crowd of honest clients keeps others out
 * @half_open_per_host_max: of these, from one address [16]; the oldest of that
 *	address makes room at once
 * @channels_max: connections that are up at once [512]
 * @key_of: the key for a client, or -errno to refuse it; @from is its address.
 *	A key given still has to be proved by the client.
 * @accepted: a channel is up and proven; the listener's owner takes it by
 *	net_channel_own() before it returns, or closes it
 * @refused: a connection was closed before it was up: no key, wrong key, not
 *	TLS, time-out, limit.  At most one call a second for one address;
 *	@times: refusals since the last call for it (this one included)
 */
struct net_listener_config {
	sd_event *event;
	s64 priority;
	const struct net_address *addresses;
	unsigned int count;
	int fd;
	bool free_bind;
	unsigned int half_open_max;
	unsigned int half_open_per_host_max;
	unsigned int channels_max;
	struct net_limits limits;
	int (*key_of)(void *arg, const struct net_identity *identity,
		      const struct net_address *from, u8 key[BASE_KEY_SIZE]);
	void (*accepted)(void *arg, struct net_channel *channel);
	void (*refused)(void *arg, const struct net_address *from, const char *why, u64 times);
	void *arg;
};

struct net_listener_stats {
	u64 accepted;			/* TCP connections */
	u64 up;				/* of these, proven */
	u64 refused_key;		/* unknown identity or wrong key */
	u64 refused_protocol;		/* not TLS, wrong version, garbage */
	u64 refused_timeout;
	u64 refused_limit;
	unsigned int half_open;
	unsigned int channels;
};

/* Return: 0, or -errno of socket, bind (-EADDRINUSE, -EADDRNOTAVAIL), memory. */
int net_listener_create(const struct net_listener_config *config, struct net_listener **listener);
/* Stop listening; channels already taken over live on. */
void net_listener_destroy(struct net_listener *listener);
void net_listener_stats_get(const struct net_listener *listener,
			    struct net_listener_stats *stats);

#endif
