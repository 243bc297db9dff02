// SPDX-License-Identifier: GPL-2.0-or-later
/* The server's end of net_call: requests on channels, by the dispatcher of ipc. */
#include <tocsin/ipc_dispatch.h>
#include <tocsin/net_call.h>

#include <stdlib.h>

/**
 * struct conn - one channel that is served
 * @waiting: a frame that came while a request was under way; one at most
 * @inside: a frame is being dispatched: its end must not dispatch the next
 */
struct conn {
	struct ipc_conn ipc;
	struct net_call_server *server;
	struct net_channel *channel;
	struct conn *next, *previous;
	u8 *waiting;
	size_t waiting_size;
	bool inside;
};

struct net_call_server {
	struct ipc_dispatch dispatch;
	struct net_call_server_config config;
	struct conn *conns;
};

static void conn_free(struct conn *conn)
{
	if (conn->previous)
		conn->previous->next = conn->next;
	else
		conn->server->conns = conn->next;
	if (conn->next)
		conn->next->previous = conn->previous;
	ipc_dispatch_gone(&conn->ipc);
	free(conn->waiting);
	free(conn);
}

static void conn_send(struct ipc_conn *ipc, const char *data, size_t size)
{
	struct conn *conn = (struct conn *)ipc;

	/* A channel that cannot take it goes down by itself, or the caller times out. */
	net_channel_send(conn->channel, data, size);
}

static void dispatch(struct conn *conn, const u8 *data, size_t size)
{
	/* While it is served, silence of the caller is what is expected. */
	net_channel_set_idle(conn->channel, 0);
	conn->inside = true;
	if (ipc_dispatch_frame(&conn->ipc, data, size)) {
		net_channel_finish(conn->channel);
		conn_free(conn);
		return;
	}
	conn->inside = false;
	if (!conn->ipc.request)
		net_channel_set_idle(conn->channel, conn->server->config.idle_ns);
}

static void conn_ended(struct ipc_conn *ipc)
{
	struct conn *conn = (struct conn *)ipc;
	u8 *data = conn->waiting;

	if (conn->inside)
		return;
	net_channel_set_idle(conn->channel, conn->server->config.idle_ns);
	if (!data)
		return;
	conn->waiting = NULL;
	dispatch(conn, data, conn->waiting_size);
	free(data);
}

static void on_frame(void *arg, struct net_channel *channel, const u8 *data, size_t size)
{
	struct conn *conn = arg;

	if (!conn->ipc.request) {
		dispatch(conn, data, size);
		return;
	}
	if (!conn->waiting && size)
		conn->waiting = malloc(size);
	else
		size = 0;
	if (!size || !conn->waiting) {
		net_channel_close(channel);
		conn_free(conn);
		return;
	}
	memcpy(conn->waiting, data, size);
	conn->waiting_size = size;
}

static void on_down(void *arg, struct net_channel *channel, int error, const char *why)
{
	conn_free(arg);
}

static const struct net_channel_ops channel_ops = {
	.frame = on_frame,
	.down = on_down,
};

int net_call_server_create(const struct net_call_server_config *config,
			   struct net_call_server **server)
{
	*server = calloc(1, sizeof(**server));
	if (!*server)
		return -ENOMEM;
	(*server)->config = *config;
	(*server)->dispatch.ops = config->ops;
	(*server)->dispatch.arg = config->arg;
	return 0;
}

int net_call_serve(struct net_call_server *server, struct net_channel *channel)
{
	struct conn *conn = calloc(1, sizeof(*conn));

	if (!conn)
		return -ENOMEM;
	conn->server = server;
	conn->channel = channel;
	conn->ipc.dispatch = &server->dispatch;
	conn->ipc.peer = (struct ipc_peer){
		.uid = (uid_t)-1, .gid = (gid_t)-1, .role = server->config.role,
	};
	conn->ipc.identity = net_channel_identity(channel);
	conn->ipc.send = conn_send;
	conn->ipc.ended = conn_ended;
	conn->next = server->conns;
	if (conn->next)
		conn->next->previous = conn;
	server->conns = conn;
	net_channel_own(channel, &channel_ops, conn);
	net_channel_set_idle(channel, server->config.idle_ns);
	return 0;
}

void net_call_server_destroy(struct net_call_server *server)
{
	while (server->conns) {
		net_channel_close(server->conns->channel);
		conn_free(server->conns);
	}
	ipc_dispatch_exit(&server->dispatch);
	free(server);
}

const struct net_identity *net_request_identity(const struct ipc_request *request)
{
	return ipc_request_identity(request);
}
