// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd_conf.h"
#include "cmd.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <tocsin/base.h>
#include <tocsin/conf_address.h>

#define FILE_SIZE_MAX	(4 << 20)

int cmd_conf_add_package(struct cmd_conf *run, const char *path)
{
	if (run->package_files == CONF_PACKAGES_MAX)
		return cmd_usage_error("more than %d package files", CONF_PACKAGES_MAX);
	run->package_file[run->package_files++] = path;
	return 0;
}

static int complain(const char *path, int error)
{
	if (error == -EFBIG)
		return cmd_error("%s: larger than 4 MiB: this is no configuration file", path);
	return cmd_error("%s: %s", path, strerror(-error));
}

int cmd_conf_add_list(struct cmd_conf *run, const char *path)
{
	char *text, *rest, *line;
	ssize_t size = base_file_read(path, FILE_SIZE_MAX, &text);
	int code = 0;

	if (size < 0)
		return complain(path, (int)size);
	rest = text;
	while (!code && (line = strsep(&rest, "\n"))) {
		line = base_str_trim(line);
		if (*line && *line != '#')
			code = cmd_conf_add_package(run, strdup(line));
	}
	free(text);
	return code;
}

void cmd_conf_free(struct cmd_conf *run)
{
	free(run->old);
	free(run->conf);
	free(run->report);
}

/* ---- files ---- */

/* Reads one file and has it parsed; @index is its number in the report. */
static int parse_file(struct cmd_conf *run, const char *path, u16 index)
{
	char *text;
	ssize_t size = base_file_read(path, FILE_SIZE_MAX, &text);

	run->file[index] = path;
	if (size < 0)
		return complain(path, (int)size);
	if (index)
		conf_parse_package(run->conf, text, (size_t)size, index, run->report);
	else
		conf_parse_cluster(run->conf, text, (size_t)size, index, run->report);
	free(text);
	return CMD_OK;
}

static int print_report(struct cmd_conf *run)
{
	char text[CONF_ERROR_TEXT_MAX];

	for (u16 i = 0; i < run->report->count; i++) {
		conf_print_error(run->report, &run->report->error[i], text, sizeof(text));
		fprintf(stderr, "%s\n", text);
	}
	if (run->report->lost)
		fprintf(stderr, "... and %u more\n", run->report->lost);
	if (run->report->errors)
		return cmd_error("%u error%s: nothing was changed", run->report->errors,
				 run->report->errors == 1 ? "" : "s");
	return CMD_OK;
}

static int parse_files(struct cmd_conf *run)
{
	int code = CMD_OK;

	run->report->file = run->file;
	if (run->cluster_file)
		code = parse_file(run, run->cluster_file, 0);
	for (unsigned int i = 0; i < run->package_files && !code; i++)
		code = parse_file(run, run->package_file[i], (u16)(i + 1));
	return code;
}

/* ---- what the files leave out ---- */

static bool prefix_missing(const struct conf *conf)
{
	for (u16 n = 0; n < conf->cluster.node_count; n++) {
		const struct conf_node *node = &conf->cluster.node[n];

		for (u8 i = 0; i < node->interface_count; i++)
			for (u8 j = 0; j < node->interface[i].address_count; j++)
				if (!node->interface[i].address[j].address.prefix_len)
					return true;
	}
	return false;
}

/* The prefix length with which a node has an address; 0: it has it not. */
static u8 find_prefix(const json_t *facts, const struct conf_address *wanted)
{
	const json_t *interface, *item;
	size_t i, j;

	json_array_foreach(json_object_get(facts, "interfaces"), i, interface) {
		json_array_foreach(json_object_get(interface, "addresses"), j, item) {
			const char *text = json_string_value(json_object_get(item, "address"));
			struct conf_address address;

			if (text && !conf_address_parse(text, strlen(text), &address) &&
			    conf_address_same(&address, wanted))
				return (u8)json_integer_value(json_object_get(item, "prefix"));
		}
	}
	return 0;
}

static int fill_node(struct conf_node *node, const json_t *facts)
{
	int code = CMD_OK;

	for (u8 i = 0; i < node->interface_count; i++) {
		for (u8 j = 0; j < node->interface[i].address_count; j++) {
			struct conf_address *address = &node->interface[i].address[j].address;
			char text[CONF_ADDRESS_TEXT_MAX];

			if (!address->prefix_len)
				address->prefix_len = find_prefix(facts, address);
			if (address->prefix_len)
				continue;
			conf_address_print(address, text);
			code = cmd_error("node %s does not have the address %s (interface %s)",
					 node->name, text, node->interface[i].name);
		}
	}
	return code;
}

static int survey(struct cmd_conf *run, json_t **answers)
{
	struct conf_cluster *cluster = &run->conf->cluster;
	json_t *nodes = json_array();

	for (u16 i = 0; i < cluster->node_count; i++)
		json_array_append_new(nodes, cmd_conf_node(&cluster->node[i]));
	return cmd_conf_call("survey", json_pack("{s:o}", "nodes", nodes), answers);
}

