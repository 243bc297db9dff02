// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmcld_feeder.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "cmcld_realtime.h"

struct cmcld_feeder {
	pthread_t thread;
	const struct cmcld_feeder_ops *ops;
	void *arg;
	u64 period_ns;
	int wake;			/* eventfd: something was asked for */
	atomic_bool quit;
	atomic_bool wanted;		/* that it runs */
	atomic_bool running;
	atomic_ullong renewals;
	/* The thread's own. */
	bool tried;			/* to start it, since that has been wanted */
	unsigned long long fed;		/* up to this renewal */
};

static void start(struct cmcld_feeder *feeder)
{
	feeder->tried = true;
	feeder->fed = atomic_load(&feeder->renewals);
	atomic_store(&feeder->running, !feeder->ops->start(feeder->arg));
}

static void stop(struct cmcld_feeder *feeder)
{
	feeder->tried = false;
	if (atomic_load(&feeder->running))
		feeder->ops->stop(feeder->arg);
	atomic_store(&feeder->running, false);
}

static void feed(struct cmcld_feeder *feeder)
{
	unsigned long long renewals = atomic_load(&feeder->renewals);

	if (!atomic_load(&feeder->running) || renewals == feeder->fed)
		return;
	feeder->fed = renewals;
	feeder->ops->feed(feeder->arg);
}

static void serve(struct cmcld_feeder *feeder)
{
	bool wanted = atomic_load(&feeder->wanted);

	if (wanted && !feeder->tried)
		start(feeder);
	else if (!wanted && feeder->tried)
		stop(feeder);
	else
		feed(feeder);
}

/* What was asked for before the end is done before the end. */
static void *run(void *arg)
{
	struct cmcld_feeder *feeder = arg;
	struct pollfd wake = { .fd = feeder->wake, .events = POLLIN };
	eventfd_t count;
	bool quit;

	do {
		if (poll(&wake, 1, (int)(feeder->period_ns / BASE_NS_PER_MS)) > 0)
			eventfd_read(feeder->wake, &count);
		quit = atomic_load(&feeder->quit);
		serve(feeder);
	} while (!quit);
	return NULL;
}

static void feeder_free(struct cmcld_feeder *feeder)
{
	if (feeder->wake >= 0)
		close(feeder->wake);
	free(feeder);
}

int cmcld_feeder_create(const struct cmcld_feeder_ops *ops, void *arg, u64 period_ns,
			int priority, struct cmcld_feeder **out)
{
	struct cmcld_feeder *feeder = calloc(1, sizeof(*feeder));
	int err;

	if (!feeder)
		return -ENOMEM;
	feeder->ops = ops;
	feeder->arg = arg;
	feeder->period_ns = period_ns;
	feeder->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	err = feeder->wake < 0 ? -errno :
	      cmcld_realtime_thread(&feeder->thread, priority, "cmcld-feeder", run, feeder);
	if (err)
		feeder_free(feeder);
	else
		*out = feeder;
	return err;
}

void cmcld_feeder_destroy(struct cmcld_feeder *feeder)
{
	if (!feeder)
		return;
	atomic_store(&feeder->quit, true);
	eventfd_write(feeder->wake, 1);
	pthread_join(feeder->thread, NULL);
	feeder_free(feeder);
}

static void want(struct cmcld_feeder *feeder, bool wanted)
{
	if (!feeder)
		return;
	atomic_store(&feeder->wanted, wanted);
	eventfd_write(feeder->wake, 1);
}

void cmcld_feeder_begin(struct cmcld_feeder *feeder)
{
	want(feeder, true);
}

void cmcld_feeder_end(struct cmcld_feeder *feeder)
{
	want(feeder, false);
}

void cmcld_feeder_renewed(struct cmcld_feeder *feeder)
{
	if (feeder)
		atomic_fetch_add(&feeder->renewals, 1);
}

bool cmcld_feeder_running(struct cmcld_feeder *feeder)
{
	return feeder && atomic_load(&feeder->running);
}
