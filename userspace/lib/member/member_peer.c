// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who hears whom: what the kernel tells of the peers, and what they report.
 */
#include "member_state.h"

/* A report that matters is said this often, an interval apart. */
#define REPEATS		4

/* Place in the configuration, or -1. */
int member_slot(const struct member *m, u16 id)
{
	u16 i;

	for (i = 0; i < m->config.node_count; i++)
		if (m->config.node[i] == id)
			return i;
	return -1;
}

struct member_peer *member_peer_find(struct member *m, u16 id)
{
	u16 i;

	for (i = 0; i < m->peer_count; i++)
		if (m->peer[i].id == id)
			return &m->peer[i];
	return NULL;
}

/*
 * Is this incarnation heard, and will its heartbeats be acknowledged? (To accept
 * a view is to acknowledge its members: a node in no view will, if need be.)
 */
bool member_hears(const struct member *m, u16 id, u64 incarnation)
{
	const struct member_peer *peer = member_peer_find((struct member *)m, id);

	if (!peer || !peer->heard || !incarnation || peer->incarnation != incarnation)
		return false;
	return !member_installed(m) || peer->acknowledged ||
	       core_view_holds(&m->installed, id, incarnation);
}

bool member_heard_holds(const struct member_heard *heard, u16 id, u64 incarnation)
{
	u16 i;

	core_assert(heard->count <= CORE_VIEW_MEMBERS_MAX);
	for (i = 0; i < heard->count; i++)
		if (heard->peer[i].id == id)
			return heard->peer[i].incarnation == incarnation;
	return false;
}

/* By its newest report; a node that has not reported yet is taken at its best. */
bool member_peer_says_hears(struct member *m, const struct core_member *who,
			    const struct core_member *whom)
{
	const struct member_peer *peer;

	if (who->id == m->config.node_id)
		return member_hears(m, whom->id, whom->incarnation);
	peer = member_peer_find(m, who->id);
	if (!peer || !peer->has_report || peer->report_incarnation != who->incarnation)
		return true;
	return member_heard_holds(&peer->report, whom->id, whom->incarnation);
}

void member_peer_report(struct member *m, u16 id, u64 incarnation,
			const struct member_heard *heard)
{
	struct member_peer *peer = member_peer_find(m, id);

	if (!peer)
		return;
	peer->has_report = true;
	peer->report_incarnation = incarnation;
	peer->report = *heard;
	m->links_changed = true;
}

static void heard_send(struct member *m)
{
	struct member_message *message = member_message_new(m, MEMBER_MESSAGE_HEARD);
	u16 i;

	member_heard_fill(m, &message->heard);
	for (i = 0; i < m->peer_count; i++)
		if (m->peer[i].heard && core_view_find(&m->installed, m->peer[i].id) >= 0)
			member_send(m, m->peer[i].id, message);
	m->heard_next_ns = m->now_ns + m->config.interval_ns;
}

/* The set of peers heard has changed: the other members shall know. */
void member_heard_changed(struct member *m)
{
	m->links_changed = true;
	if (!member_installed(m))
		return;
	m->heard_repeat = REPEATS;
	m->heard_next_ns = m->now_ns;
}

/*
 * Hear and acknowledge who wants to be a member: a joiner that is not one yet,
 * and anybody as long as this node is none itself.
 */
static void peer_acknowledge(struct member *m, struct member_peer *peer)
{
	struct member_action *action;

	if (!peer->heard || peer->acknowledged)
		return;
	if (m->kernel_accepted.epoch || core_view_find(&m->installed, peer->id) >= 0)
		return;
	if (member_installed(m) && peer->installed_epoch)
		return;
	action = member_act(m, MEMBER_ACTION_KERNEL_ACKNOWLEDGE);
	action->peer.id = peer->id;
	action->peer.incarnation = peer->incarnation;
	peer->acknowledged = true;
	member_heard_changed(m);
}

void member_peers_acknowledge(struct member *m)
{
	u16 i;

	for (i = 0; i < m->peer_count; i++)
		peer_acknowledge(m, &m->peer[i]);
}

static void peer_changed(struct member *m, struct member_peer *peer,
			 const struct member_event *event)
{
	if (peer->incarnation == event->peer.incarnation)
		return;
	if (core_view_holds(&m->installed, peer->id, peer->incarnation))
		member_report(m, MEMBER_REASON_PEER_RESTARTED, peer->id,
			      event->peer.incarnation, 0);
	peer->incarnation = event->peer.incarnation;
	peer->acknowledged = false;
	peer->join_at_ns = 0;
	member_heard_changed(m);
}

/* PEER_HEARD and PEER_FRONTIER: both tell all that the newest heartbeat says. */
void member_peer_heard(struct member *m, const struct member_event *event)
{
	struct member_peer *peer = member_peer_find(m, event->peer.id);

	if (!peer || !event->peer.incarnation)
		return;
	peer_changed(m, peer, event);
	peer->installed_epoch = event->peer.installed_epoch;
	peer->frontier = event->peer.frontier;
	peer->flags = event->peer.flags;
	if (event->type == MEMBER_EVENT_PEER_HEARD && !peer->heard) {
		peer->heard = true;
		member_heard_changed(m);
	}
	peer_acknowledge(m, peer);
}

void member_peer_silent(struct member *m, const struct member_event *event)
{
	struct member_peer *peer = member_peer_find(m, event->peer.id);

	if (!peer || !peer->heard)
		return;
	peer->heard = false;
	if (core_view_holds(&m->installed, peer->id, peer->incarnation))
		member_report(m, MEMBER_REASON_PEER_LOST, peer->id, 0, 0);
	member_heard_changed(m);
}

/* A peer whose installed view is newer than this node's, or NULL. */
static struct member_peer *peer_ahead(struct member *m)
{
	u64 epoch = m->installing.active ? m->installing.commit.view.epoch : m->installed.epoch;
	u16 i;

	if (!epoch)
		return NULL;
	for (i = 0; i < m->peer_count; i++)
		if (m->peer[i].heard && m->peer[i].installed_epoch > epoch)
			return &m->peer[i];
	return NULL;
}

void member_peer_tick(struct member *m)
{
	struct member_peer *ahead = peer_ahead(m);

	if (m->heard_repeat && m->now_ns >= m->heard_next_ns) {
		m->heard_repeat--;
		heard_send(m);
	}
	if (ahead && m->now_ns >= m->behind_next_ns) {
		m->behind_next_ns = m->now_ns + m->config.interval_ns;
		member_send(m, ahead->id, member_message_new(m, MEMBER_MESSAGE_WANT_COMMIT));
	}
}

u64 member_peer_deadline(const struct member *m)
{
	u64 at = MEMBER_NEVER;

	if (m->heard_repeat)
		at = m->heard_next_ns;
	if (peer_ahead((struct member *)m))
		at = member_earlier(at, m->behind_next_ns);
	return at;
}
