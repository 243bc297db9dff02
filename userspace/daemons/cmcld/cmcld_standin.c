// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmcld_standin.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <tocsin/base.h>

#include "cmcld_realtime.h"

/* The lock is held for a renewal at the longest, by threads of one priority. */
struct cmcld_standin {
	pthread_t thread;
	pthread_mutex_t lock;
	int stop;			/* eventfd: readable at the end */
	u64 since_ns;			/* of the request under way; 0: none */
	u32 renewals;			/* during it */
	u64 period_ns;
	u64 longest_ns;
	void (*renew)(void *arg);
	void *arg;
};

static void look(struct cmcld_standin *standin, u64 now_ns)
{
	u64 waited_ns = now_ns - standin->since_ns;

	if (!standin->since_ns || waited_ns < standin->period_ns ||
	    waited_ns > standin->longest_ns)
		return;
	standin->renewals++;
	standin->renew(standin->arg);
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

void cmcld_standin_begin(struct cmcld_standin *standin)
{
	if (!standin)
		return;
	pthread_mutex_lock(&standin->lock);
	standin->since_ns = base_clock_ns();
	standin->renewals = 0;
	pthread_mutex_unlock(&standin->lock);
}

u64 cmcld_standin_end(struct cmcld_standin *standin)
{
	u64 waited_ns = 0;

	if (!standin)
		return 0;
	pthread_mutex_lock(&standin->lock);
	if (standin->renewals)
		waited_ns = base_clock_ns() - standin->since_ns;
	standin->since_ns = 0;
	pthread_mutex_unlock(&standin->lock);
	return waited_ns;
}
