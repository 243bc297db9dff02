/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernels of a test: the real kmod/core, in this process; a thread carries
 * heartbeats between the instances.  A node whose core gives a verdict is dead:
 * it is heard no more and answers nothing.
 */
#ifndef CMCLD_FAKE_KERNEL_H
#define CMCLD_FAKE_KERNEL_H

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <tocsin/base.h>
#include <tocsin/nl.h>

#define FAKE_NODES	8
#define FAKE_EVENTS	1024
#define FAKE_TICK_MS	10

struct nl_events {
	int fd;
	u32 first, count;
	struct core_event event[FAKE_EVENTS];
	bool overrun;			/* the next read says so */
	u64 lost;			/* as the module counts them */
};

struct nl {
	struct core *core;
	struct nl_events *events;
	u16 id;
	u8 paths;
	u64 incarnation;
	u64 interval_ns;
	u64 due_ns;
	bool dead;
	const struct nl_peer *listed;	/* what nl_peer_list() gives, a single one */
	int list_err;			/* or what it fails with, once */
	u64 wait_ns;			/* the next request that is no renewal waits for it */
	enum core_verdict verdict;
};

static pthread_mutex_t fake_lock = PTHREAD_MUTEX_INITIALIZER;
static struct nl *fake_node[FAKE_NODES + 1];
static bool fake_cut[FAKE_NODES + 1][FAKE_NODES + 1];
static struct nl_events *fake_fresh;	/* opened, its nl not yet attached */
/* Instead of what an nl has listed. */
static int (*fake_peer_list)(struct nl_peer *peer, size_t max, size_t *count);
static pthread_t fake_thread __attribute__((unused));
static bool fake_stop;

static void fake_events(struct nl *nl)
{
	struct core_event event;
	const u64 one = 1;

	while (core_event_pop(nl->core, &event)) {
		if (nl->events->count == FAKE_EVENTS)
			continue;
		nl->events->event[(nl->events->first + nl->events->count++) % FAKE_EVENTS] = event;
		if (write(nl->events->fd, &one, sizeof(one)) < 0)
			abort();
	}
}

static void fake_send(struct nl *from, struct nl *to, u64 now)
{
	u8 buf[CORE_HB_SIZE];
	u8 path;

	for (path = 0; path < from->paths; path++)
		if (core_transmit(from->core, to->id, path, now, buf) == CORE_HB_SIZE &&
		    !fake_cut[from->id][to->id])
			core_receive(to->core, from->id, path, now, buf);
}

static void fake_round(void)
{
	u64 now = base_clock_ns();
	int i, k;

	for (i = 1; i <= FAKE_NODES; i++) {
		struct nl *nl = fake_node[i];

		if (!nl || nl->dead || nl->due_ns > now)
			continue;
		nl->due_ns = now + nl->interval_ns;
		for (k = 1; k <= FAKE_NODES; k++)
			if (k != i && fake_node[k] && !fake_node[k]->dead)
				fake_send(nl, fake_node[k], now);
	}
	for (i = 1; i <= FAKE_NODES; i++) {
		struct nl *nl = fake_node[i];

		if (!nl || nl->dead)
			continue;
		core_tick(nl->core, now);
		nl->verdict = core_check(nl->core, now);
		nl->dead = nl->verdict != CORE_VERDICT_NONE;
		fake_events(nl);
	}
}

static void __attribute__((unused)) *fake_run(void *arg)
{
	bool stop;

	do {
		poll(NULL, 0, FAKE_TICK_MS);
		pthread_mutex_lock(&fake_lock);
		fake_round();
		stop = fake_stop;
		pthread_mutex_unlock(&fake_lock);
	} while (!stop);
	return NULL;
}

/* Some other family's request is slow. */
static void fake_wait(struct nl *nl)
{
	u64 wait_ns;

	pthread_mutex_lock(&fake_lock);
	wait_ns = nl->wait_ns;
	nl->wait_ns = 0;
	pthread_mutex_unlock(&fake_lock);
	poll(NULL, 0, (int)(wait_ns / BASE_NS_PER_MS));
}

/* One call of the core, under the lock. */
#define FAKE_CALL(nl, call) ({						\
	fake_wait(nl);							\
	FAKE_RENEW(nl, call); })

#define FAKE_RENEW(nl, call) ({						\
	int err_ = -EIO;						\
	pthread_mutex_lock(&fake_lock);					\
	if (!(nl)->dead)						\
		err_ = (call);						\
	pthread_mutex_unlock(&fake_lock);				\
	err_; })

#endif
