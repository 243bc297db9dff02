// SPDX-License-Identifier: GPL-2.0-or-later
/* Packages against the cluster and against each other. */
#include "conf_relation.h"
#include <tocsin/conf_address.h>

#define SERVICES_MAX 900	/* in the whole cluster */

struct check {
	struct conf *conf;
	struct conf_package *package;
	struct conf_report *report;
};

static struct conf_error start(const struct check *check, enum conf_severity severity,
			       struct conf_place place, const char *what)
{
	struct conf_error error = conf_error_start(severity, place);

	/* A package that is not from a file of this run has no place: name it. */
	if (place.line)
		CONF_SAY(error.what, what);
	else
		CONF_SAY(error.what, "package ", check->package->name, ": ", what);
	return error;
}

static void say_address(char *field, size_t size, const struct conf_address *address)
{
	struct conf_out out = conf_out_start(field, size);

	conf_out_address(&out, address);
}

/* ---- nodes ---- */

static void take_all_nodes(struct check *check)
{
	const struct conf_cluster *cluster = &check->conf->cluster;
	struct conf_package *package = check->package;

	package->node_count = cluster->node_count;
	for (u16 i = 0; i < cluster->node_count; i++) {
		struct conf_package_node *node = &package->node[i];

		memset(node, 0, sizeof(*node));
		node->id = cluster->node[i].id;
		memcpy(node->name, cluster->node[i].name, sizeof(node->name));
	}
}

static void resolve_nodes(struct check *check)
{
	struct conf_package *package = check->package;

	if (package->all_nodes) {
		take_all_nodes(check);
		return;
	}
	for (u16 i = 0; i < package->node_count; i++) {
		struct conf_package_node *own = &package->node[i];
		const struct conf_node *node = conf_node_by_name(check->conf, own->name);
		struct conf_error error;

		own->id = node ? node->id : 0;
		if (node)
			continue;
		error = start(check, CONF_ERROR, own->place, "node_name");
		CONF_SAY(error.found, "\"", own->name, "\"");
		CONF_SAY(error.allowed, "the cluster has no node of this name");
		CONF_SAY(error.remedy, "names are those of NODE_NAME in the cluster file");
		conf_report_add(check->report, &error);
	}
}

static bool node_on_subnet(const struct conf_node *node, u8 subnet)
{
	for (u8 i = 0; i < node->interface_count; i++)
		for (u8 j = 0; j < node->interface[i].address_count; j++)
			if (node->interface[i].address[j].subnet == subnet)
				return true;
	return false;
}

/* ---- addresses ---- */

static void check_subnet_reach(struct check *check, struct conf_place place, u8 subnet,
			       const char *what)
{
	for (u16 i = 0; i < check->package->node_count; i++) {
		const struct conf_node *node = conf_node_by_id(check->conf,
							       check->package->node[i].id);
		struct conf_error error;

		if (!node || node_on_subnet(node, subnet))
			continue;
		error = start(check, CONF_ERROR, place, what);
		say_address(error.found, sizeof(error.found),
			    &check->conf->cluster.subnet[subnet].network);
		CONF_SAY(error.allowed, "node ", node->name, " has no address in this subnet");
		CONF_SAY(error.remedy, "leave the node out of the package, or add its address "
			 "to the cluster file");
		conf_report_add(check->report, &error);
		return;
	}
}

/* Subnet of the cluster for an ip_subnet or monitored_subnet; sets its prefix. */
static u8 find_subnet(struct check *check, struct conf_address *subnet,
		      struct conf_place place, const char *what)
{
	u8 index = conf_subnet_find(check->conf, subnet);
	struct conf_error error;

