// SPDX-License-Identifier: GPL-2.0-or-later
#include <tocsin/base_log.h>

#include <tocsin/base.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define LINE_MAX_BYTES	2048

static const char *log_program = "";
static enum base_log_level log_level = BASE_LOG_INFO;
static bool log_journal;
static void (*log_sink)(enum base_log_level level, const char *line);

void base_log_start(const char *program, enum base_log_level level)
{
	log_program = program;
	log_level = level;
	log_journal = getenv("JOURNAL_STREAM") != NULL;
}

void base_log_redirect(void (*sink)(enum base_log_level level, const char *line))
{
	log_sink = sink;
}

/* What others sent may be part of a message: it must stay one line. */
static void make_one_line(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = ' ';
}

static void print_line(enum base_log_level level, const char *message)
{
	char line[LINE_MAX_BYTES + 128];
	size_t size;

	if (log_journal)
		base_str_print(line, sizeof(line) - 1, "<%d>%s", (int)level, message);
	else
		base_str_print(line, sizeof(line) - 1, "%s%s%s", log_program,
			       *log_program ? ": " : "", message);
	size = strlen(line);
	line[size++] = '\n';
	/* One write: lines of several threads do not mix. */
	if (write(STDERR_FILENO, line, size) < 0)
		return;	/* nobody is left to be told */
}

void base_log(enum base_log_level level, const char *format, ...)
{
	char message[LINE_MAX_BYTES];
	va_list args;

	if (level > log_level)
		return;
	va_start(args, format);
	if (vsnprintf(message, sizeof(message), format, args) < 0)
		message[0] = '\0';
	va_end(args);
	make_one_line(message);
	if (log_sink)
		log_sink(level, message);
	else
		print_line(level, message);
}
