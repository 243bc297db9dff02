// SPDX-License-Identifier: GPL-2.0-or-later
#include "conf_keyword.h"

#define FIELD(type, member) \
	.offset = (u32)offsetof(struct type, member), .size = sizeof(((struct type *)0)->member)
#define US	1000ULL
#define MS	CORE_NS_PER_MS
#define S	CORE_NS_PER_S
/* The product's largest script timeout. */
#define SCRIPT_MAX (4294 * S)

static const char *const family_names[] = { "IPV4", "IPV6", "ANY", NULL };
static const char *const type_names[] = {
	"failover", "multi_node", "system_multi_node", NULL
};
static const char *const failover_names[] = { "configured_node", "min_package_node", NULL };
static const char *const failback_names[] = { "manual", "automatic", NULL };

static const struct conf_keyword cluster_table[] = {
	{ "CLUSTER_NAME", CONF_TAG_CLUSTER_NAME, CONF_SCOPE_CLUSTER, CONF_KIND_CLUSTER_NAME,
	  CONF_REQUIRED | CONF_OFFLINE, FIELD(conf_cluster, name), .max = CONF_NAME_MAX },
	{ "HOSTNAME_ADDRESS_FAMILY", CONF_TAG_FAMILY, CONF_SCOPE_CLUSTER, CONF_KIND_CHOICE,
	  CONF_OFFLINE, FIELD(conf_cluster, family), .names = family_names },
	{ "QS_HOST", CONF_TAG_QS_HOST, CONF_SCOPE_CLUSTER, CONF_KIND_HOST,
	  CONF_OFFLINE, FIELD(conf_cluster, qs.host), .max = CONF_NAME_MAX },
	{ "QS_ADDR", CONF_TAG_QS_ADDR, CONF_SCOPE_CLUSTER, CONF_KIND_HOST,
	  CONF_OFFLINE, FIELD(conf_cluster, qs.addr), .max = CONF_NAME_MAX },
	{ "QS_PORT", CONF_TAG_QS_PORT, CONF_SCOPE_CLUSTER, CONF_KIND_NUMBER,
	  CONF_OFFLINE, FIELD(conf_cluster, qs.port), .min = 1, .max = 65535 },
	{ "QS_POLLING_INTERVAL", CONF_TAG_QS_POLLING, CONF_SCOPE_CLUSTER, CONF_KIND_TIME,
	  CONF_OFFLINE, FIELD(conf_cluster, qs.polling_interval_ns),
	  .min = 10 * S, .max = 2147 * S },
	{ "QS_TIMEOUT_EXTENSION", CONF_TAG_QS_EXTENSION, CONF_SCOPE_CLUSTER, CONF_KIND_TIME,
	  CONF_OFFLINE, FIELD(conf_cluster, qs.timeout_extension_ns), .max = 300 * S },
	{ "QS_HOST address", CONF_TAG_QS_HOST_ADDRESS, CONF_SCOPE_CLUSTER, CONF_KIND_ADDRESS,
	  CONF_HIDDEN, FIELD(conf_cluster, qs.host_address) },
	{ "QS_ADDR address", CONF_TAG_QS_ADDR_ADDRESS, CONF_SCOPE_CLUSTER, CONF_KIND_ADDRESS,
	  CONF_HIDDEN, FIELD(conf_cluster, qs.addr_address) },

	{ "NODE_NAME", CONF_TAG_NODE, CONF_SCOPE_CLUSTER, CONF_KIND_NODE_NAME,
	  CONF_REQUIRED | CONF_REPEAT | CONF_LIST | CONF_OFFLINE, .max = CONF_NAME_MAX },
	{ "NODE_NAME id", CONF_TAG_NODE_ID, CONF_SCOPE_NODE, CONF_KIND_NUMBER,
	  CONF_HIDDEN, FIELD(conf_node, id), .min = 1, .max = CORE_NODE_ID_MAX },
	{ "NETWORK_INTERFACE", CONF_TAG_INTERFACE, CONF_SCOPE_NODE, CONF_KIND_INTERFACE_NAME,
	  CONF_REPEAT | CONF_LIST | CONF_OFFLINE, .max = 15 },
	{ "HEARTBEAT_IP", CONF_TAG_HEARTBEAT_IP, CONF_SCOPE_INTERFACE, CONF_KIND_ADDRESS,
	  CONF_REPEAT | CONF_LIST | CONF_OFFLINE, .size = 0 },
	{ "STATIONARY_IP", CONF_TAG_STATIONARY_IP, CONF_SCOPE_INTERFACE, CONF_KIND_ADDRESS,
	  CONF_REPEAT | CONF_LIST | CONF_OFFLINE, .size = 0 },

	{ "MEMBER_TIMEOUT", CONF_TAG_MEMBER_TIMEOUT, CONF_SCOPE_CLUSTER, CONF_KIND_TIME,
	  CONF_OFFLINE, FIELD(conf_cluster, member_timeout_ns),
	  .min = CORE_MEMBER_TIMEOUT_NS_MIN, .max = CORE_MEMBER_TIMEOUT_NS_MAX },
	{ "HEARTBEAT_INTERVAL", CONF_TAG_INTERVAL, CONF_SCOPE_CLUSTER, CONF_KIND_TIME,
	  CONF_OFFLINE, FIELD(conf_cluster, interval_ns),
	  .min = CORE_INTERVAL_NS_MIN, .max = CORE_INTERVAL_NS_MAX },
	{ "SAFETY_TIMEOUT", CONF_TAG_SAFETY_TIMEOUT, CONF_SCOPE_CLUSTER, CONF_KIND_TIME,
	  CONF_OFFLINE, FIELD(conf_cluster, safety_timeout_ns),
	  .min = CORE_SAFETY_TIMEOUT_NS_MIN, .max = CORE_SAFETY_TIMEOUT_NS_MAX },
	{ "TOC_MARGIN", CONF_TAG_TOC_MARGIN, CONF_SCOPE_CLUSTER, CONF_KIND_TIME,
	  CONF_OFFLINE, FIELD(conf_cluster, toc_margin_ns), .min = 10 * MS, .max = 60 * S },
	{ "CONFIGURED_IO_TIMEOUT_EXTENSION", CONF_TAG_IO_EXTENSION, CONF_SCOPE_CLUSTER,
	  CONF_KIND_TIME, CONF_OFFLINE, FIELD(conf_cluster, io_extension_ns), .max = 300 * S },
	{ "AUTO_START_TIMEOUT", CONF_TAG_AUTO_START, CONF_SCOPE_CLUSTER, CONF_KIND_TIME,
	  0, FIELD(conf_cluster, auto_start_timeout_ns), .min = 1 * S, .max = 86400 * S },
	{ "NETWORK_POLLING_INTERVAL", CONF_TAG_NETWORK_POLLING, CONF_SCOPE_CLUSTER,
	  CONF_KIND_TIME, 0, FIELD(conf_cluster, network_polling_interval_ns),
	  .min = 1 * S, .max = 30 * S },
	{ "HEARTBEAT_PORT", CONF_TAG_HEARTBEAT_PORT, CONF_SCOPE_CLUSTER, CONF_KIND_NUMBER,
	  CONF_OFFLINE, FIELD(conf_cluster, heartbeat_port), .min = 1, .max = 65535 },

	{ "SUBNET", CONF_TAG_SUBNET, CONF_SCOPE_CLUSTER, CONF_KIND_NETWORK,
	  CONF_REPEAT | CONF_LIST, .size = 0 },
	{ "IP_MONITOR", CONF_TAG_IP_MONITOR, CONF_SCOPE_SUBNET, CONF_KIND_ON_OFF,
	  0, FIELD(conf_subnet, ip_monitor) },
	{ "POLLING_TARGET", CONF_TAG_TARGET, CONF_SCOPE_SUBNET, CONF_KIND_ADDRESS,
	  CONF_REPEAT | CONF_LIST, .size = 0 },
	{ "MAX_CONFIGURED_PACKAGES", CONF_TAG_MAX_PACKAGES, CONF_SCOPE_CLUSTER,
	  CONF_KIND_NUMBER, 0, FIELD(conf_cluster, max_packages), .max = CONF_PACKAGES_MAX },
};

