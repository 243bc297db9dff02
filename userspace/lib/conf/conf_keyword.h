/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every keyword, once: parser, printer, binary form and messages all read this
 * table.  A new scalar parameter is one line here, a field in conf.h and a
 * default in conf_init().
 */
#ifndef TOCSIN_CONF_KEYWORD_H
#define TOCSIN_CONF_KEYWORD_H

#include "conf_out.h"

/* Where a keyword belongs; the structure its field lies in. */
enum conf_scope {
	CONF_SCOPE_CLUSTER,		/* struct conf_cluster */
	CONF_SCOPE_NODE,		/* struct conf_node */
	CONF_SCOPE_INTERFACE,		/* struct conf_interface */
	CONF_SCOPE_SUBNET,		/* struct conf_subnet */
	CONF_SCOPE_PACKAGE,		/* struct conf_package */
	CONF_SCOPE_SERVICE,		/* struct conf_service */
	CONF_SCOPE_IP_SUBNET,		/* nothing stored: see conf_cursor */
	CONF_SCOPES,
};

enum conf_kind {
	CONF_KIND_CLUSTER_NAME,
	CONF_KIND_NODE_NAME,		/* or "*" in a package */
	CONF_KIND_NAME,
	CONF_KIND_INTERFACE_NAME,
	CONF_KIND_HOST,			/* name or address of another host */
	CONF_KIND_ADDRESS,
	CONF_KIND_NETWORK,		/* address; host bits must be zero */
	CONF_KIND_TIME,
	CONF_KIND_TIMEOUT,		/* time or no_timeout */
	CONF_KIND_NUMBER,
	CONF_KIND_PRIORITY,		/* number or no_priority */
	CONF_KIND_RESTART,		/* none, unlimited or a number */
	CONF_KIND_YES_NO,
	CONF_KIND_ON_OFF,
	CONF_KIND_CHOICE,		/* one of @names */
	CONF_KIND_TEXT,
	CONF_KIND_PATH,			/* absolute */
	CONF_KIND_COMMAND,		/* first word absolute */
};

#define CONF_REQUIRED	0x01
#define CONF_REPEAT	0x02		/* may be given more than once in its scope */
#define CONF_HIDDEN	0x04		/* only in the binary form */
#define CONF_LIST	0x08		/* appends to a list: conf_store.c knows it */
#define CONF_OFFLINE	0x10		/* may change only while the cluster is down */

/* Numbers in the binary form: never reuse one. */
enum conf_tag {
	CONF_TAG_CLUSTER_NAME = 1,
	CONF_TAG_FAMILY,
	CONF_TAG_QS_HOST,
	CONF_TAG_QS_ADDR,
	CONF_TAG_QS_PORT,
	CONF_TAG_QS_POLLING,
	CONF_TAG_QS_EXTENSION,
	CONF_TAG_QS_HOST_ADDRESS,
	CONF_TAG_QS_ADDR_ADDRESS,
	CONF_TAG_INTERVAL = 16,
	CONF_TAG_MEMBER_TIMEOUT,
	CONF_TAG_SAFETY_TIMEOUT,
	CONF_TAG_TOC_MARGIN,
	CONF_TAG_IO_EXTENSION,
	CONF_TAG_AUTO_START,
	CONF_TAG_NETWORK_POLLING,
	CONF_TAG_HEARTBEAT_PORT,
	CONF_TAG_MAX_PACKAGES,
	CONF_TAG_NODE = 32,
	CONF_TAG_NODE_ID,
	CONF_TAG_INTERFACE,
	CONF_TAG_HEARTBEAT_IP,
	CONF_TAG_STATIONARY_IP,
	CONF_TAG_SUBNET = 48,
	CONF_TAG_IP_MONITOR,
	CONF_TAG_TARGET,
	CONF_TAG_PACKAGE = 64,
	CONF_TAG_DESCRIPTION,
	CONF_TAG_TYPE,
	CONF_TAG_PKG_NODE,
	CONF_TAG_AUTO_RUN,
	CONF_TAG_NODE_FAIL_FAST,
	CONF_TAG_FAILOVER,
	CONF_TAG_FAILBACK,
	CONF_TAG_PRIORITY,
	CONF_TAG_RUN_TIMEOUT,
	CONF_TAG_HALT_TIMEOUT,
	CONF_TAG_SUCCESSOR_TIMEOUT,
	CONF_TAG_LOG_FILE,
	CONF_TAG_LOG_LEVEL,
	CONF_TAG_RUN_SCRIPT,
	CONF_TAG_HALT_SCRIPT,
	CONF_TAG_EXTERNAL_PRE,
	CONF_TAG_EXTERNAL,
	CONF_TAG_IP_SUBNET,
	CONF_TAG_IP_ADDRESS,
	CONF_TAG_MONITORED,
	CONF_TAG_PEV,
	CONF_TAG_SERVICE = 96,
	CONF_TAG_SERVICE_CMD,
	CONF_TAG_SERVICE_RESTART,
	CONF_TAG_SERVICE_FAIL_FAST,
	CONF_TAG_SERVICE_HALT,
	CONF_TAGS,
};

/**
 * struct conf_keyword
 * @name: as printed; read in any case
 * @offset, @size: of the field in the structure of @scope (not for CONF_LIST)
 * @min, @max: range of a number or time; longest length of a text
 * @names: of CONF_KIND_CHOICE, ended by NULL
 */
struct conf_keyword {
	const char *name;
	u16 tag;
	u8 scope;
	u8 kind;
	u8 flags;
	u16 size;
	u32 offset;
	u64 min;
	u64 max;
	const char *const *names;
};

enum conf_file_type {
	CONF_FILE_CLUSTER,
	CONF_FILE_PACKAGE,
};

#define CONF_KEYWORDS_MAX	48	/* in one table */

/* The keywords of one kind of file, in the order in which they are printed. */
const struct conf_keyword *conf_keywords(enum conf_file_type type, size_t *count);
/* By name (any case; also pev_...), NULL: none. */
const struct conf_keyword *conf_keyword_find(enum conf_file_type type, const char *name,
					     size_t length);
const struct conf_keyword *conf_keyword_by_tag(u16 tag);
/* The keyword most like a misspelt one, or NULL when nothing is close. */
const struct conf_keyword *conf_keyword_nearest(enum conf_file_type type, const char *name,
						size_t length);

/**
 * struct conf_foreign - a keyword of the files this format comes from that is
 * not a parameter here
 * @severity: CONF_ERROR: leaving it out would not be safe; CONF_WARNING: it is
 *	left out; @why NULL: left out without a word (it says nothing)
 */
struct conf_foreign {
	const char *name;
	enum conf_severity severity;
	const char *why;
	const char *remedy;
};

const struct conf_foreign *conf_foreign_find(enum conf_file_type type, const char *name,
					     size_t length);

#endif
