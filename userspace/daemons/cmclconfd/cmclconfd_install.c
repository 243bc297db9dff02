// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmclconfd_install.h"
#include "cmclconfd_peer.h"
#include "cmclconfd_store.h"

#include <stdlib.h>

/* Scripts that validate may each take a minute. */
#define VERIFY_TIMEOUT_NS (600 * BASE_NS_PER_S)

/**
 * struct install - one run
 * @call: to all nodes of the new configuration; @self: index of this one
 * @runs: cmcld runs there
 * @generation: installed there; 0: none
 */
struct install {
	struct clconfd_job *job;
	const char *id;
	struct conf *conf;
	unsigned int count;
	unsigned int self;
	struct clconfd_call call[CONF_NODES_MAX];
	bool runs[CONF_NODES_MAX];
	json_int_t generation[CONF_NODES_MAX];
};

/* ---- the same to all nodes ---- */

static void ask(struct install *install, const char *op, json_t *args)
{
	for (unsigned int i = 0; i < install->count; i++) {
		clconfd_call_clear(&install->call[i]);
		install->call[i].op = op;
		install->call[i].args = json_deep_copy(args);
		install->call[i].timeout_ns = strcmp(op, "verify") ? 0 : VERIFY_TIMEOUT_NS;
	}
	clconfd_call_run_all(install->job->daemon, install->call, install->count);
}

static json_t *with_id(const struct install *install)
{
	return json_pack("{s:s}", "id", install->id);
}

/* Appends "; NODE: reason" for each call that failed; returns how many did. */
static unsigned int failures(const struct install *install, char *text, size_t size)
{
	unsigned int failed = 0;
	size_t used = 0;

	text[0] = '\0';
	for (unsigned int i = 0; i < install->count; i++) {
		if (!install->call[i].error)
			continue;
		failed++;
		base_str_print(text + used, size - used, "%snode %s: %s", used ? "; " : "",
			       install->call[i].node, install->call[i].text);
		used = strlen(text);
	}
	return failed;
}

/* After a step that all must pass. */
static bool all_passed(struct install *install)
{
	char text[400];

	if (!failures(install, text, sizeof(text)))
		return true;
	clconfd_job_fail(install->job, EREMOTEIO, "nothing was changed: %s", text);
	return false;
}

/* Sends the bytes to every node that is still good, piece by piece. */
static void send_pieces(struct install *install)
{
	const struct clconfd_job *job = install->job;
	char *hex = malloc(2 * CLCONFD_CHUNK + 1);

	for (size_t offset = 0; hex && offset < job->size; offset += CLCONFD_CHUNK) {
		size_t bytes = job->size - offset < CLCONFD_CHUNK ? job->size - offset :
			       CLCONFD_CHUNK;
		json_t *args;

		base_hex_write(hex, job->data + offset, bytes);
		args = json_pack("{s:s,s:I,s:I,s:s}", "id", install->id, "size",
				 (json_int_t)job->size, "offset", (json_int_t)offset,
				 "data", hex);
		ask(install, "stage", args);
		json_decref(args);
	}
	free(hex);
}

static struct install *begin(struct clconfd_job *job)
{
	struct install *install = calloc(1, sizeof(*install));
	const char *reason = "out of memory";

	if (install)
		install->conf = malloc(sizeof(*install->conf));
	if (!install || !install->conf ||
	    conf_decode(install->conf, job->data, job->size, &reason)) {
		clconfd_job_fail(job, EINVAL, "the configuration: %s", reason);
		if (install)
			free(install->conf);
		free(install);
		return NULL;
	}
	install->job = job;
	install->id = json_string_value(json_object_get(job->args, "id"));
	install->count = install->conf->cluster.node_count;
	install->self = install->count;
	for (unsigned int i = 0; i < install->count; i++) {
		clconfd_call_init(&install->call[i], install->conf,
				  &install->conf->cluster.node[i]);
		if (!strcmp(install->call[i].node, job->daemon->options.node))
			install->self = i;
	}
	return install;
}

static void end(struct install *install)
{
	for (unsigned int i = 0; i < install->count; i++)
		clconfd_call_clear(&install->call[i]);
	free(install->conf);
	free(install);
}

/* ---- check ---- */

