/* SPDX-License-Identifier: GPL-2.0 */
/* How late a timer ran, counted in classes. */
#ifndef TOCSIN_CORE_LATE_H
#define TOCSIN_CORE_LATE_H

#include "core_env.h"

/*
 * Each class is twice as long as the one before: [0, 64 us), [64, 128 us) and so
 * on; the last one begins at 1.05 s and has no end.
 */
#define CORE_LATE_CLASSES  16
#define CORE_LATE_FIRST_NS (64 * 1000ULL)

/* The class that a lateness falls into, below CORE_LATE_CLASSES.  Any context. */
unsigned int core_late_class(u64 late_ns);

/* Where a class ends, itself excluded; all ones: nowhere.  Any context. */
u64 core_late_below_ns(unsigned int late_class);

#endif
