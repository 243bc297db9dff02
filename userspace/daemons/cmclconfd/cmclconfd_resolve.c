// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmclconfd_resolve.h"
#include "cmclconfd_job.h"
#include "cmclconfd_peer.h"
#include "cmclconfd_store.h"

#include <stdlib.h>
#include <time.h>

#define LOOK_US		(2 * 1000000ULL)
/* A coordinator at work commits within seconds. */
#define PATIENCE_NS	(5 * BASE_NS_PER_S)

enum decision {
	WAIT,
	INSTALL,
	DROP,
};

static const char *state_of(const struct clconfd_call *call)
{
	const char *state = json_string_value(json_object_get(call->result, "state"));

	return !call->error && state ? state : "";
}

static enum decision decide(const struct clconfd_call *calls, unsigned int count,
			    const char *coordinator)
{
	enum decision decision = WAIT;

	for (unsigned int i = 0; i < count; i++) {
		const char *state = state_of(&calls[i]);
		bool leads = !strcmp(calls[i].node, coordinator);

		if (!strcmp(state, "committed"))
			return INSTALL;
		if (leads && !strcmp(state, "active"))
			return WAIT;
		if (!strcmp(state, "none") || (leads && !strcmp(state, "staged")))
			decision = DROP;
	}
	return decision;
}

/* In the job: ask every other node of the staged configuration. */
static enum decision ask_all(struct clconfd_job *job, const struct conf *conf)
{
	const char *coordinator = json_string_value(json_object_get(job->args, "coordinator"));
	struct clconfd_call *calls = calloc(conf->cluster.node_count, sizeof(*calls));
	enum decision decision = WAIT;
	unsigned int count = 0;

	if (!calls)
		return WAIT;
	for (u16 i = 0; i < conf->cluster.node_count; i++) {
		const struct conf_node *node = &conf->cluster.node[i];

		if (!strcmp(node->name, job->daemon->options.node))
			continue;
		clconfd_call_init(&calls[count], conf, node);
		calls[count].op = "outcome";
		calls[count].args = json_deep_copy(job->args);
		calls[count++].timeout_ns = 5 * BASE_NS_PER_S;
	}
	clconfd_call_run_all(job->daemon, calls, count);
	decision = decide(calls, count, coordinator);
	for (unsigned int i = 0; i < count; i++)
		clconfd_call_clear(&calls[i]);
	free(calls);
	return decision;
}

static void run_resolve(struct clconfd_job *job)
{
	struct conf *conf = malloc(sizeof(*conf));
	const char *reason;
	enum decision decision = WAIT;

	if (conf && !conf_decode(conf, job->data, job->size, &reason))
		decision = ask_all(job, conf);
	free(conf);
	job->result = json_integer(decision);
}

static void act(struct clconfd *daemon, const struct clconfd_staged *staged,
		enum decision decision)
{
	int err = 0;

	if (decision == INSTALL)
		err = clconfd_store_commit(daemon);
	else if (decision == DROP)
		err = clconfd_store_abort(daemon);
	if (decision == DROP && !err)
		base_log(BASE_LOG_NOTICE, "configuration generation %llu was not installed "
			 "by node %s: dropped", (unsigned long long)staged->generation,
			 staged->coordinator);
	if (err)
		base_log(BASE_LOG_ERROR, "%s: %s; make room or repair the file system",
			 daemon->options.etc, strerror(-err));
}

/* Back in the loop: the staged one may have been committed meanwhile. */
static void done_resolve(struct clconfd_job *job)
{
	struct clconfd *daemon = job->daemon;
	struct clconfd_staged staged;
	const char *id = json_string_value(json_object_get(job->args, "id"));

	daemon->resolving = false;
	if (clconfd_store_staged(daemon, &staged, NULL, NULL) || strcmp(staged.id, id))
		return;
	act(daemon, &staged, (enum decision)json_integer_value(job->result));
}

/* The change was coordinated here, and whoever did it is gone. */
static void resolve_own(struct clconfd *daemon, const struct clconfd_staged *staged)
{
	char sha256[CLCONFD_SHA256_HEX + 1] = "";
	struct conf_binary_head head;
	const char *reason;
	char *data;
	ssize_t size = clconfd_store_current(daemon, &data, &head, &reason);

	if (size >= 0) {
		clconfd_sha256(data, (size_t)size, sha256);
		free(data);
	}
	act(daemon, staged, strcmp(sha256, staged->sha256) ? DROP : INSTALL);
}

static void resolve(struct clconfd *daemon, const struct clconfd_staged *staged, char *data,
		    size_t size)
{
	json_t *args = json_pack("{s:s,s:s,s:s}", "id", staged->id, "sha256", staged->sha256,
				 "coordinator", staged->coordinator);
	struct clconfd_job job = {
		.daemon = daemon,
		.args = args,
		.data = (u8 *)data,
		.size = size,
		.run = run_resolve,
		.done = done_resolve,
	};

	daemon->resolving = !clconfd_job_start(&job);
	json_decref(args);
}

void clconfd_resolve_now(struct clconfd *daemon)
{
	struct clconfd_staged staged;
	size_t size;
	char *data;
	int err;

	if (daemon->resolving)
		return;
	err = clconfd_store_staged(daemon, &staged, &data, &size);
	if (err == -EINVAL) {
		base_log(BASE_LOG_ERROR, "%s is damaged: removed; if cmcld then reports an old "
			 "generation, run cmapplyconf again",
			 clconfd_etc(daemon, "cmclconfig.staged"));
		clconfd_store_abort(daemon);
	}
	if (err)
		return;
	if (!strcmp(staged.coordinator, daemon->options.node)) {
		free(data);
		if (strcmp(daemon->active, staged.id))
			resolve_own(daemon, &staged);
		return;
	}
	resolve(daemon, &staged, data, size);
}

static int on_look(sd_event_source *source, uint64_t usec, void *arg)
{
	struct clconfd *daemon = arg;

	if (!daemon->prepared_ns || base_clock_ns() - daemon->prepared_ns > PATIENCE_NS)
		clconfd_resolve_now(daemon);
	sd_event_source_set_time_relative(source, LOOK_US);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

int clconfd_resolve_start(struct clconfd *daemon)
{
	return sd_event_add_time_relative(daemon->event, NULL, CLOCK_BOOTTIME, 0, 0, on_look,
					  daemon);
}
