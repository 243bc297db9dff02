// SPDX-License-Identifier: GPL-2.0
#include "clock.h"

#include <linux/ktime.h>

static u64 suspended_ns;

void tocsin_clock_resume(void)
{
	WRITE_ONCE(suspended_ns, ktime_get_boottime_ns() - ktime_get_ns());
}

void tocsin_clock_follow(void)
{
	u64 known_ns = READ_ONCE(suspended_ns);
	s64 least_ns = ktime_get_boot_fast_ns();

	/* Read later, so rather too little. */
	least_ns -= ktime_get_mono_fast_ns();
	if (least_ns > (s64)known_ns + NSEC_PER_MSEC)
		cmpxchg64(&suspended_ns, known_ns, (u64)least_ns);
}

u64 tocsin_clock_ns(void)
{
	return ktime_get_raw_fast_ns() + READ_ONCE(suspended_ns);
}

u64 tocsin_clock_real_offset_ns(void)
{
	return ktime_get_real_ns() - tocsin_clock_ns();
}
