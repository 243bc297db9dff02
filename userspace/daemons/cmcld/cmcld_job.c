// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmcld_job.h"

#include <stdlib.h>

#include "cmcld_log.h"

#define JOBS_MAX	128

/* Whom a job waits for. */
enum waits {
	FOR_NOBODY,
	FOR_THREAD,
	FOR_PEER,
};

struct cmcld_job {
	struct cmcld_jobs *jobs;
	u64 id;			/* 0: free */
	const char *op;
	struct ipc_request *request;
	u16 origin_peer;	/* 0: not from another node */
	u64 origin_id;
	enum waits waits;
	u16 waits_peer;
	u32 step;
	cmcld_job_next_fn next;
};

struct cmcld_jobs {
	struct cmcld_wires wires;
	struct cmcld_config *config;
	struct cmcld_publisher *publisher;
	const struct cmcld_job_op *ops;
	u64 last_id;
	struct cmcld_job job[JOBS_MAX];
};

struct cmcld_jobs *cmcld_jobs_create(const struct cmcld_wires *wires,
				     struct cmcld_config *config,
				     struct cmcld_publisher *publisher,
				     const struct cmcld_job_op *ops)
{
	struct cmcld_jobs *jobs = calloc(1, sizeof(*jobs));

	if (!jobs)
		return NULL;
	jobs->wires = *wires;
	jobs->config = config;
	jobs->publisher = publisher;
	jobs->ops = ops;
	return jobs;
}

void cmcld_jobs_destroy(struct cmcld_jobs *jobs)
{
	free(jobs);
}

static const char *node_name(const struct cmcld_jobs *jobs, u16 id)
{
	const struct conf_node *node = conf_node_by_id(jobs->config->conf, id);

	return node ? node->name : "?";
}

/* ---- to the real-time thread ---- */

static int post(struct cmcld_jobs *jobs, u32 type, u64 tag, const void *data, size_t size)
{
	struct cmcld_block *block;

	if (size > cmcld_queue_block_size(jobs->wires.asks))
		return -EMSGSIZE;
	block = cmcld_queue_take(jobs->wires.asks);
	if (!block)
		return -EAGAIN;
	block->type = type;
	block->tag = tag;
	block->size = (u32)size;
	memcpy(block->data, data, size);
	cmcld_queue_send(jobs->wires.asks, block);
	return 0;
}

/* Takes over the reference. */
static int post_peer(struct cmcld_jobs *jobs, u16 peer, json_t *object)
{
	char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
	int err = text ? post(jobs, CMCLD_ASK_PEER, peer, text, strlen(text)) : -ENOMEM;

	free(text);
	json_decref(object);
	return err;
}

/* ---- life of a job ---- */

static struct cmcld_job *job_new(struct cmcld_jobs *jobs, const struct cmcld_job *origin)
{
	int i;

	for (i = 0; i < JOBS_MAX; i++) {
		struct cmcld_job *job = &jobs->job[i];

		if (job->id)
			continue;
		*job = *origin;
		job->jobs = jobs;
		job->id = ++jobs->last_id;
		return job;
	}
	return NULL;
}

static void on_cancel(void *arg)
{
	struct cmcld_job *job = arg;

	if (job->waits == FOR_THREAD)
		post(job->jobs, CMCLD_ASK_CANCEL, job->id, "", 0);
}

/* What ends it is Documentation/ARCHITECTURE, How a stop ends. */
static void could_not_leave(int code, const char *text)
{
	if (code == ESHUTDOWN)
		cmcld_log(LOG_NOTICE, "This node is out already: %s", text);
	else
		cmcld_log(LOG_CRIT, "This node could not leave in order and goes on: %s. systemd "
			  "waits for it. When that is mended: cmhaltnode -f. By force, which "
			  "resets this node: systemctl kill -s KILL tocsin-cmcld", text);
}

