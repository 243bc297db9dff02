// SPDX-License-Identifier: GPL-2.0
/*
 * Life of an instance: configuration, peers, arming, the verdict.
 */
#include "core_state.h"

int core_config_check(const struct core_config *config)
{
	if (!config->node_id || config->node_id > CORE_NODE_ID_MAX)
		return -EINVAL;
	if (config->interval_ns < CORE_INTERVAL_NS_MIN ||
	    config->interval_ns > CORE_INTERVAL_NS_MAX)
		return -EINVAL;
	if (config->member_timeout_ns < CORE_INTERVALS_PER_TIMEOUT_MIN * config->interval_ns ||
	    config->member_timeout_ns > CORE_MEMBER_TIMEOUT_NS_MAX)
		return -EINVAL;
	if (config->safety_timeout_ns < CORE_SAFETY_TIMEOUT_NS_MIN ||
	    config->safety_timeout_ns > CORE_SAFETY_TIMEOUT_NS_MAX)
		return -EINVAL;
	return config->on_detach_ns <= config->safety_timeout_ns ? 0 : -EINVAL;
}

int core_init(struct core *core, const struct core_config *config, u64 now_ns)
{
	if (core_config_check(config) || !config->incarnation || !now_ns)
		return -EINVAL;
	memset(core, 0, sizeof(*core));
	core->config = *config;
	core->detection_ns = config->member_timeout_ns / CORE_DETECTION_DIVISOR;
	core->tick_ns = now_ns;
	core->safety_ns = CORE_NEVER;
	core->quorum_ns = CORE_NEVER;
	return 0;
}

size_t core_size(void)
{
	return sizeof(struct core);
}

static u64 incarnation_in(const struct core_view *view, u16 id)
{
	int at = view->epoch ? core_view_find(view, id) : -1;

	return at >= 0 ? view->member[at].incarnation : 0;
}

int core_peer_add(struct core *core, u16 id, u8 paths)
{
	struct core_peer *peer;
	unsigned int i;

	if (!id || id > CORE_NODE_ID_MAX || id == core->config.node_id)
		return -EINVAL;
	if (!paths || paths > CORE_PATHS_MAX)
		return -EINVAL;
	peer = &core->peer[id];
	if (peer->known)
		return -EEXIST;
	core_assert(core->peer_count < CORE_NODE_ID_MAX);
	core->peer_id[core->peer_count++] = id;
	peer->known = true;
	peer->paths = paths;
	peer->acknowledge = incarnation_in(core->accepted.epoch ? &core->accepted :
					   &core->installed, id);
	for (i = 0; i < CORE_PATHS_MAX; i++)
		core_assert(peer->path[i].state == CORE_PATH_DOWN);
	return 0;
}

int core_peer_remove(struct core *core, u16 id)
{
	struct core_peer *peer;
	unsigned int i;

	if (!id || id > CORE_NODE_ID_MAX || !core->peer[id].known)
		return -ENOENT;
	if (incarnation_in(&core->installed, id) || incarnation_in(&core->accepted, id))
		return -EBUSY;
	peer = &core->peer[id];
	for (i = 0; i < CORE_PATHS_MAX; i++) {
		/* A peer that stays would take a restarted count for a replay. */
		u64 sequence = peer->path[i].tx_sequence;

		memset(&peer->path[i], 0, sizeof(peer->path[i]));
		peer->path[i].tx_sequence = sequence;
	}
	core_heard_set(core->heard, id, false);
	memset(peer, 0, offsetof(struct core_peer, path));
	for (i = 0; core->peer_id[i] != id; i++)
		core_assert(i + 1 < core->peer_count);
	core->peer_id[i] = core->peer_id[--core->peer_count];
	return 0;
}

int core_arm(struct core *core, u64 now_ns)
{
	if (core->armed)
		return -EALREADY;
	if (core->verdict != CORE_VERDICT_NONE)
		return -ETIME;
	if (core->installed.epoch)
		return -EBUSY;
	core->armed = true;
	core->detached = false;
	core->leaving = false;
	core->safety_ns = now_ns + core->config.safety_timeout_ns;
	core_lease_update(core);
	return 0;
}

int core_pet(struct core *core, u64 now_ns)
{
	if (!core->armed)
		return -EPERM;
	/* A late renewal must not rescue a node that its peers count as dead. */
	if (core_check(core, now_ns) != CORE_VERDICT_NONE)
		return -ETIME;
	core->detached = false;
	if (!core->shutdown)
		core->safety_ns = now_ns + core->config.safety_timeout_ns;
	return 0;
}

int core_leave(struct core *core)
{
	if (!core->armed)
		return -EPERM;
	core->leaving = true;
	return 0;
}

int core_disarm(struct core *core, bool force, u64 now_ns)
{
	if (!core->armed)
		return -EPERM;
	/* As with a late renewal. */
	if (core_check(core, now_ns) != CORE_VERDICT_NONE)
		return -ETIME;
	if (core->installed.epoch && !core->frozen && !force)
		return -EBUSY;
	core->armed = false;
	core->detached = false;
	core->safety_ns = CORE_NEVER;
	core_lease_update(core);
	return 0;
}

void core_detached(struct core *core, u64 now_ns)
{
	u64 end = now_ns + core->config.on_detach_ns;

	if (!core->armed || core->shutdown)
		return;
	core->detached = true;
	if (end < core->safety_ns)
		core->safety_ns = end;
}

void core_shutdown(struct core *core, u64 now_ns, u64 grace_ns)
{
	if (!core->armed || core->shutdown || core_check(core, now_ns) != CORE_VERDICT_NONE)
		return;
	core->shutdown = true;
	if (now_ns + grace_ns > core->safety_ns)
		core->safety_ns = now_ns + grace_ns;
}

void core_request_toc(struct core *core)
{
	if (core->armed)
		core_verdict_set(core, CORE_VERDICT_REQUESTED);
}

enum core_verdict core_check(struct core *core, u64 now_ns)
{
	if (!core->armed || core->verdict != CORE_VERDICT_NONE)
		return core->verdict;
	if (now_ns < core->safety_ns && now_ns < core->quorum_ns)
		return CORE_VERDICT_NONE;
	if (core->quorum_ns <= core->safety_ns)
		core_verdict_set(core, CORE_VERDICT_QUORUM_LEASE);
	else if (core->detached)
		core_verdict_set(core, CORE_VERDICT_DETACHED);
	else
		core_verdict_set(core, CORE_VERDICT_SAFETY_LEASE);
	return core->verdict;
}

u64 core_quorum_lease_ns(const struct core *core)
{
	return core->quorum_ns;
}

u64 core_safety_lease_ns(const struct core *core)
{
	return core->safety_ns;
}

u64 core_deadline_ns(const struct core *core)
{
	return core->quorum_ns < core->safety_ns ? core->quorum_ns : core->safety_ns;
}
