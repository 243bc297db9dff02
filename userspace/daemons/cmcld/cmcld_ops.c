// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmcld_ops.h"

/* ---- arguments ---- */

static bool refuse(struct cmcld_job *job, int code, const char *what, const char *name)
{
	char text[200];

	base_str_print(text, sizeof(text), "%s: %s", name, what);
	cmcld_job_end(job, code, text);
	return false;
}

/* The node named by argument "node"; 0 when there is none. */
static bool arg_node(struct cmcld_job *job, json_t *args, u16 *id)
{
	const char *name = json_string_value(json_object_get(args, "node"));
	const struct conf_node *node;

	*id = 0;
	if (!name)
		return true;
	node = conf_node_by_name(cmcld_job_conf(job), name);
	if (!node)
		return refuse(job, ENOENT, "no node of the cluster has this name", name);
	*id = node->id;
	return true;
}

static bool arg_package(struct cmcld_job *job, json_t *args, struct cmcld_request *request)
{
	const char *name = json_string_value(json_object_get(args, "package"));

	if (!name)
		return refuse(job, EINVAL, "an argument is missing", "package");
	if (!conf_package_by_name(cmcld_job_conf(job), name))
		return refuse(job, ENOENT, "no package of the cluster has this name", name);
	return !base_str_copy(request->package, sizeof(request->package), name) &&
	       arg_node(job, args, &request->node);
}

static bool arg_nodes(struct cmcld_job *job, json_t *args, struct cmcld_request *request)
{
	json_t *list = json_object_get(args, "nodes");
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		const char *name = json_string_value(json_array_get(list, i));
		const struct conf_node *node = NULL;

		if (name)
			node = conf_node_by_name(cmcld_job_conf(job), name);
		if (!node)
			return refuse(job, ENOENT, "no node of the cluster has this name",
				      name ? name : "nodes");
		if (request->node_count == CONF_NODES_MAX)
			return refuse(job, EINVAL, "too many", "nodes");
		request->nodes[request->node_count++] = node->id;
	}
	return true;
}

/* ---- forming and packages ---- */

static int ids_compare(const void *a, const void *b)
{
	return (int)*(const u16 *)a - (int)*(const u16 *)b;
}

static void op_form(struct cmcld_job *job, json_t *args)
{
	struct cmcld_request request = { .op = CMCLD_OP_FORM };

	if (!arg_nodes(job, args, &request))
		return;
	qsort(request.nodes, request.node_count, sizeof(request.nodes[0]), ids_compare);
	cmcld_job_ask(job, &request, cmcld_job_end);
}

static void package_op(struct cmcld_job *job, json_t *args, enum cmcld_op op)
{
	struct cmcld_request request = { .op = op };

	request.force = json_is_true(json_object_get(args, "force"));
	if (arg_package(job, args, &request))
		cmcld_job_ask(job, &request, cmcld_job_end);
}

static void op_runpkg(struct cmcld_job *job, json_t *args)
{
	package_op(job, args, CMCLD_OP_RUN_PACKAGE);
}

static void op_haltpkg(struct cmcld_job *job, json_t *args)
{
	package_op(job, args, CMCLD_OP_HALT_PACKAGE);
}

static void op_movepkg(struct cmcld_job *job, json_t *args)
{
	package_op(job, args, CMCLD_OP_MOVE_PACKAGE);
}

static void op_modpkg(struct cmcld_job *job, json_t *args)
{
	json_t *enable = json_object_get(args, "enable");

	if (!json_is_boolean(enable))
		refuse(job, EINVAL, "true or false is expected", "enable");
	else
		package_op(job, args, json_is_true(enable) ? CMCLD_OP_ENABLE_PACKAGE :
							     CMCLD_OP_DISABLE_PACKAGE);
}

/* ---- leaving ---- */

static void leave_self(struct cmcld_job *job, bool force)
{
	struct cmcld_request request = { .op = CMCLD_OP_LEAVE, .force = force };

	cmcld_job_ask(job, &request, cmcld_job_end);
}

static void op_leave(struct cmcld_job *job, json_t *args)
{
	bool force = json_is_true(json_object_get(args, "force"));
	u16 node;

	if (!arg_node(job, args, &node))
		return;
	if (!node || node == cmcld_job_self(job))
		leave_self(job, force);
	else
		cmcld_job_forward(job, node, "leave", json_pack("{s:b}", "force", (int)force),
				  cmcld_job_end);
}

/*
 * The other nodes leave one after the other, this one last: each view change
 * is a small one, and the arbiter is not needed.  The step is the id of the
 * node that was asked last.
 */
static void haltcl_next(struct cmcld_job *job, int code, const char *text)
{
	u16 ids[CONF_NODES_MAX];
	u16 i, count;

	if (code) {
		cmcld_job_end(job, code, text);
		return;
	}
	cmcld_job_progress(job, text);
	count = cmcld_job_members(job, ids);
	for (i = 0; i < count; i++) {
		if (ids[i] <= *cmcld_job_step(job) || ids[i] == cmcld_job_self(job))
			continue;
		*cmcld_job_step(job) = ids[i];
		cmcld_job_forward(job, ids[i], "leave", json_pack("{s:b}", "force", 1),
				  haltcl_next);
		return;
	}
	leave_self(job, true);
}

static void op_haltcl(struct cmcld_job *job, json_t *args)
{
	struct cmcld_request request = { .op = CMCLD_OP_HALT_PACKAGES };

	request.force = json_is_true(json_object_get(args, "force"));
	cmcld_job_ask(job, &request, haltcl_next);
}

/* ---- configuration ---- */

static void reload_next(struct cmcld_job *job, int code, const char *text)
{
	cmcld_config_settle(cmcld_job_config(job), !code);
	cmcld_job_end(job, code, text);
}

/* "check": could a newer configuration be taken over while cmcld runs? */
static void op_reload(struct cmcld_job *job, json_t *args)
{
	struct cmcld_request request = { .op = CMCLD_OP_RELOAD };
	char error[CMCLD_CONFIG_TEXT_MAX] = "";
	int err;

	if (json_is_true(json_object_get(args, "check"))) {
		cmcld_job_end(job, 0, "cmcld takes over changes of packages");
		return;
	}
	err = cmcld_config_fresh(cmcld_job_config(job), error);
	if (err) {
		cmcld_job_end(job, -err, error);
		return;
	}
	request.conf = cmcld_job_config(job)->fresh;
	cmcld_job_ask(job, &request, reload_next);
}

const struct cmcld_job_op cmcld_ops[] = {
	{ "form", false, op_form },
	{ "leave", true, op_leave },
	{ "haltcl", false, op_haltcl },
	{ "runpkg", false, op_runpkg },
	{ "haltpkg", false, op_haltpkg },
	{ "movepkg", false, op_movepkg },
	{ "modpkg", false, op_modpkg },
	{ "reload", false, op_reload },
	{ },
};
