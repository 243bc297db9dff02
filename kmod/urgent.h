/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Work that no task can keep from running, whatever its priority, and with it
 * the soft interrupts of each CPU (Documentation/STARVATION).
 */
#ifndef TOCSIN_URGENT_H
#define TOCSIN_URGENT_H

#include <linux/llist.h>
#include <linux/types.h>

/**
 * struct tocsin_urgent - a piece of work
 * @function: runs with soft interrupts off; can be queued again when it is over
 */
struct tocsin_urgent {
	struct llist_node node;
	unsigned long queued;
	void (*function)(struct tocsin_urgent *work);
};

static inline void tocsin_urgent_init(struct tocsin_urgent *work,
				      void (*function)(struct tocsin_urgent *work))
{
	work->queued = 0;
	work->function = function;
}

/* Once, before anything else, and after all. Context: process. Return: 0 or -errno. */
int tocsin_urgent_register(void);
void tocsin_urgent_unregister(void);

/**
 * tocsin_urgent_get - look after the soft interrupts of all CPUs from now on
 * @period_ns: at least that often; the shortest of all who ask counts
 * Context: process. Return: 0 or -errno.
 */
int tocsin_urgent_get(u64 period_ns);
void tocsin_urgent_put(void);

/**
 * tocsin_urgent_queue - run it soon, on this CPU
 * Context: hard interrupt. Return: false when it is still waiting to run.
 */
bool tocsin_urgent_queue(struct tocsin_urgent *work);

/* Wait until it does not run any more. Nobody may queue it meanwhile. Context:
 * process.
 */
void tocsin_urgent_flush(struct tocsin_urgent *work);

#endif
