/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random well-formed parts of membership messages. */
#ifndef TOCSIN_NET_MEMBER_SAMPLE_H
#define TOCSIN_NET_MEMBER_SAMPLE_H

#include <tocsin/member_message.h>

static u64 sample_seed = 1;

static inline u64 sample_u64(void)
{
	/* splitmix64 */
	u64 z = sample_seed += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static inline u16 sample_upto(u16 max)
{
	return (u16)(sample_u64() % (max + 1u));
}

static inline struct member_ballot sample_ballot(void)
{
	return (struct member_ballot){ .counter = sample_u64() >> sample_upto(60),
				       .node = sample_upto(CORE_NODE_ID_MAX) };
}

static inline u16 sample_nodes(struct core_member *member, u16 min)
{
	u16 count = min + sample_upto(CORE_VIEW_MEMBERS_MAX - min), id = 0, i;

	for (i = 0; i < count; i++) {
		id += 1 + sample_upto(3);
		member[i].id = id;
		member[i].incarnation = sample_u64() | 1;
	}
	return count;
}

static inline void sample_view(struct core_view *view)
{
	view->epoch = 1 + (sample_u64() >> 1 >> sample_upto(60));
	view->arbiter = sample_upto(1) ? sample_u64() : 0;
	view->state = sample_u64() >> sample_upto(60);
	view->count = sample_nodes(view->member, 1);
	view->coordinator = view->member[sample_upto(view->count - 1)].id;
	view->hash = core_view_hash(view);
}

static inline void sample_value(struct member_value *value)
{
	value->ballot = sample_ballot();
	value->formed = sample_upto(1);
	sample_view(&value->view);
}

static inline u16 sample_values(struct member_value *value)
{
	u16 count = sample_upto(MEMBER_VALUES_MAX), i;

	for (i = 0; i < count; i++)
		sample_value(&value[i]);
	return count;
}

static inline void sample_commit(struct member_commit *commit)
{
	u16 i;

	commit->ballot = sample_ballot();
	sample_view(&commit->view);
	commit->wait_count = sample_upto(MEMBER_WAITS_MAX);
	for (i = 0; i < commit->wait_count; i++) {
		commit->wait[i].incarnation = sample_u64();
		commit->wait[i].remaining_ns = sample_u64() >> 30;
		commit->wait[i].id = 1 + sample_upto(CORE_NODE_ID_MAX - 1);
		commit->wait[i].clean = sample_upto(1);
	}
}

static inline void sample_record(struct member_record *record)
{
	u16 i;

	record->sequence = sample_u64();
	record->key = (u32)sample_u64();
	record->length = sample_upto(MEMBER_VALUE_BYTES_MAX);
	for (i = 0; i < record->length; i++)
		record->value[i] = (u8)sample_u64();
}

static inline void sample_accepted(struct member_accepted *accepted)
{
	u16 i;

	accepted->ballot = sample_ballot();
	accepted->epoch = sample_u64();
	accepted->hash = sample_u64();
	accepted->disarmed = sample_upto(1);
	accepted->age_count = sample_upto(CORE_VIEW_MEMBERS_MAX);
	for (i = 0; i < accepted->age_count; i++) {
		accepted->age[i].id = 1 + sample_upto(CORE_NODE_ID_MAX - 1);
		accepted->age[i].incarnation = sample_u64();
		accepted->age[i].age_ns = sample_u64();
	}
}

static inline void sample_records(struct member_records *records)
{
	u16 i;

	records->epoch = sample_u64();
	records->after = sample_u64();
	records->through = sample_u64();
	records->committed = sample_u64();
	records->count = sample_upto(MEMBER_RECORDS_CHUNK);
	for (i = 0; i < records->count; i++)
		sample_record(&records->record[i]);
}

static inline void sample_arbiter_answer(struct member_arbiter_answer *answer)
{
	answer->request = sample_upto(MEMBER_MESSAGE_TYPES - 1);
	answer->granted = sample_upto(1);
	answer->has_accepted = sample_upto(1);
	answer->ballot = sample_ballot();
	answer->epoch = sample_u64();
	answer->identity = sample_u64();
	answer->newest_epoch = sample_u64();
	answer->promised = sample_ballot();
	if (answer->has_accepted)
		sample_value(&answer->accepted);
}

static inline void sample_form_promise(struct member_form_promise *promise)
{
	promise->ballot = sample_ballot();
	promise->held = sample_upto(1);
	if (sample_upto(1))
		sample_view(&promise->committed);
	promise->value_count = sample_values(promise->value);
	promise->heard.count = sample_nodes(promise->heard.peer, 0);
}

static inline void sample_promise(struct member_promise *promise)
{
	promise->ballot = sample_ballot();
	promise->epoch = sample_u64();
	promise->state = sample_u64();
	promise->leaving = sample_upto(1);
	promise->value_count = sample_values(promise->value);
	promise->heard.count = sample_nodes(promise->heard.peer, 0);
}

#endif
