// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmcld_json.h"

#include "names.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>

#include <tocsin/base.h>

#define ADDRESS_TEXT	64

static void address_text(const struct conf_address *address, char text[ADDRESS_TEXT])
{
	int family = address->family == 6 ? AF_INET6 : AF_INET;

	if (!address->family || !inet_ntop(family, address->byte, text, ADDRESS_TEXT))
		text[0] = '\0';
}

static json_t *hex(u64 number)
{
	char text[20];

	snprintf(text, sizeof(text), "%016" PRIx64, number);
	return json_string(text);
}

static const char *node_name(const struct conf *conf, u16 id)
{
	const struct conf_node *node = id ? conf_node_by_id(conf, id) : NULL;

	return node ? node->name : NULL;
}

static json_t *name_or_null(const struct conf *conf, u16 id)
{
	const char *name = node_name(conf, id);

	return name ? json_string(name) : json_null();
}

/* ---- cluster ---- */

static const char *cluster_status(const struct cmcld_snapshot *snapshot)
{
	switch (snapshot->phase) {
	case CMCLD_MEMBER:
	case CMCLD_REFORMING:
	case CMCLD_LEAVING:
		return snapshot->view.epoch ? "up" : "starting";
	case CMCLD_LEFT:
		return "down";
	default:
		return "starting";
	}
}

static const char *qs_state(const struct net_qs_status *status)
{
	switch (status->state) {
	case NET_QS_UP:
		return "running";
	case NET_QS_DENIED:
		return "access_denied";
	case NET_QS_DAMAGED:
		return "state_lost";
	default:
		return "unknown";
	}
}

static json_t *qs_json(const struct cmcld_snapshot *snapshot)
{
	const struct conf *conf = snapshot->conf;
	const struct net_qs_status *qs = &snapshot->qs;

	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:b}",
			 "name", conf_text(conf, conf->cluster.qs.host),
			 "status", qs->state == NET_QS_UP ? "up" : "down",
			 "state", qs_state(qs),
			 "address", qs->address, "version", qs->version, "why", qs->why,
			 "arbiter", (int)(snapshot->view.arbiter != 0));
}

static json_t *cluster_json(const struct cmcld_snapshot *snapshot)
{
	const struct conf_cluster *cluster = &snapshot->conf->cluster;
	json_t *out;

	out = json_pack("{s:s, s:s, s:s, s:I, s:I, s:o, s:I, s:I, s:I, s:I}",
			"name", cluster->name, "status", cluster_status(snapshot),
			"phase", cmcld_phase_name(snapshot->phase),
			"generation", (json_int_t)cluster->generation,
			"epoch", (json_int_t)snapshot->view.epoch,
			"coordinator", name_or_null(snapshot->conf, snapshot->view.coordinator),
			"interval_ns", (json_int_t)cluster->interval_ns,
			"member_timeout_ns", (json_int_t)cluster->member_timeout_ns,
			"safety_timeout_ns", (json_int_t)cluster->safety_timeout_ns,
			"installed_ns", (json_int_t)snapshot->installed_ns);
	if (out)
		json_object_set_new(out, "id", hex(cluster->id));
	if (out && cluster->qs.host)
		json_object_set_new(out, "quorum_server", qs_json(snapshot));
	return out;
}

/* ---- nodes ---- */

static const char *node_status(enum cmcld_node_state state)
{
	switch (state) {
	case CMCLD_NODE_RUNNING:
	case CMCLD_NODE_REFORMING:
		return "up";
	case CMCLD_NODE_HALTED:
	case CMCLD_NODE_FAILED:
	case CMCLD_NODE_JOINING:
		return "down";
	case CMCLD_NODE_UNKNOWN:
		break;
	}
	return "unknown";
}

static json_t *interfaces_json(const struct conf *conf, const struct conf_node *node,
			       const struct cmcld_paths *paths)
{
	json_t *list = json_array();
	int i, k;

	for (i = 0; i < node->interface_count; i++) {
		const struct conf_interface *interface = &node->interface[i];

		for (k = 0; k < interface->address_count; k++) {
			const struct conf_interface_address *address = &interface->address[k];
			u8 path = conf->cluster.subnet[address->subnet].path;
			char text[ADDRESS_TEXT];

			address_text(&address->address, text);
			json_array_append_new(list, json_pack(
				"{s:s, s:s, s:s, s:b}", "name", interface->name,
				"address", text, "status",
				cmcld_paths_status(paths, node->id, path),
				"heartbeat", (int)address->heartbeat));
		}
	}
	return list;
}

