// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The state machine's frame: configuration, one event in, timers, actions out.
 */
#include "member_state.h"

/* Rounds of messages to this node itself within one step. */
#define ROUNDS_MAX		16
#define ARBITER_INTERVALS	3

size_t member_size(void)
{
	return sizeof(struct member);
}

static int config_check(const struct member_config *config)
{
	u16 i, before = 0;
	bool self = false;

	if (!config->cluster || !config->incarnation || !config->interval_ns)
		return -EINVAL;
	/* D, the proposal back-off and the messages must fit (Times). */
	if (config->timeout_ns / CORE_DETECTION_DIVISOR + 3 * config->interval_ns >=
	    config->timeout_ns)
		return -EINVAL;
	if (!config->node_count || config->node_count > MEMBER_NODES_MAX)
		return -EINVAL;
	for (i = 0; i < config->node_count; i++) {
		if (config->node[i] <= before || config->node[i] > CORE_NODE_ID_MAX)
			return -EINVAL;
		before = config->node[i];
		self |= config->node[i] == config->node_id;
	}
	return self ? 0 : -EINVAL;
}

static void disk_load(struct member *m, const struct member_disk *disk)
{
	u16 i;

	if (disk)
		m->disk = *disk;
	m->disk.cluster = m->config.cluster;
	m->disk.node_id = m->config.node_id;
	member_counter_seen(m, &m->disk.promised);
	for (i = 0; i < m->disk.value_count; i++)
		member_counter_seen(m, &m->disk.value[i].ballot);
}

int member_init(struct member *m, const struct member_config *config,
		const struct member_disk *disk)
{
	u16 i;

	if (config_check(config))
		return -EINVAL;
	memset(m, 0, sizeof(*m));
	m->config = *config;
	if (m->config.form_wait_ns < config->timeout_ns)
		m->config.form_wait_ns = config->timeout_ns;
	m->takeover_wait_ns = config->timeout_ns / CORE_DRIFT_DENOMINATOR * CORE_DRIFT_NUMERATOR +
			      config->timeout_ns % CORE_DRIFT_DENOMINATOR * CORE_DRIFT_NUMERATOR /
			      CORE_DRIFT_DENOMINATOR + 1 + config->toc_margin_ns;
	m->random = (config->seed ^ config->incarnation) | 1;
	m->timer_ns = MEMBER_NEVER;
	for (i = 0; i < config->node_count; i++)
		if (config->node[i] != config->node_id)
			m->peer[m->peer_count++].id = config->node[i];
	disk_load(m, disk);
	return 0;
}

static void agreement_message(struct member *m, const struct member_message *message)
{
	switch (message->type) {
	case MEMBER_MESSAGE_PREPARE:
		member_on_prepare(m, message);
		break;
	case MEMBER_MESSAGE_PROMISE:
		member_on_promise(m, message);
		break;
	case MEMBER_MESSAGE_REFUSE:
		member_on_refuse(m, message);
		break;
	case MEMBER_MESSAGE_ACCEPT:
		member_on_accept(m, message);
		break;
	case MEMBER_MESSAGE_ACCEPTED:
		member_on_accepted(m, message);
		break;
	case MEMBER_MESSAGE_COMMIT:
		member_commit_take(m, &message->commit, message->from);
		break;
	case MEMBER_MESSAGE_FORM_PREPARE:
		member_on_form_prepare(m, message);
		break;
	case MEMBER_MESSAGE_FORM_PROMISE:
		member_on_form_promise(m, message);
		break;
	case MEMBER_MESSAGE_FORM_ACCEPT:
		member_on_form_accept(m, message);
		break;
	case MEMBER_MESSAGE_FORM_ACCEPTED:
		member_on_form_accepted(m, message);
		break;
	case MEMBER_MESSAGE_ARBITER_ANSWER:
		member_on_arbiter(m, message);
		break;
	default:
		break;
	}
}

