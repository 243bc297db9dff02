// SPDX-License-Identifier: GPL-2.0-or-later
/* cmrunpkg: run packages. */
#include "cmd.h"
#include "cmd_cluster.h"

static const struct cmd_help help = {
	.usage = "[-v] [-n NODE] PACKAGE...",
	.text =
	"Runs halted packages on a node (default: this one) and waits until they run.\n"
	"AUTO_RUN stays as it is: cmmodpkg -e lets a package fail over again.\n\n"
	"  -n NODE  run there\n"
	"  -v       say what is done\n",
	.examples = "  cmrunpkg -n n2 web\n",
};

int cmrunpkg_main(int argc, char **argv)
{
	const char *node = NULL;
	bool verbose = false;
	int option, code = CMD_OK;

	while ((option = cmd_option(argc, argv, "vn:", NULL, &help)) != -1) {
		if (option == 'n')
			node = optarg;
		else
			verbose = true;
	}
	if (optind == argc)
		return cmd_usage_error("name at least one package");
	if (!node)
		node = cluster_self();
	for (; optind < argc; optind++) {
		if (cluster_call("runpkg", json_pack("{s:s,s:s}", "package",
						     argv[optind], "node", node),
				 NULL))
			code = CMD_FAILED;
		else if (verbose)
			printf("%s runs on %s\n", argv[optind], node);
	}
	return code;
}
