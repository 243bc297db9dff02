// SPDX-License-Identifier: GPL-2.0-or-later
#include "qs_server.h"

#include "qs_log.h"

#include <tocsin/net_arena.h>

#include <tocsin/net_member.h>
#include <tocsin/version.h>

#include "tocsin.pb-c.h"

#include <stdlib.h>

#define QS_VERSION	1
#define FRAME_MAX	(NET_MEMBER_SIZE_MAX + 256)
#define CLIENTS_MAX	2048
#define HELLO_NS	(5 * BASE_NS_PER_S)
/* A node that missed this many polls is gone. */
#define POLLS_MISSED	3
#define SILENCE_NS_MIN	(10 * BASE_NS_PER_S)

struct client {
	struct client *next, *previous;
	struct qs_server *server;
	struct net_channel *channel;
	char label[QS_AUTH_LABEL_MAX];
	u8 key[BASE_KEY_SIZE];
	struct qs_state *state;		/* NULL before its hello */
	u16 node_id;
};

struct qs_server {
	struct qs_server_config config;
	struct net_listener *listener;
	struct client *clients;
	unsigned int client_count;
	struct member_message request, answer;
	u8 frame[FRAME_MAX];
	u8 member[NET_MEMBER_SIZE_MAX];
};

static void client_free(struct client *client)
{
	if (client->previous)
		client->previous->next = client->next;
	else
		client->server->clients = client->next;
	if (client->next)
		client->next->previous = client->previous;
	client->server->client_count--;
	base_key_wipe(client->key, sizeof(client->key));
	free(client);
}

static void describe(const struct client *client, char *text, size_t size)
{
	const struct net_identity *identity = net_channel_identity(client->channel);
	char from[NET_ADDRESS_TEXT_MAX];

	net_address_print(net_channel_peer(client->channel), from);
	base_str_print(text, size, "Cluster %s node %s (%s)", identity->cluster, identity->node,
		       from);
}

/* Close a client for a reason; it is gone then. */
static void client_drop(struct client *client, const char *why)
{
	char who[200];

	describe(client, who, sizeof(who));
	qs_log(QS_LOG_WARNING, "client", "%s: closed: %s", who, why);
	net_channel_finish(client->channel);
	client_free(client);
}

static void send_frame(struct client *client, const Tocsin__QsFrame *frame)
{
	struct qs_server *server = client->server;
	size_t size = tocsin__qs_frame__get_packed_size(frame);

	core_assert(size <= sizeof(server->frame));
	tocsin__qs_frame__pack(frame, server->frame);
	/* A client that does not read finds its answers missing and asks again. */
	(void)net_channel_send(client->channel, server->frame, size);
}

static void send_welcome(struct client *client)
{
	Tocsin__QsFrame frame = TOCSIN__QS_FRAME__INIT;
	Tocsin__QsWelcome welcome = TOCSIN__QS_WELCOME__INIT;
	const struct qs_state *state = client->state;

	welcome.version = QS_VERSION;
	welcome.software = (char *)TOCSIN_VERSION;
	welcome.problem = (char *)state->problem;
	welcome.identity = state->problem[0] ? 0 : state->arbiter.identity;
	frame.welcome = &welcome;
	send_frame(client, &frame);
}

/* false: the client is gone. */
static bool take_hello(struct client *client, const Tocsin__QsHello *hello)
{
	const struct net_identity *identity = net_channel_identity(client->channel);
	u64 silence_ns = POLLS_MISSED * (u64)hello->poll_ms * BASE_NS_PER_MS;
	char who[200];

	if (hello->version != QS_VERSION || !hello->node_id ||
	    hello->node_id > CORE_NODE_ID_MAX || hello->cluster != identity->cluster_id ||
	    !hello->cluster) {
		client_drop(client, "malformed greeting, or another protocol version");
		return false;
	}
	client->node_id = (u16)hello->node_id;
	client->state = qs_state_open(client->server->config.states, client->label,
				      identity->cluster_id);
	if (!client->state) {
		client_drop(client, "out of memory");
		return false;
	}
	net_channel_set_idle(client->channel,
			     silence_ns < SILENCE_NS_MIN ? SILENCE_NS_MIN : silence_ns);
	describe(client, who, sizeof(who));
	qs_log(QS_LOG_INFO, "client", "%s: connected, version %.30s", who, hello->software);
	send_welcome(client);
	return true;
}

/* What an administrator wants to find in the log after a split. */
static void log_answer(const struct client *client, const struct member_message *answer)
{
	const struct member_arbiter_answer *body = &answer->arbiter_answer;
	const struct core_view *view = &body->accepted.view;
	char who[200], nodes[400] = "";
	size_t at = 0;
	unsigned int i;

	if (body->request == MEMBER_MESSAGE_ARBITER_QUERY)
		return;
	describe(client, who, sizeof(who));
	if (body->request == MEMBER_MESSAGE_ARBITER_ACCEPT && body->granted) {
		for (i = 0; i < view->count && at + 8 < sizeof(nodes); i++) {
			base_str_print(nodes + at, sizeof(nodes) - at, " %u", view->member[i].id);
			at += strlen(nodes + at);
		}
		qs_log(QS_LOG_INFO, "grant", "%s: accepted epoch %llu with nodes%s", who,
		       (unsigned long long)body->epoch, nodes);
		return;
	}
	qs_log(QS_LOG_INFO, "grant", "%s: %s for epoch %llu, ballot %llu.%u; newest epoch %llu",
	       who, body->granted ? "promised" : "refused", (unsigned long long)body->epoch,
	       (unsigned long long)body->ballot.counter, body->ballot.node,
	       (unsigned long long)body->newest_epoch);
}

