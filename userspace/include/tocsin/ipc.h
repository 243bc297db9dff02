/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ipc: requests between programs of one node, over local stream sockets.
 * A frame is a 32-bit big-endian length and that many bytes of JSON, at most
 * IPC_FRAME_MAX.
 *
 *	request:  {"op": "<name>", "args": {...}}
 *	reply:    {"progress": <any>} any number of times, then one of
 *		  {"result": <any>}
 *		  {"error": "<what failed and what to do>", "code": <errno>}
 *
 * One request at a time on a connection; further ones wait until its final reply
 * has been taken. Who is refused a connection gets an error reply unasked.
 */
#ifndef TOCSIN_IPC_H
#define TOCSIN_IPC_H

#include "base.h"

#include <jansson.h>
#include <systemd/sd-event.h>

#define IPC_FRAME_MAX		(1024 * 1024)
#define IPC_CLIENTS_DEFAULT	64

#define IPC_SOCKET_CMCLD	"/run/tocsin/cmcld.sock"
#define IPC_SOCKET_CMCLCONFD	"/run/tocsin/cmclconfd.sock"
#define IPC_SOCKET_CMSRVASSISTD	"/run/tocsin/cmsrvassistd.sock"

/* ---- client, synchronous ---- */

/**
 * ipc_connect - connect to a server's socket
 * Return: a file descriptor (close-on-exec), or -errno; -ENOENT and
 * -ECONNREFUSED mean that the daemon does not run.
 */
int ipc_connect(const char *path);

/**
 * struct ipc_call - one request
 * @op: name of the operation
 * @args: its arguments, borrowed; NULL for none
 * @timeout_ns: longest silence; each progress object starts it anew; 0: for ever
 * @progress: called with each progress object (borrowed); may be NULL
 */
struct ipc_call {
	const char *op;
	json_t *args;
	u64 timeout_ns;
	void (*progress)(void *arg, json_t *progress);
	void *arg;
};

/**
 * ipc_call - send a request and wait for its end
 * @reply: set to the value of "result" (a reference the caller drops) on
 *	success; on an error reply to a JSON string with its text; else to NULL
 * Return: 0; -code of an error reply; -ETIMEDOUT; -ECONNRESET: the server went
 * away; -EPROTO: it answered something else; -EMSGSIZE: the request is too
 * large.  After -ETIMEDOUT, -ECONNRESET and -EPROTO the connection is of no use.
 */
int ipc_call(int fd, const struct ipc_call *call, json_t **reply);

/* Connect, call, close. */
int ipc_call_path(const char *path, const struct ipc_call *call, json_t **reply);

/* ---- server ---- */

enum ipc_role {
	IPC_ROLE_NONE,
	IPC_ROLE_MONITOR,
	IPC_ROLE_PACKAGE_ADMIN,
	IPC_ROLE_FULL_ADMIN,
};

/* Who asks, as the kernel says (SO_PEERCRED at connect). */
struct ipc_peer {
	uid_t uid;
	gid_t gid;
	pid_t pid;
	enum ipc_role role;
};

struct ipc_server;
struct ipc_request;	/* from the handler's call until its final reply */

/**
 * struct ipc_op - one operation of a server's table
 * @role: least role that may ask
 * @handler: @args is an object, borrowed, valid until the final reply.  It
 *	replies at once, or keeps @request and replies later.
 */
struct ipc_op {
	const char *name;
	enum ipc_role role;
	void (*handler)(struct ipc_request *request, json_t *args, void *arg);
};

/**
 * struct ipc_server_config
 * @event: loop that runs the server; all calls from its thread
 * @priority: sd-event priority of all its sources
 * @path: socket to create, an old one is replaced; or
 * @fd: a listening socket (socket activation), used when @path is NULL
 * @mode: of the socket file, for example 0666: roles decide, not the file
 * @clients_max: connections served at once; 0: IPC_CLIENTS_DEFAULT. Of these one
 *	user may have an eighth and all together three quarters, but for root, who
 *	may have all. More are told why, closed, counted and logged now and then.
 * @request_max: bytes of a request; 0: IPC_FRAME_MAX
 * @idle_ns: a client silent for so long with no request under way is closed; 0: never
 * @ops: table ended by an entry without name; must outlive the server
 * @role_of: role of a caller; NULL: uid 0 is full admin, all others monitor
 */
struct ipc_server_config {
	sd_event *event;
	s64 priority;
	const char *path;
	int fd;
	mode_t mode;
	unsigned int clients_max;
	size_t request_max;
	u64 idle_ns;
	const struct ipc_op *ops;
	enum ipc_role (*role_of)(void *arg, const struct ipc_peer *peer);
	void *arg;
};

struct ipc_server_stats {
	u64 accepted;
	u64 refused_full;
	u64 refused_frame;	/* too long, not JSON, no such operation */
	u64 refused_role;
	u64 requests;
	unsigned int clients;
};

/* Return: 0, or -errno of socket, bind or memory. */
int ipc_server_create(const struct ipc_server_config *config, struct ipc_server **server);

/* Close all; requests still held get no reply and must not be used again. */
void ipc_server_destroy(struct ipc_server *server);

void ipc_server_stats_get(const struct ipc_server *server, struct ipc_server_stats *stats);

/* The caller of a request. */
const struct ipc_peer *ipc_request_peer(const struct ipc_request *request);

/* Call @cancelled when the client goes away before the final reply; the final
 * reply must still be given, to end the request. */
void ipc_request_on_cancel(struct ipc_request *request, void (*cancelled)(void *arg),
			   void *arg);

/* Replies take over the reference to the JSON value.  After a final reply
 * (result or error) the request is gone. */
void ipc_reply_progress(struct ipc_request *request, json_t *progress);
void ipc_reply_result(struct ipc_request *request, json_t *result);
void ipc_reply_error(struct ipc_request *request, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
