// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A ballot of this node (Documentation/MEMBERSHIP, rules 2 to 6 and 8).
 */
#include "member_state.h"
#include "member_mutants.h"

/* Intervals of the accept phase before a new ballot is tried. */
#define ACCEPT_INTERVALS	4
#define FETCH_INTERVALS		4
/* After so many a missing quorum is worth a line in the log. */
#define QUORUM_INTERVALS	3

static void prepare_send(struct member *m)
{
	struct member_proposal *p = &m->proposal;
	struct member_message *message = member_message_new(m, MEMBER_MESSAGE_PREPARE);
	u16 i;

	message->prepare.ballot = p->ballot;
	message->prepare.epoch = m->installed.epoch + 1;
	member_commit_fill(m, &message->prepare.commit);
	for (i = 0; i < m->installed.count; i++)
		if (!((p->promised | p->gasped) >> i & 1))
			member_send(m, m->installed.member[i].id, message);
	if (!member_arbiter_votes(&m->installed) || !m->arbiter_up || p->arbiter_promised)
		return;
	message = member_message_new(m, MEMBER_MESSAGE_ARBITER_PREPARE);
	message->arbiter_prepare.ballot = p->ballot;
	message->arbiter_prepare.epoch = m->installed.epoch + 1;
	member_send_arbiter(m, message);
}

void member_propose_start(struct member *m)
{
	struct member_proposal *p = &m->proposal;

	core_assert(member_installed(m) && !m->installing.active);
	if (m->promised.counter && m->promised.node != m->config.node_id)
		member_report(m, MEMBER_REASON_PROPOSE_SILENCE, m->promised.node,
			      m->installed.epoch + 1, 0);
	memset(p, 0, sizeof(*p));
	p->phase = MEMBER_PROPOSAL_PREPARE;
	p->ballot.counter = ++m->counter;
	p->ballot.node = m->config.node_id;
	p->started_ns = m->now_ns;
	p->next_ns = m->now_ns + m->config.interval_ns;
	p->decide_ns = p->next_ns;
	member_report(m, MEMBER_REASON_PROPOSE, 0, m->installed.epoch + 1, p->ballot.counter);
	member_gasps_count(m);
	prepare_send(m);
}

void member_propose_stop(struct member *m)
{
	m->proposal.phase = MEMBER_PROPOSAL_IDLE;
}

/* A higher ballot is under way: stand back for a random time. */
void member_propose_preempted(struct member *m, u16 by, const struct member_ballot *ballot)
{
	u64 interval = m->config.interval_ns;

	member_counter_seen(m, ballot);
	if (m->proposal.phase == MEMBER_PROPOSAL_IDLE)
		return;
	member_report(m, MEMBER_REASON_PREEMPTED, by, m->installed.epoch + 1, ballot->counter);
	member_propose_stop(m);
	m->not_before_ns = m->now_ns + member_patience(m) *
			   (interval + member_random(m, 2 * interval));
}

/* Keep the distinct values, and of too many those of the highest ballots. */
void member_propose_seen(struct member *m, const struct member_value *value, int holder)
{
	struct member_proposal *p = &m->proposal;
	struct member_seen *at = NULL;
	u16 i;

	for (i = 0; i < p->seen_count && !at; i++)
		if (member_view_same(&p->seen[i].value.view, &value->view))
			at = &p->seen[i];
	if (!at && p->seen_count < MEMBER_SEEN_MAX) {
		at = &p->seen[p->seen_count++];
		memset(at, 0, sizeof(*at));
		at->value = *value;
	}
	for (i = 0; i < p->seen_count && !at; i++) {
		if (member_ballot_compare(&p->seen[i].value.ballot, &value->ballot) >= 0)
			continue;
		at = &p->seen[i];
		memset(at, 0, sizeof(*at));
		at->value = *value;
	}
	if (!at)
		return;
	if (member_ballot_compare(&at->value.ballot, &value->ballot) < 0)
		at->value.ballot = value->ballot;
	if (holder < 0)
		at->arbiter = true;
	else
		at->holders |= 1ULL << holder;
}

/* Index of the sender in the installed view, or -1. */
static int member_index(const struct member *m, const struct member_message *message)
{
	if (!core_view_holds(&m->installed, message->from, message->incarnation))
		return -1;
	return core_view_find(&m->installed, message->from);
}

static bool ballot_is_mine(const struct member *m, const struct member_ballot *ballot, u64 epoch)
{
	return m->proposal.phase != MEMBER_PROPOSAL_IDLE &&
	       epoch == m->installed.epoch + 1 &&
	       !member_ballot_compare(ballot, &m->proposal.ballot);
}

