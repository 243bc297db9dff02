/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is to be on each CPU that is online.  Nothing here waits for a task to run
 * there, as cpuhp_setup_state() does for the kernel's cpuhp/N: beside a SCHED_FIFO
 * task that takes all of its CPU these get no turn, and attaching, or disarming,
 * would not come to its end (Documentation/STARVATION).
 */
#ifndef TOCSIN_CPUS_H
#define TOCSIN_CPUS_H

#include <linux/cpuhotplug.h>
#include <linux/hrtimer.h>
#include <linux/types.h>

/**
 * struct tocsin_cpus - something on each CPU
 * @name: in /sys/devices/system/cpu/hotplug/states
 * @start: may sleep; on any CPU, and for one that comes online on that one
 * @stop: the same, and it must not fail
 */
struct tocsin_cpus {
	const char *name;
	int (*start)(unsigned int cpu);
	int (*stop)(unsigned int cpu);
	/* private: */
	enum cpuhp_state state;
};

/* For each CPU that is, and from now on for each that comes, online.
 * Context: process. Return: 0 or -errno, then it is nowhere.
 */
int tocsin_cpus_start(struct tocsin_cpus *cpus);
void tocsin_cpus_stop(struct tocsin_cpus *cpus);

/* Start a timer of HRTIMER_MODE_REL_PINNED_HARD on a CPU that is online. Context: as @start. */
void tocsin_cpus_timer(unsigned int cpu, struct hrtimer *timer, u64 delay_ns);

/* Wait until the hard interrupts that run on a CPU are over. Context: as @stop. */
void tocsin_cpus_interrupts(unsigned int cpu);

#endif
