// SPDX-License-Identifier: GPL-2.0-or-later
#include <tocsin/ipc_stream.h>

#include <arpa/inet.h>
#include <stdlib.h>

static u64 deadline_of(const struct ipc_call *call)
{
	return call->timeout_ns ? base_clock_ns() + call->timeout_ns : UINT64_MAX;
}

static int write_all(const struct ipc_stream *stream, const void *data, size_t size, u64 deadline)
{
	const u8 *at = data;

	while (size) {
		ssize_t put = stream->write(stream->arg, at, size, deadline);

		if (put < 0)
			return put == -EPIPE ? -ECONNRESET : (int)put;
		at += put;
		size -= (size_t)put;
	}
	return 0;
}

static int read_all(const struct ipc_stream *stream, void *data, size_t size, u64 deadline)
{
	u8 *at = data;

	while (size) {
		ssize_t got = stream->read(stream->arg, at, size, deadline);

		if (!got)
			return -ECONNRESET;
		if (got < 0)
			return (int)got;
		at += got;
		size -= (size_t)got;
	}
	return 0;
}

static int send_request(const struct ipc_stream *stream, const struct ipc_call *call)
{
	json_t *request;
	char *text;
	size_t size;
	u32 length;
	int err;

	request = json_pack("{s:s}", "op", call->op);
	if (!request)
		return -ENOMEM;
	if (call->args && json_object_set(request, "args", call->args) < 0) {
		json_decref(request);
		return -ENOMEM;
	}
	text = json_dumps(request, JSON_COMPACT);
	json_decref(request);
	if (!text)
		return -ENOMEM;
	size = strlen(text);
	length = htonl((u32)size);
	if (size > IPC_FRAME_MAX)
		err = -EMSGSIZE;
	else
		err = write_all(stream, &length, sizeof(length), deadline_of(call));
	if (!err)
		err = write_all(stream, text, size, deadline_of(call));
	free(text);
	return err;
}

/* Read one frame as a JSON object; NULL with *err set. */
static json_t *read_object(const struct ipc_stream *stream, u64 deadline, int *err)
{
	json_t *object;
	char *text;
	u32 length;

	*err = read_all(stream, &length, sizeof(length), deadline);
	if (*err)
		return NULL;
	length = ntohl(length);
	if (!length || length > IPC_FRAME_MAX) {
		*err = -EPROTO;
		return NULL;
	}
	text = malloc(length);
	if (!text) {
		*err = -ENOMEM;
		return NULL;
	}
	*err = read_all(stream, text, length, deadline);
	object = *err ? NULL : json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);
	free(text);
	if (!*err && !json_is_object(object)) {
		json_decref(object);
		*err = -EPROTO;
		return NULL;
	}
	return object;
}

/* Take the final reply apart. Return as ipc_call(). */
static int final_reply(json_t *object, json_t **reply)
{
	json_t *result = json_object_get(object, "result");
	json_t *error = json_object_get(object, "error");
	json_int_t code;

	if (result) {
		*reply = json_incref(result);
		return 0;
	}
	if (!json_is_string(error))
		return -EPROTO;
	code = json_integer_value(json_object_get(object, "code"));
	*reply = json_incref(error);
	return code > 0 && code < 4096 ? -(int)code : -EIO;
}

/* The server closed before it took the request; it may have said why. */
static int refusal(const struct ipc_stream *stream, const struct ipc_call *call,
		   json_t **reply)
{
	int err, ignored;
	json_t *object = read_object(stream, deadline_of(call), &ignored);

	err = object ? final_reply(object, reply) : -ECONNRESET;
	json_decref(object);
	return err;
}

int ipc_stream_call(const struct ipc_stream *stream, const struct ipc_call *call,
		    json_t **reply)
{
	int err = send_request(stream, call);

	*reply = NULL;
	if (err == -ECONNRESET)
		return refusal(stream, call, reply);
	while (!err) {
		json_t *object = read_object(stream, deadline_of(call), &err);
		json_t *progress;

		if (!object)
			break;
		progress = json_object_get(object, "progress");
		if (!progress) {
			err = final_reply(object, reply);
			json_decref(object);
			return err;
		}
		if (call->progress)
			call->progress(call->arg, progress);
		json_decref(object);
	}
	return err;
}
