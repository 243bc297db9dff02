// SPDX-License-Identifier: GPL-2.0-or-later
#include <tocsin/net_member.h>

#include <tocsin/net_arena.h>

#include <tocsin/member_message.h>

#include "tocsin.pb-c.h"

/* @invalid: a count that does not fit its array: nothing may be read by it. */
struct writer {
	struct net_arena arena;
	bool invalid;
};

#define NEW(w, kind, name) \
	Tocsin__##kind *name = net_arena_get(&(w)->arena, sizeof(*name)); \
	if (!name) \
		return NULL

static bool count_fits(struct writer *w, size_t count, size_t max)
{
	if (count > max)
		w->invalid = true;
	return count <= max;
}

static Tocsin__Ballot *put_ballot(struct writer *w, const struct member_ballot *ballot)
{
	NEW(w, Ballot, out);
	tocsin__ballot__init(out);
	out->counter = ballot->counter;
	out->node = ballot->node;
	return out;
}

static Tocsin__Node *put_node(struct writer *w, const struct core_member *member)
{
	NEW(w, Node, out);
	tocsin__node__init(out);
	out->id = member->id;
	out->incarnation = member->incarnation;
	return out;
}

/* An array of pointers, each made by @put from one element of @from. */
#define PUT_ARRAY(w, count, max, pointers, put, from) do {			\
	size_t array_i;								\
	if (!count_fits(w, count, max))						\
		return NULL;							\
	(pointers) = net_arena_get(&(w)->arena, ((count) + 1) * sizeof(*(pointers))); \
	if (!(pointers))							\
		return NULL;							\
	for (array_i = 0; array_i < (count); array_i++)				\
		(pointers)[array_i] = put(w, &(from)[array_i]);			\
} while (0)

static Tocsin__View *put_view(struct writer *w, const struct core_view *view)
{
	NEW(w, View, out);
	tocsin__view__init(out);
	out->epoch = view->epoch;
	out->hash = view->hash;
	out->arbiter = view->arbiter;
	out->state = view->state;
	out->coordinator = view->coordinator;
	PUT_ARRAY(w, view->count, CORE_VIEW_MEMBERS_MAX, out->member, put_node, view->member);
	out->n_member = view->count;
	return out;
}

static Tocsin__Value *put_value(struct writer *w, const struct member_value *value)
{
	NEW(w, Value, out);
	tocsin__value__init(out);
	out->ballot = put_ballot(w, &value->ballot);
	out->formed = value->formed;
	out->view = put_view(w, &value->view);
	return out;
}

static Tocsin__Wait *put_wait(struct writer *w, const struct member_wait *wait)
{
	NEW(w, Wait, out);
	tocsin__wait__init(out);
	out->id = wait->id;
	out->incarnation = wait->incarnation;
	out->remaining_ns = wait->remaining_ns;
	out->clean = wait->clean;
	return out;
}

static Tocsin__Record *put_record(struct writer *w, const struct member_record *record)
{
	NEW(w, Record, out);
	tocsin__record__init(out);
	if (!count_fits(w, record->length, MEMBER_VALUE_BYTES_MAX))
		return NULL;
	out->sequence = record->sequence;
	out->key = record->key;
	out->value.len = record->length;
	out->value.data = (u8 *)record->value;
	return out;
}

static Tocsin__Heard *put_heard(struct writer *w, const struct member_heard *heard)
{
	NEW(w, Heard, out);
	tocsin__heard__init(out);
	PUT_ARRAY(w, heard->count, CORE_VIEW_MEMBERS_MAX, out->peer, put_node, heard->peer);
	out->n_peer = heard->count;
	return out;
}

static Tocsin__Commit *put_commit(struct writer *w, const struct member_commit *commit)
{
	NEW(w, Commit, out);
	tocsin__commit__init(out);
	out->ballot = put_ballot(w, &commit->ballot);
	out->view = put_view(w, &commit->view);
	PUT_ARRAY(w, commit->wait_count, MEMBER_WAITS_MAX, out->wait, put_wait, commit->wait);
	out->n_wait = commit->wait_count;
	return out;
}

static Tocsin__Prepare *put_prepare(struct writer *w, const struct member_message *message)
{
	NEW(w, Prepare, out);
	tocsin__prepare__init(out);
	out->ballot = put_ballot(w, &message->prepare.ballot);
	out->epoch = message->prepare.epoch;
	out->commit = put_commit(w, &message->prepare.commit);
	return out;
}

