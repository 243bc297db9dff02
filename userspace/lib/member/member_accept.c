// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The acceptor of this node (Documentation/MEMBERSHIP, rules 2, 3, 9, 11).
 */
#include "member_state.h"
#include "member_mutants.h"

/* The one way to the kernel's core_accept(). */
void member_accept_kernel(struct member *m, enum member_kernel_call call,
			  const struct core_view *view, const struct member_ballot *ballot)
{
	struct member_action *action = member_act(m, MEMBER_ACTION_KERNEL_ACCEPT);

	core_assert(m->call == MEMBER_KERNEL_NONE);
	m->call = call;
	m->kernel_view = *view;
	action->accept.view = &m->kernel_view;
	action->accept.ballot = *ballot;
}

/* What the fallen wordings did at a promise; never in a real build. */
static void promise_mutants(struct member *m, const struct member_ballot *ballot)
{
	struct member_ballot just_below = *ballot;
	struct core_view view = m->installed;
	struct core_member proposer;
	u16 i, kept = 0;

	if (!mutant_ack_stop_at_promise && !mutant_prepare_reopens)
		return;
	if (m->call != MEMBER_KERNEL_NONE)
		return;
	proposer = m->installed.member[core_view_find(&m->installed, ballot->node)];
	/* To be opened again, something must have been closed by an acceptance. */
	if (mutant_prepare_reopens && m->kernel_accepted.epoch != m->installed.epoch + 1)
		return;
	for (i = 0; i < m->installed.count; i++) {
		const struct core_member *member = &m->installed.member[i];

		if (mutant_ack_stop_at_promise && member->id != m->config.node_id &&
		    member->id != ballot->node &&
		    !member_peer_says_hears(m, &proposer, member))
			continue;
		view.member[kept++] = *member;
	}
	if (mutant_ack_stop_at_promise && kept == m->installed.count)
		return;
	view.count = kept;
	view.epoch++;
	view.coordinator = view.member[0].id;
	view.hash = core_view_hash(&view);
	just_below.node--;
	member_accept_kernel(m, MEMBER_KERNEL_ACCEPT_MUTANT, &view, &just_below);
}

static void promise_send(struct member *m, u16 to)
{
	struct member_message *message = member_message_new(m, MEMBER_MESSAGE_PROMISE);
	struct member_promise *promise = &message->promise;
	u16 i;

	promise->ballot = m->promised;
	promise->epoch = m->installed.epoch + 1;
	promise->state = m->store.held;
	promise->leaving = m->leaving;
	for (i = 0; i < m->disk.value_count; i++) {
		const struct member_value *value = &m->disk.value[i];

		if (value->view.epoch == promise->epoch && !value->formed)
			promise->value[promise->value_count++] = *value;
	}
	member_heard_fill(m, &promise->heard);
	member_send(m, to, message);
}

static void refuse_send(struct member *m, u16 to, const struct member_ballot *ballot)
{
	struct member_message *message = member_message_new(m, MEMBER_MESSAGE_REFUSE);

	message->refuse.ballot = *ballot;
	message->refuse.promised = m->promised;
	message->refuse.epoch = m->installed.epoch + 1;
	member_send(m, to, message);
}

/* Take a ballot that is not below the one promised. */
static void ballot_take(struct member *m, const struct member_ballot *ballot)
{
	core_assert(member_ballot_compare(ballot, &m->promised) >= 0);
	member_counter_seen(m, ballot);
	if (member_ballot_compare(ballot, &m->promised))
		m->ballots += m->ballots < 0xffff;
	m->promised = *ballot;
	m->promised_at_ns = m->now_ns;
	if (ballot->node != m->config.node_id)
		member_propose_preempted(m, ballot->node, ballot);
}

/* To the kernel first: PROMISE follows its answer. */
static void promise_give(struct member *m, const struct member_ballot *ballot)
{
	struct member_action *action;

	if (member_ballot_compare(ballot, &m->promised) < 0) {
		refuse_send(m, ballot->node, ballot);
		return;
	}
	ballot_take(m, ballot);
	m->promise_owed = true;
	m->promise_calls++;
	action = member_act(m, MEMBER_ACTION_KERNEL_PROMISE);
	action->promise.epoch = m->installed.epoch + 1;
	action->promise.ballot = *ballot;
	promise_mutants(m, ballot);
}

/*
 * The kernel's last words tell of the promise now (rule 7): it may be said. If
 * not, the proposer asks again.
 */