static bool take_request(struct client *client, const ProtobufCBinaryData *bytes)
{
	struct qs_server *server = client->server;
	Tocsin__QsFrame frame = TOCSIN__QS_FRAME__INIT;
	ssize_t size;
	int err;

	if (!client->state || net_member_decode(bytes->data, bytes->len, &server->request) ||
	    member_message_check(&server->request, client->state->arbiter.cluster) ||
	    server->request.from != client->node_id) {
		client_drop(client, "malformed request");
		return false;
	}
	err = qs_state_ask(client->state, &server->request, &server->answer);
	if (err == -EINVAL) {
		client_drop(client, "not a request to a quorum server");
		return false;
	}
	if (err)
		return true;
	log_answer(client, &server->answer);
	size = net_member_encode(&server->answer, server->member, sizeof(server->member));
	core_assert(size > 0);
	frame.member.data = server->member;
	frame.member.len = (size_t)size;
	send_frame(client, &frame);
	return true;
}

static void take_frame(struct client *client, const Tocsin__QsFrame *in)
{
	Tocsin__QsFrame pong = TOCSIN__QS_FRAME__INIT;

	if (in->hello && !take_hello(client, in->hello))
		return;
	if (in->member.len && !take_request(client, &in->member))
		return;
	if (!in->ping)
		return;
	pong.pong = true;
	send_frame(client, &pong);
}

static void on_frame(void *arg, struct net_channel *channel, const u8 *data, size_t size)
{
	struct client *client = arg;
	Tocsin__QsFrame *frame;
	struct net_arena arena;

	if (net_arena_init(&arena))
		return;
	frame = tocsin__qs_frame__unpack(&arena.allocator, size, data);
	if (frame)
		take_frame(client, frame);
	else
		client_drop(client, "malformed frame");
	net_arena_free(&arena);
}

static void on_down(void *arg, struct net_channel *channel, int error, const char *why)
{
	struct client *client = arg;
	char who[200];

	describe(client, who, sizeof(who));
	qs_log(QS_LOG_INFO, "client", "%s: %s", who, why);
	client_free(client);
}

static const struct net_channel_ops client_ops = {
	.frame = on_frame,
	.down = on_down,
};

static int key_of(void *arg, const struct net_identity *identity,
		  const struct net_address *from, u8 key[BASE_KEY_SIZE])
{
	struct qs_server *server = arg;
	const struct qs_auth_entry *entry = qs_auth_find(server->config.auth, identity, from);

	if (!entry)
		return -EACCES;
	memcpy(key, entry->key, BASE_KEY_SIZE);
	return 0;
}

static void on_accepted(void *arg, struct net_channel *channel)
{
	struct qs_server *server = arg;
	const struct qs_auth_entry *entry = qs_auth_find(server->config.auth,
							 net_channel_identity(channel),
							 net_channel_peer(channel));
	struct client *client = entry ? calloc(1, sizeof(*client)) : NULL;

	if (!client) {
		net_channel_close(channel);
		return;
	}
	client->server = server;
	client->channel = channel;
	memcpy(client->label, entry->label, sizeof(client->label));
	memcpy(client->key, entry->key, sizeof(client->key));
	client->next = server->clients;
	if (client->next)
		client->next->previous = client;
	server->clients = client;
	server->client_count++;
	net_channel_own(channel, &client_ops, client);
	net_channel_set_idle(channel, HELLO_NS);
}

static void on_refused(void *arg, const struct net_address *from, const char *why, u64 times)
{
	char text[NET_ADDRESS_TEXT_MAX];

	net_address_print(from, text);
	qs_log(QS_LOG_WARNING, "refused", "Connection from %s refused: %s (%llu since the last "
	       "report)", text, why, (unsigned long long)times);
}

int qs_server_create(const struct qs_server_config *config, struct qs_server **out)
{
	struct qs_server *server = calloc(1, sizeof(*server));
	struct net_listener_config listen = {
		.event = config->event,
		.addresses = config->addresses,
		.count = config->count,
		.channels_max = CLIENTS_MAX,
		.limits.frame_max = FRAME_MAX,
		.limits.queue_max = 4 * FRAME_MAX,
		.key_of = key_of,
		.accepted = on_accepted,
		.refused = on_refused,
		.arg = server,
	};
	int err;

	*out = NULL;
	if (!server)
		return -ENOMEM;
	server->config = *config;
	err = net_listener_create(&listen, &server->listener);
	if (err) {
		free(server);
		return err;
	}
	*out = server;
	return 0;
}

void qs_server_destroy(struct qs_server *server)
{
	if (!server)
		return;
	while (server->clients) {
		net_channel_close(server->clients->channel);
		client_free(server->clients);
	}
	net_listener_destroy(server->listener);
	free(server);
}

static bool still_allowed(const struct qs_server *server, const struct client *client)
{
	const struct qs_auth_entry *entry = qs_auth_find(server->config.auth,
							 net_channel_identity(client->channel),
							 net_channel_peer(client->channel));

	return entry && !strcmp(entry->label, client->label) &&
	       !memcmp(entry->key, client->key, BASE_KEY_SIZE);
}

void qs_server_set_auth(struct qs_server *server, const struct qs_auth *auth)
{
	struct client *client, *next;

	server->config.auth = auth;
	for (client = server->clients; client; client = next) {
		next = client->next;
		if (!still_allowed(server, client))
			client_drop(client, "the authorisation file does not allow it any more");
	}
}

unsigned int qs_server_clients(const struct qs_server *server)
{
	return server->client_count;
}

void qs_server_stats_get(const struct qs_server *server, struct net_listener_stats *stats)
{
	net_listener_stats_get(server->listener, stats);
}
