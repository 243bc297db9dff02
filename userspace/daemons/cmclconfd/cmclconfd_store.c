// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmclconfd_store.h"

#include <fcntl.h>
#include <gnutls/crypto.h>
#include <stdlib.h>
#include <unistd.h>

#define STAGED_HEAD_MAX 512

void clconfd_sha256(const void *data, size_t size, char out[CLCONFD_SHA256_HEX + 1])
{
	u8 digest[32];

	if (gnutls_hash_fast(GNUTLS_DIG_SHA256, data, size, digest) < 0)
		memset(digest, 0, sizeof(digest));
	base_hex_write(out, digest, sizeof(digest));
}

ssize_t clconfd_store_current(const struct clconfd *daemon, char **data,
			      struct conf_binary_head *head, const char **reason)
{
	char *own = NULL;
	ssize_t size = base_file_read(clconfd_etc(daemon, "cmclconfig"), CONF_BINARY_MAX, &own);
	int err;

	*reason = "it cannot be read";
	memset(head, 0, sizeof(*head));
	if (data)
		*data = NULL;
	if (size < 0)
		return size;
	err = conf_binary_head(head, own, (size_t)size, reason);
	if (err || !data)
		free(own);
	else
		*data = own;
	return err ? err : size;
}

struct conf *clconfd_store_conf(const struct clconfd *daemon)
{
	struct conf_binary_head head;
	const char *reason;
	char *data;
	ssize_t size = clconfd_store_current(daemon, &data, &head, &reason);
	struct conf *conf;

	if (size < 0)
		return NULL;
	conf = malloc(sizeof(*conf));
	if (conf && conf_decode(conf, data, (size_t)size, &reason)) {
		free(conf);
		conf = NULL;
	}
	free(data);
	return conf;
}

static int sync_directory(const struct clconfd *daemon)
{
	int fd = open(daemon->options.etc, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (fsync(fd) < 0)
		err = -errno;
	close(fd);
	return err;
}

static int parse_head(const char *text, size_t size, struct clconfd_staged *staged)
{
	const char *end = memchr(text, '\n', size < STAGED_HEAD_MAX ? size : STAGED_HEAD_MAX);
	json_t *head = end ? json_loadb(text, (size_t)(end - text), 0, NULL) : NULL;
	const char *id, *coordinator, *sha256;
	json_int_t generation;
	int err = -EINVAL;

	if (head && !json_unpack(head, "{s:s,s:s,s:I,s:s}", "id", &id, "coordinator",
				 &coordinator, "generation", &generation, "sha256", &sha256) &&
	    !base_str_copy(staged->id, sizeof(staged->id), id) &&
	    !base_str_copy(staged->coordinator, sizeof(staged->coordinator), coordinator) &&
	    !base_str_copy(staged->sha256, sizeof(staged->sha256), sha256)) {
		staged->generation = (u64)generation;
		err = 0;
	}
	json_decref(head);
	return err;
}

int clconfd_store_staged(const struct clconfd *daemon, struct clconfd_staged *staged,
			 char **data, size_t *size)
{
	char sha256[CLCONFD_SHA256_HEX + 1];
	char *text, *body;
	ssize_t length = base_file_read(clconfd_etc(daemon, "cmclconfig.staged"),
					CONF_BINARY_MAX + STAGED_HEAD_MAX, &text);
	int err;

	memset(staged, 0, sizeof(*staged));
	if (length < 0)
		return (int)length;
	err = parse_head(text, (size_t)length, staged);
	if (err)
		goto out;
	body = strchr(text, '\n') + 1;
	length -= body - text;
	clconfd_sha256(body, (size_t)length, sha256);
	if (strcmp(sha256, staged->sha256)) {
		err = -EINVAL;
		goto out;
	}
	if (data) {
		memmove(text, body, (size_t)length);
		*data = text;
		*size = (size_t)length;
		return 0;
	}
out:
	free(text);
	return err;
}

int clconfd_store_prepare(struct clconfd *daemon, const struct clconfd_staged *staged,
			  const void *data, size_t size)
{
	char *file = malloc(STAGED_HEAD_MAX + size);
	json_t *head = json_pack("{s:s,s:s,s:I,s:s}", "id", staged->id, "coordinator",
				 staged->coordinator, "generation",
				 (json_int_t)staged->generation, "sha256", staged->sha256);
	size_t used;
	int err = -ENOMEM;

	if (!file || !head)
		goto out;
	used = json_dumpb(head, file, STAGED_HEAD_MAX - 1, JSON_COMPACT);
	if (!used || used > STAGED_HEAD_MAX - 1) {
		err = -EINVAL;
		goto out;
	}
	file[used++] = '\n';
	memcpy(file + used, data, size);
	err = base_file_write(clconfd_etc(daemon, "cmclconfig.staged"), file, used + size, 0600);
	if (!err)
		daemon->prepared_ns = base_clock_ns();
out:
	json_decref(head);
	free(file);
	return err;
}

static int remove_staged(struct clconfd *daemon)
{
	daemon->prepared_ns = 0;
	if (unlink(clconfd_etc(daemon, "cmclconfig.staged")) < 0)
		return errno == ENOENT ? 0 : -errno;
	return sync_directory(daemon);
}

int clconfd_store_commit(struct clconfd *daemon)
{
	struct clconfd_staged staged;
	char *data;
	size_t size;
	int err = clconfd_store_staged(daemon, &staged, &data, &size);

	if (err)
		return err;
	err = base_file_write(clconfd_etc(daemon, "cmclconfig"), data, size, 0600);
	free(data);
	if (err)
		return err;
	base_log(BASE_LOG_NOTICE, "configuration generation %llu installed (by %s)",
		 (unsigned long long)staged.generation, staged.coordinator);
	return remove_staged(daemon);
}

int clconfd_store_abort(struct clconfd *daemon)
{
	return remove_staged(daemon);
}

int clconfd_store_retire(struct clconfd *daemon)
{
	if (rename(clconfd_etc(daemon, "cmclconfig"),
		   clconfd_etc(daemon, "cmclconfig.retired")) < 0)
		return errno == ENOENT ? 0 : -errno;
	base_log(BASE_LOG_NOTICE, "this node is no longer in the cluster: the configuration is "
		 "kept in cmclconfig.retired");
	return sync_directory(daemon);
}
