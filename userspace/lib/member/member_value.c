// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Quorum and the choice of a value (Documentation/MEMBERSHIP, Words, rule 4).
 */
#include "member_state.h"
#include "member_mutants.h"

int member_ballot_compare(const struct member_ballot *a, const struct member_ballot *b)
{
	if (a->counter != b->counter)
		return a->counter < b->counter ? -1 : 1;
	if (a->node != b->node)
		return a->node < b->node ? -1 : 1;
	return 0;
}

unsigned int member_bits(u64 set)
{
	unsigned int count = 0;

	for (; set; set &= set - 1)
		count++;
	return count;
}

/* The arbiter is one more acceptor when the former view's size is even. */
bool member_arbiter_votes(const struct core_view *former)
{
	core_assert(former->count && former->count <= CORE_VIEW_MEMBERS_MAX);
	return former->arbiter && former->count % 2 == 0;
}

bool member_quorum(const struct core_view *former, unsigned int votes, bool arbiter)
{
	core_assert(votes <= former->count);
	if (mutant_quorum_half && votes * 2 >= former->count)
		return true;
	if (arbiter && member_arbiter_votes(former))
		votes++;
	return votes >= former->count / 2u + 1;
}

/*
 * Only who accepted the value, or did not promise (and so may still accept it,
 * or have accepted it unseen), can have taken part in choosing it.
 */
bool member_may_be_chosen(const struct core_view *former, u64 promised, bool arbiter_promised,
			  u64 holders, bool arbiter_holds)
{
	u64 all = former->count == 64 ? ~0ULL : (1ULL << former->count) - 1;
	u64 possible = (holders & promised) | (all & ~promised);

	core_assert(!(promised & ~all));
	return member_quorum(former, member_bits(possible),
			     arbiter_holds || !arbiter_promised);
}

/* Index of the value that binds, or -1: choose freely. */
int member_bound(const struct core_view *former, u64 promised, bool arbiter_promised,
		 const struct member_seen *seen, unsigned int count)
{
	unsigned int i;
	int best = -1;

	core_assert(count <= MEMBER_SEEN_MAX);
	if (mutant_value_free_choice)
		return -1;
	for (i = 0; i < count; i++) {
		if (!member_may_be_chosen(former, promised, arbiter_promised,
					  seen[i].holders, seen[i].arbiter))
			continue;
		if (best < 0 || member_ballot_compare(&seen[i].value.ballot,
						      &seen[best].value.ballot) > 0)
			best = i;
	}
	return best;
}
