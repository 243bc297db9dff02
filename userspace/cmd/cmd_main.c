// SPDX-License-Identifier: GPL-2.0-or-later
/* Finds the command by the name it was called with. */
#include "cmd.h"

#include <string.h>
#include <unistd.h>

static const struct {
	const char *name;
	const char *summary;
	int (*main)(int argc, char **argv);
} commands[] = {
#define CMD(name, summary) { #name, summary, name##_main },
#include "cmd_list.h"
#undef CMD
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int list(FILE *out)
{
	fprintf(out, "usage: tocsin COMMAND [OPTION...]     (or the command's own name)\n\n");
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(out, "  %-14s %s\n", commands[i].name, commands[i].summary);
	fprintf(out, "\nCOMMAND --help says more, with examples.\n");
	return out == stdout ? CMD_OK : CMD_USAGE;
}

static int run(int argc, char **argv)
{
	for (size_t i = 0; i < COMMANDS; i++) {
		if (!strcmp(commands[i].name, argv[0])) {
			cmd_name = commands[i].name;
			return commands[i].main(argc, argv);
		}
	}
	fprintf(stderr, "tocsin: there is no command '%s'\n", argv[0]);
	return list(stderr);
}

int main(int argc, char **argv)
{
	const char *slash = argc ? strrchr(argv[0], '/') : NULL;
	int code;

	if (!argc)
		return CMD_USAGE;
	if (slash)
		argv[0] = (char *)slash + 1;
	if (!strcmp(argv[0], "tocsin")) {
		argc--;
		argv++;
		if (!argc)
			return list(stderr);
		if (!strcmp(argv[0], "help") || !strcmp(argv[0], "--help") ||
		    !strcmp(argv[0], "-h"))
			return list(stdout);
	}
	code = run(argc, argv);
	if ((fflush(stdout) || ferror(stdout)) && code == CMD_OK)
		return cmd_error("writing the output failed: it is incomplete");
	return code;
}
