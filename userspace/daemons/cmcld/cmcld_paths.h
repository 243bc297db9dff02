/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Heartbeat paths as the kernel sees them, for readers: asked over a netlink
 * socket of its own, at most ten times a second however many ask; and by a thread of its
 * own, because the kernel may keep it waiting for as long as another family's request
 * takes (Documentation/KERNEL-MODULE, Renewals).
 */
#ifndef CMCLD_PATHS_H
#define CMCLD_PATHS_H

#include <tocsin/conf.h>
#include <tocsin/nl.h>

#define CMCLD_PATHS_MAX		(CONF_NODES_MAX * CORE_PATHS_MAX)
#define CMCLD_PATH_TEXT		64

/* @last_heard_ns: age of the newest heartbeat, ns; 0 together with @state "down":
 * never heard */
struct cmcld_path {
	u16 peer;
	u8 path;
	const char *state;		/* "up", "init", "down" */
	char local[CMCLD_PATH_TEXT];
	char remote[CMCLD_PATH_TEXT];
	u64 rtt_ns;
	u64 last_heard_ns;
	u64 lost;
};

/* @stats: of the module: heartbeats sent and taken, what was refused and why */
struct cmcld_paths {
	u16 self;
	int count;
	struct nl_stats stats;
	struct cmcld_path path[CMCLD_PATHS_MAX];
};

struct cmcld_paths_reader;

/* NULL: out of memory or threads. The kernel is connected to when first asked. */
struct cmcld_paths_reader *cmcld_paths_create(u16 self);
/* Waits for a request that is under way. */
void cmcld_paths_destroy(struct cmcld_paths_reader *reader);

/* The paths, at most 100 ms old; empty when the module does not answer within half a
 * second, and at once when it has not answered the last question yet. One thread. */
const struct cmcld_paths *cmcld_paths_read(struct cmcld_paths_reader *reader);

/* "up", "down" or "unknown" for a node's interface on a path: a peer's own, or
 * this node's as its peers' answers show. */
const char *cmcld_paths_status(const struct cmcld_paths *paths, u16 node, u8 path);

#endif
