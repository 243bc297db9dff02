// SPDX-License-Identifier: GPL-2.0-or-later
#include "net_session_internal.h"

#include <tocsin/net_arena.h>

#include <stdlib.h>

void session_queue_init(struct session_peer *peer)
{
	peer->first = NULL;
	peer->last = &peer->first;
	peer->next_number = 1;
	peer->active = SESSION_NONE;
	peer->ack_link = SESSION_NONE;
}

static void pop(struct session_peer *peer)
{
	struct queued_message *message = peer->first;

	peer->first = message->next;
	if (!peer->first)
		peer->last = &peer->first;
	/* Acknowledged by way of the former link before it left on this one. */
	if (peer->unsent == message)
		peer->unsent = message->next;
	peer->stats.unacknowledged--;
	peer->stats.unacknowledged_bytes -= message->size;
	free(message);
}

void session_queue_reset(struct session_peer *peer)
{
	while (peer->first) {
		peer->dropped++;
		pop(peer);
	}
	peer->next_number = 1;
	peer->acknowledged = 0;
	peer->received = 0;
	peer->highest_sent = 0;
	peer->ack_link = SESSION_NONE;
	peer->stats.sent = 0;
	peer->stats.received = 0;
}

int session_queue_add(struct session_peer *peer, u32 type, const void *data, size_t size)
{
	struct queued_message *message;

	if (peer->stats.unacknowledged_bytes + size > peer->sessions->config.queue_max)
		return -ENOBUFS;
	message = malloc(sizeof(*message) + size);
	if (!message)
		return -ENOBUFS;
	message->next = NULL;
	message->number = peer->next_number++;
	message->queued_ns = base_clock_ns();
	message->type = type;
	message->size = (u32)size;
	if (size)
		memcpy(message->data, data, size);
	*peer->last = message;
	peer->last = &message->next;
	if (!peer->unsent)
		peer->unsent = message;
	peer->stats.sent++;
	peer->stats.unacknowledged++;
	peer->stats.unacknowledged_bytes += size;
	return 0;
}

int session_acknowledge(struct session_peer *peer, u64 number)
{
	if (number > peer->highest_sent)
		return -EPROTO;
	if (number <= peer->acknowledged)
		return 0;
	peer->acknowledged = number;
	peer->progress_ns = base_clock_ns();
	while (peer->first && peer->first->number <= number)
		pop(peer);
	return 0;
}

/* Larger is better; 0: cannot be used. */
static unsigned int quality(const struct session_link *link)
{
	if (!link->ready)
		return 0;
	/* What was seen on this very connection counts more than the kernel's. */
	return 1 + (link->path_down ? 0 : 1) + (link->suspect ? 0 : 2);
}

void session_choose(struct session_peer *peer)
{
	unsigned int best = 0, path;
	int choice = peer->active;

	/* The one in use stays while no other is better: moving costs a resend. */
	if (choice != SESSION_NONE)
		best = quality(&peer->link[choice]);
	if (!best)
		choice = SESSION_NONE;
	for (path = 0; path < peer->sessions->config.paths; path++) {
		if (quality(&peer->link[path]) <= best)
			continue;
		best = quality(&peer->link[path]);
		choice = (int)path;
	}
	if (choice == peer->active)
		return;
	if (choice != SESSION_NONE) {
		/* From the first message that may have been lost; the receiver
		 * drops what it has. */
		peer->unsent = peer->first;
		peer->link[choice].used_ns = base_clock_ns();
		peer->stats.switches++;
	}
	peer->active = choice;
	session_pump(peer);
}

static size_t pack_frame(struct net_sessions *sessions, const Tocsin__SessionHeader *header,
			 const void *data, size_t size)
{
	u8 *frame = sessions->scratch;
	size_t length = tocsin__session_header__get_packed_size(header);

	core_assert(length <= SESSION_HEADER_MAX && size <= NET_SESSION_MESSAGE_MAX);
	frame[0] = (u8)(length >> 8);
	frame[1] = (u8)length;
	tocsin__session_header__pack(header, frame + 2);
	if (size)
		memcpy(frame + 2 + length, data, size);
	return 2 + length + size;
}

