// SPDX-License-Identifier: GPL-2.0-or-later
#include "qs_log.h"

#include <tocsin/base.h>

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define TEXT_MAX	800

void qs_log(enum qs_log_weight weight, const char *about, const char *format, ...)
{
	char text[TEXT_MAX], stamp[32], line[TEXT_MAX + 100];
	time_t now = time(NULL);
	struct tm tm;
	va_list args;
	char *at;

	va_start(args, format);
	if (vsnprintf(text, sizeof(text), format, args) < 0)
		text[0] = '\0';
	va_end(args);
	/* Names in it come from the network: a message stays one line. */
	for (at = text; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			*at = ' ';
	localtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%b %d %H:%M:%S", &tm);
	base_str_print(line, sizeof(line), "%s:%d:%s:%s\n", stamp, (int)weight, about, text);
	if (write(STDOUT_FILENO, line, strlen(line)) < 0)
		return;		/* a log that nobody reads must not stop the server */
}