void member_on_promise(struct member *m, const struct member_message *message)
{
	const struct member_promise *promise = &message->promise;
	struct member_proposal *p = &m->proposal;
	int at = member_index(m, message);
	u16 i;

	if (at < 0 || !ballot_is_mine(m, &promise->ballot, promise->epoch))
		return;
	if (message->from != m->config.node_id)
		member_peer_report(m, message->from, message->incarnation, &promise->heard);
	if (p->phase == MEMBER_PROPOSAL_ACCEPT)
		return;
	p->promised |= 1ULL << at;
	p->state[at] = promise->state;
	if (promise->leaving)
		p->leaving |= 1ULL << at;
	for (i = 0; i < promise->value_count; i++)
		if (promise->value[i].view.epoch == promise->epoch)
			member_propose_seen(m, &promise->value[i], at);
	member_propose_decide(m);
}

/* Rule 2: after one interval, or when all of the view have promised. */
void member_propose_decide(struct member *m)
{
	struct member_proposal *p = &m->proposal;
	unsigned int known = member_bits(p->promised | p->gasped);
	bool all = known == m->installed.count;
	bool in_time = m->now_ns < p->decide_ns;
	const struct core_view *bound;

	if (p->phase != MEMBER_PROPOSAL_PREPARE && p->phase != MEMBER_PROPOSAL_FETCH)
		return;
	if (!member_quorum(&m->installed, known, p->arbiter_promised))
		return;
	bound = member_choose_bound(m);
	/* What the dead accepted may bind only for want of promises under way. */
	if (bound && p->gasped && !all && in_time)
		return;
	if (bound) {
		p->value = *bound;
		if (m->store.held < bound->state && !mutant_state_unchecked) {
			p->phase = MEMBER_PROPOSAL_FETCH;
			p->next_ns = m->now_ns + m->config.interval_ns;
			return;
		}
		member_propose_accept(m);
		return;
	}
	if (!all && in_time)
		return;
	/* Half an interval more for who is heard and late; not longer, or the
	 * next in rank loses its patience (rule 6). */
	if (!all && !p->waited_for_late && member_choose_late(m)) {
		p->waited_for_late = true;
		p->decide_ns = m->now_ns + m->config.interval_ns / 2;
		if (p->next_ns > p->decide_ns || p->next_ns <= m->now_ns)
			p->next_ns = p->decide_ns;
		return;
	}
	/* A joiner may still need the last records. */
	if (!member_choose(m, &p->value) ||
	    (in_time && member_join_due(m) && p->value.count <= m->installed.count))
		return;
	member_propose_accept(m);
}

/*
 * To the acceptors only. A joiner takes the value up with its COMMIT: were its
 * frontier ahead of theirs, its acknowledgements would not count for members
 * that have not accepted yet (rule 1), and they might need them in order to
 * accept.
 */
static void accept_send(struct member *m)
{
	struct member_message *message = member_message_new(m, MEMBER_MESSAGE_ACCEPT);
	struct member_proposal *p = &m->proposal;
	u16 i;

	message->accept.ballot = p->ballot;
	message->accept.view = p->value;
	for (i = 0; i < m->installed.count; i++) {
		u16 id = m->installed.member[i].id;

		if ((p->accepted | p->gasped) >> i & 1)
			continue;
		if (p->promised >> i & 1 && p->state[i] < p->value.state &&
		    id != m->config.node_id)
			member_records_send(m, id, p->state[i]);
		member_send(m, id, message);
	}
}

void member_propose_accept(struct member *m)
{
	struct member_proposal *p = &m->proposal;

	core_assert(!core_view_check(&p->value));
	core_assert(p->value.epoch == m->installed.epoch + 1);
	p->phase = MEMBER_PROPOSAL_ACCEPT;
	p->started_ns = m->now_ns;
	p->next_ns = m->now_ns + m->config.interval_ns;
	accept_send(m);
}

/* Rule 8: last, after half of the former view, and only when it decides. */
static void arbiter_ask(struct member *m, bool late)
{
	struct member_proposal *p = &m->proposal;
	struct member_message *message;
	unsigned int votes = member_bits(p->accepted);

	if (!member_arbiter_votes(&m->installed) || !m->arbiter_up || p->arbiter_accepted)
		return;
	if (votes * 2 != m->installed.count || m->arbiter_identity != m->installed.arbiter)
		return;
	if (!late && (p->arbiter_asked || (p->promised & ~p->accepted)))
		return;
	if (!p->arbiter_asked)
		member_report(m, MEMBER_REASON_ARBITER_ASKED, 0, p->value.epoch, 0);
	p->arbiter_asked = true;
	message = member_message_new(m, MEMBER_MESSAGE_ARBITER_ACCEPT);
	message->arbiter_accept.ballot = p->ballot;
	message->arbiter_accept.view = p->value;
	member_send_arbiter(m, message);
}

