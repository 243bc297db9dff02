/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmclconfd gathers a node's facts, installs the binary configuration on all
 * nodes or on none, and carries requests between the nodes for the commands.
 *
 * One thread runs the event loop and alone touches the files below /etc/tocsin.
 * Whatever waits for other nodes or programs runs in a job, a thread of its own,
 * which reaches this node's files only by requests, as any other node does.
 */
#ifndef CMCLCONFD_H
#define CMCLCONFD_H

#include <tocsin/base_log.h>
#include <tocsin/conf_binary.h>
#include <tocsin/net_call.h>

#define CLCONFD_TEXT_MAX	512
#define CLCONFD_ID_MAX		40
#define CLCONFD_SHA256_HEX	64
#define CLCONFD_CHUNK		(256 * 1024)

/**
 * struct clconfd_options - fixed from start to end, read by all threads
 * @etc, @run: directories instead of /etc/tocsin and /run/tocsin
 * @node: name of this node
 * @listen: address to listen on, when not started by a socket unit
 * @port: TCP port, own and of the others
 * @systemctl: program that starts and stops cmcld
 * @settle: only wait until nothing is unfinished
 */
struct clconfd_options {
	const char *etc;
	const char *run;
	const char *node;
	const char *listen;
	u16 port;
	const char *systemctl;
	bool settle;
};

/* A configuration on its way here, in memory. */
struct clconfd_upload {
	char id[CLCONFD_ID_MAX];
	u8 *data;
	size_t size;
	size_t got;
	u64 used_ns;		/* when it was last touched */
};

#define CLCONFD_UPLOADS	16

struct clconfd_jobs;

struct clconfd {
	struct clconfd_options options;
	sd_event *event;
	struct ipc_server *local;
	struct net_call_server *remote;
	struct net_listener *listener;
	struct clconfd_jobs *jobs;
	struct clconfd_upload upload[CLCONFD_UPLOADS];
	char active[CLCONFD_ID_MAX];	/* installation coordinated here, or "" */
	u64 prepared_ns;		/* when the staged one was prepared; 0: before start */
	bool resolving;
	u64 busy_ns;			/* last time a request came or a job ran */
};

/* Path of a file below options.etc or options.run; valid until the fourth next
 * call in the same thread. */
const char *clconfd_etc(const struct clconfd *daemon, const char *name);
const char *clconfd_run(const struct clconfd *daemon, const char *name);

/* Read arguments as json_unpack(); on failure the request has got its error. */
bool clconfd_args(struct ipc_request *request, json_t *args, const char *format, ...);

/* Operations for every node, and those for this node's commands only. */
extern const struct ipc_op clconfd_node_ops[];
extern const struct ipc_op clconfd_cluster_ops[];

#endif
