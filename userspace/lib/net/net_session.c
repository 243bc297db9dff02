// SPDX-License-Identifier: GPL-2.0-or-later
#include "net_session_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define PING_NS_DEFAULT		(500 * BASE_NS_PER_MS)
#define STALL_NS_DEFAULT	(300 * BASE_NS_PER_MS)
#define QUEUE_MAX_DEFAULT	(8u << 20)
#define REPORT_MAX		400

void session_report(struct net_sessions *sessions, bool error, const char *format, ...)
{
	char text[REPORT_MAX];
	va_list args;

	va_start(args, format);
	if (vsnprintf(text, sizeof(text), format, args) < 0)
		text[0] = '\0';
	va_end(args);
	if (sessions->config.ops->report)
		sessions->config.ops->report(sessions->config.arg, error, text);
}

unsigned int session_links_ready(const struct session_peer *peer)
{
	unsigned int path, ready = 0;

	for (path = 0; path < peer->sessions->config.paths; path++)
		ready += peer->link[path].ready;
	return ready;
}

static struct session_peer *find(const struct net_sessions *sessions, u16 id)
{
	struct session_peer *peer;

	for (peer = sessions->peers; peer; peer = peer->next)
		if (peer->id == id)
			return peer;
	return NULL;
}

/* ---- listener ---- */

static int key_of(void *arg, const struct net_identity *identity,
		  const struct net_address *from, u8 key[BASE_KEY_SIZE])
{
	struct net_sessions *sessions = arg;

	if (identity->cluster_id != sessions->config.identity.cluster_id)
		return -EACCES;
	memcpy(key, sessions->config.key, BASE_KEY_SIZE);
	return 0;
}

static void on_accepted(void *arg, struct net_channel *channel)
{
	session_link_accept(arg, channel);
}

static void on_refused(void *arg, const struct net_address *from, const char *why, u64 times)
{
	char text[NET_ADDRESS_TEXT_MAX];

	net_address_print(from, text);
	session_report(arg, true, "connection from %s refused: %s (%llu since the last report)",
		       text, why, (unsigned long long)times);
}

static int start_listener(struct net_sessions *sessions)
{
	struct net_address address[NET_SESSION_PATHS_MAX];
	struct net_listener_config config = {
		.event = sessions->config.event,
		.priority = sessions->config.priority,
		.addresses = address,
		.free_bind = true,
		.key_of = key_of,
		.accepted = on_accepted,
		.refused = on_refused,
		.arg = sessions,
	};
	unsigned int path;

	for (path = 0; path < sessions->config.paths; path++)
		if (sessions->config.local[path].size)
			address[config.count++] = sessions->config.local[path];
	return !config.count ? -EINVAL : net_listener_create(&config, &sessions->listener);
}

/* ---- timers ---- */

static void tick_peer(struct session_peer *peer, u64 now)
{
	unsigned int path;

	session_check_stall(peer, now);
	for (path = 0; path < peer->sessions->config.paths; path++) {
		struct session_link *link = &peer->link[path];

		if (link->ready && now - link->sent_ns >= peer->sessions->config.ping_ns)
			session_send_ack(link);
	}
}

static u64 tick_ns(const struct net_session_config *config)
{
	u64 least = config->ping_ns < config->stall_ns ? config->ping_ns : config->stall_ns;

	return least / 2;
}

