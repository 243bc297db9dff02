// SPDX-License-Identifier: GPL-2.0-or-later
#include <tocsin/net_call.h>

#include <tocsin/ipc_dispatch.h>

#include <stdlib.h>

struct served {
	struct ipc_conn conn;		/* first: the callbacks cast back */
	struct served *next, *previous;
	struct net_call_server *server;
	struct net_channel *channel;
};

struct net_call_server {
	struct net_call_server_config config;
	struct ipc_dispatch dispatch;
	struct served *list;
};

static void served_free(struct served *served)
{
	ipc_dispatch_gone(&served->conn);
	if (served->previous)
		served->previous->next = served->next;
	else
		served->server->list = served->next;
	if (served->next)
		served->next->previous = served->previous;
	free(served);
}

static void conn_send(struct ipc_conn *conn, const char *data, size_t size)
{
	struct served *served = (struct served *)conn;

	int err = net_channel_send(served->channel, data, size);

	/* Not read by the client: close, from the loop, not under the caller. */
	if (err)
		net_channel_give_up(served->channel, err);
}

static void conn_ended(struct ipc_conn *conn)
{
	struct served *served = (struct served *)conn;

	/* Silence counts from when the client has its answer. */
	if (!net_channel_queued(served->channel))
		net_channel_set_idle(served->channel, served->server->config.idle_ns);
}

static void on_drained(void *arg, struct net_channel *channel)
{
	struct served *served = arg;

	if (!served->conn.request)
		conn_ended(&served->conn);
}

static void on_frame(void *arg, struct net_channel *channel, const u8 *data, size_t size)
{
	struct served *served = arg;

	/* One request at a time; a client of ours takes the answer before it sends another. */
	if (!served->conn.request && !net_channel_queued(channel)) {
		net_channel_set_idle(channel, 0);
		if (!ipc_dispatch_frame(&served->conn, data, size)) {
			if (!served->conn.request)
				conn_ended(&served->conn);
			return;
		}
	}
	net_channel_finish(channel);
	served_free(served);
}

static void on_down(void *arg, struct net_channel *channel, int error, const char *why)
{
	served_free(arg);
}

static const struct net_channel_ops served_ops = {
	.frame = on_frame,
	.drained = on_drained,
	.down = on_down,
};

int net_call_server_create(const struct net_call_server_config *config,
			   struct net_call_server **out)
{
	struct net_call_server *server = calloc(1, sizeof(*server));

	*out = server;
	if (!server)
		return -ENOMEM;
	server->config = *config;
	server->dispatch.ops = config->ops;
	server->dispatch.arg = config->arg;
	return 0;
}

int net_call_serve(struct net_call_server *server, struct net_channel *channel)
{
	struct served *served = calloc(1, sizeof(*served));

	if (!served) {
		net_channel_close(channel);
		return -ENOMEM;
	}
	served->server = server;
	served->channel = channel;
	served->conn.dispatch = &server->dispatch;
	served->conn.peer.uid = (uid_t)-1;
	served->conn.peer.gid = (gid_t)-1;
	served->conn.peer.role = server->config.role;
	served->conn.identity = net_channel_identity(channel);
	served->conn.send = conn_send;
	served->conn.ended = conn_ended;
	served->next = server->list;
	if (served->next)
		served->next->previous = served;
	server->list = served;
	net_channel_own(channel, &served_ops, served);
	net_channel_set_idle(channel, server->config.idle_ns);
	return 0;
}

void net_call_server_destroy(struct net_call_server *server)
{
	if (!server)
		return;
	/* Without handlers' callbacks: they may be gone already. */
	ipc_dispatch_exit(&server->dispatch);
	while (server->list) {
		server->list->conn.request = NULL;
		net_channel_close(server->list->channel);
		served_free(server->list);
	}
	free(server);
}

const struct net_identity *net_request_identity(const struct ipc_request *request)
{
	return ipc_request_identity(request);
}
