// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmcld_pet.h"

#include <inttypes.h>
#include <stdlib.h>

#include "cmcld_feeder.h"
#include "cmcld_log.h"
#include "cmcld_publish.h"
#include "cmcld_standin.h"
#include "cmcld_watchdog.h"

#define PETS_PER_TIMEOUT	16
#define PERIOD_NS_MAX		(500 * BASE_NS_PER_MS)
/* Late by a tenth of MEMBER_TIMEOUT is worth a warning. */
#define LATE_DIVISOR		10
/* Below this thread: what a driver of the watchdog does with the CPU delays no renewal. */
#define FEEDER_BELOW		1
/* A driver that takes this part of the watchdog's time to be fed is worth a warning. */
#define SLOW_DIVISOR		4
/* Of one request to the kernel: after that it is cmcld that hangs. */
#define STANDIN_NS_MAX		(30 * BASE_NS_PER_S)

struct cmcld_pet {
	int timer;
	bool armed;
	u64 period_ns;
	u64 due_ns;
	u64 warn_ns;
	u64 late_max_ns;
	int feed_err;			/* the feeder's */
	bool watchdog_told;
	struct cmcld_standin *standin;
	struct cmcld_feeder *feeder;
};

/* Time for which the kernel kept it waiting has a line of its own, with its own remedy. */
static void late_check(struct cmcld *cmcld, u64 now_ns)
{
	struct cmcld_pet *pet = cmcld->pet;
	u64 due_ns = pet->due_ns + cmcld_kernel_waited_ns(cmcld->kernel);
	u64 late = now_ns > due_ns ? now_ns - due_ns : 0;

	if (late > pet->late_max_ns)
		pet->late_max_ns = late;
	if (late < pet->warn_ns)
		return;
	cmcld_log(LOG_WARNING, "Warning: cmcld was unable to run for the last %" PRIu64
		  ".%" PRIu64 " seconds. MEMBER_TIMEOUT should be more than ten times "
		  "that; look for a real-time process or an overloaded host.",
		  (u64)(late / BASE_NS_PER_S),
		  (u64)(late % BASE_NS_PER_S / (100 * BASE_NS_PER_MS)));
	cmcld_event("late", "late_ns=%" PRIu64, late);
}

static void renew(struct cmcld *cmcld)
{
	int err = cmcld_kernel_pet(cmcld->kernel);

	if (err)
		cmcld_log(LOG_CRIT, "The safety lease was not renewed: %s", strerror(-err));
	else
		cmcld_feeder_renewed(cmcld->pet->feeder);
}

/*
 * In the thread of the stand-in, or between two requests.  What fails here is told when
 * the real-time thread renews by itself.
 */
static void renew_instead(void *arg)
{
	struct cmcld *cmcld = arg;

	if (!cmcld_kernel_renew(cmcld->kernel))
		cmcld_feeder_renewed(cmcld->pet->feeder);
}

static int standin_create(struct cmcld *cmcld)
{
	int err;

	/* Without the device it would wait, too. */
	if (cmcld_kernel_renew(cmcld->kernel) == -ENOENT)
		return 0;
	err = cmcld_standin_start(cmcld->pet->period_ns, STANDIN_NS_MAX, cmcld->priority,
				  renew_instead, cmcld, &cmcld->pet->standin);
	if (!err)
		cmcld_kernel_standin(cmcld->kernel, cmcld->pet->standin);
	return err;
}

/* ---- the hardware watchdog, in the thread of its feeder ---- */

/* It was tried when cmcld started.  The node is no worse than one without it. */
static int watchdog_start(void *arg)
{
	const struct cmcld *cmcld = arg;
	const char *path = cmcld->config->options.watchdog;
	int err = cmcld_watchdog_start(cmcld->watchdog);

	if (err)
		cmcld_log(LOG_ERR, "The hardware watchdog %s cannot be started: %s; this node "
			  "goes on without it", path, strerror(-err));
	else
		cmcld_log(LOG_NOTICE, "The hardware watchdog %s is running: %u seconds", path,
			  cmcld_watchdog_seconds(cmcld->watchdog));
	return err;
}

static int watchdog_feed(void *arg)
{
	const struct cmcld *cmcld = arg;
	unsigned int seconds = cmcld_watchdog_seconds(cmcld->watchdog);
	u64 begun_ns = base_clock_ns(), took_ns;
	int err = cmcld_watchdog_feed(cmcld->watchdog);

	took_ns = base_clock_ns() - begun_ns;
	if (took_ns > seconds * BASE_NS_PER_S / SLOW_DIVISOR)
		cmcld_log(LOG_WARNING, "It took %" PRIu64 " seconds to feed the hardware "
			  "watchdog; after %u it resets this node. Look for its driver: "
			  "journalctl -k", (u64)(took_ns / BASE_NS_PER_S), seconds);
	if (err && err != cmcld->pet->feed_err)
		cmcld_log(LOG_ERR, "The hardware watchdog was not fed: %s", strerror(-err));
	cmcld->pet->feed_err = err;
	return err;
}

