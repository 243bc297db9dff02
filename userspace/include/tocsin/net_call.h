/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests to another host, synchronous: for commands and for cmclconfd when it
 * speaks to its like.  JSON as in ipc.h, in frames over TLS.  The other end has a
 * net_listener and gives its channels to net_call_serve().
 */
#ifndef TOCSIN_NET_CALL_H
#define TOCSIN_NET_CALL_H

#include "ipc.h"
#include "net.h"

#define NET_CALL_TEXT_MAX	200

struct net_call;

/**
 * struct net_call_config
 * @key: base_key_derive(.., BASE_KEY_CONFIGURATION, ..), or of another purpose
 * @timeout_ns: longest connect + handshake; 0: 5 s
 */
struct net_call_config {
	struct net_address to;
	struct net_identity identity;
	u8 key[BASE_KEY_SIZE];
	u64 timeout_ns;
};

/**
 * net_call_open - connect and prove the key; blocks up to the time-out
 * @error: on failure one line: address, reason, remedy
 * Return: 0; -EACCES: the other end has another key or does not know this
 * cluster; -ETIMEDOUT, -ECONNREFUSED, -EHOSTUNREACH, ...
 */
int net_call_open(const struct net_call_config *config, struct net_call **call,
		  char error[NET_CALL_TEXT_MAX]);
void net_call_close(struct net_call *call);

/* One request and its replies; results and errors as ipc_call(). */
int net_call(struct net_call *call, const struct ipc_call *request, json_t **reply);

/* ---- the other end: ipc operations on accepted channels ---- */

struct net_call_server;

/**
 * struct net_call_server_config
 * @event: the loop that the channels run in
 * @ops, @arg: as of an ipc_server; same replies, same limits
 * @role: of every caller: who has the key
 * @idle_ns: a channel silent for so long with no request under way is closed
 */
struct net_call_server_config {
	sd_event *event;
	const struct ipc_op *ops;
	enum ipc_role role;
	u64 idle_ns;
	void *arg;
};

int net_call_server_create(const struct net_call_server_config *config,
			   struct net_call_server **server);

/**
 * net_call_serve - take over a channel (in the listener's @accepted)
 * ipc_request_peer() of its requests has uid (uid_t)-1.
 * Return: 0; -ENOMEM: the channel has been closed.
 */
int net_call_serve(struct net_call_server *server, struct net_channel *channel);

/* Closes its channels; requests still held must not be used again. */
void net_call_server_destroy(struct net_call_server *server);

/* Who asks, for a request that came by net_call_serve(); NULL for a local one. */
const struct net_identity *net_request_identity(const struct ipc_request *request);

#endif
