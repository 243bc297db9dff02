// SPDX-License-Identifier: GPL-2.0-or-later
#include "core_model.h"

static u64 member_in(const struct core_view *view, u16 id)
{
	int at = view->epoch ? core_view_find(view, id) : -1;

	return at >= 0 ? view->member[at].incarnation : 0;
}

static struct model_life *life_of(struct model_peer *peer, u64 incarnation)
{
	unsigned int i;

	for (i = 0; i < MODEL_LIVES - 1; i++)
		if (!peer->life[i].incarnation || peer->life[i].incarnation == incarnation)
			break;
	peer->life[i].incarnation = incarnation;
	return &peer->life[i];
}

void model_init(struct model *m, const struct core_config *config)
{
	memset(m, 0, sizeof(*m));
	m->config = *config;
	m->safety_ns = CORE_NEVER;
}

void model_arm(struct model *m, u64 now_ns, int err)
{
	if (err)
		return;
	core_assert(!m->armed && !m->installed.epoch);
	m->armed = true;
	m->detached = false;
	m->safety_ns = now_ns + m->config.safety_timeout_ns;
}

void model_disarm(struct model *m, int err)
{
	if (err)
		return;
	m->armed = false;
	m->detached = false;
	m->safety_ns = CORE_NEVER;
}

void model_detached(struct model *m, u64 now_ns)
{
	if (!m->armed || m->shutdown)
		return;
	m->detached = true;
	if (now_ns + m->config.on_detach_ns < m->safety_ns)
		m->safety_ns = now_ns + m->config.on_detach_ns;
}

void model_shutdown(struct model *m, u64 now_ns, u64 grace_ns)
{
	if (!m->armed || m->shutdown)
		return;
	m->shutdown = true;
	if (m->safety_ns < now_ns + grace_ns)
		m->safety_ns = now_ns + grace_ns;
}

void model_pet(struct model *m, u64 now_ns, int err)
{
	if (err)
		return;
	core_assert(m->armed && now_ns < m->safety_ns);
	m->detached = false;
	if (!m->shutdown)
		m->safety_ns = now_ns + m->config.safety_timeout_ns;
}

void model_request_toc(struct model *m)
{
	m->requested |= m->armed;
}

void model_peer_add(struct model *m, u16 id, int err)
{
	if (err)
		return;
	m->peer[id].known = true;
	if (id > m->known_max)
		m->known_max = id;
	m->peer[id].acknowledge = member_in(m->accepted.epoch ? &m->accepted : &m->installed, id);
}

void model_peer_remove(struct model *m, u16 id, int err)
{
	if (err)
		return;
	core_assert(!member_in(&m->installed, id) && !member_in(&m->accepted, id));
	m->peer[id].known = false;
	m->peer[id].acknowledge = 0;
	m->peer[id].gasped = 0;
}

void model_acknowledge(struct model *m, u16 id, u64 incarnation, int err)
{
	if (err)
		return;
	/* Rule 3: never again for one that an accepted value is without. */
	core_assert(!m->accepted.epoch || core_view_holds(&m->accepted, id, incarnation));
	m->peer[id].acknowledge = incarnation;
}

static void acknowledge_only(struct model *m, const struct core_view *view)
{
	unsigned int i;

	for (i = 1; i <= CORE_NODE_ID_MAX; i++)
		m->peer[i].acknowledge = 0;
	for (i = 0; i < view->count; i++)
		m->peer[view->member[i].id].acknowledge = view->member[i].incarnation;
}

/*
 * End of the lease: L after the youngest moment since which a majority, this
 * node among it, is known to have been there.  By counting, not by sorting.
 */
static u64 lease_bound(struct model *m, const struct core_view *view)
{
	u64 time[CORE_VIEW_MEMBERS_MAX], best = 0;
	unsigned int i, j, count;

	for (i = 0; i < view->count; i++) {
		u16 id = view->member[i].id;

		if (id == m->config.node_id)
			time[i] = m->frozen ? m->frozen_ns : CORE_NEVER;
		else
			time[i] = life_of(&m->peer[id], view->member[i].incarnation)->returned_ns;
	}
	for (i = 0; i < view->count; i++) {
		for (j = 0, count = 0; j < view->count; j++)
			count += time[j] >= time[i];
		if (2 * count > view->count && time[i] > best)
			best = time[i];
	}
	if (!best || best == CORE_NEVER)
		return best;
	return best + m->config.member_timeout_ns;
}

static u64 quorum_bound(struct model *m)
{
	u64 end, under;

	if (!m->armed || !m->installed.epoch)
		return CORE_NEVER;
	end = lease_bound(m, &m->installed);
	if (!m->accepted.epoch || m->frozen)
		return end;
	under = lease_bound(m, &m->accepted);
	return under < end ? under : end;
}

