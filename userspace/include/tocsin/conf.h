/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Configuration of a cluster and its packages: the data model, and the pure
 * functions on it (lib/conf: text in, structures out; no I/O, no clock, no
 * allocation; all memory is the caller's).
 *
 * A struct conf is large (some megabytes): allocate one, once.  It is filled
 * by conf_decode() (daemons), or by conf_parse_cluster() and
 * conf_parse_package() followed by conf_check() (commands).  Only a
 * configuration that passed conf_check() or conf_decode() has the fields
 * marked "derived".
 */
#ifndef TOCSIN_CONF_H
#define TOCSIN_CONF_H

#include "limits.h"

#define CONF_NAME_MAX		39	/* names of clusters, nodes, packages, ... */
#define CONF_NODES_MAX		CORE_VIEW_MEMBERS_MAX
#define CONF_INTERFACES_MAX	16	/* of one node */
#define CONF_ADDRESSES_MAX	4	/* of one interface */
#define CONF_SUBNETS_MAX	32
#define CONF_TARGETS_MAX	8	/* polling targets of one subnet */
#define CONF_PACKAGES_MAX	300
#define CONF_SERVICES_MAX	30	/* of one package */
#define CONF_PKG_ADDRESSES_MAX	64	/* of one package */
#define CONF_PKG_SUBNETS_MAX	32	/* monitored by one package */
#define CONF_SCRIPTS_MAX	16	/* external scripts of one package */
#define CONF_PEVS_MAX		64	/* of one package */
#define CONF_TEXT_MAX		4096	/* one value of text, in bytes */
#define CONF_POOL_SIZE		(2U << 20)

#define CONF_NO_TIMEOUT		0ULL
#define CONF_RESTART_UNLIMITED	UINT32_MAX
#define CONF_NO_PRIORITY	0
#define CONF_NO_SUBNET		0xff
#define CONF_NO_PATH		0xff

#define CONF_QS_PORT_DEFAULT	1238
#define CONF_CLCONFD_PORT	5302

/* A text kept in the pool of its struct conf; 0: not given. See conf_text(). */
typedef u32 conf_text_t;

/* Where something was written; line 0: not from a file of this run. */
struct conf_place {
	u32 line;
	u16 column;
	u16 file;		/* index into conf_report.file */
};

/* family 0: none, 4 or 6; prefix_len 0: not known */
struct conf_address {
	u8 family;
	u8 prefix_len;
	u8 byte[16];		/* network order; 4 or 16 in use */
};

/**
 * struct conf_interface_address - one address of a node's interface
 * @heartbeat: HEARTBEAT_IP, else STATIONARY_IP
 * @subnet: derived: index into conf_cluster.subnet
 */
struct conf_interface_address {
	struct conf_address address;
	bool heartbeat;
	u8 subnet;
	struct conf_place place;
};

struct conf_interface {
	char name[16];
	u8 address_count;	/* 0: a standby interface */
	struct conf_interface_address address[CONF_ADDRESSES_MAX];
	struct conf_place place;
};

/**
 * struct conf_node - a node
 * @id: 1..CORE_NODE_ID_MAX; kept for life by conf_ids_keep()
 */
struct conf_node {
	u16 id;
	char name[CONF_NAME_MAX + 1];
	u8 interface_count;
	struct conf_interface interface[CONF_INTERFACES_MAX];
	struct conf_place place;
};

/**
 * struct conf_subnet - derived from the nodes' addresses, plus SUBNET blocks
 * @network: address with the host bits zero, and its prefix length
 * @path: heartbeat path number on every node, 0..CORE_PATHS_MAX - 1, or
 *	CONF_NO_PATH when the subnet carries no heartbeat
 */
struct conf_subnet {
	struct conf_address network;
	u8 path;
	bool ip_monitor;
	u8 target_count;
	struct conf_address target[CONF_TARGETS_MAX];
	struct conf_place place;	/* of SUBNET, or of the first address in it */
};

enum conf_family {
	CONF_FAMILY_IPV4,
	CONF_FAMILY_IPV6,
	CONF_FAMILY_ANY,
};

/**
 * struct conf_qs - the quorum server; host 0: none
 * @host: name or address
 * @addr: second address of the same server, or 0
 * @host_address, @addr_address: what they are in numbers; a name was looked up
 *	when the configuration was applied (no daemon looks up names)
 */
struct conf_qs {
	conf_text_t host;
	conf_text_t addr;
	struct conf_address host_address;
	struct conf_address addr_address;
	u16 port;
	u64 polling_interval_ns;
	u64 timeout_extension_ns;
};

/**
 * struct conf_cluster - what the cluster file says
 * @id: random, drawn when the cluster is first applied, kept for life
 * @generation: grows by one with each cmapplyconf; 0: never applied
 * @interval_ns: I; @member_timeout_ns: L
 * @toc_margin_ns: use conf_takeover_margin_ns(), which adds
 *	@io_extension_ns
 */
struct conf_cluster {
	char name[CONF_NAME_MAX + 1];
	u64 id;
	u64 generation;
	enum conf_family family;
	u64 interval_ns;
	u64 member_timeout_ns;
	u64 safety_timeout_ns;
	u64 toc_margin_ns;
	u64 io_extension_ns;
	u64 auto_start_timeout_ns;
	u64 network_polling_interval_ns;
	u16 heartbeat_port;
	u16 max_packages;
	struct conf_qs qs;
	u16 node_count;
	u16 subnet_count;
	struct conf_node node[CONF_NODES_MAX];		/* ascending ids after conf_check */
	struct conf_subnet subnet[CONF_SUBNETS_MAX];
};

enum conf_package_type {
	CONF_FAILOVER,
	CONF_MULTI_NODE,
	CONF_SYSTEM_MULTI_NODE,
};

enum conf_failover_policy {
	CONF_CONFIGURED_NODE,
	CONF_MIN_PACKAGE_NODE,
};

enum conf_failback_policy {
	CONF_FAILBACK_MANUAL,
	CONF_FAILBACK_AUTOMATIC,
};

/* A node a package may run on; @id is derived. */
struct conf_package_node {
	u16 id;
	char name[CONF_NAME_MAX + 1];
	struct conf_place place;
};

/**
 * struct conf_service - a service of a package
 * @restart: 0 none, CONF_RESTART_UNLIMITED, or how often
 * @halt_timeout_ns: from SIGTERM to SIGKILL; 0 is immediately
 */
struct conf_service {
	char name[CONF_NAME_MAX + 1];
	conf_text_t cmd;
	u32 restart;
	bool fail_fast;
	u64 halt_timeout_ns;
	struct conf_place place;
};

/* A relocatable address: its ip_subnet, and (derived) the cluster's subnet. */
struct conf_package_address {
	struct conf_address subnet;	/* prefix_len 0 until conf_check */
	struct conf_address address;
	u8 subnet_index;
	struct conf_place place;
};

struct conf_monitored_subnet {
	struct conf_address subnet;
	u8 subnet_index;		/* derived */
	struct conf_place place;
};

struct conf_pev {
	char name[CONF_NAME_MAX + 1];	/* with pev_, lower case */
	conf_text_t value;
};

/**
 * struct conf_package - a package
 * @all_nodes: node_name *; @node then lists (derived) all nodes of the cluster
 * @node: in order of preference
 * @priority: 1 (highest) .. 3000, or CONF_NO_PRIORITY
 * @run_script, @halt_script: a package with its own control scripts;
 *	0 for one made of modules
 */
struct conf_package {
	char name[CONF_NAME_MAX + 1];
	conf_text_t description;
	enum conf_package_type type;
	bool auto_run;
	bool node_fail_fast;
	bool all_nodes;
	enum conf_failover_policy failover_policy;
	enum conf_failback_policy failback_policy;
	u16 priority;
	u8 log_level;
	u64 run_script_timeout_ns;		/* or CONF_NO_TIMEOUT */
	u64 halt_script_timeout_ns;
	u64 successor_halt_timeout_ns;
	conf_text_t script_log_file;		/* 0: the default place */
	conf_text_t run_script;
	conf_text_t halt_script;
	u8 external_pre_count;
	u8 external_count;
	conf_text_t external_pre_script[CONF_SCRIPTS_MAX];
	conf_text_t external_script[CONF_SCRIPTS_MAX];
	u16 node_count;
	u8 service_count;
	u8 address_count;
	u8 monitored_count;
	u8 pev_count;
	struct conf_package_node node[CONF_NODES_MAX];
	struct conf_service service[CONF_SERVICES_MAX];
	struct conf_package_address address[CONF_PKG_ADDRESSES_MAX];
	struct conf_monitored_subnet monitored[CONF_PKG_SUBNETS_MAX];
	struct conf_pev pev[CONF_PEVS_MAX];
	struct conf_place place;
};

struct conf {
	struct conf_cluster cluster;
	u16 package_count;
	struct conf_package package[CONF_PACKAGES_MAX + 1];	/* the last: scratch */
	u32 pool_used;
	char pool[CONF_POOL_SIZE];
};

#define CONF_ERRORS_MAX		64
#define CONF_FILES_MAX		(CONF_PACKAGES_MAX + 2)

enum conf_severity {
	CONF_WARNING,
	CONF_ERROR,
};

/**
 * struct conf_error - one fault; every text is complete and printable
 * @what: keyword or object at fault
 * @found: what stands there
 * @allowed: what may stand there, or why it is wrong
 * @remedy: the next step; may be empty
 */
struct conf_error {
	enum conf_severity severity;
	struct conf_place place;
	char what[64];
	char found[80];
	char allowed[200];
	char remedy[200];
};

/**
 * struct conf_report - all faults of a run
 * @file: names for conf_place.file, given by the caller; may be NULL
 * @lost: faults beyond CONF_ERRORS_MAX, counted only
 */
struct conf_report {
	const char *const *file;
	u16 count;
	u16 errors;
	u16 warnings;
	u16 lost;
	struct conf_error error[CONF_ERRORS_MAX];
};

/* Empty configuration with every default. */
void conf_init(struct conf *conf);

/* The text behind a reference, "" for 0. Valid while @conf is. */
const char *conf_text(const struct conf *conf, conf_text_t text);

/**
 * conf_parse_cluster - read a cluster file
 * Replaces all of conf->cluster, leaves the packages. Faults go to @report with @file.
 * Return: 0, or -EINVAL when the report holds an error of this file.
 */
int conf_parse_cluster(struct conf *conf, const char *text, size_t length, u16 file,
		       struct conf_report *report);

/**
 * conf_parse_package - read a package file; one package
 * A package of the same name that came from the installed configuration is
 * replaced; one that came from a file is a fault.
 * Return: 0, or -EINVAL when the report holds an error of this file.
 */
int conf_parse_package(struct conf *conf, const char *text, size_t length, u16 file,
		       struct conf_report *report);

/**
 * conf_check - derive what is derived and check all that spans objects
 * Addresses without a prefix length must have got one before (from the node).
 * Return: 0, or -EINVAL when the report holds an error of this check.
 */
int conf_check(struct conf *conf, struct conf_report *report);

/**
 * conf_ids_keep - give nodes known to @old (by name) their old id, new ones the
 * lowest free id, and take over the cluster's id and generation
 * Call before conf_check().
 */
void conf_ids_keep(struct conf *conf, const struct conf *old);

const struct conf_node *conf_node_by_id(const struct conf *conf, u16 id);
const struct conf_node *conf_node_by_name(const struct conf *conf, const char *name);
const struct conf_package *conf_package_by_name(const struct conf *conf, const char *name);

/* The heartbeat address of a node on a path, or NULL if it has none there. */
const struct conf_address *conf_node_path_address(const struct conf *conf,
						  const struct conf_node *node, u8 path);
/* Number of heartbeat paths. */
u8 conf_path_count(const struct conf *conf);

/* TOC_MARGIN + CONFIGURED_IO_TIMEOUT_EXTENSION: the margin in L'. */
u64 conf_takeover_margin_ns(const struct conf *conf);

#endif
