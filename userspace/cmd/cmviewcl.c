// SPDX-License-Identifier: GPL-2.0-or-later
/* cmviewcl: show the cluster. */
#include "cmd.h"
#include "cmd_cluster.h"
#include "cmd_conf_load.h"
#include "cmd_view.h"

#include <stdlib.h>
#include <string.h>

static const struct cmd_help help = {
	.usage = "[-v] [-f table|line|json] [-n NODE] [-p PACKAGE]",
	.text =
	"Shows cluster, nodes and packages as this node's cmcld knows them.\n\n"
	"  -v          networks, heartbeat paths, services, switching too\n"
	"  -f FORMAT   table (default), line (for scripts), json\n"
	"  -n NODE     only this node\n"
	"  -p PACKAGE  only this package\n",
	.examples =
	"  cmviewcl -v                    everything\n"
	"  cmviewcl -f line -p web        one package, for a script\n",
};

/* What is known without a running cmcld: the configuration. */
static json_t *status_from_configuration(void)
{
	struct conf *conf = cmd_conf_load(cmd_path(CMD_ETC, "cmclconfig"));
	json_t *nodes, *status;

	if (!conf)
		return NULL;
	nodes = json_array();
	for (u16 i = 0; i < conf->cluster.node_count; i++) {
		const char *name = conf->cluster.node[i].name;
		bool here = !strcmp(name, cluster_self());

		json_array_append_new(nodes,
			json_pack("{s:s,s:s,s:s}", "name", name, "status",
				  here ? "down" : "unknown", "state",
				  here ? "halted" : "unknown"));
	}
	status = json_pack("{s:{s:s,s:s},s:o,s:[]}", "cluster", "name",
			   conf->cluster.name, "status", "unknown", "nodes", nodes,
			   "packages");
	free(conf);
	return status;
}

static bool named(const json_t *status, const char *list, const char *name)
{
	const json_t *item, *items = json_object_get(status, list);
	size_t at;

	json_array_foreach(items, at, item)
		if (!strcmp(view_text(item, "name"), name))
			return true;
	return false;
}

static int print(const json_t *status, enum cmd_format format,
		 const struct view_filter *filter)
{
	if (filter->node && !named(status, "nodes", filter->node))
		return cmd_error("no node '%s' is configured", filter->node);
	if (filter->package && !named(status, "packages", filter->package))
		return cmd_error("no package '%s' is configured", filter->package);
	if (format == CMD_FORMAT_JSON) {
		json_dumpf(status, stdout, JSON_INDENT(2));
		putchar('\n');
	} else if (format == CMD_FORMAT_LINE) {
		view_line_print(stdout, status, filter);
	} else {
		view_table_print(stdout, status, filter);
	}
	return CMD_OK;
}

int cmviewcl_main(int argc, char **argv)
{
	enum cmd_format format = CMD_FORMAT_TABLE;
	struct view_filter filter = { 0 };
	json_t *status = NULL;
	int option, code;

	while ((option = cmd_option(argc, argv, "vf:n:p:", NULL, &help)) != -1) {
		if (option == 'v')
			filter.verbose = true;
		else if (option == 'n')
			filter.node = optarg;
		else if (option == 'p')
			filter.package = optarg;
		else if (cmd_format_parse(optarg, &format))
			return CMD_USAGE;
	}
	if (optind < argc)
		return cmd_usage_error("'%s' is not expected", argv[optind]);
	if (cluster_runs_here()) {
		code = cluster_call("status", NULL, &status);
	} else {
		status = status_from_configuration();
		code = status ? CMD_OK : CMD_FAILED;
		if (status)
			fprintf(stderr, "%s: cmcld does not run on this node, or is "
				"starting again: only the configuration is shown\n", cmd_name);
	}
	if (!code)
		code = print(status, format, &filter);
	json_decref(status);
	return code;
}
