// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The cluster as a whole: derives subnets and heartbeat paths, and checks what
 * spans nodes.  The packages are in conf_check_package.c.
 */
#include "conf_relation.h"
#include <tocsin/conf_address.h>

struct check {
	struct conf *conf;
	struct conf_report *report;
};

static struct conf_error start(enum conf_severity severity, struct conf_place place,
			       const char *what, const char *of)
{
	struct conf_error error = conf_error_start(severity, place);

	CONF_SAY(error.what, what, *of ? " " : "", of);
	return error;
}

static void say_address(char *field, size_t size, const struct conf_address *address)
{
	struct conf_out out = conf_out_start(field, size);

	conf_out_address(&out, address);
}

u8 conf_subnet_find(const struct conf *conf, const struct conf_address *network)
{
	for (u16 i = 0; i < conf->cluster.subnet_count; i++) {
		const struct conf_address *own = &conf->cluster.subnet[i].network;

		if (conf_address_same(own, network) &&
		    (!network->prefix_len || network->prefix_len == own->prefix_len))
			return (u8)i;
	}
	return CONF_NO_SUBNET;
}

/* ---- subnets ---- */

/* A SUBNET line without prefix gets the one of the first address that fits. */
static u8 subnet_of(struct conf_cluster *cluster, const struct conf_address *network)
{
	for (u16 i = 0; i < cluster->subnet_count; i++) {
		struct conf_subnet *subnet = &cluster->subnet[i];

		if (!conf_address_same(&subnet->network, network))
			continue;
		if (!subnet->network.prefix_len)
			subnet->network.prefix_len = network->prefix_len;
		if (subnet->network.prefix_len == network->prefix_len)
			return (u8)i;
	}
	return CONF_NO_SUBNET;
}

static void join_subnet(struct check *check, struct conf_interface_address *address)
{
	struct conf_cluster *cluster = &check->conf->cluster;
	struct conf_address network = conf_address_network(&address->address);
	struct conf_error error;

	address->subnet = CONF_NO_SUBNET;
	if (!address->address.prefix_len) {
		error = start(CONF_ERROR, address->place,
			      address->heartbeat ? "HEARTBEAT_IP" : "STATIONARY_IP", "");
		say_address(error.found, sizeof(error.found), &address->address);
		CONF_SAY(error.allowed, "its prefix length is not known");
		CONF_SAY(error.remedy, "write address/length, or check while the node can be "
			 "reached");
		conf_report_add(check->report, &error);
		return;
	}
	address->subnet = subnet_of(cluster, &network);
	if (address->subnet != CONF_NO_SUBNET)
		return;
	if (cluster->subnet_count == CONF_SUBNETS_MAX) {
		error = start(CONF_ERROR, address->place, "subnet", "");
		say_address(error.found, sizeof(error.found), &network);
		CONF_SAY(error.allowed, "more than 32 subnets");
		conf_report_add(check->report, &error);
		return;
	}
	address->subnet = (u8)cluster->subnet_count;
	cluster->subnet[cluster->subnet_count++] = (struct conf_subnet){
		.network = network,
		.path = CONF_NO_PATH,
		.place = address->place,
	};
}

static void number_path(struct check *check, struct conf_subnet *subnet, u8 *next)
{
	struct conf_error error;

	if (subnet->path != CONF_NO_PATH)
		return;
	if (*next < CORE_PATHS_MAX) {
		subnet->path = (*next)++;
		return;
	}
	error = start(CONF_ERROR, subnet->place, "SUBNET", "");
	say_address(error.found, sizeof(error.found), &subnet->network);
	CONF_SAY(error.allowed, "more than 8 heartbeat subnets");
	CONF_SAY(error.remedy, "write STATIONARY_IP for addresses of the slower ones");
	conf_report_add(check->report, &error);
}

typedef void (*address_visit_t)(struct check *check, struct conf_node *node,
				struct conf_interface_address *address);

static void each_address(struct check *check, address_visit_t visit)
{
	struct conf_cluster *cluster = &check->conf->cluster;

	for (u16 n = 0; n < cluster->node_count; n++)
		for (u8 i = 0; i < cluster->node[n].interface_count; i++)
			for (u8 j = 0; j < cluster->node[n].interface[i].address_count; j++)
				visit(check, &cluster->node[n],
				      &cluster->node[n].interface[i].address[j]);
}

static void derive_one(struct check *check, struct conf_node *node,
		       struct conf_interface_address *address)
{
	join_subnet(check, address);
}

/* In the order of the list of subnets, so that a file printed and read again
 * gives the same numbers. */
