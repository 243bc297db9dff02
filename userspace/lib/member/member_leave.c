// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Leaving in order (Documentation/MEMBERSHIP, rule 11).
 */
#include "member_state.h"

#define FRESH_INTERVALS		4

void member_leave_start(struct member *m)
{
	if (m->leaving || m->left || m->dead)
		return;
	m->leaving = true;
	/* Its packages are halted: being late with its own exclusion is no reason to die. */
	if (m->armed)
		member_act(m, MEMBER_ACTION_KERNEL_LEAVE);
	m->leave_next_ns = m->now_ns;
	member_form_stop(m);
	m->form.wanted = false;
	member_report(m, MEMBER_REASON_LEAVING, 0, m->installed.epoch, 0);
}

void member_leave_done(struct member *m)
{
	core_assert(!m->armed);
	member_propose_stop(m);
	m->left = true;
	m->installed.count = 0;
	member_act(m, MEMBER_ACTION_LEFT)->asked = m->leaving;
}

void member_on_leave(struct member *m, const struct member_message *message)
{
	struct member_peer *peer = member_peer_find(m, message->from);

	if (!peer || !core_view_holds(&m->installed, message->from, message->incarnation))
		return;
	if (!peer->leave_at_ns || peer->leave_incarnation != message->incarnation)
		member_report(m, MEMBER_REASON_LEAVE_ASKED, peer->id, 0, 0);
	peer->leave_at_ns = m->now_ns;
	peer->leave_incarnation = message->incarnation;
}

/* Has this member asked to leave, lately? */
bool member_wants_out(const struct member *m, const struct core_member *member)
{
	const struct member_peer *peer = member_peer_find((struct member *)m, member->id);

	return peer && peer->leave_at_ns && peer->leave_incarnation == member->incarnation &&
	       m->now_ns <= peer->leave_at_ns + FRESH_INTERVALS * m->config.interval_ns;
}

/*
 * Whom to ask for a view without this node: the coordinator, or, when this node
 * is it, the lowest member that stays. 0: nobody stays; the last ones are led
 * out by the coordinator, which goes last.
 */
static u16 leave_target(struct member *m)
{
	const struct core_view *view = &m->installed;
	int at = core_view_find(view, view->coordinator);
	u16 i;

	core_assert(at >= 0);
	if (view->coordinator != m->config.node_id &&
	    member_hears(m, view->coordinator, view->member[at].incarnation))
		return view->coordinator;
	for (i = 0; i < view->count; i++) {
		const struct core_member *member = &view->member[i];

		if (member->id != m->config.node_id && !member_wants_out(m, member) &&
		    member_hears(m, member->id, member->incarnation))
			return member->id;
	}
	return 0;
}

/* The last member: no view can be without it, it just goes. */
static void leave_alone(struct member *m)
{
	if (m->call != MEMBER_KERNEL_NONE)
		return;
	member_propose_stop(m);
	m->call = MEMBER_KERNEL_DISARM_LEAVE;
	member_act(m, MEMBER_ACTION_KERNEL_DISARM)->force = true;
}

void member_leave_tick(struct member *m)
{
	u16 target;

	if (!m->leaving || m->left || m->dead || m->now_ns < m->leave_next_ns)
		return;
	m->leave_next_ns = m->now_ns + m->config.interval_ns;
	if (m->disarmed) {
		/* Out by its own acceptance; an acceptor for a while longer. */
		if (m->now_ns >= m->disarmed_at_ns + m->config.timeout_ns)
			member_leave_done(m);
		return;
	}
	if (m->installing.active)
		return;
	if (!member_installed(m)) {
		member_leave_done(m);
		return;
	}
	if (m->installed.count == 1) {
		leave_alone(m);
		return;
	}
	target = leave_target(m);
	if (target)
		member_send(m, target, member_message_new(m, MEMBER_MESSAGE_LEAVE));
}

u64 member_leave_deadline(const struct member *m)
{
	return m->leaving && !m->left ? m->leave_next_ns : MEMBER_NEVER;
}
