// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Slow time for QEMU (LD_PRELOAD): its clock runs $SLOW times slower than the
 * host's, and with it all timers of the machine that it emulates.  What is left
 * is the time stamp counter, which the guest is told to run faster.
 */
#include <dlfcn.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#define NS_PER_S	1000000000LL

static int (*real_gettime)(clockid_t, struct timespec *);
static int (*real_ppoll)(struct pollfd *, nfds_t, const struct timespec *, const sigset_t *);
static int64_t factor;

__attribute__((constructor)) static void slow_init(void)
{
	const char *text = getenv("SLOW");

	factor = text ? strtol(text, NULL, 10) : 1;
	if (factor < 1)
		factor = 1;
	real_gettime = dlsym(RTLD_NEXT, "clock_gettime");
	real_ppoll = dlsym(RTLD_NEXT, "ppoll");
}

static struct timespec scaled(const struct timespec *time, int64_t by, int64_t per)
{
	__int128 ns = (__int128)time->tv_sec * NS_PER_S + time->tv_nsec;

	ns = ns * by / per;
	return (struct timespec){ .tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S };
}

int clock_gettime(clockid_t clock, struct timespec *time)
{
	int result;

	if (!real_gettime)
		slow_init();
	result = real_gettime(clock, time);
	if (!result && clock == CLOCK_MONOTONIC)
		*time = scaled(time, 1, factor);
	return result;
}

int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask)
{
	struct timespec longer;

	if (!timeout)
		return real_ppoll(fds, count, NULL, mask);
	longer = scaled(timeout, factor, 1);
	return real_ppoll(fds, count, &longer, mask);
}

/* With bounds checked by the C library. */
int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
		const sigset_t *mask, size_t size)
{
	(void)size;
	return ppoll(fds, count, timeout, mask);
}
