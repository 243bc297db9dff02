/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Drives the membership library: real events in, its actions carried out.
 * Events may be given at any time, also from within an action: they are taken
 * in order, kernel answers first.
 */
#ifndef CMCLD_MEMBER_H
#define CMCLD_MEMBER_H

#include <tocsin/member.h>

#include "cmcld.h"

/* Prepare, with what the disk says. Return: 0, -ENOMEM, -EINVAL, -ENOSPC. */
int cmcld_member_create(struct cmcld *cmcld, const struct member_disk *disk);
void cmcld_member_destroy(struct cmcld *cmcld);

/* First event of all. */
void cmcld_member_start(struct cmcld *cmcld);

/* cmruncl: form from these nodes (0: from all configured ones). */
void cmcld_member_form(struct cmcld *cmcld, const u16 *nodes, u16 count);
/* Leave; packages are halted already. Who starts over just then stays away. */
void cmcld_member_leave(struct cmcld *cmcld);

void cmcld_member_message(struct cmcld *cmcld, const struct member_message *message);
void cmcld_member_gasp(struct cmcld *cmcld, const struct core_event *event,
		       const struct core_gasp *words);
void cmcld_member_kernel_event(struct cmcld *cmcld, const struct core_event *event);
void cmcld_member_disk_done(struct cmcld *cmcld, u64 token, int err);
void cmcld_member_arbiter(struct cmcld *cmcld, bool up);
/* Order a record; at most @length = MEMBER_VALUE_BYTES_MAX bytes. */
void cmcld_member_propose(struct cmcld *cmcld, u32 key, const void *data, u16 length);

/* Out of the cluster for good, as this incarnation. */
bool cmcld_member_left(const struct cmcld *cmcld);
enum member_phase cmcld_member_phase(const struct cmcld *cmcld);
/* Installed view or NULL. */
const struct core_view *cmcld_member_view(const struct cmcld *cmcld);
u64 cmcld_member_installed_ns(const struct cmcld *cmcld);
bool cmcld_member_waiting(const struct cmcld *cmcld, u16 node, u64 now_ns);
/* Is the wait of anybody still running? */
bool cmcld_member_any_waiting(const struct cmcld *cmcld, u64 now_ns);

#endif
