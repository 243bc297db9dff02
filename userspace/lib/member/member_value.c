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

u64 member_all(const struct core_view *former)
{
	return former->count == 64 ? ~0ULL : (1ULL << former->count) - 1;
}

/*
 * Half of a view without an arbiter has gasped, the other half has promised: in
 * place of the arbiter that half chooses, if all of it accepts.  Fewer than half
 * never do, and an arbiter is never passed over: the dead come back, and would
 * form a cluster of their own that knows nothing of the choice (rule 9).
 */
bool member_half_chooses(const struct core_view *former, u64 promised, u64 gasped, u64 votes)
{
	u64 all = member_all(former);

	if (!gasped || (promised | gasped) != all || (votes | gasped) != all)
		return false;
	if (mutant_gasp_without_arbiter)
		return true;
	return !former->arbiter && 2 * member_bits(gasped) == former->count;
}

bool member_chosen(const struct core_view *former, const struct member_proposal *p)
{
	u64 votes = p->accepted;

	if (mutant_gasp_as_vote)
		votes |= p->gasped;
	return member_quorum(former, member_bits(votes), p->arbiter_accepted) ||
	       member_half_chooses(former, p->promised, p->gasped, votes);
}

/*
 * Only who accepted the value, or did not promise (and so may still accept it,
 * or have accepted it unseen), can have taken part in choosing it.  Who gasped
 * says what it accepted as who promised does, and accepts nothing more.
 *
 * When half of the view chose alone, the others were dead: so all who promise now
 * are of that half, and have accepted the value.
 */
bool member_may_be_chosen(const struct core_view *former, u64 promised, u64 gasped,
			  bool arbiter_promised, u64 holders, bool arbiter_holds)
{
	u64 all = member_all(former), known = promised | gasped;
	u64 possible = (holders & known) | (all & ~known);

	core_assert(!(known & ~all));
	if (mutant_gasp_binds && gasped)
		return true;
	if (member_quorum(former, member_bits(possible), arbiter_holds || !arbiter_promised))
		return true;
	return !former->arbiter && gasped && !(promised & ~holders) &&
	       2 * member_bits(possible) >= former->count;
}

/* Index of the value that binds, or -1: choose freely. */
int member_bound(const struct core_view *former, const struct member_proposal *p)
{
	const struct member_seen *seen = p->seen;
	unsigned int i;
	int best = -1;

	core_assert(p->seen_count <= MEMBER_SEEN_MAX);
	if (mutant_value_free_choice)
		return -1;
	for (i = 0; i < p->seen_count; i++) {
		if (!member_may_be_chosen(former, p->promised, p->gasped, p->arbiter_promised,
					  seen[i].holders, seen[i].arbiter))
			continue;
		if (best < 0 || member_ballot_compare(&seen[i].value.ballot,
						      &seen[best].value.ballot) > 0)
			best = i;
	}
	return best;
}
