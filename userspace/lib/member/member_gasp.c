// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The last words of a dying member (Documentation/MEMBERSHIP, rule 7).
 *
 * They stand for a promise, since the dead accept nothing more, and end the wait
 * for its silence.  They are no acceptance: nothing is on a disk for them.
 */
#include "member_state.h"
#include "member_mutants.h"

static struct member_ballot ballot_of(const struct core_ballot *ballot)
{
	struct member_ballot same = { .counter = ballot->counter, .node = ballot->node };

	return same;
}

static void last_words_keep(struct member *m, struct member_peer *peer,
			    const struct member_event *event)
{
	struct member_last_words *last = &peer->last;
	struct member_ballot promised;

	memset(last, 0, sizeof(*last));
	last->incarnation = event->gasp.incarnation;
	last->at_ns = m->now_ns;
	/* Without its acceptor's state it is dead, and has promised nothing. */
	if (!event->gasp.words)
		return;
	last->installed_epoch = event->gasp.installed_epoch;
	last->gasp = *event->gasp.words;
	promised = ballot_of(&last->gasp.promised);
	member_counter_seen(m, &promised);
}

void member_gasp_take(struct member *m, const struct member_event *event)
{
	struct member_peer *peer = member_peer_find(m, event->gasp.id);
	u64 incarnation = event->gasp.incarnation;

	if (!peer || !incarnation || peer->last.incarnation == incarnation)
		return;
	last_words_keep(m, peer, event);
	if (core_view_holds(&m->installed, peer->id, incarnation))
		member_report(m, MEMBER_REASON_PEER_GASPED, peer->id,
			      event->gasp.installed_epoch, 0);
	if (peer->incarnation == incarnation && peer->heard) {
		peer->heard = false;
		member_heard_changed(m);
	}
	member_waits_gasped(m);
	member_gasps_count(m);
	if (member_installed(m))
		member_propose_decide(m);
}

/* A promise for this ballot: said in this epoch, and nothing above the ballot. */
static bool promises(const struct member *m, const struct member_last_words *last,
		     u64 incarnation)
{
	struct member_ballot promised = ballot_of(&last->gasp.promised);
	struct member_ballot accepted = ballot_of(&last->gasp.ballot);
	const struct member_ballot *ballot = &m->proposal.ballot;

	if (last->incarnation != incarnation || last->installed_epoch != m->installed.epoch)
		return false;
	return member_ballot_compare(&promised, ballot) <= 0 &&
	       (!last->gasp.accepted.count || member_ballot_compare(&accepted, ballot) < 0);
}

void member_gasps_count(struct member *m)
{
	struct member_proposal *p = &m->proposal;
	u16 i;

	/* A later one changes nothing of a ballot whose ACCEPT is out. */
	if (p->phase != MEMBER_PROPOSAL_PREPARE && p->phase != MEMBER_PROPOSAL_FETCH)
		return;
	for (i = 0; i < m->installed.count; i++) {
		const struct core_member *member = &m->installed.member[i];
		const struct member_peer *peer = member_peer_find(m, member->id);
		struct member_value value = { .formed = false };

		if (!peer || p->gasped >> i & 1 ||
		    !promises(m, &peer->last, member->incarnation))
			continue;
		p->gasped |= 1ULL << i;
		if (!peer->last.gasp.accepted.count || mutant_gasp_value_free)
			continue;
		value.ballot = ballot_of(&peer->last.gasp.ballot);
		value.view = peer->last.gasp.accepted;
		member_propose_seen(m, &value, i);
	}
}

u64 member_gasp_safe_ns(const struct member *m, u16 id, u64 incarnation)
{
	const struct member_peer *peer = member_peer_find((struct member *)m, id);

	if (!peer || !incarnation || peer->last.incarnation != incarnation)
		return MEMBER_NEVER;
	return peer->last.at_ns + m->config.toc_margin_ns;
}
