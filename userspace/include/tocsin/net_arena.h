/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory for one protobuf message: a fixed piece, given back as a whole.  So
 * that what a peer sends cannot make us take more, whatever it says.
 */
#ifndef TOCSIN_NET_ARENA_H
#define TOCSIN_NET_ARENA_H

#include "base.h"

#include <protobuf-c/protobuf-c.h>

/* Below malloc's mmap threshold: taking it costs little. */
#define NET_ARENA_SIZE	(120u * 1024)

struct net_arena {
	u8 *memory;
	size_t used;
	bool full;
	ProtobufCAllocator allocator;	/* for protobuf_c_message_unpack() */
};

/* 0, -ENOMEM. The arena must not move until net_arena_free(). */
int net_arena_init(struct net_arena *arena);
void net_arena_free(struct net_arena *arena);

/* Zeroed memory; NULL when the arena is full, which it then remembers. */
void *net_arena_get(struct net_arena *arena, size_t size);

#endif
