// SPDX-License-Identifier: GPL-2.0-or-later
#include <tocsin/base_log.h>
#include <tocsin/ipc_dispatch.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG		128
#define OUT_MAX		(4u * IPC_FRAME_MAX)
#define IN_START	4096u
#define REFUSAL_SIZE	160u
#define REFUSED_LOG_NS	(60 * BASE_NS_PER_S)

/*
 * One client.  Reading takes header and body of one frame and never more, so
 * that a client whose request is under way simply is not read, nor is one that
 * has not taken its answers: what is kept for it has an end.
 */
struct client {
	struct ipc_conn conn;		/* first: the callbacks cast back */
	struct client *next, *previous;
	struct ipc_server *server;
	sd_event_source *source;
	int fd;
	u64 active_ns;
	u8 header[4];
	size_t header_have;
	u8 *in;
	size_t in_want, in_have, in_room;
	u8 *out;
	size_t out_from, out_to, out_room;
	bool broken;			/* close as soon as the loop runs */
	bool closing;			/* close when out is empty */
};

struct ipc_server {
	struct ipc_server_config config;
	struct ipc_dispatch dispatch;
	sd_event_source *listen_source;
	sd_event_source *idle_source;
	struct client *clients;
	u64 refused_told_ns;		/* when a refusal was logged; 0: never */
	u64 refused_told;		/* how many there were then */
	int fd;
	bool unlink_path;
};

static void client_close(struct client *client)
{
	struct ipc_server *server = client->server;

	ipc_dispatch_gone(&client->conn);
	if (client->previous)
		client->previous->next = client->next;
	else
		server->clients = client->next;
	if (client->next)
		client->next->previous = client->previous;
	server->dispatch.stats.clients--;
	sd_event_source_disable_unref(client->source);
	close(client->fd);
	/* There is a descriptor again, see on_listen(). */
	if (server->listen_source)
		sd_event_source_set_enabled(server->listen_source, SD_EVENT_ON);
	free(client->in);
	free(client->out);
	free(client);
}

static bool has_output(const struct client *client)
{
	return client->out_from < client->out_to;
}

/* Nothing else is to be done for it first. */
static bool may_read(const struct client *client)
{
	return !client->conn.request && !client->closing && !has_output(client);
}

static void client_watch(struct client *client)
{
	u32 events = 0;

	if (may_read(client))
		events |= EPOLLIN;
	if (has_output(client) || client->closing)
		events |= EPOLLOUT;
	sd_event_source_set_io_events(client->source, events);
}

static int out_reserve(struct client *client, size_t size)
{
	size_t have = client->out_to - client->out_from;
	size_t room = client->out_room ? client->out_room : IN_START;
	u8 *grown;

	if (have + size > OUT_MAX)
		return -ENOBUFS;
	if (client->out_from) {
		memmove(client->out, client->out + client->out_from, have);
		client->out_from = 0;
		client->out_to = have;
	}
	if (have + size <= client->out_room)
		return 0;
	while (room < have + size)
		room *= 2;
	grown = realloc(client->out, room);
	if (!grown)
		return -ENOMEM;
	client->out = grown;
	client->out_room = room;
	return 0;
}

static void conn_send(struct ipc_conn *conn, const char *data, size_t size)
{
	struct client *client = (struct client *)conn;
	u32 length = htonl((u32)size);

	if (client->broken)
		return;
	if (out_reserve(client, sizeof(length) + size)) {
		/* It asks and does not read.  The hang-up wakes the loop. */
		client->broken = true;
		shutdown(client->fd, SHUT_RDWR);
		return;
	}
	memcpy(client->out + client->out_to, &length, sizeof(length));
	memcpy(client->out + client->out_to + sizeof(length), data, size);
	client->out_to += sizeof(length) + size;
	client_watch(client);
}

static void conn_ended(struct ipc_conn *conn)
{
	struct client *client = (struct client *)conn;

	client->active_ns = base_clock_ns();
	client_watch(client);
}

