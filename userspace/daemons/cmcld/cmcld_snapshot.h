/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What readers may know: the real-time thread publishes a snapshot after each
 * change, readers look at the newest one under RCU.  A thousand readers do not
 * delay the writer, and a slow one holds back nothing but its own snapshot.
 */
#ifndef CMCLD_SNAPSHOT_H
#define CMCLD_SNAPSHOT_H

#include <tocsin/conf.h>
#include <tocsin/net_qs.h>
#include <tocsin/pkg.h>

#include "view.h"

enum cmcld_phase {
	CMCLD_SEEKING,		/* looks for a running cluster */
	CMCLD_FORMING,		/* forms one */
	CMCLD_JOINING,		/* a member lets us in */
	CMCLD_MEMBER,
	CMCLD_REFORMING,	/* a view change is under way */
	CMCLD_LEAVING,
	CMCLD_LEFT,
};

enum cmcld_node_state {
	CMCLD_NODE_UNKNOWN,
	CMCLD_NODE_RUNNING,
	CMCLD_NODE_HALTED,	/* left cleanly */
	CMCLD_NODE_FAILED,
	CMCLD_NODE_REFORMING,	/* silent, or a view change is under way */
	CMCLD_NODE_JOINING,	/* its cmcld is heard; no member yet */
};

/* A node of the configuration, same index as conf_cluster.node. */
struct cmcld_snapshot_node {
	enum cmcld_node_state state;
	u64 incarnation;	/* 0: not known */
	bool connected;		/* by a session; true for this node */
	bool safe_waiting;	/* excluded, may still be alive */
};

/**
 * struct cmcld_snapshot
 * @conf: configuration it refers to; valid as long as the snapshot
 * @view: installed view; epoch 0: none
 * @t_ns: when it was taken; @change: grows with each snapshot
 */
struct cmcld_snapshot {
	const struct conf *conf;
	u64 change;
	u64 t_ns;
	u64 installed_ns;
	enum cmcld_phase phase;
	u16 self;
	bool armed;
	unsigned int watchdog_s;	/* of the hardware watchdog; 0: none runs */
	bool assist;
	u64 incarnation;
	u64 late_max_ns;
	u64 dropped;
	struct core_view view;
	struct net_qs_status qs;
	struct cmcld_snapshot_node node[CONF_NODES_MAX];
	struct pkg_status package[CONF_PACKAGES_MAX];
};

struct cmcld_publisher;

/* Real-time thread's side; make it before the thread starts. NULL: no memory. */
struct cmcld_publisher *cmcld_publisher_create(void);
/* After all readers have ended. */
void cmcld_publisher_destroy(struct cmcld_publisher *publisher);

/* The writer registers its thread once, as readers do. */
void cmcld_snapshot_thread_begin(void);
void cmcld_snapshot_thread_end(void);

/**
 * cmcld_publisher_beat - the real-time thread runs: no reader can hold this up
 * @armed: from here on the kernel's safety timer watches over that thread, or may do so
 */
void cmcld_publisher_beat(struct cmcld_publisher *publisher, bool armed);
/* Any thread: the kernel watches, or the last beat is younger than @stale_ns. */
bool cmcld_publisher_lives(struct cmcld_publisher *publisher, u64 stale_ns);
/* Any thread: as the last beat said. */
bool cmcld_publisher_armed(struct cmcld_publisher *publisher);

/* A snapshot to be filled, zero but for @change; NULL while readers hold all
 * others: try again later. Writer only; does not block. */
struct cmcld_snapshot *cmcld_snapshot_begin(struct cmcld_publisher *publisher);
void cmcld_snapshot_publish(struct cmcld_publisher *publisher,
			    struct cmcld_snapshot *snapshot);

/* Reader: the newest snapshot or NULL, good until cmcld_snapshot_put(). */
const struct cmcld_snapshot *cmcld_snapshot_get(struct cmcld_publisher *publisher);
void cmcld_snapshot_put(struct cmcld_publisher *publisher);

const char *cmcld_phase_name(enum cmcld_phase phase);
const char *cmcld_node_state_name(enum cmcld_node_state state);

#endif
