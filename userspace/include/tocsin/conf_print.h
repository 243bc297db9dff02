/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration as people read it: files, differences, faults. */
#ifndef TOCSIN_CONF_PRINT_H
#define TOCSIN_CONF_PRINT_H

#include <tocsin/conf.h>

/**
 * conf_print_cluster, conf_print_package - write a file that reads back the same
 * @buf: ends with NUL
 * Return: length without the NUL, or -ENOSPC.
 */
int conf_print_cluster(const struct conf *conf, char *buf, size_t size);
int conf_print_package(const struct conf *conf, const struct conf_package *package,
		       char *buf, size_t size);

/**
 * conf_print_error - one line without line feed: "file:line:column: error: ..."
 * Return: length; what does not fit is cut.
 */
int conf_print_error(const struct conf_report *report, const struct conf_error *error,
		     char *buf, size_t size);

#define CONF_ERROR_TEXT_MAX 900

/**
 * struct conf_change - one difference between two configurations
 * @where: "NODE_NAME n1, NETWORK_INTERFACE eth1" or "package web"; "" for the
 *	cluster
 * @old, @new: as in a file; NULL where there is none
 * @offline: may be applied only while the cluster is down
 */
struct conf_change {
	const char *where;
	const char *keyword;
	const char *old;
	const char *new;
	bool offline;
};

/**
 * conf_diff - call @visit for each difference, removed and changed ones first
 * Both have passed conf_check(). The texts are valid during the call only.
 * Return: number of differences.
 */
u32 conf_diff(const struct conf *old, const struct conf *new,
	      void (*visit)(void *arg, const struct conf_change *change), void *arg);

#endif
