/* SPDX-License-Identifier: GPL-2.0 */
/* What an armed node refuses or survives: suspend, unload, shutdown. */
#ifndef TOCSIN_GUARD_H
#define TOCSIN_GUARD_H

#include <linux/types.h>

struct tocsin;

int tocsin_guard_init(void);
void tocsin_guard_uninit(void);

/* Is the machine going to sleep? Context: process, the initial instance's mutex held. */
bool tocsin_guard_sleeping(void);

/* A small file of /proc or /sys, as user space sees it, as a string of less than
 * @size. Return: 0 or -errno. Context: process.
 */
int tocsin_guard_read(const char *path, char *text, size_t size);

/* Bits of enum tocsin_warning; also logged. Context: process. */
u32 tocsin_guard_warnings(const struct tocsin *t);

#endif
