// SPDX-License-Identifier: GPL-2.0-or-later
/* cmcheckconf: check files, or what is installed. */
#include "cmd.h"
#include "cmd_conf.h"

static const struct cmd_help help = {
	.usage = "[-v] [-C CLUSTER_FILE] [-P PACKAGE_FILE]... [-p LIST]",
	.text =
	"Checks a cluster file and package files, alone, against each other and on every\n"
	"node; changes nothing. All faults are reported, with file, line and column.\n"
	"With no file it checks what is installed: do all nodes still fit it?\n\n"
	"  -C FILE       cluster file; without it, the installed cluster is taken\n"
	"  -P FILE       package file; may be repeated\n"
	"  -p FILE       a file with the names of package files, one a line\n"
	"  -v            say what was checked\n"
	"  --files-only  do not ask the nodes\n"
	"  -k, -K        taken for compatibility; disks are not probed\n",
	.examples =
	"  cmcheckconf -C cluster.ascii -P web.conf -P db.conf\n"
	"  cmcheckconf                     has a node drifted?\n",
};

static const struct option longs[] = {
	{ "files-only", no_argument, NULL, 1 },
	{ NULL, 0, NULL, 0 },
};

static int read_arguments(int argc, char **argv, struct cmd_conf *run)
{
	int option, code = 0;

	while (!code && (option = cmd_option(argc, argv, "C:P:p:vkK", longs, &help)) != -1) {
		if (option == 'C')
			run->cluster_file = optarg;
		else if (option == 'P')
			code = cmd_conf_add_package(run, optarg);
		else if (option == 'p')
			code = cmd_conf_add_list(run, optarg);
		else if (option == 'v')
			run->verbose = true;
		else if (option == 1)
			run->files_only = true;
	}
	if (!code && optind < argc)
		code = cmd_usage_error("'%s' is not expected; package files need -P",
				       argv[optind]);
	return code;
}

int cmcheckconf_main(int argc, char **argv)
{
	static struct cmd_conf run;
	int code = read_arguments(argc, argv, &run);

	if (!code)
		code = cmd_conf_read(&run);
	if (!code && !run.files_only)
		code = cmd_conf_check_nodes(&run);
	if (!code && run.verbose)
		printf("cluster %s, nodes: %u, packages: %u: %s\n", run.conf->cluster.name,
		       run.conf->cluster.node_count, run.conf->package_count,
		       run.files_only ? "the files are good" : "good on all nodes");
	cmd_conf_free(&run);
	return code;
}
