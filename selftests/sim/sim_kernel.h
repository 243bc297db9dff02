/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel half of a node: kmod/core with the timers that tocsin.ko would
 * run around it, and the TOC.
 */
#ifndef TOCSIN_SIM_KERNEL_H
#define TOCSIN_SIM_KERNEL_H

#include "core_gasp.h"

struct sim_world;

/**
 * struct sim_kernel - of one node
 * @core: NULL until user space attached for the first time in this boot
 * @attached: a process holds the door open
 * @armed: the safety timer runs
 * @first_epoch: of the first view that this incarnation installed; 0: none yet
 * @verdict: the kernel has decided to go down; user space runs on until the
 *	last CPU is stopped
 * @check_ns: global time of the earliest check under way
 * @instance: grows with each attach
 */
struct sim_kernel {
	struct core *core;
	bool attached;
	bool armed;
	u64 first_epoch;
	enum core_verdict verdict;
	u64 check_ns;
	u32 instance;
};

/* The module is loaded: nothing attached. Frees what a former boot left. */
void sim_kernel_reset(struct sim_world *world, u32 node);

/* Attach: a new instance, disarmed, that begins to send heartbeats. */
int sim_kernel_attach(struct sim_world *world, u32 node, const struct core_config *config);

void sim_kernel_receive(struct sim_world *world, u32 node, u32 from, u32 path,
			const void *data, size_t size);

/* The last CPU stops: last words to everyone on every path. */
void sim_kernel_gasp(struct sim_world *world, u32 node);

/* How long the other CPUs take to stop. */
u64 sim_kernel_stop_ns(struct sim_world *world);

/* To be called after every call of a core_* function by user space. */
void sim_kernel_after(struct sim_world *world, u32 node);

/* A timer of some CPU looks at the leases. */
void sim_kernel_check(struct sim_world *world, u32 node);

/* The machine runs again after a freeze: timers first, as interrupts come first. */
void sim_kernel_thaw(struct sim_world *world, u32 node);

const char *sim_verdict_name(enum core_verdict verdict);

#endif
