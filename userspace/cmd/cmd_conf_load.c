// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd_conf_load.h"
#include "cmd.h"

#include <tocsin/conf_binary.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static size_t read_all(const char *path, u8 *buf, size_t size)
{
	FILE *file = fopen(path, "rb");
	size_t length = 0;

	if (!file) {
		if (errno == ENOENT)
			cmd_error("%s does not exist: this node is in no cluster; "
				  "cmapplyconf makes one", path);
		else
			cmd_error("%s: %s", path, strerror(errno));
		return 0;
	}
	length = fread(buf, 1, size, file);
	if (ferror(file) || !length) {
		cmd_error("%s: cannot be read, or is empty; copy the file from another node "
			  "of the cluster", path);
		length = 0;
	}
	fclose(file);
	return length;
}

struct conf *cmd_conf_load(const char *path)
{
	struct conf *conf = malloc(sizeof(*conf));
	u8 *buf = malloc(CONF_BINARY_MAX);
	const char *reason = NULL;
	size_t length;

	if (!conf || !buf) {
		cmd_error("out of memory");
		goto err_free;
	}
	length = read_all(path, buf, CONF_BINARY_MAX);
	if (!length)
		goto err_free;
	if (conf_decode(conf, buf, length, &reason)) {
		cmd_error("%s: %s; copy the file from another node of the cluster", path,
			  reason ? reason : "damaged");
		goto err_free;
	}
	free(buf);
	return conf;

err_free:
	free(buf);
	free(conf);
	return NULL;
}
