// SPDX-License-Identifier: GPL-2.0-or-later
#include "conf_store.h"
#include "conf_pool.h"
#include <tocsin/conf_address.h>

struct conf_cursor conf_cursor_start(struct conf *conf)
{
	struct conf_cursor cursor = { .conf = conf };

	cursor.at[CONF_SCOPE_CLUSTER] = &conf->cluster;
	return cursor;
}

void conf_cursor_package(struct conf_cursor *cursor, u16 index)
{
	struct conf_package *package = &cursor->conf->package[index];

	core_assert(index <= CONF_PACKAGES_MAX);
	conf_package_init(package);
	cursor->at[CONF_SCOPE_PACKAGE] = package;
	cursor->at[CONF_SCOPE_SERVICE] = NULL;
	cursor->at[CONF_SCOPE_IP_SUBNET] = NULL;
}

enum conf_scope conf_store_opens(const struct conf_keyword *keyword)
{
	switch (keyword->tag) {
	case CONF_TAG_NODE:
		return CONF_SCOPE_NODE;
	case CONF_TAG_INTERFACE:
		return CONF_SCOPE_INTERFACE;
	case CONF_TAG_SUBNET:
		return CONF_SCOPE_SUBNET;
	case CONF_TAG_SERVICE:
		return CONF_SCOPE_SERVICE;
	case CONF_TAG_IP_SUBNET:
		return CONF_SCOPE_IP_SUBNET;
	default:
		return CONF_SCOPES;
	}
}

static void copy_name(char *out, size_t size, const char *text, size_t length)
{
	core_assert(length < size);
	memcpy(out, text, length);
	memset(out + length, 0, size - length);
}

static bool is_name(const char *name, const struct conf_value *value)
{
	return strlen(name) == value->length && !memcmp(name, value->text, value->length);
}

/* ---- lists of the cluster file ---- */

static int add_node(struct conf_cursor *cursor, const struct conf_value *value,
		    struct conf_place place)
{
	struct conf_cluster *cluster = &cursor->conf->cluster;
	struct conf_node *node;

	for (u16 i = 0; i < cluster->node_count; i++)
		if (is_name(cluster->node[i].name, value))
			return -EEXIST;
	if (cluster->node_count == CONF_NODES_MAX)
		return -ENOSPC;
	node = &cluster->node[cluster->node_count++];
	memset(node, 0, sizeof(*node));
	node->id = cluster->node_count;
	node->place = place;
	copy_name(node->name, sizeof(node->name), value->text, value->length);
	cursor->at[CONF_SCOPE_NODE] = node;
	cursor->at[CONF_SCOPE_INTERFACE] = NULL;
	return 0;
}

static int add_interface(struct conf_cursor *cursor, const struct conf_value *value,
			 struct conf_place place)
{
	struct conf_node *node = cursor->at[CONF_SCOPE_NODE];
	struct conf_interface *interface;

	for (u8 i = 0; i < node->interface_count; i++)
		if (is_name(node->interface[i].name, value))
			return -EEXIST;
	if (node->interface_count == CONF_INTERFACES_MAX)
		return -ENOSPC;
	interface = &node->interface[node->interface_count++];
	memset(interface, 0, sizeof(*interface));
	interface->place = place;
	copy_name(interface->name, sizeof(interface->name), value->text, value->length);
	cursor->at[CONF_SCOPE_INTERFACE] = interface;
	return 0;
}

static int add_address(struct conf_cursor *cursor, const struct conf_value *value,
		       bool heartbeat, struct conf_place place)
{
	struct conf_interface *interface = cursor->at[CONF_SCOPE_INTERFACE];
	struct conf_interface_address *address;

	for (u8 i = 0; i < interface->address_count; i++)
		if (conf_address_same(&interface->address[i].address, &value->address))
			return -EEXIST;
	if (interface->address_count == CONF_ADDRESSES_MAX)
		return -ENOSPC;
	address = &interface->address[interface->address_count++];
	*address = (struct conf_interface_address){
		.address = value->address,
		.heartbeat = heartbeat,
		.subnet = CONF_NO_SUBNET,
		.place = place,
	};
	return 0;
}

static int add_subnet(struct conf_cursor *cursor, const struct conf_value *value,
		      struct conf_place place)
{
	struct conf_cluster *cluster = &cursor->conf->cluster;
	struct conf_subnet *subnet;