static int watchdog_stop(void *arg)
{
	const struct cmcld *cmcld = arg;
	int err = cmcld_watchdog_stop(cmcld->watchdog);

	if (err)
		cmcld_log(LOG_ERR, "The hardware watchdog could not be stopped: %s; it may reset "
			  "this node in %u seconds", strerror(-err),
			  cmcld_watchdog_seconds(cmcld->watchdog));
	return err;
}

static const struct cmcld_feeder_ops watchdog_ops = {
	.start = watchdog_start,
	.feed = watchdog_feed,
	.stop = watchdog_stop,
};

static int feeder_create(struct cmcld *cmcld)
{
	if (!cmcld->watchdog)
		return 0;
	return cmcld_feeder_create(&watchdog_ops, cmcld, cmcld->pet->period_ns,
				   cmcld->priority - FEEDER_BELOW, &cmcld->pet->feeder);
}

/* ---- the real-time thread ---- */

static void watchdog_look(struct cmcld *cmcld)
{
	bool running = cmcld_feeder_running(cmcld->pet->feeder);

	if (running == cmcld->pet->watchdog_told)
		return;
	cmcld->pet->watchdog_told = running;
	cmcld_publish_mark(cmcld);
}

static void on_timer(void *arg, u64 now_ns)
{
	struct cmcld *cmcld = arg;
	struct cmcld_pet *pet = cmcld->pet;

	if (pet->armed)
		renew(cmcld);
	cmcld_standin_renewed(pet->standin);
	cmcld_publisher_beat(cmcld->publisher, pet->armed);
	watchdog_look(cmcld);
	late_check(cmcld, now_ns);
	pet->due_ns = base_clock_ns() + pet->period_ns;
	cmcld_loop_timer_set(cmcld->loop, pet->timer, pet->due_ns);
}

int cmcld_pet_create(struct cmcld *cmcld)
{
	struct cmcld_pet *pet = calloc(1, sizeof(*pet));
	const struct conf_cluster *cluster = &cmcld->conf->cluster;
	int err;

	if (!pet)
		return -ENOMEM;
	cmcld->pet = pet;
	pet->period_ns = cluster->safety_timeout_ns / PETS_PER_TIMEOUT;
	if (pet->period_ns > PERIOD_NS_MAX)
		pet->period_ns = PERIOD_NS_MAX;
	pet->warn_ns = cluster->member_timeout_ns / LATE_DIVISOR;
	pet->timer = cmcld_loop_timer_add(cmcld->loop, on_timer, cmcld);
	err = pet->timer < 0 ? pet->timer : feeder_create(cmcld);
	return err ? err : standin_create(cmcld);
}

void cmcld_pet_start(struct cmcld *cmcld)
{
	struct cmcld_pet *pet = cmcld->pet;

	pet->due_ns = base_clock_ns() + pet->period_ns;
	cmcld_loop_timer_set(cmcld->loop, pet->timer, pet->due_ns);
}

void cmcld_pet_destroy(struct cmcld *cmcld)
{
	if (!cmcld->pet)
		return;
	cmcld_kernel_standin(cmcld->kernel, NULL);
	cmcld_standin_stop(cmcld->pet->standin);
	cmcld_feeder_destroy(cmcld->pet->feeder);
	free(cmcld->pet);
	cmcld->pet = NULL;
}

/* Until the kernel has answered that it has armed nobody knows whether it has. */
int cmcld_pet_arm(struct cmcld *cmcld)
{
	int err;

	cmcld_publisher_beat(cmcld->publisher, true);
	err = cmcld_kernel_arm(cmcld->kernel);
	if (err)
		return err;
	cmcld->pet->armed = true;
	cmcld_log(LOG_NOTICE, "Enabling safety time protection");
	cmcld_event("armed", "incarnation=%016" PRIx64, cmcld->incarnation);
	cmcld_feeder_begin(cmcld->pet->feeder);
	return 0;
}

void cmcld_pet_end(struct cmcld *cmcld)
{
	cmcld_feeder_end(cmcld->pet->feeder);
	cmcld->pet->armed = false;
	cmcld_log(LOG_NOTICE, "Safety time protection ended: this node has left in order");
}

void cmcld_pet_toc(struct cmcld *cmcld, const char *why)
{
	cmcld_kernel_standin(cmcld->kernel, NULL);
	cmcld_kernel_toc(cmcld->kernel, why);
	cmcld->pet->armed = false;
}

bool cmcld_pet_armed(const struct cmcld *cmcld)
{
	return cmcld->pet->armed;
}

u64 cmcld_pet_late_max_ns(const struct cmcld *cmcld)
{
	return cmcld->pet->late_max_ns;
}

bool cmcld_pet_watchdog(const struct cmcld *cmcld)
{
	return cmcld_feeder_running(cmcld->pet->feeder);
}