static void derive_paths(struct check *check)
{
	struct conf_cluster *cluster = &check->conf->cluster;
	bool heartbeat[CONF_SUBNETS_MAX] = { false };
	u8 next = 0;

	for (u16 n = 0; n < cluster->node_count; n++) {
		for (u8 i = 0; i < cluster->node[n].interface_count; i++) {
			const struct conf_interface *interface = &cluster->node[n].interface[i];

			for (u8 j = 0; j < interface->address_count; j++)
				if (interface->address[j].heartbeat &&
				    interface->address[j].subnet != CONF_NO_SUBNET)
					heartbeat[interface->address[j].subnet] = true;
		}
	}
	for (u16 i = 0; i < cluster->subnet_count; i++) {
		cluster->subnet[i].path = CONF_NO_PATH;
		if (heartbeat[i])
			number_path(check, &cluster->subnet[i], &next);
	}
}

static bool subnet_in_use(const struct conf_cluster *cluster, u8 index)
{
	for (u16 n = 0; n < cluster->node_count; n++)
		for (u8 i = 0; i < cluster->node[n].interface_count; i++)
			for (u8 j = 0; j < cluster->node[n].interface[i].address_count; j++)
				if (cluster->node[n].interface[i].address[j].subnet == index)
					return true;
	return false;
}

static void check_overlap(struct check *check, const struct conf_subnet *a,
			  const struct conf_subnet *b)
{
	bool a_wider = a->network.prefix_len < b->network.prefix_len;
	const struct conf_subnet *wide = a_wider ? a : b;
	const struct conf_subnet *narrow = a_wider ? b : a;
	struct conf_error error;

	if (!conf_address_within(&narrow->network, &wide->network))
		return;
	error = start(CONF_ERROR, narrow->place, "subnet", "");
	say_address(error.found, sizeof(error.found), &narrow->network);
	CONF_SAY(error.allowed, "it overlaps a wider subnet: the nodes' prefix lengths differ");
	CONF_SAY(error.remedy, "give the interfaces of one network the same prefix length");
	conf_report_add(check->report, &error);
}

static void check_subnet(struct check *check, const struct conf_subnet *subnet)
{
	struct conf_error error;

	for (u8 i = 0; i < subnet->target_count; i++) {
		if (!subnet->network.prefix_len ||
		    conf_address_within(&subnet->target[i], &subnet->network))
			continue;
		error = start(CONF_ERROR, subnet->place, "POLLING_TARGET", "");
		say_address(error.found, sizeof(error.found), &subnet->target[i]);
		CONF_SAY(error.allowed, "not an address of this SUBNET");
		CONF_SAY(error.remedy, "give the subnet's gateway");
		conf_report_add(check->report, &error);
	}
	if (subnet->ip_monitor) {
		error = start(CONF_WARNING, subnet->place, "IP_MONITOR", "");
		CONF_SAY(error.found, "ON");
		CONF_SAY(error.allowed, "kept, but this release does not poll addresses");
		conf_report_add(check->report, &error);
	}
}

static void check_subnets(struct check *check)
{
	struct conf_cluster *cluster = &check->conf->cluster;
	struct conf_error error;

	for (u16 i = 0; i < cluster->subnet_count; i++) {
		const struct conf_subnet *subnet = &cluster->subnet[i];

		check_subnet(check, subnet);
		if (!subnet_in_use(cluster, (u8)i)) {
			error = start(CONF_ERROR, subnet->place, "SUBNET", "");
			say_address(error.found, sizeof(error.found), &subnet->network);
			CONF_SAY(error.allowed, "no node has an address in it");
			CONF_SAY(error.remedy, "remove the SUBNET block, or correct the address");
			conf_report_add(check->report, &error);
			continue;
		}
		for (u16 j = 0; j < i; j++)
			if (subnet_in_use(cluster, (u8)j))
				check_overlap(check, subnet, &cluster->subnet[j]);
	}
}

/* ---- nodes ---- */

/* Is this the first of all addresses that are the same? */
static void check_unique(struct check *check, struct conf_node *node,
			 struct conf_interface_address *address)
{
	struct conf_cluster *cluster = &check->conf->cluster;
	struct conf_error error;

	for (u16 n = 0; n < cluster->node_count; n++) {
		for (u8 i = 0; i < cluster->node[n].interface_count; i++) {
			struct conf_interface *interface = &cluster->node[n].interface[i];

			for (u8 j = 0; j < interface->address_count; j++) {
				if (&interface->address[j] == address)
					return;
				if (!conf_address_same(&interface->address[j].address,
						       &address->address))
					continue;
				error = start(CONF_ERROR, address->place, "NODE_NAME", node->name);
				say_address(error.found, sizeof(error.found), &address->address);
				CONF_SAY(error.allowed, "node ", cluster->node[n].name,
					 " has this address already");
				CONF_SAY(error.remedy, "give each interface its own address");
				conf_report_add(check->report, &error);
				return;
			}
		}
	}
}

