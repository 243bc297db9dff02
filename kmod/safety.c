// SPDX-License-Identifier: GPL-2.0
/*
 * Three parts:
 *  - a pinned hard-interrupt timer on each online CPU, staggered, four times
 *    in TOC_MARGIN (at most every 25 ms);
 *  - one precise timer at the earlier deadline.  A renewal only moves a number;
 *    the timer finds that out when it fires, and arms itself again;
 *  - both read two numbers and a clock, nothing else: whatever lock another
 *    CPU holds for ever, this one still takes the node down.
 */
#include "safety.h"

#include <linux/cpuhotplug.h>
#include <linux/hrtimer.h>

#include "clock.h"
#include "compat.h"
#include "instance.h"
#include "recorder.h"
#include "toc.h"

#define CHECKS_PER_MARGIN	4
#define CHECK_NS_MAX		(25 * NSEC_PER_MSEC)
#define CHECK_NS_MIN		NSEC_PER_MSEC
/* A check later than this is worth an entry in the recorder. */
#define CHECK_LATE_NS		(10 * NSEC_PER_MSEC)

struct check {
	struct hrtimer timer;
	u64 last_ns;
	u64 late_max_ns;
};

static DEFINE_PER_CPU(struct check, checks);
static struct hrtimer precise;
static u64 precise_ns;		/* deadline that it is set for */
static u64 check_ns;
static bool running;
static enum cpuhp_state cpu_state;

static u64 deadline_ns(const struct tocsin *t)
{
	u64 safety_ns = atomic64_read(&t->safety_ns);
	u64 quorum_ns = atomic64_read(&t->quorum_ns);

	return min(safety_ns, quorum_ns);
}

void tocsin_safety_check(struct tocsin *t)
{
	u64 now_ns = tocsin_clock_ns();
	u64 quorum_ns = atomic64_read(&t->quorum_ns);
	u64 safety_ns = atomic64_read(&t->safety_ns);

	if (now_ns < quorum_ns && now_ns < safety_ns)
		return;
	if (quorum_ns <= safety_ns)
		tocsin_toc(t, CORE_VERDICT_QUORUM_LEASE, now_ns, now_ns - quorum_ns);
	else if (READ_ONCE(t->core->detached))
		tocsin_toc(t, CORE_VERDICT_DETACHED, now_ns, now_ns - safety_ns);
	else
		tocsin_toc(t, CORE_VERDICT_SAFETY_LEASE, now_ns, now_ns - safety_ns);
}

static void check_measure(struct check *check)
{
	u64 now_ns = tocsin_clock_ns();
	u64 gap_ns = now_ns - check->last_ns;
	u64 late_ns = gap_ns > check_ns ? gap_ns - check_ns : 0;

	check->last_ns = now_ns;
	if (late_ns > check->late_max_ns)
		check->late_max_ns = late_ns;
	if (late_ns > CHECK_LATE_NS)
		tocsin_record(RECORDER_CHECK_LATE, 0, 0, raw_smp_processor_id(), late_ns, 0, 0);
}

static enum hrtimer_restart check_fire(struct hrtimer *timer)
{
	struct check *check = container_of(timer, struct check, timer);

	tocsin_safety_check(tocsin_instance);
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
	struct tocsin *t = tocsin_instance;
	u64 deadline;

	tocsin_safety_check(t);
	do {
		deadline = deadline_ns(t);
		WRITE_ONCE(precise_ns, deadline);
		/* Pairs with the barrier in tocsin_safety_deadline(). */
		smp_mb();
	} while (deadline_ns(t) < deadline);
	if (deadline == CORE_NEVER)
		return HRTIMER_NORESTART;
	hrtimer_forward_now(timer, max_t(ktime_t, wait_until(deadline), NSEC_PER_USEC));
	return HRTIMER_RESTART;
}

void tocsin_safety_deadline(struct tocsin *t)
{
	u64 deadline = deadline_ns(t);

	/* The deadline is visible before precise_ns is looked at, or the timer
	 * sees the new deadline itself.
	 */
	smp_mb();
	if (!READ_ONCE(running) || deadline >= READ_ONCE(precise_ns))
		return;
	WRITE_ONCE(precise_ns, deadline);
	hrtimer_start(&precise, wait_until(deadline), HRTIMER_MODE_REL_HARD);
}

static int check_start(unsigned int cpu)
{
	struct check *check = per_cpu_ptr(&checks, cpu);
	u64 first_ns = check_ns + check_ns * cpu / nr_cpu_ids;

	compat_hrtimer_setup(&check->timer, check_fire, HRTIMER_MODE_REL_PINNED_HARD);
	check->last_ns = tocsin_clock_ns() + first_ns - check_ns;
	hrtimer_start(&check->timer, ns_to_ktime(first_ns), HRTIMER_MODE_REL_PINNED_HARD);
	/* Arming itself is no news of a CPU. */
	if (READ_ONCE(running))
		tocsin_record(RECORDER_CPU, 0, 0, cpu, 1, 0, 0);
	return 0;
}

static int check_stop(unsigned int cpu)
{
	hrtimer_cancel(&per_cpu_ptr(&checks, cpu)->timer);
	if (READ_ONCE(running))
		tocsin_record(RECORDER_CPU, 0, 0, cpu, 0, 0, 0);
	return 0;
}

int tocsin_safety_start(struct tocsin *t)
{
	unsigned int cpu;
	int state;

	lockdep_assert_held(&t->mutex);
	check_ns = clamp_t(u64, t->toc_margin_ns / CHECKS_PER_MARGIN, CHECK_NS_MIN, CHECK_NS_MAX);
	for_each_possible_cpu(cpu)
		per_cpu_ptr(&checks, cpu)->late_max_ns = 0;
	/* Calls check_start() for each CPU that is, and will be, online. */
	state = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "tocsin:safety", check_start, check_stop);
	if (state < 0)
		return state;
	cpu_state = state;
	WRITE_ONCE(precise_ns, CORE_NEVER);
	WRITE_ONCE(running, true);
	return 0;
}

void tocsin_safety_stop(struct tocsin *t)
{
	lockdep_assert_held(&t->mutex);
	WRITE_ONCE(running, false);
	hrtimer_cancel(&precise);
	cpuhp_remove_state(cpu_state);
}

u64 tocsin_safety_late_max_ns(void)
{
	unsigned int cpu;
	u64 late_ns = 0;

	for_each_possible_cpu(cpu)
		late_ns = max(late_ns, READ_ONCE(per_cpu_ptr(&checks, cpu)->late_max_ns));
	return late_ns;
}

int tocsin_safety_init(void)
{
	compat_hrtimer_setup(&precise, precise_fire, HRTIMER_MODE_REL_HARD);
	return 0;
}

void tocsin_safety_uninit(void)
{
	hrtimer_cancel(&precise);
}
