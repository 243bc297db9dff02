// SPDX-License-Identifier: GPL-2.0-or-later
#include <tocsin/net_member.h>

#include <tocsin/net_arena.h>

#include <tocsin/member_message.h>

#include "tocsin.pb-c.h"

/*
 * Each get_*() takes a part that may be missing (NULL) and returns whether it is
 * there and in order.  Sizes and ranges are settled here, once, so that nothing
 * behind this file has to ask again.
 */

static bool get_id(u32 id, u32 min, u16 *out)
{
	*out = (u16)id;
	return id >= min && id <= CORE_NODE_ID_MAX;
}

static bool get_ballot(const Tocsin__Ballot *in, struct member_ballot *out)
{
	if (!in)
		return false;
	out->counter = in->counter;
	return get_id(in->node, 0, &out->node);
}

static bool get_nodes(size_t count, Tocsin__Node **in, struct core_member *out, u16 *out_count)
{
	size_t i;

	if (count > CORE_VIEW_MEMBERS_MAX)
		return false;
	for (i = 0; i < count; i++) {
		out[i].incarnation = in[i]->incarnation;
		if (!get_id(in[i]->id, 1, &out[i].id) || !in[i]->incarnation)
			return false;
		if (i && out[i].id <= out[i - 1].id)
			return false;
	}
	*out_count = (u16)count;
	return true;
}

static bool get_view(const Tocsin__View *in, struct core_view *out)
{
	if (!in)
		return false;
	out->epoch = in->epoch;
	out->hash = in->hash;
	out->arbiter = in->arbiter;
	out->state = in->state;
	return get_id(in->coordinator, 1, &out->coordinator) &&
	       get_nodes(in->n_member, in->member, out->member, &out->count) &&
	       core_view_check(out) == 0;
}

static bool get_value(const Tocsin__Value *in, struct member_value *out)
{
	if (!in)
		return false;
	out->formed = in->formed;
	return get_ballot(in->ballot, &out->ballot) && get_view(in->view, &out->view);
}

static bool get_values(size_t count, Tocsin__Value **in, struct member_value *out,
		       u16 *out_count)
{
	size_t i;

	if (count > MEMBER_VALUES_MAX)
		return false;
	for (i = 0; i < count; i++)
		if (!get_value(in[i], &out[i]))
			return false;
	*out_count = (u16)count;
	return true;
}

static bool get_heard(const Tocsin__Heard *in, struct member_heard *out)
{
	return in && get_nodes(in->n_peer, in->peer, out->peer, &out->count);
}

static bool get_record(const Tocsin__Record *in, struct member_record *out)
{
	if (!in || in->value.len > MEMBER_VALUE_BYTES_MAX)
		return false;
	out->sequence = in->sequence;
	out->key = in->key;
	out->length = (u16)in->value.len;
	if (in->value.len)
		memcpy(out->value, in->value.data, in->value.len);
	return true;
}

static bool get_commit(const Tocsin__Commit *in, struct member_commit *out)
{
	size_t i;

	if (!in || in->n_wait > MEMBER_WAITS_MAX)
		return false;
	for (i = 0; i < in->n_wait; i++) {
		out->wait[i].incarnation = in->wait[i]->incarnation;
		out->wait[i].remaining_ns = in->wait[i]->remaining_ns;
		out->wait[i].clean = in->wait[i]->clean;
		if (!get_id(in->wait[i]->id, 1, &out->wait[i].id))
			return false;
	}
	out->wait_count = (u16)in->n_wait;
	return get_ballot(in->ballot, &out->ballot) && get_view(in->view, &out->view);
}

static bool get_promise(const Tocsin__Promise *in, struct member_promise *out)
{
	out->epoch = in->epoch;
	out->state = in->state;
	out->leaving = in->leaving;
	return get_ballot(in->ballot, &out->ballot) &&
	       get_values(in->n_value, in->value, out->value, &out->value_count) &&
	       get_heard(in->heard, &out->heard);
}

static bool get_accepted(const Tocsin__Accepted *in, struct member_accepted *out)
{
	size_t i;

	if (in->n_age > CORE_VIEW_MEMBERS_MAX)
		return false;
	for (i = 0; i < in->n_age; i++) {
		out->age[i].incarnation = in->age[i]->incarnation;
		out->age[i].age_ns = in->age[i]->age_ns;
		if (!get_id(in->age[i]->id, 1, &out->age[i].id))
			return false;
	}
	out->age_count = (u16)in->n_age;
	out->epoch = in->epoch;
	out->hash = in->hash;
	out->disarmed = in->disarmed;
	return get_ballot(in->ballot, &out->ballot);
}

