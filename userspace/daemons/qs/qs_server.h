/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections of nodes: authorise, greet, pass requests to the acceptors. */
#ifndef TOCSIN_QS_SERVER_H
#define TOCSIN_QS_SERVER_H

#include "qs_auth.h"
#include "qs_state.h"

struct qs_server;

/**
 * struct qs_server_config
 * @auth: owned by the caller, replaced by qs_server_set_auth()
 */
struct qs_server_config {
	sd_event *event;
	const struct net_address *addresses;
	unsigned int count;
	const struct qs_auth *auth;
	struct qs_states *states;
};

int qs_server_create(const struct qs_server_config *config, struct qs_server **server);
void qs_server_destroy(struct qs_server *server);

/* A new table: connections that it does not allow any more are closed. */
void qs_server_set_auth(struct qs_server *server, const struct qs_auth *auth);

unsigned int qs_server_clients(const struct qs_server *server);
void qs_server_stats_get(const struct qs_server *server, struct net_listener_stats *stats);

#endif
