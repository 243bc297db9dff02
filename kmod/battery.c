// SPDX-License-Identifier: GPL-2.0
/*
 * A hypervisor that stops this machine stops all clocks that its leases are
 * measured with; others may have taken over meanwhile.  The first heartbeat of a
 * peer says so.  A machine that nobody reaches learns it here.
 *
 * That the battery clock jumped is not enough: somebody may have set it, here or,
 * for a virtual one, on the host.  So the node is given the time in which a
 * heartbeat and its answer come through, even if one of each is lost; what counts
 * then is only whether a majority has acknowledged what was sent after the jump was
 * seen.  Such a lease is as good as any, whatever happened before; without one the
 * node goes down.
 */
#include "battery.h"

#include <linux/freezer.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/rtc.h>
#include <linux/sched.h>
#include <uapi/linux/sched/types.h>

#include "clock.h"
#include "core_battery.h"
#include "instance.h"
#include "log.h"
#include "recorder.h"

/* No divisor of a second: the readings come at all phases of it. */
#define PERIOD_MS	430
/* To the next heartbeat, to the peer's next one, and the same once more. */
#define GRACE_INTERVALS	4
#define GRACE_NS_MORE	(200 * NSEC_PER_MSEC)

static char *battery_clock = "rtc0";
module_param(battery_clock, charp, 0444);
MODULE_PARM_DESC(battery_clock,
		 "Clock that shows that the machine stood still (default rtc0; none: do not look)");

static struct rtc_device *clock_device;
static struct task_struct *watcher;

/* Above whatever might take all CPUs: it runs some microseconds a second. */
static const struct sched_attr priority = {
	.size = sizeof(priority),
	.sched_policy = SCHED_FIFO,
	.sched_priority = MAX_RT_PRIO - 1,
};

static u64 look(struct core_battery *battery)
{
	u64 before_ns = tocsin_clock_ns();
	struct rtc_time time;
	int err = rtc_read_time(clock_device, &time);
	u64 after_ns = tocsin_clock_ns();

	return err ? 0 : core_battery_look(battery, before_ns, after_ns,
					   rtc_tm_to_time64(&time));
}

static void sleep_ms(unsigned int time)
{
	set_current_state(TASK_INTERRUPTIBLE);
	if (!kthread_should_stop())
		schedule_timeout(msecs_to_jiffies(time));
	__set_current_state(TASK_RUNNING);
}

/* The machine may have stood still: see what its leases are worth now. */
static void examine(struct tocsin *t, u64 longest_ns)
{
	u64 since_ns = tocsin_clock_ns();
	u64 grace_ns = GRACE_INTERVALS * t->core->config.interval_ns + GRACE_NS_MORE;
	unsigned long flags;
	bool holds;

	tocsin_record(t, RECORDER_STOOD_STILL, 0, 0, longest_ns, 0, 0, 0);
	tocsin_printk(KERN_WARNING
		      "tocsin: this machine stood still for up to %llu ms, or %s was set; %s\n",
		      div_u64(longest_ns, NSEC_PER_MSEC), battery_clock,
		      "the hypervisor's log says who stopped it");
	/* Whoever sets that clock just now may wake this thread too early. */
	while (!kthread_freezable_should_stop(NULL) && tocsin_clock_ns() < since_ns + grace_ns)
		sleep_ms(div_u64(grace_ns, NSEC_PER_MSEC));
	tocsin_lock(t, &flags);
	holds = core_stood_still(t->core, since_ns);
	tocsin_unlock(t, flags);
	if (holds)
		tocsin_printk(KERN_NOTICE "tocsin: a majority has acknowledged this node since\n");
}

static int watch(void *data)
{
	struct core_battery battery = { };
	struct tocsin *t = data;
	u64 longest_ns;

	sched_setattr_nocheck(current, &priority);
	/* A machine that sleeps, disarmed, has put its clock's device to sleep, too. */
	set_freezable();
	while (!kthread_freezable_should_stop(NULL)) {
		longest_ns = look(&battery);
		/* By so much the leases end too late, and the margin is all that allows. */
		if (longest_ns >= t->toc_margin_ns && READ_ONCE(t->watched))
			examine(t, longest_ns);
		sleep_ms(PERIOD_MS);
	}
	return 0;
}

void tocsin_battery_start(struct tocsin *t)
{
	struct task_struct *task;

	lockdep_assert_held(&t->mutex);
	/* A constant: without the class its functions are not linked either. */
	if (watcher || !IS_ENABLED(CONFIG_RTC_CLASS) || sysfs_streq(battery_clock, "none"))
		return;
	clock_device = rtc_class_open(battery_clock);
	if (!clock_device) {
		tocsin_printk(KERN_NOTICE
			      "tocsin: no battery clock %s: only peers can tell of a stop; %s\n",
			      battery_clock, "name another with battery_clock=");
		return;
	}
	task = kthread_run(watch, t, "tocsin-battery");
	if (!IS_ERR(task)) {
		watcher = task;
		return;
	}
	tocsin_printk(KERN_WARNING
		      "tocsin: no thread for the battery clock: error %ld; disarm, arm again\n",
		      PTR_ERR(task));
	rtc_class_close(clock_device);
	clock_device = NULL;
}

void tocsin_battery_stop(struct tocsin *t)
{
	lockdep_assert_held(&t->mutex);
	if (!watcher)
		return;
	kthread_stop(watcher);
	watcher = NULL;
	rtc_class_close(clock_device);
	clock_device = NULL;
}