static bool get_records(const Tocsin__Records *in, struct member_records *out)
{
	size_t i;

	if (in->n_record > MEMBER_RECORDS_CHUNK)
		return false;
	for (i = 0; i < in->n_record; i++)
		if (!get_record(in->record[i], &out->record[i]))
			return false;
	out->count = (u16)in->n_record;
	out->epoch = in->epoch;
	out->after = in->after;
	out->through = in->through;
	out->committed = in->committed;
	return true;
}

static bool get_form_promise(const Tocsin__FormPromise *in, struct member_form_promise *out)
{
	out->held = in->held;
	return get_ballot(in->ballot, &out->ballot) &&
	       (!in->committed || get_view(in->committed, &out->committed)) &&
	       get_values(in->n_value, in->value, out->value, &out->value_count) &&
	       get_heard(in->heard, &out->heard);
}

static bool get_arbiter_answer(const Tocsin__ArbiterAnswer *in,
			       struct member_arbiter_answer *out)
{
	if (in->request >= MEMBER_MESSAGE_TYPES)
		return false;
	out->request = (u16)in->request;
	out->granted = in->granted;
	out->epoch = in->epoch;
	out->identity = in->identity;
	out->newest_epoch = in->newest_epoch;
	out->has_accepted = in->accepted != NULL;
	return get_ballot(in->ballot, &out->ballot) &&
	       get_ballot(in->promised, &out->promised) &&
	       (!in->accepted || get_value(in->accepted, &out->accepted));
}

static bool get_small_body(const Tocsin__MemberMessage *in, struct member_message *out)
{
	switch (in->body_case) {
	case TOCSIN__MEMBER_MESSAGE__BODY_PREPARE:
		out->prepare.epoch = in->prepare->epoch;
		return get_ballot(in->prepare->ballot, &out->prepare.ballot) &&
		       get_commit(in->prepare->commit, &out->prepare.commit);
	case TOCSIN__MEMBER_MESSAGE__BODY_REFUSE:
		out->refuse.epoch = in->refuse->epoch;
		return get_ballot(in->refuse->ballot, &out->refuse.ballot) &&
		       get_ballot(in->refuse->promised, &out->refuse.promised);
	case TOCSIN__MEMBER_MESSAGE__BODY_JOIN:
		out->join.sync_epoch = in->join->sync_epoch;
		out->join.held = in->join->held;
		out->join.counter = in->join->counter;
		return get_heard(in->join->heard, &out->join.heard);
	case TOCSIN__MEMBER_MESSAGE__BODY_UPDATE:
		out->update.epoch = in->update->epoch;
		out->update.committed = in->update->committed;
		return get_record(in->update->record, &out->update.record);
	case TOCSIN__MEMBER_MESSAGE__BODY_HELD:
		out->held.epoch = in->held->epoch;
		out->held.sequence = in->held->sequence;
		out->held.committed = in->held->committed;
		return true;
	case TOCSIN__MEMBER_MESSAGE__BODY_FORM_PREPARE:
		out->form_prepare.counter = in->form_prepare->counter;
		return get_ballot(in->form_prepare->ballot, &out->form_prepare.ballot);
	case TOCSIN__MEMBER_MESSAGE__BODY_ARBITER_PREPARE:
		out->arbiter_prepare.epoch = in->arbiter_prepare->epoch;
		return get_ballot(in->arbiter_prepare->ballot, &out->arbiter_prepare.ballot);
	default:
		return false;
	}
}

/* The body is there, of the kind that the type asks for (see body_of()). */
static bool get_body(const Tocsin__MemberMessage *in, struct member_message *out)
{
	switch (in->body_case) {
	case TOCSIN__MEMBER_MESSAGE__BODY__NOT_SET:
		return true;
	case TOCSIN__MEMBER_MESSAGE__BODY_HEARD:
		return get_heard(in->heard, &out->heard);
	case TOCSIN__MEMBER_MESSAGE__BODY_PROMISE:
		return get_promise(in->promise, &out->promise);
	case TOCSIN__MEMBER_MESSAGE__BODY_ACCEPT:
		return get_value(in->accept, in->type == MEMBER_MESSAGE_ARBITER_ACCEPT ?
				 &out->arbiter_accept : &out->accept);
	case TOCSIN__MEMBER_MESSAGE__BODY_ACCEPTED:
		return get_accepted(in->accepted, &out->accepted);
	case TOCSIN__MEMBER_MESSAGE__BODY_COMMIT:
		return get_commit(in->commit, &out->commit);
	case TOCSIN__MEMBER_MESSAGE__BODY_RECORDS:
		return get_records(in->records, &out->records);
	case TOCSIN__MEMBER_MESSAGE__BODY_FORM_PROMISE:
		return get_form_promise(in->form_promise, &out->form_promise);
	case TOCSIN__MEMBER_MESSAGE__BODY_ARBITER_ANSWER:
		return get_arbiter_answer(in->arbiter_answer, &out->arbiter_answer);
	default:
		return get_small_body(in, out);
	}
}

