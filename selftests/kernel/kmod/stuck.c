// SPDX-License-Identifier: GPL-2.0
/*
 * Hangs a kernel in one of many ways, a moment after loading, and lets what
 * goes on meanwhile leave the time of its last step in memory: a reader of the
 * dead machine's memory sees when each CPU really stopped.
 *
 * On each CPU a thread stands for the applications.  The hung CPUs, hogs and
 * softirqs take its place where there are any.
 */
#include <linux/console.h>
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/kprobes.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/reboot.h>
#include <linux/sched/mm.h>
#include <linux/sched/types.h>
#include <uapi/linux/sched/types.h>
#include <linux/stop_machine.h>

#define SLOW_PERIOD_MS	50
#define STUCK_DELAY_MS	200
#define STAMPS_MAX	64

static unsigned long mask;
module_param(mask, ulong, 0444);
MODULE_PARM_DESC(mask, "CPUs to hang with interrupts off, bit n for CPU n");

static char *how = "irq";
module_param(how, charp, 0444);
MODULE_PARM_DESC(how, "irq late fifo softirq slow memory console stop probe shutdown none");

static char *symbol = "";
module_param(symbol, charp, 0444);
MODULE_PARM_DESC(symbol, "how=probe: the first CPU in this function (or the next) stays");

static unsigned int for_ms;
module_param(for_ms, uint, 0444);
MODULE_PARM_DESC(for_ms, "how=irq: so long, 0: for ever; how=late: each second; slow: of 50 ms");

/* Read from outside; fields of 8 bytes. */
struct stamps {
	char magic[16];
	u64 phys;
	u64 cpus;
	atomic64_t deeds;
	atomic64_t hung;	/* CPUs with interrupts off, bit n for CPU n */
	u64 ns[STAMPS_MAX];
};

static struct stamps *stamps;
static DEFINE_PER_CPU(struct hrtimer, slow_timer);
static DEFINE_PER_CPU(struct tasklet_struct, flood);
static atomic_t caught = ATOMIC_INIT(0);

/* The clock of the leases, while nothing was suspended. */
static void stamp(void)
{
	WRITE_ONCE(stamps->ns[raw_smp_processor_id()], ktime_get_raw_fast_ns());
}

/* It has come to what was to be staged. */
static void deed(void)
{
	atomic64_inc(&stamps->deeds);
}

static bool is(const char *name)
{
	return !strcmp(how, name);
}

static void hang(void)
{
	u64 begin_ns = ktime_get_raw_fast_ns();

	local_irq_disable();
	atomic64_or(BIT_ULL(raw_smp_processor_id()), &stamps->hung);
	deed();
	while (!for_ms || ktime_get_raw_fast_ns() - begin_ns < for_ms * (u64)NSEC_PER_MSEC) {
		stamp();
		cpu_relax();
	}
	local_irq_enable();
}

static void flood_again(struct tasklet_struct *tasklet)
{
	stamp();
	tasklet_schedule(tasklet);
}

/* As a busy network's: long, again and again, but with an end. */
static void slow_run(struct tasklet_struct *tasklet)
{
	u64 begin_ns = ktime_get_raw_fast_ns();

	deed();
	while (ktime_get_raw_fast_ns() - begin_ns < for_ms * (u64)NSEC_PER_MSEC)
		cpu_relax();
}

static enum hrtimer_restart slow_fire(struct hrtimer *timer)
{
	tasklet_schedule(this_cpu_ptr(&flood));
	hrtimer_forward_now(timer, ms_to_ktime(SLOW_PERIOD_MS));
	return HRTIMER_RESTART;
}

