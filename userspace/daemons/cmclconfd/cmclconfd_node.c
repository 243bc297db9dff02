// SPDX-License-Identifier: GPL-2.0-or-later
/* What every node does for the commands and for the coordinator of a change. */
#include "cmclconfd_gather.h"
#include "cmclconfd_job.h"
#include "cmclconfd_resolve.h"
#include "cmclconfd_store.h"
#include "cmclconfd_unit.h"
#include "cmclconfd_upload.h"
#include "cmclconfd_verify.h"

#include <stdlib.h>

static void op_ping(struct ipc_request *request, json_t *args, void *arg)
{
	ipc_reply_result(request, clconfd_gather_state(arg));
}

static void op_gather(struct ipc_request *request, json_t *args, void *arg)
{
	ipc_reply_result(request, clconfd_gather_all(arg));
}

static void run_verify(struct clconfd_job *job)
{
	struct conf *conf = malloc(sizeof(*conf));
	const char *reason = "out of memory";
	json_t *faults;

	if (!conf || conf_decode(conf, job->data, job->size, &reason)) {
		clconfd_job_fail(job, EINVAL, "the configuration that arrived on %s: %s",
				 job->daemon->options.node, reason);
		free(conf);
		return;
	}
	faults = clconfd_verify(job->daemon, conf);
	clconfd_validate(job->daemon, conf, faults);
	job->result = json_pack("{s:o}", "faults", faults);
	free(conf);
}

static void op_verify(struct ipc_request *request, json_t *args, void *arg)
{
	struct clconfd_job job = { .daemon = arg, .request = request, .run = run_verify };
	const char *id;

	if (clconfd_args(request, args, "{s:s}", "id", &id) && clconfd_upload_take_copy(&job, id))
		clconfd_job_start(&job);
}

/* ---- prepare, commit, abort ---- */

static bool may_follow(struct clconfd *daemon, struct ipc_request *request,
		       const struct conf *conf)
{
	struct conf_binary_head head;
	const char *reason;
	ssize_t size = clconfd_store_current(daemon, NULL, &head, &reason);

	if (size < 0)
		return true;
	if (head.cluster_id != conf->cluster.id) {
		struct conf *own = clconfd_store_conf(daemon);

		ipc_reply_error(request, EEXIST, "it belongs to another cluster, %s; to take it "
				"from there, halt that cluster and remove %s on it",
				own ? own->cluster.name : "?", clconfd_etc(daemon, "cmclconfig"));
		free(own);
		return false;
	}
	if (head.generation >= conf->cluster.generation) {
		ipc_reply_error(request, ESTALE, "it has generation %llu already: someone else "
				"changed the configuration; run the command again",
				(unsigned long long)head.generation);
		return false;
	}
	return true;
}

static bool is_free(struct clconfd *daemon, struct ipc_request *request)
{
	struct clconfd_staged staged;

	if (clconfd_store_staged(daemon, &staged, NULL, NULL) == -ENOENT)
		return true;
	clconfd_resolve_now(daemon);
	ipc_reply_error(request, EBUSY, "another change, by node %s, is not finished; try again "
			"in some seconds", *staged.coordinator ? staged.coordinator : "?");
	return false;
}

/* No fault that would keep the configuration from working on this node. */
static bool fits_here(struct clconfd *daemon, struct ipc_request *request,
		      const struct conf *conf)
{
	json_t *faults = clconfd_verify(daemon, conf);
	json_t *fault;
	size_t i;

	json_array_foreach(faults, i, fault) {
		const char *severity = json_string_value(json_object_get(fault, "severity"));

		if (strcmp(severity, "error"))
			continue;
		ipc_reply_error(request, EINVAL, "%s",
				json_string_value(json_object_get(fault, "text")));
		json_decref(faults);
		return false;
	}
	json_decref(faults);
	return true;
}

