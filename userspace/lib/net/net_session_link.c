// SPDX-License-Identifier: GPL-2.0-or-later
#include "net_session_internal.h"

#include <tocsin/version.h>

#include <stdlib.h>

#define BACKOFF_NS_MIN	(50 * BASE_NS_PER_MS)
#define BACKOFF_NS_MAX	(2 * BASE_NS_PER_S)
/* Silent keep-alive periods after which a connection counts as broken. */
#define PINGS_MISSED	4

bool session_is_connector(const struct session_peer *peer)
{
	return peer->sessions->config.node_id < peer->id;
}

static void link_not_ready(struct session_link *link)
{
	struct session_peer *peer = link->peer;
	bool last = link->ready && session_links_ready(peer) == 1;

	link->ready = false;
	link->suspect = false;
	if (peer->ack_link == (int)link->path)
		peer->ack_link = SESSION_NONE;
	session_choose(peer);
	if (last)
		peer->sessions->config.ops->peer_state(peer->sessions->config.arg, peer->id,
						       false);
}

static void schedule_retry(struct session_link *link, u64 delay_ns)
{
	/* Spread by a quarter: peers that fell together do not come together. */
	u64 jitter = base_random_u64() % (delay_ns / 4 + 1);

	if (!link->retry)
		return;
	sd_event_source_set_time_relative(link->retry, (delay_ns + jitter) / BASE_NS_PER_US);
	sd_event_source_set_enabled(link->retry, SD_EVENT_ONESHOT);
}

/* The connection is gone. Report once until it has worked again. */
static void link_broken(struct session_link *link, const char *why)
{
	struct session_peer *peer = link->peer;
	char where[NET_ADDRESS_TEXT_MAX];
	bool was_ready = link->ready;

	link->channel = NULL;
	if (was_ready || !link->complained) {
		net_address_print(&peer->address[link->path], where);
		session_report(peer->sessions, true, "node %s: %s %s (path %u): %s", peer->name,
			       was_ready ? "lost the connection to" : "cannot connect to",
			       where, link->path, why);
		link->complained = true;
	}
	schedule_retry(link, link->backoff_ns);
	link->backoff_ns *= 2;
	if (link->backoff_ns > BACKOFF_NS_MAX)
		link->backoff_ns = BACKOFF_NS_MAX;
	link_not_ready(link);
}

void session_link_drop(struct session_link *link, const char *why)
{
	if (!link->channel)
		return;
	net_channel_close(link->channel);
	link_broken(link, why);
}

static void send_hello(struct session_link *link, enum session_step step)
{
	struct session_peer *peer = link->peer;
	struct net_sessions *sessions = peer->sessions;
	Tocsin__SessionHeader header = TOCSIN__SESSION_HEADER__INIT;
	Tocsin__SessionHello hello = TOCSIN__SESSION_HELLO__INIT;
	u8 frame[2 + SESSION_HEADER_MAX];
	size_t size;

	hello.version = SESSION_VERSION;
	hello.step = step;
	hello.node_id = sessions->config.node_id;
	hello.cluster = sessions->config.identity.cluster_id;
	hello.incarnation = sessions->config.incarnation;
	hello.path = link->path;
	hello.life = peer->life;
	hello.session = peer->session;
	hello.software = (char *)TOCSIN_VERSION;
	header.hello = &hello;
	header.acknowledged = peer->received;
	size = tocsin__session_header__get_packed_size(&header);
	core_assert(size <= SESSION_HEADER_MAX);
	frame[0] = (u8)(size >> 8);
	frame[1] = (u8)size;
	tocsin__session_header__pack(&header, frame + 2);
	net_channel_send(link->channel, frame, 2 + size);
	link->sent_ns = base_clock_ns();
}

