// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd_view.h"

#include <string.h>

const char *view_text(const json_t *object, const char *member)
{
	const json_t *value = json_object_get(object, member);

	if (json_is_null(value))
		return "-";
	return json_is_string(value) ? json_string_value(value) : "unknown";
}

long long view_number(const json_t *object, const char *member)
{
	return json_integer_value(json_object_get(object, member));
}

bool view_true(const json_t *object, const char *member)
{
	return json_is_true(json_object_get(object, member));
}

const char *view_switch(const json_t *object, const char *member)
{
	return view_true(object, member) ? "enabled" : "disabled";
}

static bool has_owner(const json_t *package)
{
	return json_is_string(json_object_get(package, "node"));
}

/* As the node that answers sees it: nobody knows it of the others. */
static void print_arbiter(FILE *out, const json_t *status, const json_t *node)
{
	const json_t *arbiter = json_object_get(json_object_get(status, "cluster"),
						"quorum_server");

	if (!json_is_object(arbiter) ||
	    strcmp(view_text(node, "name"), view_text(status, "self")))
		return;
	fprintf(out, "\n    Quorum_Server_Status:\n");
	fprintf(out, "    %-14s %-12s %s\n", "NAME", "STATUS", "STATE");
	fprintf(out, "    %-14s %-12s %s\n", view_text(arbiter, "name"),
		view_text(arbiter, "status"), view_text(arbiter, "state"));
	if (json_string_length(json_object_get(arbiter, "why")))
		fprintf(out, "      Why: %s\n", view_text(arbiter, "why"));
}

static void print_paths(FILE *out, const json_t *node)
{
	const json_t *path, *paths = json_object_get(node, "paths");
	size_t at;

	if (!json_array_size(paths))
		return;
	fprintf(out, "\n    Heartbeat_Paths:\n");
	fprintf(out, "    %-18s %-18s %-7s %10s %12s\n", "LOCAL", "REMOTE",
		"STATE", "RTT_MS", "HEARD_MS_AGO");
	json_array_foreach(paths, at, path)
		fprintf(out, "    %-18s %-18s %-7s %10.2f %12lld\n",
			view_text(path, "local"), view_text(path, "remote"),
			view_text(path, "state"),
			(double)view_number(path, "rtt_ns") / 1e6,
			view_number(path, "last_heard_ns") / 1000000);
}

static void print_networks(FILE *out, const json_t *node)
{
	const json_t *link, *links = json_object_get(node, "interfaces");
	size_t at;

	fprintf(out, "\n    Network_Parameters:\n");
	fprintf(out, "    %-10s %-12s %-20s %s\n", "INTERFACE", "STATUS",
		"ADDRESS", "NAME");
	json_array_foreach(links, at, link)
		fprintf(out, "    %-10s %-12s %-20s %s\n",
			view_true(link, "heartbeat") ? "HEARTBEAT" : "STATIONARY",
			view_text(link, "status"), view_text(link, "address"),
			view_text(link, "name"));
}

static void print_services(FILE *out, const json_t *package)
{
	const json_t *item, *list;
	char most[24];
	size_t at;

	fprintf(out, "\n      Script_Parameters:\n");
	fprintf(out, "      %-10s %-10s %-14s %-10s %s\n", "ITEM", "STATUS",
		"MAX_RESTARTS", "RESTARTS", "NAME");
	list = json_object_get(package, "services");
	json_array_foreach(list, at, item) {
		if (json_is_integer(json_object_get(item, "max_restarts")))
			snprintf(most, sizeof(most), "%lld",
				 view_number(item, "max_restarts"));
		else
			snprintf(most, sizeof(most), "%s",
				 view_text(item, "max_restarts"));
		fprintf(out, "      %-10s %-10s %-14s %-10lld %s\n", "Service",
			view_text(item, "status"), most,
			view_number(item, "restarts"), view_text(item, "name"));
	}
	list = json_object_get(package, "addresses");
	json_array_foreach(list, at, item)
		fprintf(out, "      %-10s %-10s %-14s %-10s %s\n", "Address",
			has_owner(package) ? "up" : "down", "-", "-",
			view_text(item, "address"));
}

static void print_switching(FILE *out, const json_t *package)
{
	const json_t *node, *nodes = json_object_get(package, "nodes");
	size_t at;

	fprintf(out, "\n      Node_Switching_Parameters:\n");
	fprintf(out, "      %-12s %-12s %s\n", "NODE_TYPE", "SWITCHING", "NAME");
	json_array_foreach(nodes, at, node)
		fprintf(out, "      %-12s %-12s %s%s\n",
			at ? "Alternate" : "Primary",
			view_switch(node, "switching"), view_text(node, "name"),
			view_true(node, "current") ? " (current)" : "");
}

