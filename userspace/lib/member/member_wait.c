// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who was excluded, and when it is certainly silent (Documentation/MEMBERSHIP,
 * rule 5).
 */
#include "member_state.h"
#include "member_mutants.h"

static struct member_excluded *excluded_find(struct member *m, u16 id, u64 incarnation)
{
	u16 i;

	for (i = 0; i < m->excluded_count; i++)
		if (m->excluded[i].id == id && m->excluded[i].incarnation == incarnation)
			return &m->excluded[i];
	return NULL;
}

static struct member_excluded *excluded_add(struct member *m, u16 id, u64 incarnation)
{
	struct member_excluded *excluded = excluded_find(m, id, incarnation);

	if (excluded)
		return excluded;
	/* Joiners are not admitted when their exclusion might not fit. */
	core_assert(m->excluded_count < MEMBER_WAITS_MAX);
	excluded = &m->excluded[m->excluded_count++];
	memset(excluded, 0, sizeof(*excluded));
	excluded->id = id;
	excluded->incarnation = incarnation;
	return excluded;
}

static u64 remaining(const struct member *m, const struct member_excluded *excluded)
{
	if (excluded->clean || excluded->safe_at_ns <= m->now_ns)
		return 0;
	return excluded->safe_at_ns - m->now_ns;
}

/* The figures of this node: those not over, and all of the newest change. */
void member_waits_fill(struct member *m, struct member_commit *commit)
{
	u16 i;

	commit->wait_count = 0;
	for (i = 0; i < m->excluded_count; i++) {
		const struct member_excluded *excluded = &m->excluded[i];
		struct member_wait *wait;

		wait = &commit->wait[commit->wait_count++];
		wait->id = excluded->id;
		wait->incarnation = excluded->incarnation;
		wait->clean = excluded->clean;
		wait->remaining_ns = remaining(m, excluded);
	}
}

/*
 * Each figure is a bound that holds: the earliest one may be taken. Never for
 * one that this node was not told of before: it is added with its figure.
 */
void member_waits_tighten(struct member *m, const struct member_commit *commit, u64 at_ns)
{
	u16 i;

	for (i = 0; i < commit->wait_count; i++) {
		const struct member_wait *wait = &commit->wait[i];
		struct member_excluded *excluded = excluded_find(m, wait->id,
								 wait->incarnation);

		if (!excluded)
			continue;
		if (at_ns + wait->remaining_ns < excluded->safe_at_ns)
			excluded->safe_at_ns = at_ns + wait->remaining_ns;
		excluded->clean |= wait->clean;
	}
}

/* The last words of an excluded node are a bound, too (rule 7). */
void member_waits_gasped(struct member *m)
{
	u16 i;

	for (i = 0; i < m->excluded_count; i++) {
		struct member_excluded *excluded = &m->excluded[i];
		u64 safe_ns = member_gasp_safe_ns(m, excluded->id, excluded->incarnation);

		excluded->safe_at_ns = member_earlier(excluded->safe_at_ns, safe_ns);
	}
}

/*
 * Forget who is over and told: nobody needs their figures after this change.
 * And who is a member again: a formation may have counted an incarnation as gone
 * that had accepted a view and never installed it; that one can still join.
 */
static void waits_forget(struct member *m, const struct core_view *view)
{
	u16 i, kept = 0;

	for (i = 0; i < m->excluded_count; i++)
		if (!m->excluded[i].told &&
		    !core_view_holds(view, m->excluded[i].id, m->excluded[i].incarnation))
			m->excluded[kept++] = m->excluded[i];
	m->excluded_count = kept;
}

static void left_add(struct member *m, const struct member_excluded *excluded, u64 epoch)
{
	struct member_wait *left = &m->left_list[m->left_count++];

	core_assert(m->left_count <= MEMBER_WAITS_MAX);
	left->id = excluded->id;
	left->incarnation = excluded->incarnation;
	left->clean = excluded->clean;
	left->remaining_ns = remaining(m, excluded);
	member_report(m, MEMBER_REASON_EXCLUDED, left->id, epoch, left->remaining_ns);
}

/*
 * The view in @commit is installed now; its figures count from @at_ns, when
 * they arrived. A member without a figure waits L' from its installation.
 */
void member_waits_install(struct member *m, const struct core_view *former,
			  const struct member_commit *commit, u64 at_ns)
{
	u64 full = m->now_ns + (mutant_assumes_wait_over ? 0 : m->takeover_wait_ns);
	struct member_excluded *excluded;
	u16 i;

	waits_forget(m, &commit->view);
	m->left_count = 0;
	for (i = 0; i < former->count; i++) {
		const struct core_member *gone = &former->member[i];

		if (core_view_holds(&commit->view, gone->id, gone->incarnation))
			continue;
		excluded = excluded_add(m, gone->id, gone->incarnation);
		excluded->safe_at_ns = full;
	}
	for (i = 0; i < commit->wait_count; i++) {
		const struct member_wait *wait = &commit->wait[i];

		if (excluded_find(m, wait->id, wait->incarnation) ||
		    core_view_holds(&commit->view, wait->id, wait->incarnation))
			continue;
		if (!wait->remaining_ns && former->count)
			continue;
		excluded = excluded_add(m, wait->id, wait->incarnation);
		excluded->safe_at_ns = at_ns + wait->remaining_ns;
		excluded->clean = wait->clean;
	}
	member_waits_tighten(m, commit, at_ns);
	member_waits_gasped(m);
	for (i = 0; i < m->excluded_count; i++)
		left_add(m, &m->excluded[i], commit->view.epoch);
}

/* NODE_SAFE for each whose wait is over. */
void member_waits_tell(struct member *m)
{
	u16 i;

	for (i = 0; i < m->excluded_count; i++) {
		struct member_excluded *excluded = &m->excluded[i];
		struct member_action *action;

		if (excluded->told || remaining(m, excluded))
			continue;
		excluded->told = true;
		action = member_act(m, MEMBER_ACTION_NODE_SAFE);
		action->peer.id = excluded->id;
		action->peer.incarnation = excluded->incarnation;
	}
}

u64 member_waits_deadline(const struct member *m)
{
	u64 at = MEMBER_NEVER;
	u16 i;

	for (i = 0; i < m->excluded_count; i++)
		if (!m->excluded[i].told)
			at = member_earlier(at, m->excluded[i].safe_at_ns);
	return at;
}

unsigned int member_waits(const struct member *m, u64 now_ns,
			  struct member_wait *wait, unsigned int room)
{
	unsigned int count = 0;
	u16 i;

	for (i = 0; i < m->excluded_count && count < room; i++) {
		const struct member_excluded *excluded = &m->excluded[i];

		if (excluded->clean || excluded->safe_at_ns <= now_ns)
			continue;
		wait[count].id = excluded->id;
		wait[count].incarnation = excluded->incarnation;
		wait[count].clean = false;
		wait[count].remaining_ns = excluded->safe_at_ns - now_ns;
		count++;
	}
	return count;
}
