// SPDX-License-Identifier: GPL-2.0-or-later
/* cmcrash: say why a node went down. */
#include "cmd.h"
#include "cmd_crash.h"

#include <getopt.h>

#define EVENTS_DEFAULT	30

static const struct cmd_help help = {
	.usage = "[-a] [--json] VMCORE\n[-a] [--json] --live",
	.text =
	"Reads the flight recorder of tocsin.ko out of a crash dump (ELF, or as\n"
	"makedumpfile compresses it) and says why the node went down. The first line\n"
	"is the verdict. No debug symbols are needed.\n\n"
	"  --live   read the recorder of this running node instead\n"
	"  -a       all events, not only the last 30 that matter\n"
	"  --json   one JSON object\n",
	.examples =
	"  cmcrash /var/crash/202611230712/dump.202611230712\n"
	"  cmcrash --live                             is this node in danger?\n",
};

/* Return: CMD_OK, or CMD_USAGE after a message. */
static int check_operands(bool live, int dumps, const char *first)
{
	if (live && dumps)
		return cmd_usage_error("%s and --live: name a dump, or say --live, not both",
				       first);
	if (dumps > 1)
		return cmd_usage_error("%d dumps are named: one at a time", dumps);
	if (!live && !dumps)
		return cmd_usage_error("name one dump, or say --live");
	return CMD_OK;
}

int cmcrash_main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "live", no_argument, NULL, 'l' },
		{ 0 }
	};
	bool json = false, live = false;
	unsigned int events = EVENTS_DEFAULT;
	struct crash_record record;
	int option, code;

	while ((option = cmd_option(argc, argv, "ajl", longs, &help)) != -1) {
		if (option == 'a')
			events = 0;
		else if (option == 'j')
			json = true;
		else
			live = true;
	}
	code = check_operands(live, argc - optind, argv[optind]);
	if (code)
		return code;
	code = live ? crash_record_from_kernel(&record) :
		      crash_record_from_dump(&record, argv[optind]);
	if (code)
		return code;
	if (json)
		crash_json_print(stdout, &record);
	else
		crash_report_print(stdout, &record, events);
	crash_record_free(&record);
	return CMD_OK;
}
