// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * May these nodes form a cluster, and which (Documentation/MEMBERSHIP, rule 9)?
 *
 * The newest view that was ever chosen is among what a quorum of it, or of the
 * view before it, has on its disks. So a formation needs a quorum of the newest
 * committed view on any disk, of the newest value accepted after it, and of
 * each value that a formation had accepted after it (formations number their
 * epochs on their own, so that one cannot stand for another).
 */
#include "member_state.h"
#include "member_mutants.h"

/* Keep the distinct ones, at their highest ballot. */
void member_form_seen(struct member *m, const struct member_value *value)
{
	struct member_forming *f = &m->form;
	u16 i;

	for (i = 0; i < f->seen_count; i++) {
		if (!member_view_same(&f->seen[i].view, &value->view))
			continue;
		if (member_ballot_compare(&f->seen[i].ballot, &value->ballot) < 0)
			f->seen[i].ballot = value->ballot;
		return;
	}
	if (f->seen_count == MEMBER_SEEN_MAX) {
		f->overflow = true;
		return;
	}
	f->seen[f->seen_count++] = *value;
}

static bool arbiter_is(const struct member *m, const struct core_view *view)
{
	return m->form.arbiter_answered && view->arbiter &&
	       view->arbiter == m->form.arbiter_identity;
}

/* Do the nodes in @set, by slot, whose disks are not empty carry this view? */
static bool carried(struct member *m, const struct core_view *view, u64 set)
{
	unsigned int votes = 0;
	u16 i;

	for (i = 0; i < view->count; i++) {
		int slot = member_slot(m, view->member[i].id);

		if (slot >= 0 && (set & m->form.held) >> slot & 1)
			votes++;
	}
	if (member_quorum(view, votes, false))
		return true;
	if (!member_quorum(view, votes, arbiter_is(m, view)))
		return false;
	m->form.arbiter_needed = true;
	return true;
}

/* Of the accepted values of an epoch that no formation made, only the one of
 * the highest ballot can have been chosen. */
static bool outbid(const struct member_forming *f, const struct member_value *value)
{
	u16 i;

	if (value->formed)
		return false;
	for (i = 0; i < f->seen_count; i++)
		if (!f->seen[i].formed && f->seen[i].view.epoch == value->view.epoch &&
		    member_ballot_compare(&f->seen[i].ballot, &value->ballot) > 0)
			return true;
	return false;
}

/* 0, or -EPERM with the epoch whose quorum is missing in @epoch. */
static int carried_all(struct member *m, u64 set, u64 *epoch)
{
	struct member_forming *f = &m->form;
	u16 i;

	*epoch = 0;
	f->arbiter_needed = false;
	if (member_bits(set) == m->config.node_count)
		return 0;
	if (f->overflow || (!f->committed.count && !f->seen_count))
		return -EPERM;
	*epoch = f->committed.epoch;
	if (f->committed.count && !carried(m, &f->committed, set))
		return -EPERM;
	for (i = 0; i < f->seen_count && !mutant_restart_committed_only; i++) {
		const struct core_view *view = &f->seen[i].view;

		*epoch = view->epoch;
		if (view->epoch <= f->committed.epoch || outbid(f, &f->seen[i]))
			continue;
		if (!carried(m, view, set))
			return -EPERM;
	}
	return 0;
}

static u64 hears_of(const struct member *m, u16 slot)
{
	const struct member_forming *f = &m->form;
	u64 set = 0;
	u16 i;

	for (i = 0; i < m->config.node_count; i++)
		if (i != slot && f->promised >> i & 1 &&
		    member_heard_holds(&f->heard[slot], m->config.node[i], f->incarnation[i]))
			set |= 1ULL << i;
	return set;
}

/* The largest set of promisers that hear each other, by slot. */
static u64 present(const struct member *m)
{
	u64 hears[MEMBER_NODES_MAX] = { 0 };
	int self = member_slot(m, m->config.node_id);
	u16 i;

	core_assert(self >= 0 && m->form.promised >> self & 1);
	for (i = 0; i < m->config.node_count; i++)
		if (m->form.promised >> i & 1)
			hears[i] = hears_of(m, i);
	return member_clique(hears, m->config.node_count, (unsigned int)self);
}

static u64 epoch_next(const struct member *m)
{
	const struct member_forming *f = &m->form;
	u64 newest = f->committed.epoch;
	u16 i;

	for (i = 0; i < f->seen_count; i++)
		if (f->seen[i].view.epoch > newest)
			newest = f->seen[i].view.epoch;
	if (f->arbiter_answered && f->arbiter_epoch > newest)
		newest = f->arbiter_epoch;
	return newest + 1;
}

/* Has this formation been refused for the same reason before? */
static void refused(struct member *m, u64 set, u64 epoch)
{
	if (m->form.told_present == set && m->form.told_epoch == epoch)
		return;
	m->form.told_present = set;
	m->form.told_epoch = epoch;
	member_report(m, MEMBER_REASON_FORM_REFUSED, 0, member_bits(set), epoch);
}

/* Fill m->form.value. Return: 0, or -EPERM: these nodes may not. */
int member_form_choose(struct member *m)
{
	struct member_forming *f = &m->form;
	struct core_view *view = &f->value;
	struct member_commit waits;
	u64 set = present(m), epoch;
	u16 i;

	if (carried_all(m, set, &epoch)) {
		refused(m, set, epoch);
		return -EPERM;
	}
	memset(view, 0, sizeof(*view));
	view->epoch = epoch_next(m);
	view->arbiter = f->arbiter_answered ? f->arbiter_identity : f->committed.arbiter;
	for (i = 0; i < m->config.node_count; i++) {
		if (!(set >> i & 1))
			continue;
		view->member[view->count].id = m->config.node[i];
		view->member[view->count].incarnation = f->incarnation[i];
		view->count++;
	}
	view->coordinator = view->member[0].id;
	view->hash = core_view_hash(view);
	core_assert(!core_view_check(view));
	return member_form_waits(m, &waits) ? 0 : -EPERM;
}

static bool wait_add(const struct member *m, struct member_commit *commit,
		     const struct core_member *gone)
{
	u16 i;

	if (core_view_find(&m->form.value, gone->id) >= 0)
		return true;
	for (i = 0; i < commit->wait_count; i++)
		if (commit->wait[i].id == gone->id &&
		    commit->wait[i].incarnation == gone->incarnation)
			return true;
	if (commit->wait_count + m->form.value.count >= MEMBER_WAITS_MAX)
		return false;
	commit->wait[i].id = gone->id;
	commit->wait[i].incarnation = gone->incarnation;
	commit->wait[i].clean = false;
	commit->wait[i].remaining_ns = mutant_no_wait ? 0 : m->takeover_wait_ns;
	commit->wait_count++;
	return true;
}

/*
 * Whoever was a member and takes no part may still run on the acknowledgements
 * that those present gave before they accepted: wait for all of them.
 */
bool member_form_waits(const struct member *m, struct member_commit *commit)
{
	const struct member_forming *f = &m->form;
	u16 i, j;

	commit->wait_count = 0;
	for (j = 0; j < f->committed.count; j++)
		if (!wait_add(m, commit, &f->committed.member[j]))
			return false;
	for (i = 0; i < f->seen_count; i++)
		for (j = 0; j < f->seen[i].view.count; j++)
			if (f->seen[i].view.epoch > f->committed.epoch &&
			    !wait_add(m, commit, &f->seen[i].view.member[j]))
				return false;
	return true;
}