static void message_handle(struct member *m, const struct member_message *message)
{
	switch (message->type) {
	case MEMBER_MESSAGE_HEARD:
		member_peer_report(m, message->from, message->incarnation, &message->heard);
		break;
	case MEMBER_MESSAGE_WANT_COMMIT:
		member_commit_send(m, message->from);
		break;
	case MEMBER_MESSAGE_JOIN:
		member_on_join(m, message);
		break;
	case MEMBER_MESSAGE_LEAVE:
		member_on_leave(m, message);
		break;
	case MEMBER_MESSAGE_RECORDS:
		member_on_records(m, message);
		break;
	case MEMBER_MESSAGE_WANT_RECORDS:
		member_on_want_records(m, message);
		break;
	case MEMBER_MESSAGE_UPDATE:
		member_on_update(m, message);
		break;
	case MEMBER_MESSAGE_HELD:
		member_on_held(m, message);
		break;
	case MEMBER_MESSAGE_COMMITTED:
		member_on_committed(m, message);
		break;
	default:
		agreement_message(m, message);
	}
}

static void message_take(struct member *m, const struct member_message *message)
{
	int err = member_message_check(message, m->config.cluster);

	if (!err && message->from == m->config.node_id)
		err = -EINVAL;
	if (!err && message->from && !member_peer_find(m, message->from))
		err = -ENOENT;
	if (err)
		member_report(m, MEMBER_REASON_MESSAGE_REFUSED, message->from,
			      message->type, (u64)-err);
	else
		message_handle(m, message);
}

static void disarmed(struct member *m, int result)
{
	enum member_kernel_call call = m->call;

	m->call = MEMBER_KERNEL_NONE;
	if (call == MEMBER_KERNEL_DISARM_ACCEPT) {
		member_accept_disarmed(m, result);
	} else if (call == MEMBER_KERNEL_DISARM_LEAVE && (!result || result == -EPERM)) {
		m->armed = false;
		m->disarmed = true;
		member_leave_done(m);
	}
}

static void arbiter_event(struct member *m, bool up)
{
	m->arbiter_up = up;
	m->arbiter_identity = 0;
	m->arbiter_next_ns = m->now_ns;
}

static void start(struct member *m, const struct member_event *event)
{
	m->started = true;
	if (event->start.mode == MEMBER_START_AUTO)
		member_form_want(m, true, 0, NULL);
}

static void event_handle(struct member *m, const struct member_event *event)
{
	switch (event->type) {
	case MEMBER_EVENT_START:
		start(m, event);
		break;
	case MEMBER_EVENT_MESSAGE:
		message_take(m, event->message);
		break;
	case MEMBER_EVENT_PEER_HEARD:
	case MEMBER_EVENT_PEER_FRONTIER:
		member_peer_heard(m, event);
		break;
	case MEMBER_EVENT_PEER_SILENT:
		member_peer_silent(m, event);
		break;
	case MEMBER_EVENT_PEER_GASP:
		member_gasp_take(m, event);
		break;
	case MEMBER_EVENT_KERNEL_PROMISED:
		member_promise_answered(m, event->result);
		break;
	case MEMBER_EVENT_KERNEL_ACCEPTED:
		member_accept_answered(m, event->accepted.result, event->accepted.ages);
		break;
	case MEMBER_EVENT_KERNEL_ARMED:
	case MEMBER_EVENT_KERNEL_INSTALLED:
		member_install_answered(m, event->result);
		break;
	case MEMBER_EVENT_KERNEL_DISARMED:
		disarmed(m, event->result);
		break;
	case MEMBER_EVENT_LEASE_HOLDS:
		if (m->installing.active)
			member_install_advance(m);
		break;
	case MEMBER_EVENT_DISK_DONE:
		member_disk_done(m, event->disk.token, event->disk.result);
		break;
	case MEMBER_EVENT_ARBITER_UP:
	case MEMBER_EVENT_ARBITER_DOWN:
		arbiter_event(m, event->type == MEMBER_EVENT_ARBITER_UP);
		break;
	case MEMBER_EVENT_FORM:
		member_form_want(m, false, event->start.node_count, event->start.node);
		break;
	case MEMBER_EVENT_LEAVE:
		member_leave_start(m);
		break;
	case MEMBER_EVENT_UPDATE:
		member_update_propose(m, &event->update);
		break;
	default:
		break;
	}
}

