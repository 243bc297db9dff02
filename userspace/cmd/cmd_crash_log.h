/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The end of the kernel's log in a crash dump. */
#ifndef TOCSIN_CMD_CRASH_LOG_H
#define TOCSIN_CMD_CRASH_LOG_H

#include "cmd_crash_dump.h"

/**
 * crash_log_end - the time of the newest message
 * Return: nanoseconds as the log counts them, without time suspended; 0: not known.
 */
u64 crash_log_end(struct crash_dump *dump);

#endif
