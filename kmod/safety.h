/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The safety timer: every CPU looks at the deadlines on its own, from a hard
 * interrupt, without locks; so one CPU that still takes interrupts is enough.
 * Instances that only report have the precise timer alone.
 */
#ifndef TOCSIN_SAFETY_H
#define TOCSIN_SAFETY_H

#include <linux/types.h>

struct tocsin;

/* Once for each instance, before anything else. */
void tocsin_safety_prepare(struct tocsin *t);

/* Once, before anything else, and after all. Context: process. Return: 0 or -errno. */
int tocsin_safety_init(void);
void tocsin_safety_uninit(void);

/* Start and stop the checks; starting them again does no harm. Context: process, t->mutex
 * held. Return: 0 or -errno.
 */
int tocsin_safety_start(struct tocsin *t);
void tocsin_safety_stop(struct tocsin *t);

/* From now on, or no longer, deadlines count. Between start and stop; waits for nobody.
 * Context: process, t->mutex held.
 */
void tocsin_safety_watch(struct tocsin *t);
void tocsin_safety_unwatch(struct tocsin *t);

/* The deadlines have been published: see that the precise timer is not late.
 * Context: any but NMI.
 */
void tocsin_safety_deadline(struct tocsin *t);

/* Look at the deadlines now. May not return. Context: any but NMI, no lock held. */
void tocsin_safety_check(struct tocsin *t);

/* The same for the machine, by somebody who waits in a loop. Takes no lock.
 * Context: any but NMI.
 */
void tocsin_safety_check_machine(void);

/* Longest time between two checks on one CPU since the start; 0 where CPUs are
 * not checked one by one.
 */
u64 tocsin_safety_late_max_ns(const struct tocsin *t);

#endif
