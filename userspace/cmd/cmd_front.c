// SPDX-License-Identifier: GPL-2.0-or-later
/* What all commands share at the terminal: options, messages, questions. */
#include "cmd.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *cmd_name = "tocsin";
static bool progress_shown;

static void complain(const char *format, va_list args)
{
	cmd_progress_end();
	fflush(stdout);
	fprintf(stderr, "%s: ", cmd_name);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
}

int cmd_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain(format, args);
	va_end(args);
	return CMD_FAILED;
}

int cmd_usage_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain(format, args);
	va_end(args);
	fprintf(stderr, "%s: see %s --help\n", cmd_name, cmd_name);
	return CMD_USAGE;
}

int cmd_help_print(const struct cmd_help *help)
{
	const char *line = help->usage;
	const char *head = "usage: ";

	while (line && *line) {
		size_t length = strcspn(line, "\n");

		printf("%s%s %.*s\n", head, cmd_name, (int)length, line);
		head = "       ";
		line += length + (line[length] == '\n');
	}
	printf("\n%s", help->text);
	if (help->examples)
		printf("\nExamples:\n%s", help->examples);
	return CMD_OK;
}

int cmd_option(int argc, char **argv, const char *options, const struct option *longs,
	       const struct cmd_help *help)
{
	static const struct option none;
	struct option table[32] = { { "help", no_argument, NULL, 'h' } };
	char shorts[64];
	int used = 1;
	int option;

	for (const struct option *o = longs ? longs : &none; o->name && used < 31; o++)
		table[used++] = *o;
	snprintf(shorts, sizeof(shorts), ":%sh", options);
	opterr = 0;
	option = getopt_long(argc, argv, shorts, table, NULL);
	if (option == 'h') {
		cmd_help_print(help);
		fflush(stdout);
		exit(CMD_OK);
	}
	if (option == ':')
		exit(cmd_usage_error("%s needs an argument", argv[optind - 1]));
	if (option == '?' && optopt)
		exit(cmd_usage_error("there is no option -%c", optopt));
	if (option == '?')
		exit(cmd_usage_error("there is no option %s", argv[optind - 1]));
	return option;
}

int cmd_format_parse(const char *text, enum cmd_format *format)
{
	static const char *const names[] = { "table", "line", "json" };

	for (int i = 0; i < 3; i++) {
		if (!strcmp(text, names[i])) {
			*format = i;
			return 0;
		}
	}
	return cmd_usage_error("-f %s: the formats are table, line and json", text);
}

void cmd_progress(const char *format, ...)
{
	va_list args;

	if (!isatty(STDERR_FILENO))
		return;
	fputs("\r\033[K", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fflush(stderr);
	progress_shown = true;
}

void cmd_progress_end(void)
{
	if (progress_shown)
		fputs("\r\033[K", stderr);
	progress_shown = false;
}

bool cmd_confirm(const char *format, ...)
{
	char answer[16];
	va_list args;

	cmd_progress_end();
	for (;;) {
		va_start(args, format);
		vprintf(format, args);
		va_end(args);
		printf(" [y/n] ");
		fflush(stdout);
		if (!fgets(answer, sizeof(answer), stdin)) {
			putchar('\n');
			return false;
		}
		if (!strchr(answer, '\n'))
			continue;
		if (!strcasecmp(answer, "y\n") || !strcasecmp(answer, "yes\n"))
			return true;
		if (!strcasecmp(answer, "n\n") || !strcasecmp(answer, "no\n"))
			return false;
	}
}

const char *cmd_path(const char *dir, const char *name)
{
	static char paths[8][512];
	static unsigned int next;
	const char *other = getenv(!strcmp(dir, CMD_ETC) ? "TOCSIN_ETC" : "TOCSIN_RUN");
	char *path = paths[next++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", other && *other ? other : dir, name);
	return path;
}
