// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim_clock.h"

#define MILLION 1000000

u64 sim_clock_local(const struct sim_clock *clock, u64 global_ns)
{
	unsigned __int128 passed;

	core_assert(global_ns >= clock->start_global_ns);
	passed = global_ns - clock->start_global_ns;
	passed = passed * (u64)(MILLION + clock->rate_ppm) / MILLION;
	return clock->start_local_ns + (u64)passed;
}

u64 sim_clock_global(const struct sim_clock *clock, u64 local_ns)
{
	unsigned __int128 passed;
	u64 rate = MILLION + clock->rate_ppm;

	if (local_ns == SIM_NEVER)
		return SIM_NEVER;
	if (local_ns <= clock->start_local_ns)
		return clock->start_global_ns;
	passed = local_ns - clock->start_local_ns;
	passed = (passed * MILLION + rate - 1) / rate;
	return clock->start_global_ns + (u64)passed;
}
