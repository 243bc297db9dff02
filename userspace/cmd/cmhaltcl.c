// SPDX-License-Identifier: GPL-2.0-or-later
/* cmhaltcl: halt the cluster. */
#include "cmd.h"
#include "cmd_cluster.h"

static const struct cmd_help help = {
	.usage = "[-f] [-v]",
	.text =
	"Halts the cluster on all nodes. While packages run it refuses, unless -f.\n\n"
	"  -f   halt the packages first\n"
	"  -v   say what is done\n",
	.examples = "  cmhaltcl -f\n",
};

int cmhaltcl_main(int argc, char **argv)
{
	bool force = false, verbose = false;
	int option, code;

	while ((option = cmd_option(argc, argv, "fv", NULL, &help)) != -1) {
		if (option == 'f')
			force = true;
		else
			verbose = true;
	}
	if (optind < argc)
		return cmd_usage_error("'%s' is not expected", argv[optind]);
	code = cluster_call("haltcl", json_pack("{s:b}", "force", force), NULL);
	if (!code && verbose)
		printf("the cluster is halted\n");
	return code;
}
