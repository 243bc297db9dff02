/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * base: what every daemon and command needs: the cluster's clock, random
 * numbers, hexadecimal text, bounded strings, files written all or nothing.
 * core_assert_failed() (kmod/core/core_env.h) also lives in this library: it
 * prints place and condition on stderr and aborts.
 */
#ifndef TOCSIN_BASE_H
#define TOCSIN_BASE_H

#include "core_env.h"

#include <sys/types.h>

/* Longest file name taken, with its NUL. */
#define BASE_PATH_MAX	4096

#define BASE_NS_PER_US	1000ULL
#define BASE_NS_PER_MS	1000000ULL
#define BASE_NS_PER_S	1000000000ULL

/**
 * base_clock_ns - the clock of leases, ages and waits, in nanoseconds
 * CLOCK_MONOTONIC_RAW + (CLOCK_BOOTTIME - CLOCK_MONOTONIC): the raw clock, not
 * slewed by NTP, plus the time suspended.  This is what the kernel module
 * computes, to within a few microseconds.  sd-event timers run on
 * CLOCK_BOOTTIME, which NTP slews: set them with a relative delay, and compare
 * with this clock when they fire.
 * Context: any thread; does not block; never goes backwards in one thread.
 */
u64 base_clock_ns(void);

/* Fill @out with @size random bytes from the kernel; aborts if it cannot. */
void base_random(void *out, size_t size);

/* 64 random bits, never 0. */
u64 base_random_u64(void);

/* Write 2 * @size lower-case digits and a NUL to @out. */
void base_hex_write(char *out, const void *in, size_t size);

/**
 * base_hex_read - read exactly @size bytes from exactly 2 * @size digits
 * Return: 0; -EINVAL when @text is shorter, longer or not hexadecimal.
 */
int base_hex_read(const char *text, void *out, size_t size);

/* Copy a string with its NUL. Return: 0, or -ENAMETOOLONG with @out empty. */
int base_str_copy(char *out, size_t size, const char *text);

/* Print into @out; a text that does not fit is cut and still ends with NUL. */
void base_str_print(char *out, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * base_str_u64 - read a whole decimal number
 * Return: 0; -EINVAL: not a number, sign or trailing text; -ERANGE: not within
 * @min..@max.
 */
int base_str_u64(const char *text, u64 min, u64 max, u64 *out);

/* Cut white space at both ends, in place; returns the first character kept. */
char *base_str_trim(char *text);

/**
 * base_file_read - read a whole file
 * @max: largest size taken, bytes
 * @out: set to an allocated buffer, one NUL beyond the end; the caller frees it
 * Return: size; -EFBIG when larger than @max; -errno of open or read.
 */
ssize_t base_file_read(const char *path, size_t max, char **out);

/**
 * base_file_write - replace a file, all or nothing, durably
 * Writes <path>.new, syncs it, renames it, syncs the directory: after a crash at
 * any point the old or the new content is there.  Blocks on the disk.
 * Return: 0 or -errno; on error the old content is there, or (the directory could
 * not be synced) the new one.
 */
int base_file_write(const char *path, const void *data, size_t size, mode_t mode);

#endif
