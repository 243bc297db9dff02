// SPDX-License-Identifier: GPL-2.0-or-later
/* cmrunnode: let nodes join the running cluster. */
#include "cmd.h"
#include "cmd_cluster.h"

static const struct cmd_help help = {
	.usage = "[-v] [NODE...]",
	.text =
	"Starts cmcld on the nodes (default: this one), which then join the running\n"
	"cluster, and waits until they are members.\n\n"
	"  -v   say what is done\n",
	.examples = "  cmrunnode n3\n",
};

static int run_node(const char *node, bool verbose)
{
	int code = cluster_start_node(node);

	if (!code)
		code = cluster_wait_member(node, 120);
	if (!code && verbose)
		printf("%s is a member\n", node);
	return code;
}

int cmrunnode_main(int argc, char **argv)
{
	bool verbose = false;
	int code = CMD_OK;

	while (cmd_option(argc, argv, "v", NULL, &help) != -1)
		verbose = true;
	if (optind == argc)
		return run_node(cluster_self(), verbose);
	for (; optind < argc; optind++)
		if (run_node(argv[optind], verbose))
			code = CMD_FAILED;
	return code;
}