/* H may only be understated: whoever waits for it then waits longer. */
static void ages_check(const struct model *m, const struct core_view *view, u64 now_ns,
		       const struct core_ages *ages)
{
	unsigned int i, at, excluded = 0;

	for (i = 0; m->installed.epoch && i < m->installed.count; i++) {
		const struct core_member *member = &m->installed.member[i];
		u64 since = m->peer[member->id].acked_rx_ns;

		if (core_view_holds(view, member->id, member->incarnation))
			continue;
		excluded++;
		for (at = 0; at < ages->count && ages->age[at].id != member->id; at++)
			;
		core_assert(at < ages->count);
		core_assert(ages->age[at].incarnation == member->incarnation);
		if (since < m->installed_at_ns)
			since = m->installed_at_ns;
		if (member->id == m->config.node_id)
			since = now_ns;
		core_assert(ages->age[at].age_ns <= now_ns - since);
	}
	core_assert(ages->count == excluded);
}

void model_accept(struct model *m, const struct core_view *view, u64 now_ns, int err,
		  const struct core_ages *ages)
{
	bool holds = core_view_holds(view, m->config.node_id, m->config.incarnation);
	bool again = m->accepted.epoch == view->epoch && m->accepted.hash == view->hash;

	if (err)
		return;
	core_assert(m->verdict == CORE_VERDICT_NONE);
	core_assert(!m->installed.epoch || view->epoch == m->installed.epoch + 1);
	core_assert(view->epoch >= m->frontier.epoch);
	if (!again) {
		m->accepted = *view;
		m->frontier.epoch = view->epoch;
		m->frontier.hash = view->hash;
		acknowledge_only(m, view);
		if (!holds && !m->frozen)
			m->frozen_ns = now_ns;
		m->frozen = !holds;
	}
	ages_check(m, view, now_ns, ages);
}

void model_install(struct model *m, const struct core_view *view, u64 now_ns, int err)
{
	if (err)
		return;
	if (!m->accepted.epoch) {
		core_assert(view->hash == m->installed.hash);
		return;
	}
	core_assert(m->armed && m->verdict == CORE_VERDICT_NONE && !m->frozen);
	core_assert(view->epoch == m->accepted.epoch && view->hash == m->accepted.hash);
	core_assert(core_view_holds(view, m->config.node_id, m->config.incarnation));
	/* Rule 5: no grace. */
	core_assert(lease_bound(m, view) > now_ns);
	m->installed = *view;
	m->installed_at_ns = now_ns;
	m->accepted.epoch = 0;
	acknowledge_only(m, view);
}

void model_transmit(struct model *m, u16 id, u8 path, u64 now_ns, const u8 *buf, int size)
{
	struct model_peer *peer = &m->peer[id];
	struct model_life *life;
	struct core_hb hb;

	core_assert(size == CORE_HB_SIZE || size == 0 || size == -ENOENT);
	if (size != CORE_HB_SIZE)
		return;
	core_assert(m->verdict == CORE_VERDICT_NONE);
	core_assert(core_hb_decode(buf, &hb) == CORE_DROP_NONE);
	core_assert(hb.src == m->config.node_id && hb.dst == id && hb.path == path);
	core_assert(hb.src_incarnation == m->config.incarnation && hb.sent_ns == now_ns);
	core_assert(hb.sequence > peer->sequence[path]);
	core_assert(hb.installed_epoch == m->installed.epoch);
	core_assert(hb.frontier.epoch == m->frontier.epoch && hb.frontier.hash == m->frontier.hash);
	core_assert(!(hb.flags & CORE_HB_IN_VIEW) ||
		    core_view_holds(&m->installed, id, hb.dst_incarnation));
	peer->sequence[path] = hb.sequence;
	if (!hb.returned_ns)
		return;
	/* An acknowledgement: only for whom it may be, and of what was heard. */
	core_assert(hb.dst_incarnation && hb.dst_incarnation == peer->acknowledge);
	life = life_of(peer, hb.dst_incarnation);
	core_assert(life->proven && hb.returned_ns <= life->sent_ns);
	if (hb.returned_ns == life->sent_ns)
		peer->acked_rx_ns = life->sent_rx_ns;
}

static bool ack_may_count(const struct model *m, const struct core_hb *hb, u64 now_ns)
{
	if (hb->dst_incarnation != m->config.incarnation || m->frozen || hb->returned_ns > now_ns)
		return false;
	return hb->frontier.epoch <= m->installed.epoch ||
	       (hb->frontier.epoch == m->frontier.epoch && hb->frontier.hash == m->frontier.hash);
}