void member_promise_answered(struct member *m, int result)
{
	core_assert(m->promise_calls);
	if (--m->promise_calls || !m->promise_owed)
		return;
	m->promise_owed = false;
	if (!result)
		promise_send(m, m->promised.node);
}

/* After an installation: the PREPARE that brought the COMMIT. */
void member_prepare_resume(struct member *m)
{
	if (m->prepare_waits && m->prepare_epoch == m->installed.epoch + 1)
		promise_give(m, &m->prepare_ballot);
	m->prepare_waits = false;
}

void member_on_prepare(struct member *m, const struct member_message *message)
{
	const struct member_commit *commit = &message->prepare.commit;
	u64 epoch = message->prepare.epoch;

	member_counter_seen(m, &message->prepare.ballot);
	if (member_installed(m) && epoch <= m->installed.epoch) {
		member_commit_send(m, message->from);
		return;
	}
	if (!member_view_same(&m->installed, &commit->view)) {
		m->prepare_waits = true;
		m->prepare_epoch = epoch;
		m->prepare_ballot = message->prepare.ballot;
		member_commit_take(m, commit, message->from);
		return;
	}
	member_waits_tighten(m, commit, m->now_ns);
	if (message->prepare.ballot.node != message->from || m->installing.active ||
	    !core_view_holds(&m->installed, message->from, message->incarnation))
		return;
	promise_give(m, &message->prepare.ballot);
}

/* Is it this acceptor's to answer, now? */
static bool accept_is_due(struct member *m, const struct member_message *message)
{
	const struct member_value *value = &message->accept;

	if (value->view.epoch <= m->installed.epoch) {
		member_commit_send(m, message->from);
		return false;
	}
	if (value->view.epoch > m->installed.epoch + 1) {
		member_send(m, message->from,
			    member_message_new(m, MEMBER_MESSAGE_WANT_COMMIT));
		return false;
	}
	if (!core_view_holds(&m->installed, message->from, message->incarnation) ||
	    value->ballot.node != message->from)
		return false;
	if (m->installing.active || m->call != MEMBER_KERNEL_NONE)
		return false;
	if (member_ballot_compare(&value->ballot, &m->promised) < 0) {
		refuse_send(m, message->from, &value->ballot);
		return false;
	}
	/* Disarmed for good: no member of anything any more (rule 11). */
	return !m->disarmed || !core_view_holds(&value->view, m->config.node_id,
						m->config.incarnation);
}

static void accepted_send(struct member *m, enum member_message_type type)
{
	struct member_message *message = member_message_new(m, type);
	struct member_accepted *body = &message->accepted;
	const struct member_acceptance *a = &m->acceptance;
	/* The ages have grown, on this clock, since the kernel read them. */
	u64 grown = m->now_ns - a->at_ns;
	u16 i;

	body->ballot = a->value.ballot;
	body->epoch = a->value.view.epoch;
	body->hash = a->value.view.hash;
	body->disarmed = a->disarmed;
	for (i = 0; i < a->ages.count; i++) {
		body->age[i].id = a->ages.age[i].id;
		body->age[i].incarnation = a->ages.age[i].incarnation;
		body->age[i].age_ns = a->ages.age[i].age_ns + grown;
	}
	body->age_count = a->ages.count;
	member_send(m, a->to, message);
}

static void answer(struct member *m)
{
	struct member_acceptance *a = &m->acceptance;

	a->stage = MEMBER_ACCEPT_IDLE;
	if (a->value.formed)
		accepted_send(m, MEMBER_MESSAGE_FORM_ACCEPTED);
	else if (a->value.view.epoch == m->installed.epoch + 1)
		accepted_send(m, MEMBER_MESSAGE_ACCEPTED);
}

/* To disk before it is said (rule 9); a repetition is there already. */
static void acceptance_sync(struct member *m)
{
	struct member_acceptance *a = &m->acceptance;

	if (a->synced_hash == a->value.view.hash &&
	    !member_ballot_compare(&a->synced, &a->value.ballot)) {
		answer(m);
		return;
	}
	a->stage = MEMBER_ACCEPT_DISK;
	a->token = member_disk_write(m);
}

