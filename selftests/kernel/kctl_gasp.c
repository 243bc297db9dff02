// SPDX-License-Identifier: GPL-2.0-or-later
/* A peer's last words, as another node hears them. */
#include "kctl.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>

void kctl_promise_run(struct nl *nl, char **options)
{
	struct core_ballot ballot = {
		.counter = kctl_number(options, "counter", 7),
		.node = kctl_number(options, "node", 1),
	};

	kctl_check(nl_promise(nl, kctl_number(options, "epoch", 2), &ballot), "promise");
}

static void heard(struct nl *nl, const struct nl_event *event, s64 offset_ns, char **options)
{
	struct nl_peer peer;

	if (!event->has_gasp)
		kctl_die("the last words came without words");
	kctl_check(nl_peer_get(nl, event->core.peer, &peer), "peer-get");
	printf("last words of node %u: %llu us after its last heartbeat; epoch %llu, "
	       "promised %llu.%u\n", event->core.peer,
	       (unsigned long long)(event->time_ns - peer.info.heard_ns) / 1000,
	       (unsigned long long)event->core.installed_epoch,
	       (unsigned long long)event->gasp.promised.counter, event->gasp.promised.node);
	if (offset_ns)
		printf("at %lld ns of its clock\n", (long long)event->time_ns - offset_ns);
	if (peer.info.heard || peer.path[0].info.state != CORE_PATH_DOWN)
		kctl_die("the peer is still heard");
	if (event->core.installed_epoch != kctl_number(options, "epoch", 1) ||
	    event->gasp.promised.counter != kctl_number(options, "counter", 7))
		kctl_die("they say something else");
}

/* Waits for a peer's end: told (said=1, the default), only silent (said=0), or
 * either of them (any=1).  sync=ID: and says when it was, on that node's clock.
 */
void kctl_gasp_run(struct nl *nl, char **options)
{
	u64 end = base_clock_ns() + kctl_number(options, "within", 60000) * BASE_NS_PER_MS;
	bool said = kctl_number(options, "said", 1);
	bool any = kctl_number(options, "any", 0);
	u16 sync = kctl_number(options, "sync", 0);
	s64 offset_ns = sync ? kctl_clock_offset(nl, sync) : 0;
	struct nl_events *events;
	struct nl_event event;
	int err;

	kctl_check(nl_events_open(&events), "events");
	while (base_clock_ns() < end) {
		err = nl_events_read(events, &event);
		if (err == -EAGAIN) {
			nl_pet(nl);
			poll(NULL, 0, 5);
			continue;
		}
		kctl_check(err, "event");
		if (any && (event.core.type == CORE_EVENT_PEER_GASP ||
			    event.core.type == CORE_EVENT_PEER_SILENT))
			return;
		if (event.core.type == CORE_EVENT_PEER_GASP && said) {
			heard(nl, &event, offset_ns, options);
			return;
		}
		if (event.core.type == CORE_EVENT_PEER_GASP)
			kctl_die("there were last words");
		if (event.core.type == CORE_EVENT_PEER_SILENT && said)
			kctl_die("the peer only fell silent");
		if (event.core.type == CORE_EVENT_PEER_SILENT)
			return;
	}
	kctl_die("nothing happened to the peer");
}
