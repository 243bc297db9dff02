/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is to be on each CPU that is online.  Starting and stopping it waits for no task
 * that runs there, as cpuhp_setup_state() does for the kernel's cpuhp/N, nor for the lock
 * that others hold while they do: beside a SCHED_FIFO task that takes all of its CPU,
 * cpuhp/N gets no turn (Documentation/STARVATION).
 */
#ifndef TOCSIN_CPUS_H
#define TOCSIN_CPUS_H

#include <linux/cpuhotplug.h>
#include <linux/cpumask.h>
#include <linux/types.h>

/**
 * struct tocsin_cpus - something on each CPU
 * @start: on any CPU, or for one that comes online on that one; may sleep
 * @stop: the same
 *
 * Starting and stopping are serialized by whom it belongs to.
 */
struct tocsin_cpus {
	int (*start)(unsigned int cpu);
	void (*stop)(unsigned int cpu);
	/* private: */
	enum cpuhp_state state;
	bool wanted;
	cpumask_t started;
};

/* Once, before anything else: have it told of CPUs that come and go, by two functions that
 * call the two below.
 * @name: in /sys/devices/system/cpu/hotplug/states
 * Context: process; may wait for other modules that do the same. Return: 0 or -errno.
 */
int tocsin_cpus_register(struct tocsin_cpus *cpus, const char *name,
			 int (*online)(unsigned int cpu), int (*offline)(unsigned int cpu));
void tocsin_cpus_unregister(struct tocsin_cpus *cpus);
int tocsin_cpus_online(struct tocsin_cpus *cpus, unsigned int cpu);
int tocsin_cpus_offline(struct tocsin_cpus *cpus, unsigned int cpu);

/* For each CPU that is, and from now on for each that comes, online. Waits for a CPU that
 * is coming or going.
 * Context: process. Return: 0 or -errno, then it is nowhere.
 */
int tocsin_cpus_start(struct tocsin_cpus *cpus);
void tocsin_cpus_stop(struct tocsin_cpus *cpus);

#endif
