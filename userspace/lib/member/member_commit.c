// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A committed view: learn of it, install it, or go (Documentation/MEMBERSHIP,
 * rules 5 and 11).
 */
#include "member_state.h"

/* So long a committed first view may wait for its lease. */
#define HOPELESS_TIMEOUTS	3

/*
 * A change that can wait gives each member time to get an acknowledgement from
 * each other one under the view just installed: who has one only from the node
 * that leaves next could not accept the next view, and would go down.
 */
#define SETTLE_INTERVALS	4

/* The installed view, with the figures as they are now. */
void member_commit_fill(struct member *m, struct member_commit *commit)
{
	core_assert(member_installed(m));
	commit->ballot = m->installed_ballot;
	commit->view = m->installed;
	member_waits_fill(m, commit);
}

void member_commit_send(struct member *m, u16 to)
{
	struct member_message *message;

	if (!member_installed(m) || to == m->config.node_id)
		return;
	message = member_message_new(m, MEMBER_MESSAGE_COMMIT);
	member_commit_fill(m, &message->commit);
	member_send(m, to, message);
}

/*
 * Out of the view that this node was in and never installed: it has no lease to
 * wait for and has done nothing, so it needs no TOC, only a new incarnation.
 * Who leaves has said so already, and needs none.
 */
static void start_over(struct member *m, u16 from, u64 epoch)
{
	if (m->call != MEMBER_KERNEL_NONE)
		return;
	if (!m->leaving)
		member_report(m, MEMBER_REASON_STARTS_OVER, from, epoch, 0);
	m->installing.active = false;
	member_form_stop(m);
	if (!m->armed) {
		member_leave_done(m);
		return;
	}
	m->call = MEMBER_KERNEL_DISARM_LEAVE;
	member_act(m, MEMBER_ACTION_KERNEL_DISARM)->force = false;
}

/* A newer view is without this node. */
static void excluded(struct member *m, const struct member_commit *commit, u16 from)
{
	/* A joiner is not in it yet, and goes on asking. */
	if (!member_installed(m) && !m->installing.active &&
	    (!member_formed_before(m) || commit->view.epoch < m->kernel_accepted.epoch))
		return;
	if (m->disarmed) {
		member_leave_done(m);
	} else if (!member_installed(m)) {
		start_over(m, from, commit->view.epoch);
	} else if (!m->leaving) {
		member_toc(m, MEMBER_REASON_EVICTED, from, commit->view.epoch);
	} else if (m->call == MEMBER_KERNEL_NONE) {
		member_propose_stop(m);
		member_accept_kernel(m, MEMBER_KERNEL_ACCEPT_LEAVE, &commit->view,
				     &commit->ballot);
	}
}

/* Can this node follow, or has it missed what lies between? */
static bool follows(const struct member *m, const struct core_view *view)
{
	if (member_installed(m))
		return view->epoch == m->installed.epoch + 1;
	return view->epoch >= m->kernel_accepted.epoch;
}

void member_commit_take(struct member *m, const struct member_commit *commit, u16 from)
{
	const struct core_view *view = &commit->view;

	member_counter_seen(m, &commit->ballot);
	if (member_installed(m) && view->epoch <= m->installed.epoch) {
		if (member_view_same(view, &m->installed))
			member_waits_tighten(m, commit, m->now_ns);
		return;
	}
	if (m->installing.active && view->epoch <= m->installing.commit.view.epoch)
		return;
	if (!core_view_holds(view, m->config.node_id, m->config.incarnation)) {
		excluded(m, commit, from);
		return;
	}
	if (!follows(m, view) || m->disarmed) {
		member_report(m, MEMBER_REASON_BEHIND, from, view->epoch, m->installed.epoch);
		return;
	}
	member_propose_stop(m);
	member_form_stop(m);
	m->installing.active = true;
	m->installing.told_wait = false;
	m->installing.arrived_ns = m->now_ns;
	m->installing.commit = *commit;
	member_install_advance(m);
}

/* One kernel call at a time: accept, arm, install. */
void member_install_advance(struct member *m)
{
	const struct core_view *view = &m->installing.commit.view;

	if (m->call != MEMBER_KERNEL_NONE) {
		m->installing.retry_ns = m->now_ns + 1;
		return;
	}
	m->installing.retry_ns = m->now_ns + m->config.interval_ns;
	if (m->kernel_accepted.epoch != view->epoch || m->kernel_accepted.hash != view->hash) {
		member_accept_kernel(m, MEMBER_KERNEL_ACCEPT_COMMIT, view,
				     &m->installing.commit.ballot);
	} else if (!m->armed) {
		m->call = MEMBER_KERNEL_ARM;
		member_act(m, MEMBER_ACTION_KERNEL_ARM);
	} else {
		m->call = MEMBER_KERNEL_INSTALL;
		member_act(m, MEMBER_ACTION_KERNEL_INSTALL)->view = view;
	}
}

static void acceptor_reset(struct member *m)
{
	m->promised.counter = 0;
	m->promised.node = 0;
	m->promise_owed = false;
	m->ballots = 0;
	m->acceptance.stage = MEMBER_ACCEPT_IDLE;
	m->kernel_accepted.epoch = 0;
	m->kernel_accepted.hash = 0;
	m->change_since_ns = 0;
	m->not_before_ns = 0;
	m->settled_ns = m->now_ns + SETTLE_INTERVALS * m->config.interval_ns;
	m->join_since_ns = 0;
	m->joining_told = false;
}

