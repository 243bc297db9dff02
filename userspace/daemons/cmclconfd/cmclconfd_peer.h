/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests to cmclconfd of this and other nodes; from jobs only, they block. */
#ifndef CMCLCONFD_PEER_H
#define CMCLCONFD_PEER_H

#include "cmclconfd.h"

#define CLCONFD_ADDRESSES_MAX	(CORE_PATHS_MAX + 8)

/**
 * struct clconfd_call - a request to one node, and its outcome
 * @address: where the node may be reached, tried in this order; none is needed
 *	for this node itself
 * @args: owned; @result: owned, a JSON value on success
 * @error: 0 or negative, then @text says what and why, without the node's name
 */
struct clconfd_call {
	char node[CONF_NAME_MAX + 1];
	unsigned int address_count;
	char address[CLCONFD_ADDRESSES_MAX][NET_ADDRESS_TEXT_MAX];
	const char *op;
	json_t *args;
	u64 timeout_ns;
	void (*progress)(void *arg, json_t *progress);
	void *progress_arg;
	json_t *result;
	int error;
	char text[CLCONFD_TEXT_MAX];
};

/* A call to a node of the configuration, its addresses filled in. */
void clconfd_call_init(struct clconfd_call *call, const struct conf *conf,
		       const struct conf_node *node);

/* The same from {name, addresses: [...]}. 0, or -EINVAL: no good name. */
int clconfd_call_read(struct clconfd_call *call, const json_t *node);

/* Drops args and result; the call can be used again for another op. */
void clconfd_call_clear(struct clconfd_call *call);

void clconfd_call_run(const struct clconfd *daemon, struct clconfd_call *call);

/* All at the same time; returns when the last has ended. */
void clconfd_call_run_all(const struct clconfd *daemon, struct clconfd_call *calls,
			  unsigned int count);

#endif