static void arbiter_tick(struct member *m)
{
	if (!m->arbiter_up || m->arbiter_identity || m->now_ns < m->arbiter_next_ns)
		return;
	m->arbiter_next_ns = m->now_ns + ARBITER_INTERVALS * m->config.interval_ns;
	member_send_arbiter(m, member_message_new(m, MEMBER_MESSAGE_ARBITER_QUERY));
}

static void loop_drain(struct member *m)
{
	u16 i;

	for (i = 0; i < m->loop_count && !m->left && !m->dead; i++)
		message_handle(m, &m->out->message[m->loop[i]]);
	m->loop_count = 0;
}

static void timers_run(struct member *m)
{
	member_peer_tick(m);
	member_join_tick(m);
	member_form_tick(m);
	member_leave_tick(m);
	member_commit_tick(m);
	if (m->left || m->dead)
		return;
	member_change_update(m);
	if (member_installed(m) && !m->installing.active)
		member_propose_tick(m);
	member_update_tick(m);
	arbiter_tick(m);
}

static u64 deadline(const struct member *m)
{
	u64 at = member_waits_deadline(m);

	if (m->left || m->dead)
		return MEMBER_NEVER;
	at = member_earlier(at, member_peer_deadline(m));
	at = member_earlier(at, member_join_deadline(m));
	at = member_earlier(at, member_form_deadline(m));
	at = member_earlier(at, member_leave_deadline(m));
	at = member_earlier(at, member_commit_deadline(m));
	if (member_installed(m) && !m->installing.active)
		at = member_earlier(at, member_propose_deadline(m));
	at = member_earlier(at, member_update_deadline(m));
	if (m->arbiter_up && !m->arbiter_identity)
		at = member_earlier(at, m->arbiter_next_ns);
	return at;
}

static void timer_set(struct member *m)
{
	u64 at = deadline(m);

	/* Never in the past: what is due now has had its turn. */
	if (at <= m->now_ns)
		at = m->now_ns + 1;
	if (at == m->timer_ns)
		return;
	m->timer_ns = at;
	member_act(m, MEMBER_ACTION_SET_TIMER)->at_ns = at;
}

void member_step(struct member *m, const struct member_event *event,
		 struct member_actions *out)
{
	unsigned int round;

	out->count = 0;
	out->message_count = 0;
	out->lost = 0;
	m->out = out;
	m->send_count = 0;
	m->loop_count = 0;
	m->now_ns = event->now_ns ? event->now_ns : 1;
	if (event->type == MEMBER_EVENT_TIMER)
		m->timer_ns = MEMBER_NEVER;
	if (!m->left && !m->dead) {
		event_handle(m, event);
		for (round = 0; round < ROUNDS_MAX && !m->left && !m->dead; round++) {
			loop_drain(m);
			timers_run(m);
			if (!m->loop_count)
				break;
		}
		if (!m->dead)
			member_waits_tell(m);
		timer_set(m);
	}
	if (out->lost)
		member_report(m, MEMBER_REASON_ACTIONS_LOST, 0, out->lost, 0);
	m->out = NULL;
}

enum member_phase member_phase(const struct member *m)
{
	if (m->dead)
		return MEMBER_PHASE_EVICTED;
	if (m->left)
		return MEMBER_PHASE_LEFT;
	if (m->leaving)
		return MEMBER_PHASE_LEAVING;
	if (!member_installed(m)) {
		if (m->installing.active)
			return MEMBER_PHASE_INSTALLING;
		if (m->form.phase != MEMBER_FORM_IDLE)
			return MEMBER_PHASE_FORMING;
		return member_cluster_heard(m) ? MEMBER_PHASE_JOINING : MEMBER_PHASE_SEARCHING;
	}
	if (m->installing.active || m->promised.counter ||
	    m->proposal.phase != MEMBER_PROPOSAL_IDLE)
		return MEMBER_PHASE_RECONFIGURING;
	return MEMBER_PHASE_MEMBER;
}

const struct core_view *member_view(const struct member *m)
{
	return member_installed(m) && !m->left && !m->dead ? &m->installed : NULL;
}
