// SPDX-License-Identifier: GPL-2.0
#include "warn.h"

#include <linux/kernel.h>
#include <linux/ratelimit.h>

#include "instance.h"
#include "log.h"
#include "names.h"

#define WARN_MEMBERS	4
#define WARN_TEXT	320
/* Of leases: so many in so much time, for each kind of warning. */
#define WARN_BURST	4
#define WARN_INTERVAL	(10 * HZ)

/* Members whose acknowledgements are oldest, the oldest first. */
struct oldest {
	u16 count;			/* filled below */
	u16 members;			/* of the view, without this node */
	struct {
		u16 id;
		u64 heard_ns;
		u64 acked_ns;
	} member[WARN_MEMBERS];
};

static void oldest_insert(struct oldest *oldest, const struct core_peer_info *info)
{
	u16 at = oldest->count;

	while (at && oldest->member[at - 1].acked_ns > info->acked_ns)
		at--;
	if (at == WARN_MEMBERS)
		return;
	if (oldest->count < WARN_MEMBERS)
		oldest->count++;
	memmove(&oldest->member[at + 1], &oldest->member[at],
		(oldest->count - 1 - at) * sizeof(oldest->member[0]));
	oldest->member[at].id = info->id;
	oldest->member[at].heard_ns = info->heard_ns;
	oldest->member[at].acked_ns = info->acked_ns;
}

static u64 oldest_find(struct tocsin *t, struct oldest *oldest)
{
	const struct core_view *view = &t->core->installed;
	struct core_peer_info info;
	unsigned long flags;
	u64 now_ns;
	u16 i;

	memset(oldest, 0, sizeof(*oldest));
	now_ns = tocsin_lock(t, &flags);
	for (i = 0; view->epoch && i < view->count; i++) {
		if (core_peer_read(t->core, view->member[i].id, &info))
			continue;
		oldest->members++;
		oldest_insert(oldest, &info);
	}
	tocsin_unlock(t, flags);
	return now_ns;
}

/* "12 ms ago", or "never". */
static int ago_print(char *text, size_t size, u64 now_ns, u64 then_ns)
{
	if (!then_ns)
		return scnprintf(text, size, "never");
	return scnprintf(text, size, "%llu ms ago", (now_ns - then_ns) / NSEC_PER_MSEC);
}

static void members_print(struct tocsin *t, char *text, size_t size)
{
	struct oldest oldest;
	u64 now_ns = oldest_find(t, &oldest);
	size_t at = 0;
	u16 i;

	text[0] = '\0';
	for (i = 0; i < oldest.count; i++) {
		u16 id = oldest.member[i].id;

		at += scnprintf(text + at, size - at, "; node %u %s acknowledged ", id,
				t->peer[id].name);
		at += ago_print(text + at, size - at, now_ns, oldest.member[i].acked_ns);
		at += scnprintf(text + at, size - at, ", heard ");
		at += ago_print(text + at, size - at, now_ns, oldest.member[i].heard_ns);
	}
	if (oldest.members > oldest.count)
		scnprintf(text + at, size - at, "; %u more, later",
			  oldest.members - oldest.count);
}

static void lease_warn(struct tocsin *t, const struct core_event *event)
{
	const char *part = event->type == CORE_EVENT_LEASE_HALF ? "half" : "three quarters";
	u64 left_ms = event->value_ns / NSEC_PER_MSEC;
	u64 now_ns = READ_ONCE(t->now_ns), pet_ns = READ_ONCE(t->last_pet_ns);
	char text[WARN_TEXT];

	if (event->path == CORE_LEASE_QUORUM)
		members_print(t, text, sizeof(text));
	else
		scnprintf(text, sizeof(text), "; the cluster manager renewed it %llu ms ago",
			  now_ns > pet_ns ? (now_ns - pet_ns) / NSEC_PER_MSEC : 0);
	tocsin_printk(KERN_WARNING "tocsin: %s lease: %s gone, %llu ms left%s; check %s\n",
		      core_lease_name(event->path), part, left_ms, text,
		      event->path == CORE_LEASE_QUORUM ? "the network" :
		      "this node's load and cmcld's journal");
}

static void peer_warn(struct tocsin *t, const struct core_event *event)
{
	const char *name = t->peer[event->peer].name;

	if (event->type == CORE_EVENT_PEER_HEARD)
		tocsin_printk(KERN_INFO "tocsin: node %u %s heard, incarnation %016llx\n",
			      event->peer, name, event->incarnation);
	else if (event->type == CORE_EVENT_PEER_SILENT)
		tocsin_printk(KERN_WARNING
			      "tocsin: node %u %s silent for %llu ms; check the network to it\n",
			      event->peer, name, event->value_ns / NSEC_PER_MSEC);
	else
		tocsin_printk(KERN_WARNING "tocsin: node %u %s says that it goes down\n",
			      event->peer, name);
}

void tocsin_warn(struct tocsin *t, const struct core_event *event)
{
	static DEFINE_RATELIMIT_STATE(peers, DEFAULT_RATELIMIT_INTERVAL, DEFAULT_RATELIMIT_BURST);
	static DEFINE_RATELIMIT_STATE(half, WARN_INTERVAL, WARN_BURST);
	static DEFINE_RATELIMIT_STATE(three_quarters, WARN_INTERVAL, WARN_BURST);

	switch (event->type) {
	case CORE_EVENT_PEER_HEARD:
	case CORE_EVENT_PEER_SILENT:
	case CORE_EVENT_PEER_GASP:
		if (__ratelimit(&peers))
			peer_warn(t, event);
		break;
	case CORE_EVENT_LEASE_HALF:
		if (__ratelimit(&half))
			lease_warn(t, event);
		break;
	case CORE_EVENT_LEASE_THREE_QUARTERS:
		if (__ratelimit(&three_quarters))
			lease_warn(t, event);
		break;
	default:
		break;
	}
}
