// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A Paxos acceptor for one cluster (Documentation/MEMBERSHIP, rule 8).
 *
 * The accepted value outlives promises for newer epochs: a formation that asks
 * and dies must not make the server forget what it has accepted (rule 9).
 */
#include <tocsin/arbiter.h>
#include "member_bytes.h"
#include "member_mutants.h"

#define ARBITER_MAGIC	0x54415242u	/* "TARB" */

int arbiter_init(struct arbiter_state *state, u64 cluster, u64 identity)
{
	if (!cluster || !identity)
		return -EINVAL;
	memset(state, 0, sizeof(*state));
	state->cluster = cluster;
	state->identity = identity;
	return 0;
}

/* May this ballot of this epoch be taken? */
static bool grants(const struct arbiter_state *state, u64 epoch,
		   const struct member_ballot *ballot)
{
	if (epoch != state->newest_epoch)
		return epoch > state->newest_epoch;
	return member_ballot_compare(ballot, &state->promised) >= 0;
}

/* True when this changed anything. */
static bool promise(struct arbiter_state *state, u64 epoch, const struct member_ballot *ballot)
{
	if (epoch == state->newest_epoch &&
	    !member_ballot_compare(ballot, &state->promised))
		return false;
	core_assert(grants(state, epoch, ballot));
	state->newest_epoch = epoch;
	state->promised = *ballot;
	return true;
}

static bool accept(struct arbiter_state *state, const struct member_value *value)
{
	bool changed = promise(state, value->view.epoch, &value->ballot);

	if (state->has_accepted && state->accepted.view.hash == value->view.hash &&
	    state->accepted.view.epoch == value->view.epoch &&
	    !member_ballot_compare(&state->accepted.ballot, &value->ballot))
		return changed;
	state->has_accepted = true;
	state->accepted = *value;
	return true;
}

static void answer_fill(const struct arbiter_state *state, struct member_message *answer)
{
	struct member_arbiter_answer *body = &answer->arbiter_answer;

	body->identity = state->identity;
	body->newest_epoch = state->newest_epoch;
	body->promised = state->promised;
	body->has_accepted = state->has_accepted;
	if (state->has_accepted)
		body->accepted = state->accepted;
}

int arbiter_step(struct arbiter_state *state, const struct member_message *request,
		 struct member_message *answer, bool *must_sync)
{
	struct member_arbiter_answer *body = &answer->arbiter_answer;
	bool changed = false;

	core_assert(state->identity && request->cluster == state->cluster);
	memset(answer, 0, sizeof(*answer));
	answer->cluster = state->cluster;
	answer->type = MEMBER_MESSAGE_ARBITER_ANSWER;
	body->request = request->type;
	switch (request->type) {
	case MEMBER_MESSAGE_ARBITER_QUERY:
		body->granted = true;
		break;
	case MEMBER_MESSAGE_ARBITER_PREPARE:
		body->epoch = request->arbiter_prepare.epoch;
		body->ballot = request->arbiter_prepare.ballot;
		body->granted = grants(state, body->epoch, &body->ballot);
		if (body->granted)
			changed = promise(state, body->epoch, &body->ballot);
		if (mutant_arbiter_promise_not_synced)
			changed = false;
		break;
	case MEMBER_MESSAGE_ARBITER_ACCEPT:
		body->epoch = request->arbiter_accept.view.epoch;
		body->ballot = request->arbiter_accept.ballot;
		body->granted = grants(state, body->epoch, &body->ballot);
		if (body->granted)
			changed = accept(state, &request->arbiter_accept);
		break;
	default:
		return -EINVAL;
	}
	answer_fill(state, answer);
	*must_sync = changed;
	return 0;
}

size_t arbiter_encode(const struct arbiter_state *state, u8 *buf)
{
	struct member_writer to = { .buf = buf, .room = ARBITER_BYTES_MAX };

	member_header_put(&to, ARBITER_MAGIC);
	member_put(&to, state->cluster, 8);
	member_put(&to, state->identity, 8);
	member_put(&to, state->newest_epoch, 8);
	member_put_ballot(&to, &state->promised);
	member_put(&to, state->has_accepted, 1);
	if (state->has_accepted)
		member_put_value(&to, &state->accepted);
	member_header_seal(&to);
	return to.length;
}

int arbiter_decode(struct arbiter_state *state, const u8 *buf, size_t length, u64 cluster)
{
	struct member_reader from = { .buf = buf, .length = length };
	int err;

	memset(state, 0, sizeof(*state));
	err = member_header_get(&from, ARBITER_MAGIC);
	if (err)
		return err;
	state->cluster = member_get(&from, 8);
	state->identity = member_get(&from, 8);
	state->newest_epoch = member_get(&from, 8);
	member_get_ballot(&from, &state->promised);
	state->has_accepted = member_get(&from, 1) != 0;
	if (state->has_accepted)
		member_get_value(&from, &state->accepted);
	if (from.bad || from.at != length || !state->identity)
		return -EBADMSG;
	return state->cluster == cluster ? 0 : -EXDEV;
}
