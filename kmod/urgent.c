// SPDX-License-Identifier: GPL-2.0
/*
 * A timer in hard interrupt on each CPU, and what it starts:
 *
 *  - without PREEMPT_RT a tasklet of high priority.  It makes the end of the
 *    timer's interrupt run all soft interrupts that are pending, also where
 *    (before 6.4) a ksoftirqd that was woken and gets no CPU would be waited
 *    for.  No task runs before they are done.
 *  - with PREEMPT_RT a thread in SCHED_DEADLINE, ahead of every SCHED_FIFO
 *    task.  Leaving its section without soft interrupts runs what is pending.
 *
 * So received heartbeats do not wait for ksoftirqd, wherever the network card's
 * interrupt goes.
 */
#include "urgent.h"

#include <linux/cpu.h>
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/kthread.h>
#include <linux/math64.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/wait_bit.h>
#include <uapi/linux/sched/types.h>

#include "compat.h"
#include "cpus.h"
#include "log.h"

#define PRIORITY_FALLBACK	99
/* The scheduler takes periods of up to 4 s, and for so long a thread that has overdrawn
 * its runtime may stand still.
 */
#define PERIOD_NS_MAX		(100 * NSEC_PER_MSEC)
/* Hundredths of a CPU that the thread asks for, until it gets them.  It needs few, but
 * whatever soft interrupts are pending run on its account, and what it overdraws is
 * paid back at this rate, standing still (Documentation/STARVATION, What was weighed).
 * A CPU may only go offline if the threads of all would fit into 95 of each that is
 * left: with more than 45 the second of two CPUs could not.
 */
static const unsigned int runtime_percent[] = { 40, 25 };

struct urgent_cpu {
	struct hrtimer timer;
	struct tasklet_struct tasklet;
	struct task_struct *thread;	/* only with PREEMPT_RT */
	unsigned int cpu;
	bool favoured;			/* the thread's policy has been asked for */
	bool wanted;			/* the thread has something to do */
	struct llist_head work;
};

static DEFINE_PER_CPU(struct urgent_cpu, urgent_cpus);
static DEFINE_MUTEX(users_lock);	/* of what follows */
static unsigned int users;
static u64 period_ns;

static void works_run(struct urgent_cpu *u)
{
	struct llist_node *list = llist_reverse_order(llist_del_all(&u->work));
	struct tocsin_urgent *work, *next;

	llist_for_each_entry_safe(work, next, list, node) {
		work->function(work);
		/* It may be gone as soon as this is seen. */
		clear_bit_unlock(0, &work->queued);
		smp_mb__after_atomic(); /* clear before looking for who waits */
		wake_up_bit(&work->queued, 0);
	}
}

static void tasklet_run(struct tasklet_struct *tasklet)
{
	works_run(container_of(tasklet, struct urgent_cpu, tasklet));
}

static void thread_fall_back(struct task_struct *thread)
{
	struct sched_attr fifo = {
		.size = sizeof(fifo),
		.sched_policy = SCHED_FIFO,
		.sched_priority = PRIORITY_FALLBACK,
	};

	sched_setattr_nocheck(thread, &fifo);
}

/* Ahead of all real-time tasks; where that is refused, among the first. */
static void thread_favour(struct task_struct *thread)
{
	u64 thread_period_ns = min_t(u64, READ_ONCE(period_ns), PERIOD_NS_MAX);
	struct sched_attr deadline = {
		.size = sizeof(deadline),
		.sched_policy = SCHED_DEADLINE,
		.sched_deadline = thread_period_ns,
		.sched_period = thread_period_ns,
	};
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(runtime_percent); i++) {
		deadline.sched_runtime = div_u64(thread_period_ns * runtime_percent[i], 100);
		err = sched_setattr_nocheck(thread, &deadline);
		if (!err)
			return;
	}
	tocsin_printk(KERN_WARNING
		      "tocsin: %s cannot have SCHED_DEADLINE (%d): a hog may starve it; %s\n",
		      thread->comm, err, "other SCHED_DEADLINE tasks must leave it room");
	thread_fall_back(thread);
}

/* The first time on a CPU that comes online: it was not active when the thread was started.
 * An offline that is refused half-way has let the thread loose, as the scheduler does with
 * all but those that are parked.
 */
static void thread_settle(struct urgent_cpu *u)
{
	if (!cpu_active(u->cpu))
		return;
	if (current->nr_cpus_allowed != 1)
		set_cpus_allowed_ptr(current, cpumask_of(u->cpu));
	if (u->favoured)
		return;
	u->favoured = true;
	thread_favour(current);
}

static int thread_run(void *data)
{
	struct urgent_cpu *u = data;

	while (!kthread_should_stop()) {
		set_current_state(TASK_IDLE);
		if (!READ_ONCE(u->wanted) && !kthread_should_stop())
			schedule();
		__set_current_state(TASK_RUNNING);
		WRITE_ONCE(u->wanted, false);
		thread_settle(u);
		/* Leaving this section runs the pending soft interrupts. */
		local_bh_disable();
		works_run(u);
		local_bh_enable();
	}
	return 0;
}

