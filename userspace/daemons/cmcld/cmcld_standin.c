// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmcld_standin.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <tocsin/base.h>

#include "cmcld_realtime.h"

/*
 * A request that took less is none that the kernel kept waiting: a handler that goes
 * round asking for ever must not pass for one that waits.  As many of those as there may
 * be peers (63) take less than half of 16 periods, which is SAFETY_TIMEOUT.
 */
#define WAITS_PER_PERIOD	8

/* The lock is held for a renewal at the longest, by threads of one priority. */
struct cmcld_standin {
	pthread_t thread;
	pthread_mutex_t lock;
	int stop;			/* eventfd: readable at the end */
	u64 since_ns;			/* of the request under way; 0: none */
	u64 renewed_ns;			/* by whomever */
	u64 waited_ns;			/* in requests, since the real-time thread renewed */
	u32 renewals;			/* not told yet */
	u64 period_ns;
	u64 longest_ns;
	void (*renew)(void *arg);
	void *arg;
};

static bool waits(const struct cmcld_standin *standin, u64 now_ns)
{
	return standin->since_ns &&
	       now_ns - standin->since_ns >= standin->period_ns / WAITS_PER_PERIOD;
}

static void renew_if_due(struct cmcld_standin *standin, u64 now_ns)
{
	if (now_ns - standin->renewed_ns < standin->period_ns)
		return;
	standin->renewed_ns = now_ns;
	standin->renewals++;
	standin->renew(standin->arg);
}

static void look(struct cmcld_standin *standin, u64 now_ns)
{
	if (waits(standin, now_ns) && now_ns - standin->since_ns <= standin->longest_ns)
		renew_if_due(standin, now_ns);
}

static void *run(void *arg)
{
	struct cmcld_standin *standin = arg;
	struct pollfd stop = { .fd = standin->stop, .events = POLLIN };

	while (poll(&stop, 1, (int)(standin->period_ns / BASE_NS_PER_MS)) <= 0) {
		pthread_mutex_lock(&standin->lock);
		look(standin, base_clock_ns());
		pthread_mutex_unlock(&standin->lock);
	}
	return NULL;
}

static void lock_init(pthread_mutex_t *lock)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT);
	pthread_mutex_init(lock, &attr);
	pthread_mutexattr_destroy(&attr);
}

static void standin_free(struct cmcld_standin *standin)
{
	if (standin->stop >= 0)
		close(standin->stop);
	pthread_mutex_destroy(&standin->lock);
	free(standin);
}

int cmcld_standin_start(u64 period_ns, u64 longest_ns, int priority, void (*renew)(void *arg),
			void *arg, struct cmcld_standin **out)
{
	struct cmcld_standin *standin = calloc(1, sizeof(*standin));
	int err;

	if (!standin)
		return -ENOMEM;
	lock_init(&standin->lock);
	standin->period_ns = period_ns;
	standin->longest_ns = longest_ns;
	standin->renew = renew;
	standin->arg = arg;
	standin->renewed_ns = base_clock_ns();
	standin->stop = eventfd(0, EFD_CLOEXEC);
	err = standin->stop < 0 ? -errno :
	      cmcld_realtime_thread(&standin->thread, priority, "cmcld-standin", run, standin);
	if (err)
		standin_free(standin);
	else
		*out = standin;
	return err;
}

void cmcld_standin_stop(struct cmcld_standin *standin)
{
	if (!standin)
		return;
	eventfd_write(standin->stop, 1);
	pthread_join(standin->thread, NULL);
	standin_free(standin);
}

void cmcld_standin_renewed(struct cmcld_standin *standin)
{
	if (!standin)
		return;
	pthread_mutex_lock(&standin->lock);
	standin->renewed_ns = base_clock_ns();
	standin->waited_ns = 0;
	pthread_mutex_unlock(&standin->lock);
}

void cmcld_standin_begin(struct cmcld_standin *standin)
{
	if (!standin)
		return;
	pthread_mutex_lock(&standin->lock);
	standin->since_ns = base_clock_ns();
	pthread_mutex_unlock(&standin->lock);
}

/* What the other thread does not see, because it looks between two waits, is seen here. */
u64 cmcld_standin_end(struct cmcld_standin *standin)
{
	u64 now_ns, waited_ns = 0;

	if (!standin)
		return 0;
	pthread_mutex_lock(&standin->lock);
	now_ns = base_clock_ns();
	standin->waited_ns += now_ns - standin->since_ns;
	if (waits(standin, now_ns))
		renew_if_due(standin, now_ns);
	if (standin->renewals)
		waited_ns = standin->waited_ns;
	standin->renewals = 0;
	standin->since_ns = 0;
	pthread_mutex_unlock(&standin->lock);
	return waited_ns;
}