void model_receive(struct model *m, u64 now_ns, const u8 *buf)
{
	struct model_life *life;
	struct core_hb hb;

	if (core_hb_decode(buf, &hb) != CORE_DROP_NONE)
		return;
	if (hb.cluster_id != m->config.cluster_id || hb.dst != m->config.node_id ||
	    m->verdict != CORE_VERDICT_NONE)
		return;
	m->evictable |= m->armed && m->installed.epoch &&
			hb.dst_incarnation == m->config.incarnation &&
			hb.installed_epoch > m->installed.epoch && !(hb.flags & CORE_HB_IN_VIEW);
	life = life_of(&m->peer[hb.src], hb.src_incarnation);
	if (!life->first_ns)
		life->first_ns = now_ns;
	if (hb.sent_ns > life->sent_ns) {
		life->sent_ns = hb.sent_ns;
		life->sent_rx_ns = now_ns;
	}
	life->proven |= hb.dst_incarnation == m->config.incarnation &&
			hb.path_returned_ns >= life->first_ns && hb.path_returned_ns <= now_ns;
	/* Rule 7: after its last words nothing of a life counts. */
	if (m->peer[hb.src].gasped != hb.src_incarnation &&
	    ack_may_count(m, &hb, now_ns) && hb.returned_ns > life->returned_ns)
		life->returned_ns = hb.returned_ns;
}

void model_gasp(struct model *m, const u8 *buf, int drop)
{
	struct core_gasp gasp;
	struct core_hb hb;

	if (drop != CORE_DROP_NONE || m->verdict != CORE_VERDICT_NONE)
		return;
	core_assert(core_gasp_decode(buf, &hb, &gasp) == CORE_DROP_NONE);
	core_assert(life_of(&m->peer[hb.src], hb.src_incarnation)->proven);
	m->peer[hb.src].gasped = hb.src_incarnation;
}

static void verdict_check(struct model *m, enum core_verdict verdict, u64 now_ns, u64 safety_ns,
			  u64 quorum_ns)
{
	if (m->verdict != CORE_VERDICT_NONE) {
		core_assert(verdict == m->verdict);	/* it stays */
		return;
	}
	m->verdict = verdict;
	switch (verdict) {
	case CORE_VERDICT_NONE:
		/* Past its end there is a verdict: whoever asks, learns it. */
		core_assert(!m->armed || (now_ns < safety_ns && now_ns < quorum_ns));
		break;
	case CORE_VERDICT_QUORUM_LEASE:
		core_assert(m->armed && now_ns >= quorum_ns);
		break;
	case CORE_VERDICT_SAFETY_LEASE:
		core_assert(m->armed && now_ns >= safety_ns && !m->detached);
		break;
	case CORE_VERDICT_DETACHED:
		core_assert(m->armed && now_ns >= safety_ns && m->detached);
		break;
	case CORE_VERDICT_EVICTED:
		core_assert(m->evictable);
		break;
	case CORE_VERDICT_REQUESTED:
		core_assert(m->requested);
		break;
	default:
		core_assert(false);	/* those are the kernel's alone */
	}
}

static void peers_check(struct model *m, const struct core *core, u64 now_ns)
{
	struct core_peer_info info;
	u16 id;

	for (id = 1; id <= m->known_max; id++) {
		core_assert(m->peer[id].known == !core_peer_read(core, id, &info));
		if (!m->peer[id].known)
			continue;
		core_assert(info.heard_ns <= now_ns);
		if (info.incarnation)
			core_assert(life_of(&m->peer[id], info.incarnation)->proven);
		core_assert(!info.heard || info.incarnation);
		core_assert(!info.acknowledged || info.incarnation == m->peer[id].acknowledge);
	}
}

void model_check_leases(struct model *m, enum core_verdict verdict, u64 safety_ns, u64 quorum_ns,
			u64 now_ns)
{
	core_assert(safety_ns <= m->safety_ns);
	core_assert(quorum_ns <= quorum_bound(m));
	verdict_check(m, verdict, now_ns, safety_ns, quorum_ns);
}

void model_check(struct model *m, const struct core *core, enum core_verdict verdict, u64 now_ns)
{
	u64 safety_ns = core_safety_lease_ns(core);
	u64 quorum_ns = core_quorum_lease_ns(core);

	model_check_leases(m, verdict, safety_ns, quorum_ns, now_ns);
	core_assert(core_deadline_ns(core) == (safety_ns < quorum_ns ? safety_ns : quorum_ns));
	core_assert(core_deadline_ns(core) == CORE_NEVER || m->armed);
	peers_check(m, core, now_ns);
}