static void start(struct urgent_cpu *u)
{
	struct task_struct *thread = READ_ONCE(u->thread);

	if (!thread) {
		tasklet_hi_schedule(&u->tasklet);
		return;
	}
	WRITE_ONCE(u->wanted, true);
	wake_up_process(thread);
}

static enum hrtimer_restart timer_fire(struct hrtimer *timer)
{
	start(container_of(timer, struct urgent_cpu, timer));
	hrtimer_forward_now(timer, ns_to_ktime(READ_ONCE(period_ns)));
	return HRTIMER_RESTART;
}

bool tocsin_urgent_queue(struct tocsin_urgent *work)
{
	struct urgent_cpu *u = this_cpu_ptr(&urgent_cpus);

	if (test_and_set_bit_lock(0, &work->queued))
		return false;
	llist_add(&work->node, &u->work);
	start(u);
	return true;
}

void tocsin_urgent_flush(struct tocsin_urgent *work)
{
	wait_on_bit(&work->queued, 0, TASK_UNINTERRUPTIBLE);
}

static int thread_start(struct urgent_cpu *u, unsigned int cpu)
{
	struct task_struct *thread;

	thread = kthread_create_on_cpu(thread_run, u, cpu, "tocsin/%u");
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	u->cpu = cpu;
	u->favoured = cpu_active(cpu);
	thread_fall_back(thread);
	wake_up_process(thread);
	/* Not before that: whether there is room is judged by the CPU that it is on.  And
	 * not by itself: a hog that is there already would not let it.
	 */
	if (u->favoured)
		thread_favour(thread);
	WRITE_ONCE(u->thread, thread);
	return 0;
}

static void nothing(void *data)
{
}

static void thread_stop(struct urgent_cpu *u)
{
	struct task_struct *thread = u->thread;

	if (!thread)
		return;
	WRITE_ONCE(u->thread, NULL);
	/* An interrupt that still saw it has woken it when this one has been there. */
	smp_call_function_single(u->cpu, nothing, NULL, 1);
	kthread_stop(thread);
}

/* On the CPU that it is for. */
static void timer_begin(void *data)
{
	struct urgent_cpu *u = data;

	compat_hrtimer_setup(&u->timer, timer_fire, HRTIMER_MODE_REL_PINNED_HARD);
	hrtimer_start(&u->timer,
		      ns_to_ktime(period_ns + period_ns * raw_smp_processor_id() / nr_cpu_ids),
		      HRTIMER_MODE_REL_PINNED_HARD);
}

static int cpu_start(unsigned int cpu)
{
	struct urgent_cpu *u = per_cpu_ptr(&urgent_cpus, cpu);
	int err;

	if (IS_ENABLED(CONFIG_PREEMPT_RT)) {
		err = thread_start(u, cpu);
		if (err)
			return err;
	}
	err = smp_call_function_single(cpu, timer_begin, u, 1);
	if (err)
		thread_stop(u);
	return err;
}

static void cpu_stop(unsigned int cpu)
{
	struct urgent_cpu *u = per_cpu_ptr(&urgent_cpus, cpu);

	hrtimer_cancel(&u->timer);
	thread_stop(u);
	/* What was left to the thread, or comes before this CPU is gone. */
	local_bh_disable();
	works_run(u);
	local_bh_enable();
}

static struct tocsin_cpus looked_after = { .start = cpu_start, .stop = cpu_stop };

static int online(unsigned int cpu)
{
	return tocsin_cpus_online(&looked_after, cpu);
}

static int offline(unsigned int cpu)
{
	return tocsin_cpus_offline(&looked_after, cpu);
}

int tocsin_urgent_register(void)
{
	return tocsin_cpus_register(&looked_after, "tocsin:urgent", online, offline);
}

void tocsin_urgent_unregister(void)
{
	tocsin_cpus_unregister(&looked_after);
}

/* For as long as there are users: a tasklet may outlive its CPU. */
static void tasklets_setup(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		tasklet_setup(&per_cpu_ptr(&urgent_cpus, cpu)->tasklet, tasklet_run);
}

static void tasklets_kill(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		tasklet_kill(&per_cpu_ptr(&urgent_cpus, cpu)->tasklet);
}

/* Those that are there have asked for a longer period. */
static void threads_hurry(void)
{
	unsigned int cpu;

	cpus_read_lock();
	for_each_online_cpu(cpu) {
		struct urgent_cpu *u = per_cpu_ptr(&urgent_cpus, cpu);

		if (u->thread && u->favoured)
			thread_favour(u->thread);
	}
	cpus_read_unlock();
}

int tocsin_urgent_get(u64 period)
{
	int err = 0;

	mutex_lock(&users_lock);
	if (users && period < period_ns) {
		WRITE_ONCE(period_ns, period);
		threads_hurry();
	}
	if (!users) {
		WRITE_ONCE(period_ns, period);
		tasklets_setup();
		err = tocsin_cpus_start(&looked_after);
	}
	if (!err)
		users++;
	mutex_unlock(&users_lock);
	return err;
}

void tocsin_urgent_put(void)
{
	mutex_lock(&users_lock);
	if (!--users) {
		tocsin_cpus_stop(&looked_after);
		tasklets_kill();
	}
	mutex_unlock(&users_lock);
}
