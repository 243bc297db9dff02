// SPDX-License-Identifier: GPL-2.0-or-later
/* cmruncl: start the cluster. */
#include "cmd.h"
#include "cmd_cluster.h"

#include <string.h>

static const struct cmd_help help = {
	.usage = "[-f] [-v] [-n NODE]...",
	.text =
	"Starts the cluster on all configured nodes, or on those named. All named\n"
	"nodes must answer, otherwise nothing is started. Fewer than all nodes can\n"
	"form a cluster only with a majority of the newest membership on disk, or\n"
	"with exactly half of it and the quorum server: so two clusters cannot form.\n\n"
	"  -n NODE   start on this node; may be repeated\n"
	"  -f        do not ask when only some nodes are named\n"
	"  -v        say what is done\n",
	.examples =
	"  cmruncl                  all nodes\n"
	"  cmruncl -n n1 -n n2      without n3, which is being repaired\n",
};

static bool holds(const json_t *names, const char *name)
{
	const json_t *item;
	size_t at;

	json_array_foreach(names, at, item)
		if (!strcmp(json_string_value(item), name))
			return true;
	return false;
}

static int check_names(const json_t *wanted, const json_t *all)
{
	const json_t *item;
	size_t at;

	json_array_foreach(wanted, at, item)
		if (!holds(all, json_string_value(item)))
			return cmd_error("node '%s' is not configured",
					 json_string_value(item));
	return CMD_OK;
}

/* Everybody must answer before anything is started. */
static int start_all(const json_t *nodes, bool verbose)
{
	const json_t *item;
	const char *name;
	size_t at;

	json_array_foreach(nodes, at, item) {
		name = json_string_value(item);
		cmd_progress("asking %s", name);
		if (cluster_node_call(name, "ping", NULL, NULL))
			return cmd_error("%s does not answer: nothing was started; "
					 "repair it, or name the others with -n", name);
	}
	json_array_foreach(nodes, at, item) {
		name = json_string_value(item);
		if (verbose)
			printf("starting cmcld on %s\n", name);
		if (cluster_start_node(name))
			return CMD_FAILED;
	}
	return CMD_OK;
}

static int form(json_t *nodes, bool verbose)
{
	const char *first = json_string_value(json_array_get(nodes, 0));
	const json_t *item;
	size_t at;
	int code;

	if (holds(nodes, cluster_self()))
		first = cluster_self();
	code = cluster_remote_call(first, "form",
				   json_pack("{s:O}", "nodes", nodes), NULL);
	if (code)
		return code;
	json_array_foreach(nodes, at, item) {
		code = cluster_wait_member(json_string_value(item), 120);
		if (code)
			return code;
		if (verbose)
			printf("%s is a member\n", json_string_value(item));
	}
	return CMD_OK;
}

int cmruncl_main(int argc, char **argv)
{
	json_t *wanted = json_array(), *all;
	bool force = false, verbose = false;
	int option, code;

	while ((option = cmd_option(argc, argv, "fvn:", NULL, &help)) != -1) {
		if (option == 'f')
			force = true;
		else if (option == 'v')
			verbose = true;
		else
			json_array_append_new(wanted, json_string(optarg));
	}
	if (optind < argc) {
		json_decref(wanted);
		return cmd_usage_error("'%s' is not expected", argv[optind]);
	}
	all = cluster_nodes();
	code = all ? check_names(wanted, all) : CMD_FAILED;
	if (!code && !json_array_size(wanted))
		json_array_extend(wanted, all);
	else if (!code && !force && json_array_size(wanted) < json_array_size(all) &&
		 !cmd_confirm("Start the cluster on %zu of %zu nodes?",
			      json_array_size(wanted), json_array_size(all)))
		code = CMD_FAILED;
	if (!code)
		code = start_all(wanted, verbose);
	if (!code)
		code = form(wanted, verbose);
	if (!code && verbose)
		printf("the cluster is up\n");
	json_decref(wanted);
	json_decref(all);
	return code;
}
