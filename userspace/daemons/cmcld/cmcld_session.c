// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmcld_session.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <tocsin/member.h>
#include <tocsin/net_member.h>

#include "cmcld_config.h"
#include "cmcld_log.h"
#include "cmcld_queue.h"
#include "cmcld_realtime.h"

#define BLOCKS		128
#define BLOCK_SIZE	(sizeof(struct member_message) > CMCLD_SESSION_DATA_MAX ? \
			 sizeof(struct member_message) : CMCLD_SESSION_DATA_MAX)
#define FINISH_NS	(200 * BASE_NS_PER_MS)
#define QS_POLL_MAX_NS	(10 * BASE_NS_PER_S)

/* Real-time thread to session thread. */
enum out_type {
	OUT_SEND,		/* tag: peer, type */
	OUT_MEMBER,		/* tag: peer */
	OUT_QS,
	OUT_PATH,		/* tag: peer, path, up */
	OUT_STOP,
};

/* Session thread to real-time thread. */
enum in_type {
	IN_MESSAGE,		/* tag: peer, type */
	IN_MEMBER,		/* tag: peer */
	IN_RESET,		/* tag: peer; data: incarnation */
	IN_STATE,		/* tag: peer, connected */
	IN_QS,
	IN_QS_STATUS,
};

struct cmcld_session {
	struct cmcld_session_config config;
	pthread_t thread;
	sd_event *event;
	struct net_sessions *sessions;
	struct net_qs *qs;
	struct cmcld_queue *out;
	struct cmcld_queue *in;
	u64 dropped;			/* real-time thread's */
	u8 bytes[NET_MEMBER_SIZE_MAX];
	struct member_message message;
};

static u64 tag_make(u16 peer, u32 second)
{
	return (u64)second << 16 | peer;
}

static u16 tag_peer(u64 tag)
{
	return (u16)tag;
}

static u32 tag_second(u64 tag)
{
	return (u32)(tag >> 16);
}

/* ---- session thread: what arrives ---- */

/*
 * The sessions promise delivery, so nothing is dropped here: when the real-time
 * thread is behind, this thread waits, and TCP holds the peers back.
 */
static struct cmcld_block *block_wait(struct cmcld_session *session, u32 type, u64 tag)
{
	struct cmcld_block *block;

	while (!(block = cmcld_queue_take(session->in)))
		usleep(500);
	block->type = type;
	block->tag = tag;
	return block;
}

static void pass(struct cmcld_session *session, u32 type, u64 tag, const void *data,
		 size_t size)
{
	struct cmcld_block *block = block_wait(session, type, tag);

	memcpy(block->data, data, size);
	block->size = (u32)size;
	cmcld_queue_send(session->in, block);
}

static void on_message(void *arg, u16 peer, u32 type, const u8 *data, size_t size)
{
	struct cmcld_session *session = arg;

	if (type == NET_SESSION_MEMBER) {
		if (net_member_decode(data, size, &session->message)) {
			cmcld_log(LOG_WARNING, "Node %u sent a membership message that "
				  "is malformed; ignored. Do all nodes run "
				  "compatible versions?", peer);
			return;
		}
		pass(session, IN_MEMBER, peer, &session->message,
		     sizeof(session->message));
	} else if (size <= CMCLD_SESSION_DATA_MAX) {
		pass(session, IN_MESSAGE, tag_make(peer, type), data, size);
	} else {
		cmcld_log(LOG_WARNING, "Node %u sent a message of %zu bytes, %d are "
			  "allowed; ignored", peer, size, CMCLD_SESSION_DATA_MAX);
	}
}

static void on_peer_reset(void *arg, u16 peer, u64 incarnation, u64 dropped)
{
	pass(arg, IN_RESET, peer, &incarnation, sizeof(incarnation));
}

static void on_peer_state(void *arg, u16 peer, bool connected)
{
	pass(arg, IN_STATE, tag_make(peer, connected), "", 0);
}

static void on_report(void *arg, bool error, const char *text)
{
	cmcld_log(error ? LOG_WARNING : LOG_INFO, "%s", text);
}

static const struct net_session_ops session_ops = {
	.message = on_message,
	.peer_reset = on_peer_reset,
	.peer_state = on_peer_state,
	.report = on_report,
};

static void on_qs_status(void *arg, const struct net_qs_status *status)
{
	pass(arg, IN_QS_STATUS, 0, status, sizeof(*status));
}

static void on_qs_message(void *arg, const struct member_message *message)
{
	pass(arg, IN_QS, 0, message, sizeof(*message));
}

/* ---- session thread: what leaves ---- */

static void member_send(struct cmcld_session *session, u16 peer,
			const struct member_message *message)
{
	ssize_t size = net_member_encode(message, session->bytes, sizeof(session->bytes));

	core_assert(size > 0);
	net_sessions_send(session->sessions, peer, NET_SESSION_MEMBER,
			  session->bytes, (size_t)size);
}

