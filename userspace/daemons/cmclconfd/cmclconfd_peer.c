// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmclconfd_peer.h"

#include <pthread.h>
#include <tocsin/conf_address.h>

/* Connect and handshake with one address; then it is the next one's turn. */
/* The other end may have to be started first, on a machine that has more to do. */
#define OPEN_TIMEOUT_NS (10 * BASE_NS_PER_S)
#define CALL_TIMEOUT_NS (30 * BASE_NS_PER_S)

void clconfd_call_init(struct clconfd_call *call, const struct conf *conf,
		       const struct conf_node *node)
{
	memset(call, 0, sizeof(*call));
	base_str_copy(call->node, sizeof(call->node), node->name);
	for (u8 i = 0; i < node->interface_count; i++) {
		const struct conf_interface *interface = &node->interface[i];

		for (u8 j = 0; j < interface->address_count; j++) {
			if (call->address_count == CLCONFD_ADDRESSES_MAX)
				return;
			conf_address_print(&interface->address[j].address,
					   call->address[call->address_count++]);
		}
	}
}

int clconfd_call_read(struct clconfd_call *call, const json_t *node)
{
	const char *name = json_string_value(json_object_get(node, "name"));
	const json_t *address;
	size_t i;

	memset(call, 0, sizeof(*call));
	if (!name || base_str_copy(call->node, sizeof(call->node), name))
		return -EINVAL;
	json_array_foreach(json_object_get(node, "addresses"), i, address) {
		const char *text = json_string_value(address);

		if (!text || call->address_count == CLCONFD_ADDRESSES_MAX)
			break;
		base_str_copy(call->address[call->address_count++], NET_ADDRESS_TEXT_MAX, text);
	}
	return 0;
}

void clconfd_call_clear(struct clconfd_call *call)
{
	json_decref(call->args);
	json_decref(call->result);
	call->args = NULL;
	call->result = NULL;
	call->error = 0;
	call->text[0] = '\0';
}

/* Takes the outcome of a call; @reply is an error's text or the result. */
static void settle(struct clconfd_call *call, int err, json_t *reply)
{
	call->error = err;
	if (!err) {
		call->result = reply;
		return;
	}
	if (json_is_string(reply))
		base_str_print(call->text, sizeof(call->text), "%s", json_string_value(reply));
	else if (err == -ETIMEDOUT)
		base_str_print(call->text, sizeof(call->text), "no answer to \"%s\" in time",
			       call->op);
	else
		base_str_print(call->text, sizeof(call->text), "\"%s\": %s", call->op,
			       strerror(-err));
	json_decref(reply);
}

static struct ipc_call request_of(const struct clconfd_call *call)
{
	return (struct ipc_call){
		.op = call->op,
		.args = call->args,
		.timeout_ns = call->timeout_ns ? call->timeout_ns : CALL_TIMEOUT_NS,
		.progress = call->progress,
		.arg = call->progress_arg,
	};
}

static void run_here(const struct clconfd *daemon, struct clconfd_call *call)
{
	struct ipc_call request = request_of(call);
	json_t *reply = NULL;
	int err = ipc_call_path(clconfd_run(daemon, "cmclconfd.sock"), &request, &reply);

	settle(call, err, reply);
}

static int open_any(const struct clconfd *daemon, struct clconfd_call *call,
		    struct net_call **connection)
{
	struct net_call_config config = { .timeout_ns = OPEN_TIMEOUT_NS };
	char error[NET_CALL_TEXT_MAX];
	struct base_key key;
	int err;

	err = base_key_read(clconfd_etc(daemon, "key"), &key, call->text, sizeof(call->text));
	if (err)
		return err;
	base_key_derive(&key, BASE_KEY_CONFIGURATION, config.key);
	base_key_wipe(&key, sizeof(key));
	base_str_copy(config.identity.node, sizeof(config.identity.node), daemon->options.node);
	err = -EHOSTUNREACH;
	base_str_print(call->text, sizeof(call->text), "no address of it is known");
	for (unsigned int i = 0; i < call->address_count; i++) {
		if (net_address_parse(call->address[i], daemon->options.port, &config.to))
			continue;
		err = net_call_open(&config, connection, error);
		if (!err)
			break;
		base_str_print(call->text, sizeof(call->text), "%s", error);
		if (err == -EACCES)
			break;
	}
	base_key_wipe(config.key, sizeof(config.key));
	return err;
}

void clconfd_call_run(const struct clconfd *daemon, struct clconfd_call *call)
{
	struct ipc_call request = request_of(call);
	struct net_call *connection = NULL;
	json_t *reply = NULL;
	int err;

	if (!strcmp(call->node, daemon->options.node)) {
		run_here(daemon, call);
		return;
	}
	call->error = open_any(daemon, call, &connection);
	if (call->error)
		return;
	err = net_call(connection, &request, &reply);
	settle(call, err, reply);
	net_call_close(connection);
}

struct runner {
	const struct clconfd *daemon;
	struct clconfd_call *call;
	pthread_t id;
	bool started;
};

static void *runner_main(void *arg)
{
	struct runner *runner = arg;

	clconfd_call_run(runner->daemon, runner->call);
	return NULL;
}

void clconfd_call_run_all(const struct clconfd *daemon, struct clconfd_call *calls,
			  unsigned int count)
{
	struct runner runner[CONF_NODES_MAX];

	core_assert(count <= CONF_NODES_MAX);
	for (unsigned int i = 0; i < count; i++) {
		runner[i] = (struct runner){ .daemon = daemon, .call = &calls[i] };
		runner[i].started = !pthread_create(&runner[i].id, NULL, runner_main, &runner[i]);
		if (!runner[i].started)
			clconfd_call_run(daemon, &calls[i]);
	}
	for (unsigned int i = 0; i < count; i++)
		if (runner[i].started)
			pthread_join(runner[i].id, NULL);
}
