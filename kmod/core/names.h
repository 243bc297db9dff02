/* SPDX-License-Identifier: GPL-2.0 */
/* Words for the enumerations of the core, the same in kernel and user space.
 * Never NULL; a value out of range gives "unknown". Context: any.
 */
#ifndef TOCSIN_CORE_NAMES_H
#define TOCSIN_CORE_NAMES_H

#include "core.h"
#include "wire.h"

const char *core_verdict_name(enum core_verdict verdict);
const char *core_event_name(enum core_event_type type);
const char *core_path_state_name(enum core_path_state state);
const char *core_drop_name(enum core_drop drop);
const char *core_lease_name(enum core_lease lease);

#endif
