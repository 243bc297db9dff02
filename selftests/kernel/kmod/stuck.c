// SPDX-License-Identifier: GPL-2.0
/* Hangs the CPUs of a mask with interrupts off, a moment after loading. */
#include <linux/module.h>
#include <linux/workqueue.h>

#define STUCK_DELAY_MS	200

static unsigned long mask;
module_param(mask, ulong, 0444);
MODULE_PARM_DESC(mask, "CPUs to hang, bit n for CPU n");

static DEFINE_PER_CPU(struct delayed_work, stuck_work);

static void stuck_forever(struct work_struct *work)
{
	local_irq_disable();
	for (;;)
		cpu_relax();
}

static int __init stuck_init(void)
{
	unsigned int cpu;

	for_each_online_cpu(cpu) {
		struct delayed_work *work = per_cpu_ptr(&stuck_work, cpu);

		if (cpu >= BITS_PER_LONG || !(mask & BIT(cpu)))
			continue;
		INIT_DELAYED_WORK(work, stuck_forever);
		queue_delayed_work_on(cpu, system_highpri_wq, work,
				      msecs_to_jiffies(STUCK_DELAY_MS));
	}
	return 0;
}

module_init(stuck_init);
MODULE_DESCRIPTION("Hangs CPUs with interrupts off, for a test");
MODULE_LICENSE("GPL");
