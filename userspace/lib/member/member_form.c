// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Forming a cluster where none runs (Documentation/MEMBERSHIP, rule 9): one
 * ballot over disks, durable at every acceptor.
 */
#include "member_state.h"

/* Intervals: for promises, for the quorum server, for acceptance. */
#define PROMISE_INTERVALS	4
#define ARBITER_INTERVALS	8
#define ACCEPT_INTERVALS	12

static void want_all(struct member *m)
{
	m->form.node_count = m->config.node_count;
	memcpy(m->form.node, m->config.node, sizeof(m->form.node));
}

void member_form_want(struct member *m, bool automatic, u16 count, const u16 *node)
{
	struct member_forming *f = &m->form;
	u16 i;

	if (member_installed(m) || m->left || m->leaving)
		return;
	f->wanted = true;
	f->automatic |= automatic;
	f->since_ns = m->now_ns;
	f->not_before_ns = 0;
	want_all(m);
	if (!count || count > MEMBER_NODES_MAX)
		return;
	f->node_count = 0;
	for (i = 0; i < count; i++)
		if (member_slot(m, node[i]) >= 0)
			f->node[f->node_count++] = node[i];
}

/* Stop this node's own ballot, if there is one. */
void member_form_stop(struct member *m)
{
	m->form.phase = MEMBER_FORM_IDLE;
}

/* Each ballot doubles the time that the next one is given, up to 32 times:
 * nothing hurries here, and disks may be slow. */
static u64 patient_interval(const struct member *m)
{
	u16 doubled = m->form.ballots < 5 ? m->form.ballots : 5;

	return m->config.interval_ns << doubled;
}

void member_form_back_off(struct member *m)
{
	u64 interval = patient_interval(m);

	if (m->form.phase == MEMBER_FORM_IDLE)
		return;
	member_form_stop(m);
	m->form.not_before_ns = m->now_ns + 2 * interval + member_random(m, 6 * interval);
}

static bool wanted_holds(const struct member_forming *f, u16 id)
{
	u16 i;

	for (i = 0; i < f->node_count; i++)
		if (f->node[i] == id)
			return true;
	return false;
}

/* Wanted nodes that are here and in no cluster, by slot. */
static u64 present_now(struct member *m)
{
	u64 set = 0;
	u16 i;

	for (i = 0; i < m->config.node_count; i++) {
		u16 id = m->config.node[i];
		const struct member_peer *peer = member_peer_find(m, id);

		if (!wanted_holds(&m->form, id))
			continue;
		if (id == m->config.node_id ||
		    (peer && !peer->installed_epoch &&
		     member_hears(m, id, peer->incarnation)))
			set |= 1ULL << i;
	}
	return set;
}

static bool may_form(const struct member *m)
{
	return m->started && m->form.wanted && !m->leaving && !m->left &&
	       !member_installed(m) && !m->installing.active && !member_cluster_heard(m) &&
	       wanted_holds(&m->form, m->config.node_id);
}

/* Rank: the lowest id that is present goes first. */
static u64 form_due(const struct member *m)
{
	const struct member_forming *f = &m->form;
	u64 step = 2 * m->config.interval_ns, due;
	int self = member_slot(m, m->config.node_id);
	u64 rank;

	if (!may_form(m) || f->phase != MEMBER_FORM_IDLE)
		return MEMBER_NEVER;
	rank = member_bits(f->present & ((1ULL << self) - 1));
	due = f->since_ns;
	if (member_bits(f->present) < f->node_count)
		due += m->config.form_wait_ns;
	/* A moment for the others to hear each other, too. */
	if (due < f->present_since_ns + step)
		due = f->present_since_ns + step;
	due += step * rank;
	if (f->promised_at_ns && f->promised_to != m->config.node_id &&
	    due < f->promised_at_ns + 2 * patient_interval(m) * (rank + 2))
		due = f->promised_at_ns + 2 * patient_interval(m) * (rank + 2);
	return due > f->not_before_ns ? due : f->not_before_ns;
}

static void prepare_send(struct member *m)
{
	struct member_message *message = member_message_new(m, MEMBER_MESSAGE_FORM_PREPARE);
	struct member_forming *f = &m->form;
	u16 i;

	message->form_prepare.ballot = f->ballot;
	message->form_prepare.counter = m->counter;
	for (i = 0; i < m->config.node_count; i++)
		if ((f->asked & ~f->promised) >> i & 1)
			member_send(m, m->config.node[i], message);
	if (m->arbiter_up && !f->arbiter_answered)
		member_send_arbiter(m, member_message_new(m, MEMBER_MESSAGE_ARBITER_QUERY));
}

