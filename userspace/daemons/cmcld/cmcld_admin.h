/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests of administrators, from the main thread, in the real-time thread. */
#ifndef CMCLD_ADMIN_H
#define CMCLD_ADMIN_H

#include <tocsin/member_action.h>

#include "cmcld.h"

int cmcld_admin_create(struct cmcld *cmcld);
void cmcld_admin_destroy(struct cmcld *cmcld);

/* From the main thread: a new request, or one nobody waits for any more. */
void cmcld_admin_request(struct cmcld *cmcld, const struct cmcld_request *request);
void cmcld_admin_cancel(struct cmcld *cmcld, u64 id);

/* What may concern a request under way. */
void cmcld_admin_view(struct cmcld *cmcld, const struct core_view *view);
void cmcld_admin_left(struct cmcld *cmcld, bool asked);
void cmcld_admin_report(struct cmcld *cmcld, enum member_reason reason, const char *text);
void cmcld_admin_package_progress(struct cmcld *cmcld, const struct pkg_action *action);
void cmcld_admin_package_result(struct cmcld *cmcld, const struct pkg_action *action);
/* cmsrvassistd does something for a package. */
void cmcld_admin_step(struct cmcld *cmcld, u16 package, const char *text);

#endif