void member_on_accept(struct member *m, const struct member_message *message)
{
	const struct member_value *value = &message->accept;
	struct member_acceptance *a = &m->acceptance;
	bool had_promised;

	member_counter_seen(m, &value->ballot);
	if (!member_installed(m) || !accept_is_due(m, message))
		return;
	had_promised = !member_ballot_compare(&value->ballot, &m->promised);
	ballot_take(m, &value->ballot);
	if (m->store.held < value->view.state && !mutant_state_unchecked) {
		member_report(m, MEMBER_REASON_STATE_MISSING, message->from,
			      m->store.held, value->view.state);
		member_want_records(m, message->from);
		return;
	}
	/* The same one again, not on disk yet: its answer will come. */
	if (a->stage == MEMBER_ACCEPT_DISK && member_view_same(&a->value.view, &value->view) &&
	    !member_ballot_compare(&a->value.ballot, &value->ballot))
		return;
	a->value = *value;
	a->to = message->from;
	a->disarmed = false;
	a->ages.count = 0;
	a->at_ns = m->now_ns;
	if (mutant_accept_without_narrow && !had_promised) {
		if (member_disk_accept(&m->disk, value))
			acceptance_sync(m);
		return;
	}
	a->stage = MEMBER_ACCEPT_KERNEL;
	member_accept_kernel(m, MEMBER_KERNEL_ACCEPT_VALUE, &value->view, &value->ballot);
}

/* The kernel acknowledges the members of the value and nobody else now. */
static void narrowed(struct member *m)
{
	u16 i;

	m->kernel_accepted.epoch = m->kernel_view.epoch;
	m->kernel_accepted.hash = m->kernel_view.hash;
	for (i = 0; i < m->peer_count; i++)
		m->peer[i].acknowledged = core_view_holds(&m->kernel_view, m->peer[i].id,
							  m->peer[i].incarnation);
}

static void value_accepted(struct member *m, const struct core_ages *ages)
{
	struct member_acceptance *a = &m->acceptance;
	bool out = !core_view_holds(&a->value.view, m->config.node_id, m->config.incarnation);

	a->stage = MEMBER_ACCEPT_IDLE;
	a->at_ns = m->now_ns;
	a->ages.count = 0;
	if (ages)
		a->ages = *ages;
	core_assert(a->ages.count <= CORE_VIEW_MEMBERS_MAX);
	if (!member_disk_accept(&m->disk, &a->value)) {
		member_report(m, MEMBER_REASON_DISK_FAILED, 0, ENOSPC, 0);
		return;
	}
	if (out && m->leaving && m->armed) {
		a->stage = MEMBER_ACCEPT_DISARM;
		m->call = MEMBER_KERNEL_DISARM_ACCEPT;
		member_act(m, MEMBER_ACTION_KERNEL_DISARM)->force = false;
		return;
	}
	a->disarmed = out && m->disarmed;
	acceptance_sync(m);
}

void member_accept_answered(struct member *m, int result, const struct core_ages *ages)
{
	enum member_kernel_call call = m->call;

	m->call = MEMBER_KERNEL_NONE;
	if (!result)
		narrowed(m);
	else if (result != -EAGAIN && result != -ETIME)
		member_report(m, MEMBER_REASON_KERNEL_REFUSED, 0, m->kernel_view.epoch,
			      (u64)-result);
	switch (call) {
	case MEMBER_KERNEL_ACCEPT_VALUE:
		m->acceptance.stage = MEMBER_ACCEPT_IDLE;
		if (!result)
			value_accepted(m, ages);
		break;
	case MEMBER_KERNEL_ACCEPT_COMMIT:
		member_install_answered(m, result);
		break;
	case MEMBER_KERNEL_ACCEPT_LEAVE:
		m->call = MEMBER_KERNEL_DISARM_LEAVE;
		member_act(m, MEMBER_ACTION_KERNEL_DISARM)->force = result != 0;
		break;
	default:
		break;
	}
}

void member_accept_disarmed(struct member *m, int result)
{
	struct member_acceptance *a = &m->acceptance;

	core_assert(a->stage == MEMBER_ACCEPT_DISARM);
	if (!result) {
		m->armed = false;
		m->disarmed = true;
		m->disarmed_at_ns = m->now_ns;
		a->disarmed = true;
	}
	acceptance_sync(m);
}

/* On disk: now it may be said (rule 9). */
void member_accept_synced(struct member *m, u64 token, int result)
{
	struct member_acceptance *a = &m->acceptance;

	if (a->stage != MEMBER_ACCEPT_DISK || token < a->token)
		return;
	a->stage = MEMBER_ACCEPT_IDLE;
	if (result)
		return;
	a->synced = a->value.ballot;
	a->synced_hash = a->value.view.hash;
	answer(m);
}
