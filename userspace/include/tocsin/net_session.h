/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sessions: numbered, acknowledged messages between the cmclds of two nodes
 * that survive a broken connection.  One TLS connection for each configured
 * path (heartbeat subnet); one is used, the others stand by.  The node with the
 * lower id connects to the one with the higher id, on each path, and again
 * after a break (back-off 50 ms to 2 s; at once when the kernel says the path
 * is up).
 *
 * Promise: between two processes (one incarnation and one life of a cmcld at
 * either end) the messages delivered are a prefix of those sent: in order, none
 * twice, none left out.  When either end starts anew, what was not yet
 * acknowledged is dropped and @peer_reset says so before anything else arrives.
 */
#ifndef TOCSIN_NET_SESSION_H
#define TOCSIN_NET_SESSION_H

#include "net.h"

#define NET_SESSION_PATHS_MAX	8
#define NET_SESSION_MESSAGE_MAX	(NET_FRAME_MAX - 1024)

/* What a message carries; receivers ignore and count types unknown to them. */
enum net_session_type {
	NET_SESSION_MEMBER	= 1,	/* struct member_message, net_member.h */
	NET_SESSION_STATE	= 2,	/* replicated state: update, commit, transfer */
	NET_SESSION_PACKAGE	= 3,
	NET_SESSION_ADMIN	= 4,	/* JSON requests forwarded between cmclds */
};

struct net_sessions;

/**
 * struct net_session_ops
 * @message: one message, in order; @data valid during the call only
 * @peer_reset: first contact with this incarnation and life of the peer: its
 *	numbering starts anew; @dropped: own messages that were never
 *	acknowledged by the former one
 * @peer_state: connected by at least one path, or by none any more
 * @report: something an administrator should read (path connected or broken with
 *	its reason, connection refused); @error: it is a problem
 * net_sessions_send() may be called from each; net_sessions_destroy() and
 * net_sessions_peer_remove() from none.
 */
struct net_session_ops {
	void (*message)(void *arg, u16 peer, u32 type, const u8 *data, size_t size);
	void (*peer_reset)(void *arg, u16 peer, u64 incarnation, u64 dropped);
	void (*peer_state)(void *arg, u16 peer, bool connected);
	void (*report)(void *arg, bool error, const char *text);
};

/**
 * struct net_session_config
 * @identity: of this node
 * @key: base_key_derive(.., BASE_KEY_SESSION, ..), copied
 * @local: addresses to listen on, one a path; size 0: not on that path
 * @ping_ns: an idle connection is asked for a sign of life as often [500 ms];
 *	it is closed after four unanswered
 * @stall_ns: data not acknowledged for so long moves to another path [300 ms]
 * @queue_max: bytes not yet acknowledged, for each peer [8 MiB]
 */
struct net_session_config {
	sd_event *event;
	s64 priority;
	struct net_identity identity;
	u16 node_id;
	u64 incarnation;
	u8 key[BASE_KEY_SIZE];
	u16 port;				/* 0: NET_PORT_SESSION */
	struct net_address local[NET_SESSION_PATHS_MAX];
	unsigned int paths;
	u64 ping_ns;
	u64 stall_ns;
	u32 queue_max;
	const struct net_session_ops *ops;
	void *arg;
};

/**
 * net_sessions_create - listen; peers are added one by one
 * An address that is not there yet (interface down) is reported and tried again.
 * Return: 0, -EINVAL, -ENOMEM; -EADDRINUSE: another program has the port.
 */
int net_sessions_create(const struct net_session_config *config, struct net_sessions **sessions);
void net_sessions_destroy(struct net_sessions *sessions);

/* A new incarnation of this node: all sessions start anew. */
void net_sessions_set_incarnation(struct net_sessions *sessions, u64 incarnation);

/**
 * net_sessions_peer_add - know a peer; connect if its id is the higher one
 * @addresses: one a path, same order as @local; size 0: not on that path
 * Return: 0; -EEXIST; -EINVAL: id out of range or own id; -ENOMEM.
 */
int net_sessions_peer_add(struct net_sessions *sessions, u16 peer, const char *name,
			  const struct net_address addresses[NET_SESSION_PATHS_MAX]);
/* Forget a peer and close its connections. -ENOENT. */
int net_sessions_peer_remove(struct net_sessions *sessions, u16 peer);

/**
 * net_sessions_send - queue one message for the peer's present life
 * Return: 0; -ENOENT: unknown peer; -ENOTCONN: never connected since the start
 * of this process; -EMSGSIZE; -ENOBUFS: queue_max reached, nothing queued.
 */
int net_sessions_send(struct net_sessions *sessions, u16 peer, u32 type,
		      const void *data, size_t size);

/**
 * net_session_path_state - the kernel's verdict on a path (heartbeat events)
 * Down: traffic moves to another connected path at once. Up: connect now. Paths
 * count as up until told otherwise.  -ENOENT: unknown peer or path.
 */
int net_session_path_state(struct net_sessions *sessions, u16 peer, unsigned int path, bool up);

/* What cmviewcl shows of one peer. */
struct net_session_stats {
	bool connected;
	u8 path;			/* in use, when connected */
	u8 paths_connected;		/* bitmap */
	u64 incarnation;
	u64 sent, received;		/* messages, this life */
	u64 resent, duplicates, connections, switches;
	u64 unacknowledged;		/* messages */
	u64 unacknowledged_bytes;
};

/* -ENOENT: unknown peer. */
int net_session_stats_get(const struct net_sessions *sessions, u16 peer,
			  struct net_session_stats *stats);
/* Refused connections, all local addresses together. */
void net_session_listener_stats_get(const struct net_sessions *sessions,
				    struct net_listener_stats *stats);

#endif
