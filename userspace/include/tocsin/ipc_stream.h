/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Synchronous exchange over any stream: how a client waits for the replies to
 * one request.  Used over local sockets (ipc_client.c) and TLS (net_call.c).
 */
#ifndef TOCSIN_IPC_STREAM_H
#define TOCSIN_IPC_STREAM_H

#include "ipc.h"

/**
 * struct ipc_stream - how to move bytes
 * @write, @read: move up to @size bytes, waiting until @deadline_ns of
 *	base_clock_ns() at most (U64_MAX: for ever); return bytes moved, 0 at the
 *	end of the stream, -ETIMEDOUT or another -errno
 */
struct ipc_stream {
	ssize_t (*write)(void *arg, const void *data, size_t size, u64 deadline_ns);
	ssize_t (*read)(void *arg, void *data, size_t size, u64 deadline_ns);
	void *arg;
};

/* As ipc_call(). */
int ipc_stream_call(const struct ipc_stream *stream, const struct ipc_call *call,
		    json_t **reply);

#endif
