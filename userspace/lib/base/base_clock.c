// SPDX-License-Identifier: GPL-2.0-or-later
#include <tocsin/base.h>

#include <stdatomic.h>
#include <time.h>

/*
 * BOOTTIME and MONOTONIC are slewed alike, so that their difference is exactly
 * the time suspended; it changes only by a suspend.  The two cannot be read at
 * one instant: the difference kept is replaced only when it moved by more than
 * reading them apart can explain.
 */
#define SUSPEND_NS_MIN		(1 * BASE_NS_PER_MS)
#define OFFSET_TRIES		5

static _Atomic s64 suspended_ns = -1;

static u64 read_clock(clockid_t id)
{
	struct timespec now;
	int err = clock_gettime(id, &now);

	core_assert(err == 0);
	return (u64)now.tv_sec * BASE_NS_PER_S + (u64)now.tv_nsec;
}

/* The tightest of a few readings: before, boot, after. */
static s64 read_suspended(unsigned int tries)
{
	u64 best_gap = UINT64_MAX;
	s64 best = 0;

	while (tries--) {
		u64 before = read_clock(CLOCK_MONOTONIC);
		u64 boot = read_clock(CLOCK_BOOTTIME);
		u64 after = read_clock(CLOCK_MONOTONIC);

		if (after - before >= best_gap)
			continue;
		best_gap = after - before;
		best = (s64)(boot - before - best_gap / 2);
	}
	return best < 0 ? 0 : best;
}

u64 base_clock_ns(void)
{
	s64 kept = atomic_load_explicit(&suspended_ns, memory_order_relaxed);
	s64 now = read_suspended(1);

	/* One reading may be torn by preemption: a second opinion decides. */
	if (kept < 0 || now > kept + (s64)SUSPEND_NS_MIN) {
		now = read_suspended(OFFSET_TRIES);
		if (kept < 0 || now > kept + (s64)SUSPEND_NS_MIN) {
			atomic_store_explicit(&suspended_ns, now, memory_order_relaxed);
			kept = now;
		}
	}
	return read_clock(CLOCK_MONOTONIC_RAW) + (u64)kept;
}