static void form_start(struct member *m)
{
	struct member_forming *f = &m->form;

	f->phase = MEMBER_FORM_PREPARE;
	f->ballot.counter = ++m->counter;
	f->ballot.node = m->config.node_id;
	f->started_ns = m->now_ns;
	f->next_ns = m->now_ns + m->config.interval_ns;
	f->asked = f->present;
	f->promised = 0;
	f->held = 0;
	f->accepted = 0;
	f->committed.count = 0;
	f->committed.epoch = 0;
	f->committed.arbiter = 0;
	f->overflow = false;
	f->seen_count = 0;
	f->arbiter_answered = false;
	f->arbiter_needed = false;
	f->arbiter_promised = false;
	f->arbiter_accepted = false;
	member_report(m, MEMBER_REASON_FORMING, 0, member_bits(f->present),
		      m->config.node_count);
	prepare_send(m);
}

static void promise_send(struct member *m, u16 to)
{
	struct member_message *message = member_message_new(m, MEMBER_MESSAGE_FORM_PROMISE);
	struct member_form_promise *promise = &message->form_promise;

	promise->ballot = m->disk.promised;
	promise->held = m->disk.committed.count || m->disk.value_count;
	promise->committed = m->disk.committed;
	promise->value_count = m->disk.value_count;
	memcpy(promise->value, m->disk.value, sizeof(promise->value));
	member_heard_fill(m, &promise->heard);
	member_send(m, to, message);
}

void member_on_form_prepare(struct member *m, const struct member_message *message)
{
	const struct member_ballot *ballot = &message->form_prepare.ballot;
	struct member_message *refuse;

	member_counter_seen(m, ballot);
	if (member_installed(m)) {
		member_commit_send(m, message->from);
		return;
	}
	if (m->installing.active || m->leaving || m->left || ballot->node != message->from)
		return;
	if (member_ballot_compare(ballot, &m->disk.promised) < 0) {
		refuse = member_message_new(m, MEMBER_MESSAGE_REFUSE);
		refuse->refuse.ballot = *ballot;
		refuse->refuse.promised = m->disk.promised;
		member_send(m, message->from, refuse);
		return;
	}
	if (message->from != m->config.node_id)
		member_form_back_off(m);
	m->form.promised_at_ns = m->now_ns;
	m->form.promised_to = message->from;
	if (member_ballot_compare(ballot, &m->disk.promised))
		m->form.ballots += m->form.ballots < 0xffff;
	if (!member_ballot_compare(ballot, &m->form.synced)) {
		promise_send(m, message->from);
	} else if (member_ballot_compare(ballot, &m->disk.promised) || !m->form.answer_to) {
		m->disk.promised = *ballot;
		m->form.answer_to = message->from;
		m->form.answer_ballot = *ballot;
		m->form.answer_token = member_disk_write(m);
	}
}

/* The promise is on disk: say so. */
void member_form_synced(struct member *m, u64 token, int result)
{
	u16 to = m->form.answer_to;

	if (!to || token < m->form.answer_token)
		return;
	m->form.answer_to = 0;
	if (result || member_installed(m) || m->installing.active)
		return;
	/* Overtaken by a higher one that is not on disk yet? */
	if (member_ballot_compare(&m->form.answer_ballot, &m->disk.promised))
		return;
	m->form.synced = m->disk.promised;
	promise_send(m, to);
}

static void accept_send(struct member *m)
{
	struct member_message *message = member_message_new(m, MEMBER_MESSAGE_FORM_ACCEPT);
	struct member_forming *f = &m->form;
	u16 i;

	message->accept.ballot = f->ballot;
	message->accept.formed = true;
	message->accept.view = f->value;
	for (i = 0; i < f->value.count; i++)
		if (!(f->accepted >> i & 1))
			member_send(m, f->value.member[i].id, message);
}

static void arbiter_prepare_send(struct member *m)
{
	struct member_message *message = member_message_new(m, MEMBER_MESSAGE_ARBITER_PREPARE);

	message->arbiter_prepare.ballot = m->form.ballot;
	message->arbiter_prepare.epoch = m->form.value.epoch;
	member_send_arbiter(m, message);
}

static void arbiter_accept_send(struct member *m)
{
	struct member_message *message = member_message_new(m, MEMBER_MESSAGE_ARBITER_ACCEPT);

	message->arbiter_accept.ballot = m->form.ballot;
	message->arbiter_accept.formed = true;
	message->arbiter_accept.view = m->form.value;
	member_send_arbiter(m, message);
}

