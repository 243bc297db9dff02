/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The seam between the pure core and its two worlds: the kernel, and user
 * space (tests, simulator, fuzzers).  The only file here with #ifdef
 * __KERNEL__.  Nothing in kmod/core reads a clock, takes a lock, allocates,
 * or logs.
 */
#ifndef TOCSIN_CORE_ENV_H
#define TOCSIN_CORE_ENV_H

#ifdef __KERNEL__
#include <asm/barrier.h>
#include <linux/build_bug.h>
#include <linux/bug.h>
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/types.h>

#define core_assert(condition)	BUG_ON(!(condition))
/* What was written before it is seen before what is written after it. */
#define core_barrier()		smp_wmb()
#else
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t s32;
typedef int64_t s64;

/* Provided by the program (lib/base, or the test). Must not return. */
void core_assert_failed(const char *file, int line, const char *what)
	__attribute__((noreturn));

#define core_barrier()		__atomic_thread_fence(__ATOMIC_RELEASE)
#define core_assert(condition) \
	((condition) ? (void)0 : core_assert_failed(__FILE__, __LINE__, #condition))
#ifndef static_assert
#define static_assert _Static_assert
#endif
#endif

#endif