static int client_write(struct client *client)
{
	while (has_output(client)) {
		ssize_t put = send(client->fd, client->out + client->out_from,
				   client->out_to - client->out_from,
				   MSG_NOSIGNAL | MSG_DONTWAIT);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return errno == EAGAIN ? 0 : -errno;
		client->out_from += (size_t)put;
	}
	if (client->out_room > 16 * IN_START) {
		free(client->out);
		client->out = NULL;
		client->out_room = 0;
	}
	client->out_from = 0;
	client->out_to = 0;
	return client->closing ? -EPROTO : 0;
}

/* Room for what has arrived and a step more: a length is only a claim. */
static int in_reserve(struct client *client)
{
	size_t room = client->in_room ? 2 * client->in_room : IN_START;
	u8 *grown;

	if (client->in_have < client->in_room)
		return 0;
	if (room > client->in_want && client->in_want > client->in_have)
		room = client->in_want;
	grown = realloc(client->in, room);
	if (!grown)
		return -ENOMEM;
	client->in = grown;
	client->in_room = room;
	return 0;
}

static ssize_t receive(int fd, void *data, size_t size)
{
	ssize_t got = recv(fd, data, size, MSG_DONTWAIT);

	if (got > 0)
		return got;
	if (!got)
		return -ECONNRESET;
	return errno == EINTR ? -EAGAIN : -errno;
}

/* A frame, but too much of one for this server. */
static void refuse_size(struct client *client)
{
	char text[120];

	base_str_print(text, sizeof(text), "{\"error\":\"a request of %zu bytes is refused: at "
		       "most %zu are taken\",\"code\":%d}", client->in_want,
		       client->server->config.request_max, EMSGSIZE);
	client->closing = true;
	conn_send(&client->conn, text, strlen(text));
}

static int read_header(struct client *client)
{
	u32 length;
	ssize_t got = receive(client->fd, client->header + client->header_have,
			      sizeof(client->header) - client->header_have);

	if (got < 0)
		return (int)got;
	client->header_have += (size_t)got;
	if (client->header_have < sizeof(client->header))
		return 0;
	memcpy(&length, client->header, sizeof(length));
	client->in_want = ntohl(length);
	client->in_have = 0;
	if (client->in_want && client->in_want <= client->server->config.request_max)
		return 0;
	client->server->dispatch.stats.refused_frame++;
	if (!client->in_want || client->in_want > IPC_FRAME_MAX)
		return -EPROTO;
	refuse_size(client);
	return 0;
}

static void frame_done(struct client *client)
{
	u8 *data = client->in;
	size_t size = client->in_have;

	/* The dispatcher parses before it runs the handler: data is free then. */
	client->in = NULL;
	client->in_room = 0;
	client->header_have = 0;
	client->active_ns = base_clock_ns();
	if (ipc_dispatch_frame(&client->conn, data, size))
		client->closing = true;
	free(data);
}

/* One step; -EAGAIN when there is nothing to read. */
static int client_read(struct client *client)
{
	ssize_t got;
	size_t room;
	int err;

	if (client->header_have < sizeof(client->header))
		return read_header(client);
	err = in_reserve(client);
	if (err)
		return err;
	room = client->in_room < client->in_want ? client->in_room : client->in_want;
	got = receive(client->fd, client->in + client->in_have, room - client->in_have);
	if (got < 0)
		return (int)got;
	client->in_have += (size_t)got;
	if (client->in_have == client->in_want)
		frame_done(client);
	return 0;
}

static int on_client(sd_event_source *source, int fd, u32 events, void *arg)
{
	struct client *client = arg;
	unsigned int steps = 0;
	int err = 0;

	if (client->broken)
		err = -ENOBUFS;
	if (!err && events & EPOLLOUT)
		err = client_write(client);
	/* A bounded number of steps: the other clients are waiting, too. */
	while (!err && events & EPOLLIN && may_read(client) && steps++ < 8)
		err = client_read(client);
	if (!err && !(events & (EPOLLIN | EPOLLOUT)) && events & (EPOLLHUP | EPOLLERR))
		err = -ECONNRESET;
	if (err && err != -EAGAIN)
		client_close(client);
	else
		client_watch(client);
	return 0;
}

static enum ipc_role default_role(const struct ipc_peer *peer)
{
	return peer->uid == 0 ? IPC_ROLE_FULL_ADMIN : IPC_ROLE_MONITOR;
}