	if (index != CONF_NO_SUBNET) {
		*subnet = check->conf->cluster.subnet[index].network;
		check_subnet_reach(check, place, index, what);
		return index;
	}
	error = start(check, CONF_ERROR, place, what);
	say_address(error.found, sizeof(error.found), subnet);
	CONF_SAY(error.allowed, "not a subnet of the cluster");
	CONF_SAY(error.remedy, "add the nodes' addresses in it to the cluster file as "
		 "STATIONARY_IP or HEARTBEAT_IP");
	conf_report_add(check->report, &error);
	return CONF_NO_SUBNET;
}

static const char *node_with_address(const struct conf *conf, const struct conf_address *address)
{
	for (u16 n = 0; n < conf->cluster.node_count; n++) {
		const struct conf_node *node = &conf->cluster.node[n];

		for (u8 i = 0; i < node->interface_count; i++)
			for (u8 j = 0; j < node->interface[i].address_count; j++)
				if (conf_address_same(&node->interface[i].address[j].address,
						      address))
					return node->name;
	}
	return NULL;
}

static const char *package_with_address(const struct check *check,
					const struct conf_address *address)
{
	const struct conf *conf = check->conf;

	for (u16 p = 0; p < conf->package_count; p++) {
		const struct conf_package *other = &conf->package[p];

		if (other == check->package)
			return NULL;
		for (u8 i = 0; i < other->address_count; i++)
			if (conf_address_same(&other->address[i].address, address))
				return other->name;
	}
	return NULL;
}

static void say_address_fault(struct check *check, const struct conf_package_address *own,
			      const char *why, const char *who)
{
	struct conf_error error = start(check, CONF_ERROR, own->place, "ip_address");

	say_address(error.found, sizeof(error.found), &own->address);
	CONF_SAY(error.allowed, why, who);
	CONF_SAY(error.remedy, "give the package an address of its own in its ip_subnet");
	conf_report_add(check->report, &error);
}

static void check_address(struct check *check, struct conf_package_address *own)
{
	struct conf_address address = own->address;
	const char *holder;

	own->subnet_index = find_subnet(check, &own->subnet, own->place, "ip_subnet");
	if (own->subnet_index == CONF_NO_SUBNET)
		return;
	if (!conf_address_within(&own->address, &own->subnet)) {
		say_address_fault(check, own, "not within its ip_subnet", "");
		return;
	}
	if (!own->address.prefix_len)
		own->address.prefix_len = own->subnet.prefix_len;
	address.prefix_len = own->subnet.prefix_len;
	if (own->address.prefix_len != own->subnet.prefix_len &&
	    own->address.prefix_len != (own->address.family == 4 ? 32 : 128))
		say_address_fault(check, own, "its prefix length is not that of its ip_subnet",
				  "");
	else if (!conf_address_is_host(&address))
		say_address_fault(check, own, "the first or last address of the subnet", "");
	holder = node_with_address(check->conf, &own->address);
	if (holder)
		say_address_fault(check, own, "it is the own address of node ", holder);
	holder = package_with_address(check, &own->address);
	if (holder)
		say_address_fault(check, own, "it belongs to package ", holder);
}

static void check_monitored(struct check *check, struct conf_monitored_subnet *own)
{
	struct conf_error error;

	own->subnet_index = find_subnet(check, &own->subnet, own->place, "monitored_subnet");
	error = start(check, CONF_WARNING, own->place, "monitored_subnet");
	say_address(error.found, sizeof(error.found), &own->subnet);
	CONF_SAY(error.allowed, "kept, but this release does not fail over when a subnet is lost");
	if (own->subnet_index != CONF_NO_SUBNET)
		conf_report_add(check->report, &error);
}

/* ---- services, names ---- */

static const char *package_with_service(const struct check *check, const char *name)
{
	const struct conf *conf = check->conf;

	for (u16 p = 0; p < conf->package_count; p++) {
		const struct conf_package *other = &conf->package[p];

		if (other == check->package)
			return NULL;
		for (u8 i = 0; i < other->service_count; i++)
			if (!strcmp(other->service[i].name, name))
				return other->name;
	}
	return NULL;
}

