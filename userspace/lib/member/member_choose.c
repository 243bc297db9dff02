// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which view to propose (Documentation/MEMBERSHIP, rules 2 and 4).
 */
#include "member_state.h"

/* The value that rule 4 binds this ballot to, or NULL. */
const struct core_view *member_choose_bound(struct member *m)
{
	struct member_proposal *p = &m->proposal;
	int at = member_bound(&m->installed, p);

	return at < 0 ? NULL : &p->seen[at].value.view;
}

/*
 * Who did not promise may stay when its heartbeats are heard and say that it
 * could still accept: its user space is late, and leaving it out would kill it
 * sooner than its lease.
 */
static bool late(struct member *m, u16 at)
{
	const struct core_member *member = &m->installed.member[at];
	const struct member_peer *peer = member_peer_find(m, member->id);

	return !(m->proposal.promised >> at & 1) && peer && !member_wants_out(m, member) &&
	       member_hears(m, member->id, member->incarnation) &&
	       peer->installed_epoch == m->installed.epoch &&
	       !(peer->flags & (MEMBER_PEER_STALLED | MEMBER_PEER_LEAVING));
}

bool member_choose_late(struct member *m)
{
	u16 i;

	for (i = 0; i < m->installed.count; i++)
		if (late(m, i))
			return true;
	return false;
}

static bool stays(struct member *m, u16 at)
{
	const struct core_member *member = &m->installed.member[at];

	if (member->id == m->config.node_id)
		return true;
	return m->proposal.promised >> at & 1 && !(m->proposal.leaving >> at & 1) &&
	       !member_wants_out(m, member) &&
	       member_hears(m, member->id, member->incarnation);
}

/* By index: whom does each member hear, as it said last? */
static u64 hears_of(struct member *m, u16 at)
{
	const struct core_view *former = &m->installed;
	u64 hears = 0;
	u16 i;

	for (i = 0; i < former->count; i++)
		if (i != at && member_peer_says_hears(m, &former->member[at], &former->member[i]))
			hears |= 1ULL << i;
	return hears;
}

/*
 * Members that stay, by index: of those that promised, the largest set in which
 * all hear each other; then who is late and heard by all of them.
 */
static u64 stay(struct member *m)
{
	unsigned int self = core_view_find(&m->installed, m->config.node_id);
	u64 hears[MEMBER_NODES_MAX] = { 0 }, staying;
	u16 i, j;

	for (i = 0; i < m->installed.count; i++)
		if (stays(m, i))
			hears[i] = hears_of(m, i);
	staying = member_clique(hears, m->installed.count, self);
	for (i = 0; i < m->installed.count; i++) {
		u64 mutual = late(m, i) ? hears_of(m, i) : 0;

		for (j = 0; j < m->installed.count; j++)
			if (staying >> j & 1 && !(hears_of(m, j) >> i & 1))
				mutual = 0;
		if ((mutual & staying) == staying)
			staying |= 1ULL << i;
	}
	return staying;
}

/* Leavers that take part count as if they stayed: they go in order. */
static unsigned int leavers(struct member *m)
{
	unsigned int count = 0;
	u16 i;

	for (i = 0; i < m->installed.count; i++)
		if (m->installed.member[i].id != m->config.node_id &&
		    (m->proposal.promised & ~m->proposal.gasped) >> i & 1 &&
		    (m->proposal.leaving >> i & 1 ||
		     member_wants_out(m, &m->installed.member[i])))
			count++;
	return count;
}

static void view_insert(struct core_view *view, const struct core_member *member)
{
	u16 at = view->count;

	core_assert(view->count < CORE_VIEW_MEMBERS_MAX);
	core_assert(core_view_find(view, member->id) < 0);
	for (; at && view->member[at - 1].id > member->id; at--)
		view->member[at] = view->member[at - 1];
	view->member[at] = *member;
	view->count++;
}

static void joiners_add(struct member *m, struct core_view *view)
{
	u16 i;

	for (i = 0; i < m->peer_count; i++) {
		struct core_member joiner = {
			.id = m->peer[i].id, .incarnation = m->peer[i].incarnation,
		};

		if (view->count == CORE_VIEW_MEMBERS_MAX)
			return;
		/* Each member may have to be waited for one day. */
		if (m->excluded_count + m->installed.count + view->count >= MEMBER_WAITS_MAX)
			return;
		if (member_joiner_fits(m, &m->peer[i], view, m->store.held))
			view_insert(view, &joiner);
	}
}

/* It keeps its office; else the lowest id of those that promised. */
static u16 coordinator_pick(struct member *m, u64 staying)
{
	const struct core_view *former = &m->installed;
	u64 able = staying & m->proposal.promised;
	u16 i;

	for (i = 0; i < former->count; i++)
		if (able >> i & 1 && former->member[i].id == former->coordinator)
			return former->coordinator;
	for (i = 0; i < former->count; i++)
		if (able >> i & 1)
			return former->member[i].id;
	return m->config.node_id;
}

/* Can so many members choose a value? */
static bool carries(const struct member *m, unsigned int votes)
{
	const struct core_view *former = &m->installed;
	const struct member_proposal *p = &m->proposal;
	u64 alive = member_all(former) & ~p->gasped;

	return member_quorum(former, votes, p->arbiter_promised) ||
	       (votes == member_bits(alive) &&
		member_half_chooses(former, p->promised, p->gasped, alive));
}

bool member_choose(struct member *m, struct core_view *view)
{
	const struct core_view *former = &m->installed;
	u64 staying = stay(m);
	u16 i;

	if (!carries(m, member_bits(staying) + leavers(m)))
		return false;
	memset(view, 0, sizeof(*view));
	view->epoch = former->epoch + 1;
	view->state = m->store.held;
	view->arbiter = former->arbiter;
	if (m->arbiter_identity && m->arbiter_epoch <= former->epoch + 1)
		view->arbiter = m->arbiter_identity;
	view->coordinator = coordinator_pick(m, staying);
	for (i = 0; i < former->count; i++)
		if (staying >> i & 1)
			view_insert(view, &former->member[i]);
	joiners_add(m, view);
	view->hash = core_view_hash(view);
	core_assert(!core_view_check(view));
	return true;
}
