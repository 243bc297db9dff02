// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bringing somebody's copy of the state up to date: the records with a sequence
 * above what it holds (Documentation/MEMBERSHIP, rule 10).
 */
#include "member_state.h"

/* The committed record that follows @after, or NULL. */
static const struct member_record *record_after(const struct member_store *s, u64 after)
{
	const struct member_record *next = NULL;
	u16 i;

	for (i = 0; i < s->count; i++)
		if (s->table[i].sequence > after &&
		    (!next || s->table[i].sequence < next->sequence))
			next = &s->table[i];
	return next;
}

static void records_fill(const struct member_store *s, struct member_records *records)
{
	const struct member_record *next;
	u64 at = records->after;

	records->committed = s->committed;
	records->through = records->after;
	while (at < s->committed && records->count < MEMBER_RECORDS_CHUNK) {
		next = record_after(s, at);
		if (!next) {
			at = s->committed;
			break;
		}
		at = next->sequence;
		records->record[records->count++] = *next;
	}
	while (at >= s->committed && at < s->held && records->count < MEMBER_RECORDS_CHUNK) {
		at++;
		records->record[records->count++] = s->window[at % MEMBER_WINDOW];
	}
	records->through = at;
}

void member_records_send(struct member *m, u16 to, u64 after)
{
	struct member_message *message = member_message_new(m, MEMBER_MESSAGE_RECORDS);

	message->records.epoch = m->installed.epoch;
	message->records.after = after;
	records_fill(&m->store, &message->records);
	member_send(m, to, message);
}

void member_want_records(struct member *m, u16 from)
{
	struct member_message *message = member_message_new(m, MEMBER_MESSAGE_WANT_RECORDS);

	message->held.epoch = m->installed.epoch;
	message->held.sequence = m->store.held;
	message->held.committed = m->store.committed;
	member_send(m, from, message);
}

void member_on_want_records(struct member *m, const struct member_message *message)
{
	if (!member_installed(m) || message->held.epoch != m->installed.epoch ||
	    !core_view_holds(&m->installed, message->from, message->incarnation))
		return;
	if (message->held.sequence < m->store.held)
		member_records_send(m, message->from, message->held.sequence);
}

/*
 * From whom may records come? Inside a view, from its coordinator; after a
 * promise, only from the proposer that was promised; for a proposer that
 * fetches, from whoever it asked.
 */
static bool source_ok(struct member *m, const struct member_message *message)
{
	const struct member_records *records = &message->records;

	if (!member_installed(m))
		return !m->installing.active && member_peer_find(m, message->from) != NULL;
	if (records->epoch != m->installed.epoch ||
	    !core_view_holds(&m->installed, message->from, message->incarnation))
		return false;
	if (!m->promised.counter)
		return message->from == m->installed.coordinator;
	return message->from == m->promised.node ||
	       m->proposal.phase == MEMBER_PROPOSAL_FETCH;
}

/* A joiner's copy belongs to one line; another line starts from nothing. */
static bool line_ok(struct member *m, const struct member_records *records)
{
	if (member_installed(m) || m->store.line == records->epoch)
		return true;
	if (records->after)
		return false;
	member_store_reset(m);
	m->store.line = records->epoch;
	return true;
}

static void records_apply(struct member *m, const struct member_records *records)
{
	struct member_store *s = &m->store;
	u64 sure = member_earlier(records->committed, records->through);
	u16 i;

	member_store_commit(m, sure);
	for (i = 0; i < records->count; i++) {
		const struct member_record *record = &records->record[i];

		if (record->sequence <= s->held)
			continue;
		if (record->sequence <= sure) {
			/* All below is committed as well, and in the table. */
			core_assert(s->committed == s->held);
			s->held = record->sequence;
			s->committed = s->held;
			member_store_put(m, record);
			continue;
		}
		if (s->committed < sure) {
			s->held = sure;
			s->committed = sure;
		}
		if (record->sequence != s->held + 1 || s->held - s->committed >= MEMBER_WINDOW)
			return;
		s->held++;
		s->window[s->held % MEMBER_WINDOW] = *record;
	}
	if (s->held < records->through) {
		s->held = records->through;
		s->committed = s->held;
	}
}

void member_on_records(struct member *m, const struct member_message *message)
{
	const struct member_records *records = &message->records;
	struct member_store *s = &m->store;

	if (!source_ok(m, message) || !line_ok(m, records) || records->after > s->held)
		return;
	if (records->through > s->held)
		records_apply(m, records);
	if (!member_installed(m)) {
		m->join_next_ns = m->now_ns;
		return;
	}
	member_store_complete(m);
	if (!m->promised.counter)
		member_held_send(m, message->from);
	else if (m->proposal.phase == MEMBER_PROPOSAL_FETCH)
		member_propose_decide(m);
}
