/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The quorum server's log: standard output, one line a message, in the form
 * "Oct 04 12:25:06:0:main:Starting Quorum Server": time, weight (0 information,
 * 1 warning, 2 error), what it is about, text.
 */
#ifndef TOCSIN_QS_LOG_H
#define TOCSIN_QS_LOG_H

enum qs_log_weight {
	QS_LOG_INFO,
	QS_LOG_WARNING,
	QS_LOG_ERROR,
};

void qs_log(enum qs_log_weight weight, const char *about, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