/* Rule 5: commit with the time still to wait for each excluded member. */
static void chosen(struct member *m)
{
	struct member_proposal *p = &m->proposal;
	struct member_message *message = member_message_new(m, MEMBER_MESSAGE_COMMIT);
	struct member_commit *commit = &message->commit;
	u16 i;

	member_report(m, MEMBER_REASON_CHOSEN, 0, p->value.epoch, member_bits(p->accepted));
	commit->ballot = p->ballot;
	commit->view = p->value;
	member_waits_fill(m, commit);
	for (i = 0; i < m->installed.count; i++) {
		const struct core_member *gone = &m->installed.member[i];
		struct member_wait *wait;
		u64 safe_ns;

		if (core_view_holds(&p->value, gone->id, gone->incarnation))
			continue;
		core_assert(commit->wait_count < MEMBER_WAITS_MAX);
		wait = &commit->wait[commit->wait_count++];
		wait->id = gone->id;
		wait->incarnation = gone->incarnation;
		wait->clean = p->disarmed >> i & 1;
		safe_ns = member_earlier(p->safe_at_ns[i],
					 member_gasp_safe_ns(m, gone->id, gone->incarnation));
		if (!wait->clean && safe_ns > m->now_ns && !mutant_no_wait)
			wait->remaining_ns = safe_ns - m->now_ns;
	}
	member_propose_stop(m);
	member_send_view(m, &m->installed, message);
	for (i = 0; i < commit->view.count; i++)
		if (core_view_find(&m->installed, commit->view.member[i].id) < 0)
			member_send(m, commit->view.member[i].id, message);
	member_commit_take(m, commit, m->config.node_id);
}

/*
 * Somebody leaves in order and has not yet said that it is disarmed: patience
 * spares the others the wait for it (rule 11), and itself the eviction, which the
 * first heartbeat after the COMMIT is for who is late with it. As long as ACCEPT may
 * take, unless somebody else goes, too, whose packages wait meanwhile.
 */
static bool leaver_awaited(const struct member *m)
{
	const struct member_proposal *p = &m->proposal;
	bool awaited = false, others = false;
	u64 intervals;
	u16 i;

	for (i = 0; i < m->installed.count; i++) {
		if (core_view_holds(&p->value, m->installed.member[i].id,
				    m->installed.member[i].incarnation))
			continue;
		if (!(p->leaving >> i & 1))
			others = true;
		else if (!(p->disarmed >> i & 1))
			awaited = true;
	}
	intervals = others ? 1 : ACCEPT_INTERVALS * member_patience(m) - 1;
	return awaited && m->now_ns < p->started_ns + intervals * m->config.interval_ns;
}

static void chosen_check(struct member *m)
{
	struct member_proposal *p = &m->proposal;

	if (!member_chosen(&m->installed, p))
		arbiter_ask(m, false);
	else if (!leaver_awaited(m))
		chosen(m);
}

/* Rule 5: the latest over the accepting members of arrival - H, plus L'. */
static void ages_take(struct member *m, int from, const struct member_accepted *accepted)
{
	struct member_proposal *p = &m->proposal;
	u16 i, j;

	for (i = 0; i < m->installed.count; i++) {
		const struct core_member *gone = &m->installed.member[i];
		u64 age = 0, until = m->now_ns + m->takeover_wait_ns;

		if (core_view_holds(&p->value, gone->id, gone->incarnation))
			continue;
		if (mutant_ages_others_only && i == from)
			continue;
		for (j = 0; j < accepted->age_count; j++)
			if (accepted->age[j].id == gone->id &&
			    accepted->age[j].incarnation == gone->incarnation)
				age = accepted->age[j].age_ns;
		until = age < until ? until - age : 0;
		if (until > p->safe_at_ns[i])
			p->safe_at_ns[i] = until;
	}
}

void member_on_accepted(struct member *m, const struct member_message *message)
{
	const struct member_accepted *accepted = &message->accepted;
	struct member_proposal *p = &m->proposal;
	int at = member_index(m, message);

	if (at < 0 || !ballot_is_mine(m, &accepted->ballot, accepted->epoch))
		return;
	if (p->phase != MEMBER_PROPOSAL_ACCEPT || accepted->hash != p->value.hash)
		return;
	p->accepted |= 1ULL << at;
	if (accepted->disarmed)
		p->disarmed |= 1ULL << at;
	ages_take(m, at, accepted);
	chosen_check(m);
}

void member_on_refuse(struct member *m, const struct member_message *message)
{
	const struct member_ballot *ballot = &message->refuse.ballot;

	member_counter_seen(m, &message->refuse.promised);
	if (m->form.phase != MEMBER_FORM_IDLE &&
	    !member_ballot_compare(ballot, &m->form.ballot)) {
		member_form_back_off(m);
		return;
	}
	if (member_index(m, message) >= 0 && ballot_is_mine(m, ballot, message->refuse.epoch))
		member_propose_preempted(m, message->from, &message->refuse.promised);
}