static void answer(struct cmcld_jobs *jobs, const struct cmcld_job *origin, int code,
		   const char *text)
{
	if (origin->request && code)
		ipc_reply_error(origin->request, code, "%s", text);
	else if (origin->request)
		ipc_reply_result(origin->request, json_pack("{s:s}", "message", text));
	else if (origin->origin_peer)
		post_peer(jobs, origin->origin_peer,
			  json_pack("{s:I, s:i, s:s}", "answer",
				    (json_int_t)origin->origin_id, "code", code,
				    "text", text));
	else if (code)
		could_not_leave(code, text);
}

void cmcld_job_end(struct cmcld_job *job, int code, const char *text)
{
	const struct cmcld_job gone = *job;

	job->id = 0;
	if (code && (gone.request || gone.origin_peer))
		cmcld_log(LOG_WARNING, "Request \"%s\" failed: %s", gone.op, text);
	answer(gone.jobs, &gone, code, text);
}

void cmcld_job_progress(struct cmcld_job *job, const char *text)
{
	if (job->request)
		ipc_reply_progress(job->request, json_string(text));
	else if (job->origin_peer)
		post_peer(job->jobs, job->origin_peer,
			  json_pack("{s:I, s:s}", "answer", (json_int_t)job->origin_id,
				    "progress", text));
}

/* @origin: who asks, only those fields set. */
static void start(struct cmcld_jobs *jobs, const char *op, json_t *args,
		  const struct cmcld_job *origin)
{
	const struct cmcld_job_op *entry = jobs->ops;
	struct cmcld_job *job;

	while (entry->name && strcmp(entry->name, op))
		entry++;
	if (!entry->name || (origin->origin_peer && !entry->remote)) {
		answer(jobs, origin, EOPNOTSUPP, "no such operation; do all nodes run "
		       "compatible versions?");
		return;
	}
	job = job_new(jobs, origin);
	if (!job) {
		answer(jobs, origin, EBUSY, "too many requests at a time; try again");
		return;
	}
	job->op = entry->name;
	if (job->request)
		ipc_request_on_cancel(job->request, on_cancel, job);
	entry->start(job, args);
}

void cmcld_jobs_start(struct cmcld_jobs *jobs, const char *op, json_t *args,
		      struct ipc_request *request)
{
	const struct cmcld_job origin = { .request = request };

	start(jobs, op, args, &origin);
}

bool cmcld_jobs_idle(const struct cmcld_jobs *jobs)
{
	int i;

	for (i = 0; i < JOBS_MAX; i++)
		if (jobs->job[i].id)
			return false;
	return true;
}

bool cmcld_jobs_own(const struct cmcld_jobs *jobs)
{
	int i;

	for (i = 0; i < JOBS_MAX; i++)
		if (jobs->job[i].id && !jobs->job[i].request && !jobs->job[i].origin_peer)
			return true;
	return false;
}

/* ---- asking ---- */

static void settle(struct cmcld_job *job, int code, const char *text)
{
	cmcld_job_next_fn next = job->next;

	job->waits = FOR_NOBODY;
	next(job, code, text);
}

void cmcld_job_ask(struct cmcld_job *job, struct cmcld_request *request,
		   cmcld_job_next_fn next)
{
	request->id = job->id;
	job->waits = FOR_THREAD;
	job->next = next;
	if (post(job->jobs, CMCLD_ASK_REQUEST, job->id, request, sizeof(*request)))
		settle(job, EBUSY, "cmcld is too busy; try again");
}

void cmcld_job_forward(struct cmcld_job *job, u16 node, const char *op, json_t *args,
		       cmcld_job_next_fn next)
{
	job->waits = FOR_PEER;
	job->waits_peer = node;
	job->next = next;
	if (post_peer(job->jobs, node, json_pack("{s:I, s:s, s:o}", "ask", (json_int_t)job->id,
						 "op", op, "args", args)))
		settle(job, EBUSY, "cmcld is too busy; try again");
}

