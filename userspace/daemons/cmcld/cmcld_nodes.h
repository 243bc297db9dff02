/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of each configured node, for people: log lines and snapshots. */
#ifndef CMCLD_NODES_H
#define CMCLD_NODES_H

#include <tocsin/member_value.h>

#include "cmcld.h"

int cmcld_nodes_create(struct cmcld *cmcld);
void cmcld_nodes_destroy(struct cmcld *cmcld);

/* A view was installed; @left: who is out since the former one. */
void cmcld_nodes_installed(struct cmcld *cmcld, const struct core_view *view,
			   const struct member_wait *left, u16 left_count);
/* The takeover wait for an excluded incarnation is over. */
void cmcld_nodes_safe(struct cmcld *cmcld, const struct core_member *peer);
/* Events of the heartbeat. */
void cmcld_nodes_kernel_event(struct cmcld *cmcld, const struct core_event *event);
void cmcld_nodes_connected(struct cmcld *cmcld, u16 id, bool connected);

/* MEMBER_PEER_* of a heartbeat event. */
u32 cmcld_nodes_flags(const struct core_event *event);

/* Fill the nodes of a snapshot whose view is filled already. */
void cmcld_nodes_snapshot(const struct cmcld *cmcld, struct cmcld_snapshot *snapshot);

#endif
