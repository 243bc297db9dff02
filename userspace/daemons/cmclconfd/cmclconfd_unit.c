// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmclconfd_unit.h"
#include "cmclconfd_exec.h"
#include "cmclconfd_job.h"
#include "cmclconfd_resolve.h"
#include "cmclconfd_store.h"

/* Halting a node halts its packages first; a script may take long. */
#define TIMEOUT_NS (1200 * BASE_NS_PER_S)

static void run_systemctl(struct clconfd_job *job)
{
	const char *verb = json_string_value(json_object_get(job->args, "verb"));
	const struct clconfd_options *options = &job->daemon->options;
	const char *const argv[] = { options->systemctl, verb, CLCONFD_CMCLD_UNIT, NULL };
	struct clconfd_exec exec = { .argv = argv, .timeout_ns = TIMEOUT_NS };
	int code = clconfd_exec_run(&exec);

	if (code)
		clconfd_job_fail(job, code < 0 ? code : EIO, "%s %s %s on %s failed: %s; there "
				 "see journalctl -u tocsin-cmcld", options->systemctl, verb,
				 CLCONFD_CMCLD_UNIT, options->node, code < 0 ? strerror(-code) :
				 exec.output);
}

static void start_job(struct clconfd *daemon, struct ipc_request *request, const char *verb)
{
	json_t *args = json_pack("{s:s}", "verb", verb);
	struct clconfd_job job = {
		.daemon = daemon, .request = request, .args = args, .run = run_systemctl,
	};

	clconfd_job_start(&job);
	json_decref(args);
}

void clconfd_unit_start(struct ipc_request *request, json_t *args, void *arg)
{
	struct clconfd *daemon = arg;
	struct clconfd_staged staged;

	if (clconfd_store_staged(daemon, &staged, NULL, NULL) != -ENOENT) {
		clconfd_resolve_now(daemon);
		ipc_reply_error(request, EBUSY, "a change of the configuration by node %s is not "
				"finished on %s; try again in some seconds",
				*staged.coordinator ? staged.coordinator : "?",
				daemon->options.node);
		return;
	}
	start_job(daemon, request, "start");
}

void clconfd_unit_stop(struct ipc_request *request, json_t *args, void *arg)
{
	start_job(arg, request, "stop");
}