static void form_accept(struct member *m)
{
	m->form.phase = MEMBER_FORM_ACCEPT;
	m->form.started_ns = m->now_ns;
	m->form.next_ns = m->now_ns + m->config.interval_ns;
	accept_send(m);
}

/* Enough is known: choose, or give up for a while. */
static void form_decide(struct member *m)
{
	struct member_forming *f = &m->form;

	if (member_form_choose(m)) {
		/* The nodes that an administrator named may not: go on with all
		 * of them when the cluster is to start by itself. */
		if (f->automatic)
			want_all(m);
		member_form_back_off(m);
		return;
	}
	if (!f->arbiter_answered) {
		form_accept(m);
		return;
	}
	f->phase = MEMBER_FORM_ARBITER;
	f->started_ns = m->now_ns;
	f->next_ns = m->now_ns + m->config.interval_ns;
	arbiter_prepare_send(m);
}

static void decide_check(struct member *m)
{
	struct member_forming *f = &m->form;
	u64 waited = m->now_ns - f->started_ns;
	bool arbiter = f->arbiter_answered || !m->config.has_arbiter ||
		       waited >= ARBITER_INTERVALS * patient_interval(m);
	int self = member_slot(m, m->config.node_id);

	if (f->phase != MEMBER_FORM_PREPARE || !arbiter)
		return;
	if (f->promised != f->asked && waited < PROMISE_INTERVALS * patient_interval(m))
		return;
	if (f->promised >> self & 1)
		form_decide(m);
}

void member_on_form_promise(struct member *m, const struct member_message *message)
{
	const struct member_form_promise *promise = &message->form_promise;
	struct member_forming *f = &m->form;
	int slot = member_slot(m, message->from);
	u16 i;

	if (f->phase != MEMBER_FORM_PREPARE || slot < 0 || !(f->asked >> slot & 1) ||
	    member_ballot_compare(&promise->ballot, &f->ballot))
		return;
	f->promised |= 1ULL << slot;
	f->incarnation[slot] = message->incarnation;
	f->heard[slot] = promise->heard;
	if (promise->held)
		f->held |= 1ULL << slot;
	if (promise->committed.count && promise->committed.epoch > f->committed.epoch)
		f->committed = promise->committed;
	for (i = 0; i < promise->value_count; i++)
		member_form_seen(m, &promise->value[i]);
	decide_check(m);
}

void member_on_form_accept(struct member *m, const struct member_message *message)
{
	const struct member_value *value = &message->accept;
	struct member_acceptance *a = &m->acceptance;

	member_counter_seen(m, &value->ballot);
	if (member_installed(m)) {
		member_commit_send(m, message->from);
		return;
	}
	if (m->installing.active || m->leaving || m->left || m->call != MEMBER_KERNEL_NONE ||
	    value->ballot.node != message->from)
		return;
	if (member_ballot_compare(&value->ballot, &m->disk.promised) < 0 ||
	    m->kernel_accepted.epoch > value->view.epoch ||
	    !core_view_holds(&value->view, m->config.node_id, m->config.incarnation))
		return;
	if (a->stage == MEMBER_ACCEPT_DISK && member_view_same(&a->value.view, &value->view) &&
	    !member_ballot_compare(&a->value.ballot, &value->ballot))
		return;
	m->disk.promised = value->ballot;
	m->form.promised_at_ns = m->now_ns;
	a->value = *value;
	a->to = message->from;
	a->disarmed = false;
	a->stage = MEMBER_ACCEPT_KERNEL;
	member_accept_kernel(m, MEMBER_KERNEL_ACCEPT_VALUE, &value->view, &value->ballot);
}

static void form_chosen(struct member *m)
{
	struct member_message *message = member_message_new(m, MEMBER_MESSAGE_COMMIT);
	struct member_forming *f = &m->form;

	member_report(m, MEMBER_REASON_CHOSEN, 0, f->value.epoch, f->value.count);
	message->commit.ballot = f->ballot;
	message->commit.view = f->value;
	if (!member_form_waits(m, &message->commit)) {
		member_form_back_off(m);
		return;
	}
	member_form_stop(m);
	member_send_view(m, &f->value, message);
	member_commit_take(m, &message->commit, m->config.node_id);
}

/* All of the view accept; then the quorum server, last. */
static void chosen_check(struct member *m, bool late)
{
	struct member_forming *f = &m->form;

	if (member_bits(f->accepted) != f->value.count)
		return;
	if (f->arbiter_accepted || !f->arbiter_answered || (late && !f->arbiter_needed))
		form_chosen(m);
	else
		arbiter_accept_send(m);
}