static void check_pair(struct check *check, const struct conf_node *a, const struct conf_node *b)
{
	u8 paths = conf_path_count(check->conf);
	struct conf_error error;

	for (u8 path = 0; path < paths; path++)
		if (conf_node_path_address(check->conf, a, path) &&
		    conf_node_path_address(check->conf, b, path))
			return;
	error = start(CONF_ERROR, b->place, "NODE_NAME", b->name);
	CONF_SAY(error.allowed, "no heartbeat subnet in common with node ", a->name);
	CONF_SAY(error.remedy, "give both a HEARTBEAT_IP in the same subnet");
	conf_report_add(check->report, &error);
}

static void check_paths(struct check *check)
{
	struct conf_cluster *cluster = &check->conf->cluster;
	struct conf_error error;

	if (cluster->node_count < 2)
		return;
	for (u16 i = 1; i < cluster->node_count; i++)
		for (u16 j = 0; j < i; j++)
			check_pair(check, &cluster->node[j], &cluster->node[i]);
	if (conf_path_count(check->conf) == 1) {
		error = start(CONF_WARNING, cluster->node[0].place, "HEARTBEAT_IP", "");
		CONF_SAY(error.found, "one heartbeat subnet");
		CONF_SAY(error.allowed, "one switch that fails takes nodes down");
		CONF_SAY(error.remedy, "add a HEARTBEAT_IP in a second subnet to each node, or "
			 "use a bond");
		conf_report_add(check->report, &error);
	}
}

static void check_arbiter(struct check *check)
{
	struct conf_cluster *cluster = &check->conf->cluster;
	const char *host = conf_text(check->conf, cluster->qs.host);
	struct conf_error error;

	if (*host && conf_node_by_name(check->conf, host)) {
		error = start(CONF_ERROR, cluster->node[0].place, "QS_HOST", "");
		CONF_SAY(error.found, "\"", host, "\"");
		CONF_SAY(error.allowed, "a node of the cluster cannot be its quorum server");
		CONF_SAY(error.remedy, "run qs on a host outside the cluster");
		conf_report_add(check->report, &error);
	}
	if (*host || cluster->node_count % 2 || !cluster->node_count)
		return;
	error = start(cluster->node_count == 2 ? CONF_ERROR : CONF_WARNING,
		      cluster->node[0].place, "QS_HOST", "");
	CONF_SAY(error.found, "nothing");
	if (cluster->node_count == 2)
		CONF_SAY(error.allowed, "two nodes need an arbiter: without one, either node's "
			 "failure stops both");
	else
		CONF_SAY(error.allowed, "an even number of nodes: a split into halves stops all");
	CONF_SAY(error.remedy, "run qs on a host outside the cluster and name it in QS_HOST");
	conf_report_add(check->report, &error);
}

static void check_qs_address(struct check *check, struct conf_node *node,
			     struct conf_interface_address *address)
{
	const struct conf_qs *qs = &check->conf->cluster.qs;
	struct conf_error error;

	if (!conf_address_same(&qs->host_address, &address->address) &&
	    !conf_address_same(&qs->addr_address, &address->address))
		return;
	error = start(CONF_ERROR, address->place, "NODE_NAME", node->name);
	say_address(error.found, sizeof(error.found), &address->address);
	CONF_SAY(error.allowed, "the quorum server's address belongs to a node");
	CONF_SAY(error.remedy, "run qs on a host outside the cluster");
	conf_report_add(check->report, &error);
}

/* Members of a view are in ascending order of id; so are nodes here. */
static void sort_nodes(struct conf_cluster *cluster)
{
	for (u16 i = 1; i < cluster->node_count; i++) {
		for (u16 j = i; j && cluster->node[j].id < cluster->node[j - 1].id; j--) {
			struct conf_node node = cluster->node[j];

			cluster->node[j] = cluster->node[j - 1];
			cluster->node[j - 1] = node;
		}
	}
}

static void check_ids(struct check *check)
{
	struct conf_cluster *cluster = &check->conf->cluster;
	struct conf_error error;

	for (u16 i = 1; i < cluster->node_count; i++) {
		if (cluster->node[i].id != cluster->node[i - 1].id)
			continue;
		error = start(CONF_ERROR, cluster->node[i].place, "NODE_NAME",
			      cluster->node[i].name);
		CONF_SAY(error.allowed, "two nodes have the same id");
		conf_report_add(check->report, &error);
	}
}

int conf_check(struct conf *conf, struct conf_report *report)
{
	struct check check = { conf, report };
	u16 before = report->errors;

	sort_nodes(&conf->cluster);
	check_ids(&check);
	each_address(&check, derive_one);
	derive_paths(&check);
	each_address(&check, check_unique);
	each_address(&check, check_qs_address);
	check_subnets(&check);
	check_paths(&check);
	check_arbiter(&check);
	conf_check_packages(conf, report);
	return report->errors == before ? 0 : -EINVAL;
}
