/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A node's raw clock: an arbitrary start at each boot and a rate that is off
 * by a constant.  Time while the machine is frozen counts ("plus time
 * suspended").
 */
#ifndef TOCSIN_SIM_CLOCK_H
#define TOCSIN_SIM_CLOCK_H

#include "core_env.h"

#define SIM_NS_PER_MS	((u64)1000000)
#define SIM_NS_PER_S	((u64)1000000000)
#define SIM_NEVER	UINT64_MAX

/**
 * @start_local_ns: what it showed at @start_global_ns
 * @rate_ppm: positive: fast
 */
struct sim_clock {
	u64 start_global_ns;
	u64 start_local_ns;
	s32 rate_ppm;
};

u64 sim_clock_local(const struct sim_clock *clock, u64 global_ns);

/* First global moment at which the clock shows at least @local_ns. */
u64 sim_clock_global(const struct sim_clock *clock, u64 local_ns);

#endif