static const struct conf_keyword package_table[] = {
	{ "package_name", CONF_TAG_PACKAGE, CONF_SCOPE_PACKAGE, CONF_KIND_NAME,
	  CONF_REQUIRED, FIELD(conf_package, name), .max = CONF_NAME_MAX },
	{ "package_description", CONF_TAG_DESCRIPTION, CONF_SCOPE_PACKAGE, CONF_KIND_TEXT,
	  0, FIELD(conf_package, description), .max = 80 },
	{ "package_type", CONF_TAG_TYPE, CONF_SCOPE_PACKAGE, CONF_KIND_CHOICE,
	  0, FIELD(conf_package, type), .names = type_names },
	{ "node_name", CONF_TAG_PKG_NODE, CONF_SCOPE_PACKAGE, CONF_KIND_NODE_NAME,
	  CONF_REPEAT | CONF_LIST, .max = CONF_NAME_MAX },
	{ "auto_run", CONF_TAG_AUTO_RUN, CONF_SCOPE_PACKAGE, CONF_KIND_YES_NO,
	  0, FIELD(conf_package, auto_run) },
	{ "node_fail_fast_enabled", CONF_TAG_NODE_FAIL_FAST, CONF_SCOPE_PACKAGE,
	  CONF_KIND_YES_NO, 0, FIELD(conf_package, node_fail_fast) },
	{ "failover_policy", CONF_TAG_FAILOVER, CONF_SCOPE_PACKAGE, CONF_KIND_CHOICE,
	  0, FIELD(conf_package, failover_policy), .names = failover_names },
	{ "failback_policy", CONF_TAG_FAILBACK, CONF_SCOPE_PACKAGE, CONF_KIND_CHOICE,
	  0, FIELD(conf_package, failback_policy), .names = failback_names },
	{ "priority", CONF_TAG_PRIORITY, CONF_SCOPE_PACKAGE, CONF_KIND_PRIORITY,
	  0, FIELD(conf_package, priority), .min = 1, .max = 3000 },
	{ "run_script_timeout", CONF_TAG_RUN_TIMEOUT, CONF_SCOPE_PACKAGE, CONF_KIND_TIMEOUT,
	  0, FIELD(conf_package, run_script_timeout_ns), .max = SCRIPT_MAX },
	{ "halt_script_timeout", CONF_TAG_HALT_TIMEOUT, CONF_SCOPE_PACKAGE, CONF_KIND_TIMEOUT,
	  0, FIELD(conf_package, halt_script_timeout_ns), .max = SCRIPT_MAX },
	{ "successor_halt_timeout", CONF_TAG_SUCCESSOR_TIMEOUT, CONF_SCOPE_PACKAGE,
	  CONF_KIND_TIMEOUT, 0, FIELD(conf_package, successor_halt_timeout_ns),
	  .max = SCRIPT_MAX },
	{ "script_log_file", CONF_TAG_LOG_FILE, CONF_SCOPE_PACKAGE, CONF_KIND_PATH,
	  0, FIELD(conf_package, script_log_file), .max = 1023 },
	{ "log_level", CONF_TAG_LOG_LEVEL, CONF_SCOPE_PACKAGE, CONF_KIND_NUMBER,
	  0, FIELD(conf_package, log_level), .max = 5 },
	{ "run_script", CONF_TAG_RUN_SCRIPT, CONF_SCOPE_PACKAGE, CONF_KIND_PATH,
	  0, FIELD(conf_package, run_script), .max = 1023 },
	{ "halt_script", CONF_TAG_HALT_SCRIPT, CONF_SCOPE_PACKAGE, CONF_KIND_PATH,
	  0, FIELD(conf_package, halt_script), .max = 1023 },
	{ "external_pre_script", CONF_TAG_EXTERNAL_PRE, CONF_SCOPE_PACKAGE, CONF_KIND_PATH,
	  CONF_REPEAT | CONF_LIST, .max = 1023 },
	{ "external_script", CONF_TAG_EXTERNAL, CONF_SCOPE_PACKAGE, CONF_KIND_PATH,
	  CONF_REPEAT | CONF_LIST, .max = 1023 },
	{ "monitored_subnet", CONF_TAG_MONITORED, CONF_SCOPE_PACKAGE, CONF_KIND_NETWORK,
	  CONF_REPEAT | CONF_LIST, .size = 0 },
	{ "ip_subnet", CONF_TAG_IP_SUBNET, CONF_SCOPE_PACKAGE, CONF_KIND_NETWORK,
	  CONF_REPEAT | CONF_LIST, .size = 0 },
	{ "ip_address", CONF_TAG_IP_ADDRESS, CONF_SCOPE_IP_SUBNET, CONF_KIND_ADDRESS,
	  CONF_REPEAT | CONF_LIST, .size = 0 },
	{ "service_name", CONF_TAG_SERVICE, CONF_SCOPE_PACKAGE, CONF_KIND_NAME,
	  CONF_REPEAT | CONF_LIST, .max = CONF_NAME_MAX },
	{ "service_cmd", CONF_TAG_SERVICE_CMD, CONF_SCOPE_SERVICE, CONF_KIND_COMMAND,
	  CONF_REQUIRED, FIELD(conf_service, cmd), .max = CONF_TEXT_MAX - 1 },
	{ "service_restart", CONF_TAG_SERVICE_RESTART, CONF_SCOPE_SERVICE, CONF_KIND_RESTART,
	  0, FIELD(conf_service, restart), .min = 1, .max = 1000000 },
	{ "service_fail_fast_enabled", CONF_TAG_SERVICE_FAIL_FAST, CONF_SCOPE_SERVICE,
	  CONF_KIND_YES_NO, 0, FIELD(conf_service, fail_fast) },
	{ "service_halt_timeout", CONF_TAG_SERVICE_HALT, CONF_SCOPE_SERVICE, CONF_KIND_TIME,
	  0, FIELD(conf_service, halt_timeout_ns), .max = SCRIPT_MAX },
	{ "pev_", CONF_TAG_PEV, CONF_SCOPE_PACKAGE, CONF_KIND_TEXT,
	  CONF_REPEAT | CONF_LIST, .max = CONF_TEXT_MAX - 1 },
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static_assert(COUNT(cluster_table) <= CONF_KEYWORDS_MAX, "room for a place each");
static_assert(COUNT(package_table) <= CONF_KEYWORDS_MAX, "room for a place each");

const struct conf_keyword *conf_keywords(enum conf_file_type type, size_t *count)
{
	bool cluster = type == CONF_FILE_CLUSTER;

	*count = cluster ? COUNT(cluster_table) : COUNT(package_table);
	return cluster ? cluster_table : package_table;
}

const struct conf_keyword *conf_keyword_find(enum conf_file_type type, const char *name,
					     size_t length)
{
	size_t count;
	const struct conf_keyword *table = conf_keywords(type, &count);

	for (size_t i = 0; i < count; i++) {
		size_t own = strlen(table[i].name);

		if (table[i].flags & CONF_HIDDEN)
			continue;
		if (table[i].tag == CONF_TAG_PEV ? length > own : length == own) {
			if (!strncasecmp(table[i].name, name, own))
				return &table[i];
		}
	}
	return NULL;
}

const struct conf_keyword *conf_keyword_by_tag(u16 tag)
{
	for (size_t i = 0; i < COUNT(cluster_table); i++)
		if (cluster_table[i].tag == tag)
			return &cluster_table[i];
	for (size_t i = 0; i < COUNT(package_table); i++)
		if (package_table[i].tag == tag)
			return &package_table[i];
	return NULL;
}

static char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static u8 least(u8 a, u8 b)
{
	return a < b ? a : b;
}

#define NAME_LONGEST 40

/* Edit distance: insert, delete, replace, swap neighbours. */
static u8 distance(const char *a, size_t la, const char *b, size_t lb)
{
	u8 rows[3][NAME_LONGEST + 1];

	for (size_t j = 0; j <= lb; j++)
		rows[0][j] = (u8)j;
	for (size_t i = 1; i <= la; i++) {
		u8 *row = rows[i % 3];
		const u8 *up = rows[(i + 2) % 3];
		const u8 *up2 = rows[(i + 1) % 3];

		row[0] = (u8)i;
		for (size_t j = 1; j <= lb; j++) {
			bool same = fold(a[i - 1]) == fold(b[j - 1]);

			row[j] = least(up[j - 1] + !same,
				       least(up[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) &&
			    fold(a[i - 2]) == fold(b[j - 1]))
				row[j] = least(row[j], up2[j - 2] + 1);
		}
	}
	return rows[la % 3][lb];
}

const struct conf_keyword *conf_keyword_nearest(enum conf_file_type type, const char *name,
						size_t length)
{
	const struct conf_keyword *best = NULL;
	u8 best_distance = NAME_LONGEST;
	size_t count;
	const struct conf_keyword *table = conf_keywords(type, &count);

	if (length > NAME_LONGEST)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		size_t own = strlen(table[i].name);
		size_t most = 1 + own / 4;
		u8 d;

		if (table[i].flags & CONF_HIDDEN || own > NAME_LONGEST ||
		    own > length + most || length > own + most)
			continue;
		d = distance(name, length, table[i].name, own);
		if (d < best_distance && d <= most) {
			best = &table[i];
			best_distance = d;
		}
	}
	return best;
}
