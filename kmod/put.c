// SPDX-License-Identifier: GPL-2.0
#include "put.h"

#include <linux/slab.h>
#include <net/netlink.h>

#include "instance.h"
#include "safety.h"

/* Plain 64-bit attributes; both ends copy them, so no alignment is needed. */
static int put_u64(struct sk_buff *skb, int type, u64 value)
{
	return nla_put(skb, type, sizeof(value), &value);
}

static int put_event_fields(struct sk_buff *skb, const struct core_event *event, u64 now_ns,
			    u64 lost)
{
	if (nla_put_u8(skb, TOCSIN_A_EVENT_TYPE, event->type) ||
	    put_u64(skb, TOCSIN_A_EVENT_TIME_NS, now_ns) ||
	    nla_put_u16(skb, TOCSIN_A_EVENT_PEER, event->peer) ||
	    nla_put_u8(skb, TOCSIN_A_EVENT_PATH, event->path) ||
	    nla_put_u16(skb, TOCSIN_A_EVENT_FLAGS, event->flags) ||
	    put_u64(skb, TOCSIN_A_EVENT_INCARNATION, event->incarnation) ||
	    put_u64(skb, TOCSIN_A_EVENT_INSTALLED_EPOCH, event->installed_epoch) ||
	    put_u64(skb, TOCSIN_A_EVENT_FRONTIER_EPOCH, event->frontier.epoch) ||
	    put_u64(skb, TOCSIN_A_EVENT_FRONTIER_HASH, event->frontier.hash) ||
	    put_u64(skb, TOCSIN_A_EVENT_VALUE_NS, event->value_ns) ||
	    put_u64(skb, TOCSIN_A_EVENT_LOST, lost))
		return -EMSGSIZE;
	return 0;
}

int tocsin_put_ages(struct sk_buff *skb, const struct core_ages *ages)
{
	unsigned int i;

	for (i = 0; i < ages->count; i++) {
		struct nlattr *nest = nla_nest_start(skb, TOCSIN_A_AGE);

		if (!nest || nla_put_u16(skb, TOCSIN_A_AGE_ID, ages->age[i].id) ||
		    put_u64(skb, TOCSIN_A_AGE_INCARNATION, ages->age[i].incarnation) ||
		    put_u64(skb, TOCSIN_A_AGE_NS, ages->age[i].age_ns))
			return -EMSGSIZE;
		nla_nest_end(skb, nest);
	}
	return 0;
}