	for (u16 i = 0; i < cluster->subnet_count; i++)
		if (conf_address_same(&cluster->subnet[i].network, &value->address))
			return -EEXIST;
	if (cluster->subnet_count == CONF_SUBNETS_MAX)
		return -ENOSPC;
	subnet = &cluster->subnet[cluster->subnet_count++];
	memset(subnet, 0, sizeof(*subnet));
	subnet->network = value->address;
	subnet->path = CONF_NO_PATH;
	subnet->place = place;
	cursor->at[CONF_SCOPE_SUBNET] = subnet;
	return 0;
}

static int add_target(struct conf_cursor *cursor, const struct conf_value *value)
{
	struct conf_subnet *subnet = cursor->at[CONF_SCOPE_SUBNET];

	for (u8 i = 0; i < subnet->target_count; i++)
		if (conf_address_same(&subnet->target[i], &value->address))
			return -EEXIST;
	if (subnet->target_count == CONF_TARGETS_MAX)
		return -ENOSPC;
	subnet->target[subnet->target_count++] = value->address;
	return 0;
}

/* ---- lists of a package file ---- */

static int add_package_node(struct conf_package *package, const struct conf_value *value,
			    struct conf_place place)
{
	struct conf_package_node *node;
	bool star = value->length == 1 && value->text[0] == '*';

	for (u16 i = 0; i < package->node_count; i++)
		if (is_name(package->node[i].name, value))
			return -EEXIST;
	if (package->all_nodes)
		return -EEXIST;
	if (star && package->node_count)
		return -EEXIST;
	package->all_nodes = star;
	if (star)
		return 0;
	if (package->node_count == CONF_NODES_MAX)
		return -ENOSPC;
	node = &package->node[package->node_count++];
	node->id = 0;
	node->place = place;
	copy_name(node->name, sizeof(node->name), value->text, value->length);
	return 0;
}

static int add_service(struct conf_cursor *cursor, const struct conf_value *value,
		       struct conf_place place)
{
	struct conf_package *package = cursor->at[CONF_SCOPE_PACKAGE];
	struct conf_service *service;

	for (u8 i = 0; i < package->service_count; i++)
		if (is_name(package->service[i].name, value))
			return -EEXIST;
	if (package->service_count == CONF_SERVICES_MAX)
		return -ENOSPC;
	service = &package->service[package->service_count++];
	memset(service, 0, sizeof(*service));
	service->place = place;
	copy_name(service->name, sizeof(service->name), value->text, value->length);
	cursor->at[CONF_SCOPE_SERVICE] = service;
	return 0;
}

static int add_ip_subnet(struct conf_cursor *cursor, const struct conf_value *value)
{
	cursor->ip_subnet = value->address;
	cursor->at[CONF_SCOPE_IP_SUBNET] = &cursor->ip_subnet;
	return 0;
}

static int add_ip_address(struct conf_cursor *cursor, const struct conf_value *value,
			  struct conf_place place)
{
	struct conf_package *package = cursor->at[CONF_SCOPE_PACKAGE];

	for (u8 i = 0; i < package->address_count; i++)
		if (conf_address_same(&package->address[i].address, &value->address))
			return -EEXIST;
	if (package->address_count == CONF_PKG_ADDRESSES_MAX)
		return -ENOSPC;
	package->address[package->address_count++] = (struct conf_package_address){
		.subnet = cursor->ip_subnet,
		.address = value->address,
		.subnet_index = CONF_NO_SUBNET,
		.place = place,
	};
	return 0;
}

static int add_monitored(struct conf_package *package, const struct conf_value *value,
			 struct conf_place place)
{
	for (u8 i = 0; i < package->monitored_count; i++)
		if (conf_address_same(&package->monitored[i].subnet, &value->address))
			return -EEXIST;
	if (package->monitored_count == CONF_PKG_SUBNETS_MAX)
		return -ENOSPC;
	package->monitored[package->monitored_count++] = (struct conf_monitored_subnet){
		.subnet = value->address,
		.subnet_index = CONF_NO_SUBNET,
		.place = place,
	};
	return 0;
}

static int add_script(struct conf *conf, conf_text_t *list, u8 *count,
		      const struct conf_value *value)
{
	for (u8 i = 0; i < *count; i++)
		if (is_name(conf_text(conf, list[i]), value))
			return -EEXIST;
	if (*count == CONF_SCRIPTS_MAX)
		return -ENOSPC;
	list[*count] = conf_pool_add(conf, value->text, value->length);
	if (!list[*count])
		return -ENOSPC;
	(*count)++;
	return 0;
}

