// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmcld_paths.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include <tocsin/base.h>
#include <tocsin/nl.h>

#define FRESH_NS	(100 * BASE_NS_PER_MS)

struct cmcld_paths_reader {
	struct nl *nl;
	u64 read_ns;
	struct cmcld_paths paths;
	struct nl_peer peer[CONF_NODES_MAX];
};

struct cmcld_paths_reader *cmcld_paths_create(u16 self)
{
	struct cmcld_paths_reader *reader = calloc(1, sizeof(*reader));

	if (reader)
		reader->paths.self = self;
	return reader;
}

void cmcld_paths_destroy(struct cmcld_paths_reader *reader)
{
	if (!reader)
		return;
	if (reader->nl)
		nl_close(reader->nl);
	free(reader);
}

static const char *state_name(enum core_path_state state)
{
	switch (state) {
	case CORE_PATH_UP:
		return "up";
	case CORE_PATH_INIT:
		return "init";
	case CORE_PATH_DOWN:
		break;
	}
	return "down";
}

static void address_text(const struct sockaddr_storage *address,
			 char text[CMCLD_PATH_TEXT])
{
	const void *bytes = &((const struct sockaddr_in *)address)->sin_addr;

	if (address->ss_family == AF_INET6)
		bytes = &((const struct sockaddr_in6 *)address)->sin6_addr;
	if (!inet_ntop(address->ss_family, bytes, text, CMCLD_PATH_TEXT))
		text[0] = '\0';
}

static void path_add(struct cmcld_paths *paths, const struct nl_peer *peer, u8 index,
		     u64 now_ns)
{
	const struct nl_path *from = &peer->path[index];
	struct cmcld_path *path;

	if (paths->count == CMCLD_PATHS_MAX)
		return;
	path = &paths->path[paths->count++];
	path->peer = peer->info.id;
	path->path = index;
	path->state = state_name(from->info.state);
	address_text(&from->address.local, path->local);
	address_text(&from->address.remote, path->remote);
	path->rtt_ns = from->info.rtt_smoothed_ns;
	path->lost = from->info.lost;
	path->last_heard_ns = 0;
	if (from->info.heard_ns && now_ns > from->info.heard_ns)
		path->last_heard_ns = now_ns - from->info.heard_ns;
}

static int read_again(struct cmcld_paths_reader *reader, u64 now_ns)
{
	size_t i, count = 0;
	u8 k;
	int err = reader->nl ? 0 : nl_open(&reader->nl);

	reader->paths.count = 0;
	if (!err)
		err = nl_peer_list(reader->nl, reader->peer, CONF_NODES_MAX, &count);
	if (!err)
		err = nl_stats_get(reader->nl, &reader->paths.stats);
	if (err)
		return err;
	for (i = 0; i < count; i++)
		for (k = 0; k < reader->peer[i].info.paths; k++)
			path_add(&reader->paths, &reader->peer[i], k, now_ns);
	return 0;
}

const struct cmcld_paths *cmcld_paths_read(struct cmcld_paths_reader *reader)
{
	u64 now = base_clock_ns();

	if (!reader->read_ns || now - reader->read_ns > FRESH_NS) {
		reader->read_ns = now;
		/* A module that is gone shows no paths. */
		if (read_again(reader, now) && reader->nl) {
			nl_close(reader->nl);
			reader->nl = NULL;
		}
	}
	return &reader->paths;
}

const char *cmcld_paths_status(const struct cmcld_paths *paths, u16 node, u8 path)
{
	bool seen = false;
	int i;

	if (path == CONF_NO_PATH)
		return "unknown";
	for (i = 0; i < paths->count; i++) {
		const struct cmcld_path *entry = &paths->path[i];

		if (entry->path != path || (node != paths->self && entry->peer != node))
			continue;
		if (!strcmp(entry->state, "up"))
			return "up";
		seen = true;
	}
	return seen ? "down" : "unknown";
}
