// SPDX-License-Identifier: GPL-2.0-or-later
#include "net_channel.h"

#include <stdlib.h>

#define ROOM_START	4096u
#define ROOM_KEPT	65536u

/* Make room for @size more bytes, @max in all. 0, -ENOBUFS, -ENOMEM. */
int net_buffer_reserve(struct net_buffer *buffer, size_t size, size_t max)
{
	size_t have = buffer->to - buffer->from;
	size_t room;
	u8 *grown;

	if (size > max || have > max - size)
		return -ENOBUFS;
	if (!have && buffer->room > ROOM_KEPT)
		net_buffer_free(buffer);
	if (buffer->room - buffer->to >= size)
		return 0;
	if (buffer->from) {
		memmove(buffer->data, buffer->data + buffer->from, have);
		buffer->from = 0;
		buffer->to = have;
	}
	if (have + size <= buffer->room)
		return 0;
	room = buffer->room ? buffer->room : ROOM_START;
	while (room < have + size)
		room *= 2;
	grown = realloc(buffer->data, room);
	if (!grown)
		return -ENOMEM;
	buffer->data = grown;
	buffer->room = room;
	return 0;
}

void net_buffer_free(struct net_buffer *buffer)
{
	free(buffer->data);
	memset(buffer, 0, sizeof(*buffer));
}
