// SPDX-License-Identifier: GPL-2.0
/*
 * Heartbeats: writing one, taking one.
 *
 * A peer's life (incarnation) is taken for present only once it has returned a
 * send time of this node that is younger than the first word of that life: a
 * recording cannot do that.  Until then it is a candidate: answered, so that
 * it can prove itself, and otherwise without effect (core_claim.c).  While the known life is
 * heard there is no candidate, so recordings cannot disturb it either.
 */
#include "core_state.h"

static bool answers_candidate(const struct core_peer *peer)
{
	return peer->claims.candidate.incarnation && !peer->heard;
}

static u16 flags_for(const struct core *core, u16 id, u64 incarnation, u64 now_ns)
{
	u16 flags = 0;

	if (core->armed)
		flags |= CORE_HB_ARMED;
	if (!core->installed.epoch)
		flags |= CORE_HB_JOINING;
	else if (!core->armed)
		flags |= CORE_HB_LEAVING;
	if (core->armed && core->safety_ns - now_ns < core->config.safety_timeout_ns / 2)
		flags |= CORE_HB_STALLED;
	if (core->installed.epoch && incarnation &&
	    core_view_holds(&core->installed, id, incarnation))
		flags |= CORE_HB_IN_VIEW;
	return flags;
}

static void fill_answer(struct core_peer *peer, u8 path_index, u64 now_ns, struct core_hb *hb)
{
	const struct core_path *path = &peer->path[path_index];
	const struct core_candidate *candidate = &peer->claims.candidate;

	if (answers_candidate(peer)) {
		hb->dst_incarnation = candidate->incarnation;
		if (candidate->path[path_index].sequence) {
			hb->path_returned_ns = candidate->path[path_index].sent_ns;
			hb->path_held_ns = now_ns - candidate->path[path_index].heard_ns;
		}
		return;
	}
	hb->dst_incarnation = peer->incarnation;
	if (path->state != CORE_PATH_DOWN) {
		hb->path_returned_ns = path->sent_ns;
		hb->path_held_ns = now_ns - path->heard_ns;
	}
	if (peer->incarnation && peer->acknowledge == peer->incarnation) {
		hb->returned_ns = peer->sent_ns;
		peer->acked_rx_ns = peer->sent_rx_ns;
	}
}

int core_transmit(struct core *core, u16 id, u8 path_index, u64 now_ns, u8 *buf)
{
	struct core_peer *peer;
	struct core_hb hb = {
		.cluster_id = core->config.cluster_id,
		.src_incarnation = core->config.incarnation,
		.src = core->config.node_id,
		.dst = id,
		.path = path_index,
		.sent_ns = now_ns,
		.installed_epoch = core->installed.epoch,
		.frontier = core->frontier,
		.interval_us = core->config.interval_ns / 1000,
	};

	if (!id || id > CORE_NODE_ID_MAX || !core->peer[id].known)
		return -ENOENT;
	peer = &core->peer[id];
	if (path_index >= peer->paths)
		return -ENOENT;
	if (core_check(core, now_ns) != CORE_VERDICT_NONE)
		return 0;
	fill_answer(peer, path_index, now_ns, &hb);
	hb.flags = flags_for(core, id, hb.dst_incarnation, now_ns);
	hb.sequence = ++peer->path[path_index].tx_sequence;
	memcpy(hb.heard, core->heard, sizeof(hb.heard));
	core_heard_set(hb.heard, core->config.node_id, true);
	core_hb_encode(&hb, buf);
	return CORE_HB_SIZE;
}

/*
 * Eviction: a newer installed view is without this very incarnation.  Holds
 * for ever once true, so it may come from any life of the sender, old or new.
 */
static bool evicts(const struct core *core, const struct core_hb *hb)
{
	return core->armed && !core->leaving && core->installed.epoch &&
	       hb->dst_incarnation == core->config.incarnation &&
	       hb->installed_epoch > core->installed.epoch &&
	       !(hb->flags & CORE_HB_IN_VIEW);
}

void core_path_set(struct core *core, u16 id, u8 path, enum core_path_state state)
{
	if (core->peer[id].path[path].state == state)
		return;
	core->peer[id].path[path].state = state;
	core_event_peer(core, CORE_EVENT_PATH_STATE, id, path, state);
}

/* A new life: nothing of the old one's heartbeats may be mixed with it. */
static void life_begin(struct core *core, struct core_peer *peer, const struct core_hb *hb)
{
	u8 i;

	for (i = 0; i < peer->paths; i++) {
		u64 sequence = peer->path[i].tx_sequence;

		core_path_set(core, hb->src, i, CORE_PATH_DOWN);
		memset(&peer->path[i], 0, sizeof(peer->path[i]));
		peer->path[i].tx_sequence = sequence;
		/* What it said as a claim, it cannot say again. */
		if (i != hb->path)
			peer->path[i].rx_sequence = peer->claims.candidate.path[i].sequence;
	}
	core_claims_forget(peer);
	peer->incarnation = hb->src_incarnation;
	peer->born_sent_ns = hb->sent_ns;
	peer->installed_epoch = 0;
	peer->frontier.epoch = 0;
	peer->frontier.hash = 0;
	peer->sent_ns = 0;
	peer->sent_rx_ns = 0;
}

static void rtt_measure(struct core_path *path, const struct core_hb *hb, u64 now_ns)
{
	u64 round = now_ns - hb->path_returned_ns;

	if (hb->path_held_ns > round)
		return;
	round -= hb->path_held_ns;
	path->rtt_last_ns = round;
	if (!path->rtt_min_ns || round < path->rtt_min_ns)
		path->rtt_min_ns = round;
	if (!path->rtt_smoothed_ns)
		path->rtt_smoothed_ns = round;
	else
		path->rtt_smoothed_ns = path->rtt_smoothed_ns - path->rtt_smoothed_ns / 8 +
					round / 8;
}

