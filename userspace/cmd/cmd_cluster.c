// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd.h"
#include "cmd_cluster.h"
#include "cmd_conf_load.h"

#include <tocsin/ipc.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Longest silence of a daemon; a script that runs longer reports progress. */
#define SILENCE_NS	(60 * CORE_NS_PER_S)

static void show_progress(void *arg, json_t *progress)
{
	if (json_is_string(progress))
		cmd_progress("%s", json_string_value(progress));
}

static int explain(const char *who, int error, json_t *reply)
{
	if (json_is_string(reply))
		return cmd_error("%s", json_string_value(reply));
	if ((error == -ENOENT || error == -ECONNREFUSED) && !strcmp(who, "cmcld"))
		return cmd_error("cmcld does not run on this node. If it is starting again, "
				 "which takes seconds (systemctl status tocsin-cmcld), try again; "
				 "else start it with cmrunnode, or the cluster with cmruncl");
	if (error == -ENOENT || error == -ECONNREFUSED)
		return cmd_error("%s does not answer on this node; run systemctl start "
				 "tocsin-%s.socket", who, who);
	if (error == -EACCES)
		return cmd_error("%s refuses: only root may ask this", who);
	if (error == -ETIMEDOUT)
		return cmd_error("%s did not answer in time; see its journal", who);
	return cmd_error("%s: %s", who, strerror(-error));
}

static int call_path(const char *who, const char *path, struct ipc_call *call,
		     json_t **result)
{
	json_t *reply = NULL;
	int error;

	call->timeout_ns = SILENCE_NS;
	call->progress = show_progress;
	error = ipc_call_path(path, call, &reply);
	cmd_progress_end();
	json_decref(call->args);
	if (error) {
		error = explain(who, error, reply);
		json_decref(reply);
		return error;
	}
	if (result)
		*result = reply;
	else
		json_decref(reply);
	return CMD_OK;
}

int cluster_call(const char *op, json_t *args, json_t **result)
{
	struct ipc_call call = { .op = op, .args = args };

	return call_path("cmcld", cmd_path(CMD_RUN, "cmcld.sock"), &call, result);
}

int cluster_node_call(const char *node, const char *op, json_t *args,
		      json_t **result)
{
	struct ipc_call call = { .op = "node-call" };

	call.args = json_pack("{s:s,s:s,s:o}", "node", node, "op", op, "args",
			      args ? args : json_object());
	return call_path("cmclconfd", cmd_path(CMD_RUN, "cmclconfd.sock"), &call,
			 result);
}

int cluster_remote_call(const char *node, const char *op, json_t *args,
			json_t **result)
{
	if (!strcmp(node, cluster_self()))
		return cluster_call(op, args, result);
	return cluster_node_call(node, "cmcld",
				 json_pack("{s:s,s:o}", "op", op, "args",
					   args ? args : json_object()),
				 result);
}

bool cluster_runs_here(void)
{
	int fd = ipc_connect(cmd_path(CMD_RUN, "cmcld.sock"));

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

const char *cluster_self(void)
{
	static char name[256];

	if (gethostname(name, sizeof(name) - 1))
		return "";
	name[strcspn(name, ".")] = '\0';
	return name;
}

static bool member_runs(const json_t *status, const char *node)
{
	const json_t *item, *nodes = json_object_get(status, "nodes");
	const char *name, *state;
	size_t at;

	json_array_foreach(nodes, at, item) {
		name = json_string_value(json_object_get(item, "name"));
		state = json_string_value(json_object_get(item, "state"));
		if (name && state && !strcmp(name, node))
			return !strcmp(state, "running");
	}
	return false;
}

static void pause_ms(unsigned int milliseconds)
{
	struct timespec delay = { .tv_sec = milliseconds / 1000,
				  .tv_nsec = milliseconds % 1000 * 1000000L };

	while (nanosleep(&delay, &delay) && errno == EINTR)
		;
}

/* One silent look at a node's cmcld; false when it does not answer. */
static bool look(const char *node, json_t **status)
{
	struct ipc_call call = { .op = "status", .timeout_ns = 5 * CORE_NS_PER_S };
	const char *path = cmd_path(CMD_RUN, "cmcld.sock");
	int error;

	*status = NULL;
	if (strcmp(node, cluster_self())) {
		call.op = "node-call";
		call.args = json_pack("{s:s,s:s,s:{s:s,s:{}}}", "node", node, "op",
				      "cmcld", "args", "op", "status", "args");
		path = cmd_path(CMD_RUN, "cmclconfd.sock");
	}
	error = ipc_call_path(path, &call, status);
	json_decref(call.args);
	if (error) {
		json_decref(*status);
		*status = NULL;
	}
	return !error;
}

int cluster_wait_member(const char *node, unsigned int seconds)
{
	unsigned int waited_ms;
	json_t *status;

	for (waited_ms = 0; waited_ms < seconds * 1000; waited_ms += 200) {
		bool runs = look(node, &status) && member_runs(status, node);

		json_decref(status);
		if (runs) {
			cmd_progress_end();
			return CMD_OK;
		}
		cmd_progress("waiting for %s to become a member (%u s)", node,
			     waited_ms / 1000);
		pause_ms(200);
	}
	cmd_progress_end();
	return cmd_error("%s is not a member after %u s; on %s see "
			 "journalctl -t cmcld", node, seconds, node);
}

int cluster_start_node(const char *node)
{
	unsigned int waited_ms;
	json_t *status;
	int code;

	cmd_progress("starting cmcld on %s", node);
	code = cluster_node_call(node, "start-cmcld", NULL, NULL);
	if (code)
		return code;
	for (waited_ms = 0; waited_ms < 60000; waited_ms += 200) {
		bool answers = look(node, &status);

		json_decref(status);
		if (answers) {
			cmd_progress_end();
			return CMD_OK;
		}
		pause_ms(200);
	}
	return cmd_error("cmcld on %s does not answer; there see "
			 "journalctl -t cmcld", node);
}

json_t *cluster_nodes(void)
{
	const char *path = cmd_path(CMD_ETC, "cmclconfig");
	json_t *names = NULL;
	struct conf *conf;
	unsigned int i;

	conf = cmd_conf_load(path);
	if (!conf)
		return NULL;
	names = json_array();
	for (i = 0; i < conf->cluster.node_count; i++)
		json_array_append_new(names,
				      json_string(conf->cluster.node[i].name));
	free(conf);
	return names;
}
