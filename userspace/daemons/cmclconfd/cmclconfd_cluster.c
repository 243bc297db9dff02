// SPDX-License-Identifier: GPL-2.0-or-later
/* What a command asks of its own node, to be done on all nodes. */
#include "cmclconfd_install.h"
#include "cmclconfd_job.h"
#include "cmclconfd_peer.h"
#include "cmclconfd_store.h"
#include "cmclconfd_upload.h"

#include <stdlib.h>

#define LOOKERS_MAX 12

/* ---- one node ---- */

static void pass_progress(void *arg, json_t *progress)
{
	if (json_is_string(progress))
		clconfd_job_progress(arg, "%s", json_string_value(progress));
}

static void run_node_call(struct clconfd_job *job)
{
	struct clconfd_call call = { 0 };
	struct conf *conf = malloc(sizeof(*conf));
	const char *node = json_string_value(json_object_get(job->args, "node"));
	const struct conf_node *found = NULL;
	const char *reason;

	if (conf && !conf_decode(conf, job->data, job->size, &reason))
		found = conf_node_by_name(conf, node);
	if (!found) {
		clconfd_job_fail(job, ENOENT, "node %s is not configured; cmviewcl names the "
				 "nodes", node);
		free(conf);
		return;
	}
	clconfd_call_init(&call, conf, found);
	free(conf);
	call.op = json_string_value(json_object_get(job->args, "op"));
	call.args = json_incref(json_object_get(job->args, "args"));
	call.timeout_ns = 130 * BASE_NS_PER_S;
	call.progress = pass_progress;
	call.progress_arg = job;
	clconfd_call_run(job->daemon, &call);
	if (call.error)
		clconfd_job_fail(job, call.error, "%s: %s", node, call.text);
	else
		job->result = json_incref(call.result);
	clconfd_call_clear(&call);
}

/* Every user may look at the state of another node, as at that of this one. */
static bool may_ask(const struct ipc_request *request, const char *op, const json_t *args)
{
	const char *inner = json_string_value(json_object_get(args, "op"));

	if (ipc_request_peer(request)->role >= IPC_ROLE_FULL_ADMIN || !strcmp(op, "ping"))
		return true;
	return !strcmp(op, "cmcld") && inner && !strcmp(inner, "status");
}

/* Users who only look must not keep root from working. */
static bool has_room(const struct clconfd *daemon, const struct ipc_request *request)
{
	return ipc_request_peer(request)->role >= IPC_ROLE_FULL_ADMIN ||
	       clconfd_jobs_running(daemon) < LOOKERS_MAX;
}

static void op_node_call(struct ipc_request *request, json_t *args, void *arg)
{
	struct clconfd *daemon = arg;
	struct clconfd_job job = {
		.daemon = daemon, .request = request, .args = args, .run = run_node_call,
	};
	struct conf_binary_head head;
	const char *node, *op, *reason;
	json_t *inner = NULL;
	ssize_t size;
	char *data;

	if (!clconfd_args(request, args, "{s:s,s:s,s?o}", "node", &node, "op", &op, "args",
			  &inner))
		return;
	if (!may_ask(request, op, inner)) {
		ipc_reply_error(request, EACCES, "only root may ask \"%s\" of another node", op);
		return;
	}
	if (!has_room(daemon, request)) {
		ipc_reply_error(request, EBUSY, "too many requests at once; try again");
		return;
	}
	size = clconfd_store_current(daemon, &data, &head, &reason);
	if (size < 0) {
		ipc_reply_error(request, (int)-size, "%s: %s", clconfd_etc(daemon, "cmclconfig"),
				size == -ENOENT ? "no cluster is configured on this node; "
				"see cmapplyconf" : reason);
		return;
	}
	job.data = (u8 *)data;
	job.size = (size_t)size;
	clconfd_job_start(&job);
}

/* ---- survey: gather from nodes that need not be configured yet ---- */

static json_t *answer_of(const struct clconfd_call *call)
{
	if (call->error)
		return json_pack("{s:s,s:s}", "name", call->node, "error", call->text);
	return json_pack("{s:s,s:O}", "name", call->node, "facts", call->result);
}

static void run_survey(struct clconfd_job *job)
{
	json_t *nodes = json_object_get(job->args, "nodes");
	struct clconfd_call *calls = calloc(CONF_NODES_MAX, sizeof(*calls));
	json_t *answers = json_array();
	unsigned int count = 0;
	json_t *item;
	size_t i;

	if (!calls || !json_is_array(nodes) || json_array_size(nodes) > CONF_NODES_MAX) {
		clconfd_job_fail(job, EINVAL, "survey: a list of up to %d nodes is expected",
				 CONF_NODES_MAX);
		goto out;
	}
	json_array_foreach(nodes, i, item) {
		if (!clconfd_call_read(&calls[count], item)) {
			calls[count].op = "gather";
			calls[count++].args = json_object();
		}
	}
	clconfd_call_run_all(job->daemon, calls, count);
	for (i = 0; i < count; i++) {
		json_array_append_new(answers, answer_of(&calls[i]));
		clconfd_call_clear(&calls[i]);
	}
	job->result = json_pack("{s:O}", "nodes", answers);
out:
	json_decref(answers);
	free(calls);
}

static void op_survey(struct ipc_request *request, json_t *args, void *arg)
{
	struct clconfd_job job = {
		.daemon = arg, .request = request, .args = args, .run = run_survey,
	};

	clconfd_job_start(&job);
}

/* ---- check, install: of an upload ---- */

static void op_check(struct ipc_request *request, json_t *args, void *arg)
{
	struct clconfd_job job = {
		.daemon = arg, .request = request, .args = args, .run = clconfd_install_check,
	};
	const char *id;

	if (clconfd_args(request, args, "{s:s}", "id", &id) && clconfd_upload_take_copy(&job, id))
		clconfd_job_start(&job);
}

static void done_install(struct clconfd_job *job)
{
	job->daemon->active[0] = '\0';
}

static void op_install(struct ipc_request *request, json_t *args, void *arg)
{
	struct clconfd *daemon = arg;
	struct clconfd_job job = {
		.daemon = daemon, .request = request, .args = args,
		.run = clconfd_install_run, .done = done_install,
	};
	const char *id;

	if (!clconfd_args(request, args, "{s:s}", "id", &id))
		return;
	if (daemon->active[0]) {
		ipc_reply_error(request, EBUSY, "another cmapplyconf on this node is at work");
		return;
	}
	if (!clconfd_upload_take_copy(&job, id))
		return;
	base_str_copy(daemon->active, sizeof(daemon->active), id);
	if (clconfd_job_start(&job))
		daemon->active[0] = '\0';
}

const struct ipc_op clconfd_cluster_ops[] = {
	{ "node-call", IPC_ROLE_MONITOR, op_node_call },
	{ "survey", IPC_ROLE_FULL_ADMIN, op_survey },
	{ "check", IPC_ROLE_FULL_ADMIN, op_check },
	{ "install", IPC_ROLE_FULL_ADMIN, op_install },
	{ NULL, IPC_ROLE_NONE, NULL },
};
