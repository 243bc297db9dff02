// SPDX-License-Identifier: GPL-2.0-or-later
/* The way to this node's cmclconfd, and to the installed configuration. */
#include "cmd_conf.h"
#include "cmd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <tocsin/conf_address.h>
#include <tocsin/conf_binary.h>
#include <tocsin/ipc.h>

/* Longer than cmclconfd waits for a node that validates its scripts. */
#define SILENCE_NS	(700 * BASE_NS_PER_S)
#define CHUNK		(256 * 1024)

static void show_progress(void *arg, json_t *progress)
{
	if (json_is_string(progress))
		cmd_progress("%s", json_string_value(progress));
}

int cmd_conf_call(const char *op, json_t *args, json_t **result)
{
	const char *path = cmd_path(CMD_RUN, "cmclconfd.sock");
	struct ipc_call call = {
		.op = op,
		.args = args,
		.timeout_ns = SILENCE_NS,
		.progress = show_progress,
	};
	json_t *reply = NULL;
	int err = ipc_call_path(path, &call, &reply);
	int code = CMD_OK;

	cmd_progress_end();
	json_decref(args);
	if (!err) {
		*result = reply;
		return CMD_OK;
	}
	if (json_is_string(reply))
		code = cmd_error("%s", json_string_value(reply));
	else if (err == -ENOENT || err == -ECONNREFUSED)
		code = cmd_error("cmclconfd does not answer at %s; run systemctl start "
				 "tocsin-cmclconfd.socket", path);
	else
		code = cmd_error("cmclconfd: %s: %s", op, strerror(-err));
	json_decref(reply);
	return code;
}

int cmd_conf_installed(struct conf **conf)
{
	const char *path = cmd_path(CMD_ETC, "cmclconfig");
	const char *reason = "";
	ssize_t size;
	char *data;
	int code = 0;

	*conf = NULL;
	size = base_file_read(path, CONF_BINARY_MAX, &data);
	if (size == -ENOENT)
		return 0;
	if (size < 0)
		return cmd_error("%s: %s", path, strerror((int)-size));
	*conf = malloc(sizeof(**conf));
	if (!*conf || conf_decode(*conf, data, (size_t)size, &reason)) {
		code = cmd_error("%s: %s; copy the file from another node of the cluster", path,
				 *conf ? reason : "out of memory");
		free(*conf);
		*conf = NULL;
	}
	free(data);
	return code;
}

json_t *cmd_conf_node(const struct conf_node *node)
{
	json_t *addresses = json_array();

	for (u8 i = 0; i < node->interface_count; i++) {
		for (u8 j = 0; j < node->interface[i].address_count; j++) {
			char text[CONF_ADDRESS_TEXT_MAX];

			conf_address_print(&node->interface[i].address[j].address, text);
			json_array_append_new(addresses, json_string(text));
		}
	}
	return json_pack("{s:s,s:o}", "name", node->name, "addresses", addresses);
}

static int upload(struct cmd_conf *run, const u8 *data, size_t size, char *hex)
{
	for (size_t offset = 0; offset < size; offset += CHUNK) {
		size_t bytes = size - offset < CHUNK ? size - offset : CHUNK;
		json_t *result = NULL;
		int code;

		base_hex_write(hex, data + offset, bytes);
		code = cmd_conf_call("stage", json_pack("{s:s,s:I,s:I,s:s}", "id", run->id,
							"size", (json_int_t)size, "offset",
							(json_int_t)offset, "data", hex), &result);
		json_decref(result);
		if (code)
			return code;
	}
	return CMD_OK;
}

int cmd_conf_upload(struct cmd_conf *run)
{
	u8 *data = malloc(CONF_BINARY_MAX);
	char *hex = malloc(2 * CHUNK + 1);
	int size = data && hex ? conf_encode(run->conf, data, CONF_BINARY_MAX) : -ENOMEM;
	int code;

	if (size < 0)
		code = cmd_error("the configuration: %s", strerror(-size));
	else
		code = upload(run, data, (size_t)size, hex);
	free(hex);
	free(data);
	return code;
}