static int add_pev(struct conf *conf, struct conf_package *package,
		   const struct conf_value *value)
{
	struct conf_pev *pev = &package->pev[package->pev_count];

	for (u8 i = 0; i < package->pev_count; i++)
		if (strlen(package->pev[i].name) == value->name_length &&
		    !strncasecmp(package->pev[i].name, value->name, value->name_length))
			return -EEXIST;
	if (package->pev_count == CONF_PEVS_MAX)
		return -ENOSPC;
	copy_name(pev->name, sizeof(pev->name), value->name, value->name_length);
	for (char *c = pev->name; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c |= 0x20;
	pev->value = conf_pool_add(conf, value->text, value->length);
	if (!pev->value)
		return -ENOSPC;
	package->pev_count++;
	return 0;
}

static int add_to_list(struct conf_cursor *cursor, const struct conf_keyword *keyword,
		       const struct conf_value *value, struct conf_place place)
{
	struct conf_package *package = cursor->at[CONF_SCOPE_PACKAGE];

	switch (keyword->tag) {
	case CONF_TAG_NODE:
		return add_node(cursor, value, place);
	case CONF_TAG_INTERFACE:
		return add_interface(cursor, value, place);
	case CONF_TAG_HEARTBEAT_IP:
	case CONF_TAG_STATIONARY_IP:
		return add_address(cursor, value, keyword->tag == CONF_TAG_HEARTBEAT_IP, place);
	case CONF_TAG_SUBNET:
		return add_subnet(cursor, value, place);
	case CONF_TAG_TARGET:
		return add_target(cursor, value);
	case CONF_TAG_PKG_NODE:
		return add_package_node(package, value, place);
	case CONF_TAG_SERVICE:
		return add_service(cursor, value, place);
	case CONF_TAG_IP_SUBNET:
		return add_ip_subnet(cursor, value);
	case CONF_TAG_IP_ADDRESS:
		return add_ip_address(cursor, value, place);
	case CONF_TAG_MONITORED:
		return add_monitored(package, value, place);
	case CONF_TAG_EXTERNAL_PRE:
		return add_script(cursor->conf, package->external_pre_script,
				  &package->external_pre_count, value);
	case CONF_TAG_EXTERNAL:
		return add_script(cursor->conf, package->external_script,
				  &package->external_count, value);
	default:
		core_assert(keyword->tag == CONF_TAG_PEV);
		return add_pev(cursor->conf, package, value);
	}
}

/* ---- scalars ---- */

static void put_number(void *field, u16 size, u64 number)
{
	switch (size) {
	case 1:
		*(u8 *)field = (u8)number;
		break;
	case 2:
		*(u16 *)field = (u16)number;
		break;
	case 4:
		*(u32 *)field = (u32)number;
		break;
	default:
		core_assert(size == 8);
		*(u64 *)field = number;
		break;
	}
}

static int put_scalar(struct conf_cursor *cursor, const struct conf_keyword *keyword,
		      const struct conf_value *value)
{
	void *field = (char *)cursor->at[keyword->scope] + keyword->offset;
	conf_text_t text;

	switch (keyword->kind) {
	case CONF_KIND_ADDRESS:
	case CONF_KIND_NETWORK:
		memcpy(field, &value->address, sizeof(value->address));
		return 0;
	case CONF_KIND_CLUSTER_NAME:
	case CONF_KIND_NAME:
		copy_name(field, keyword->size, value->text, value->length);
		return 0;
	case CONF_KIND_HOST:
	case CONF_KIND_TEXT:
	case CONF_KIND_PATH:
	case CONF_KIND_COMMAND:
		text = conf_pool_add(cursor->conf, value->text, value->length);
		if (!text)
			return -ENOSPC;
		memcpy(field, &text, sizeof(text));
		return 0;
	default:
		put_number(field, keyword->size, value->number);
		return 0;
	}
}

int conf_store(struct conf_cursor *cursor, const struct conf_keyword *keyword,
	       const struct conf_value *value, struct conf_place place)
{
	core_assert(keyword->scope < CONF_SCOPES);
	if (!cursor->at[keyword->scope])
		return -ENOENT;
	if (keyword->tag == CONF_TAG_PACKAGE)
		((struct conf_package *)cursor->at[CONF_SCOPE_PACKAGE])->place = place;
	if (keyword->flags & CONF_LIST)
		return add_to_list(cursor, keyword, value, place);
	return put_scalar(cursor, keyword, value);
}