/* Rule 9: values of decided epochs and of formations that are past. */
static void disk_commit(struct member *m)
{
	u16 i, kept = 0;

	m->disk.committed = m->installed;
	for (i = 0; i < m->disk.value_count; i++)
		if (!m->disk.value[i].formed &&
		    m->disk.value[i].view.epoch > m->installed.epoch)
			m->disk.value[kept++] = m->disk.value[i];
	m->disk.value_count = kept;
	member_disk_write(m);
}

static void joined_report(struct member *m, const struct core_view *former)
{
	u16 i;

	if (!former->count) {
		member_report(m, MEMBER_REASON_FORMED, 0, m->installed.epoch,
			      m->installed.count);
		return;
	}
	for (i = 0; i < m->installed.count; i++)
		if (!core_view_holds(former, m->installed.member[i].id,
				     m->installed.member[i].incarnation))
			member_report(m, MEMBER_REASON_JOINED, m->installed.member[i].id,
				      m->installed.epoch, 0);
}

static void view_installed(struct member *m)
{
	struct core_view former = m->installed;
	struct member_action *action;
	u16 i;

	core_assert(m->installing.active && m->armed);
	m->installing.active = false;
	m->installed = m->installing.commit.view;
	m->installed_ballot = m->installing.commit.ballot;
	m->commit_next_ns = m->now_ns + m->config.interval_ns;
	acceptor_reset(m);
	member_waits_install(m, &former, &m->installing.commit, m->installing.arrived_ns);
	for (i = 0; i < m->peer_count; i++)
		m->peer[i].acknowledged = false;
	joined_report(m, &former);
	disk_commit(m);
	action = member_act(m, MEMBER_ACTION_VIEW_INSTALLED);
	action->installed.view = &m->installed;
	action->installed.left = m->left_list;
	action->installed.left_count = m->left_count;
	member_store_installed(m, &former);
	member_peers_acknowledge(m);
	member_heard_changed(m);
	member_prepare_resume(m);
}

/* Answer of any of the three kernel calls. */
void member_install_answered(struct member *m, int result)
{
	enum member_kernel_call call = m->call;

	m->call = MEMBER_KERNEL_NONE;
	if (!m->installing.active)
		return;
	if (call == MEMBER_KERNEL_ARM && (!result || result == -EALREADY)) {
		m->armed = true;
		result = 0;
		/* Asked to while this was under way. */
		if (m->leaving)
			member_act(m, MEMBER_ACTION_KERNEL_LEAVE);
	}
	if (result == -EAGAIN) {
		if (!m->installing.told_wait)
			member_report(m, MEMBER_REASON_LEASE_WAIT, 0,
				      m->installing.commit.view.epoch, 0);
		m->installing.told_wait = true;
	} else if (result) {
		if (call != MEMBER_KERNEL_NONE)
			member_report(m, MEMBER_REASON_KERNEL_REFUSED, 0,
				      m->installing.commit.view.epoch, (u64)-result);
	} else if (call == MEMBER_KERNEL_INSTALL) {
		view_installed(m);
	} else {
		member_install_advance(m);
	}
}

/* Somebody in the view has not installed it yet, as its heartbeats say. */
static bool peer_lags(const struct member *m, const struct member_peer *peer)
{
	return peer->heard && peer->installed_epoch < m->installed.epoch &&
	       core_view_holds(&m->installed, peer->id, peer->incarnation);
}

static bool anybody_lags(const struct member *m)
{
	u16 i;

	if (!member_installed(m) || m->installed.coordinator != m->config.node_id)
		return false;
	for (i = 0; i < m->peer_count; i++)
		if (peer_lags(m, &m->peer[i]))
			return true;
	return false;
}

/*
 * The other members of this node's first view are gone or out of reach; it has
 * not been one of them yet. Or an administrator wants it to leave.
 */
static bool install_is_hopeless(const struct member *m)
{
	if (member_installed(m) || m->call != MEMBER_KERNEL_NONE)
		return false;
	return m->leaving ||
	       m->now_ns >= m->installing.arrived_ns + HOPELESS_TIMEOUTS * m->config.timeout_ns;
}

void member_commit_tick(struct member *m)
{
	u16 i;

	if (m->installing.active) {
		if (install_is_hopeless(m))
			start_over(m, 0, m->installing.commit.view.epoch);
		else if (m->now_ns >= m->installing.retry_ns)
			member_install_advance(m);
		return;
	}
	if (m->now_ns < m->commit_next_ns || !anybody_lags(m))
		return;
	m->commit_next_ns = m->now_ns + m->config.interval_ns;
	for (i = 0; i < m->peer_count; i++)
		if (peer_lags(m, &m->peer[i]))
			member_commit_send(m, m->peer[i].id);
}

u64 member_commit_deadline(const struct member *m)
{
	if (m->installing.active)
		return m->installing.retry_ns;
	return anybody_lags(m) ? m->commit_next_ns : MEMBER_NEVER;
}
