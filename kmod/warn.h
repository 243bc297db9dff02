/* SPDX-License-Identifier: GPL-2.0 */
/* What the kernel's log is told of the core's events. */
#ifndef TOCSIN_WARN_H
#define TOCSIN_WARN_H

#include "core.h"

struct tocsin;

/**
 * tocsin_warn - log an event that an operator wants to know of
 * Rate limited by the kind of news, so that neither floods the log nor hides
 * the other. Context: process or softirq, no lock held.
 */
void tocsin_warn(struct tocsin *t, const struct core_event *event);

#endif
