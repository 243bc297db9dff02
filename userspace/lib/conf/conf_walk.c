// SPDX-License-Identifier: GPL-2.0-or-later
/* The data model in the order of a file: what printer and encoder go by. */
#include "conf_store.h"

struct walk {
	const struct conf *conf;
	conf_visit_t visit;
	void *arg;
};

static int emit(struct walk *walk, u16 tag, const struct conf_value *value)
{
	return walk->visit(walk->arg, conf_keyword_by_tag(tag), value);
}

static int emit_text(struct walk *walk, u16 tag, const char *text)
{
	struct conf_value value = { .text = text, .length = strlen(text) };

	return emit(walk, tag, &value);
}

static int emit_address(struct walk *walk, u16 tag, const struct conf_address *address)
{
	struct conf_value value = { .address = *address };

	return emit(walk, tag, &value);
}

static u64 get_number(const void *field, u16 size)
{
	switch (size) {
	case 1:
		return *(const u8 *)field;
	case 2:
		return *(const u16 *)field;
	case 4:
		return *(const u32 *)field;
	default:
		core_assert(size == 8);
		return *(const u64 *)field;
	}
}

/* Reads a scalar; false when it was not given and has no value. */
static bool get_scalar(const struct conf *conf, const struct conf_keyword *keyword,
		       const void *base, struct conf_value *value)
{
	const void *field = (const char *)base + keyword->offset;
	conf_text_t text;

	memset(value, 0, sizeof(*value));
	switch (keyword->kind) {
	case CONF_KIND_ADDRESS:
	case CONF_KIND_NETWORK:
		memcpy(&value->address, field, sizeof(value->address));
		return value->address.family != 0;
	case CONF_KIND_CLUSTER_NAME:
	case CONF_KIND_NAME:
		value->text = field;
		value->length = strlen(value->text);
		return value->length != 0;
	case CONF_KIND_HOST:
	case CONF_KIND_TEXT:
	case CONF_KIND_PATH:
	case CONF_KIND_COMMAND:
		memcpy(&text, field, sizeof(text));
		value->text = conf_text(conf, text);
		value->length = strlen(value->text);
		return text != 0;
	default:
		value->number = get_number(field, keyword->size);
		return true;
	}
}

static int walk_list(struct walk *walk, const struct conf_keyword *keyword, const void *base);

/* Every keyword of one scope, in the table's order; lists where they stand. */
static int walk_scope(struct walk *walk, enum conf_file_type type, enum conf_scope scope,
		      const void *base)
{
	size_t count;
	const struct conf_keyword *table = conf_keywords(type, &count);
	int err = 0;

	for (size_t i = 0; i < count && !err; i++) {
		struct conf_value value;

		if (table[i].scope != scope)
			continue;
		if (table[i].flags & CONF_LIST)
			err = walk_list(walk, &table[i], base);
		else if (get_scalar(walk->conf, &table[i], base, &value))
			err = walk->visit(walk->arg, &table[i], &value);
	}
	return err;
}

static int walk_nodes(struct walk *walk, const struct conf_cluster *cluster)
{
	int err = 0;

	for (u16 i = 0; i < cluster->node_count && !err; i++) {
		err = emit_text(walk, CONF_TAG_NODE, cluster->node[i].name);
		if (!err)
			err = walk_scope(walk, CONF_FILE_CLUSTER, CONF_SCOPE_NODE,
					 &cluster->node[i]);
	}
	return err;
}

static int walk_interfaces(struct walk *walk, const struct conf_node *node)
{
	int err = 0;

	for (u8 i = 0; i < node->interface_count && !err; i++) {
		const struct conf_interface *interface = &node->interface[i];

		err = emit_text(walk, CONF_TAG_INTERFACE, interface->name);
		for (u8 j = 0; j < interface->address_count && !err; j++)
			err = emit_address(walk, interface->address[j].heartbeat ?
					   CONF_TAG_HEARTBEAT_IP : CONF_TAG_STATIONARY_IP,
					   &interface->address[j].address);
	}
	return err;
}

static int walk_subnets(struct walk *walk, const struct conf_cluster *cluster)
{
	int err = 0;

	for (u16 i = 0; i < cluster->subnet_count && !err; i++) {
		const struct conf_subnet *subnet = &cluster->subnet[i];

		err = emit_address(walk, CONF_TAG_SUBNET, &subnet->network);
		if (!err)
			err = walk_scope(walk, CONF_FILE_CLUSTER, CONF_SCOPE_SUBNET, subnet);
		for (u8 j = 0; j < subnet->target_count && !err; j++)
			err = emit_address(walk, CONF_TAG_TARGET, &subnet->target[j]);
	}
	return err;
}

