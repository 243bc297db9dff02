/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files below /etc/tocsin; from the loop only.
 *
 *	cmclconfig		the installed configuration
 *	cmclconfig.staged	one that was prepared: a line of JSON (id, coordinator,
 *				generation, sha256), then its bytes
 *
 * A node that has prepared waits for commit or abort.  The coordinator commits
 * on itself first: that is the decision.  A node left alone asks the coordinator
 * (cmclconfd_resolve.c).
 */
#ifndef CMCLCONFD_STORE_H
#define CMCLCONFD_STORE_H

#include "cmclconfd.h"

/* What the first line of cmclconfig.staged says. */
struct clconfd_staged {
	char id[CLCONFD_ID_MAX];
	char coordinator[CONF_NAME_MAX + 1];
	u64 generation;
	char sha256[CLCONFD_SHA256_HEX + 1];
};

void clconfd_sha256(const void *data, size_t size, char out[CLCONFD_SHA256_HEX + 1]);

/**
 * clconfd_store_current - read the installed configuration
 * @data: the caller frees it; NULL when only the head is wanted
 * Return: its size; -ENOENT: none; -EINVAL: damaged (reason is set).
 */
ssize_t clconfd_store_current(const struct clconfd *daemon, char **data,
			      struct conf_binary_head *head, const char **reason);

/* The same, decoded; the caller frees it. NULL: none, or damaged. */
struct conf *clconfd_store_conf(const struct clconfd *daemon);

/* Is one prepared? 0, -ENOENT, or -EINVAL: damaged. @data may be NULL. */
int clconfd_store_staged(const struct clconfd *daemon, struct clconfd_staged *staged,
			 char **data, size_t *size);

/* Write cmclconfig.staged, synced. */
int clconfd_store_prepare(struct clconfd *daemon, const struct clconfd_staged *staged,
			  const void *data, size_t size);

/* Make the staged one the installed one; also ends an interrupted commit. */
int clconfd_store_commit(struct clconfd *daemon);
int clconfd_store_abort(struct clconfd *daemon);

/* Take the configuration away: this node is no longer in the cluster. */
int clconfd_store_retire(struct clconfd *daemon);

#endif
