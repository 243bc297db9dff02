// SPDX-License-Identifier: GPL-2.0-or-later
#include "net_channel.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#define BACKLOG			128
#define HALF_OPEN_MAX		64
#define HALF_OPEN_PER_HOST_MAX	16
/* An honest handshake is done by then. */
#define HANDSHAKE_GRACE_NS	(250 * BASE_NS_PER_MS)
#define CHANNELS_MAX		512
#define REPORTS_KEPT		32
#define REPORT_NS		BASE_NS_PER_S
/* Pause after running out of file descriptors, or of room for handshakes. */
#define NO_FILES_PAUSE_US	100000
#define NO_ROOM_PAUSE_US	10000

/* Refusals of one address that were not reported yet. */
struct report {
	struct net_address from;
	u64 reported_ns;
	u64 times;
};

struct door {
	struct net_listener *listener;
	sd_event_source *source;
	int fd;
};

struct net_listener {
	struct net_listener_config config;
	struct net_listener_stats stats;
	struct door *doors;
	unsigned int door_count;
	sd_event_source *pause;
	struct net_channel *channels;	/* newest first */
	struct report reports[REPORTS_KEPT];
};

const struct net_listener_config *net_listener_config_of(const struct net_listener *listener)
{
	return &listener->config;
}

int net_listener_key(void *arg, const void *name, size_t size, u8 key[BASE_KEY_SIZE])
{
	struct net_channel *channel = arg;
	struct net_listener *listener = channel->listener;
	struct net_identity *identity = &channel->identity;

	if (!listener || net_identity_parse(name, size, identity))
		return -EACCES;
	return listener->config.key_of(listener->config.arg, identity, &channel->peer, key);
}

/* Take a channel out of the list and the counts: it closes or lives on alone. */
void net_listener_forget(struct net_listener *listener, struct net_channel *channel)
{
	if (channel->state == NET_CHANNEL_HANDSHAKE)
		listener->stats.half_open--;
	else
		listener->stats.channels--;
	if (channel->previous)
		channel->previous->next = channel->next;
	else
		listener->channels = channel->next;
	if (channel->next)
		channel->next->previous = channel->previous;
	channel->next = NULL;
	channel->previous = NULL;
	channel->listener = NULL;
}

/* The entry of this address, or the one that was reported longest ago. */
static struct report *report_of(struct net_listener *listener, const struct net_address *from)
{
	struct report *oldest = &listener->reports[0];
	unsigned int i;

	for (i = 0; i < REPORTS_KEPT; i++) {
		struct report *report = &listener->reports[i];

		if (net_address_same_host(&report->from, from))
			return report;
		if (report->reported_ns < oldest->reported_ns)
			oldest = report;
	}
	oldest->from = *from;
	oldest->reported_ns = 0;
	oldest->times = 0;
	return oldest;
}

static void refused(struct net_listener *listener, const struct net_address *from, u64 *counter,
		    const char *why)
{
	struct report *report = report_of(listener, from);
	u64 now = base_clock_ns();

	(*counter)++;
	report->times++;
	if (report->reported_ns && now - report->reported_ns < REPORT_NS)
		return;
	report->reported_ns = now;
	if (listener->config.refused)
		listener->config.refused(listener->config.arg, from, why, report->times);
	report->times = 0;
}

static void on_up(void *arg, struct net_channel *channel)
{
	struct net_listener *listener = arg;

	listener->stats.half_open--;
	listener->stats.channels++;
	if (listener->stats.channels > listener->config.channels_max) {
		refused(listener, &channel->peer, &listener->stats.refused_limit,
			"too many connections");
		net_channel_close(channel);
		return;
	}
	listener->stats.up++;
	listener->config.accepted(listener->config.arg, channel);
}

static void on_frame(void *arg, struct net_channel *channel, const u8 *data, size_t size)
{
	/* The listener's owner did not take the channel over: nobody wants it. */
	net_channel_close(channel);
}

