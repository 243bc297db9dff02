// SPDX-License-Identifier: GPL-2.0-or-later
#include <tocsin/net_arena.h>

#include <stdlib.h>

#define ALIGNMENT	16u

static void *take(struct net_arena *arena, size_t size)
{
	void *memory;

	if (size > NET_ARENA_SIZE || arena->used > NET_ARENA_SIZE - size) {
		arena->full = true;
		return NULL;
	}
	memory = arena->memory + arena->used;
	arena->used += (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	return memory;
}

static void *arena_alloc(void *arena, size_t size)
{
	return take(arena, size);
}

static void arena_free(void *arena, void *memory)
{
	/* All at once, by net_arena_free(). */
}

int net_arena_init(struct net_arena *arena)
{
	memset(arena, 0, sizeof(*arena));
	arena->memory = malloc(NET_ARENA_SIZE);
	if (!arena->memory)
		return -ENOMEM;
	arena->allocator.alloc = arena_alloc;
	arena->allocator.free = arena_free;
	arena->allocator.allocator_data = arena;
	return 0;
}

void net_arena_free(struct net_arena *arena)
{
	free(arena->memory);
	arena->memory = NULL;
}

void *net_arena_get(struct net_arena *arena, size_t size)
{
	void *memory = take(arena, size);

	if (memory)
		memset(memory, 0, size);
	return memory;
}
