// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmcld_keepalive.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
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
/* A stop gets so much more time each time; a watchdog that is longer, or none, makes systemd
 * be told as often as if it were of this length.
 */
#define EXTEND_USEC	60000000

struct cmcld_keepalive {
	struct cmcld_keepalive_config config;
	pthread_t thread;
	int wake;			/* eventfd: @stopping or @end are news */
	atomic_bool stopping;
	atomic_bool end;
	atomic_ullong beat_ns;		/* of the main thread */
	bool watchdog;
	u64 period_ns;
	u64 fed_ns;
	u64 extended_ns;
};

/*
 * These block while the queue of systemd is full, as it may be when systemd itself gets no
 * CPU.  That does no harm here, and is better than to try again later: systemd takes all
 * messages before its timers, and whoever waits for room gets it before the queue is empty.
 */
static bool due(const struct cmcld_keepalive *keepalive, u64 last_ns, u64 now_ns)
{
	return !last_ns || now_ns - last_ns >= keepalive->period_ns;
}

static void feed(struct cmcld_keepalive *keepalive, u64 now_ns)
{
	if (!keepalive->watchdog || !due(keepalive, keepalive->fed_ns, now_ns) ||
	    !cmcld_publisher_lives(keepalive->config.publisher, STALE_NS))
		return;
	keepalive->fed_ns = now_ns;
	sd_notify(0, "WATCHDOG=1");
}

/*
 * To end an armed cmcld by force is to end the node.  Only during a stop: at other times it
 * would put off a RuntimeMaxSec=, which somebody may want.
 */
static bool stops_well(struct cmcld_keepalive *keepalive, u64 now_ns)
{
	u64 beat_ns = atomic_load(&keepalive->beat_ns);

	return atomic_load(&keepalive->stopping) &&
	       cmcld_publisher_armed(keepalive->config.publisher) &&
	       (now_ns < beat_ns || now_ns - beat_ns < keepalive->config.silence_ns);
}

static void extend(struct cmcld_keepalive *keepalive, u64 now_ns)
{
	if (!due(keepalive, keepalive->extended_ns, now_ns) || !stops_well(keepalive, now_ns))
		return;
	keepalive->extended_ns = now_ns;
	sd_notifyf(0, "EXTEND_TIMEOUT_USEC=%d", EXTEND_USEC);
}

static void *run(void *arg)
{
	struct cmcld_keepalive *keepalive = arg;
	struct pollfd wake = { .fd = keepalive->wake, .events = POLLIN };
	int look_ms = (int)(keepalive->period_ns / LOOKS / BASE_NS_PER_MS) + 1;
	eventfd_t count;

	while (!atomic_load(&keepalive->end)) {
		feed(keepalive, base_clock_ns());
		extend(keepalive, base_clock_ns());
		if (poll(&wake, 1, look_ms) > 0)
			eventfd_read(keepalive->wake, &count);
	}
	return NULL;
}

static void keepalive_free(struct cmcld_keepalive *keepalive)
{
	if (keepalive->wake >= 0)
		close(keepalive->wake);
	free(keepalive);
}

int cmcld_keepalive_start(const struct cmcld_keepalive_config *config,
			  struct cmcld_keepalive **out)
{
	struct cmcld_keepalive *keepalive;
	uint64_t usec = 0;
	int err;

	*out = NULL;
	if (!getenv("NOTIFY_SOCKET"))
		return 0;
	keepalive = calloc(1, sizeof(*keepalive));
	if (!keepalive)
		return -ENOMEM;
	keepalive->config = *config;
	keepalive->watchdog = sd_watchdog_enabled(0, &usec) > 0;
	if (!keepalive->watchdog || usec > EXTEND_USEC)
		usec = EXTEND_USEC;
	keepalive->period_ns = usec * BASE_NS_PER_US / FEEDS;
	keepalive->wake = eventfd(0, EFD_CLOEXEC);
	err = keepalive->wake < 0 ? -errno :
	      cmcld_realtime_thread(&keepalive->thread, config->priority, "cmcld-keepalive", run,
				    keepalive);
	if (err)
		keepalive_free(keepalive);
	else
		*out = keepalive;
	return err;
}

void cmcld_keepalive_stopping(struct cmcld_keepalive *keepalive)
{
	if (!keepalive)
		return;
	cmcld_keepalive_beat(keepalive);
	atomic_store(&keepalive->stopping, true);
	eventfd_write(keepalive->wake, 1);
}

void cmcld_keepalive_beat(struct cmcld_keepalive *keepalive)
{
	if (keepalive)
		atomic_store(&keepalive->beat_ns, base_clock_ns());
}

void cmcld_keepalive_stop(struct cmcld_keepalive *keepalive)
{
	if (!keepalive)
		return;
	atomic_store(&keepalive->end, true);
	eventfd_write(keepalive->wake, 1);
	pthread_join(keepalive->thread, NULL);
	keepalive_free(keepalive);
}
