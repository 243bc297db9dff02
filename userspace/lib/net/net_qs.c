// SPDX-License-Identifier: GPL-2.0-or-later
#include <tocsin/net_qs.h>

#include <tocsin/net_arena.h>

#include <tocsin/member_message.h>
#include <tocsin/net_member.h>
#include <tocsin/version.h>

#include "tocsin.pb-c.h"

#include <stdlib.h>

#define QS_VERSION		1
#define POLL_NS_DEFAULT		(10 * BASE_NS_PER_S)
#define TIMEOUT_NS_DEFAULT	(4 * BASE_NS_PER_S)
#define BACKOFF_NS_MIN		(100 * BASE_NS_PER_MS)
#define BACKOFF_NS_MAX		(5 * BASE_NS_PER_S)
#define HEADER_ROOM		256

struct net_qs {
	struct net_qs_config config;
	struct net_qs_status status;
	struct net_channel *channel;
	sd_event_source *timer;		/* the next attempt, or the next poll */
	unsigned int next_address;
	u64 backoff_ns;
	bool waiting;			/* for the answer to a request */
	struct member_message message;	/* the one just received */
	u8 frame[NET_MEMBER_SIZE_MAX + HEADER_ROOM];
	u8 member[NET_MEMBER_SIZE_MAX];
};

const char *net_qs_state_name(enum net_qs_state state)
{
	static const char *const name[] = {
		[NET_QS_DOWN] = "down",
		[NET_QS_CONNECTING] = "connecting",
		[NET_QS_UP] = "up",
		[NET_QS_DENIED] = "denied",
		[NET_QS_DAMAGED] = "damaged",
	};

	return state <= NET_QS_DAMAGED ? name[state] : "unknown";
}

static void set_status(struct net_qs *qs, enum net_qs_state state, const char *why)
{
	struct net_qs_status *status = &qs->status;
	char kept[NET_QS_TEXT_MAX];
	bool changed;

	base_str_print(kept, sizeof(kept), "%s", why);
	changed = status->state != state || strcmp(status->why, kept) != 0;
	status->state = state;
	memcpy(status->why, kept, sizeof(kept));
	if (state != NET_QS_UP)
		status->arbiter = 0;
	if (changed && qs->config.status)
		qs->config.status(qs->config.arg, status);
}

static void set_timer(struct net_qs *qs, u64 delay_ns)
{
	sd_event_source_set_time_relative(qs->timer, delay_ns / BASE_NS_PER_US);
	sd_event_source_set_enabled(qs->timer, SD_EVENT_ONESHOT);
}

static void retry_later(struct net_qs *qs)
{
	set_timer(qs, qs->backoff_ns + base_random_u64() % (qs->backoff_ns / 4));
	qs->backoff_ns *= 2;
	if (qs->backoff_ns > BACKOFF_NS_MAX)
		qs->backoff_ns = BACKOFF_NS_MAX;
}

static int send_frame(struct net_qs *qs, const Tocsin__QsFrame *frame)
{
	size_t size = tocsin__qs_frame__get_packed_size(frame);

	if (size > sizeof(qs->frame))
		return -EMSGSIZE;
	tocsin__qs_frame__pack(frame, qs->frame);
	return net_channel_send(qs->channel, qs->frame, size);
}

static void on_up(void *arg, struct net_channel *channel)
{
	struct net_qs *qs = arg;
	Tocsin__QsFrame frame = TOCSIN__QS_FRAME__INIT;
	Tocsin__QsHello hello = TOCSIN__QS_HELLO__INIT;

	hello.version = QS_VERSION;
	hello.node_id = qs->config.node_id;
	hello.cluster = qs->config.identity.cluster_id;
	hello.software = (char *)TOCSIN_VERSION;
	hello.poll_ms = (u32)(qs->config.poll_ns / BASE_NS_PER_MS);
	frame.hello = &hello;
	/* Silence from here on means that it hangs, whatever TCP says. */
	net_channel_set_idle(channel, qs->config.timeout_ns);
	if (send_frame(qs, &frame))
		set_status(qs, NET_QS_DOWN, "cannot send");
}

/* Close, say why, try again. */
static void give_up(struct net_qs *qs, enum net_qs_state state, const char *why)
{
	net_channel_close(qs->channel);
	qs->channel = NULL;
	set_status(qs, state, why);
	retry_later(qs);
}

static void take_welcome(struct net_qs *qs, const Tocsin__QsWelcome *welcome)
{
	if (welcome->version != QS_VERSION) {
		give_up(qs, NET_QS_DOWN, "the quorum server speaks another protocol version; "
			"update it");
		return;
	}
	base_str_print(qs->status.version, sizeof(qs->status.version), "%s", welcome->software);
	if (!welcome->identity) {
		give_up(qs, NET_QS_DAMAGED, welcome->problem);
		return;
	}
	qs->backoff_ns = BACKOFF_NS_MIN;
	qs->waiting = false;
	qs->status.arbiter = welcome->identity;
	net_channel_set_idle(qs->channel, 2 * qs->config.poll_ns);
	set_timer(qs, qs->config.poll_ns);
	set_status(qs, NET_QS_UP, "");
}

static void take_member(struct net_qs *qs, const ProtobufCBinaryData *bytes)
{
	if (qs->status.state != NET_QS_UP ||
	    net_member_decode(bytes->data, bytes->len, &qs->message) ||
	    member_message_check(&qs->message, qs->config.identity.cluster_id)) {
		give_up(qs, NET_QS_DOWN, "the quorum server sent a malformed message");
		return;
	}
	qs->waiting = false;
	net_channel_set_idle(qs->channel, 2 * qs->config.poll_ns);
	if (qs->config.message)
		qs->config.message(qs->config.arg, &qs->message);
}