/* Errors of sending are not reported back: an unreachable peer is the
 * membership's business, and its protocols repeat. */
static void block_run(struct cmcld_session *session, const struct cmcld_block *block)
{
	u16 peer = tag_peer(block->tag);
	u32 second = tag_second(block->tag);

	switch ((enum out_type)block->type) {
	case OUT_SEND:
		net_sessions_send(session->sessions, peer, second, block->data,
				  block->size);
		break;
	case OUT_MEMBER:
		member_send(session, peer, (const struct member_message *)block->data);
		break;
	case OUT_QS:
		if (session->qs)
			net_qs_send(session->qs,
				    (const struct member_message *)block->data);
		break;
	case OUT_PATH:
		net_session_path_state(session->sessions, peer, second & 0xff,
				       second >> 8);
		break;
	case OUT_STOP:
		break;
	}
}

static int on_finished(sd_event_source *source, uint64_t usec, void *arg)
{
	return sd_event_exit(arg, 0);
}

static int on_queue(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	struct cmcld_session *session = arg;
	struct cmcld_block *block;

	cmcld_queue_clear(session->out);
	while ((block = cmcld_queue_receive(session->out))) {
		if (block->type == OUT_STOP)
			sd_event_add_time_relative(session->event, NULL, CLOCK_MONOTONIC,
						   FINISH_NS / BASE_NS_PER_US, 0,
						   on_finished, session->event);
		else
			block_run(session, block);
		cmcld_queue_return(session->out, block);
	}
	return 0;
}

/* ---- start and stop ---- */

static int path_addresses(const struct conf *conf, const struct conf_node *node,
			  u16 port, struct net_address out[NET_SESSION_PATHS_MAX])
{
	u8 path, count = conf_path_count(conf);

	for (path = 0; path < count; path++) {
		const struct conf_address *address;

		memset(&out[path], 0, sizeof(out[path]));
		address = conf_node_path_address(conf, node, path);
		if (!address)
			continue;
		cmcld_config_address(address, port, &out[path]);
	}
	return count;
}

static void identity_make(struct cmcld_session *session, struct net_identity *identity)
{
	const struct conf_cluster *cluster = &session->config.conf->cluster;

	identity->cluster_id = cluster->id;
	base_str_print(identity->node, sizeof(identity->node), "%s",
		       session->config.self->name);
	base_str_print(identity->cluster, sizeof(identity->cluster), "%s", cluster->name);
}

static int peers_add(struct cmcld_session *session)
{
	const struct conf_cluster *cluster = &session->config.conf->cluster;
	struct net_address address[NET_SESSION_PATHS_MAX];
	int i, err;

	for (i = 0; i < cluster->node_count; i++) {
		const struct conf_node *node = &cluster->node[i];

		if (node->id == session->config.self->id)
			continue;
		memset(address, 0, sizeof(address));
		path_addresses(session->config.conf, node, NET_PORT_SESSION, address);
		err = net_sessions_peer_add(session->sessions, node->id, node->name, address);
		if (err)
			return err;
	}
	return 0;
}

static int sessions_open(struct cmcld_session *session)
{
	struct net_session_config config = {
		.event = session->event,
		.node_id = session->config.self->id,
		.incarnation = session->config.incarnation,
		.ops = &session_ops,
		.arg = session,
	};
	int err;

	identity_make(session, &config.identity);
	base_key_derive(session->config.key, BASE_KEY_SESSION, config.key);
	config.paths = path_addresses(session->config.conf, session->config.self,
				      NET_PORT_SESSION, config.local);
	err = net_sessions_create(&config, &session->sessions);
	base_key_wipe(config.key, sizeof(config.key));
	return err ? err : peers_add(session);
}

static int qs_open(struct cmcld_session *session)
{
	const struct conf_qs *qs = &session->config.conf->cluster.qs;
	struct net_qs_config config = {
		.event = session->event,
		.node_id = session->config.self->id,
		.count = session->config.qs_count,
		.status = on_qs_status,
		.message = on_qs_message,
		.arg = session,
	};
	int err;

	if (!config.count)
		return 0;
	config.poll_ns = qs->polling_interval_ns < QS_POLL_MAX_NS ?
			 qs->polling_interval_ns : QS_POLL_MAX_NS;
	memcpy(config.addresses, session->config.qs, sizeof(config.addresses));
	identity_make(session, &config.identity);
	base_key_derive(session->config.key, BASE_KEY_QUORUM_SERVER, config.key);
	err = net_qs_create(&config, &session->qs);
	base_key_wipe(config.key, sizeof(config.key));
	return err;
}

static void *run(void *arg)
{
	struct cmcld_session *session = arg;

	sd_event_loop(session->event);
	return NULL;
}

static void session_free(struct cmcld_session *session)
{
	if (session->qs)
		net_qs_destroy(session->qs);
	if (session->sessions)
		net_sessions_destroy(session->sessions);
	sd_event_unref(session->event);
	cmcld_queue_destroy(session->out);
	cmcld_queue_destroy(session->in);
	free(session);
}

