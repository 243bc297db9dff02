/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values into the data model and out of it again, keyword by keyword. */
#ifndef TOCSIN_CONF_STORE_H
#define TOCSIN_CONF_STORE_H

#include "conf_value.h"

/**
 * struct conf_cursor - where the next value goes
 * @at: structure of each scope that is open, or NULL
 * @ip_subnet: the one that ip_address lines belong to
 */
struct conf_cursor {
	struct conf *conf;
	void *at[CONF_SCOPES];
	struct conf_address ip_subnet;
};

/* At the cluster; no package is open. */
struct conf_cursor conf_cursor_start(struct conf *conf);
/* Open a fresh package with every default in the slot @index. */
void conf_cursor_package(struct conf_cursor *cursor, u16 index);

/* The scope that a keyword opens, or CONF_SCOPES. */
enum conf_scope conf_store_opens(const struct conf_keyword *keyword);

/**
 * conf_store - put a checked value where it belongs
 * Return: 0; -ENOENT: its scope is not open; -ENOSPC: the list (or the pool of
 * texts) is full; -EEXIST: already in the list.
 */
int conf_store(struct conf_cursor *cursor, const struct conf_keyword *keyword,
	       const struct conf_value *value, struct conf_place place);

/* Called for each keyword with its value; stops at the first non-zero. */
typedef int (*conf_visit_t)(void *arg, const struct conf_keyword *keyword,
			    const struct conf_value *value);

/* The whole of the cluster's or a package's parameters in the order of a file,
 * hidden ones included. */
int conf_walk_cluster(const struct conf *conf, conf_visit_t visit, void *arg);
int conf_walk_package(const struct conf *conf, const struct conf_package *package,
		      conf_visit_t visit, void *arg);

#endif