static Tocsin__Promise *put_promise(struct writer *w, const struct member_promise *promise)
{
	NEW(w, Promise, out);
	tocsin__promise__init(out);
	out->ballot = put_ballot(w, &promise->ballot);
	out->epoch = promise->epoch;
	out->state = promise->state;
	out->leaving = promise->leaving;
	PUT_ARRAY(w, promise->value_count, MEMBER_VALUES_MAX, out->value, put_value,
		  promise->value);
	out->n_value = promise->value_count;
	out->heard = put_heard(w, &promise->heard);
	return out;
}

static Tocsin__Refuse *put_refuse(struct writer *w, const struct member_message *message)
{
	NEW(w, Refuse, out);
	tocsin__refuse__init(out);
	out->ballot = put_ballot(w, &message->refuse.ballot);
	out->promised = put_ballot(w, &message->refuse.promised);
	out->epoch = message->refuse.epoch;
	return out;
}

static Tocsin__Accepted *put_accepted(struct writer *w, const struct member_accepted *accepted)
{
	size_t i;

	NEW(w, Accepted, out);
	tocsin__accepted__init(out);
	if (!count_fits(w, accepted->age_count, CORE_VIEW_MEMBERS_MAX))
		return NULL;
	out->ballot = put_ballot(w, &accepted->ballot);
	out->epoch = accepted->epoch;
	out->hash = accepted->hash;
	out->disarmed = accepted->disarmed;
	out->age = net_arena_get(&w->arena, CORE_VIEW_MEMBERS_MAX * sizeof(*out->age));
	if (!out->age)
		return NULL;
	for (i = 0; i < accepted->age_count; i++) {
		NEW(w, Age, age);
		tocsin__age__init(age);
		age->id = accepted->age[i].id;
		age->incarnation = accepted->age[i].incarnation;
		age->age_ns = accepted->age[i].age_ns;
		out->age[i] = age;
	}
	out->n_age = accepted->age_count;
	return out;
}

static Tocsin__Join *put_join(struct writer *w, const struct member_message *message)
{
	NEW(w, Join, out);
	tocsin__join__init(out);
	out->sync_epoch = message->join.sync_epoch;
	out->held = message->join.held;
	out->counter = message->join.counter;
	out->heard = put_heard(w, &message->join.heard);
	return out;
}

static Tocsin__Records *put_records(struct writer *w, const struct member_records *records)
{
	NEW(w, Records, out);
	tocsin__records__init(out);
	out->epoch = records->epoch;
	out->after = records->after;
	out->through = records->through;
	out->committed = records->committed;
	PUT_ARRAY(w, records->count, MEMBER_RECORDS_CHUNK, out->record, put_record,
		  records->record);
	out->n_record = records->count;
	return out;
}

static Tocsin__Update *put_update(struct writer *w, const struct member_message *message)
{
	NEW(w, Update, out);
	tocsin__update__init(out);
	out->epoch = message->update.epoch;
	out->committed = message->update.committed;
	out->record = put_record(w, &message->update.record);
	return out;
}

static Tocsin__Held *put_held(struct writer *w, const struct member_message *message)
{
	NEW(w, Held, out);
	tocsin__held__init(out);
	out->epoch = message->held.epoch;
	out->sequence = message->held.sequence;
	out->committed = message->held.committed;
	return out;
}

static Tocsin__FormPrepare *put_form_prepare(struct writer *w,
					     const struct member_message *message)
{
	NEW(w, FormPrepare, out);
	tocsin__form_prepare__init(out);
	out->ballot = put_ballot(w, &message->form_prepare.ballot);
	out->counter = message->form_prepare.counter;
	return out;
}

static Tocsin__FormPromise *put_form_promise(struct writer *w,
					     const struct member_form_promise *promise)
{
	NEW(w, FormPromise, out);
	tocsin__form_promise__init(out);
	out->ballot = put_ballot(w, &promise->ballot);
	out->held = promise->held;
	if (promise->committed.count)
		out->committed = put_view(w, &promise->committed);
	PUT_ARRAY(w, promise->value_count, MEMBER_VALUES_MAX, out->value, put_value,
		  promise->value);
	out->n_value = promise->value_count;
	out->heard = put_heard(w, &promise->heard);
	return out;
}

static Tocsin__ArbiterPrepare *put_arbiter_prepare(struct writer *w,
						   const struct member_message *message)
{
	NEW(w, ArbiterPrepare, out);
	tocsin__arbiter_prepare__init(out);
	out->ballot = put_ballot(w, &message->arbiter_prepare.ballot);
	out->epoch = message->arbiter_prepare.epoch;
	return out;
}

