/* SPDX-License-Identifier: GPL-2.0 */
/* The clock of all leases: raw, not slewed by NTP, plus the time suspended. */
#ifndef TOCSIN_CLOCK_H
#define TOCSIN_CLOCK_H

#include <linux/types.h>

/* Context: any, NMI included: never waits for a writer of the time. */
u64 tocsin_clock_ns(void);

/* Nanoseconds to add for the wall clock. Context: not NMI. */
u64 tocsin_clock_real_offset_ns(void);

/* Take the time suspended anew: at start and after each resume. */
void tocsin_clock_resume(void);

/* The same of sleeps that nobody announces (a hypervisor's save and restore): rather too
 * little than too much.  Context: any, NMI included.
 */
void tocsin_clock_follow(void);

#endif