static void slow_start(void)
{
	struct hrtimer *timer = this_cpu_ptr(&slow_timer);

	tasklet_setup(this_cpu_ptr(&flood), slow_run);
	hrtimer_init(timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
	timer->function = slow_fire;
	hrtimer_start(timer, ms_to_ktime(SLOW_PERIOD_MS), HRTIMER_MODE_REL_PINNED_HARD);
}

/* Everything, the reserves included; what others free, too. */
static void memory_take(void)
{
	unsigned int saved = memalloc_noreclaim_save();

	for (;;) {
		while (alloc_page(GFP_ATOMIC | __GFP_MEMALLOC | __GFP_NOWARN))
			;
		deed();
		schedule_timeout_uninterruptible(1);
	}
	memalloc_noreclaim_restore(saved);
}

static int nothing(void *unused)
{
	return 0;
}

/* What one CPU alone does. */
static void once(void)
{
	if (is("memory"))
		memory_take();
	if (is("console"))
		console_lock();
	if (is("console"))
		deed();
	if (is("stop")) {
		deed();
		/* Waits for ever for the CPUs that hang. */
		stop_machine(nothing, NULL, NULL);
	}
}

static const struct sched_attr highest = {
	.size = sizeof(highest),
	.sched_policy = SCHED_FIFO,
	.sched_priority = 99,
};

static int work(void *unused)
{
	unsigned int cpu = raw_smp_processor_id();

	schedule_timeout_uninterruptible(msecs_to_jiffies(STUCK_DELAY_MS));
	if (mask & BIT(cpu))
		hang();
	while (is("late")) {
		hang();
		schedule_timeout_uninterruptible(HZ);
	}
	if (is("softirq")) {
		tasklet_setup(this_cpu_ptr(&flood), flood_again);
		tasklet_schedule(this_cpu_ptr(&flood));
		deed();
	}
	if (is("slow"))
		slow_start();
	if (is("fifo")) {
		sched_setattr_nocheck(current, &highest);
		deed();
	}
	for (;;) {
		stamp();
		if (!is("fifo"))
			cond_resched();
	}
	return 0;
}

/* None that hangs will run it again. */
static void leave_hanging_cpus(void)
{
	unsigned int cpu;

	for_each_online_cpu(cpu)
		if (!(mask & BIT(cpu)))
			set_cpus_allowed_ptr(current, cpumask_of(cpu));
}

static int once_work(void *unused)
{
	if (mask)
		leave_hanging_cpus();
	/* Before the threads that stand for the applications. */
	sched_set_fifo(current);
	schedule_timeout_uninterruptible(msecs_to_jiffies(2 * STUCK_DELAY_MS));
	once();
	for (;;)
		schedule_timeout_uninterruptible(HZ);
	return 0;
}

static int probe_hit(struct kprobe *probe, struct pt_regs *regs)
{
	if (!atomic_xchg(&caught, 1))
		hang();
	return 0;
}

static struct kprobe probe = {
	.pre_handler = probe_hit,
};

/* The first that this kernel has as a function of its own. */
static int __init probe_set(void)
{
	char *rest = symbol;
	int err = -ENOENT;

	while (err == -ENOENT && rest) {
		probe.symbol_name = strsep(&rest, ",");
		err = register_kprobe(&probe);
	}
	return err;
}

/* A driver that never ends; after the others have been told. */
static int shutdown_begins(struct notifier_block *block, unsigned long action, void *command)
{
	deed();
	for (;;)
		schedule_timeout_uninterruptible(HZ);
	return NOTIFY_DONE;
}

static struct notifier_block shutdown_block = {
	.notifier_call = shutdown_begins,
	.priority = INT_MIN,
};

static int __init threads_start(void)
{
	struct task_struct *task;
	unsigned int cpu;

	for_each_online_cpu(cpu) {
		task = kthread_create_on_cpu(work, NULL, cpu, "stuck/%u");
		if (IS_ERR(task))
			return PTR_ERR(task);
		wake_up_process(task);
	}
	task = kthread_run(once_work, NULL, "stuck");
	return PTR_ERR_OR_ZERO(task);
}

static int __init stuck_init(void)
{
	int err = 0;

	stamps = (void *)get_zeroed_page(GFP_KERNEL);
	if (!stamps)
		return -ENOMEM;
	stamps->phys = virt_to_phys(stamps);
	stamps->cpus = num_online_cpus();
	/* Put together here: its bytes must not be found in this module's text. */
	snprintf(stamps->magic, sizeof(stamps->magic), "%s-%s", "TOCSIN", "STAMPS");
	if (is("none"))
		deed();
	pr_notice("stuck: %s, CPUs %#lx\n", how, mask);
	if (is("probe"))
		err = probe_set();
	if (is("shutdown"))
		err = register_reboot_notifier(&shutdown_block);
	/* Last: the threads have no end, and need the module. */
	return err ?: threads_start();
}

module_init(stuck_init);
MODULE_DESCRIPTION("Hangs a kernel in many ways, for tests");
MODULE_LICENSE("GPL");