static Tocsin__ArbiterAnswer *put_arbiter_answer(struct writer *w,
						 const struct member_arbiter_answer *answer)
{
	NEW(w, ArbiterAnswer, out);
	tocsin__arbiter_answer__init(out);
	out->request = answer->request;
	out->granted = answer->granted;
	out->ballot = put_ballot(w, &answer->ballot);
	out->epoch = answer->epoch;
	out->identity = answer->identity;
	out->newest_epoch = answer->newest_epoch;
	out->promised = put_ballot(w, &answer->promised);
	if (answer->has_accepted)
		out->accepted = put_value(w, &answer->accepted);
	return out;
}

#define BODY(out, upper, lower, pointer) do {				\
	(out)->body_case = TOCSIN__MEMBER_MESSAGE__BODY_##upper;	\
	(out)->lower = (pointer);					\
} while (0)

/* 0, or -EINVAL for a type that this format has no place for. */
static int put_body(struct writer *w, const struct member_message *m, Tocsin__MemberMessage *out)
{
	switch (m->type) {
	case MEMBER_MESSAGE_HEARD:
		BODY(out, HEARD, heard, put_heard(w, &m->heard));
		return 0;
	case MEMBER_MESSAGE_PREPARE:
		BODY(out, PREPARE, prepare, put_prepare(w, m));
		return 0;
	case MEMBER_MESSAGE_PROMISE:
		BODY(out, PROMISE, promise, put_promise(w, &m->promise));
		return 0;
	case MEMBER_MESSAGE_REFUSE:
		BODY(out, REFUSE, refuse, put_refuse(w, m));
		return 0;
	case MEMBER_MESSAGE_ACCEPT:
	case MEMBER_MESSAGE_FORM_ACCEPT:
		BODY(out, ACCEPT, accept, put_value(w, &m->accept));
		return 0;
	case MEMBER_MESSAGE_ARBITER_ACCEPT:
		BODY(out, ACCEPT, accept, put_value(w, &m->arbiter_accept));
		return 0;
	case MEMBER_MESSAGE_ACCEPTED:
	case MEMBER_MESSAGE_FORM_ACCEPTED:
		BODY(out, ACCEPTED, accepted, put_accepted(w, &m->accepted));
		return 0;
	case MEMBER_MESSAGE_COMMIT:
		BODY(out, COMMIT, commit, put_commit(w, &m->commit));
		return 0;
	case MEMBER_MESSAGE_JOIN:
		BODY(out, JOIN, join, put_join(w, m));
		return 0;
	case MEMBER_MESSAGE_RECORDS:
		BODY(out, RECORDS, records, put_records(w, &m->records));
		return 0;
	case MEMBER_MESSAGE_UPDATE:
		BODY(out, UPDATE, update, put_update(w, m));
		return 0;
	case MEMBER_MESSAGE_WANT_RECORDS:
	case MEMBER_MESSAGE_HELD:
	case MEMBER_MESSAGE_COMMITTED:
		BODY(out, HELD, held, put_held(w, m));
		return 0;
	case MEMBER_MESSAGE_FORM_PREPARE:
		BODY(out, FORM_PREPARE, form_prepare, put_form_prepare(w, m));
		return 0;
	case MEMBER_MESSAGE_FORM_PROMISE:
		BODY(out, FORM_PROMISE, form_promise, put_form_promise(w, &m->form_promise));
		return 0;
	case MEMBER_MESSAGE_ARBITER_PREPARE:
		BODY(out, ARBITER_PREPARE, arbiter_prepare, put_arbiter_prepare(w, m));
		return 0;
	case MEMBER_MESSAGE_ARBITER_ANSWER:
		BODY(out, ARBITER_ANSWER, arbiter_answer,
		     put_arbiter_answer(w, &m->arbiter_answer));
		return 0;
	case MEMBER_MESSAGE_WANT_COMMIT:
	case MEMBER_MESSAGE_LEAVE:
	case MEMBER_MESSAGE_ARBITER_QUERY:
		return 0;
	default:
		return -EINVAL;
	}
}

ssize_t net_member_encode(const struct member_message *message, u8 *out, size_t size)
{
	Tocsin__MemberMessage top = TOCSIN__MEMBER_MESSAGE__INIT;
	struct writer w = { .invalid = false };
	ssize_t result;
	size_t length;

	if (net_arena_init(&w.arena))
		return -ENOMEM;
	top.cluster = message->cluster;
	top.incarnation = message->incarnation;
	top.epoch = message->epoch;
	top.from = message->from;
	top.type = message->type;
	result = put_body(&w, message, &top);
	if (w.invalid)
		result = -EINVAL;
	else if (!result && w.arena.full)
		result = -EMSGSIZE;
	if (!result) {
		length = tocsin__member_message__get_packed_size(&top);
		if (length > size)
			result = -EMSGSIZE;
		else
			result = (ssize_t)tocsin__member_message__pack(&top, out);
	}
	net_arena_free(&w.arena);
	return result;
}
