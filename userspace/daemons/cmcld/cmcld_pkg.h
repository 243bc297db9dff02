/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Drives the package library: real events in, its actions carried out. */
#ifndef CMCLD_PKG_H
#define CMCLD_PKG_H

#include <tocsin/member_value.h>

#include "cmcld.h"

/* Return: 0, -ENOMEM, -ENOSPC. */
int cmcld_pkg_create(struct cmcld *cmcld);
void cmcld_pkg_destroy(struct cmcld *cmcld);

/* cmcld->conf is a newer configuration: take over its packages. */
void cmcld_pkg_configure(struct cmcld *cmcld);

/* From the membership: contract of pkg.h, points 1 to 3. */
void cmcld_pkg_committed(struct cmcld *cmcld, const struct member_record *record);
void cmcld_pkg_view(struct cmcld *cmcld, const struct core_view *view,
		    const struct member_wait *left, u16 left_count);
void cmcld_pkg_safe(struct cmcld *cmcld, const struct core_member *peer);

/* From another node, by a session. */
void cmcld_pkg_message(struct cmcld *cmcld, u16 from, const void *data, size_t size);
/* May another request come? */
bool cmcld_pkg_room(const struct cmcld *cmcld);
/* An administrator's request; its answers go to cmcld_admin. */
void cmcld_pkg_ask(struct cmcld *cmcld, u64 id, enum pkg_op op,
		   const struct cmcld_request *request);
void cmcld_pkg_cancel(struct cmcld *cmcld, u64 id);
/* From cmsrvassistd. */
void cmcld_pkg_event(struct cmcld *cmcld, const struct pkg_event *event);

/* Does this node run anything, or has it failed to halt what it ran? */
bool cmcld_pkg_active(const struct cmcld *cmcld);

/* For snapshots. */
void cmcld_pkg_status(const struct cmcld *cmcld, u16 package, struct pkg_status *status);

#endif
