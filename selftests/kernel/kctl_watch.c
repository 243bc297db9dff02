// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who is suspected, and when:
 *
 *   kctl ... "watch until=FILE [pet=1]"
 *
 * prints a line for each peer that falls silent, each path that goes down and each time
 * that events were lost, then, once the file is there, the sums.  A line to the kernel's
 * log pairs this node's clock with the time at which the host sees it.
 */
#include "kctl.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "names.h"

static void clock_tell(void)
{
	FILE *file = fopen("/dev/kmsg", "w");

	if (!file ||
	    fprintf(file, "<0>kctl: clock %llu\n", (unsigned long long)base_clock_ns()) < 0 ||
	    fclose(file))
		kctl_die("cannot write to /dev/kmsg");
}

static const char *what_of(const struct nl_event *event)
{
	if (event->core.type == CORE_EVENT_PEER_SILENT)
		return "silent";
	if (event->core.type == CORE_EVENT_PATH_STATE &&
	    event->core.value_ns == CORE_PATH_DOWN)
		return "down";
	return NULL;
}

void kctl_watch_run(struct nl *nl, char **options)
{
	const char *until = kctl_text(options, "until", "/tmp/end");
	struct timespec wait = { .tv_nsec = 20 * BASE_NS_PER_MS };
	unsigned int silent = 0, down = 0, lost = 0;
	struct nl_events *events;
	struct nl_event event;
	int err;

	kctl_check(nl_events_open(&events), "events");
	clock_tell();
	printf("watch: begun\n");
	for (;;) {
		err = nl_events_read(events, &event);
		if (!err && what_of(&event)) {
			printf("watch: %s node=%u path=%u at=%llu\n", what_of(&event),
			       event.core.peer, event.core.path,
			       (unsigned long long)event.time_ns);
			silent += event.core.type == CORE_EVENT_PEER_SILENT;
			down += event.core.type == CORE_EVENT_PATH_STATE;
		}
		if (!err)
			continue;
		if (err == -ENOBUFS) {
			printf("watch: lost\n");
			lost++;
		} else if (err != -EAGAIN) {
			kctl_check(err, "event");
		}
		if (!access(until, F_OK))
			break;
		if (kctl_number(options, "pet", 0))
			kctl_check(nl_pet(nl), "pet");
		nanosleep(&wait, NULL);
	}
	nl_events_close(events);
	clock_tell();
	printf("watch: silent=%u down=%u lost=%u\n", silent, down, lost);
}