static int on_tick(sd_event_source *source, u64 usec, void *arg)
{
	struct net_sessions *sessions = arg;
	struct session_peer *peer;
	u64 now = base_clock_ns();
	bool late = now - sessions->ticked_ns > 2 * tick_ns(&sessions->config);

	sessions->ticked_ns = now;
	for (peer = sessions->peers; peer; peer = peer->next) {
		/* Time in which this loop did not run proves nothing about a path. */
		if (late && peer->active != SESSION_NONE)
			peer->link[peer->active].used_ns = now;
		tick_peer(peer, now);
	}
	sd_event_source_set_time_relative(source, tick_ns(&sessions->config) / BASE_NS_PER_US);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* Once after a burst of messages, not once for each. */
static int on_acks(sd_event_source *source, void *arg)
{
	struct net_sessions *sessions = arg;
	struct session_peer *peer;

	for (peer = sessions->peers; peer; peer = peer->next) {
		if (peer->ack_link == SESSION_NONE)
			continue;
		session_send_ack(&peer->link[peer->ack_link]);
		peer->ack_link = SESSION_NONE;
	}
	return 0;
}

static int add_timers(struct net_sessions *sessions)
{
	const struct net_session_config *config = &sessions->config;
	int err;

	err = sd_event_add_time_relative(config->event, &sessions->tick, CLOCK_BOOTTIME,
					 tick_ns(config) / BASE_NS_PER_US, 1000, on_tick,
					 sessions);
	if (err >= 0)
		err = sd_event_add_defer(config->event, &sessions->ack_source, on_acks, sessions);
	if (err < 0)
		return err;
	sd_event_source_set_enabled(sessions->ack_source, SD_EVENT_OFF);
	sd_event_source_set_priority(sessions->tick, config->priority);
	/* Not below the sources that bring messages: a stream of them must not
	 * keep its acknowledgements waiting. */
	return sd_event_source_set_priority(sessions->ack_source, config->priority);
}

/* ---- public ---- */

static int take_config(struct net_sessions *sessions, const struct net_session_config *config)
{
	struct net_session_config *own = &sessions->config;
	unsigned int path;

	*own = *config;
	if (!own->paths || own->paths > NET_SESSION_PATHS_MAX || !own->node_id ||
	    !own->incarnation || !own->identity.cluster_id)
		return -EINVAL;
	if (!own->port)
		own->port = NET_PORT_SESSION;
	if (!own->ping_ns)
		own->ping_ns = PING_NS_DEFAULT;
	if (!own->stall_ns)
		own->stall_ns = STALL_NS_DEFAULT;
	if (!own->queue_max)
		own->queue_max = QUEUE_MAX_DEFAULT;
	for (path = 0; path < own->paths; path++)
		net_address_set_port(&own->local[path], own->port);
	sessions->scratch = malloc(NET_FRAME_MAX);
	return sessions->scratch ? 0 : -ENOMEM;
}

int net_sessions_create(const struct net_session_config *config, struct net_sessions **out)
{
	struct net_sessions *sessions = calloc(1, sizeof(*sessions));
	int err;

	*out = NULL;
	if (!sessions)
		return -ENOMEM;
	err = take_config(sessions, config);
	if (!err)
		err = add_timers(sessions);
	if (err >= 0)
		err = start_listener(sessions);
	if (err < 0) {
		net_sessions_destroy(sessions);
		return err;
	}
	*out = sessions;
	return 0;
}

static void peer_free(struct session_peer *peer)
{
	unsigned int path;

	for (path = 0; path < NET_SESSION_PATHS_MAX; path++)
		session_link_exit(&peer->link[path]);
	session_queue_reset(peer);
	free(peer);
}

void net_sessions_destroy(struct net_sessions *sessions)
{
	if (!sessions)
		return;
	while (sessions->peers) {
		struct session_peer *peer = sessions->peers;

		sessions->peers = peer->next;
		peer_free(peer);
	}
	net_listener_destroy(sessions->listener);
	sd_event_source_disable_unref(sessions->tick);
	sd_event_source_disable_unref(sessions->ack_source);
	free(sessions->scratch);
	base_key_wipe(sessions->config.key, sizeof(sessions->config.key));
	free(sessions);
}

void net_sessions_set_incarnation(struct net_sessions *sessions, u64 incarnation)
{
	struct session_peer *peer;

	sessions->config.incarnation = incarnation;
	for (peer = sessions->peers; peer; peer = peer->next)
		session_start_anew(peer, NULL);
}

int net_sessions_peer_add(struct net_sessions *sessions, u16 id, const char *name,
			  const struct net_address addresses[NET_SESSION_PATHS_MAX])
{
	struct session_peer *peer;
	unsigned int path;
	int err = 0;

	if (!id || id == sessions->config.node_id)
		return -EINVAL;
	if (find(sessions, id))
		return -EEXIST;
	peer = calloc(1, sizeof(*peer));
	if (!peer)
		return -ENOMEM;
	if (base_str_copy(peer->name, sizeof(peer->name), name)) {
		free(peer);
		return -EINVAL;
	}
	peer->sessions = sessions;
	peer->id = id;
	session_queue_init(peer);
	if (!session_is_connector(peer))
		peer->life = base_random_u64();
	peer->next = sessions->peers;
	sessions->peers = peer;
	for (path = 0; path < sessions->config.paths && !err; path++) {
		peer->address[path] = addresses[path];
		net_address_set_port(&peer->address[path], sessions->config.port);
		err = session_link_init(peer, path);
	}
	if (err) {
		net_sessions_peer_remove(sessions, id);
		return err;
	}
	for (path = 0; path < sessions->config.paths; path++)
		session_link_connect(&peer->link[path]);
	return 0;
}

int net_sessions_peer_remove(struct net_sessions *sessions, u16 id)
{
	struct session_peer **at;

	for (at = &sessions->peers; *at; at = &(*at)->next) {
		struct session_peer *peer = *at;

		if (peer->id != id)
			continue;
		*at = peer->next;
		peer_free(peer);
		return 0;
	}
	return -ENOENT;
}

int net_sessions_send(struct net_sessions *sessions, u16 id, u32 type,
		      const void *data, size_t size)
{
	struct session_peer *peer = find(sessions, id);
	int err;

	if (!peer)
		return -ENOENT;
	if (!peer->session)
		return -ENOTCONN;
	if (size > NET_SESSION_MESSAGE_MAX)
		return -EMSGSIZE;
	err = session_queue_add(peer, type, data, size);
	if (!err)
		session_pump(peer);
	return err;
}

int net_session_path_state(struct net_sessions *sessions, u16 id, unsigned int path, bool up)
{
	struct session_peer *peer = find(sessions, id);

	if (!peer || path >= sessions->config.paths)
		return -ENOENT;
	peer->link[path].path_down = !up;
	session_choose(peer);
	if (up)
		session_link_connect(&peer->link[path]);
	return 0;
}

int net_session_stats_get(const struct net_sessions *sessions, u16 id,
			  struct net_session_stats *stats)
{
	const struct session_peer *peer = find(sessions, id);
	unsigned int path;

	if (!peer)
		return -ENOENT;
	*stats = peer->stats;
	stats->connected = peer->active != SESSION_NONE;
	stats->path = stats->connected ? (u8)peer->active : 0;
	stats->incarnation = peer->incarnation;
	stats->paths_connected = 0;
	for (path = 0; path < sessions->config.paths; path++)
		stats->paths_connected |= (u8)(peer->link[path].ready << path);
	return 0;
}

void net_session_listener_stats_get(const struct net_sessions *sessions,
				    struct net_listener_stats *stats)
{
	net_listener_stats_get(sessions->listener, stats);
}
