// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmcld_paths.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include <tocsin/base.h>
#include <tocsin/nl.h>

#include "cmcld_realtime.h"

#define FRESH_NS	(100 * BASE_NS_PER_MS)
#define PATIENCE_NS	(500 * BASE_NS_PER_MS)

/* @lock: of @asked, @stop and the change of @asked that hands @answer over. */
struct cmcld_paths_reader {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool asked;			/* @answer is the thread's meanwhile */
	bool stop;
	struct cmcld_paths answer;
	/* The thread's. */
	struct nl *nl;
	struct nl_peer peer[CONF_NODES_MAX];
	/* Who asks. */
	u64 read_ns;
	struct cmcld_paths paths;
};

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

static int read_again(struct cmcld_paths_reader *reader)
{
	size_t i, count = 0;
	u64 now;
	u8 k;
	int err = reader->nl ? 0 : nl_open(&reader->nl);

	reader->answer.count = 0;
	if (!err)
		err = nl_peer_list(reader->nl, reader->peer, CONF_NODES_MAX, &count);
	now = base_clock_ns();
	if (!err)
		err = nl_stats_get(reader->nl, &reader->answer.stats);
	if (err)
		return err;
	for (i = 0; i < count; i++)
		for (k = 0; k < reader->peer[i].info.paths; k++)
			path_add(&reader->answer, &reader->peer[i], k, now);
	return 0;
}

static void answer(struct cmcld_paths_reader *reader)
{
	/* A module that is gone shows no paths. */
	if (read_again(reader) && reader->nl) {
		nl_close(reader->nl);
		reader->nl = NULL;
	}
}

static void *run(void *arg)
{
	struct cmcld_paths_reader *reader = arg;

	pthread_mutex_lock(&reader->lock);
	while (!reader->stop) {
		if (!reader->asked) {
			pthread_cond_wait(&reader->changed, &reader->lock);
			continue;
		}
		pthread_mutex_unlock(&reader->lock);
		answer(reader);
		pthread_mutex_lock(&reader->lock);
		reader->asked = false;
		pthread_cond_broadcast(&reader->changed);
	}
	pthread_mutex_unlock(&reader->lock);
	return NULL;
}

static void reader_free(struct cmcld_paths_reader *reader)
{
	if (reader->nl)
		nl_close(reader->nl);
	pthread_cond_destroy(&reader->changed);
	pthread_mutex_destroy(&reader->lock);
	free(reader);
}

struct cmcld_paths_reader *cmcld_paths_create(u16 self)
{
	struct cmcld_paths_reader *reader = calloc(1, sizeof(*reader));
	pthread_condattr_t attr;

	if (!reader)
		return NULL;
	reader->answer.self = self;
	reader->paths.self = self;
	pthread_mutex_init(&reader->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&reader->changed, &attr);
	pthread_condattr_destroy(&attr);
	if (!cmcld_realtime_thread(&reader->thread, 0, "cmcld-paths", run, reader))
		return reader;
	reader_free(reader);
	return NULL;
}

void cmcld_paths_destroy(struct cmcld_paths_reader *reader)
{
	if (!reader)
		return;
	pthread_mutex_lock(&reader->lock);
	reader->stop = true;
	pthread_cond_broadcast(&reader->changed);
	pthread_mutex_unlock(&reader->lock);
	pthread_join(reader->thread, NULL);
	reader_free(reader);
}

/* With the lock. Return: whether it has been answered. */
static bool ask(struct cmcld_paths_reader *reader)
{
	struct timespec until;
	int err = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += (long)PATIENCE_NS;
	if (until.tv_nsec >= (long)BASE_NS_PER_S) {
		until.tv_nsec -= (long)BASE_NS_PER_S;
		until.tv_sec++;
	}
	reader->asked = true;
	pthread_cond_broadcast(&reader->changed);
	while (reader->asked && !err)
		err = pthread_cond_timedwait(&reader->changed, &reader->lock, &until);
	return !reader->asked;
}

const struct cmcld_paths *cmcld_paths_read(struct cmcld_paths_reader *reader)
{
	u64 now = base_clock_ns();

	if (reader->read_ns && now - reader->read_ns <= FRESH_NS)
		return &reader->paths;
	pthread_mutex_lock(&reader->lock);
	if (!reader->asked && ask(reader)) {
		reader->paths = reader->answer;
	} else {
		/* What was known does not become old unseen. */
		reader->paths.count = 0;
		memset(&reader->paths.stats, 0, sizeof(reader->paths.stats));
	}
	pthread_mutex_unlock(&reader->lock);
	reader->read_ns = base_clock_ns();
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
