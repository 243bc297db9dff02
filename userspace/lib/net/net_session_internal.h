/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside of a session.  Both ends number their messages from 1; a *session* is
 * one run of these numbers in both directions, named by a random number that
 * the connector (the node with the lower id) draws.  The acceptor's *life* is
 * another, new whenever it has forgotten its numbers.  An old connection may be read
 * late, after a newer one: comparing both numbers on every connection finds
 * out, and then both ends start anew, loudly (@peer_reset), instead of
 * guessing.  The steps are written down in Documentation/PROTOCOL.
 */
#ifndef TOCSIN_NET_SESSION_INTERNAL_H
#define TOCSIN_NET_SESSION_INTERNAL_H

#include <tocsin/net_session.h>

#include "tocsin.pb-c.h"

#define SESSION_VERSION		1
#define SESSION_HEADER_MAX	1024
#define SESSION_NONE		(-1)
/* Bytes handed to a connection ahead of the wire. */
#define SESSION_AHEAD_MAX	(256u * 1024)

enum session_step {
	SESSION_STATE = 1,
	SESSION_BIND,
	SESSION_RESTART,
};

struct queued_message {
	struct queued_message *next;
	u64 number;
	u64 queued_ns;
	u32 type;
	u32 size;
	u8 data[];
};

/* One path to one peer. */
struct session_link {
	struct session_peer *peer;
	unsigned int path;
	struct net_channel *channel;
	bool ready;		/* both ends agreed on the session on this connection */
	bool path_down;		/* the kernel says so */
	bool suspect;		/* swallowed data, see session_check_stall() */
	bool complained;	/* its trouble was reported */
	u64 used_ns;		/* chosen, or judged anew, then */
	u64 sent_ns;		/* last frame */
	u64 backoff_ns;
	sd_event_source *retry;	/* connector only */
};

struct session_peer {
	struct net_sessions *sessions;
	struct session_peer *next;
	u16 id;
	char name[NET_NAME_MAX];
	struct net_address address[NET_SESSION_PATHS_MAX];
	struct session_link link[NET_SESSION_PATHS_MAX];
	int active;		/* link that carries messages, or SESSION_NONE */
	int ack_link;		/* link that wants an acknowledgement, or SESSION_NONE */

	u64 life;		/* acceptor: own; connector: the peer's, as bound */
	u64 session;		/* 0: not bound */
	u64 incarnation;	/* of the peer */
	u64 next_number;	/* of the next message sent */
	u64 acknowledged;
	u64 received;
	u64 highest_sent;
	u64 progress_ns;	/* of the newest acknowledgement */
	u64 dropped;		/* since the last peer_reset */
	struct queued_message *first, **last;
	struct queued_message *unsent;	/* the next one for the link in use */
	struct net_session_stats stats;
};

struct net_sessions {
	struct net_session_config config;
	struct net_listener *listener;
	struct session_peer *peers;
	sd_event_source *tick;
	u64 ticked_ns;
	sd_event_source *ack_source;
	u8 *scratch;		/* one frame */
};

/* net_session_queue.c: numbers, acknowledgements, which link */
void session_queue_init(struct session_peer *peer);
void session_queue_reset(struct session_peer *peer);
int session_queue_add(struct session_peer *peer, u32 type, const void *data, size_t size);
/* 0, -EPROTO */
int session_acknowledge(struct session_peer *peer, u64 number);
void session_choose(struct session_peer *peer);
void session_pump(struct session_peer *peer);
void session_check_stall(struct session_peer *peer, u64 now_ns);
/* A frame that carries no message. */
void session_send_ack(struct session_link *link);
void session_take_frame(struct session_link *link, const u8 *data, size_t size);

/* net_session_link.c: connections and their hello */
bool session_is_connector(const struct session_peer *peer);
/* 0, -ENOMEM */
int session_link_init(struct session_peer *peer, unsigned int path);
void session_link_exit(struct session_link *link);
void session_link_connect(struct session_link *link);
void session_link_drop(struct session_link *link, const char *why);
void session_link_accept(struct net_sessions *sessions, struct net_channel *channel);
void session_take_hello(struct session_link *link, const Tocsin__SessionHello *hello);
/* Forget the numbers; close all links but @keep (or NULL). */
void session_start_anew(struct session_peer *peer, struct session_link *keep);

/* net_session.c */
void session_report(struct net_sessions *sessions, bool error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
unsigned int session_links_ready(const struct session_peer *peer);

#endif
