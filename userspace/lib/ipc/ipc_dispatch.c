// SPDX-License-Identifier: GPL-2.0-or-later
#include <tocsin/ipc_dispatch.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define ERROR_TEXT_MAX	4096

/*
 * Life: created by a frame, ended by the final reply.  When the connection
 * goes away first, @conn becomes NULL and replies go nowhere; the handler still
 * holds it and still has to end it.
 */
struct ipc_request {
	struct ipc_request *next, *previous;
	struct ipc_dispatch *dispatch;
	struct ipc_conn *conn;
	struct ipc_peer peer;
	json_t *root;
	void (*cancelled)(void *arg);
	void *cancel_arg;
};

static struct ipc_request *request_create(struct ipc_conn *conn, json_t *root)
{
	struct ipc_dispatch *dispatch = conn->dispatch;
	struct ipc_request *request = calloc(1, sizeof(*request));

	if (!request)
		return NULL;
	request->dispatch = dispatch;
	request->conn = conn;
	request->peer = conn->peer;
	request->root = root;
	request->next = dispatch->held;
	if (dispatch->held)
		dispatch->held->previous = request;
	dispatch->held = request;
	conn->request = request;
	return request;
}

static void request_free(struct ipc_request *request)
{
	if (request->previous)
		request->previous->next = request->next;
	else
		request->dispatch->held = request->next;
	if (request->next)
		request->next->previous = request->previous;
	json_decref(request->root);
	free(request);
}

/* Send {name: value}; takes over value. */
static void send_object(struct ipc_conn *conn, const char *name, json_t *value, int code)
{
	json_t *object;
	char *text = NULL;

	object = value ? json_pack("{s:o}", name, value) : NULL;
	if (object && code)
		json_object_set_new(object, "code", json_integer(code));
	if (object)
		text = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	if (!text) {
		static const char no_memory[] =
			"{\"error\":\"out of memory\",\"code\":12}";

		conn->send(conn, no_memory, sizeof(no_memory) - 1);
		return;
	}
	if (strlen(text) > IPC_FRAME_MAX) {
		static const char too_large[] =
			"{\"error\":\"the answer is larger than 1 MiB; ask for less\",\"code\":90}";

		conn->send(conn, too_large, sizeof(too_large) - 1);
	} else {
		conn->send(conn, text, strlen(text));
	}
	free(text);
}

static void send_error(struct ipc_conn *conn, int code, const char *text)
{
	json_t *value = json_string(text);

	/* Text from elsewhere need not be UTF-8. */
	if (!value)
		value = json_string(strerror(code));
	send_object(conn, "error", value, code);
}

static const struct ipc_op *find_op(const struct ipc_dispatch *dispatch, const char *name)
{
	const struct ipc_op *op;

	for (op = dispatch->ops; op->name; op++)
		if (!strcmp(op->name, name))
			return op;
	return NULL;
}

static int refuse(struct ipc_conn *conn, u64 *counter, int code, const char *text)
{
	(*counter)++;
	send_error(conn, code, text);
	return 0;
}

int ipc_dispatch_frame(struct ipc_conn *conn, const void *data, size_t size)
{
	struct ipc_server_stats *stats = &conn->dispatch->stats;
	struct ipc_request *request;
	const struct ipc_op *op;
	json_t *root, *args;
	const char *name;

	core_assert(!conn->request);
	root = json_loadb(data, size, JSON_REJECT_DUPLICATES, NULL);
	name = json_string_value(json_object_get(root, "op"));
	args = json_object_get(root, "args");
	if (!name || (args && !json_is_object(args))) {
		json_decref(root);
		refuse(conn, &stats->refused_frame, EPROTO,
		       "not a request: an object with \"op\" and \"args\" is expected");
		return -EPROTO;
	}
	op = find_op(conn->dispatch, name);
	if (!op || op->role > conn->peer.role) {
		json_decref(root);
		if (!op)
			return refuse(conn, &stats->refused_frame, EOPNOTSUPP, "no such "
				      "operation; command and daemon may be of different versions");
		return refuse(conn, &stats->refused_role, EACCES, "permission denied; run it as "
			      "root, or have your user given a role in the cluster configuration");
	}
	if (!args) {
		args = json_object();
		if (args)
			json_object_set_new(root, "args", args);
	}
	request = args ? request_create(conn, root) : NULL;
	if (!request) {
		json_decref(root);
		send_error(conn, ENOMEM, "out of memory");
		return 0;
	}
	stats->requests++;
	op->handler(request, args, conn->dispatch->arg);
	return 0;
}

void ipc_dispatch_gone(struct ipc_conn *conn)
{
	struct ipc_request *request = conn->request;

	if (!request)
		return;
	conn->request = NULL;
	request->conn = NULL;
	if (request->cancelled)
		request->cancelled(request->cancel_arg);
}

void ipc_dispatch_exit(struct ipc_dispatch *dispatch)
{
	while (dispatch->held)
		request_free(dispatch->held);
}

const struct ipc_peer *ipc_request_peer(const struct ipc_request *request)
{
	return &request->peer;
}

const void *ipc_request_identity(const struct ipc_request *request)
{
	return request->conn ? request->conn->identity : NULL;
}

void ipc_request_on_cancel(struct ipc_request *request, void (*cancelled)(void *arg),
			   void *arg)
{
	request->cancelled = cancelled;
	request->cancel_arg = arg;
}

void ipc_reply_progress(struct ipc_request *request, json_t *progress)
{
	if (request->conn)
		send_object(request->conn, "progress", progress, 0);
	else
		json_decref(progress);
}

static void request_end(struct ipc_request *request)
{
	struct ipc_conn *conn = request->conn;

	request_free(request);
	if (!conn)
		return;
	conn->request = NULL;
	conn->ended(conn);
}

void ipc_reply_result(struct ipc_request *request, json_t *result)
{
	if (request->conn)
		send_object(request->conn, "result", result, 0);
	else
		json_decref(result);
	request_end(request);
}

void ipc_reply_error(struct ipc_request *request, int error, const char *format, ...)
{
	char text[ERROR_TEXT_MAX];
	va_list args;

	va_start(args, format);
	if (vsnprintf(text, sizeof(text), format, args) < 0)
		text[0] = '\0';
	va_end(args);
	error = error < 0 ? -error : error;
	if (request->conn)
		send_error(request->conn, error ? error : EIO, text);
	request_end(request);
}
