// SPDX-License-Identifier: GPL-2.0
#include "clock.h"

#include <linux/ktime.h>

static u64 suspended_ns;

void tocsin_clock_resume(void)
{
	WRITE_ONCE(suspended_ns, ktime_get_boottime_ns() - ktime_get_ns());
}

u64 tocsin_clock_ns(void)
{
	return ktime_get_raw_fast_ns() + READ_ONCE(suspended_ns);
}

u64 tocsin_clock_real_offset_ns(void)
{
	return ktime_get_real_ns() - tocsin_clock_ns();
}
