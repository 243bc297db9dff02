// SPDX-License-Identifier: GPL-2.0-or-later
/* cmmodpkg: package switching. */
#include "cmd.h"
#include "cmd_cluster.h"

static const struct cmd_help help = {
	.usage = "{-e|-d} [-v] [-n NODE]... PACKAGE...",
	.text =
	"Enables (-e) or disables (-d) package switching (AUTO_RUN), or with -n the\n"
	"right of single nodes to run the package. An enabled package that is down is\n"
	"started at once where it may run.\n\n"
	"  -e, -d   enable, disable\n"
	"  -n NODE  only for this node; may be repeated\n"
	"  -v       say what is done\n",
	.examples =
	"  cmmodpkg -e web          start it where it may run, let it fail over\n"
	"  cmmodpkg -d -n n3 web    never on n3\n",
};

enum { NODES_MAX = 64 };

struct change {
	bool enable;
	bool verbose;
	unsigned int nodes;
	const char *node[NODES_MAX];
};

static int modify(const char *package, const struct change *change)
{
	unsigned int i = 0;
	json_t *args;

	do {
		args = json_pack("{s:s,s:b}", "package", package, "enable",
				 change->enable);
		if (i < change->nodes)
			json_object_set_new(args, "node",
					    json_string(change->node[i]));
		if (cluster_call("modpkg", args, NULL))
			return CMD_FAILED;
	} while (++i < change->nodes);
	if (change->verbose)
		printf("switching of %s is %s\n", package,
		       change->enable ? "enabled" : "disabled");
	return CMD_OK;
}

int cmmodpkg_main(int argc, char **argv)
{
	struct change change = { 0 };
	bool given = false;
	int option, code = CMD_OK;

	while ((option = cmd_option(argc, argv, "edvn:", NULL, &help)) != -1) {
		switch (option) {
		case 'e':
		case 'd':
			if (given)
				return cmd_usage_error("give -e or -d once");
			given = true;
			change.enable = option == 'e';
			break;
		case 'n':
			if (change.nodes == NODES_MAX)
				return cmd_usage_error("too many -n");
			change.node[change.nodes++] = optarg;
			break;
		default:
			change.verbose = true;
		}
	}
	if (!given)
		return cmd_usage_error("say -e or -d");
	if (optind == argc)
		return cmd_usage_error("name at least one package");
	for (; optind < argc; optind++)
		if (modify(argv[optind], &change))
			code = CMD_FAILED;
	return code;
}