static int fill_prefixes(struct cmd_conf *run)
{
	json_t *answers = NULL, *answer;
	size_t i;
	int code;

	if (!prefix_missing(run->conf))
		return CMD_OK;
	code = survey(run, &answers);
	json_array_foreach(json_object_get(answers, "nodes"), i, answer) {
		const char *error = json_string_value(json_object_get(answer, "error"));
		struct conf_node *node = &run->conf->cluster.node[i];

		if (i >= run->conf->cluster.node_count)
			break;
		if (error)
			code = cmd_error("node %s: %s", node->name, error);
		else if (fill_node(node, json_object_get(answer, "facts")))
			code = CMD_FAILED;
	}
	json_decref(answers);
	return code;
}

/* A host's name to its address: daemons look up no names. */
static int resolve(const char *keyword, const char *host, struct conf_address *address)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *info;
	int err;

	memset(address, 0, sizeof(*address));
	if (!*host || !conf_address_parse(host, strlen(host), address))
		return CMD_OK;
	err = getaddrinfo(host, NULL, &hints, &info);
	if (err)
		return cmd_error("%s %s: %s; enter the host in /etc/hosts of all nodes, or give "
				 "its address", keyword, host, gai_strerror(err));
	if (info->ai_family == AF_INET6) {
		address->family = 6;
		memcpy(address->byte, &((struct sockaddr_in6 *)info->ai_addr)->sin6_addr, 16);
	} else {
		address->family = 4;
		memcpy(address->byte, &((struct sockaddr_in *)info->ai_addr)->sin_addr, 4);
	}
	freeaddrinfo(info);
	return CMD_OK;
}

static int resolve_qs(struct conf *conf)
{
	struct conf_qs *qs = &conf->cluster.qs;
	int code = resolve("QS_HOST", conf_text(conf, qs->host), &qs->host_address);

	if (!code)
		code = resolve("QS_ADDR", conf_text(conf, qs->addr), &qs->addr_address);
	return code;
}

/* ---- all together ---- */

static int begin(struct cmd_conf *run)
{
	u8 id[16];
	int code = cmd_conf_installed(&run->old);

	if (code)
		return code;
	base_random(id, sizeof(id));
	base_hex_write(run->id, id, sizeof(id));
	run->conf = malloc(sizeof(*run->conf));
	run->report = calloc(1, sizeof(*run->report));
	if (!run->conf || !run->report)
		return cmd_error("out of memory");
	if (run->old)
		*run->conf = *run->old;
	else if (run->cluster_file)
		conf_init(run->conf);
	else
		return cmd_error("no cluster is configured on this node: give its cluster file "
				 "with -C");
	return CMD_OK;
}

/* The cluster and its nodes keep their identity for life. */
static void identify(struct cmd_conf *run)
{
	struct conf_cluster *cluster = &run->conf->cluster;

	if (!run->old) {
		cluster->id = base_random_u64();
		cluster->generation = 1;
		return;
	}
	conf_ids_keep(run->conf, run->old);
	cluster->generation = run->old->cluster.generation + 1;
}

int cmd_conf_read(struct cmd_conf *run)
{
	int code = begin(run);

	if (!code)
		code = parse_files(run);
	if (code)
		return code;
	if (run->report->errors)
		return print_report(run);
	identify(run);
	if (!run->files_only)
		code = fill_prefixes(run);
	if (!code && !run->files_only)
		code = resolve_qs(run->conf);
	if (code)
		return code;
	conf_check(run->conf, run->report);
	return print_report(run);
}

/* A check of what is installed: the same generation on all nodes? */
static int compare_generation(const struct cmd_conf *run, const json_t *answer)
{
	long long theirs = json_integer_value(json_object_get(answer, "generation"));
	long long ours = (long long)run->conf->cluster.generation - 1;
	const char *name = json_string_value(json_object_get(answer, "name"));

	if (run->cluster_file || run->package_files || theirs == ours)
		return CMD_OK;
	fprintf(stderr, "node %s: error: generation %lld is installed there, %lld here; run "
		"cmapplyconf on the node with the higher one\n", name, theirs, ours);
	return CMD_FAILED;
}

static int print_node_faults(const struct cmd_conf *run, const json_t *answer)
{
	const char *name = json_string_value(json_object_get(answer, "name"));
	const char *error = json_string_value(json_object_get(answer, "error"));
	const json_t *fault;
	int code;
	size_t i;

	if (error) {
		fprintf(stderr, "node %s: error: %s\n", name, error);
		return CMD_FAILED;
	}
	code = compare_generation(run, answer);
	json_array_foreach(json_object_get(answer, "faults"), i, fault) {
		const char *severity = json_string_value(json_object_get(fault, "severity"));

		fprintf(stderr, "node %s: %s: %s\n", name, severity,
			json_string_value(json_object_get(fault, "text")));
		if (!strcmp(severity, "error"))
			code = CMD_FAILED;
	}
	return code;
}

int cmd_conf_check_nodes(struct cmd_conf *run)
{
	json_t *result = NULL, *answer;
	bool failed = false;
	size_t i;
	int code = cmd_conf_upload(run);

	if (!code)
		code = cmd_conf_call("check", json_pack("{s:s}", "id", run->id), &result);
	if (code)
		return code;
	json_array_foreach(json_object_get(result, "nodes"), i, answer)
		failed |= print_node_faults(run, answer) != CMD_OK;
	json_decref(result);
	if (!failed)
		return CMD_OK;
	return cmd_error("not all nodes can work with this configuration: nothing was changed");
}
