/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Facts of this node. */
#ifndef CMCLCONFD_GATHER_H
#define CMCLCONFD_GATHER_H

#include "cmclconfd.h"

/* True when cmcld's socket answers. */
bool clconfd_cmcld_runs(const struct clconfd *daemon);

/**
 * clconfd_gather_state - {node, version, cluster, cluster_id, generation,
 * cmcld, staged}; cluster is "" without a configuration
 */
json_t *clconfd_gather_state(const struct clconfd *daemon);

/**
 * clconfd_gather_interfaces - [{name, up, link, mac, mtu, addresses:
 * [{address, prefix}]}] of every interface but loopback
 * Return: a new array, or NULL with errno.
 */
json_t *clconfd_gather_interfaces(void);

/* The state, plus interfaces, kernel, cpus, memory (MiB). */
json_t *clconfd_gather_all(const struct clconfd *daemon);

#endif
