// SPDX-License-Identifier: GPL-2.0
/*
 * What time alone does: silence, and warnings before a lease ends.  And the
 * read side for those who want to see the state.
 */
#include "core_info.h"
#include "core_state.h"

static void peer_tick(struct core *core, u16 id, u64 now_ns)
{
	struct core_peer *peer = &core->peer[id];
	u8 i;

	core_assert(peer->known);
	for (i = 0; i < peer->paths; i++) {
		struct core_path *path = &peer->path[i];

		if (path->state == CORE_PATH_DOWN ||
		    core->on_time_ns - path->heard_on_time_ns < core->detection_ns)
			continue;
		path->state = CORE_PATH_DOWN;
		core_event_peer(core, CORE_EVENT_PATH_STATE, id, i, CORE_PATH_DOWN);
	}
	if (!peer->heard || core->on_time_ns - peer->heard_on_time_ns < core->detection_ns)
		return;
	peer->heard = false;
	core_heard_set(core->heard, id, false);
	core_event_peer(core, CORE_EVENT_PEER_SILENT, id, 0, now_ns - peer->heard_ns);
}

static void lease_warn(struct core *core, enum core_lease lease, u64 end_ns,
		       u64 length_ns, u64 now_ns)
{
	struct core_event event = { .path = lease };
	u64 left = end_ns > now_ns ? end_ns - now_ns : 0;
	u8 quarters;

	if (end_ns == CORE_NEVER || left > length_ns / 2)
		quarters = 0;
	else if (left > length_ns / 4)
		quarters = 2;
	else
		quarters = 3;
	if (quarters > core->warned[lease]) {
		event.type = quarters == 2 ? CORE_EVENT_LEASE_HALF :
			     CORE_EVENT_LEASE_THREE_QUARTERS;
		event.value_ns = left;
		core_event_push(core, &event);
	}
	core->warned[lease] = quarters;
}

void core_tick(struct core *core, u64 now_ns)
{
	unsigned int i;

	if (core_check(core, now_ns) != CORE_VERDICT_NONE)
		return;
	core->on_time_ns = core_on_time_ns(core, now_ns);
	core->tick_ns = now_ns;
	for (i = 0; i < core->peer_count; i++)
		peer_tick(core, core->peer_id[i], now_ns);
	lease_warn(core, CORE_LEASE_QUORUM, core->quorum_ns,
		   core->config.member_timeout_ns, now_ns);
	lease_warn(core, CORE_LEASE_SAFETY, core->safety_ns,
		   core->config.safety_timeout_ns, now_ns);
}

static u64 acked_newest(const struct core_peer *peer)
{
	unsigned int i;

	for (i = 0; i < CORE_ACK_SLOTS; i++)
		if (peer->incarnation && peer->ack[i].incarnation == peer->incarnation)
			return peer->ack[i].sent_ns;
	return 0;
}

int core_peer_read(const struct core *core, u16 id, struct core_peer_info *info)
{
	const struct core_peer *peer;

	if (!id || id > CORE_NODE_ID_MAX || !core->peer[id].known)
		return -ENOENT;
	peer = &core->peer[id];
	info->id = id;
	info->incarnation = peer->incarnation;
	info->heard_ns = peer->heard_ns;
	info->acked_ns = acked_newest(peer);
	info->installed_epoch = peer->installed_epoch;
	info->frontier = peer->frontier;
	info->interval_us = peer->interval_us;
	info->flags = peer->flags;
	info->heard = peer->heard;
	info->acknowledged = peer->incarnation && peer->acknowledge == peer->incarnation;
	info->paths = peer->paths;
	memcpy(info->hears, peer->hears, sizeof(info->hears));
	return 0;
}

int core_path_read(const struct core *core, u16 id, u8 index, struct core_path_info *info)
{
	const struct core_path *path;

	if (!id || id > CORE_NODE_ID_MAX || !core->peer[id].known ||
	    index >= core->peer[id].paths)
		return -ENOENT;
	path = &core->peer[id].path[index];
	info->state = path->state;
	info->heard_ns = path->heard_ns;
	info->received = path->rx_count;
	info->lost = path->rx_count ?
		     path->rx_sequence - path->rx_first + 1 - path->rx_count : 0;
	info->sent = path->tx_sequence;
	info->rtt_last_ns = path->rtt_last_ns;
	info->rtt_min_ns = path->rtt_min_ns;
	info->rtt_smoothed_ns = path->rtt_smoothed_ns;
	return 0;
}
