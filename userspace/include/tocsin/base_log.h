/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Log front end of daemons and commands: one line to stderr.  Under systemd
 * each line starts with "<N>" so that the journal knows its level; elsewhere
 * with the program's name.  It can block on a slow reader: never call it in
 * cmcld's real-time thread, which writes to cmlogd's ring.
 */
#ifndef TOCSIN_BASE_LOG_H
#define TOCSIN_BASE_LOG_H

enum base_log_level {			/* numbers of syslog(3) */
	BASE_LOG_CRITICAL	= 2,
	BASE_LOG_ERROR		= 3,
	BASE_LOG_WARNING	= 4,
	BASE_LOG_NOTICE		= 5,
	BASE_LOG_INFO		= 6,
	BASE_LOG_DEBUG		= 7,
};

/**
 * base_log_start - set the program's name and the least urgent level printed
 * Prefixes "<N>" are used when $JOURNAL_STREAM is set.  Without this call:
 * no name, level BASE_LOG_INFO.
 */
void base_log_start(const char *program, enum base_log_level level);

/* One message, one line: line feeds and control characters become spaces. */
void base_log(enum base_log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * base_log_redirect - hand every line to @sink instead of stderr
 * For cmcld (its ring) and tests; NULL restores stderr.
 */
void base_log_redirect(void (*sink)(enum base_log_level level, const char *line));

#endif