#define NO_SUCH_TYPE	UINT32_MAX

static u32 body_of(u32 type)
{
	static const u32 body[MEMBER_MESSAGE_TYPES] = {
		[MEMBER_MESSAGE_HEARD] = TOCSIN__MEMBER_MESSAGE__BODY_HEARD,
		[MEMBER_MESSAGE_PREPARE] = TOCSIN__MEMBER_MESSAGE__BODY_PREPARE,
		[MEMBER_MESSAGE_PROMISE] = TOCSIN__MEMBER_MESSAGE__BODY_PROMISE,
		[MEMBER_MESSAGE_REFUSE] = TOCSIN__MEMBER_MESSAGE__BODY_REFUSE,
		[MEMBER_MESSAGE_ACCEPT] = TOCSIN__MEMBER_MESSAGE__BODY_ACCEPT,
		[MEMBER_MESSAGE_ACCEPTED] = TOCSIN__MEMBER_MESSAGE__BODY_ACCEPTED,
		[MEMBER_MESSAGE_COMMIT] = TOCSIN__MEMBER_MESSAGE__BODY_COMMIT,
		[MEMBER_MESSAGE_JOIN] = TOCSIN__MEMBER_MESSAGE__BODY_JOIN,
		[MEMBER_MESSAGE_RECORDS] = TOCSIN__MEMBER_MESSAGE__BODY_RECORDS,
		[MEMBER_MESSAGE_WANT_RECORDS] = TOCSIN__MEMBER_MESSAGE__BODY_HELD,
		[MEMBER_MESSAGE_UPDATE] = TOCSIN__MEMBER_MESSAGE__BODY_UPDATE,
		[MEMBER_MESSAGE_HELD] = TOCSIN__MEMBER_MESSAGE__BODY_HELD,
		[MEMBER_MESSAGE_COMMITTED] = TOCSIN__MEMBER_MESSAGE__BODY_HELD,
		[MEMBER_MESSAGE_FORM_PREPARE] = TOCSIN__MEMBER_MESSAGE__BODY_FORM_PREPARE,
		[MEMBER_MESSAGE_FORM_PROMISE] = TOCSIN__MEMBER_MESSAGE__BODY_FORM_PROMISE,
		[MEMBER_MESSAGE_FORM_ACCEPT] = TOCSIN__MEMBER_MESSAGE__BODY_ACCEPT,
		[MEMBER_MESSAGE_FORM_ACCEPTED] = TOCSIN__MEMBER_MESSAGE__BODY_ACCEPTED,
		[MEMBER_MESSAGE_ARBITER_PREPARE] = TOCSIN__MEMBER_MESSAGE__BODY_ARBITER_PREPARE,
		[MEMBER_MESSAGE_ARBITER_ACCEPT] = TOCSIN__MEMBER_MESSAGE__BODY_ACCEPT,
		[MEMBER_MESSAGE_ARBITER_ANSWER] = TOCSIN__MEMBER_MESSAGE__BODY_ARBITER_ANSWER,
		[MEMBER_MESSAGE_GASP] = NO_SUCH_TYPE,
		[MEMBER_MESSAGE_APPLICATION] = NO_SUCH_TYPE,
	};

	return type && type < MEMBER_MESSAGE_TYPES ? body[type] : NO_SUCH_TYPE;
}

static bool get_message(const Tocsin__MemberMessage *in, struct member_message *out)
{
	if (body_of(in->type) != (u32)in->body_case || !in->cluster)
		return false;
	out->cluster = in->cluster;
	out->incarnation = in->incarnation;
	out->epoch = in->epoch;
	out->type = (u16)in->type;
	return get_id(in->from, 0, &out->from) && get_body(in, out);
}

int net_member_decode(const u8 *data, size_t size, struct member_message *message)
{
	Tocsin__MemberMessage *top;
	struct net_arena arena;
	bool good;

	memset(message, 0, sizeof(*message));
	if (size > NET_MEMBER_SIZE_MAX)
		return -EPROTO;
	if (net_arena_init(&arena))
		return -ENOMEM;
	top = tocsin__member_message__unpack(&arena.allocator, size, data);
	good = top && get_message(top, message);
	net_arena_free(&arena);
	if (good)
		return 0;
	memset(message, 0, sizeof(*message));
	return -EPROTO;
}