static int peer_of(const struct ipc_server *server, int fd, struct ipc_peer *peer)
{
	struct ucred credentials;
	socklen_t size = sizeof(credentials);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0)
		return -errno;
	peer->uid = credentials.uid;
	peer->gid = credentials.gid;
	peer->pid = credentials.pid;
	peer->role = server->config.role_of ?
		     server->config.role_of(server->config.arg, peer) : default_role(peer);
	return 0;
}

/* ---- who gets in ---- */

static unsigned int part_of(unsigned int clients_max, unsigned int divisor)
{
	return clients_max / divisor ? clients_max / divisor : 1;
}

/* @user: of this uid; else of all but root. */
static unsigned int clients_of(const struct ipc_server *server, const uid_t *user)
{
	const struct client *client;
	unsigned int count = 0;

	for (client = server->clients; client; client = client->next)
		count += user ? client->conn.peer.uid == *user : client->conn.peer.uid != 0;
	return count;
}

/* Return: whether there is a place for it; else why not, and what to do. */
static bool has_place(const struct ipc_server *server, const struct ipc_peer *peer,
		      char *why, size_t size)
{
	unsigned int max = server->config.clients_max, user_max = part_of(max, 8);
	unsigned int root_max = part_of(max, 4);

	if (server->dispatch.stats.clients >= max)
		base_str_print(why, size, "all %u connections are in use; end some of them "
			       "(ss -xp shows whose they are)", max);
	else if (peer->uid && clients_of(server, &peer->uid) >= user_max)
		base_str_print(why, size, "user %u has %u connections already, which is the "
			       "limit; end some of them (ss -xp shows them), or ask as root",
			       (unsigned int)peer->uid, user_max);
	else if (peer->uid && clients_of(server, NULL) + root_max >= max)
		base_str_print(why, size, "the connections for users are all in use, the last "
			       "%u are for root; try again, or ask as root", root_max);
	else
		return true;
	return false;
}

/* The first one, then one line a minute: whoever asks may ask often. */
static void refusal_log(struct ipc_server *server, const struct ipc_peer *peer,
			const char *why)
{
	u64 now = base_clock_ns(), refused = server->dispatch.stats.refused_full;

	if (server->refused_told_ns && now - server->refused_told_ns < REFUSED_LOG_NS)
		return;
	base_log(BASE_LOG_WARNING, "A local connection of user %u, process %d was refused: %s. "
		 "Refused since the last such line: %llu", (unsigned int)peer->uid,
		 (int)peer->pid, why, (unsigned long long)(refused - server->refused_told));
	server->refused_told_ns = now;
	server->refused_told = refused;
}

/* An error reply before any request; the socket's own buffer takes it. */
static void refuse(struct ipc_server *server, int fd, const struct ipc_peer *peer,
		   const char *why)
{
	json_t *reply = json_pack("{s:s,s:i}", "error", why, "code", EBUSY);
	char *text = reply ? json_dumps(reply, JSON_COMPACT) : NULL;
	u32 length = text ? htonl((u32)strlen(text)) : 0;

	json_decref(reply);
	server->dispatch.stats.refused_full++;
	refusal_log(server, peer, why);
	if (text && send(fd, &length, sizeof(length), MSG_NOSIGNAL | MSG_DONTWAIT) > 0)
		send(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT);
	free(text);
}

static int client_create(struct ipc_server *server, int fd, const struct ipc_peer *peer)
{
	struct client *client = calloc(1, sizeof(*client));
	int err;

	if (!client)
		return -ENOMEM;
	client->server = server;
	client->fd = fd;
	client->active_ns = base_clock_ns();
	client->conn.dispatch = &server->dispatch;
	client->conn.peer = *peer;
	client->conn.send = conn_send;
	client->conn.ended = conn_ended;
	err = sd_event_add_io(server->config.event, &client->source, fd, EPOLLIN, on_client,
			      client);
	if (err < 0) {
		free(client);
		return err;
	}
	sd_event_source_set_priority(client->source, server->config.priority);
	client->next = server->clients;
	if (client->next)
		client->next->previous = client;
	server->clients = client;
	server->dispatch.stats.clients++;
	return 0;
}

