// SPDX-License-Identifier: GPL-2.0-or-later
/* cmhaltnode: let nodes leave the cluster in good order. */
#include "cmd.h"
#include "cmd_cluster.h"

static const struct cmd_help help = {
	.usage = "[-f] [-v] [NODE...]",
	.text =
	"Lets the nodes (default: this one) leave the cluster. Refused while packages\n"
	"run there, unless -f: then they are halted and, where switching allows,\n"
	"started on another node.\n\n"
	"  -f   halt or move packages first\n"
	"  -v   say what is done\n",
	.examples = "  cmhaltnode -f n2     before servicing n2\n",
};

static int halt_node(const char *node, bool force, bool verbose)
{
	int code = cluster_remote_call(node, "leave",
				       json_pack("{s:b}", "force", force), NULL);

	if (!code && verbose)
		printf("%s has left the cluster\n", node);
	return code;
}

int cmhaltnode_main(int argc, char **argv)
{
	bool force = false, verbose = false;
	int option, code = CMD_OK;

	while ((option = cmd_option(argc, argv, "fv", NULL, &help)) != -1) {
		if (option == 'f')
			force = true;
		else
			verbose = true;
	}
	if (optind == argc)
		return halt_node(cluster_self(), force, verbose);
	for (; optind < argc; optind++)
		if (halt_node(argv[optind], force, verbose))
			code = CMD_FAILED;
	return code;
}
