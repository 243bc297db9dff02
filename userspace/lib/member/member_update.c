// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Updates inside a view (Documentation/MEMBERSHIP, rule 10): the coordinator
 * orders them; one is committed once all members hold it.
 */
#include "member_state.h"

/* After a promise nothing of the old view is acknowledged or applied. */
static bool frozen(const struct member *m)
{
	return m->promised.counter || m->installing.active || m->left || m->dead;
}

bool member_is_coordinator(const struct member *m)
{
	return member_installed(m) && m->installed.coordinator == m->config.node_id;
}

/*
 * Not before what the view adopted is committed: a decision taken without
 * knowing it would be ordered behind it.
 */
bool member_may_update(const struct member *m)
{
	return member_is_coordinator(m) && !frozen(m) && m->store.loaded &&
	       m->store.committed >= m->installed.state;
}

static int update_refused(const struct member *m, const struct member_record *record)
{
	const struct member_store *s = &m->store;
	u64 under_way = s->held - s->committed;
	u16 i;

	if (record->length > MEMBER_VALUE_BYTES_MAX)
		return -EINVAL;
	if (!member_is_coordinator(m))
		return -EPERM;
	if (!member_may_update(m) || under_way >= MEMBER_WINDOW)
		return -EAGAIN;
	for (i = 0; i < s->count; i++)
		if (s->table[i].key == record->key)
			return 0;
	return s->count + under_way < MEMBER_RECORDS_MAX ? 0 : -ENOSPC;
}

static void window_add(struct member *m, const struct member_record *record)
{
	struct member_store *s = &m->store;

	core_assert(record->sequence == s->held + 1);
	core_assert(s->held - s->committed < MEMBER_WINDOW);
	s->held++;
	s->window[s->held % MEMBER_WINDOW] = *record;
}

void member_update_propose(struct member *m, const struct member_record *record)
{
	struct member_store *s = &m->store;
	struct member_message *message;
	struct member_record ordered = *record;
	int err = update_refused(m, record);

	if (err) {
		struct member_action *action = member_act(m, MEMBER_ACTION_UPDATE_FAILED);

		action->failed.key = record->key;
		action->failed.error = err;
		return;
	}
	ordered.sequence = s->held + 1;
	window_add(m, &ordered);
	s->acked[core_view_find(&m->installed, m->config.node_id)] = s->held;
	s->resend_ns = m->now_ns + m->config.interval_ns;
	message = member_message_new(m, MEMBER_MESSAGE_UPDATE);
	message->update.epoch = m->installed.epoch;
	message->update.committed = s->committed;
	message->update.record = ordered;
	member_send_view(m, &m->installed, message);
	member_update_check(m);
}

void member_held_send(struct member *m, u16 to)
{
	struct member_message *message = member_message_new(m, MEMBER_MESSAGE_HELD);

	message->held.epoch = m->installed.epoch;
	message->held.sequence = m->store.held;
	message->held.committed = m->store.committed;
	member_send(m, to, message);
	m->store.resend_ns = m->now_ns + m->config.interval_ns;
}

static struct member_message *committed_message(struct member *m)
{
	struct member_message *message = member_message_new(m, MEMBER_MESSAGE_COMMITTED);

	message->held.epoch = m->installed.epoch;
	message->held.sequence = m->store.held;
	message->held.committed = m->store.committed;
	return message;
}

/* At the coordinator: what do all members hold? */
void member_update_check(struct member *m)
{
	struct member_store *s = &m->store;
	u64 all = m->store.held;
	u16 i;

	if (frozen(m) || member_bits(s->known) != m->installed.count)
		return;
	for (i = 0; i < m->installed.count; i++)
		all = member_earlier(all, s->acked[i]);
	if (all <= s->committed)
		return;
	member_store_commit(m, all);
	if (m->installed.count > 1)
		member_send_view(m, &m->installed, committed_message(m));
}

/* Does this come from the coordinator of the installed view, about that view? */
static bool from_coordinator(const struct member *m, const struct member_message *message,
			     u64 epoch)
{
	return member_installed(m) && epoch == m->installed.epoch &&
	       message->from == m->installed.coordinator &&
	       core_view_holds(&m->installed, message->from, message->incarnation);
}

void member_on_update(struct member *m, const struct member_message *message)
{
	const struct member_record *record = &message->update.record;
	struct member_store *s = &m->store;

	if (!from_coordinator(m, message, message->update.epoch) || frozen(m))
		return;
	if (s->held < m->installed.state)
		return;
	member_store_commit(m, message->update.committed);
	if (record->sequence == s->held + 1 && s->held - s->committed < MEMBER_WINDOW)
		window_add(m, record);
	member_held_send(m, message->from);
}

void member_on_held(struct member *m, const struct member_message *message)
{
	struct member_store *s = &m->store;
	int at;

	if (!member_is_coordinator(m) || frozen(m) ||
	    message->held.epoch != m->installed.epoch ||
	    !core_view_holds(&m->installed, message->from, message->incarnation))
		return;
	at = core_view_find(&m->installed, message->from);
	s->known |= 1ULL << at;
	if (message->held.sequence > s->acked[at])
		s->acked[at] = message->held.sequence;
	member_update_check(m);
	if (message->held.committed < s->committed)
		member_send(m, message->from, committed_message(m));
}

void member_on_committed(struct member *m, const struct member_message *message)
{
	if (!from_coordinator(m, message, message->held.epoch) || frozen(m))
		return;
	member_store_commit(m, message->held.committed);
	member_held_send(m, message->from);
}

/* Coordinator: somebody has not said that it holds everything. */
static bool behind(const struct member *m, u16 at)
{
	return !(m->store.known >> at & 1) || m->store.acked[at] < m->store.held;
}

static bool repeat_needed(const struct member *m)
{
	u16 i;

	if (!member_installed(m) || frozen(m))
		return false;
	if (!member_is_coordinator(m))
		return m->store.committed < m->store.held ||
		       m->store.held < m->installed.state;
	for (i = 0; i < m->installed.count; i++)
		if (behind(m, i))
			return true;
	return false;
}

void member_update_tick(struct member *m)
{
	struct member_message *message = NULL;
	u16 i;

	if (!repeat_needed(m) || m->now_ns < m->store.resend_ns)
		return;
	m->store.resend_ns = m->now_ns + m->config.interval_ns;
	if (!member_is_coordinator(m)) {
		if (m->store.held < m->installed.state)
			member_want_records(m, m->installed.coordinator);
		else
			member_held_send(m, m->installed.coordinator);
		return;
	}
	for (i = 0; i < m->installed.count; i++) {
		u16 id = m->installed.member[i].id;

		if (!behind(m, i))
			continue;
		if (m->store.known >> i & 1) {
			member_records_send(m, id, m->store.acked[i]);
			continue;
		}
		if (!message)
			message = committed_message(m);
		member_send(m, id, message);
	}
}

u64 member_update_deadline(const struct member *m)
{
	return repeat_needed(m) ? m->store.resend_ns : MEMBER_NEVER;
}