static struct cmcld_job *job_find(struct cmcld_jobs *jobs, u64 id, enum waits waits, u16 peer)
{
	int i;

	for (i = 0; i < JOBS_MAX; i++) {
		struct cmcld_job *job = &jobs->job[i];

		if (id && job->id == id && job->waits == waits &&
		    (waits != FOR_PEER || job->waits_peer == peer))
			return job;
	}
	return NULL;
}

void cmcld_jobs_reply(struct cmcld_jobs *jobs, const struct cmcld_reply *reply)
{
	struct cmcld_job *job = job_find(jobs, reply->id, FOR_THREAD, 0);

	if (!job)
		return;
	if (reply->final)
		settle(job, reply->code, reply->text);
	else
		cmcld_job_progress(job, reply->text);
}

/* ---- other nodes ---- */

static void peer_asks(struct cmcld_jobs *jobs, u16 peer, json_t *object)
{
	const char *op = json_string_value(json_object_get(object, "op"));
	json_t *args = json_object_get(object, "args");
	const struct cmcld_job origin = {
		.origin_peer = peer,
		.origin_id = (u64)json_integer_value(json_object_get(object, "ask")),
	};

	if (op && json_is_object(args))
		start(jobs, op, args, &origin);
	else
		answer(jobs, &origin, EPROTO, "a request without op and args");
}

static void peer_answers(struct cmcld_jobs *jobs, u16 peer, json_t *object)
{
	u64 id = (u64)json_integer_value(json_object_get(object, "answer"));
	const char *progress = json_string_value(json_object_get(object, "progress"));
	const char *text = json_string_value(json_object_get(object, "text"));
	struct cmcld_job *job = job_find(jobs, id, FOR_PEER, peer);

	if (!job)
		return;
	if (progress)
		cmcld_job_progress(job, progress);
	else
		settle(job, (int)json_integer_value(json_object_get(object, "code")),
		       text ? text : "");
}

void cmcld_jobs_peer(struct cmcld_jobs *jobs, u16 peer, const void *data, size_t size)
{
	json_t *object = json_loadb(data, size, JSON_REJECT_DUPLICATES, NULL);

	if (json_object_get(object, "ask"))
		peer_asks(jobs, peer, object);
	else if (json_object_get(object, "answer"))
		peer_answers(jobs, peer, object);
	else
		cmcld_log(LOG_WARNING, "Node %s sent a request that is not understood; "
			  "ignored", node_name(jobs, peer));
	json_decref(object);
}

void cmcld_jobs_peer_lost(struct cmcld_jobs *jobs, u16 peer)
{
	char text[200];
	int i;

	base_str_print(text, sizeof(text), "the connection to node %s was lost before it "
		       "answered; see cmviewcl for its state", node_name(jobs, peer));
	for (i = 0; i < JOBS_MAX; i++) {
		struct cmcld_job *job = &jobs->job[i];

		if (job->id && job->waits == FOR_PEER && job->waits_peer == peer)
			settle(job, ECONNRESET, text);
	}
}

/* ---- for ops ---- */

struct cmcld_config *cmcld_job_config(const struct cmcld_job *job)
{
	return job->jobs->config;
}

const struct conf *cmcld_job_conf(const struct cmcld_job *job)
{
	return job->jobs->config->conf;
}

u16 cmcld_job_self(const struct cmcld_job *job)
{
	return job->jobs->config->self->id;
}

u16 cmcld_job_members(const struct cmcld_job *job, u16 ids[CONF_NODES_MAX])
{
	const struct cmcld_snapshot *snapshot = cmcld_snapshot_get(job->jobs->publisher);
	u16 i, count = snapshot ? snapshot->view.count : 0;

	for (i = 0; i < count; i++)
		ids[i] = snapshot->view.member[i].id;
	cmcld_snapshot_put(job->jobs->publisher);
	return count;
}

u32 *cmcld_job_step(struct cmcld_job *job)
{
	return &job->step;
}
