// SPDX-License-Identifier: GPL-2.0-or-later
/* cmapplyconf: check, show what changes, install on all nodes or on none. */
#include "cmd.h"
#include "cmd_conf.h"

#include <string.h>
#include <tocsin/base.h>

static const struct cmd_help help = {
	.usage = "[-f] [-v] [-C CLUSTER_FILE] [-P PACKAGE_FILE]... [-p LIST]",
	.text =
	"Checks the files as cmcheckconf does, shows what would change, asks, and installs\n"
	"the configuration on all nodes, or on none. Packages that are not named stay as\n"
	"they are. What the running cluster can take over, it takes over at once; what\n"
	"needs the cluster down is refused while it runs.\n\n"
	"  -C FILE   cluster file; without it, the installed cluster is taken\n"
	"  -P FILE   package file; may be repeated\n"
	"  -p FILE   a file with the names of package files, one a line\n"
	"  -f        do not ask\n"
	"  -v        say what is done\n"
	"  -k, -K    taken for compatibility; disks are not probed\n",
	.examples =
	"  cmapplyconf -C cluster.ascii -P web.conf\n"
	"  cmapplyconf -f -P web.conf        add or change one package\n"
	"  cmgetconf now; vi now; cmapplyconf -C now\n",
};

/**
 * struct changes - what conf_diff() found
 * @whole: "package web": one that comes or goes is one line; what is in it is
 *	not listed
 */
struct changes {
	unsigned int shown;
	char whole[80];
	bool offline;
	char offline_what[160];
};

static int read_arguments(int argc, char **argv, struct cmd_conf *run, bool *force)
{
	int option, code = 0;

	while (!code && (option = cmd_option(argc, argv, "C:P:p:fvkK", NULL, &help)) != -1) {
		if (option == 'C')
			run->cluster_file = optarg;
		else if (option == 'P')
			code = cmd_conf_add_package(run, optarg);
		else if (option == 'p')
			code = cmd_conf_add_list(run, optarg);
		else if (option == 'f')
			*force = true;
		else if (option == 'v')
			run->verbose = true;
	}
	if (!code && optind < argc)
		code = cmd_usage_error("'%s' is not expected; package files need -P",
				       argv[optind]);
	if (!code && !run->cluster_file && !run->package_files)
		code = cmd_usage_error("give a cluster file with -C or package files with -P");
	return code;
}

/* A package or a node that comes or goes as a whole. */
static bool show_whole(struct changes *changes, const struct conf_change *change)
{
	const char *value = change->old ? change->old : change->new;
	const char *verb = change->old ? "removed" : "new";
	size_t length = strlen(changes->whole);

	if (length && !strncmp(change->where, changes->whole, length) &&
	    (!change->where[length] || change->where[length] == ','))
		return true;
	if (change->old && change->new)
		return false;
	if (!strcmp(change->keyword, "package_name")) {
		base_str_print(changes->whole, sizeof(changes->whole), "package %s", value);
		printf("  %s package %s\n", verb, value);
		return true;
	}
	if (!strcmp(change->keyword, "NODE_NAME")) {
		base_str_print(changes->whole, sizeof(changes->whole), "NODE_NAME %s", value);
		printf("  %s node %s\n", verb, value);
		return true;
	}
	return false;
}

static void show_change(void *arg, const struct conf_change *change)
{
	struct changes *changes = arg;

	changes->shown++;
	if (change->offline && !changes->offline)
		base_str_print(changes->offline_what, sizeof(changes->offline_what), "%s%s%s",
			       change->where, *change->where ? ": " : "", change->keyword);
	changes->offline |= change->offline;
	if (show_whole(changes, change))
		return;
	printf("  %s%s%s: ", change->where, *change->where ? ": " : "", change->keyword);
	if (change->old && change->new)
		printf("%s -> %s\n", change->old, change->new);
	else
		printf("%s %s\n", change->old ? "removed" : "new", change->old ? change->old :
		       change->new);
}

/* A cluster that is new is told in a line, not parameter by parameter. */
static int show(const struct cmd_conf *run, struct changes *changes)
{
	const struct conf_cluster *cluster = &run->conf->cluster;

	if (!run->old) {
		changes->shown = 1;
		changes->offline = true;
		printf("new cluster %s: nodes: %u, packages: %u\n", cluster->name,
		       cluster->node_count, run->conf->package_count);
		return CMD_OK;
	}
	conf_diff(run->old, run->conf, show_change, changes);
	if (!changes->shown)
		printf("cluster %s: nothing to change (generation %llu)\n", cluster->name,
		       (unsigned long long)run->old->cluster.generation);
	return CMD_OK;
}

static json_t *retired_nodes(const struct cmd_conf *run)
{
	json_t *list = json_array();

	for (u16 i = 0; run->old && i < run->old->cluster.node_count; i++) {
		const struct conf_node *node = &run->old->cluster.node[i];

		if (!conf_node_by_name(run->conf, node->name))
			json_array_append_new(list, cmd_conf_node(node));
	}
	return list;
}

static int install(struct cmd_conf *run, const struct changes *changes)
{
	json_t *result = NULL, *item;
	size_t i;
	int code = cmd_conf_upload(run);

	if (!code)
		code = cmd_conf_call("install", json_pack("{s:s,s:b,s:o}", "id", run->id,
							  "offline", changes->offline,
							  "retired", retired_nodes(run)), &result);
	if (code && changes->offline && *changes->offline_what)
		fprintf(stderr, "%s: the change of %s needs the cluster down\n", cmd_name,
			changes->offline_what);
	if (code)
		return code;
	json_array_foreach(json_object_get(result, "pending"), i, item)
		fprintf(stderr, "%s: warning: node %s did not confirm; it finishes the change "
			"by itself within seconds of being back\n", cmd_name,
			json_string_value(item));
	json_array_foreach(json_object_get(result, "notes"), i, item)
		fprintf(stderr, "%s: warning: %s\n", cmd_name, json_string_value(item));
	printf("cluster %s: generation %lld is installed on %u node%s\n", run->conf->cluster.name,
	       json_integer_value(json_object_get(result, "generation")),
	       run->conf->cluster.node_count, run->conf->cluster.node_count == 1 ? "" : "s");
	json_decref(result);
	return CMD_OK;
}

static int apply(struct cmd_conf *run, bool force)
{
	struct changes changes = { 0 };
	int code = cmd_conf_read(run);

	if (!code)
		code = cmd_conf_check_nodes(run);
	if (!code && run->verbose)
		printf("all nodes can work with it\n");
	if (!code)
		code = show(run, &changes);
	if (code || !changes.shown)
		return code;
	if (!force && !cmd_confirm("%s cluster %s?", run->old ? "Modify" : "Create",
				   run->conf->cluster.name))
		return cmd_error("nothing was changed");
	return install(run, &changes);
}

int cmapplyconf_main(int argc, char **argv)
{
	static struct cmd_conf run;
	bool force = false;
	int code = read_arguments(argc, argv, &run, &force);

	if (!code)
		code = apply(&run, force);
	cmd_conf_free(&run);
	return code;
}
