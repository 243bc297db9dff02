// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The replicated state of this node (Documentation/MEMBERSHIP, rule 10): a table
 * of what is committed and a window of updates that are held and not committed.
 */
#include "member_state.h"

void member_store_reset(struct member *m)
{
	struct member_store *s = &m->store;

	s->committed = 0;
	s->held = 0;
	s->line = 0;
	s->loaded = false;
	s->count = 0;
}

static struct member_record *record_slot(struct member_store *s, u32 key)
{
	u16 i;

	for (i = 0; i < s->count; i++)
		if (s->table[i].key == key)
			return &s->table[i];
	core_assert(s->count < MEMBER_RECORDS_MAX);
	return &s->table[s->count++];
}

/* A committed record into the table; with effect once the state is complete. */
void member_store_put(struct member *m, const struct member_record *record)
{
	struct member_record *slot = record_slot(&m->store, record->key);

	core_assert(record->length <= MEMBER_VALUE_BYTES_MAX);
	*slot = *record;
	if (m->store.loaded)
		member_act(m, MEMBER_ACTION_COMMITTED)->record = *record;
}

/* Everything up to @through is committed, as far as it is held. */
void member_store_commit(struct member *m, u64 through)
{
	struct member_store *s = &m->store;

	if (through > s->held)
		through = s->held;
	while (s->committed < through) {
		struct member_record *record = &s->window[(s->committed + 1) % MEMBER_WINDOW];

		core_assert(record->sequence == s->committed + 1);
		s->committed++;
		member_store_put(m, record);
	}
}

/* Updates of the former view that the new one does not know (rule 10). */
static void tail_drop(struct member *m, u64 state, bool own)
{
	struct member_store *s = &m->store;

	core_assert(s->committed <= state);
	while (s->held > state) {
		struct member_record *record = &s->window[s->held % MEMBER_WINDOW];

		if (own) {
			struct member_action *action;

			action = member_act(m, MEMBER_ACTION_UPDATE_FAILED);
			action->failed.key = record->key;
			action->failed.error = -ECANCELED;
		}
		s->held--;
	}
}

void member_store_installed(struct member *m, const struct core_view *former)
{
	const struct core_view *view = &m->installed;
	struct member_store *s = &m->store;
	int me = core_view_find(view, m->config.node_id);

	/* What a joiner copied must be of the line that the view goes on with;
	 * a formation starts from nothing. */
	if (!former->count && (s->line + 1 != view->epoch || !view->state))
		member_store_reset(m);
	tail_drop(m, view->state, former->count && former->coordinator == m->config.node_id);
	s->line = view->epoch;
	memset(s->acked, 0, sizeof(s->acked));
	core_assert(me >= 0);
	s->known = 1ULL << me;
	s->acked[me] = s->held;
	s->resend_ns = m->now_ns + m->config.interval_ns;
	member_store_complete(m);
	if (view->coordinator != m->config.node_id)
		member_held_send(m, view->coordinator);
	else
		member_update_check(m);
}

/* A joiner's state has effect once it is as the view says (rule 10). */
void member_store_complete(struct member *m)
{
	struct member_store *s = &m->store;

	if (s->loaded || !member_installed(m) || s->held < m->installed.state)
		return;
	s->loaded = true;
	member_act(m, MEMBER_ACTION_STATE_LOADED)->number = s->committed;
}

const struct member_record *member_record_at(const struct member *m, unsigned int index)
{
	return index < m->store.count ? &m->store.table[index] : NULL;
}

const struct member_record *member_record_find(const struct member *m, u32 key)
{
	u16 i;

	for (i = 0; i < m->store.count; i++)
		if (m->store.table[i].key == key)
			return m->store.table[i].length ? &m->store.table[i] : NULL;
	return NULL;
}

u64 member_state_committed(const struct member *m)
{
	return m->store.committed;
}
