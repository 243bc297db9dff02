// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim_rng.h"

/* splitmix64: spreads a small seed over the whole state. */
static u64 mix(u64 *x)
{
	u64 z = (*x += 0x9e3779b97f4a7c15ULL);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

void sim_rng_init(struct sim_rng *rng, u64 seed, u64 stream)
{
	u64 x = seed ^ (stream * 0xd1342543de82ef95ULL);
	unsigned int i;

	for (i = 0; i < 4; i++)
		rng->state[i] = mix(&x);
}

static u64 rotate(u64 x, unsigned int bits)
{
	return (x << bits) | (x >> (64 - bits));
}

/* xoshiro256** */
u64 sim_rng_next(struct sim_rng *rng)
{
	u64 *s = rng->state;
	u64 result = rotate(s[1] * 5, 7) * 9;
	u64 t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotate(s[3], 45);
	return result;
}

u64 sim_rng_below(struct sim_rng *rng, u64 limit)
{
	core_assert(limit);
	return (u64)(((unsigned __int128)sim_rng_next(rng) * limit) >> 64);
}

u64 sim_rng_range(struct sim_rng *rng, u64 low, u64 high)
{
	core_assert(low <= high);
	return low + sim_rng_below(rng, high - low + 1);
}

u64 sim_rng_log(struct sim_rng *rng, u64 low, u64 high)
{
	unsigned int doublings = 0;
	u64 bottom;

	core_assert(low && low <= high);
	while (doublings < 62 && (high >> doublings) / 2 >= low)
		doublings++;
	bottom = low << sim_rng_below(rng, doublings + 1);
	return sim_rng_range(rng, bottom, 2 * bottom > high ? high : 2 * bottom);
}

bool sim_rng_chance(struct sim_rng *rng, u32 ppm)
{
	return sim_rng_below(rng, SIM_PPM) < ppm;
}