static void print_package(FILE *out, const json_t *package, bool verbose)
{
	fprintf(out, "\n    %-15s %-12s %-12s %-11s %s\n", "PACKAGE", "STATUS",
		"STATE", "AUTO_RUN", "NODE");
	fprintf(out, "    %-15s %-12s %-12s %-11s %s\n",
		view_text(package, "name"), view_text(package, "status"),
		view_text(package, "state"), view_switch(package, "auto_run"),
		has_owner(package) ? view_text(package, "node") : "unowned");
	if (json_is_string(json_object_get(package, "reason")))
		fprintf(out, "      Why: %s\n", view_text(package, "reason"));
	if (!verbose)
		return;
	fprintf(out, "\n      Policy_Parameters:\n");
	fprintf(out, "      %-16s %s\n", "POLICY_NAME", "CONFIGURED_VALUE");
	fprintf(out, "      %-16s %s\n", "Failover", view_text(package, "failover_policy"));
	fprintf(out, "      %-16s %s\n", "Failback", view_text(package, "failback_policy"));
	print_services(out, package);
	print_switching(out, package);
}

/* Datagrams that this node's module did not take; a few after a reboot of a
 * peer are normal, many mean a wrong key or a stranger. */
static void print_refused(FILE *out, const json_t *status)
{
	json_t *refused = json_object_get(json_object_get(status, "heartbeat"), "refused");
	const char *reason;
	json_t *count;
	bool headed = false;

	json_object_foreach(refused, reason, count) {
		if (!json_integer_value(count))
			continue;
		if (!headed)
			fprintf(out, "\n  Datagrams refused by this node: ");
		fprintf(out, "%s%lld (%s)", headed ? ", " : "",
			(long long)json_integer_value(count), reason);
		headed = true;
	}
	if (headed)
		fprintf(out, "\n");
}

/* How long this node's kernel could be kept from its heartbeats: what a shorter
 * MEMBER_TIMEOUT has to reckon with. */
static void print_late(FILE *out, const json_t *status)
{
	json_t *entry, *late = json_object_get(json_object_get(status, "heartbeat"), "late");
	const char *head = "\n  Heartbeat timer of this node, late\n";
	long long after_ns = 0;
	size_t at;

	json_array_foreach(late, at, entry) {
		/* 0: there is no limit. */
		long long below_ns = view_number(entry, "below_ns"), count;

		count = view_number(entry, "count");
		if (count && below_ns)
			fprintf(out, "%s    by %8.3f to %8.3f ms: %lld times\n", head,
				(double)after_ns / 1e6, (double)below_ns / 1e6, count);
		else if (count)
			fprintf(out, "%s    by %8.3f ms or more: %lld times\n", head,
				(double)after_ns / 1e6, count);
		if (count)
			head = "";
		after_ns = below_ns;
	}
}

/* What TOC_MARGIN has to cover, with room to spare. */
static void print_check_late(FILE *out, const json_t *status)
{
	const json_t *heartbeat = json_object_get(status, "heartbeat");
	long long late_ns = view_number(heartbeat, "check_late_max_ns");

	if (late_ns)
		fprintf(out, "\n  Safety timer of this node, checked late by at most %.3f ms, "
			"TOC_MARGIN %lld ms\n", (double)late_ns / 1e6,
			view_number(heartbeat, "toc_margin_ns") / 1000000);
}

static bool wanted(const char *filter, const char *name)
{
	return !filter || !strcmp(filter, name);
}

static void print_node(FILE *out, const json_t *status, const json_t *node,
		       const struct view_filter *filter)
{
	const json_t *package, *packages = json_object_get(status, "packages");
	size_t at;

	fprintf(out, "\n  %-16s %-12s %s\n", "NODE", "STATUS", "STATE");
	fprintf(out, "  %-16s %-12s %s\n", view_text(node, "name"),
		view_text(node, "status"), view_text(node, "state"));
	if (filter->verbose) {
		print_arbiter(out, status, node);
		print_networks(out, node);
		print_paths(out, node);
	}
	json_array_foreach(packages, at, package)
		if (has_owner(package) &&
		    !strcmp(view_text(package, "node"), view_text(node, "name")) &&
		    wanted(filter->package, view_text(package, "name")))
			print_package(out, package, filter->verbose);
}

void view_table_print(FILE *out, const json_t *status,
		      const struct view_filter *filter)
{
	const json_t *cluster = json_object_get(status, "cluster");
	const json_t *nodes = json_object_get(status, "nodes");
	const json_t *packages = json_object_get(status, "packages");
	const json_t *item;
	bool headed = false;
	size_t at;

	fprintf(out, "\n%-18s %s\n", "CLUSTER", "STATUS");
	fprintf(out, "%-18s %s\n", view_text(cluster, "name"),
		view_text(cluster, "status"));
	json_array_foreach(nodes, at, item)
		if (wanted(filter->node, view_text(item, "name")))
			print_node(out, status, item, filter);
	json_array_foreach(packages, at, item) {
		if (has_owner(item) || filter->node ||
		    !wanted(filter->package, view_text(item, "name")))
			continue;
		if (!headed)
			fprintf(out, "\nUNOWNED_PACKAGES\n");
		headed = true;
		print_package(out, item, filter->verbose);
	}
	if (filter->verbose) {
		print_late(out, status);
		print_check_late(out, status);
		print_refused(out, status);
	}
	fprintf(out, "\n");
}
