// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Actions and messages: into the bounded lists of one step.
 */
#include "member_state.h"

/* The rest of the list is kept for what nobody repeats. */
#define SENDS_PER_STEP	(MEMBER_ACTIONS_PER_STEP - 320)

struct member_action *member_act(struct member *m, enum member_action_type type)
{
	struct member_actions *out = m->out;
	bool send = type == MEMBER_ACTION_SEND || type == MEMBER_ACTION_SEND_ARBITER;
	struct member_action *action = &m->spare;

	core_assert(out);
	if (send && m->send_count >= SENDS_PER_STEP) {
		out->lost++;
	} else if (out->count < MEMBER_ACTIONS_PER_STEP) {
		action = &out->action[out->count++];
		m->send_count += send;
	} else {
		core_assert(type == MEMBER_ACTION_REPORT);
		out->lost++;
	}
	memset(action, 0, sizeof(*action));
	action->type = type;
	return action;
}

/* With its header filled in. Never NULL: a message that does not fit is lost,
 * as the network may lose any. */
struct member_message *member_message_new(struct member *m, enum member_message_type type)
{
	struct member_message *message = &m->spare_message;

	if (m->out->message_count < MEMBER_MESSAGES_PER_STEP)
		message = &m->out->message[m->out->message_count++];
	memset(message, 0, sizeof(*message));
	message->cluster = m->config.cluster;
	message->from = m->config.node_id;
	message->incarnation = m->config.incarnation;
	message->epoch = m->installed.epoch;
	message->type = type;
	return message;
}

void member_send(struct member *m, u16 to, const struct member_message *message)
{
	struct member_action *action;

	core_assert(to && to <= CORE_NODE_ID_MAX);
	if (message == &m->spare_message) {
		m->out->lost++;
		return;
	}
	if (to == m->config.node_id) {
		core_assert(m->loop_count < MEMBER_MESSAGES_PER_STEP);
		m->loop[m->loop_count++] = (u16)(message - m->out->message);
		return;
	}
	action = member_act(m, MEMBER_ACTION_SEND);
	action->send.message = message;
	action->send.to = to;
}

void member_send_arbiter(struct member *m, const struct member_message *message)
{
	struct member_action *action;

	if (message == &m->spare_message) {
		m->out->lost++;
		return;
	}
	action = member_act(m, MEMBER_ACTION_SEND_ARBITER);
	action->send.message = message;
}

/* To every other member of a view. */
void member_send_view(struct member *m, const struct core_view *view,
		      const struct member_message *message)
{
	u16 i;

	core_assert(view->count <= CORE_VIEW_MEMBERS_MAX);
	for (i = 0; i < view->count; i++)
		if (view->member[i].id != m->config.node_id)
			member_send(m, view->member[i].id, message);
}

void member_report(struct member *m, enum member_reason reason, u16 node, u64 a, u64 b)
{
	struct member_action *action = member_act(m, MEMBER_ACTION_REPORT);

	core_assert(reason < MEMBER_REASON_COUNT);
	action->report.reason = reason;
	action->report.node = node;
	action->report.a = a;
	action->report.b = b;
}

void member_toc(struct member *m, enum member_reason reason, u16 node, u64 a)
{
	member_report(m, reason, node, a, 0);
	member_act(m, MEMBER_ACTION_TOC)->reason = reason;
	m->dead = true;
}

/* xorshift64*: repeatable, and good enough to keep duelling proposers apart. */
u64 member_random(struct member *m, u64 below)
{
	core_assert(m->random && below);
	m->random ^= m->random >> 12;
	m->random ^= m->random << 25;
	m->random ^= m->random >> 27;
	return (m->random * 0x2545f4914f6cdd1dULL >> 16) % below;
}

void member_counter_seen(struct member *m, const struct member_ballot *ballot)
{
	if (ballot->counter > m->counter)
		m->counter = ballot->counter;
}

/* Whom this node hears and acknowledges. */
void member_heard_fill(struct member *m, struct member_heard *heard)
{
	u16 i;

	heard->count = 0;
	for (i = 0; i < m->peer_count; i++) {
		const struct member_peer *peer = &m->peer[i];

		if (!member_hears(m, peer->id, peer->incarnation))
			continue;
		heard->peer[heard->count].id = peer->id;
		heard->peer[heard->count].incarnation = peer->incarnation;
		heard->count++;
	}
}
