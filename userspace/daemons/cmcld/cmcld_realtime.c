// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmcld_realtime.h"

#include <alloca.h>
#include <errno.h>
#include <linux/mempolicy.h>
#include <malloc.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define STACK_SPARE	(16 * 1024)

struct start {
	void *(*run)(void *);
	void *arg;
	const char *name;
};

/*
 * Locked memory stays, but it may be moved, and who touches it meanwhile waits for the
 * kernel's thread that moves it, whatever has taken that one's CPU.  So no huge pages are
 * made of it, and it is not sent after its threads to other memory nodes (a kernel without
 * those refuses that, and does not do it either).
 */
static void stay_in_place(void)
{
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	syscall(SYS_set_mempolicy, MPOL_LOCAL, NULL, 0);
}

int cmcld_realtime_lock(void)
{
	stay_in_place();
	mallopt(M_TRIM_THRESHOLD, -1);
	mallopt(M_MMAP_MAX, 0);
	return mlockall(MCL_CURRENT | MCL_FUTURE) ? -errno : 0;
}

int cmcld_realtime_priority(int below_max)
{
	int priority = sched_get_priority_max(SCHED_FIFO) - below_max;

	return priority < 1 ? 1 : priority;
}

/* Bytes of this thread's stack below the caller's frame. */
static size_t stack_left(void)
{
	pthread_attr_t attr;
	void *lowest = NULL;
	size_t size = 0;
	char here;

	if (pthread_getattr_np(pthread_self(), &attr))
		return 0;
	pthread_attr_getstack(&attr, &lowest, &size);
	pthread_attr_destroy(&attr);
	return (size_t)(&here - (char *)lowest);
}

/* Each page of the stack is touched now, none faults in later. */
static void __attribute__((noinline)) stack_touch(void)
{
	size_t i, left = stack_left();
	volatile char *stack;

	if (left < STACK_SPARE)
		return;
	left -= STACK_SPARE;
	stack = alloca(left);
	for (i = 0; i < left; i += 1024)
		stack[i] = 0;
}

static void *thread_start(void *arg)
{
	struct start start = *(struct start *)arg;

	free(arg);
	pthread_setname_np(pthread_self(), start.name);
	stack_touch();
	return start.run(start.arg);
}

static int attr_init(pthread_attr_t *attr, int priority)
{
	struct sched_param param = { .sched_priority = priority };

	if (pthread_attr_init(attr))
		return -ENOMEM;
	pthread_attr_setstacksize(attr, CMCLD_STACK_SIZE);
	if (priority) {
		pthread_attr_setinheritsched(attr, PTHREAD_EXPLICIT_SCHED);
		pthread_attr_setschedpolicy(attr, SCHED_FIFO);
		pthread_attr_setschedparam(attr, &param);
	}
	return 0;
}

int cmcld_realtime_thread(pthread_t *thread, int priority, const char *name,
			  void *(*run)(void *), void *arg)
{
	struct start *start = malloc(sizeof(*start));
	pthread_attr_t attr;
	int err;

	if (!start)
		return -ENOMEM;
	*start = (struct start){ .run = run, .arg = arg, .name = name };
	err = attr_init(&attr, priority);
	if (err)
		goto err_free;
	err = -pthread_create(thread, &attr, thread_start, start);
	pthread_attr_destroy(&attr);
	if (err)
		goto err_free;
	return 0;

err_free:
	free(start);
	return err;
}
