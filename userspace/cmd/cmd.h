/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frame of the administrator's commands.  All are one program, /usr/sbin/tocsin:
 * called by a link of the command's name (cmviewcl), or as "tocsin cmviewcl".
 *
 * A new command: a file cmd/cm<name>.c with int cm<name>_main(int, char **)
 * and one line in cmd_list.h.  main() gets argv[0] as the command's name.
 */
#ifndef TOCSIN_CMD_H
#define TOCSIN_CMD_H

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>

/* Exit codes of every command. */
#define CMD_OK		0
#define CMD_FAILED	1
#define CMD_USAGE	2

#define CMD(name, summary) int name##_main(int argc, char **argv);
#include "cmd_list.h"
#undef CMD

/**
 * struct cmd_help - texts of --help
 * @usage: one line or more without the command's name, lines separated by \n
 * @text: options and what the command does
 * @examples: lines of "command  what it does"
 */
struct cmd_help {
	const char *usage;
	const char *text;
	const char *examples;
};

/* How commands that print state do it: -f table|line|json. */
enum cmd_format {
	CMD_FORMAT_TABLE,
	CMD_FORMAT_LINE,
	CMD_FORMAT_JSON,
};

/* Name under which the command was called, for messages. */
extern const char *cmd_name;

/* "<name>: <text>" on stderr; returns CMD_FAILED. */
int cmd_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same with a pointer to --help; returns CMD_USAGE. */
int cmd_usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Print --help on stdout; returns CMD_OK. */
int cmd_help_print(const struct cmd_help *help);

/**
 * cmd_option - getopt_long() with the options every command has
 * Handles -h and --help (prints and exits) and unknown options (says so and
 * exits with CMD_USAGE), so that the caller sees only its own.
 * @options: short options as for getopt(3), without 'h'
 * @longs: table as for getopt_long(3), or NULL
 * Return: an option, or -1 at the end; optind then is the first operand.
 */
int cmd_option(int argc, char **argv, const char *options, const struct option *longs,
	       const struct cmd_help *help);

/* Read the argument of -f. Return: 0, or CMD_USAGE after a message. */
int cmd_format_parse(const char *text, enum cmd_format *format);

/**
 * cmd_progress - one line of progress on stderr, overwritten by the next
 * Silent when stderr is not a terminal. cmd_progress_end() wipes the line.
 */
void cmd_progress(const char *format, ...) __attribute__((format(printf, 1, 2)));
void cmd_progress_end(void);

/**
 * cmd_confirm - ask "<question> [y/n]" on the terminal
 * Return: true for yes; false for no, and when stdin is at its end.
 */
bool cmd_confirm(const char *format, ...) __attribute__((format(printf, 1, 2)));

/**
 * cmd_path - a file of the installation
 * "/etc/tocsin" and "/run/tocsin" can be replaced by $TOCSIN_ETC and
 * $TOCSIN_RUN (tests, several clusters on one machine).
 * @dir: CMD_ETC or CMD_RUN; @name: file below it
 * Return: a string valid until the eighth next call.
 */
#define CMD_ETC "/etc/tocsin"
#define CMD_RUN "/run/tocsin"
const char *cmd_path(const char *dir, const char *name);

#endif
