/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cluster calls: what the run, halt and view commands ask of the daemons.
 * Requests to this node's cmcld go to its local socket; requests to another
 * node go through this node's cmclconfd, which holds the cluster's key.
 */
#ifndef TOCSIN_CMD_CLUSTER_H
#define TOCSIN_CMD_CLUSTER_H

#include <jansson.h>

/**
 * cluster_call - ask this node's cmcld; progress goes to the terminal
 * @args: taken over; may be NULL
 * @result: set to the answer (caller drops it); may be NULL
 * Return: CMD_OK, or CMD_FAILED after a message that says what to do.
 */
int cluster_call(const char *op, json_t *args, json_t **result);

/**
 * cluster_node_call - ask the cmclconfd of a node (this one included)
 * Arguments and result as cluster_call().
 */
int cluster_node_call(const char *node, const char *op, json_t *args,
		      json_t **result);

/* Ask the cmcld of a node, by way of its cmclconfd. */
int cluster_remote_call(const char *node, const char *op, json_t *args,
			json_t **result);

/* True when this node's cmcld answers. */
bool cluster_runs_here(void);

/**
 * cluster_nodes - names of the configured nodes, from /etc/tocsin/cmclconfig
 * Return: a JSON array of strings, or NULL after a message.
 */
json_t *cluster_nodes(void);

/* Name of this node: the host name up to its first dot. */
const char *cluster_self(void);

/**
 * cluster_start_node - start cmcld on a node and wait until it answers
 * Return: CMD_OK, or CMD_FAILED after a message.
 */
int cluster_start_node(const char *node);

/**
 * cluster_wait_member - wait until a node is a running member
 * @seconds: give up after this; progress is printed meanwhile
 * Return: CMD_OK, or CMD_FAILED after a message.
 */
int cluster_wait_member(const char *node, unsigned int seconds);

#endif
