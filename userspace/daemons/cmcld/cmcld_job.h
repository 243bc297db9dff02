/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Jobs: what administrators asked for, in the main thread.  A job has an
 * origin (a local client, another node's cmcld, or this program itself), asks
 * the real-time thread or other nodes for one thing after the other, and ends
 * with one answer to its origin.
 */
#ifndef CMCLD_JOB_H
#define CMCLD_JOB_H

#include <jansson.h>
#include <tocsin/ipc.h>

#include "cmcld_config.h"
#include "cmcld_request.h"
#include "cmcld_snapshot.h"

struct cmcld_jobs;
struct cmcld_job;

/* What was asked for is done (@code 0) or failed (positive errno). */
typedef void (*cmcld_job_next_fn)(struct cmcld_job *job, int code, const char *text);

/**
 * struct cmcld_job_op - what may be asked for; see cmcld_ops.c
 * @remote: other nodes may ask for it, too
 * @start: look at @args (borrowed) and do the first thing
 */
struct cmcld_job_op {
	const char *name;
	bool remote;
	void (*start)(struct cmcld_job *job, json_t *args);
};

/* @ops: ended by an entry without a name. NULL: out of memory. */
struct cmcld_jobs *cmcld_jobs_create(const struct cmcld_wires *wires,
				     struct cmcld_config *config,
				     struct cmcld_publisher *publisher,
				     const struct cmcld_job_op *ops);
void cmcld_jobs_destroy(struct cmcld_jobs *jobs);

/* A local client asks, or (@request NULL) this program itself. */
void cmcld_jobs_start(struct cmcld_jobs *jobs, const char *op, json_t *args,
		      struct ipc_request *request);

/* News from the real-time thread. */
void cmcld_jobs_reply(struct cmcld_jobs *jobs, const struct cmcld_reply *reply);
void cmcld_jobs_peer(struct cmcld_jobs *jobs, u16 peer, const void *data, size_t size);
void cmcld_jobs_peer_lost(struct cmcld_jobs *jobs, u16 peer);
/* No job is under way. */
bool cmcld_jobs_idle(const struct cmcld_jobs *jobs);
/* One is that this program itself asked for. */
bool cmcld_jobs_own(const struct cmcld_jobs *jobs);

/* For ops. */
struct cmcld_config *cmcld_job_config(const struct cmcld_job *job);
const struct conf *cmcld_job_conf(const struct cmcld_job *job);
u16 cmcld_job_self(const struct cmcld_job *job);
/* Members of the installed view into @ids; returns how many. */
u16 cmcld_job_members(const struct cmcld_job *job, u16 ids[CONF_NODES_MAX]);
/* A number of the op's own, kept from step to step. */
u32 *cmcld_job_step(struct cmcld_job *job);

/* Ask the real-time thread; @next is called at the end. */
void cmcld_job_ask(struct cmcld_job *job, struct cmcld_request *request,
		   cmcld_job_next_fn next);
/* Ask another node; takes over the reference to @args. */
void cmcld_job_forward(struct cmcld_job *job, u16 node, const char *op, json_t *args,
		       cmcld_job_next_fn next);
void cmcld_job_progress(struct cmcld_job *job, const char *text);
/* The answer; the job is gone. Fits as a cmcld_job_next_fn. */
void cmcld_job_end(struct cmcld_job *job, int code, const char *text);

#endif