/* Do host and configuration agree on which node answers at this address? */
static bool is_itself(struct clconfd_call *call)
{
	const char *name = json_string_value(json_object_get(call->result, "node"));

	if (call->error || (name && !strcmp(name, call->node)))
		return !call->error;
	call->error = -EINVAL;
	base_str_print(call->text, sizeof(call->text), "the host at its address is called %s; "
		       "correct the cluster file, or the host's name", name ? name : "?");
	return false;
}

static void check_names(struct install *install)
{
	json_t *args = json_object();

	ask(install, "ping", args);
	json_decref(args);
	for (unsigned int i = 0; i < install->count; i++) {
		const json_t *state = install->call[i].result;

		if (!is_itself(&install->call[i]))
			continue;
		install->runs[i] = json_is_true(json_object_get(state, "cmcld"));
		install->generation[i] = json_integer_value(json_object_get(state, "generation"));
	}
}

static json_t *answer_of(const struct install *install, unsigned int i)
{
	const struct clconfd_call *call = &install->call[i];
	json_t *faults = json_object_get(call->result, "faults");

	if (call->error)
		return json_pack("{s:s,s:s}", "name", call->node, "error", call->text);
	return json_pack("{s:s,s:I,s:O}", "name", call->node, "generation",
			 install->generation[i], "faults", faults);
}

void clconfd_install_check(struct clconfd_job *job)
{
	struct install *install = begin(job);
	json_t *answers = json_array();
	json_t *args;
	char text[400];

	if (!install) {
		json_decref(answers);
		return;
	}
	clconfd_job_progress(job, "asking %u nodes", install->count);
	check_names(install);
	if (!failures(install, text, sizeof(text))) {
		send_pieces(install);
		args = with_id(install);
		ask(install, "verify", args);
		json_decref(args);
	}
	for (unsigned int i = 0; i < install->count; i++)
		if (install->call[i].error || json_object_get(install->call[i].result, "faults"))
			json_array_append_new(answers, answer_of(install, i));
	job->result = json_pack("{s:o}", "nodes", answers);
	end(install);
}

/* ---- install ---- */

/* Operation "reload" of a node's cmcld. */
static int tell_cmcld(struct install *install, struct clconfd_call *call, json_t *args)
{
	clconfd_call_clear(call);
	call->op = "cmcld";
	call->args = json_pack("{s:s,s:o}", "op", "reload", "args", args);
	clconfd_call_run(install->job->daemon, call);
	return call->error;
}

/* A running cmcld must be able to take over what changes. */
static bool may_run_now(struct install *install)
{
	bool offline = json_is_true(json_object_get(install->job->args, "offline"));

	for (unsigned int i = 0; i < install->count; i++) {
		struct clconfd_call *call = &install->call[i];

		if (!install->runs[i])
			continue;
		if (offline)
			clconfd_job_fail(install->job, EBUSY, "nothing was changed: this change "
					 "needs the cluster down, and cmcld runs on node %s; run "
					 "cmhaltcl first", call->node);
		else if (tell_cmcld(install, call, json_pack("{s:b}", "check", 1)))
			clconfd_job_fail(install->job, call->error, "nothing was changed: cmcld "
					 "on node %s cannot take over a change while it runs "
					 "(%s); run cmhaltcl, apply again, cmruncl", call->node,
					 call->text);
		else
			continue;
		return false;
	}
	return true;
}

static void abort_all(struct install *install)
{
	json_t *args = with_id(install);

	ask(install, "abort", args);
	json_decref(args);
}

static bool prepare(struct install *install)
{
	json_t *args = json_pack("{s:s,s:s}", "id", install->id, "coordinator",
				 install->job->daemon->options.node);
	bool good;

	clconfd_job_progress(install->job, "preparing %u nodes", install->count);
	ask(install, "prepare", args);
	json_decref(args);
	good = all_passed(install);
	if (!good)
		abort_all(install);
	return good;
}

/* What became of the commit here: "committed", "staged", or "": nobody can say. */
static const char *own_outcome(struct install *install, const char *sha256)
{
	struct clconfd_call *own = &install->call[install->self];
	const char *state;

	clconfd_call_clear(own);
	own->op = "outcome";
	own->args = json_pack("{s:s,s:s}", "id", install->id, "sha256", sha256);
	clconfd_call_run(install->job->daemon, own);
	state = json_string_value(json_object_get(own->result, "state"));
	return !own->error && state ? state : "";
}