static void on_down(void *arg, struct net_channel *channel, int error, const char *why)
{
	struct net_listener *listener = arg;
	struct net_listener_stats *stats = &listener->stats;
	char text[NET_WHY_MAX + 64];

	if (channel->state == NET_CHANNEL_UP)
		return;		/* proven, and gone before anybody took it */
	if (error == -EACCES && channel->tls.asked == NET_TLS_KEY_GIVEN) {
		base_str_print(text, sizeof(text), "wrong key for cluster %s, node %s",
			       channel->identity.cluster, channel->identity.node);
		refused(listener, &channel->peer, &stats->refused_key, text);
	} else if (channel->tls.asked == NET_TLS_KEY_REFUSED) {
		base_str_print(text, sizeof(text), "cluster \"%s\", id %016llx, node \"%s\" "
			       "is not allowed here", channel->identity.cluster,
			       (unsigned long long)channel->identity.cluster_id,
			       channel->identity.node);
		refused(listener, &channel->peer, &stats->refused_key, text);
	} else if (error == -ETIMEDOUT) {
		refused(listener, &channel->peer, &stats->refused_timeout, why);
	} else {
		refused(listener, &channel->peer, &stats->refused_protocol, why);
	}
}

static const struct net_channel_ops listener_ops = {
	.up = on_up,
	.frame = on_frame,
	.down = on_down,
};

const struct net_channel_ops *net_listener_ops(void)
{
	return &listener_ops;
}

/* Oldest handshake under way, of one host or (NULL) of any; counts them. */
static struct net_channel *oldest_half_open(struct net_listener *listener,
					    const struct net_address *host, unsigned int *count)
{
	struct net_channel *channel, *oldest = NULL;

	*count = 0;
	for (channel = listener->channels; channel; channel = channel->next) {
		if (channel->state != NET_CHANNEL_HANDSHAKE)
			continue;
		if (host && !net_address_same_host(host, &channel->peer))
			continue;
		oldest = channel;
		(*count)++;
	}
	return oldest;
}

static void make_room(struct net_listener *listener, struct net_channel *oldest)
{
	struct net_address from = oldest->peer;

	net_channel_close(oldest);
	refused(listener, &from, &listener->stats.refused_limit,
		"too many unfinished handshakes: the oldest was closed");
}

static void enforce_half_open(struct net_listener *listener, const struct net_address *host)
{
	struct net_channel *oldest;
	unsigned int count;

	oldest = oldest_half_open(listener, host, &count);
	if (count > listener->config.half_open_per_host_max)
		make_room(listener, oldest);
	oldest = oldest_half_open(listener, NULL, &count);
	if (count > listener->config.half_open_max)
		make_room(listener, oldest);
}

static void take(struct net_listener *listener, int fd)
{
	struct net_channel *channel;

	listener->stats.accepted++;
	if (net_channel_accept(listener, fd, &channel))
		return;
	channel->next = listener->channels;
	if (channel->next)
		channel->next->previous = channel;
	listener->channels = channel;
	listener->stats.half_open++;
	enforce_half_open(listener, &channel->peer);
}

static int on_resume(sd_event_source *source, u64 usec, void *arg)
{
	struct net_listener *listener = arg;
	unsigned int i;

	for (i = 0; i < listener->door_count; i++)
		sd_event_source_set_enabled(listener->doors[i].source, SD_EVENT_ON);
	return 0;
}

static void pause_accepting(struct net_listener *listener, u64 pause_us)
{
	unsigned int i;

	for (i = 0; i < listener->door_count; i++)
		sd_event_source_set_enabled(listener->doors[i].source, SD_EVENT_OFF);
	sd_event_source_set_time_relative(listener->pause, pause_us);
	sd_event_source_set_enabled(listener->pause, SD_EVENT_ONESHOT);
}

/* Room for one more handshake, or an old one that may be closed for it. */
static bool has_room(struct net_listener *listener)
{
	struct net_channel *oldest;
	unsigned int count;

	oldest = oldest_half_open(listener, NULL, &count);
	return count < listener->config.half_open_max ||
	       base_clock_ns() - oldest->started_ns > HANDSHAKE_GRACE_NS;
}

static int on_door(sd_event_source *source, int door_fd, u32 events, void *arg)
{
	struct door *door = arg;
	int fd;

	if (!has_room(door->listener)) {
		pause_accepting(door->listener, NO_ROOM_PAUSE_US);
		return 0;
	}
	fd = accept4(door_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0)
		take(door->listener, fd);
	else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
		pause_accepting(door->listener, NO_FILES_PAUSE_US);
	return 0;
}