static json_t *path_json(const struct conf *conf, const struct cmcld_path *path)
{
	const struct conf_node *peer = conf_node_by_id(conf, path->peer);

	return json_pack("{s:s, s:i, s:s, s:s, s:s, s:I, s:I, s:I}",
			 "peer", peer ? peer->name : "", "path", path->path,
			 "local", path->local, "remote", path->remote,
			 "state", path->state, "rtt_ns", (json_int_t)path->rtt_ns,
			 "last_heard_ns", (json_int_t)path->last_heard_ns,
			 "lost", (json_int_t)path->lost);
}

static json_t *paths_json(const struct conf *conf, const struct cmcld_paths *paths, u16 peer)
{
	json_t *list = json_array();
	int i;

	for (i = 0; i < paths->count; i++)
		if (paths->path[i].peer == peer)
			json_array_append_new(list, path_json(conf, &paths->path[i]));
	return list;
}

static json_t *node_json(const struct cmcld_snapshot *snapshot, int index,
			 const struct cmcld_paths *paths)
{
	const struct conf_node *node = &snapshot->conf->cluster.node[index];
	const struct cmcld_snapshot_node *state = &snapshot->node[index];

	return json_pack("{s:s, s:i, s:s, s:s, s:o, s:b, s:b, s:o, s:o}",
			 "name", node->name, "id", node->id,
			 "status", node_status(state->state),
			 "state", cmcld_node_state_name(state->state),
			 "incarnation", hex(state->incarnation),
			 "connected", (int)state->connected,
			 "safe_waiting", (int)state->safe_waiting,
			 "interfaces", interfaces_json(snapshot->conf, node, paths),
			 "paths", paths_json(snapshot->conf, paths, node->id));
}

/* ---- packages ---- */

static const char *package_state(const struct pkg_status *status)
{
	if (status->state == PKG_HALT_FAILED)
		return "halt_aborted";
	if (status->failed && status->state == PKG_HALTED)
		return "failed";
	return pkg_state_name(status->state);
}

static json_t *services_json(const struct conf_package *package,
			     const struct pkg_status *status)
{
	json_t *list = json_array();
	int i;

	for (i = 0; i < package->service_count; i++) {
		const struct conf_service *service = &package->service[i];
		bool up = status->state == PKG_RUNNING;
		json_t *limit = service->restart == CONF_RESTART_UNLIMITED ?
				json_string("unlimited") : json_integer(service->restart);

		json_array_append_new(list, json_pack(
			"{s:s, s:s, s:o, s:i}", "name", service->name,
			"status", up ? "up" : "down", "max_restarts", limit,
			"restarts", (int)status->restarts[i]));
	}
	return list;
}

static json_t *addresses_json(const struct conf_package *package)
{
	json_t *list = json_array();
	char subnet[ADDRESS_TEXT], text[ADDRESS_TEXT];
	int i;

	for (i = 0; i < package->address_count; i++) {
		address_text(&package->address[i].subnet, subnet);
		address_text(&package->address[i].address, text);
		json_array_append_new(list, json_pack("{s:s, s:s}", "subnet", subnet,
						      "address", text));
	}
	return list;
}

static bool switching(const struct pkg_status *status, u16 id)
{
	return id && !(status->disabled[(id - 1) / 8] & 1U << (id - 1) % 8);
}

static json_t *package_nodes_json(const struct conf_package *package,
				  const struct pkg_status *status)
{
	json_t *list = json_array();
	int i;

	for (i = 0; i < package->node_count; i++) {
		const struct conf_package_node *node = &package->node[i];

		json_array_append_new(list, json_pack(
			"{s:s, s:i, s:b, s:b}", "name", node->name, "order", i,
			"switching", (int)switching(status, node->id),
			"current", (int)(status->node && status->node == node->id)));
	}
	return list;
}

static const char *type_name(enum conf_package_type type)
{
	switch (type) {
	case CONF_FAILOVER:
		return "failover";
	case CONF_MULTI_NODE:
		return "multi_node";
	case CONF_SYSTEM_MULTI_NODE:
		return "system_multi_node";
	}
	return "unknown";
}

