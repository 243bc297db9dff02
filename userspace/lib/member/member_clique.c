// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The largest set of nodes in which all hear each other (Documentation/
 * MEMBERSHIP, rule 2). Exact by branch and bound within a budget of steps that
 * no real network comes near; then the best set found. Which set is chosen is a
 * question of taste, not of safety.
 */
#include "member_state.h"

#define STEPS_MAX	20000u

struct search {
	const u64 *hears;	/* made mutual */
	u64 best;
	unsigned int best_size;
	unsigned int steps;
};

static unsigned int lowest(u64 set)
{
	unsigned int at = 0;

	core_assert(set);
	while (!(set >> at & 1))
		at++;
	return at;
}

/* Depth: at most 64. Low indexes first, so that ties go to low ids. */
static void extend(struct search *search, u64 chosen, unsigned int size, u64 left)
{
	core_assert(!(chosen & left));
	if (size > search->best_size) {
		search->best = chosen;
		search->best_size = size;
	}
	while (left && size + member_bits(left) > search->best_size) {
		unsigned int at = lowest(left);

		if (++search->steps > STEPS_MAX)
			return;
		left &= ~(1ULL << at);
		extend(search, chosen | 1ULL << at, size + 1, left & search->hears[at]);
	}
}

u64 member_clique(const u64 *hears, unsigned int count, unsigned int self)
{
	u64 mutual[MEMBER_NODES_MAX] = { 0 };
	struct search search = { .hears = mutual };
	unsigned int i, j;

	core_assert(count <= MEMBER_NODES_MAX && self < count);
	for (i = 0; i < count; i++)
		for (j = 0; j < count; j++)
			if (i != j && hears[i] >> j & 1 && hears[j] >> i & 1)
				mutual[i] |= 1ULL << j;
	extend(&search, 1ULL << self, 1, mutual[self]);
	return search.best;
}
