// SPDX-License-Identifier: GPL-2.0
/*
 * Who claims to be a peer's present life, and has not proven it.
 *
 * Only one claim at a time can be answered.  A recording of a former life, played
 * back by whoever has no key, is such a claim as well and never proves anything; it
 * must not keep the true one waiting for as long as it lasts.  So a claim is answered
 * for D (a proof takes two intervals and a round trip), then it is the turn of the one
 * that has waited longest.
 *
 * Each path is answered by itself: the one that the newest word came by may be cut in
 * the other direction for good.
 */
#include "core_state.h"

static void waiting_remove(struct core_claims *claims, unsigned int at)
{
	claims->count--;
	memmove(&claims->waiting[at], &claims->waiting[at + 1],
		(claims->count - at) * sizeof(claims->waiting[0]));
}

/* Those that say nothing any more wait for nothing. */
static void waiting_prune(const struct core *core, struct core_claims *claims, u64 now_ns)
{
	unsigned int at = 0;

	while (at < claims->count) {
		if (now_ns - claims->waiting[at].heard_ns >= core->detection_ns)
			waiting_remove(claims, at);
		else
			at++;
	}
}

/* Return: it has waited longest. With no place left a claim has to come again. */
static bool waits_longest(const struct core *core, struct core_claims *claims, u64 incarnation,
			  u64 now_ns)
{
	unsigned int at = 0;

	waiting_prune(core, claims, now_ns);
	while (at < claims->count && claims->waiting[at].incarnation != incarnation)
		at++;
	if (at == CORE_CLAIMS_WAITING)
		return false;
	if (at == claims->count)
		claims->waiting[claims->count++].incarnation = incarnation;
	claims->waiting[at].heard_ns = now_ns;
	return !at;
}

bool core_claim_hear(struct core *core, struct core_peer *peer, const struct core_hb *hb,
		     u64 now_ns)
{
	struct core_candidate *candidate = &peer->claims.candidate;

	if (candidate->incarnation != hb->src_incarnation) {
		if (!waits_longest(core, &peer->claims, hb->src_incarnation, now_ns))
			return false;
		if (candidate->incarnation &&
		    now_ns - candidate->since_ns < core->detection_ns)
			return false;
		waiting_remove(&peer->claims, 0);
		memset(candidate, 0, sizeof(*candidate));
		candidate->incarnation = hb->src_incarnation;
		candidate->since_ns = now_ns;
	}
	if (hb->sequence <= candidate->path[hb->path].sequence)
		return false;
	candidate->path[hb->path].sequence = hb->sequence;
	candidate->path[hb->path].sent_ns = hb->sent_ns;
	candidate->path[hb->path].heard_ns = now_ns;
	return hb->dst_incarnation == core->config.incarnation &&
	       hb->path_returned_ns >= candidate->since_ns &&
	       hb->path_returned_ns <= now_ns;
}

void core_claims_forget(struct core_peer *peer)
{
	memset(&peer->claims, 0, sizeof(peer->claims));
}
