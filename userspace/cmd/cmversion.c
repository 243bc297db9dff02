// SPDX-License-Identifier: GPL-2.0-or-later
/* cmversion: print the release of the commands. */
#include "cmd.h"

#include <tocsin/version.h>

static const struct cmd_help help = {
	.usage = "",
	.text = "Prints the release of the commands installed on this host.\n",
	.examples = "  cmversion\n",
};

int cmversion_main(int argc, char **argv)
{
	if (cmd_option(argc, argv, "", NULL, &help) != -1 || optind < argc)
		return cmd_usage_error("takes no arguments");
	puts(TOCSIN_VERSION);
	return CMD_OK;
}