/* Made in the caller's thread: errors are known at once. */
static int session_open(struct cmcld_session *session)
{
	int err;

	session->out = cmcld_queue_create(BLOCKS, BLOCK_SIZE);
	session->in = cmcld_queue_create(BLOCKS, BLOCK_SIZE);
	if (!session->out || !session->in)
		return -ENOMEM;
	err = sd_event_new(&session->event);
	if (err < 0)
		return err;
	err = sd_event_add_io(session->event, NULL, cmcld_queue_fd(session->out),
			      EPOLLIN, on_queue, session);
	if (err < 0)
		return err;
	err = sessions_open(session);
	return err ? err : qs_open(session);
}

int cmcld_session_start(const struct cmcld_session_config *config,
			struct cmcld_session **out)
{
	struct cmcld_session *session = calloc(1, sizeof(*session));
	int err;

	if (!session)
		return -ENOMEM;
	session->config = *config;
	err = session_open(session);
	if (!err)
		err = cmcld_realtime_thread(&session->thread, config->priority,
					    "cmcld-session", run, session);
	if (err) {
		session_free(session);
		return err;
	}
	*out = session;
	return 0;
}

void cmcld_session_stop(struct cmcld_session *session)
{
	struct cmcld_block *block;

	while (!(block = cmcld_queue_take(session->out)))
		usleep(1000);
	block->type = OUT_STOP;
	cmcld_queue_send(session->out, block);
	/* It may be waiting for room: nobody collects any more. */
	while (pthread_tryjoin_np(session->thread, NULL)) {
		while ((block = cmcld_queue_receive(session->in)))
			cmcld_queue_return(session->in, block);
		usleep(1000);
	}
	session_free(session);
}

/* ---- real-time thread ---- */

static int post(struct cmcld_session *session, u32 type, u64 tag, const void *data,
		size_t size)
{
	struct cmcld_block *block = cmcld_queue_take(session->out);

	if (!block) {
		session->dropped++;
		return -ENOBUFS;
	}
	block->type = type;
	block->tag = tag;
	block->size = (u32)size;
	memcpy(block->data, data, size);
	cmcld_queue_send(session->out, block);
	return 0;
}

int cmcld_session_send(struct cmcld_session *session, u16 peer, u32 type,
		       const void *data, size_t size)
{
	if (size > CMCLD_SESSION_DATA_MAX)
		return -EMSGSIZE;
	return post(session, OUT_SEND, tag_make(peer, type), data, size);
}

int cmcld_session_send_member(struct cmcld_session *session, u16 peer,
			      const struct member_message *message)
{
	return post(session, OUT_MEMBER, peer, message, sizeof(*message));
}

int cmcld_session_send_qs(struct cmcld_session *session,
			  const struct member_message *message)
{
	return post(session, OUT_QS, 0, message, sizeof(*message));
}

int cmcld_session_path(struct cmcld_session *session, u16 peer, u8 path, bool up)
{
	return post(session, OUT_PATH, tag_make(peer, (u32)up << 8 | path), "", 0);
}

u64 cmcld_session_dropped(const struct cmcld_session *session)
{
	return session->dropped;
}

int cmcld_session_fd(const struct cmcld_session *session)
{
	return cmcld_queue_fd(session->in);
}

static void deliver(const struct cmcld_block *block, const struct cmcld_session_ops *ops,
		    void *arg)
{
	u16 peer = tag_peer(block->tag);
	u32 second = tag_second(block->tag);
	u64 incarnation;

	switch ((enum in_type)block->type) {
	case IN_MESSAGE:
		ops->message(arg, peer, second, block->data, block->size);
		break;
	case IN_MEMBER:
		ops->member(arg, peer, (const struct member_message *)block->data);
		break;
	case IN_RESET:
		memcpy(&incarnation, block->data, sizeof(incarnation));
		ops->peer_reset(arg, peer, incarnation);
		break;
	case IN_STATE:
		ops->peer_state(arg, peer, second);
		break;
	case IN_QS:
		ops->qs_message(arg, (const struct member_message *)block->data);
		break;
	case IN_QS_STATUS:
		ops->qs_status(arg, (const struct net_qs_status *)block->data);
		break;
	}
}

void cmcld_session_collect(struct cmcld_session *session,
			   const struct cmcld_session_ops *ops, void *arg)
{
	struct cmcld_block *block;
	unsigned int n;

	cmcld_queue_clear(session->in);
	for (n = 0; n < BLOCKS; n++) {
		block = cmcld_queue_receive(session->in);
		if (!block)
			return;
		deliver(block, ops, arg);
		cmcld_queue_return(session->in, block);
	}
	/* Peers that send as fast as this reads must not keep it from renewing the lease. */
	cmcld_queue_wake(session->in);
}
