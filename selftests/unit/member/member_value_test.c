// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Quorum and rule 4, against their definitions, exhaustively for small views.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "member_state.h"

static struct core_view view_of(u16 count, u64 arbiter)
{
	struct core_view view = { .epoch = 7, .arbiter = arbiter, .count = count };
	u16 i;

	for (i = 0; i < count; i++) {
		view.member[i].id = i + 1;
		view.member[i].incarnation = 100 + i;
	}
	view.coordinator = 1;
	view.hash = core_view_hash(&view);
	return view;
}

static void quorum_is_more_than_half_or_half_and_the_arbiter(void **state)
{
	u16 n, votes;

	for (n = 1; n <= CORE_VIEW_MEMBERS_MAX; n++) {
		struct core_view with = view_of(n, 9), without = view_of(n, 0);

		for (votes = 0; votes <= n; votes++) {
			bool more = votes * 2 > n, half = votes * 2 == n;

			assert_int_equal(member_quorum(&with, votes, false), more);
			assert_int_equal(member_quorum(&with, votes, true), more || half);
			assert_int_equal(member_quorum(&without, votes, true), more);
		}
	}
}

/* Any two quorums share an acceptor, the arbiter among them. */
static void two_quorums_meet(void **state)
{
	u32 n, a, b, arbiters;

	for (n = 1; n <= 6; n++) {
		struct core_view view = view_of(n, 9);

		for (a = 0; a < 1u << n; a++)
			for (b = 0; b < 1u << n; b++)
				for (arbiters = 0; arbiters < 4; arbiters++) {
					bool qa = arbiters & 1, qb = arbiters & 2;

					if (!member_quorum(&view, member_bits(a), qa) ||
					    !member_quorum(&view, member_bits(b), qb))
						continue;
					assert_true(a & b || (qa && qb));
				}
	}
}

/*
 * All histories of one value in a small view: whoever accepted it (bit n: the
 * arbiter), whoever promises. Where the acceptors are a quorum, the proposer must
 * take it for possible, by what the promises tell it alone.
 */
static void a_chosen_value_always_binds(void **state)
{
	u32 n, accepted, promised, cases = 0;

	for (n = 1; n <= 6; n++) {
		struct core_view view = view_of(n, 9);
		u32 members = (1u << n) - 1, all = n % 2 ? members : (2u << n) - 1;

		for (accepted = 0; accepted <= all; accepted++)
			for (promised = 0; promised <= all; promised++) {
				u32 holders = accepted & promised;
				bool possible;

				if (!member_quorum(&view, member_bits(promised & members),
						   promised >> n & 1))
					continue;
				possible = member_may_be_chosen(&view, promised & members, 0,
								promised >> n & 1 || n % 2,
								holders & members,
								holders >> n & 1);
				if (member_quorum(&view, member_bits(accepted & members),
						  accepted >> n & 1))
					assert_true(possible);
				cases++;
			}
	}
	assert_true(cases > 1000);
}

/* And only where some history with these promises chose it. */
static void what_cannot_have_been_chosen_does_not_bind(void **state)
{
	u32 n, holders, promised, unseen;

	for (n = 1; n <= 6; n++) {
		struct core_view view = view_of(n, 9);
		u32 members = (1u << n) - 1, all = n % 2 ? members : (2u << n) - 1;

		for (promised = 0; promised <= all; promised++)
			for (holders = promised;; holders = (holders - 1) & promised) {
				bool exists = false, possible;

				for (unseen = 0; unseen <= all && !exists; unseen++) {
					u32 who = holders | (unseen & ~promised);

					exists = member_quorum(&view, member_bits(who & members),
							       who >> n & 1);
				}
				possible = member_may_be_chosen(&view, promised & members, 0,
								promised >> n & 1 || n % 2,
								holders & members,
								holders >> n & 1);
				assert_int_equal(possible, exists);
				if (!holders)
					break;
			}
	}
}

static void of_two_possible_values_the_higher_ballot_binds(void **state)
{
	struct core_view view = view_of(5, 0);
	struct member_proposal p = {
		.promised = 0x07,
		.seen_count = 3,
		.seen = {
			{ .value.ballot = { 3, 1 }, .holders = 0x01 },
			{ .value.ballot = { 5, 2 }, .holders = 0x02 },
			{ .value.ballot = { 5, 1 }, .holders = 0x04 },
		},
	};

	/* Three promise, two do not: each value may have three acceptors. */
	assert_int_equal(member_bound(&view, &p), 1);
	/* Four promise: none may. */
	p.promised = 0x0f;
	assert_int_equal(member_bound(&view, &p), -1);
	p.seen[0].holders = 0x09;
	assert_int_equal(member_bound(&view, &p), 0);
}

static void ballots_are_ordered(void **state)
{
	struct member_ballot low = { 1, 9 }, high = { 2, 1 }, higher = { 2, 2 };

	assert_true(member_ballot_compare(&low, &high) < 0);
	assert_true(member_ballot_compare(&higher, &high) > 0);
	assert_int_equal(member_ballot_compare(&high, &high), 0);
}

/* -- the largest set in which all hear each other -- */

static bool is_clique(const u64 *hears, u32 count, u64 set)
{
	u32 i, j;

	for (i = 0; i < count; i++)
		for (j = 0; j < count; j++)
			if (i != j && set >> i & 1 && set >> j & 1 && !(hears[i] >> j & 1))
				return false;
	return true;
}

static u32 largest(const u64 *hears, u32 count, u32 self)
{
	u32 set, best = 0;

	for (set = 0; set < 1u << count; set++)
		if (set >> self & 1 && member_bits(set) > best && is_clique(hears, count, set))
			best = member_bits(set);
	return best;
}

static void the_set_is_mutual_largest_and_holds_the_proposer(void **state)
{
	u64 hears[MEMBER_NODES_MAX];
	u32 round, i, j, count, self;

	srandom(1);
	for (round = 0; round < 400; round++) {
		u64 set;

		count = 1 + random() % 9;
		self = random() % count;
		memset(hears, 0, sizeof(hears));
		for (i = 0; i < count; i++)
			for (j = 0; j < count; j++)
				if (i != j && random() % 4)
					hears[i] |= 1ULL << j;
		set = member_clique(hears, count, self);
		assert_true(set >> self & 1);
		assert_true(is_clique(hears, count, set));
		assert_int_equal(member_bits(set), largest(hears, count, self));
	}
}

static void sixty_four_nodes_in_the_worst_pattern_end_in_time(void **state)
{
	u64 hears[MEMBER_NODES_MAX];
	u32 i, j;
	u64 set;

	/* Twenty-one groups of three that do not hear each other inside. */
	for (i = 0; i < 64; i++) {
		hears[i] = 0;
		for (j = 0; j < 64; j++)
			if (i / 3 != j / 3)
				hears[i] |= 1ULL << j;
	}
	set = member_clique(hears, 64, 40);
	assert_true(set >> 40 & 1);
	assert_true(is_clique(hears, 64, set));
	assert_int_equal(member_bits(set), 22);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quorum_is_more_than_half_or_half_and_the_arbiter),
		cmocka_unit_test(two_quorums_meet),
		cmocka_unit_test(a_chosen_value_always_binds),
		cmocka_unit_test(what_cannot_have_been_chosen_does_not_bind),
		cmocka_unit_test(of_two_possible_values_the_higher_ballot_binds),
		cmocka_unit_test(ballots_are_ordered),
		cmocka_unit_test(the_set_is_mutual_largest_and_holds_the_proposer),
		cmocka_unit_test(sixty_four_nodes_in_the_worst_pattern_end_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
