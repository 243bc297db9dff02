/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's log in a crash dump: its end, and its clock. */
#ifndef TOCSIN_CMD_CRASH_LOG_H
#define TOCSIN_CMD_CRASH_LOG_H

#include "cmd_crash_dump.h"

struct crash_record;

/**
 * crash_log_end - the time of the newest message
 * Return: nanoseconds as the log counts them, without time suspended; 0: not known.
 */
u64 crash_log_end(struct crash_dump *dump);

/**
 * crash_log_ahead - how far the log's clock is ahead of that of the recorder
 * By what is in both: the first time that a peer was heard.
 * Return: false when no such line is left; @ahead_ns is not to be used then.
 */
bool crash_log_ahead(struct crash_dump *dump, const struct crash_record *record, s64 *ahead_ns);

#endif
