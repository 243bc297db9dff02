// SPDX-License-Identifier: GPL-2.0
#include "cpus.h"

#include <linux/cpu.h>
#include <linux/smp.h>

struct timer_start {
	struct hrtimer *timer;
	u64 delay_ns;
};

/* Of all that are online, or those below @end. */
static void stop_below(const struct tocsin_cpus *cpus, unsigned int end)
{
	unsigned int cpu;

	for_each_online_cpu(cpu)
		if (cpu < end)
			cpus->stop(cpu);
}

static int start_all(const struct tocsin_cpus *cpus)
{
	unsigned int cpu;
	int err;

	for_each_online_cpu(cpu) {
		err = cpus->start(cpu);
		if (err) {
			stop_below(cpus, cpu);
			return err;
		}
	}
	return 0;
}

int tocsin_cpus_start(struct tocsin_cpus *cpus)
{
	int state, err;

	cpus_read_lock();
	state = cpuhp_setup_state_nocalls_cpuslocked(CPUHP_AP_ONLINE_DYN, cpus->name,
						     cpus->start, cpus->stop);
	err = state < 0 ? state : start_all(cpus);
	if (!err)
		cpus->state = state;
	else if (state >= 0)
		cpuhp_remove_state_nocalls_cpuslocked(state);
	cpus_read_unlock();
	return err;
}

void tocsin_cpus_stop(struct tocsin_cpus *cpus)
{
	cpus_read_lock();
	cpuhp_remove_state_nocalls_cpuslocked(cpus->state);
	stop_below(cpus, nr_cpu_ids);
	cpus_read_unlock();
}

static void timer_start(void *data)
{
	const struct timer_start *start = data;

	hrtimer_start(start->timer, ns_to_ktime(start->delay_ns), HRTIMER_MODE_REL_PINNED_HARD);
}

void tocsin_cpus_timer(unsigned int cpu, struct hrtimer *timer, u64 delay_ns)
{
	struct timer_start start = { .timer = timer, .delay_ns = delay_ns };

	smp_call_function_single(cpu, timer_start, &start, 1);
}

static void nothing(void *data)
{
}

void tocsin_cpus_interrupts(unsigned int cpu)
{
	smp_call_function_single(cpu, nothing, NULL, 1);
}
