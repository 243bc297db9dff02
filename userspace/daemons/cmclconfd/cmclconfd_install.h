/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The coordinator: a configuration onto all nodes or onto none. In jobs.
 *
 * A running cmcld is asked twice, operation "reload" on its local socket:
 * {check: true} before anything is prepared: an error refuses the change;
 * {generation: N} when N is installed on the nodes: read it and take it over.
 */
#ifndef CMCLCONFD_INSTALL_H
#define CMCLCONFD_INSTALL_H

#include "cmclconfd_job.h"

/**
 * clconfd_install_check - does the configuration in job->data fit all its nodes?
 * Result: {nodes: [{name, error} | {name, faults}]}; changes nothing.
 */
void clconfd_install_check(struct clconfd_job *job);

/**
 * clconfd_install_run - prepare on all nodes, then commit, here first
 * Arguments: {id, offline, retired}: offline: refuse while cmcld runs anywhere;
 * retired: nodes ({name, addresses}) that leave the cluster for good.
 * Result: {generation, pending: [names], notes: [texts]}: nodes in pending did
 * not confirm the commit; they finish it by themselves.  Error: nothing was
 * changed on any node.
 */
void clconfd_install_run(struct clconfd_job *job);

#endif
