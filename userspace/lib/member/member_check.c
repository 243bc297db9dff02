// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The border: every field of a message is looked at here, once.
 */
#include "member_state.h"

bool member_view_same(const struct core_view *a, const struct core_view *b)
{
	return a->count && b->count && a->epoch == b->epoch && a->hash == b->hash;
}

static bool id_ok(u16 id)
{
	return id && id <= CORE_NODE_ID_MAX;
}

static bool ballot_ok(const struct member_ballot *ballot)
{
	return ballot->counter && id_ok(ballot->node);
}

static bool value_ok(const struct member_value *value)
{
	return ballot_ok(&value->ballot) && !core_view_check(&value->view);
}

static bool values_ok(const struct member_value *value, u16 count)
{
	u16 i;

	if (count > MEMBER_VALUES_MAX)
		return false;
	for (i = 0; i < count; i++)
		if (!value_ok(&value[i]))
			return false;
	return true;
}

static bool heard_ok(const struct member_heard *heard)
{
	u16 i, before = 0;

	if (heard->count > CORE_VIEW_MEMBERS_MAX)
		return false;
	for (i = 0; i < heard->count; i++) {
		if (!id_ok(heard->peer[i].id) || heard->peer[i].id <= before)
			return false;
		if (!heard->peer[i].incarnation)
			return false;
		before = heard->peer[i].id;
	}
	return true;
}

static bool commit_ok(const struct member_commit *commit)
{
	u16 i;

	if (!ballot_ok(&commit->ballot) || core_view_check(&commit->view))
		return false;
	if (commit->wait_count > MEMBER_WAITS_MAX)
		return false;
	for (i = 0; i < commit->wait_count; i++)
		if (!id_ok(commit->wait[i].id) || !commit->wait[i].incarnation)
			return false;
	return true;
}

static bool accepted_ok(const struct member_accepted *accepted)
{
	u16 i;

	if (!ballot_ok(&accepted->ballot) || !accepted->epoch || !accepted->hash)
		return false;
	if (accepted->age_count > CORE_VIEW_MEMBERS_MAX)
		return false;
	for (i = 0; i < accepted->age_count; i++)
		if (!id_ok(accepted->age[i].id) || !accepted->age[i].incarnation)
			return false;
	return true;
}

static bool record_ok(const struct member_record *record)
{
	return record->sequence && record->length <= MEMBER_VALUE_BYTES_MAX;
}

static bool records_ok(const struct member_records *records)
{
	u64 before = records->after;
	u16 i;

	if (!records->epoch || records->count > MEMBER_RECORDS_CHUNK)
		return false;
	if (records->through < records->after)
		return false;
	for (i = 0; i < records->count; i++) {
		if (!record_ok(&records->record[i]))
			return false;
		if (records->record[i].sequence <= before)
			return false;
		before = records->record[i].sequence;
	}
	return before <= records->through;
}

static bool answer_ok(const struct member_arbiter_answer *answer)
{
	if (answer->request < MEMBER_MESSAGE_ARBITER_QUERY ||
	    answer->request > MEMBER_MESSAGE_ARBITER_ACCEPT)
		return false;
	if (!answer->identity)
		return false;
	return !answer->has_accepted || value_ok(&answer->accepted);
}

static bool agreement_ok(const struct member_message *message)
{
	switch (message->type) {
	case MEMBER_MESSAGE_PREPARE:
		return ballot_ok(&message->prepare.ballot) &&
		       commit_ok(&message->prepare.commit) &&
		       message->prepare.epoch == message->prepare.commit.view.epoch + 1;
	case MEMBER_MESSAGE_PROMISE:
		return ballot_ok(&message->promise.ballot) && message->promise.epoch &&
		       values_ok(message->promise.value, message->promise.value_count) &&
		       heard_ok(&message->promise.heard);
	case MEMBER_MESSAGE_REFUSE:
		return ballot_ok(&message->refuse.ballot) && ballot_ok(&message->refuse.promised);
	case MEMBER_MESSAGE_ACCEPT:
	case MEMBER_MESSAGE_FORM_ACCEPT:
		return value_ok(&message->accept) &&
		       message->accept.formed == (message->type == MEMBER_MESSAGE_FORM_ACCEPT);
	case MEMBER_MESSAGE_ACCEPTED:
	case MEMBER_MESSAGE_FORM_ACCEPTED:
		return accepted_ok(&message->accepted);
	case MEMBER_MESSAGE_COMMIT:
		return commit_ok(&message->commit);
	case MEMBER_MESSAGE_FORM_PREPARE:
		return ballot_ok(&message->form_prepare.ballot);
	case MEMBER_MESSAGE_FORM_PROMISE:
		return ballot_ok(&message->form_promise.ballot) &&
		       values_ok(message->form_promise.value,
				 message->form_promise.value_count) &&
		       (!message->form_promise.committed.count ||
			!core_view_check(&message->form_promise.committed)) &&
		       heard_ok(&message->form_promise.heard);
	default:
		return false;
	}
}

static bool body_ok(const struct member_message *message)
{
	switch (message->type) {
	case MEMBER_MESSAGE_WANT_COMMIT:
	case MEMBER_MESSAGE_LEAVE:
	case MEMBER_MESSAGE_ARBITER_QUERY:
	case MEMBER_MESSAGE_WANT_RECORDS:
		return true;
	case MEMBER_MESSAGE_HELD:
	case MEMBER_MESSAGE_COMMITTED:
		return message->held.epoch && message->held.committed <= message->held.sequence;
	case MEMBER_MESSAGE_HEARD:
		return heard_ok(&message->heard);
	case MEMBER_MESSAGE_JOIN:
		return heard_ok(&message->join.heard);
	case MEMBER_MESSAGE_RECORDS:
		return records_ok(&message->records);
	case MEMBER_MESSAGE_UPDATE:
		return message->update.epoch && record_ok(&message->update.record) &&
		       message->update.committed < message->update.record.sequence;
	case MEMBER_MESSAGE_ARBITER_PREPARE:
		return ballot_ok(&message->arbiter_prepare.ballot) &&
		       message->arbiter_prepare.epoch;
	case MEMBER_MESSAGE_ARBITER_ACCEPT:
		return value_ok(&message->arbiter_accept);
	case MEMBER_MESSAGE_ARBITER_ANSWER:
		return answer_ok(&message->arbiter_answer);
	default:
		return agreement_ok(message);
	}
}

int member_message_check(const struct member_message *message, u64 cluster)
{
	bool arbiter = message->type == MEMBER_MESSAGE_ARBITER_ANSWER;

	core_assert(cluster);
	if (message->cluster != cluster)
		return -EXDEV;
	if (!message->type || message->type >= MEMBER_MESSAGE_TYPES ||
	    message->type == MEMBER_MESSAGE_APPLICATION ||
	    message->type == MEMBER_MESSAGE_GASP)
		return -EPROTONOSUPPORT;
	if (arbiter ? message->from != 0 : !id_ok(message->from))
		return -EINVAL;
	if (!arbiter && !message->incarnation)
		return -EINVAL;
	return body_ok(message) ? 0 : -EINVAL;
}
