// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hangs processors with interrupts off, as a faulty driver would: all that are
 * online but the first "keep".  It begins "delay_ms" after loading, because
 * the loader itself needs all processors to answer once more at its end.
 */
#include <linux/cpumask.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/workqueue.h>

static unsigned int keep = 1;
module_param(keep, uint, 0444);
MODULE_PARM_DESC(keep, "processors that go on (default 1)");

static unsigned int delay_ms = 100;
module_param(delay_ms, uint, 0444);
MODULE_PARM_DESC(delay_ms, "milliseconds until it begins (default 100)");

static DEFINE_PER_CPU(struct delayed_work, hang_work);

static void hang_forever(struct work_struct *work)
{
	local_irq_disable();
	for (;;)
		cpu_relax();
}

static int __init hang_init(void)
{
	unsigned int kept = 0;
	int cpu;

	for_each_online_cpu(cpu) {
		struct delayed_work *work = per_cpu_ptr(&hang_work, cpu);

		if (kept++ < keep)
			continue;
		INIT_DELAYED_WORK(work, hang_forever);
		queue_delayed_work_on(cpu, system_highpri_wq, work,
				      msecs_to_jiffies(delay_ms));
	}
	return 0;
}
module_init(hang_init);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Hangs processors with interrupts off");