static void on_frame(void *arg, struct net_channel *channel, const u8 *data, size_t size)
{
	struct net_qs *qs = arg;
	struct net_arena arena;
	Tocsin__QsFrame *frame;

	if (net_arena_init(&arena))
		return;
	qs->status.answered_ns = base_clock_ns();
	frame = tocsin__qs_frame__unpack(&arena.allocator, size, data);
	if (!frame)
		give_up(qs, NET_QS_DOWN, "the quorum server sent a malformed frame");
	else if (frame->welcome)
		take_welcome(qs, frame->welcome);
	else if (frame->member.len)
		take_member(qs, &frame->member);
	net_arena_free(&arena);
}

static void on_down(void *arg, struct net_channel *channel, int error, const char *why)
{
	struct net_qs *qs = arg;
	char text[NET_QS_TEXT_MAX];

	qs->channel = NULL;
	if (error == -EACCES) {
		set_status(qs, NET_QS_DENIED, "the quorum server does not know this cluster or its "
			   "key; see its authorisation file");
	} else {
		base_str_print(text, sizeof(text), "%s: %s", qs->status.address, why);
		set_status(qs, NET_QS_DOWN, text);
	}
	retry_later(qs);
}

static const struct net_channel_ops channel_ops = {
	.up = on_up,
	.frame = on_frame,
	.down = on_down,
};

static void connect_next(struct net_qs *qs)
{
	const struct net_address *to = &qs->config.addresses[qs->next_address];
	struct net_connect_config config = {
		.event = qs->config.event,
		.priority = qs->config.priority,
		.to = to,
		.identity = &qs->config.identity,
		.key = qs->config.key,
		.limits.handshake_ns = qs->config.timeout_ns,
		.limits.frame_max = sizeof(qs->frame),
		.ops = &channel_ops,
		.arg = qs,
	};
	char text[NET_QS_TEXT_MAX];
	int err;

	qs->next_address = (qs->next_address + 1) % qs->config.count;
	net_address_print(to, qs->status.address);
	err = net_channel_connect(&config, &qs->channel);
	if (!err)
		return;
	base_str_print(text, sizeof(text), "%s: %s", qs->status.address, strerror(-err));
	set_status(qs, NET_QS_DOWN, text);
	retry_later(qs);
}

static int on_timer(sd_event_source *source, u64 usec, void *arg)
{
	struct net_qs *qs = arg;
	Tocsin__QsFrame frame = TOCSIN__QS_FRAME__INIT;

	if (!qs->channel) {
		connect_next(qs);
	} else if (qs->status.state == NET_QS_UP) {
		frame.ping = true;
		/* A full queue is noticed by the silence that follows. */
		(void)send_frame(qs, &frame);
		set_timer(qs, qs->config.poll_ns);
	}
	return 0;
}

static bool usable(const struct net_qs_config *config)
{
	return config->count && config->count <= NET_QS_ADDRESSES_MAX &&
	       config->identity.cluster_id && config->node_id;
}

int net_qs_create(const struct net_qs_config *config, struct net_qs **out)
{
	struct net_qs *qs;
	unsigned int i;

	*out = NULL;
	if (!usable(config))
		return -EINVAL;
	qs = calloc(1, sizeof(*qs));
	if (!qs)
		return -ENOMEM;
	qs->config = *config;
	if (!qs->config.poll_ns)
		qs->config.poll_ns = POLL_NS_DEFAULT;
	if (!qs->config.timeout_ns)
		qs->config.timeout_ns = TIMEOUT_NS_DEFAULT;
	for (i = 0; i < config->count; i++)
		if (!net_address_port(&config->addresses[i]))
			net_address_set_port(&qs->config.addresses[i], NET_PORT_QS);
	qs->backoff_ns = BACKOFF_NS_MIN;
	qs->status.state = NET_QS_CONNECTING;
	if (sd_event_add_time_relative(config->event, &qs->timer, CLOCK_BOOTTIME, 0, 1000,
				       on_timer, qs) < 0) {
		free(qs);
		return -ENOMEM;
	}
	sd_event_source_set_priority(qs->timer, config->priority);
	*out = qs;
	return 0;
}

void net_qs_destroy(struct net_qs *qs)
{
	if (!qs)
		return;
	net_channel_close(qs->channel);
	sd_event_source_disable_unref(qs->timer);
	base_key_wipe(qs->config.key, sizeof(qs->config.key));
	free(qs);
}

int net_qs_send(struct net_qs *qs, const struct member_message *message)
{
	Tocsin__QsFrame frame = TOCSIN__QS_FRAME__INIT;
	ssize_t size;

	if (qs->status.state != NET_QS_UP) {
		/* It is needed now: do not sit out a long back-off. */
		if (!qs->channel && qs->backoff_ns > 2 * BACKOFF_NS_MIN) {
			qs->backoff_ns = BACKOFF_NS_MIN;
			set_timer(qs, 0);
		}
		return -ENOTCONN;
	}
	size = net_member_encode(message, qs->member, sizeof(qs->member));
	if (size < 0)
		return -EINVAL;
	frame.member.data = qs->member;
	frame.member.len = (size_t)size;
	if (send_frame(qs, &frame))
		return -ENOBUFS;
	/* A server that hangs now is left now, perhaps for its other address. */
	if (!qs->waiting)
		net_channel_set_idle(qs->channel, qs->config.timeout_ns);
	qs->waiting = true;
	return 0;
}

void net_qs_status_get(const struct net_qs *qs, struct net_qs_status *status)
{
	*status = qs->status;
}