static int walk_package_nodes(struct walk *walk, const struct conf_package *package)
{
	int err = 0;

	if (package->all_nodes)
		return emit_text(walk, CONF_TAG_PKG_NODE, "*");
	for (u16 i = 0; i < package->node_count && !err; i++)
		err = emit_text(walk, CONF_TAG_PKG_NODE, package->node[i].name);
	return err;
}

static int walk_services(struct walk *walk, const struct conf_package *package)
{
	int err = 0;

	for (u8 i = 0; i < package->service_count && !err; i++) {
		err = emit_text(walk, CONF_TAG_SERVICE, package->service[i].name);
		if (!err)
			err = walk_scope(walk, CONF_FILE_PACKAGE, CONF_SCOPE_SERVICE,
					 &package->service[i]);
	}
	return err;
}

static bool same_network(const struct conf_address *a, const struct conf_address *b)
{
	return a->family == b->family && a->prefix_len == b->prefix_len &&
	       !memcmp(a->byte, b->byte, sizeof(a->byte));
}

/* ip_subnet once for each run of addresses in it. */
static int walk_addresses(struct walk *walk, const struct conf_package *package)
{
	int err = 0;

	for (u8 i = 0; i < package->address_count && !err; i++) {
		const struct conf_package_address *address = &package->address[i];

		if (!i || !same_network(&address->subnet, &package->address[i - 1].subnet))
			err = emit_address(walk, CONF_TAG_IP_SUBNET, &address->subnet);
		if (!err)
			err = emit_address(walk, CONF_TAG_IP_ADDRESS, &address->address);
	}
	return err;
}

static int walk_monitored(struct walk *walk, const struct conf_package *package)
{
	int err = 0;

	for (u8 i = 0; i < package->monitored_count && !err; i++)
		err = emit_address(walk, CONF_TAG_MONITORED, &package->monitored[i].subnet);
	return err;
}

static int walk_scripts(struct walk *walk, u16 tag, const conf_text_t *list, u8 count)
{
	int err = 0;

	for (u8 i = 0; i < count && !err; i++)
		err = emit_text(walk, tag, conf_text(walk->conf, list[i]));
	return err;
}

static int walk_pevs(struct walk *walk, const struct conf_package *package)
{
	int err = 0;

	for (u8 i = 0; i < package->pev_count && !err; i++) {
		const char *text = conf_text(walk->conf, package->pev[i].value);
		struct conf_value value = {
			.text = text,
			.length = strlen(text),
			.name = package->pev[i].name,
			.name_length = strlen(package->pev[i].name),
		};

		err = emit(walk, CONF_TAG_PEV, &value);
	}
	return err;
}

static int walk_list(struct walk *walk, const struct conf_keyword *keyword, const void *base)
{
	const struct conf_package *package = base;

	switch (keyword->tag) {
	case CONF_TAG_NODE:
		return walk_nodes(walk, base);
	case CONF_TAG_INTERFACE:
		return walk_interfaces(walk, base);
	case CONF_TAG_SUBNET:
		return walk_subnets(walk, base);
	case CONF_TAG_PKG_NODE:
		return walk_package_nodes(walk, package);
	case CONF_TAG_SERVICE:
		return walk_services(walk, package);
	case CONF_TAG_IP_SUBNET:
		return walk_addresses(walk, package);
	case CONF_TAG_MONITORED:
		return walk_monitored(walk, package);
	case CONF_TAG_EXTERNAL_PRE:
		return walk_scripts(walk, keyword->tag, package->external_pre_script,
				    package->external_pre_count);
	case CONF_TAG_EXTERNAL:
		return walk_scripts(walk, keyword->tag, package->external_script,
				    package->external_count);
	case CONF_TAG_PEV:
		return walk_pevs(walk, package);
	default:
		return 0;	/* written by the list that it is part of */
	}
}

int conf_walk_cluster(const struct conf *conf, conf_visit_t visit, void *arg)
{
	struct walk walk = { conf, visit, arg };

	return walk_scope(&walk, CONF_FILE_CLUSTER, CONF_SCOPE_CLUSTER, &conf->cluster);
}

int conf_walk_package(const struct conf *conf, const struct conf_package *package,
		      conf_visit_t visit, void *arg)
{
	struct walk walk = { conf, visit, arg };

	return walk_scope(&walk, CONF_FILE_PACKAGE, CONF_SCOPE_PACKAGE, package);
}
