/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answer to "status" (Documentation/IPC) made of a snapshot. */
#ifndef CMCLD_JSON_H
#define CMCLD_JSON_H

#include <jansson.h>

#include "cmcld_paths.h"
#include "cmcld_snapshot.h"

/* A new object, owned by the caller; NULL: out of memory. */
json_t *cmcld_json_status(const struct cmcld_snapshot *snapshot,
			  const struct cmcld_paths *paths);

#endif