static void check_service(struct check *check, const struct conf_service *service)
{
	const char *other = package_with_service(check, service->name);
	struct conf_error error = start(check, CONF_ERROR, service->place, "service_name");

	CONF_SAY(error.found, "\"", service->name, "\"");
	if (!service->cmd) {
		CONF_SAY(error.allowed, "it has no service_cmd");
		CONF_SAY(error.remedy, "add a line service_cmd with the command to run");
		conf_report_add(check->report, &error);
	}
	if (other) {
		CONF_SAY(error.allowed, "package ", other, " has a service of this name");
		CONF_SAY(error.remedy, "service names are unique in the cluster");
		conf_report_add(check->report, &error);
	}
}

static void check_priority(struct check *check)
{
	const struct conf *conf = check->conf;
	const struct conf_package *package = check->package;
	struct conf_error error;

	if (package->priority == CONF_NO_PRIORITY)
		return;
	for (const struct conf_package *p = conf->package; p != package; p++) {
		if (p->priority != package->priority)
			continue;
		error = start(check, CONF_ERROR, package->place, "priority");
		CONF_SAY(error.allowed, "package ", p->name, " has the same priority");
		CONF_SAY(error.remedy, "give each its own, in steps of 20, or no_priority");
		conf_report_add(check->report, &error);
		return;
	}
}

static void check_content(struct check *check)
{
	const struct conf_package *package = check->package;
	struct conf_error error;

	if (package->service_count || package->address_count || package->external_count ||
	    package->external_pre_count || package->run_script)
		return;
	error = start(check, CONF_WARNING, package->place, "package_name");
	CONF_SAY(error.found, "\"", package->name, "\"");
	CONF_SAY(error.allowed, "it has no service, address or script: it does nothing");
	CONF_SAY(error.remedy, "add service_name and service_cmd, or external_script");
	conf_report_add(check->report, &error);
}

static void check_name(struct check *check)
{
	const struct conf_package *package = check->package;
	struct conf_error error;

	if (conf_package_by_name(check->conf, package->name) == package)
		return;
	error = start(check, CONF_ERROR, package->place, "package_name");
	CONF_SAY(error.found, "\"", package->name, "\"");
	CONF_SAY(error.allowed, "there are two packages of this name");
	conf_report_add(check->report, &error);
}

static void check_package(struct check *check)
{
	struct conf_package *package = check->package;

	check_name(check);
	resolve_nodes(check);
	check_content(check);
	check_priority(check);
	for (u8 i = 0; i < package->service_count; i++)
		check_service(check, &package->service[i]);
	for (u8 i = 0; i < package->address_count; i++)
		check_address(check, &package->address[i]);
	for (u8 i = 0; i < package->monitored_count; i++)
		check_monitored(check, &package->monitored[i]);
}

static void check_counts(struct check *check)
{
	const struct conf *conf = check->conf;
	struct conf_place nowhere = { 0 };
	struct conf_error error;
	u32 services = 0;

	for (u16 i = 0; i < conf->package_count; i++)
		services += conf->package[i].service_count;
	if (services > SERVICES_MAX) {
		error = conf_error_start(CONF_ERROR, nowhere);
		CONF_SAY(error.what, "service_name");
		CONF_SAY(error.allowed, "more than 900 services in the cluster");
		conf_report_add(check->report, &error);
	}
	if (conf->package_count > conf->cluster.max_packages) {
		error = conf_error_start(CONF_ERROR, nowhere);
		CONF_SAY(error.what, "MAX_CONFIGURED_PACKAGES");
		CONF_SAY(error.allowed, "there are more packages than it allows");
		CONF_SAY(error.remedy, "raise it in the cluster file");
		conf_report_add(check->report, &error);
	}
}

void conf_check_packages(struct conf *conf, struct conf_report *report)
{
	struct check check = { .conf = conf, .report = report };

	for (u16 i = 0; i < conf->package_count; i++) {
		check.package = &conf->package[i];
		check_package(&check);
	}
	check_counts(&check);
}