void session_start_anew(struct session_peer *peer, struct session_link *keep)
{
	unsigned int path;

	session_queue_reset(peer);
	peer->session = 0;
	if (!session_is_connector(peer))
		peer->life = base_random_u64();
	for (path = 0; path < peer->sessions->config.paths; path++) {
		struct session_link *link = &peer->link[path];

		/* The connector judges a link that is not ready when the other
		 * end's STATE comes; the acceptor has sent its old one. */
		if (link != keep && (link->ready || !session_is_connector(peer)))
			session_link_drop(link, "session starts anew");
	}
	if (keep)
		link_not_ready(keep);
}

/* Both ends agree: messages may flow on this link. */
static void link_ready(struct session_link *link)
{
	struct session_peer *peer = link->peer;
	struct net_sessions *sessions = peer->sessions;
	char where[NET_ADDRESS_TEXT_MAX];
	bool first = session_links_ready(peer) == 0;

	link->ready = true;
	link->suspect = false;
	link->complained = false;
	link->backoff_ns = BACKOFF_NS_MIN;
	peer->stats.connections++;
	net_address_print(net_channel_peer(link->channel), where);
	session_report(sessions, false, "node %s: connected on path %u (%s)", peer->name,
		       link->path, where);
	if (first)
		sessions->config.ops->peer_state(sessions->config.arg, peer->id, true);
	session_choose(peer);
}

static void bind_session(struct session_peer *peer, u64 session, u64 incarnation)
{
	struct net_sessions *sessions = peer->sessions;
	u64 dropped = peer->dropped;

	peer->session = session;
	peer->incarnation = incarnation;
	peer->dropped = 0;
	sessions->config.ops->peer_reset(sessions->config.arg, peer->id, incarnation, dropped);
}

/* Acceptor's STATE, seen by the connector. */
static void take_state(struct session_link *link, const Tocsin__SessionHello *hello)
{
	struct session_peer *peer = link->peer;
	bool known = peer->session && hello->life == peer->life &&
		     hello->incarnation == peer->incarnation;

	if (known && (hello->session == peer->session || !hello->session)) {
		send_hello(link, SESSION_BIND);
		link_ready(link);
		return;
	}
	session_start_anew(peer, link);
	peer->life = hello->life;
	if (hello->session) {
		/* It remembers numbers that we do not. */
		send_hello(link, SESSION_RESTART);
		return;
	}
	bind_session(peer, base_random_u64(), hello->incarnation);
	send_hello(link, SESSION_BIND);
	link_ready(link);
}

/* Connector's BIND or RESTART, seen by the acceptor. */
static void take_bind(struct session_link *link, const Tocsin__SessionHello *hello)
{
	struct session_peer *peer = link->peer;
	bool bind = hello->step == SESSION_BIND && hello->session;

	if (hello->life != peer->life)
		return;		/* answers an earlier STATE of ours; the next is coming */
	if (bind && !peer->session)
		bind_session(peer, hello->session, hello->incarnation);
	if (bind && peer->session == hello->session &&
	    peer->incarnation == hello->incarnation) {
		link_ready(link);
		return;
	}
	session_start_anew(peer, link);
	send_hello(link, SESSION_STATE);
}

void session_take_hello(struct session_link *link, const Tocsin__SessionHello *hello)
{
	struct session_peer *peer = link->peer;
	struct net_sessions *sessions = peer->sessions;
	bool state = hello->step == SESSION_STATE;

	if (hello->version != SESSION_VERSION)
		session_link_drop(link, "speaks another version of the session protocol");
	else if (hello->cluster != sessions->config.identity.cluster_id)
		session_link_drop(link, "belongs to another cluster; check the configuration");
	else if (hello->node_id != peer->id || hello->path != link->path)
		session_link_drop(link, "has another node id or path number: the two nodes have "
					"different configurations");
	else if (state != session_is_connector(peer) || !hello->life || !hello->incarnation)
		session_link_drop(link, "unexpected greeting");
	else if (state)
		take_state(link, hello);
	else
		take_bind(link, hello);
}

static void on_up(void *arg, struct net_channel *channel)
{
	struct session_link *link = arg;

	/* The acceptor speaks first. */
	net_channel_set_idle(channel, PINGS_MISSED * link->peer->sessions->config.ping_ns);
}

