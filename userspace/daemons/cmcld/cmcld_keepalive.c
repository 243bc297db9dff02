// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmcld_keepalive.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include <tocsin/base.h>

#include "cmcld_realtime.h"

/* Before it has armed, a real-time thread that shows no sign for so long hangs. */
#define STALE_NS	(5 * BASE_NS_PER_S)
#define FEEDS		6		/* in the time of systemd's watchdog */
#define LOOKS		6		/* between two of them: news are told soon */

struct cmcld_keepalive {
	pthread_t thread;
	struct cmcld_publisher *publisher;
	int stop;			/* eventfd: readable at the end */
	u64 period_ns;
	u64 fed_ns;
};

/*
 * It blocks while the queue of systemd is full, as it may be when systemd itself gets no
 * CPU.  That does no harm here, and is better than to try again later: systemd takes all
 * messages before the timers of its watchdogs, and whoever waits for room gets it before
 * the queue is empty.
 */
static void look(struct cmcld_keepalive *keepalive, u64 now_ns)
{
	if (keepalive->fed_ns && now_ns - keepalive->fed_ns < keepalive->period_ns)
		return;
	if (!cmcld_publisher_lives(keepalive->publisher, STALE_NS))
		return;
	keepalive->fed_ns = now_ns;
	sd_notify(0, "WATCHDOG=1");
}

static void *run(void *arg)
{
	struct cmcld_keepalive *keepalive = arg;
	struct pollfd stop = { .fd = keepalive->stop, .events = POLLIN };
	int look_ms = (int)(keepalive->period_ns / LOOKS / BASE_NS_PER_MS) + 1;

	do
		look(keepalive, base_clock_ns());
	while (poll(&stop, 1, look_ms) <= 0);
	return NULL;
}

static void keepalive_free(struct cmcld_keepalive *keepalive)
{
	if (keepalive->stop >= 0)
		close(keepalive->stop);
	free(keepalive);
}

int cmcld_keepalive_start(struct cmcld_publisher *publisher, int priority,
			  struct cmcld_keepalive **out)
{
	struct cmcld_keepalive *keepalive;
	uint64_t watchdog_usec = 0;
	int err;

	*out = NULL;
	if (sd_watchdog_enabled(0, &watchdog_usec) <= 0)
		return 0;
	keepalive = calloc(1, sizeof(*keepalive));
	if (!keepalive)
		return -ENOMEM;
	keepalive->publisher = publisher;
	keepalive->period_ns = watchdog_usec * (BASE_NS_PER_S / 1000000) / FEEDS;
	keepalive->stop = eventfd(0, EFD_CLOEXEC);
	err = keepalive->stop < 0 ? -errno :
	      cmcld_realtime_thread(&keepalive->thread, priority, "cmcld-keepalive", run,
				    keepalive);
	if (err)
		keepalive_free(keepalive);
	else
		*out = keepalive;
	return err;
}

void cmcld_keepalive_stop(struct cmcld_keepalive *keepalive)
{
	if (!keepalive)
		return;
	eventfd_write(keepalive->stop, 1);
	pthread_join(keepalive->thread, NULL);
	keepalive_free(keepalive);
}