static void op_prepare(struct ipc_request *request, json_t *args, void *arg)
{
	struct clconfd *daemon = arg;
	struct clconfd_staged staged = { 0 };
	struct clconfd_upload *upload;
	const char *id, *coordinator;
	struct conf *conf;
	int err;

	if (!clconfd_args(request, args, "{s:s,s:s}", "id", &id, "coordinator", &coordinator))
		return;
	conf = clconfd_upload_conf(daemon, request, id);
	if (!conf)
		return;
	upload = clconfd_upload_find(daemon, request, id);
	if (!conf_node_by_name(conf, coordinator) ||
	    base_str_copy(staged.coordinator, sizeof(staged.coordinator), coordinator)) {
		ipc_reply_error(request, EINVAL, "prepare: %s is no node", coordinator);
		goto out;
	}
	if (!is_free(daemon, request) || !may_follow(daemon, request, conf) ||
	    !fits_here(daemon, request, conf))
		goto out;
	base_str_copy(staged.id, sizeof(staged.id), id);
	staged.generation = conf->cluster.generation;
	clconfd_sha256(upload->data, upload->size, staged.sha256);
	err = clconfd_store_prepare(daemon, &staged, upload->data, upload->size);
	if (err)
		ipc_reply_error(request, -err, "cannot write to %s: %s", daemon->options.etc,
				strerror(-err));
	else
		ipc_reply_result(request, json_pack("{s:s}", "sha256", staged.sha256));
	clconfd_upload_drop(upload);
out:
	free(conf);
}

static void op_commit(struct ipc_request *request, json_t *args, void *arg)
{
	struct clconfd *daemon = arg;
	struct clconfd_staged staged;
	const char *id;
	int err;

	if (!clconfd_args(request, args, "{s:s}", "id", &id))
		return;
	err = clconfd_store_staged(daemon, &staged, NULL, NULL);
	if (!err && strcmp(staged.id, id))
		err = -ENOENT;
	if (!err)
		err = clconfd_store_commit(daemon);
	if (err)
		ipc_reply_error(request, -err, "commit: %s", err == -ENOENT ?
				"this change is not prepared here" : strerror(-err));
	else
		ipc_reply_result(request, json_object());
}

static void op_abort(struct ipc_request *request, json_t *args, void *arg)
{
	struct clconfd *daemon = arg;
	struct clconfd_staged staged;
	const char *id;

	if (!clconfd_args(request, args, "{s:s}", "id", &id))
		return;
	if (!clconfd_store_staged(daemon, &staged, NULL, NULL) && !strcmp(staged.id, id))
		clconfd_store_abort(daemon);
	ipc_reply_result(request, json_object());
}

static void op_retire(struct ipc_request *request, json_t *args, void *arg)
{
	struct clconfd *daemon = arg;
	struct conf_binary_head head;
	const char *cluster_id, *reason;
	char own[17];
	int err;

	if (!clconfd_args(request, args, "{s:s}", "cluster_id", &cluster_id))
		return;
	clconfd_store_current(daemon, NULL, &head, &reason);
	base_str_print(own, sizeof(own), "%016llx", (unsigned long long)head.cluster_id);
	if (strcmp(own, cluster_id)) {
		ipc_reply_error(request, EINVAL, "it is in another cluster");
		return;
	}
	if (clconfd_cmcld_runs(daemon)) {
		ipc_reply_error(request, EBUSY, "cmcld runs on it");
		return;
	}
	err = clconfd_store_retire(daemon);
	if (err)
		ipc_reply_error(request, -err, "%s", strerror(-err));
	else
		ipc_reply_result(request, json_object());
}

/* ---- how did a change end here? ---- */

static void op_outcome(struct ipc_request *request, json_t *args, void *arg)
{
	struct clconfd *daemon = arg;
	struct clconfd_staged staged;
	struct conf_binary_head head;
	const char *id, *sha256, *reason;
	const char *state = "none";
	char own[CLCONFD_SHA256_HEX + 1];
	char *data;
	ssize_t size;

	if (!clconfd_args(request, args, "{s:s,s:s}", "id", &id, "sha256", &sha256))
		return;
	size = clconfd_store_current(daemon, &data, &head, &reason);
	if (size >= 0) {
		clconfd_sha256(data, (size_t)size, own);
		if (!strcmp(own, sha256))
			state = "committed";
		free(data);
	}
	if (!strcmp(state, "none") && !strcmp(daemon->active, id))
		state = "active";
	else if (!strcmp(state, "none") &&
		 !clconfd_store_staged(daemon, &staged, NULL, NULL) && !strcmp(staged.id, id))
		state = "staged";
	ipc_reply_result(request, json_pack("{s:s}", "state", state));
}