static int put_member(struct sk_buff *skb, const struct core_member *member)
{
	struct nlattr *nest = nla_nest_start(skb, TOCSIN_A_VIEW_MEMBER);

	if (!nest || nla_put_u16(skb, TOCSIN_A_MEMBER_ID, member->id) ||
	    put_u64(skb, TOCSIN_A_MEMBER_INCARNATION, member->incarnation))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_view(struct sk_buff *skb, int type, const struct core_view *view)
{
	struct nlattr *nest;
	unsigned int i;

	if (!view->epoch)
		return 0;
	nest = nla_nest_start(skb, type);
	if (!nest || put_u64(skb, TOCSIN_A_VIEW_EPOCH, view->epoch) ||
	    put_u64(skb, TOCSIN_A_VIEW_HASH, view->hash) ||
	    put_u64(skb, TOCSIN_A_VIEW_ARBITER, view->arbiter) ||
	    put_u64(skb, TOCSIN_A_VIEW_STATE, view->state) ||
	    nla_put_u16(skb, TOCSIN_A_VIEW_COORDINATOR, view->coordinator))
		return -EMSGSIZE;
	for (i = 0; i < view->count; i++)
		if (put_member(skb, &view->member[i]))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_gasp(struct sk_buff *skb, const struct core_gasp *gasp)
{
	struct nlattr *nest = nla_nest_start(skb, TOCSIN_A_EVENT_GASP);

	if (!nest || put_u64(skb, TOCSIN_A_GASP_PROMISED_COUNTER, gasp->promised.counter) ||
	    nla_put_u16(skb, TOCSIN_A_GASP_PROMISED_NODE, gasp->promised.node) ||
	    put_u64(skb, TOCSIN_A_GASP_BALLOT_COUNTER, gasp->ballot.counter) ||
	    nla_put_u16(skb, TOCSIN_A_GASP_BALLOT_NODE, gasp->ballot.node) ||
	    put_view(skb, TOCSIN_A_GASP_ACCEPTED, &gasp->accepted))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

int tocsin_put_event(struct sk_buff *skb, const struct core_event *event,
		     const struct core_gasp *gasp, u64 now_ns, u64 lost)
{
	struct nlattr *nest = nla_nest_start(skb, TOCSIN_A_EVENT);

	if (!nest || put_event_fields(skb, event, now_ns, lost))
		return -EMSGSIZE;
	if (gasp && put_gasp(skb, gasp))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* What of the core a status tells, copied out so that no lock is held while
 * the answer is written.
 */
struct snapshot {
	struct core_config config;
	struct core_view installed;
	struct core_view accepted;
	struct core_frontier frontier;
	enum core_verdict verdict;
	bool attached;
	bool armed;
	u32 owner;
	u64 now_ns;
	u64 safety_ns;
	u64 quorum_ns;
};

static struct snapshot *snapshot_take(struct tocsin *t)
{
	struct snapshot *s = kmalloc(sizeof(*s), GFP_KERNEL);
	unsigned long flags;

	if (!s)
		return NULL;
	s->now_ns = tocsin_lock(t, &flags);
	s->config = t->core->config;
	s->installed = t->core->installed;
	s->accepted = t->core->accepted;
	s->frontier = t->core->frontier;
	s->verdict = t->core->verdict;
	s->attached = t->attached;
	s->armed = t->core->armed;
	s->owner = t->owner;
	s->safety_ns = core_safety_lease_ns(t->core);
	s->quorum_ns = core_quorum_lease_ns(t->core);
	tocsin_unlock(t, flags);
	return s;
}

static int put_config(struct sk_buff *skb, const struct tocsin *t, const struct core_config *config)
{
	if (nla_put_u8(skb, TOCSIN_A_STATUS_ACTION, t->action) ||
	    nla_put_u16(skb, TOCSIN_A_STATUS_NODE_ID, config->node_id) ||
	    nla_put_u16(skb, TOCSIN_A_STATUS_PORT, t->port) ||
	    put_u64(skb, TOCSIN_A_STATUS_CLUSTER_ID, config->cluster_id) ||
	    put_u64(skb, TOCSIN_A_STATUS_INCARNATION, config->incarnation) ||
	    put_u64(skb, TOCSIN_A_STATUS_INTERVAL_NS, config->interval_ns) ||
	    put_u64(skb, TOCSIN_A_STATUS_MEMBER_TIMEOUT_NS, config->member_timeout_ns) ||
	    put_u64(skb, TOCSIN_A_STATUS_SAFETY_TIMEOUT_NS, config->safety_timeout_ns) ||
	    put_u64(skb, TOCSIN_A_STATUS_TOC_MARGIN_NS, t->toc_margin_ns) ||
	    put_u64(skb, TOCSIN_A_STATUS_ON_DETACH_NS, config->on_detach_ns))
		return -EMSGSIZE;
	return 0;
}

static int put_status_fields(struct sk_buff *skb, const struct tocsin *t, const struct snapshot *s,
			     u32 asker)
{
	if (nla_put_u8(skb, TOCSIN_A_STATUS_VERDICT, s->verdict) ||
	    put_u64(skb, TOCSIN_A_STATUS_NOW_NS, s->now_ns) ||
	    nla_put_u32(skb, TOCSIN_A_STATUS_WARNINGS, READ_ONCE(t->warnings)))
		return -EMSGSIZE;
	if (!s->attached)
		return 0;
	if (nla_put_flag(skb, TOCSIN_A_STATUS_ATTACHED) ||
	    (s->armed && nla_put_flag(skb, TOCSIN_A_STATUS_ARMED)) ||
	    (s->owner == asker && nla_put_flag(skb, TOCSIN_A_STATUS_OWNED)) ||
	    put_u64(skb, TOCSIN_A_STATUS_SAFETY_NS, s->safety_ns) ||
	    put_u64(skb, TOCSIN_A_STATUS_QUORUM_NS, s->quorum_ns) ||
	    put_u64(skb, TOCSIN_A_STATUS_FRONTIER_EPOCH, s->frontier.epoch) ||
	    put_u64(skb, TOCSIN_A_STATUS_FRONTIER_HASH, s->frontier.hash) ||
	    put_view(skb, TOCSIN_A_STATUS_INSTALLED, &s->installed) ||
	    put_view(skb, TOCSIN_A_STATUS_ACCEPTED, &s->accepted))
		return -EMSGSIZE;
	return put_config(skb, t, &s->config);
}

int tocsin_put_status(struct sk_buff *skb, struct tocsin *t, u32 asker)
{
	struct snapshot *s = snapshot_take(t);
	struct nlattr *nest;
	int err = -EMSGSIZE;

	if (!s)
		return -ENOMEM;
	nest = nla_nest_start(skb, TOCSIN_A_STATUS);
	if (nest)
		err = put_status_fields(skb, t, s, asker);
	if (!err)
		nla_nest_end(skb, nest);
	kfree(s);
	return err;
}

static int put_drop(struct sk_buff *skb, u8 reason, u64 count)
{
	struct nlattr *nest = nla_nest_start(skb, TOCSIN_A_STATS_DROP);

	if (!nest || nla_put_u8(skb, TOCSIN_A_DROP_REASON, reason) ||
	    put_u64(skb, TOCSIN_A_DROP_COUNT, count))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_late(struct sk_buff *skb, unsigned int i, u64 count)
{
	struct nlattr *nest = nla_nest_start(skb, TOCSIN_A_STATS_LATE);

	if (!nest || put_u64(skb, TOCSIN_A_LATE_BELOW_NS, core_late_below_ns(i)) ||
	    put_u64(skb, TOCSIN_A_LATE_COUNT, count))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

int tocsin_put_stats(struct sk_buff *skb, struct tocsin *t)
{
	struct tocsin_stats *stats = &t->stats;
	struct nlattr *nest = nla_nest_start(skb, TOCSIN_A_STATS);
	unsigned int i;

	if (!nest || put_u64(skb, TOCSIN_A_STATS_RECEIVED, atomic64_read(&stats->received)) ||
	    put_u64(skb, TOCSIN_A_STATS_SENT, atomic64_read(&stats->sent)) ||
	    put_u64(skb, TOCSIN_A_STATS_SEND_ERRORS, atomic64_read(&stats->send_errors)) ||
	    put_u64(skb, TOCSIN_A_STATS_LATE_LAST_NS, READ_ONCE(stats->late_last_ns)) ||
	    put_u64(skb, TOCSIN_A_STATS_LATE_MAX_NS, READ_ONCE(stats->late_max_ns)) ||
	    put_u64(skb, TOCSIN_A_STATS_CHECK_LATE_MAX_NS, tocsin_safety_late_max_ns(t)) ||
	    put_u64(skb, TOCSIN_A_STATS_PETS, atomic64_read(&stats->pets)) ||
	    put_u64(skb, TOCSIN_A_STATS_EVENTS_LOST, READ_ONCE(t->core->events_lost)))
		return -EMSGSIZE;
	for (i = CORE_DROP_NONE + 1; i < CORE_DROP_COUNT; i++)
		if (put_drop(skb, i, atomic64_read(&stats->drop[i])))
			return -EMSGSIZE;
	for (i = 0; i < CORE_LATE_CLASSES; i++)
		if (put_late(skb, i, READ_ONCE(stats->late[i])))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_address(struct sk_buff *skb, int type, const struct tocsin_address *address)
{
	if (address->family == AF_INET)
		return nla_put(skb, type, sizeof(address->four), &address->four);
	return nla_put(skb, type, sizeof(address->six), &address->six);
}

static int put_path(struct sk_buff *skb, const struct tocsin_path *path, u8 index,
		    const struct core_path_info *info)
{
	struct nlattr *nest = nla_nest_start(skb, TOCSIN_A_PEER_PATH);

	if (!nest || nla_put_u8(skb, TOCSIN_A_PATH_INDEX, index) ||
	    put_address(skb, TOCSIN_A_PATH_LOCAL, &path->local) ||
	    put_address(skb, TOCSIN_A_PATH_REMOTE, &path->remote) ||
	    nla_put_u32(skb, TOCSIN_A_PATH_SCOPE, path->scope) ||
	    nla_put_u8(skb, TOCSIN_A_PATH_STATE, info->state) ||
	    put_u64(skb, TOCSIN_A_PATH_HEARD_NS, info->heard_ns) ||
	    put_u64(skb, TOCSIN_A_PATH_RECEIVED, info->received) ||
	    put_u64(skb, TOCSIN_A_PATH_LOST, info->lost) ||
	    put_u64(skb, TOCSIN_A_PATH_SENT, info->sent) ||
	    put_u64(skb, TOCSIN_A_PATH_SEND_ERRORS, atomic64_read(&path->send_errors)) ||
	    put_u64(skb, TOCSIN_A_PATH_DROPS, atomic64_read(&path->drops)) ||
	    put_u64(skb, TOCSIN_A_PATH_RTT_LAST_NS, info->rtt_last_ns) ||
	    put_u64(skb, TOCSIN_A_PATH_RTT_MIN_NS, info->rtt_min_ns) ||
	    put_u64(skb, TOCSIN_A_PATH_RTT_SMOOTHED_NS, info->rtt_smoothed_ns))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_info(struct sk_buff *skb, const struct core_peer_info *info, const char *name)
{
	if (nla_put_u16(skb, TOCSIN_A_PEER_ID, info->id) ||
	    nla_put_string(skb, TOCSIN_A_PEER_NAME, name) ||
	    put_u64(skb, TOCSIN_A_PEER_INCARNATION, info->incarnation) ||
	    (info->heard && nla_put_flag(skb, TOCSIN_A_PEER_HEARD)) ||
	    put_u64(skb, TOCSIN_A_PEER_HEARD_NS, info->heard_ns) ||
	    put_u64(skb, TOCSIN_A_PEER_ACKED_NS, info->acked_ns) ||
	    put_u64(skb, TOCSIN_A_PEER_INSTALLED_EPOCH, info->installed_epoch) ||
	    put_u64(skb, TOCSIN_A_PEER_FRONTIER_EPOCH, info->frontier.epoch) ||
	    put_u64(skb, TOCSIN_A_PEER_FRONTIER_HASH, info->frontier.hash) ||
	    nla_put_u32(skb, TOCSIN_A_PEER_INTERVAL_US, info->interval_us) ||
	    nla_put_u16(skb, TOCSIN_A_PEER_FLAGS, info->flags) ||
	    (info->acknowledged && nla_put_flag(skb, TOCSIN_A_PEER_ACKNOWLEDGED)) ||
	    nla_put(skb, TOCSIN_A_PEER_HEARS, sizeof(info->hears), info->hears))
		return -EMSGSIZE;
	return 0;
}

/* A peer, copied out like a status. */
struct peer_copy {
	struct core_peer_info info;
	struct core_path_info measured[CORE_PATHS_MAX];
	struct tocsin_peer peer;
};

static int peer_copy(struct tocsin *t, u16 id, struct peer_copy *copy)
{
	unsigned long flags;
	int err;
	u8 i;

	tocsin_lock(t, &flags);
	err = core_peer_read(t->core, id, &copy->info);
	if (!err) {
		for (i = 0; i < copy->info.paths; i++)
			core_path_read(t->core, id, i, &copy->measured[i]);
		copy->peer = t->peer[id];
	}
	tocsin_unlock(t, flags);
	return err;
}

static int put_peer(struct sk_buff *skb, const struct peer_copy *copy)
{
	struct nlattr *nest = nla_nest_start(skb, TOCSIN_A_PEER);
	u8 i;

	if (!nest || put_info(skb, &copy->info, copy->peer.name))
		return -EMSGSIZE;
	for (i = 0; i < copy->info.paths; i++)
		if (put_path(skb, &copy->peer.path[i], i, &copy->measured[i]))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

int tocsin_put_peer(struct sk_buff *skb, struct tocsin *t, u16 id)
{
	struct peer_copy *copy = kmalloc(sizeof(*copy), GFP_KERNEL);
	int err;

	if (!copy)
		return -ENOMEM;
	err = peer_copy(t, id, copy);
	if (!err)
		err = put_peer(skb, copy);
	kfree(copy);
	return err;
}
