/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory locked, stacks touched, real-time priority. */
#ifndef CMCLD_REALTIME_H
#define CMCLD_REALTIME_H

#include <pthread.h>

/* Below the highest real-time priority by this much unless configured. */
#define CMCLD_PRIORITY_BELOW_MAX	20
/* Other threads are up to two below the real-time thread, and real-time threads, too. */
#define CMCLD_PRIORITY_BELOW_LIMIT	96
#define CMCLD_STACK_SIZE		(512 * 1024)

/* Lock all present and future memory of the process, where it is; keep malloc from giving
 * memory back. Call once, before threads are made. Return: 0 or -errno. */
int cmcld_realtime_lock(void);

/**
 * cmcld_realtime_thread - start a thread with a small, touched stack
 * @priority: SCHED_FIFO priority; 0 means an ordinary thread
 * Return: 0 or -errno; -EPERM when the priority is not allowed.
 */
int cmcld_realtime_thread(pthread_t *thread, int priority, const char *name,
			  void *(*run)(void *), void *arg);

/* The priority @below_max below the highest; never less than 1. */
int cmcld_realtime_priority(int below_max);

#endif