static void arbiter_vote(struct member *m, const struct member_arbiter_answer *answer)
{
	struct member_proposal *p = &m->proposal;
	struct member_value value;

	if (!answer->granted) {
		member_report(m, MEMBER_REASON_ARBITER_REFUSED, 0, answer->epoch,
			      answer->newest_epoch);
		member_counter_seen(m, &answer->promised);
		return;
	}
	if (answer->request == MEMBER_MESSAGE_ARBITER_PREPARE) {
		if (p->phase == MEMBER_PROPOSAL_ACCEPT)
			return;
		p->arbiter_promised = true;
		if (answer->has_accepted && answer->accepted.view.epoch == answer->epoch) {
			value = answer->accepted;
			member_propose_seen(m, &value, -1);
		}
		member_propose_decide(m);
	} else if (p->phase == MEMBER_PROPOSAL_ACCEPT && p->arbiter_asked) {
		p->arbiter_accepted = true;
		chosen_check(m);
	}
}

void member_on_arbiter(struct member *m, const struct member_message *message)
{
	const struct member_arbiter_answer *answer = &message->arbiter_answer;

	if (m->arbiter_identity != answer->identity && member_installed(m) &&
	    answer->identity != m->installed.arbiter)
		member_report(m, MEMBER_REASON_ARBITER_UNKNOWN, 0, m->installed.arbiter,
			      answer->identity);
	m->arbiter_identity = answer->identity;
	m->arbiter_epoch = answer->newest_epoch;
	if (!member_installed(m)) {
		member_form_arbiter(m, answer);
		return;
	}
	if (answer->request == MEMBER_MESSAGE_ARBITER_QUERY ||
	    answer->identity != m->installed.arbiter)
		return;
	if (member_arbiter_votes(&m->installed) &&
	    ballot_is_mine(m, &answer->ballot, answer->epoch))
		arbiter_vote(m, answer);
}

static void prepare_tick(struct member *m)
{
	struct member_proposal *p = &m->proposal;

	member_propose_decide(m);
	if (p->phase != MEMBER_PROPOSAL_PREPARE)
		return;
	if (!p->told_no_quorum &&
	    m->now_ns >= p->started_ns + QUORUM_INTERVALS * m->config.interval_ns) {
		member_report(m, MEMBER_REASON_NO_QUORUM, 0, member_bits(p->promised),
			      m->installed.count);
		p->told_no_quorum = true;
	}
	if (m->counter > p->ballot.counter) {
		struct member_ballot higher = { .counter = m->counter };

		member_propose_preempted(m, 0, &higher);
		return;
	}
	if (p->next_ns <= m->now_ns)
		p->next_ns = m->now_ns + m->config.interval_ns;
	prepare_send(m);
}

static void fetch_tick(struct member *m)
{
	struct member_proposal *p = &m->proposal;
	u16 i;

	member_propose_decide(m);
	if (p->phase != MEMBER_PROPOSAL_FETCH)
		return;
	if (m->now_ns > p->started_ns + FETCH_INTERVALS * m->config.interval_ns) {
		member_propose_start(m);
		return;
	}
	p->next_ns = m->now_ns + m->config.interval_ns;
	for (i = 0; i < m->installed.count; i++)
		if (p->promised >> i & 1 && p->state[i] >= p->value.state)
			member_want_records(m, m->installed.member[i].id);
}

void member_propose_tick(struct member *m)
{
	struct member_proposal *p = &m->proposal;

	if (p->phase == MEMBER_PROPOSAL_IDLE) {
		if (m->now_ns >= member_change_due(m))
			member_propose_start(m);
		return;
	}
	if (m->now_ns < p->next_ns)
		return;
	if (p->phase == MEMBER_PROPOSAL_PREPARE) {
		prepare_tick(m);
	} else if (p->phase == MEMBER_PROPOSAL_FETCH) {
		fetch_tick(m);
	} else if (m->now_ns >= p->started_ns + ACCEPT_INTERVALS * member_patience(m) *
				m->config.interval_ns) {
		member_propose_start(m);
	} else {
		p->next_ns = m->now_ns + m->config.interval_ns;
		chosen_check(m);
		if (p->phase != MEMBER_PROPOSAL_ACCEPT)
			return;
		accept_send(m);
		arbiter_ask(m, true);
	}
}

u64 member_propose_deadline(const struct member *m)
{
	if (m->proposal.phase != MEMBER_PROPOSAL_IDLE)
		return m->proposal.next_ns;
	return member_change_due((struct member *)m);
}
