// SPDX-License-Identifier: GPL-2.0
/*
 * Last words (Documentation/MEMBERSHIP, rule 7): what this acceptor would leave
 * behind, and what a dead one has left.
 *
 * What a gasp says holds for ever: that life is over, and this was its acceptor's
 * last state.  Only one is ever sent in a life, so a repeated or recorded one
 * says nothing new and nothing false.
 */
#include "core_state.h"
#include "mutants.h"

void core_gasp_changes(struct core *core)
{
	core->gasp_generation++;
	/* A CPU may be stopped for good after any instruction. */
	core_barrier();
}

void core_gasp_promised(struct core *core, u64 counter, u16 node)
{
	struct core_ballot ballot = { .counter = counter, .node = node };

	if (core_ballot_below(&core->promised, &ballot))
		core->promised = ballot;
}

int core_promise(struct core *core, u64 epoch, const struct core_ballot *ballot)
{
	if (!ballot->counter)
		return -EINVAL;
	if (!core->installed.epoch || epoch != core->installed.epoch + 1)
		return -ESTALE;
	if (core_ballot_below(&core->promised, ballot)) {
		core_gasp_changes(core);
		core->promised = *ballot;
	}
	return 0;
}

u64 core_gasp_generation(const struct core *core)
{
	return core->gasp_generation;
}

int core_gasp_write(const struct core *core, u16 id, u8 path, u64 now_ns, u8 *buf)
{
	struct core_hb hb = {
		.cluster_id = core->config.cluster_id,
		.src_incarnation = core->config.incarnation,
		.src = core->config.node_id,
		.dst = id,
		.path = path,
		.flags = CORE_HB_GASP | CORE_HB_ARMED,
		.sequence = CORE_GASP_SEQUENCE,
		.sent_ns = now_ns,
		.installed_epoch = core->installed.epoch,
		.frontier = core->frontier,
		.interval_us = core->config.interval_ns / 1000,
	};
	struct core_gasp gasp = { .promised = core->promised };

	if (!id || id > CORE_NODE_ID_MAX || !core->peer[id].known ||
	    path >= core->peer[id].paths)
		return -ENOENT;
	if (!core->armed)
		return 0;
	if (!core->installed.epoch)
		hb.flags |= CORE_HB_JOINING;
	if (core->accepted.epoch) {
		hb.frontier.epoch = core->accepted.epoch;
		hb.frontier.hash = core->accepted.hash;
		gasp.accepted = core->accepted;
		gasp.ballot.counter = core->ballot_counter;
		gasp.ballot.node = core->ballot_node;
	}
	if (mutant_gasp_stateless)
		memset(&gasp, 0, sizeof(gasp));
	core_gasp_encode(&hb, &gasp, buf);
	return CORE_GASP_SIZE;
}

static void last_words_keep(struct core *core, const struct core_hb *hb,
			    const struct core_gasp *gasp)
{
	struct core_last_words *words = &core->gasp[core->gasps++ % CORE_GASPS_MAX];

	words->id = hb->src;
	words->incarnation = hb->src_incarnation;
	words->gasp = *gasp;
}

int core_gasp_receive(struct core *core, u16 peer_hint, u8 path, u64 now_ns, const u8 *buf)
{
	struct core_gasp gasp;
	struct core_peer *peer;
	struct core_hb hb;
	enum core_drop drop;
	u8 i;

	drop = core_gasp_decode(buf, &hb, &gasp);
	if (drop == CORE_DROP_NONE)
		drop = core_address_check(core, peer_hint, path, &hb);
	if (drop != CORE_DROP_NONE)
		return drop;
	if (core_check(core, now_ns) != CORE_VERDICT_NONE)
		return CORE_DROP_NONE;
	peer = &core->peer[hb.src];
	if (hb.src_incarnation != peer->incarnation)
		return CORE_DROP_INCARNATION;
	if (peer->gasped == hb.src_incarnation)
		return CORE_DROP_REPLAY;
	peer->gasped = hb.src_incarnation;
	for (i = 0; i < peer->paths; i++)
		core_path_set(core, hb.src, i, CORE_PATH_DOWN);
	peer->heard = false;
	core_heard_set(core->heard, hb.src, false);
	peer->installed_epoch = hb.installed_epoch;
	peer->frontier = hb.frontier;
	last_words_keep(core, &hb, &gasp);
	core_event_peer(core, CORE_EVENT_PEER_GASP, hb.src, path, 0);
	return CORE_DROP_NONE;
}

int core_gasp_read(const struct core *core, u16 id, u64 incarnation, struct core_gasp *gasp)
{
	unsigned int i;

	for (i = 0; i < CORE_GASPS_MAX; i++) {
		if (core->gasp[i].id != id || core->gasp[i].incarnation != incarnation)
			continue;
		*gasp = core->gasp[i].gasp;
		return 0;
	}
	return -ENOENT;
}
