// SPDX-License-Identifier: GPL-2.0-or-later
/* cmhaltpkg: halt packages. */
#include "cmd.h"
#include "cmd_cluster.h"

static const struct cmd_help help = {
	.usage = "[-v] PACKAGE...",
	.text =
	"Halts packages wherever they run and waits for it. AUTO_RUN is disabled, so\n"
	"that they stay halted; cmmodpkg -e starts them again.\n\n"
	"  -v   say what is done\n",
	.examples = "  cmhaltpkg web\n",
};

int cmhaltpkg_main(int argc, char **argv)
{
	bool verbose = false;
	int code = CMD_OK;

	while (cmd_option(argc, argv, "v", NULL, &help) != -1)
		verbose = true;
	if (optind == argc)
		return cmd_usage_error("name at least one package");
	for (; optind < argc; optind++) {
		if (cluster_call("haltpkg",
				 json_pack("{s:s}", "package", argv[optind]), NULL))
			code = CMD_FAILED;
		else if (verbose)
			printf("%s is halted\n", argv[optind]);
	}
	return code;
}