/*
 * Does the peer return what I send on this path?  What was sent longer than L ago
 * proves nothing: heartbeats that were held up, or that somebody recorded while it
 * kept mine from the peer, would let a dead one be heard for as long as they last.
 */
static bool path_returns(const struct core *core, const struct core_hb *hb, u64 now_ns)
{
	return hb->dst_incarnation == core->config.incarnation && hb->path_returned_ns &&
	       hb->path_returned_ns <= now_ns &&
	       now_ns - hb->path_returned_ns < core->config.member_timeout_ns;
}

/* Return: true when the path is up. */
static bool path_hear(struct core *core, const struct core_hb *hb, u64 now_ns)
{
	struct core_path *path = &core->peer[hb->src].path[hb->path];
	bool returns = path_returns(core, hb, now_ns);

	if (!path->rx_first)
		path->rx_first = hb->sequence;
	path->rx_count++;
	path->rx_sequence = hb->sequence;
	path->sent_ns = hb->sent_ns;
	path->heard_ns = now_ns;
	path->heard_on_time_ns = core_on_time_ns(core, now_ns);
	core_path_set(core, hb->src, hb->path, returns ? CORE_PATH_UP : CORE_PATH_INIT);
	if (returns)
		rtt_measure(path, hb, now_ns);
	return returns;
}

static void frontier_hear(struct core *core, struct core_peer *peer, const struct core_hb *hb)
{
	bool same = peer->installed_epoch == hb->installed_epoch &&
		    peer->frontier.epoch == hb->frontier.epoch &&
		    peer->frontier.hash == hb->frontier.hash;

	peer->installed_epoch = hb->installed_epoch;
	peer->frontier = hb->frontier;
	if (!same)
		core_event_peer(core, CORE_EVENT_FRONTIER, hb->src, hb->path, 0);
}

static void peer_hear(struct core *core, struct core_peer *peer, const struct core_hb *hb,
		      u64 now_ns)
{
	bool up = path_hear(core, hb, now_ns);

	/* Paths overtake each other: only the newest speaks for the peer. */
	if (hb->sent_ns >= peer->sent_ns) {
		peer->sent_ns = hb->sent_ns;
		peer->sent_rx_ns = now_ns;
		peer->flags = hb->flags;
		peer->interval_us = hb->interval_us;
		memcpy(peer->hears, hb->heard, sizeof(peer->hears));
		frontier_hear(core, peer, hb);
	}
	if (up) {
		peer->heard_ns = now_ns;
		peer->heard_on_time_ns = core_on_time_ns(core, now_ns);
		if (!peer->heard) {
			peer->heard = true;
			core_heard_set(core->heard, hb->src, true);
			core_event_peer(core, CORE_EVENT_PEER_HEARD, hb->src, hb->path, 0);
		}
	}
	if (core_ack_counts(core, hb, now_ns))
		core_ack_record(core, peer, hb->src_incarnation, hb->returned_ns);
}

static void waiting_check(struct core *core, u64 now_ns)
{
	struct core_event event = { .type = CORE_EVENT_LEASE_HOLDS };
	u64 end;

	if (!core->waiting)
		return;
	core_assert(core->accepted.epoch);
	end = core_lease_under(core, &core->accepted, now_ns);
	if (end <= now_ns)
		return;
	core->waiting = false;
	event.frontier = core->frontier;
	event.value_ns = end;
	core_event_push(core, &event);
}

enum core_drop core_address_check(const struct core *core, u16 peer_hint, u8 path,
				  const struct core_hb *hb)
{
	if (hb->cluster_id != core->config.cluster_id)
		return CORE_DROP_CLUSTER;
	if (hb->dst != core->config.node_id)
		return CORE_DROP_DESTINATION;
	if (!core->peer[hb->src].known || (peer_hint && peer_hint != hb->src))
		return CORE_DROP_PEER;
	if (hb->path != path || path >= core->peer[hb->src].paths)
		return CORE_DROP_PATH;
	return CORE_DROP_NONE;
}

int core_receive(struct core *core, u16 peer_hint, u8 path, u64 now_ns, const u8 *buf)
{
	struct core_peer *peer;
	struct core_hb hb;
	enum core_drop drop;

	drop = core_hb_decode(buf, &hb);
	if (drop == CORE_DROP_NONE)
		drop = core_address_check(core, peer_hint, path, &hb);
	if (drop != CORE_DROP_NONE)
		return drop;
	/* A node past its lease must not be saved by what comes late. */
	if (core_check(core, now_ns) != CORE_VERDICT_NONE)
		return CORE_DROP_NONE;
	if (evicts(core, &hb))
		core_verdict_set(core, CORE_VERDICT_EVICTED);
	peer = &core->peer[hb.src];
	if (hb.src_incarnation != peer->incarnation) {
		if (peer->heard)
			return CORE_DROP_INCARNATION;
		if (!core_claim_hear(core, peer, &hb, now_ns))
			return CORE_DROP_NONE;
		life_begin(core, peer, &hb);
	}
	/* Its last words were said: what comes now was under way. */
	if (peer->gasped == hb.src_incarnation)
		return CORE_DROP_REPLAY;
	if (hb.sequence <= peer->path[path].rx_sequence || hb.sent_ns < peer->born_sent_ns)
		return CORE_DROP_REPLAY;
	/* The known life speaks: claims of another one are void. */
	core_claims_forget(peer);
	peer_hear(core, peer, &hb, now_ns);
	waiting_check(core, now_ns);
	return CORE_DROP_NONE;
}