static void on_frame(void *arg, struct net_channel *channel, const u8 *data, size_t size)
{
	session_take_frame(arg, data, size);
}

static void on_drained(void *arg, struct net_channel *channel)
{
	struct session_link *link = arg;

	session_pump(link->peer);
}

static void on_down(void *arg, struct net_channel *channel, int error, const char *why)
{
	link_broken(arg, why);
}

static const struct net_channel_ops link_ops = {
	.up = on_up,
	.frame = on_frame,
	.drained = on_drained,
	.down = on_down,
};

void session_link_connect(struct session_link *link)
{
	struct session_peer *peer = link->peer;
	struct net_sessions *sessions = peer->sessions;
	struct net_address from = sessions->config.local[link->path];
	struct net_connect_config config = {
		.event = sessions->config.event,
		.priority = sessions->config.priority,
		.to = &peer->address[link->path],
		.from = &from,
		.identity = &sessions->config.identity,
		.key = sessions->config.key,
		.limits.idle_ns = PINGS_MISSED * sessions->config.ping_ns,
		.ops = &link_ops,
		.arg = link,
	};
	int err;

	if (link->channel || !session_is_connector(peer) || !link->retry)
		return;
	net_address_set_port(&from, 0);
	sd_event_source_set_enabled(link->retry, SD_EVENT_OFF);
	err = net_channel_connect(&config, &link->channel);
	if (err)
		link_broken(link, strerror(-err));
}

static int on_retry(sd_event_source *source, u64 usec, void *arg)
{
	session_link_connect(arg);
	return 0;
}

int session_link_init(struct session_peer *peer, unsigned int path)
{
	struct session_link *link = &peer->link[path];
	struct net_sessions *sessions = peer->sessions;

	link->peer = peer;
	link->path = path;
	link->backoff_ns = BACKOFF_NS_MIN;
	/* Only who connects retries, and only where both ends have an address. */
	if (!session_is_connector(peer) || !peer->address[path].size ||
	    !sessions->config.local[path].size)
		return 0;
	if (sd_event_add_time_relative(sessions->config.event, &link->retry, CLOCK_BOOTTIME,
				       0, 1000, on_retry, link) < 0)
		return -ENOMEM;
	sd_event_source_set_priority(link->retry, sessions->config.priority);
	return 0;
}

void session_link_exit(struct session_link *link)
{
	net_channel_close(link->channel);
	link->channel = NULL;
	link->ready = false;
	link->retry = sd_event_source_disable_unref(link->retry);
}

static struct session_link *link_of(struct net_sessions *sessions,
				    const struct net_channel *channel)
{
	const struct net_identity *identity = net_channel_identity(channel);
	struct session_peer *peer;
	unsigned int path;

	for (peer = sessions->peers; peer; peer = peer->next)
		if (!strcmp(peer->name, identity->node))
			break;
	if (!peer || session_is_connector(peer))
		return NULL;
	for (path = 0; path < sessions->config.paths; path++)
		if (peer->address[path].size && sessions->config.local[path].size &&
		    net_address_same_host(&sessions->config.local[path],
					  net_channel_local(channel)))
			return &peer->link[path];
	return NULL;
}

void session_link_accept(struct net_sessions *sessions, struct net_channel *channel)
{
	struct session_link *link = link_of(sessions, channel);
	char from[NET_ADDRESS_TEXT_MAX];

	if (!link) {
		net_address_print(net_channel_peer(channel), from);
		session_report(sessions, true, "connection from %s refused: node \"%s\" is not "
			       "expected here; do all nodes have the same configuration?",
			       from, net_channel_identity(channel)->node);
		net_channel_close(channel);
		return;
	}
	/* The peer knows best that the former one is dead. */
	session_link_drop(link, "replaced by a newer connection");
	link->channel = channel;
	net_channel_own(channel, &link_ops, link);
	net_channel_set_idle(channel, PINGS_MISSED * sessions->config.ping_ns);
	send_hello(link, SESSION_STATE);
}
