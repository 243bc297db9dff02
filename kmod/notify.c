// SPDX-License-Identifier: GPL-2.0
#include "notify.h"

#include <linux/slab.h>

#include "instance.h"
#include "netlink.h"
#include "put.h"
#include "recorder.h"
#include "trace.h"
#include "warn.h"

/* What goes with it: not kept on the stack of an interrupt. */
static struct core_gasp *gasp_take(struct tocsin *t, const struct core_event *event)
{
	struct core_gasp *gasp;
	unsigned long flags;
	int err;

	if (event->type != CORE_EVENT_PEER_GASP)
		return NULL;
	gasp = kmalloc(sizeof(*gasp), GFP_ATOMIC);
	if (!gasp)
		return NULL;
	tocsin_lock_wait(t, &flags);
	err = core_gasp_read(t->core, event->peer, event->incarnation, gasp);
	raw_spin_unlock_irqrestore(&t->lock, flags);
	if (!err)
		return gasp;
	kfree(gasp);
	return NULL;
}

/* As with a socket that was too full: who listens reads the states again. */
static void listeners_overrun(struct tocsin *t)
{
	genl_set_err(&tocsin_family, t->net, 0, TOCSIN_NLGRP_EVENTS, -ENOBUFS);
}

static void event_send(struct tocsin *t, const struct core_event *event, u64 lost)
{
	struct sk_buff *skb = genlmsg_new(NLMSG_GOODSIZE, GFP_ATOMIC);
	struct core_gasp *gasp;
	void *header;
	int err = -EMSGSIZE;

	if (!skb) {
		listeners_overrun(t);
		return;
	}
	gasp = gasp_take(t, event);
	header = genlmsg_put(skb, 0, 0, &tocsin_family, 0, TOCSIN_CMD_EVENT);
	if (header)
		err = tocsin_put_event(skb, event, gasp, READ_ONCE(t->now_ns), lost);
	kfree(gasp);
	if (err) {
		nlmsg_free(skb);
		listeners_overrun(t);
		return;
	}
	genlmsg_end(skb, header);
	/* Nobody listening is no error; a slow listener is told by its socket. */
	genlmsg_multicast_netns(&tocsin_family, t->net, skb, 0, TOCSIN_NLGRP_EVENTS, GFP_ATOMIC);
}

/* Return: false when there is none, or another CPU is at it. */
static bool event_take(struct tocsin *t, struct core_event *event, u64 *lost, bool first)
{
	unsigned long flags;
	bool taken = false;

	tocsin_lock_wait(t, &flags);
	if (!first || !t->flushing) {
		taken = core_event_pop(t->core, event);
		t->flushing = taken;
		*lost = t->core->events_lost;
	}
	raw_spin_unlock_irqrestore(&t->lock, flags);
	return taken;
}

void tocsin_notify_flush(struct tocsin *t)
{
	struct core_event event;
	bool first = true;
	u64 lost;

	while (event_take(t, &event, &lost, first)) {
		first = false;
		tocsin_record(t, RECORDER_EVENT, event.peer, event.path, event.type, event.value_ns,
			      event.flags, event.incarnation);
		if (event.type == CORE_EVENT_PATH_STATE)
			trace_tocsin_path_state(event.peer, event.path, event.value_ns);
		tocsin_warn(t, &event);
		event_send(t, &event, lost);
	}
}
