/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What liburcu orders by barriers of its own, said to the thread sanitizer,
 * which cannot see them.  Nothing in other builds.
 */
#ifndef CMCLD_ORDER_H
#define CMCLD_ORDER_H

#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>

/* All that was written before is seen by who calls cmcld_order_after(). */
#define cmcld_order_before(address)	__tsan_release(address)
#define cmcld_order_after(address)	__tsan_acquire((void *)(address))
#else
#define cmcld_order_before(address)	((void)(address))
#define cmcld_order_after(address)	((void)(address))
#endif

#endif