static void op_get(struct ipc_request *request, json_t *args, void *arg)
{
	struct clconfd *daemon = arg;
	struct conf_binary_head head;
	const char *reason;
	json_int_t offset;
	char *data, *hex;
	size_t bytes;
	ssize_t size;

	if (!clconfd_args(request, args, "{s:I}", "offset", &offset))
		return;
	size = clconfd_store_current(daemon, &data, &head, &reason);
	if (size < 0 || offset < 0 || offset > size) {
		if (size >= 0)
			free(data);
		ipc_reply_error(request, size < 0 ? (int)-size : EINVAL, "%s: %s",
				clconfd_etc(daemon, "cmclconfig"),
				size == -ENOENT ? "no cluster is configured" : reason);
		return;
	}
	bytes = (size_t)(size - offset) < CLCONFD_CHUNK ? (size_t)(size - offset) : CLCONFD_CHUNK;
	hex = malloc(2 * bytes + 1);
	if (hex) {
		base_hex_write(hex, data + offset, bytes);
		ipc_reply_result(request, json_pack("{s:I,s:I,s:s}", "generation",
						    (json_int_t)head.generation, "size",
						    (json_int_t)size, "data", hex));
	} else {
		ipc_reply_error(request, ENOMEM, "out of memory");
	}
	free(hex);
	free(data);
}

/* ---- cmcld ---- */

static void forward_progress(void *arg, json_t *progress)
{
	if (json_is_string(progress))
		clconfd_job_progress(arg, "%s", json_string_value(progress));
}

static void run_cmcld(struct clconfd_job *job)
{
	struct ipc_call call = {
		.op = json_string_value(json_object_get(job->args, "op")),
		.args = json_object_get(job->args, "args"),
		.timeout_ns = 120 * BASE_NS_PER_S,
		.progress = forward_progress,
		.arg = job,
	};
	json_t *reply = NULL;
	int err = ipc_call_path(clconfd_run(job->daemon, "cmcld.sock"), &call, &reply);

	if (!err) {
		job->result = reply;
		return;
	}
	if (json_is_string(reply))
		clconfd_job_fail(job, err, "%s", json_string_value(reply));
	else if (err == -ENOENT || err == -ECONNREFUSED)
		clconfd_job_fail(job, err, "cmcld does not run on %s",
				 job->daemon->options.node);
	else
		clconfd_job_fail(job, err, "cmcld on %s: %s", job->daemon->options.node,
				 strerror(-err));
	json_decref(reply);
}

static void op_cmcld(struct ipc_request *request, json_t *args, void *arg)
{
	struct clconfd_job job = {
		.daemon = arg, .request = request, .args = args, .run = run_cmcld,
	};
	const char *op;

	if (clconfd_args(request, args, "{s:s}", "op", &op))
		clconfd_job_start(&job);
}

const struct ipc_op clconfd_node_ops[] = {
	{ "ping", IPC_ROLE_MONITOR, op_ping },
	{ "gather", IPC_ROLE_MONITOR, op_gather },
	{ "stage", IPC_ROLE_FULL_ADMIN, clconfd_upload_take },
	{ "verify", IPC_ROLE_FULL_ADMIN, op_verify },
	{ "prepare", IPC_ROLE_FULL_ADMIN, op_prepare },
	{ "commit", IPC_ROLE_FULL_ADMIN, op_commit },
	{ "abort", IPC_ROLE_FULL_ADMIN, op_abort },
	{ "retire", IPC_ROLE_FULL_ADMIN, op_retire },
	{ "outcome", IPC_ROLE_FULL_ADMIN, op_outcome },
	{ "get", IPC_ROLE_FULL_ADMIN, op_get },
	{ "start-cmcld", IPC_ROLE_FULL_ADMIN, clconfd_unit_start },
	{ "stop-cmcld", IPC_ROLE_FULL_ADMIN, clconfd_unit_stop },
	{ "cmcld", IPC_ROLE_FULL_ADMIN, op_cmcld },
	{ NULL, IPC_ROLE_NONE, NULL },
};
