// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Joining a running cluster: the asking side and the coordinator's side.
 */
#include "member_state.h"

/* A request is fresh for so many intervals; they come every interval. */
#define FRESH_INTERVALS		3
/* A joiner that is ready waits this long for others that are on their way. */
#define COMPANY_INTERVALS	3

/* Does any peer heard say that it has a view installed? */
bool member_cluster_heard(const struct member *m)
{
	u16 i;

	for (i = 0; i < m->peer_count; i++)
		if (m->peer[i].heard && m->peer[i].installed_epoch)
			return true;
	return false;
}

/*
 * Has this incarnation taken part in a formation? Then it may be in a view that
 * others count as history, and wait for it to be silent; and its kernel may have
 * accepted a view that is not the cluster's. Either the cluster's view holds it,
 * or it needs a new incarnation: it asks for the COMMIT instead of joining.
 */
bool member_formed_before(const struct member *m)
{
	return m->form.synced.counter || m->kernel_accepted.epoch;
}

static void join_send(struct member *m)
{
	bool ask = member_formed_before(m);
	struct member_message *message;
	u16 i;

	message = member_message_new(m, ask ? MEMBER_MESSAGE_WANT_COMMIT : MEMBER_MESSAGE_JOIN);
	if (!ask) {
		message->join.sync_epoch = m->store.line;
		message->join.held = m->store.held;
		message->join.counter = m->counter;
		member_heard_fill(m, &message->join.heard);
	}
	for (i = 0; i < m->peer_count; i++) {
		struct member_peer *peer = &m->peer[i];

		if (!peer->heard || !peer->installed_epoch)
			continue;
		if (!m->joining_told)
			member_report(m, MEMBER_REASON_JOINING, peer->id,
				      peer->installed_epoch, 0);
		m->joining_told = true;
		member_send(m, peer->id, message);
	}
	m->join_next_ns = m->now_ns + m->config.interval_ns;
}

void member_join_tick(struct member *m)
{
	if (member_installed(m) || m->installing.active || m->leaving)
		return;
	if (!member_cluster_heard(m) || m->now_ns < m->join_next_ns)
		return;
	member_form_stop(m);
	join_send(m);
}

u64 member_join_deadline(const struct member *m)
{
	u64 at;

	if (!m->started || m->installing.active || m->leaving)
		return MEMBER_NEVER;
	if (!member_installed(m))
		return member_cluster_heard(m) ? m->join_next_ns : MEMBER_NEVER;
	at = m->join_since_ns + COMPANY_INTERVALS * m->config.interval_ns;
	return m->join_since_ns && at > m->now_ns ? at : MEMBER_NEVER;
}

/* Is it asking, now, and nobody else than this incarnation? */
static bool joiner_fresh(const struct member *m, const struct member_peer *peer)
{
	return peer->join_at_ns &&
	       m->now_ns <= peer->join_at_ns + FRESH_INTERVALS * m->config.interval_ns &&
	       core_view_find(&m->installed, peer->id) < 0 &&
	       member_hears(m, peer->id, peer->join_incarnation);
}

static bool joiner_holds(const struct member *m, const struct member_peer *peer, u64 state)
{
	return !state || (peer->join_epoch == m->installed.epoch && peer->join_held >= state);
}

/* Heard by all members of @view and hears them all, holds the state. */
bool member_joiner_fits(struct member *m, const struct member_peer *peer,
			const struct core_view *view, u64 state)
{
	struct core_member joiner = { .id = peer->id, .incarnation = peer->join_incarnation };
	u16 i;

	if (!joiner_fresh(m, peer) || !joiner_holds(m, peer, state))
		return false;
	for (i = 0; i < view->count; i++) {
		const struct core_member *member = &view->member[i];

		if (!member_peer_says_hears(m, member, &joiner))
			return false;
		if (member->id != m->config.node_id &&
		    !member_heard_holds(&peer->report, member->id, member->incarnation))
			return false;
	}
	return member_heard_holds(&peer->report, m->config.node_id, m->config.incarnation);
}

/* Ready to start a view change for: only the newest records may be missing. */
bool member_joiner_ready(struct member *m, const struct member_peer *peer)
{
	return member_joiner_fits(m, peer, &m->installed, m->store.committed);
}

/* Shall the coordinator propose a view because of joiners? */
bool member_join_due(struct member *m)
{
	bool ready = false, waiting = false;
	u16 i;

	for (i = 0; i < m->peer_count; i++) {
		if (member_joiner_ready(m, &m->peer[i]))
			ready = true;
		else if (joiner_fresh(m, &m->peer[i]))
			waiting = true;
	}
	if (!ready || m->installed.count == CORE_VIEW_MEMBERS_MAX ||
	    m->excluded_count + m->installed.count + 1 >= MEMBER_WAITS_MAX) {
		m->join_since_ns = 0;
		return false;
	}
	if (!m->join_since_ns)
		m->join_since_ns = m->now_ns;
	return !waiting ||
	       m->now_ns >= m->join_since_ns + COMPANY_INTERVALS * m->config.interval_ns;
}

void member_on_join(struct member *m, const struct member_message *message)
{
	struct member_peer *peer = member_peer_find(m, message->from);
	u64 held = 0;

	if (!peer || !member_installed(m) || m->left)
		return;
	if (core_view_holds(&m->installed, message->from, message->incarnation)) {
		member_commit_send(m, message->from);
		return;
	}
	if (message->join.counter > m->counter)
		m->counter = message->join.counter;
	peer->join_at_ns = m->now_ns;
	peer->join_incarnation = message->incarnation;
	peer->join_epoch = message->join.sync_epoch;
	peer->join_held = message->join.held;
	member_peer_report(m, message->from, message->incarnation, &message->join.heard);
	/* It can come in only when all say that they hear it; what was said once
	 * may be lost. */
	if (!m->heard_repeat)
		m->heard_repeat = 1;
	if (m->installed.coordinator != m->config.node_id &&
	    m->proposal.phase == MEMBER_PROPOSAL_IDLE)
		return;
	if (peer->join_epoch == m->installed.epoch)
		held = peer->join_held;
	if (held < m->store.held)
		member_records_send(m, message->from, held);
	else if (m->proposal.phase == MEMBER_PROPOSAL_PREPARE)
		member_propose_decide(m);
}
