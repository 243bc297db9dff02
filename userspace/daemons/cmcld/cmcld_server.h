/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The main thread: serves the local socket from snapshots, speaks with systemd,
 * takes signals.  Nothing here can delay the real-time thread.
 */
#ifndef CMCLD_SERVER_H
#define CMCLD_SERVER_H

#include "cmcld_config.h"
#include "cmcld_request.h"
#include "cmcld_snapshot.h"

/*
 * Exit code: out of the cluster, but nobody asked for that. The unit starts cmcld
 * again at this one (RestartForceExitStatus), as a new incarnation. It has lived for
 * CMCLD_AGAIN_NS at the least then: with the unit's RestartSec never so many starts in
 * a minute that systemd would give up.
 */
#define CMCLD_EXIT_AGAIN	75
#define CMCLD_AGAIN_NS		(2 * BASE_NS_PER_S)

/**
 * struct cmcld_server_config
 * @path: of the local socket
 */
struct cmcld_server_config {
	const char *path;
	struct cmcld_config *config;
	struct cmcld_wires wires;
	struct cmcld_publisher *publisher;
};

struct cmcld_server;

/**
 * cmcld_server_open - open the local socket
 * Before the real-time thread is started: what can fail here must not take an
 * armed node down.
 * Return: 0 or -errno (logged).
 */
int cmcld_server_open(const struct cmcld_server_config *config,
		      struct cmcld_server **server);
/* Serve until this node has left the cluster or must end.
 * Return: exit code of the program. */
int cmcld_server_run(struct cmcld_server *server);
void cmcld_server_close(struct cmcld_server *server);

#endif
