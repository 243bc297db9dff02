// SPDX-License-Identifier: GPL-2.0
#include "cpus.h"

#include <linux/cpu.h>

int tocsin_cpus_register(struct tocsin_cpus *cpus, const char *name,
			 int (*online)(unsigned int cpu), int (*offline)(unsigned int cpu))
{
	int state = cpuhp_setup_state_nocalls(CPUHP_AP_ONLINE_DYN, name, online, offline);

	if (state < 0)
		return state;
	cpus->state = state;
	return 0;
}

void tocsin_cpus_unregister(struct tocsin_cpus *cpus)
{
	cpuhp_remove_state_nocalls(cpus->state);
}

static int start_one(struct tocsin_cpus *cpus, unsigned int cpu)
{
	int err;

	if (cpumask_test_cpu(cpu, &cpus->started))
		return 0;
	err = cpus->start(cpu);
	if (!err)
		cpumask_set_cpu(cpu, &cpus->started);
	return err;
}

static void stop_one(struct tocsin_cpus *cpus, unsigned int cpu)
{
	if (cpumask_test_and_clear_cpu(cpu, &cpus->started))
		cpus->stop(cpu);
}

int tocsin_cpus_online(struct tocsin_cpus *cpus, unsigned int cpu)
{
	return cpus->wanted ? start_one(cpus, cpu) : 0;
}

int tocsin_cpus_offline(struct tocsin_cpus *cpus, unsigned int cpu)
{
	stop_one(cpus, cpu);
	return 0;
}

static void stop_all(struct tocsin_cpus *cpus)
{
	unsigned int cpu;

	cpus->wanted = false;
	for_each_online_cpu(cpu)
		stop_one(cpus, cpu);
}

int tocsin_cpus_start(struct tocsin_cpus *cpus)
{
	unsigned int cpu;
	int err = 0;

	/* Keeps the other two functions out as well. */
	cpus_read_lock();
	cpus->wanted = true;
	for_each_online_cpu(cpu) {
		err = start_one(cpus, cpu);
		if (err)
			break;
	}
	if (err)
		stop_all(cpus);
	cpus_read_unlock();
	return err;
}

void tocsin_cpus_stop(struct tocsin_cpus *cpus)
{
	cpus_read_lock();
	stop_all(cpus);
	cpus_read_unlock();
}
