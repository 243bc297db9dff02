// SPDX-License-Identifier: GPL-2.0-or-later
/* An empty configuration, its texts, and finding things in it. */
#include "conf_pool.h"

void conf_cluster_init(struct conf_cluster *cluster)
{
	memset(cluster, 0, sizeof(*cluster));
	cluster->interval_ns = CORE_INTERVAL_NS_DEFAULT;
	cluster->member_timeout_ns = CORE_MEMBER_TIMEOUT_NS_DEFAULT;
	cluster->safety_timeout_ns = CORE_SAFETY_TIMEOUT_NS_DEFAULT;
	cluster->toc_margin_ns = CORE_TOC_MARGIN_NS_DEFAULT;
	cluster->auto_start_timeout_ns = 600 * CORE_NS_PER_S;
	cluster->network_polling_interval_ns = 2 * CORE_NS_PER_S;
	cluster->heartbeat_port = CORE_PORT_DEFAULT;
	cluster->max_packages = CONF_PACKAGES_MAX;
	cluster->qs.port = CONF_QS_PORT_DEFAULT;
	cluster->qs.polling_interval_ns = 300 * CORE_NS_PER_S;
}

/* Offset 0 is the empty text: "not given". */
void conf_init(struct conf *conf)
{
	conf_cluster_init(&conf->cluster);
	conf->package_count = 0;
	conf->pool[0] = '\0';
	conf->pool_used = 1;
}

void conf_package_init(struct conf_package *package)
{
	memset(package, 0, sizeof(*package));
	package->auto_run = true;
}

const char *conf_text(const struct conf *conf, conf_text_t text)
{
	core_assert(text < conf->pool_used);
	return conf->pool + text;
}

conf_text_t conf_pool_add(struct conf *conf, const char *text, size_t length)
{
	conf_text_t at = conf->pool_used;

	core_assert(at > 0 && at <= CONF_POOL_SIZE);
	if (length >= CONF_POOL_SIZE - at)
		return 0;
	if (length)
		memcpy(conf->pool + at, text, length);
	conf->pool[at + length] = '\0';
	conf->pool_used = (u32)(at + length + 1);
	return at;
}

const struct conf_node *conf_node_by_id(const struct conf *conf, u16 id)
{
	for (u16 i = 0; i < conf->cluster.node_count; i++)
		if (conf->cluster.node[i].id == id)
			return &conf->cluster.node[i];
	return NULL;
}

const struct conf_node *conf_node_by_name(const struct conf *conf, const char *name)
{
	for (u16 i = 0; i < conf->cluster.node_count; i++)
		if (!strcmp(conf->cluster.node[i].name, name))
			return &conf->cluster.node[i];
	return NULL;
}

const struct conf_package *conf_package_by_name(const struct conf *conf, const char *name)
{
	for (u16 i = 0; i < conf->package_count; i++)
		if (!strcmp(conf->package[i].name, name))
			return &conf->package[i];
	return NULL;
}

const struct conf_address *conf_node_path_address(const struct conf *conf,
						  const struct conf_node *node, u8 path)
{
	for (u8 i = 0; i < node->interface_count; i++) {
		const struct conf_interface *interface = &node->interface[i];

		for (u8 j = 0; j < interface->address_count; j++) {
			const struct conf_interface_address *address = &interface->address[j];

			if (address->heartbeat && address->subnet < conf->cluster.subnet_count &&
			    conf->cluster.subnet[address->subnet].path == path)
				return &address->address;
		}
	}
	return NULL;
}

u8 conf_path_count(const struct conf *conf)
{
	u8 count = 0;

	for (u16 i = 0; i < conf->cluster.subnet_count; i++)
		count += conf->cluster.subnet[i].path != CONF_NO_PATH;
	return count;
}

u64 conf_takeover_margin_ns(const struct conf *conf)
{
	return conf->cluster.toc_margin_ns + conf->cluster.io_extension_ns;
}

static bool id_used(const struct conf *conf, u16 count, u16 id)
{
	for (u16 i = 0; i < count; i++)
		if (conf->cluster.node[i].id == id)
			return true;
	return false;
}

void conf_ids_keep(struct conf *conf, const struct conf *old)
{
	struct conf_cluster *cluster = &conf->cluster;

	cluster->id = old->cluster.id;
	cluster->generation = old->cluster.generation;
	for (u16 i = 0; i < cluster->node_count; i++) {
		const struct conf_node *known = conf_node_by_name(old, cluster->node[i].name);

		cluster->node[i].id = known ? known->id : 0;
	}
	for (u16 i = 0; i < cluster->node_count; i++) {
		u16 id = 1;

		if (cluster->node[i].id)
			continue;
		while (id_used(conf, cluster->node_count, id))
			id++;
		cluster->node[i].id = id;
	}
}
