/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Client of the quorum server: keeps a connection to it, polls, reconnects with
 * back-off (100 ms to 5 s), tries each of its addresses in turn.  Membership
 * messages may be sent again at any time: the server is an acceptor, and an
 * acceptor may be asked twice.
 */
#ifndef TOCSIN_NET_QS_H
#define TOCSIN_NET_QS_H

#include "net.h"

#define NET_QS_ADDRESSES_MAX	4
#define NET_QS_TEXT_MAX		200

struct member_message;
struct net_qs;

enum net_qs_state {
	NET_QS_DOWN,		/* not connected, see why */
	NET_QS_CONNECTING,
	NET_QS_UP,
	NET_QS_DENIED,		/* it knows neither this cluster nor its key */
	NET_QS_DAMAGED,		/* it has lost this cluster's state, see why */
};

/**
 * struct net_qs_status
 * @arbiter: identity of this cluster's state on the server (never 0 when up); a
 *	view names it (Documentation/MEMBERSHIP, rule 8)
 * @answered_ns: base_clock_ns() of its last sign of life, 0: never
 * @why: reason when not up
 */
struct net_qs_status {
	enum net_qs_state state;
	u64 arbiter;
	u64 answered_ns;
	char address[NET_ADDRESS_TEXT_MAX];
	char version[32];
	char why[NET_QS_TEXT_MAX];
};

/**
 * struct net_qs_config
 * @identity: of this node
 * @key: base_key_derive(.., BASE_KEY_QUORUM_SERVER, ..), copied
 * @poll_ns: QS_POLLING_INTERVAL [10 s, or shorter]; a server silent for two is
 *	down
 * @timeout_ns: longest connect + handshake, and longest wait for an answer [4 s]
 * @status: called at each change of state, arbiter or version
 * @message: a reply of the acceptor (or its refusal)
 * net_qs_send() may be called from each, net_qs_destroy() from none.
 */
struct net_qs_config {
	sd_event *event;
	s64 priority;
	struct net_identity identity;
	u16 node_id;
	u8 key[BASE_KEY_SIZE];
	struct net_address addresses[NET_QS_ADDRESSES_MAX];
	unsigned int count;
	u64 poll_ns;
	u64 timeout_ns;
	void (*status)(void *arg, const struct net_qs_status *status);
	void (*message)(void *arg, const struct member_message *message);
	void *arg;
};

/* Return: 0 (connecting goes on in the loop), -EINVAL, -ENOMEM. */
int net_qs_create(const struct net_qs_config *config, struct net_qs **qs);
void net_qs_destroy(struct net_qs *qs);

/**
 * net_qs_send - hand a message to the server
 * Return: 0; -ENOTCONN: not up (a connection attempt is made at once);
 * -EINVAL: not a message that can be sent; -ENOBUFS.
 */
int net_qs_send(struct net_qs *qs, const struct member_message *message);

void net_qs_status_get(const struct net_qs *qs, struct net_qs_status *status);

/* "up", "down", ... for cmviewcl. */
const char *net_qs_state_name(enum net_qs_state state);

#endif