static int open_door(const struct net_address *address, bool free_bind)
{
	const struct sockaddr_in6 *six = (const void *)&address->storage;
	int family = address->storage.ss_family;
	int one = 1, only6, fd, err;

	fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	err = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (!err && family == AF_INET6) {
		/* "::" takes both families, any other address is IPv6. */
		only6 = !IN6_IS_ADDR_UNSPECIFIED(&six->sin6_addr);
		err = setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only6, sizeof(only6));
	}
	if (!err && free_bind)
		err = setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &one, sizeof(one));
	if (!err)
		err = bind(fd, (const struct sockaddr *)&address->storage, address->size);
	if (!err)
		err = listen(fd, BACKLOG);
	if (err) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

/* "*" on a machine without IPv6. */
static int open_any_door(const struct net_address *address, bool free_bind)
{
	const struct sockaddr_in6 *six = (const void *)&address->storage;
	struct net_address four;
	int fd = open_door(address, free_bind);

	if (fd != -EAFNOSUPPORT || address->storage.ss_family != AF_INET6 ||
	    !IN6_IS_ADDR_UNSPECIFIED(&six->sin6_addr))
		return fd;
	if (net_address_parse("0.0.0.0", net_address_port(address), &four))
		return fd;
	return open_door(&four, free_bind);
}

static int add_door(struct net_listener *listener, int fd)
{
	struct door *door = &listener->doors[listener->door_count];
	int err;

	door->listener = listener;
	door->fd = fd;
	err = sd_event_add_io(listener->config.event, &door->source, fd, EPOLLIN, on_door, door);
	if (err < 0) {
		close(fd);
		return err;
	}
	listener->door_count++;
	return sd_event_source_set_priority(door->source, listener->config.priority);
}

static int add_doors(struct net_listener *listener)
{
	const struct net_listener_config *config = &listener->config;
	unsigned int i;
	int err = 0;

	if (!config->count) {
		fcntl(config->fd, F_SETFL, fcntl(config->fd, F_GETFL) | O_NONBLOCK);
		return add_door(listener, config->fd);
	}
	for (i = 0; i < config->count && err >= 0; i++) {
		err = open_any_door(&config->addresses[i], config->free_bind);
		if (err >= 0)
			err = add_door(listener, err);
	}
	return err;
}

static void default_config(struct net_listener_config *config)
{
	if (!config->half_open_max)
		config->half_open_max = HALF_OPEN_MAX;
	if (!config->half_open_per_host_max)
		config->half_open_per_host_max = HALF_OPEN_PER_HOST_MAX;
	if (!config->channels_max)
		config->channels_max = CHANNELS_MAX;
}

int net_listener_create(const struct net_listener_config *config, struct net_listener **out)
{
	struct net_listener *listener = calloc(1, sizeof(*listener));
	int err;

	*out = NULL;
	if (!listener)
		return -ENOMEM;
	listener->config = *config;
	default_config(&listener->config);
	listener->doors = calloc(config->count ? config->count : 1, sizeof(struct door));
	err = listener->doors ? 0 : -ENOMEM;
	if (!err)
		err = sd_event_add_time_relative(config->event, &listener->pause, CLOCK_BOOTTIME,
						 0, 1000, on_resume, listener);
	if (err >= 0)
		err = add_doors(listener);
	if (err < 0) {
		net_listener_destroy(listener);
		return err;
	}
	sd_event_source_set_enabled(listener->pause, SD_EVENT_OFF);
	/* The addresses belong to the caller. */
	listener->config.addresses = NULL;
	*out = listener;
	return 0;
}

void net_listener_destroy(struct net_listener *listener)
{
	unsigned int i;

	if (!listener)
		return;
	while (listener->channels) {
		struct net_channel *channel = listener->channels;

		if (channel->state == NET_CHANNEL_HANDSHAKE)
			net_channel_close(channel);
		else
			net_listener_forget(listener, channel);
	}
	for (i = 0; i < listener->door_count; i++) {
		sd_event_source_disable_unref(listener->doors[i].source);
		close(listener->doors[i].fd);
	}
	sd_event_source_disable_unref(listener->pause);
	free(listener->doors);
	free(listener);
}

void net_listener_stats_get(const struct net_listener *listener,
			    struct net_listener_stats *stats)
{
	*stats = listener->stats;
}
