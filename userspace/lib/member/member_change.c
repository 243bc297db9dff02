// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * When this node proposes a view (Documentation/MEMBERSHIP, rule 6).
 */
#include "member_state.h"

/*
 * 0 for the coordinator, then the members heard by ascending id: so 0 also for
 * the lowest reachable one when the coordinator is silent.
 */
unsigned int member_rank(struct member *m)
{
	const struct core_view *view = &m->installed;
	u16 me = m->config.node_id;
	unsigned int rank = 0;
	u16 i;

	if (view->coordinator == me)
		return 0;
	for (i = 0; i < view->count; i++) {
		const struct core_member *member = &view->member[i];

		if (member->id == me || !member_hears(m, member->id, member->incarnation))
			continue;
		if (member->id < me || member->id == view->coordinator)
			rank++;
	}
	core_assert(rank < view->count);
	return rank;
}

/*
 * Each further ballot of an epoch doubles the patience with its proposer, up to
 * sixteen times: with slow disks the members would outbid each other for ever.
 */
unsigned int member_patience(const struct member *m)
{
	if (m->ballots < 2)
		return 1;
	return 1u << (m->ballots < 5 ? m->ballots - 1 : 4);
}

/* A member silent, or two of the members heard that do not hear each other? */
static bool link_lost_now(struct member *m)
{
	const struct core_view *view = &m->installed;
	u16 i, j;

	for (i = 0; i < view->count; i++) {
		const struct core_member *a = &view->member[i];

		if (a->id == m->config.node_id)
			continue;
		if (!member_hears(m, a->id, a->incarnation))
			return true;
		for (j = 0; j < view->count; j++)
			if (j != i && !member_peer_says_hears(m, a, &view->member[j]))
				return true;
	}
	return false;
}

/* Looked at again only when somebody hears more or less than before: it costs
 * the cube of the view's size. */
static bool link_lost(struct member *m)
{
	if (m->links_changed)
		m->links_lost = link_lost_now(m);
	m->links_changed = false;
	return m->links_lost;
}

static bool leave_asked(struct member *m)
{
	u16 i;

	for (i = 0; i < m->installed.count; i++)
		if (m->installed.member[i].id != m->config.node_id &&
		    member_wants_out(m, &m->installed.member[i]))
			return true;
	return false;
}

/* The quorum server came back with another state (rule 8)? */
static bool arbiter_changed(const struct member *m)
{
	return m->arbiter_identity && m->arbiter_identity != m->installed.arbiter &&
	       m->arbiter_epoch <= m->installed.epoch + 1;
}

static bool coordinators_wish(struct member *m)
{
	if (m->installed.coordinator != m->config.node_id)
		return false;
	return arbiter_changed(m) || member_join_due(m);
}

/* Start or stop the clock of rule 6. */
void member_change_update(struct member *m)
{
	bool needed;

	if (!member_installed(m) || m->installing.active || m->left || m->dead) {
		m->change_since_ns = 0;
		return;
	}
	needed = m->promised.counter || m->kernel_accepted.epoch || link_lost(m) ||
		 leave_asked(m) || coordinators_wish(m);
	if (!needed)
		m->change_since_ns = 0;
	else if (!m->change_since_ns)
		m->change_since_ns = m->now_ns;
}

/* When to propose; MEMBER_NEVER: nothing to change, or under way. */
u64 member_change_due(struct member *m)
{
	bool only_leavers = leave_asked(m) && !link_lost(m);
	/* A proposer waits for leavers: see leaver_awaited(). */
	u64 step = (only_leavers ? 6 : 2) * m->config.interval_ns;
	u64 due;
	unsigned int rank;

	if (!m->change_since_ns || m->proposal.phase != MEMBER_PROPOSAL_IDLE || m->disarmed)
		return MEMBER_NEVER;
	rank = member_rank(m);
	if (m->promised.counter && m->promised.node != m->config.node_id)
		/* Somebody proposes: leave it some intervals at the least. */
		due = m->promised_at_ns + step * member_patience(m) * (rank ? rank : 1);
	else if (only_leavers)
		due = m->change_since_ns;
	else
		due = m->change_since_ns + step * rank;
	if (!m->promised.counter && !link_lost(m) && due < m->settled_ns)
		due = m->settled_ns;
	return due > m->not_before_ns ? due : m->not_before_ns;
}