static const char *failover_name(enum conf_failover_policy policy)
{
	return policy == CONF_MIN_PACKAGE_NODE ? "min_package_node" : "configured_node";
}

static const char *failback_name(enum conf_failback_policy policy)
{
	return policy == CONF_FAILBACK_AUTOMATIC ? "automatic" : "manual";
}

static json_t *package_json(const struct cmcld_snapshot *snapshot, int index)
{
	const struct conf *conf = snapshot->conf;
	const struct conf_package *package = &conf->package[index];
	const struct pkg_status *status = &snapshot->package[index];

	return json_pack("{s:s, s:s, s:s, s:b, s:o, s:s, s:s, s:s, s:s,"
			 " s:I, s:o, s:o, s:o, s:o, s:o}",
			 "name", package->name,
			 "status", pkg_status_name(status->status),
			 "state", package_state(status),
			 "auto_run", (int)status->auto_run,
			 "node", name_or_null(conf, status->node),
			 "type", type_name(package->type),
			 "failover_policy", failover_name(package->failover_policy),
			 "failback_policy", failback_name(package->failback_policy),
			 "reason", pkg_reason_name(status->why),
			 "run", (json_int_t)status->run,
			 "last_halt_failed", name_or_null(conf, status->last_halt_failed_node),
			 "services", services_json(package, status),
			 "addresses", addresses_json(package),
			 "nodes", package_nodes_json(package, status),
			 "description", json_string(conf_text(conf, package->description)));
}

/* Up to the last that ever happened: zeros behind it say nothing. */
static json_t *late_json(const struct nl_stats *stats)
{
	json_t *late = json_array();
	unsigned int i, count = stats->late_count;

	while (count && !stats->late[count - 1].count)
		count--;
	for (i = 0; i < count; i++) {
		json_t *below = stats->late[i].below_ns == ~0ULL ? json_null() :
				json_integer((json_int_t)stats->late[i].below_ns);

		json_array_append_new(late, json_pack("{s:o, s:I}", "below_ns", below,
						      "count", (json_int_t)stats->late[i].count));
	}
	return late;
}

static json_t *heartbeat_json(const struct nl_stats *stats, const struct conf *conf)
{
	json_t *refused = json_object();
	int drop;

	for (drop = CORE_DROP_NONE + 1; drop < CORE_DROP_COUNT; drop++)
		json_object_set_new(refused, core_drop_name((enum core_drop)drop),
				    json_integer((json_int_t)stats->dropped[drop]));
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o}",
			 "sent", (json_int_t)stats->sent,
			 "received", (json_int_t)stats->received,
			 "send_errors", (json_int_t)stats->send_errors,
			 "late_max_ns", (json_int_t)stats->late_max_ns,
			 "check_late_max_ns", (json_int_t)stats->check_late_max_ns,
			 "toc_margin_ns", (json_int_t)conf->cluster.toc_margin_ns,
			 "late", late_json(stats),
			 "refused", refused);
}

json_t *cmcld_json_status(const struct cmcld_snapshot *snapshot,
			  const struct cmcld_paths *paths)
{
	const struct conf *conf = snapshot->conf;
	json_t *nodes = json_array();
	json_t *packages = json_array();
	int i;

	for (i = 0; i < conf->cluster.node_count; i++)
		json_array_append_new(nodes, node_json(snapshot, i, paths));
	for (i = 0; i < conf->package_count; i++)
		json_array_append_new(packages, package_json(snapshot, i));
	return json_pack("{s:o, s:s, s:I, s:I, s:b, s:i, s:b, s:I, s:I, s:o, s:o, s:o}",
			 "cluster", cluster_json(snapshot),
			 "self", node_name(conf, snapshot->self),
			 "t_ns", (json_int_t)snapshot->t_ns,
			 "change", (json_int_t)snapshot->change,
			 "armed", (int)snapshot->armed,
			 "watchdog_s", (int)snapshot->watchdog_s,
			 "cmsrvassistd", (int)snapshot->assist,
			 "late_max_ns", (json_int_t)snapshot->late_max_ns,
			 "dropped", (json_int_t)snapshot->dropped,
			 "heartbeat", heartbeat_json(&paths->stats, conf),
			 "nodes", nodes, "packages", packages);
}
