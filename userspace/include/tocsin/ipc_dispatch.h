/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What local and remote requests have in common: the table of operations, the
 * life of a request, its replies.  A transport (ipc_server.c for local sockets,
 * net_call_serve.c for TLS) brings whole frames and takes whole frames.
 */
#ifndef TOCSIN_IPC_DISPATCH_H
#define TOCSIN_IPC_DISPATCH_H

#include "ipc.h"

/* One for each server. */
struct ipc_dispatch {
	const struct ipc_op *ops;
	void *arg;
	struct ipc_request *held;	/* list of all requests not yet ended */
	struct ipc_server_stats stats;
};

/**
 * struct ipc_conn - one for each connection, part of the transport's own
 * @identity: remote caller, borrowed while the connection lives; copied by nobody
 * @request: under way, or NULL
 * @send: queue one frame; an error closes nothing: the transport sees to it
 * @ended: the request under way got its final reply (may be called from within
 *	ipc_dispatch_frame())
 */
struct ipc_conn {
	struct ipc_dispatch *dispatch;
	struct ipc_peer peer;
	const void *identity;
	struct ipc_request *request;
	void (*send)(struct ipc_conn *conn, const char *data, size_t size);
	void (*ended)(struct ipc_conn *conn);
};

/**
 * ipc_dispatch_frame - take one request frame; no request may be under way
 * Answers a malformed, unknown or forbidden request with an error.
 * Return: 0; -EPROTO: not a request at all, an error has been sent, close.
 */
int ipc_dispatch_frame(struct ipc_conn *conn, const void *data, size_t size);

/* The connection is gone: its request, if any, is cancelled and lives on without it. */
void ipc_dispatch_gone(struct ipc_conn *conn);

/* Free all requests. */
void ipc_dispatch_exit(struct ipc_dispatch *dispatch);

const void *ipc_request_identity(const struct ipc_request *request);

#endif
