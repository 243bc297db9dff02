// SPDX-License-Identifier: GPL-2.0
/*
 * Three parts:
 *  - a pinned hard-interrupt timer on each online CPU, staggered, four times
 *    in TOC_MARGIN (at most every 25 ms);
 *  - one precise timer at the earlier deadline.  A renewal only moves a number;
 *    the timer finds that out when it fires, and is started again;
 *  - both read two numbers and a clock, nothing else: whatever lock another
 *    CPU holds for ever, this one still takes the node down.
 *
 * The CPUs are checked for the machine's own instance only; one that reports has
 * nothing to take down.
 */
#include "safety.h"

#include <linux/hrtimer.h>
#include <linux/smp.h>

#include "battery.h"
#include "clock.h"
#include "compat.h"
#include "cpus.h"
#include "instance.h"
#include "recorder.h"
#include "toc.h"

/* A check later than this is worth an entry in the recorder. */
#define CHECK_LATE_NS		(10 * NSEC_PER_MSEC)

struct check {
	struct hrtimer timer;
	u64 last_ns;
	u64 late_max_ns;
};

static DEFINE_PER_CPU(struct check, checks);
static u64 check_ns;

static u64 deadline_ns(const struct tocsin *t)
{
	u64 safety_ns = atomic64_read(&t->safety_ns);
	u64 quorum_ns = atomic64_read(&t->quorum_ns);

	return min(safety_ns, quorum_ns);
}

/* Nobody dies of it, so the core may be asked, under its lock. */
static void report_check(struct tocsin *t)
{
	unsigned long flags;
	u64 now_ns;

	now_ns = tocsin_lock(t, &flags);
	core_check(t->core, now_ns);
	tocsin_unlock(t, flags);
}

void tocsin_safety_check(struct tocsin *t)
{
	u64 now_ns = tocsin_clock_ns();
	u64 quorum_ns = atomic64_read(&t->quorum_ns);
	u64 safety_ns = atomic64_read(&t->safety_ns);

	if (now_ns < quorum_ns && now_ns < safety_ns)
		return;
	if (t->action == TOCSIN_ACTION_REPORT)
		report_check(t);
	else if (quorum_ns <= safety_ns)
		tocsin_toc(t, CORE_VERDICT_QUORUM_LEASE, now_ns, now_ns - quorum_ns);
	else if (READ_ONCE(t->core->detached))
		tocsin_toc(t, CORE_VERDICT_DETACHED, now_ns, now_ns - safety_ns);
	else
		tocsin_toc(t, CORE_VERDICT_SAFETY_LEASE, now_ns, now_ns - safety_ns);
}

void tocsin_safety_check_machine(void)
{
	struct tocsin *t = tocsin_initial;

	if (t && t->action != TOCSIN_ACTION_REPORT)
		tocsin_safety_check(t);
}

static void check_measure(struct check *check)
{
	u64 now_ns = tocsin_clock_ns();
	u64 gap_ns = now_ns - check->last_ns;
	u64 late_ns = gap_ns > check_ns ? gap_ns - check_ns : 0;

	check->last_ns = now_ns;
	if (!READ_ONCE(tocsin_initial->watched))
		return;
	if (late_ns > check->late_max_ns)
		check->late_max_ns = late_ns;
	if (late_ns > CHECK_LATE_NS)
		tocsin_record(tocsin_initial, RECORDER_CHECK_LATE, 0, 0, raw_smp_processor_id(),
			      late_ns, 0, 0);
}

static enum hrtimer_restart check_fire(struct hrtimer *timer)
{
	struct check *check = container_of(timer, struct check, timer);

	tocsin_clock_follow();
	tocsin_safety_check(tocsin_initial);
	check_measure(check);
	hrtimer_forward_now(timer, ns_to_ktime(check_ns));
	return HRTIMER_RESTART;
}

/*
 * Time for a timer on the slewed clock that must not fire late on the raw one:
 * a little short; what is left is waited for in the next round.
 */
static ktime_t wait_until(u64 deadline)
{
	u64 now_ns = tocsin_clock_ns();
	u64 left_ns = deadline > now_ns ? deadline - now_ns : 0;

	left_ns = min_t(u64, left_ns, 3600 * NSEC_PER_SEC);
	return ns_to_ktime(left_ns - left_ns / 1024);
}

static enum hrtimer_restart precise_fire(struct hrtimer *timer)
{
	struct tocsin *t = container_of(timer, struct tocsin, precise);

	tocsin_safety_check(t);
	/* It is only ever started, never forwarded: others may start it too. */
	atomic64_set(&t->precise_ns, CORE_NEVER);
	/* Not set, and visibly so, before the deadline is looked at again. */
	smp_mb();
	tocsin_safety_deadline(t);
	return HRTIMER_NORESTART;
}