void member_on_form_accepted(struct member *m, const struct member_message *message)
{
	const struct member_accepted *accepted = &message->accepted;
	struct member_forming *f = &m->form;
	int at;

	if (f->phase != MEMBER_FORM_ACCEPT || accepted->hash != f->value.hash ||
	    member_ballot_compare(&accepted->ballot, &f->ballot) ||
	    !core_view_holds(&f->value, message->from, message->incarnation))
		return;
	at = core_view_find(&f->value, message->from);
	f->accepted |= 1ULL << at;
	chosen_check(m, false);
}

/* Was this the newest that the arbiter had accepted when it was queried? */
static bool was_seen(const struct member_forming *f, const struct member_value *value)
{
	u16 i;

	for (i = 0; i < f->seen_count; i++)
		if (member_view_same(&f->seen[i].view, &value->view) &&
		    member_ballot_compare(&f->seen[i].ballot, &value->ballot) >= 0)
			return true;
	return false;
}

static void arbiter_promise(struct member *m, const struct member_arbiter_answer *answer)
{
	struct member_forming *f = &m->form;

	if (f->phase != MEMBER_FORM_ARBITER || answer->epoch != f->value.epoch)
		return;
	/* It has accepted something since it was queried, perhaps the view of
	 * those who live: the choice was made without that, so look again. */
	if (answer->has_accepted && !was_seen(f, &answer->accepted)) {
		member_form_back_off(m);
		return;
	}
	f->arbiter_promised = true;
	form_accept(m);
}

void member_form_arbiter(struct member *m, const struct member_arbiter_answer *answer)
{
	struct member_forming *f = &m->form;

	if (f->phase == MEMBER_FORM_IDLE)
		return;
	if (answer->request == MEMBER_MESSAGE_ARBITER_QUERY) {
		if (f->phase != MEMBER_FORM_PREPARE)
			return;
		f->arbiter_answered = true;
		f->arbiter_identity = answer->identity;
		f->arbiter_epoch = answer->newest_epoch;
		if (answer->has_accepted)
			member_form_seen(m, &answer->accepted);
		decide_check(m);
		return;
	}
	if (member_ballot_compare(&answer->ballot, &f->ballot) ||
	    answer->identity != f->arbiter_identity)
		return;
	if (!answer->granted) {
		member_counter_seen(m, &answer->promised);
		member_report(m, MEMBER_REASON_ARBITER_REFUSED, 0, answer->epoch,
			      answer->newest_epoch);
		member_form_back_off(m);
	} else if (answer->request == MEMBER_MESSAGE_ARBITER_PREPARE) {
		arbiter_promise(m, answer);
	} else if (f->phase == MEMBER_FORM_ACCEPT) {
		f->arbiter_accepted = true;
		chosen_check(m, false);
	}
}

static void ballot_tick(struct member *m)
{
	struct member_forming *f = &m->form;
	u64 interval = patient_interval(m);
	u64 waited = m->now_ns - f->started_ns;

	f->next_ns = m->now_ns + m->config.interval_ns;
	if (f->phase == MEMBER_FORM_PREPARE) {
		decide_check(m);
		if (f->phase == MEMBER_FORM_PREPARE)
			prepare_send(m);
	} else if (waited >= ACCEPT_INTERVALS * interval) {
		member_form_back_off(m);
	} else if (f->phase == MEMBER_FORM_ARBITER) {
		if (waited < ARBITER_INTERVALS * interval || f->arbiter_needed)
			arbiter_prepare_send(m);
		else
			form_accept(m);
	} else {
		accept_send(m);
		chosen_check(m, waited >= ARBITER_INTERVALS * interval);
	}
}

void member_form_tick(struct member *m)
{
	struct member_forming *f = &m->form;
	u64 present;

	if (!may_form(m)) {
		member_form_stop(m);
		return;
	}
	present = present_now(m);
	if (present != f->present) {
		f->present = present;
		f->present_since_ns = m->now_ns;
	}
	if (f->phase == MEMBER_FORM_IDLE) {
		if (m->now_ns >= form_due(m))
			form_start(m);
	} else if (m->now_ns >= f->next_ns) {
		ballot_tick(m);
	}
}

u64 member_form_deadline(const struct member *m)
{
	if (m->form.phase != MEMBER_FORM_IDLE)
		return m->form.next_ns;
	return form_due(m);
}
