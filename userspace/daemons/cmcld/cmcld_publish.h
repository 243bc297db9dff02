/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes snapshots: soon after a change, and once a second. */
#ifndef CMCLD_PUBLISH_H
#define CMCLD_PUBLISH_H

#include "cmcld.h"

int cmcld_publish_create(struct cmcld *cmcld);
void cmcld_publish_destroy(struct cmcld *cmcld);

/* Something that readers see has changed. Cheap; several marks, one snapshot. */
void cmcld_publish_mark(struct cmcld *cmcld);
/* Publish now, before readers are answered that something is done. */
void cmcld_publish_now(struct cmcld *cmcld);

#endif