/* Claim the timer for a deadline that is earlier than the one it stands at. */
static bool precise_claim(struct tocsin *t)
{
	s64 stands = atomic64_read(&t->precise_ns);
	u64 deadline;

	do {
		deadline = deadline_ns(t);
		if (deadline >= (u64)stands)
			return false;
	} while (!atomic64_try_cmpxchg(&t->precise_ns, &stands, deadline));
	return true;
}

void tocsin_safety_deadline(struct tocsin *t)
{
	u64 deadline;

	/* The deadline is visible before the timer is looked at, or the timer
	 * sees the new deadline itself.
	 */
	smp_mb();
	if (!READ_ONCE(t->watched) || !precise_claim(t))
		return;
	/* Of two who start it at once, the last looks for whom the claim is. */
	do {
		deadline = atomic64_read(&t->precise_ns);
		if (deadline == CORE_NEVER)
			return;
		hrtimer_start(&t->precise, wait_until(deadline), HRTIMER_MODE_REL_HARD);
		smp_mb(); /* started before the claim is read again */
	} while (atomic64_read(&t->precise_ns) != deadline);
}

/* On the CPU that it is for. */
static void check_begin(void *data)
{
	struct check *check = data;
	u64 first_ns = check_ns + check_ns * raw_smp_processor_id() / nr_cpu_ids;

	compat_hrtimer_setup(&check->timer, check_fire, HRTIMER_MODE_REL_PINNED_HARD);
	check->last_ns = tocsin_clock_ns() + first_ns - check_ns;
	hrtimer_start(&check->timer, ns_to_ktime(first_ns), HRTIMER_MODE_REL_PINNED_HARD);
}

static int check_start(unsigned int cpu)
{
	int err = smp_call_function_single(cpu, check_begin, per_cpu_ptr(&checks, cpu), 1);

	if (err)
		return err;
	/* Arming itself is no news of a CPU. */
	if (READ_ONCE(tocsin_initial->watched))
		tocsin_record(tocsin_initial, RECORDER_CPU, 0, 0, cpu, 1, 0, 0);
	return 0;
}

static void check_stop(unsigned int cpu)
{
	hrtimer_cancel(&per_cpu_ptr(&checks, cpu)->timer);
	if (READ_ONCE(tocsin_initial->watched))
		tocsin_record(tocsin_initial, RECORDER_CPU, 0, 0, cpu, 0, 0, 0);
}

static struct tocsin_cpus checked_cpus = { .start = check_start, .stop = check_stop };

static int online(unsigned int cpu)
{
	return tocsin_cpus_online(&checked_cpus, cpu);
}

static int offline(unsigned int cpu)
{
	return tocsin_cpus_offline(&checked_cpus, cpu);
}

int tocsin_safety_init(void)
{
	return tocsin_cpus_register(&checked_cpus, "tocsin:safety", online, offline);
}

void tocsin_safety_uninit(void)
{
	tocsin_cpus_unregister(&checked_cpus);
}

static int checks_start(const struct tocsin *t)
{
	unsigned int cpu;

	check_ns = clamp_t(u64, t->toc_margin_ns / CORE_CHECKS_PER_MARGIN, CORE_CHECK_NS_MIN,
			   CORE_CHECK_NS_MAX);
	for_each_possible_cpu(cpu)
		per_cpu_ptr(&checks, cpu)->late_max_ns = 0;
	return tocsin_cpus_start(&checked_cpus);
}

int tocsin_safety_start(struct tocsin *t)
{
	int err;

	lockdep_assert_held(&t->mutex);
	if (t == tocsin_initial) {
		err = checks_start(t);
		if (err)
			return err;
		tocsin_battery_start(t);
	}
	return 0;
}

void tocsin_safety_watch(struct tocsin *t)
{
	lockdep_assert_held(&t->mutex);
	atomic64_set(&t->precise_ns, CORE_NEVER);
	WRITE_ONCE(t->watched, true);
}

void tocsin_safety_unwatch(struct tocsin *t)
{
	lockdep_assert_held(&t->mutex);
	WRITE_ONCE(t->watched, false);
	hrtimer_cancel(&t->precise);
}

void tocsin_safety_stop(struct tocsin *t)
{
	lockdep_assert_held(&t->mutex);
	if (t != tocsin_initial)
		return;
	tocsin_battery_stop(t);
	tocsin_cpus_stop(&checked_cpus);
}

u64 tocsin_safety_late_max_ns(const struct tocsin *t)
{
	unsigned int cpu;
	u64 late_ns = 0;

	if (t != tocsin_initial)
		return 0;
	for_each_possible_cpu(cpu)
		late_ns = max(late_ns, READ_ONCE(per_cpu_ptr(&checks, cpu)->late_max_ns));
	return late_ns;
}

void tocsin_safety_prepare(struct tocsin *t)
{
	compat_hrtimer_setup(&t->precise, precise_fire, HRTIMER_MODE_REL_HARD);
}