/*
 * The decision: once this node has it, all will.  After an error only what the
 * file says counts: the error may have come after the file was in its place.
 */
static bool commit_here(struct install *install)
{
	struct clconfd_call *own = &install->call[install->self];
	char sha256[CLCONFD_SHA256_HEX + 1];
	char text[CLCONFD_TEXT_MAX];
	const char *state;

	clconfd_call_clear(own);
	own->op = "commit";
	own->args = with_id(install);
	clconfd_call_run(install->job->daemon, own);
	if (!own->error)
		return true;
	base_str_copy(text, sizeof(text), own->text);
	clconfd_sha256(install->job->data, install->job->size, sha256);
	state = own_outcome(install, sha256);
	if (!strcmp(state, "committed"))
		return true;
	if (!*state) {
		clconfd_job_fail(install->job, EIO, "node %s: %s; whether the change is made is "
				 "not known yet: all nodes settle it by themselves, then see "
				 "cmgetconf", own->node, text);
		return false;
	}
	abort_all(install);
	clconfd_job_fail(install->job, EIO, "nothing was changed: node %s: %s",
			 install->job->daemon->options.node, text);
	return false;
}

/* Everywhere else; this node answers that it has no such change any more. */
static json_t *commit_others(struct install *install)
{
	json_t *pending = json_array();
	json_t *args = with_id(install);

	clconfd_job_progress(install->job, "installing on %u nodes", install->count);
	ask(install, "commit", args);
	json_decref(args);
	for (unsigned int i = 0; i < install->count; i++)
		if (i != install->self && install->call[i].error)
			json_array_append_new(pending, json_string(install->call[i].node));
	return pending;
}

/* Tell the running cmclds. */
static void reload(struct install *install, json_t *notes)
{
	for (unsigned int i = 0; i < install->count; i++) {
		struct clconfd_call *call = &install->call[i];
		char text[CLCONFD_TEXT_MAX + 100];

		if (!install->runs[i])
			continue;
		if (!tell_cmcld(install, call, json_pack("{s:I}", "generation", (json_int_t)
							 install->conf->cluster.generation)))
			continue;
		base_str_print(text, sizeof(text), "node %s: cmcld did not take over the new "
			       "configuration: %s", call->node, call->text);
		json_array_append_new(notes, json_string(text));
	}
}

/* Nodes that were in the cluster and are not any more. */
static void retire(struct install *install, json_t *notes)
{
	json_t *list = json_object_get(install->job->args, "retired");
	char id[17], text[CLCONFD_TEXT_MAX + 100];
	struct clconfd_call call;
	json_t *node;
	size_t i;

	base_str_print(id, sizeof(id), "%016llx",
		       (unsigned long long)install->conf->cluster.id);
	json_array_foreach(list, i, node) {
		if (clconfd_call_read(&call, node))
			continue;
		call.op = "retire";
		call.args = json_pack("{s:s}", "cluster_id", id);
		clconfd_call_run(install->job->daemon, &call);
		if (call.error) {
			base_str_print(text, sizeof(text), "node %s still has the configuration "
				       "(%s); remove /etc/tocsin/cmclconfig on it", call.node,
				       call.text);
			json_array_append_new(notes, json_string(text));
		}
		clconfd_call_clear(&call);
	}
}

void clconfd_install_run(struct clconfd_job *job)
{
	struct install *install = begin(job);
	json_t *pending, *notes;

	if (!install)
		return;
	if (install->self == install->count) {
		clconfd_job_fail(job, EINVAL, "nothing was changed: this host, %s, is not a node "
				 "of the configuration; run the command on one of its nodes",
				 job->daemon->options.node);
		goto out;
	}
	check_names(install);
	if (!all_passed(install) || !may_run_now(install))
		goto out;
	send_pieces(install);
	if (!all_passed(install) || !prepare(install) || !commit_here(install))
		goto out;
	pending = commit_others(install);
	notes = json_array();
	reload(install, notes);
	retire(install, notes);
	job->result = json_pack("{s:I,s:o,s:o}", "generation",
				(json_int_t)install->conf->cluster.generation,
				"pending", pending, "notes", notes);
out:
	end(install);
}
