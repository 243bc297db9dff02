// SPDX-License-Identifier: GPL-2.0
/*
 * The quorum lease (Documentation/MEMBERSHIP, section Lease and rule 1).
 *
 * Each peer keeps the newest own send time that it returned (A[i][j]) by
 * incarnation, because a view names incarnations: a node that restarts must
 * neither lend its new life to the old view nor take away what its old life
 * had returned.
 */
#include "core_state.h"
#include "mutants.h"

static u64 ack_of(const struct core *core, const struct core_member *member)
{
	const struct core_peer *peer = &core->peer[member->id];
	unsigned int i;

	for (i = 0; i < CORE_ACK_SLOTS; i++)
		if (peer->ack[i].incarnation == member->incarnation)
			return peer->ack[i].sent_ns;
	return 0;
}

/* Keep @top, of @need places, in descending order; drop the least. */
static void top_insert(u64 *top, unsigned int need, u64 value)
{
	unsigned int at = need;

	core_assert(need);
	if (value <= top[need - 1])
		return;
	while (--at && top[at - 1] < value)
		top[at] = top[at - 1];
	top[at] = value;
}

/*
 * End of this node's lease under a view: T + L, T being the need-th largest of
 * {now} and {A[i][j]}.  "now" always is the largest while it is live, so T
 * does not depend on it unless it alone is needed: then there is no bound.
 */
u64 core_lease_under(const struct core *core, const struct core_view *view, u64 now_ns)
{
	u64 top[CORE_VIEW_MEMBERS_MAX / 2 + 1] = { 0 };
	unsigned int need = view->count / 2 + 1;
	unsigned int i;
	u64 self = core->frozen ? core->frozen_ns : CORE_NEVER;
	u64 since;

	core_assert(view->count && view->count <= CORE_VIEW_MEMBERS_MAX);
	for (i = 0; i < view->count; i++) {
		bool me = view->member[i].id == core->config.node_id;

		top_insert(top, need, me ? self : ack_of(core, &view->member[i]));
	}
	since = top[need - 1];
	if (since == CORE_NEVER)
		return CORE_NEVER;
	core_assert(since <= now_ns);
	return since ? since + core->config.member_timeout_ns : 0;
}

/* Recompute the end of the lease after anything it depends on has changed. */
void core_lease_update(struct core *core)
{
	u64 end = CORE_NEVER;
	u64 under;

	if (core->armed && core->installed.epoch) {
		end = core_lease_under(core, &core->installed, CORE_NEVER);
		if (core->accepted.epoch && !core->frozen) {
			under = core_lease_under(core, &core->accepted, CORE_NEVER);
			if (under < end)
				end = under;
		}
	}
	core->quorum_ns = end;
}

/* Rule 1, and: no later acknowledgement counts after accepting a value that
 * is without this node.
 */
bool core_ack_counts(const struct core *core, const struct core_hb *hb, u64 now_ns)
{
	if (hb->dst_incarnation != core->config.incarnation)
		return false;
	if (!hb->returned_ns || hb->returned_ns > now_ns)
		return false;
	if (core->frozen)
		return false;
	if (mutant_ack_always_counts)
		return true;
	if (hb->frontier.epoch <= core->installed.epoch)
		return true;
	/* Not frozen: this node is in its own frontier. */
	return hb->frontier.epoch == core->frontier.epoch &&
	       hb->frontier.hash == core->frontier.hash;
}

static bool ack_needed(const struct core *core, u16 id, u64 incarnation)
{
	if (!incarnation)
		return false;
	if (core->installed.epoch &&
	    core_view_holds(&core->installed, id, incarnation))
		return true;
	return core->accepted.epoch &&
	       core_view_holds(&core->accepted, id, incarnation);
}

void core_ack_record(struct core *core, struct core_peer *peer, u64 incarnation, u64 sent_ns)
{
	u16 id = peer - core->peer;
	unsigned int i, at = CORE_ACK_SLOTS;

	core_assert(incarnation);
	for (i = 0; i < CORE_ACK_SLOTS; i++) {
		if (peer->ack[i].incarnation == incarnation) {
			at = i;
			break;
		}
		if (!ack_needed(core, id, peer->ack[i].incarnation))
			at = i;
	}
	/* At most two incarnations are members of something. */
	core_assert(at < CORE_ACK_SLOTS);
	if (peer->ack[at].incarnation != incarnation) {
		peer->ack[at].incarnation = incarnation;
		peer->ack[at].sent_ns = 0;
	}
	if (sent_ns <= peer->ack[at].sent_ns)
		return;
	peer->ack[at].sent_ns = sent_ns;
	core_lease_update(core);
}
