/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The only source of chance in the simulator: everything follows from a seed. */
#ifndef TOCSIN_SIM_RNG_H
#define TOCSIN_SIM_RNG_H

#include "core_env.h"

#define SIM_PPM 1000000U

struct sim_rng {
	u64 state[4];
};

/* Two streams with the same seed and different @stream are independent. */
void sim_rng_init(struct sim_rng *rng, u64 seed, u64 stream);

u64 sim_rng_next(struct sim_rng *rng);

/* Uniform in 0..limit-1; limit must not be 0. */
u64 sim_rng_below(struct sim_rng *rng, u64 limit);

/* Uniform in low..high, both included. */
u64 sim_rng_range(struct sim_rng *rng, u64 low, u64 high);

/* Between low and high, each order of magnitude as likely as another. */
u64 sim_rng_log(struct sim_rng *rng, u64 low, u64 high);

/* True with a probability of @ppm in a million. */
bool sim_rng_chance(struct sim_rng *rng, u32 ppm);

#endif