static int on_listen(sd_event_source *source, int listen_fd, u32 events, void *arg)
{
	struct ipc_server *server = arg;
	struct ipc_server_stats *stats = &server->dispatch.stats;
	struct ipc_peer peer = { };
	char why[REFUSAL_SIZE];
	int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0) {
		/* Out of descriptors: wait for a client to leave, do not spin. */
		if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR && stats->clients)
			sd_event_source_set_enabled(source, SD_EVENT_OFF);
		return 0;
	}
	stats->accepted++;
	if (!peer_of(server, fd, &peer)) {
		if (!has_place(server, &peer, why, sizeof(why)))
			refuse(server, fd, &peer, why);
		else if (!client_create(server, fd, &peer))
			return 0;
	}
	close(fd);
	return 0;
}

static int on_idle_timer(sd_event_source *source, u64 usec, void *arg)
{
	struct ipc_server *server = arg;
	u64 now = base_clock_ns();
	struct client *client, *next;

	for (client = server->clients; client; client = next) {
		next = client->next;
		if (!client->conn.request && now - client->active_ns > server->config.idle_ns)
			client_close(client);
	}
	sd_event_source_set_time_relative(source, server->config.idle_ns / 2 / BASE_NS_PER_US);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int listen_at(const char *path, mode_t mode)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, err;

	if (base_str_copy(address.sun_path, sizeof(address.sun_path), path))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	unlink(path);
	/* The mode is set before listen(): nobody gets in with another one. */
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    chmod(path, mode) < 0 || listen(fd, BACKLOG) < 0) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

static int add_sources(struct ipc_server *server)
{
	const struct ipc_server_config *config = &server->config;
	int err;

	err = sd_event_add_io(config->event, &server->listen_source, server->fd, EPOLLIN,
			      on_listen, server);
	if (err < 0)
		return err;
	sd_event_source_set_priority(server->listen_source, config->priority);
	if (!config->idle_ns)
		return 0;
	err = sd_event_add_time_relative(config->event, &server->idle_source, CLOCK_BOOTTIME,
					 config->idle_ns / 2 / BASE_NS_PER_US, 0,
					 on_idle_timer, server);
	if (err < 0)
		return err;
	return sd_event_source_set_priority(server->idle_source, config->priority);
}

int ipc_server_create(const struct ipc_server_config *config, struct ipc_server **out)
{
	struct ipc_server *server = calloc(1, sizeof(*server));
	int err;

	*out = NULL;
	if (!server)
		return -ENOMEM;
	server->config = *config;
	if (!server->config.clients_max)
		server->config.clients_max = IPC_CLIENTS_DEFAULT;
	if (!server->config.request_max)
		server->config.request_max = IPC_FRAME_MAX;
	server->dispatch.ops = config->ops;
	server->dispatch.arg = config->arg;
	server->fd = config->path ? listen_at(config->path, config->mode) : config->fd;
	if (server->fd < 0) {
		err = server->fd;
		free(server);
		return err;
	}
	if (!config->path)
		fcntl(server->fd, F_SETFL, fcntl(server->fd, F_GETFL) | O_NONBLOCK);
	server->unlink_path = config->path != NULL;
	if (config->path)
		server->config.path = strdup(config->path);
	err = config->path && !server->config.path ? -ENOMEM : add_sources(server);
	if (err < 0) {
		ipc_server_destroy(server);
		return err;
	}
	*out = server;
	return 0;
}

void ipc_server_destroy(struct ipc_server *server)
{
	if (!server)
		return;
	server->listen_source = sd_event_source_disable_unref(server->listen_source);
	sd_event_source_disable_unref(server->idle_source);
	/* Without handlers' callbacks: they may be gone already. */
	ipc_dispatch_exit(&server->dispatch);
	while (server->clients) {
		server->clients->conn.request = NULL;
		client_close(server->clients);
	}
	close(server->fd);
	if (server->unlink_path) {
		unlink(server->config.path);
		free((char *)server->config.path);
	}
	free(server);
}

void ipc_server_stats_get(const struct ipc_server *server, struct ipc_server_stats *stats)
{
	*stats = server->dispatch.stats;
}