static int send_message(struct session_link *link, const struct queued_message *message)
{
	Tocsin__SessionHeader header = TOCSIN__SESSION_HEADER__INIT;
	struct session_peer *peer = link->peer;
	size_t size;
	int err;

	header.number = message->number;
	header.acknowledged = peer->received;
	header.type = message->type;
	size = pack_frame(peer->sessions, &header, message->data, message->size);
	err = net_channel_send(link->channel, peer->sessions->scratch, size);
	if (err)
		return err;
	link->sent_ns = base_clock_ns();
	if (message->number <= peer->highest_sent)
		peer->stats.resent++;
	else
		peer->highest_sent = message->number;
	if (peer->ack_link == (int)link->path)
		peer->ack_link = SESSION_NONE;
	return 0;
}

/* Hand over what the link in use can take. */
void session_pump(struct session_peer *peer)
{
	struct session_link *link;

	if (peer->active == SESSION_NONE)
		return;
	link = &peer->link[peer->active];
	/* The rest follows when the channel says that it has drained. */
	while (peer->unsent && net_channel_queued(link->channel) <= SESSION_AHEAD_MAX) {
		if (send_message(link, peer->unsent))
			return;
		peer->unsent = peer->unsent->next;
	}
}

void session_send_ack(struct session_link *link)
{
	Tocsin__SessionHeader header = TOCSIN__SESSION_HEADER__INIT;
	struct net_sessions *sessions = link->peer->sessions;

	header.acknowledged = link->peer->received;
	net_channel_send(link->channel, sessions->scratch,
			 pack_frame(sessions, &header, NULL, 0));
	link->sent_ns = base_clock_ns();
}

/* A link that takes data and brings no acknowledgement while another stands by. */
void session_check_stall(struct session_peer *peer, u64 now_ns)
{
	u64 since;

	if (peer->active == SESSION_NONE || !peer->first)
		return;
	since = peer->first->queued_ns;
	if (since < peer->progress_ns)
		since = peer->progress_ns;
	if (since < peer->link[peer->active].used_ns)
		since = peer->link[peer->active].used_ns;
	if (now_ns - since < peer->sessions->config.stall_ns)
		return;
	peer->link[peer->active].suspect = true;
	session_choose(peer);
}

static void take_message(struct session_link *link, const Tocsin__SessionHeader *header,
			 const u8 *data, size_t size)
{
	struct session_peer *peer = link->peer;
	struct net_sessions *sessions = peer->sessions;

	if (header->number > peer->received + 1) {
		session_link_drop(link, "a message is missing on this connection");
		return;
	}
	peer->ack_link = (int)link->path;
	sd_event_source_set_enabled(sessions->ack_source, SD_EVENT_ONESHOT);
	if (header->number <= peer->received) {
		peer->stats.duplicates++;
		return;
	}
	peer->received = header->number;
	peer->stats.received++;
	sessions->config.ops->message(sessions->config.arg, peer->id, header->type, data, size);
}

static void take_header(struct session_link *link, const Tocsin__SessionHeader *header,
			const u8 *data, size_t size)
{
	if (header->hello) {
		session_take_hello(link, header->hello);
		return;
	}
	if (!link->ready) {
		/* Sent before the other end knew that we start anew. */
		if (session_is_connector(link->peer))
			session_link_drop(link, "message before the session was agreed on");
		return;
	}
	link->suspect = false;
	if (session_acknowledge(link->peer, header->acknowledged)) {
		session_link_drop(link, "acknowledges what was not sent");
		return;
	}
	if (header->number)
		take_message(link, header, data, size);
}

void session_take_frame(struct session_link *link, const u8 *data, size_t size)
{
	Tocsin__SessionHeader *header = NULL;
	struct net_arena arena;
	size_t length;

	length = size < 2 ? SIZE_MAX : (size_t)data[0] << 8 | data[1];
	if (length > SESSION_HEADER_MAX || length > size - 2 || net_arena_init(&arena)) {
		session_link_drop(link, "malformed frame");
		return;
	}
	header = tocsin__session_header__unpack(&arena.allocator, length, data + 2);
	if (header)
		take_header(link, header, data + 2 + length, size - 2 - length);
	else
		session_link_drop(link, "malformed header");
	net_arena_free(&arena);
}
