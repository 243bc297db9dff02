/* SPDX-License-Identifier: GPL-2.0 */
/* What goes into the kernel's log while leases run. */
#ifndef TOCSIN_LOG_H
#define TOCSIN_LOG_H

#include <linux/compiler_attributes.h>
#include <linux/kern_levels.h>

/**
 * tocsin_printk - write a line into the kernel's log and wait for nobody
 * @format: as of printk(), KERN_* included
 *
 * A CPU in printk() waits, with interrupts off, for the one that writes to a console
 * just then.  If that one hangs in the console's driver, both are lost, and who is
 * left to see the end of a lease?  So the consoles get this line later, from an
 * interrupt that tries once.  Any context but NMI.
 */
__printf(1, 2) void tocsin_printk(const char *format, ...);

/* The same, and onto the consoles at once unless another CPU holds them: before the
 * end of a machine there is no later.  Any context but NMI.
 */
__printf(1, 2) void tocsin_printk_now(const char *format, ...);

#endif
