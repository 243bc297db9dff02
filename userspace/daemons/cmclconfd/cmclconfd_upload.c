// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmclconfd_upload.h"

#include <stdlib.h>

/* Every step of a check or an installation touches its upload. */
#define LIFE_NS (60 * BASE_NS_PER_S)

void clconfd_upload_drop(struct clconfd_upload *upload)
{
	free(upload->data);
	memset(upload, 0, sizeof(*upload));
}

static struct clconfd_upload *find(struct clconfd *daemon, const char *id)
{
	for (int i = 0; i < CLCONFD_UPLOADS; i++)
		if (daemon->upload[i].data && !strcmp(daemon->upload[i].id, id))
			return &daemon->upload[i];
	return NULL;
}

/* A free place; an upload that was given up long ago makes room. */
static struct clconfd_upload *find_room(struct clconfd *daemon, u64 now_ns)
{
	for (int i = 0; i < CLCONFD_UPLOADS; i++) {
		struct clconfd_upload *upload = &daemon->upload[i];

		if (upload->data && now_ns - upload->used_ns > LIFE_NS)
			clconfd_upload_drop(upload);
		if (!upload->data)
			return upload;
	}
	return NULL;
}

static struct clconfd_upload *begin(struct clconfd *daemon, struct ipc_request *request,
				    const char *id, json_int_t size)
{
	struct clconfd_upload *upload = find(daemon, id);

	if (upload)
		clconfd_upload_drop(upload);
	else
		upload = find_room(daemon, base_clock_ns());
	if (!upload) {
		ipc_reply_error(request, EBUSY, "too many configurations are being checked at "
				"once on %s; try again in some minutes", daemon->options.node);
		return NULL;
	}
	if (size <= 0 || size > CONF_BINARY_MAX || !*id ||
	    base_str_copy(upload->id, sizeof(upload->id), id)) {
		ipc_reply_error(request, EINVAL, "stage: bad size or id");
		return NULL;
	}
	upload->data = malloc((size_t)size);
	upload->size = (size_t)size;
	if (!upload->data)
		ipc_reply_error(request, ENOMEM, "out of memory");
	return upload->data ? upload : NULL;
}

void clconfd_upload_take(struct ipc_request *request, json_t *args, void *arg)
{
	struct clconfd *daemon = arg;
	struct clconfd_upload *upload;
	json_int_t size, offset;
	const char *id, *data;
	size_t bytes;

	if (!clconfd_args(request, args, "{s:s,s:I,s:I,s:s}", "id", &id, "size", &size,
			  "offset", &offset, "data", &data))
		return;
	upload = offset ? find(daemon, id) : begin(daemon, request, id, size);
	if (!upload && !offset)
		return;
	bytes = strlen(data) / 2;
	if (!upload || offset < 0 || (u64)offset != upload->got || size < 0 ||
	    upload->size != (size_t)size || bytes > upload->size - upload->got ||
	    base_hex_read(data, upload->data + offset, bytes)) {
		ipc_reply_error(request, EINVAL, "stage: the pieces do not fit together");
		return;
	}
	upload->got += bytes;
	upload->used_ns = base_clock_ns();
	ipc_reply_result(request, json_pack("{s:I}", "got", (json_int_t)upload->got));
}

struct clconfd_upload *clconfd_upload_find(struct clconfd *daemon, struct ipc_request *request,
					   const char *id)
{
	struct clconfd_upload *upload = find(daemon, id);

	if (upload && upload->got == upload->size) {
		upload->used_ns = base_clock_ns();
		return upload;
	}
	ipc_reply_error(request, ENOENT, "the configuration did not arrive whole on %s; "
			"run the command again", daemon->options.node);
	return NULL;
}

struct conf *clconfd_upload_conf(struct clconfd *daemon, struct ipc_request *request,
				 const char *id)
{
	struct clconfd_upload *upload = clconfd_upload_find(daemon, request, id);
	const char *reason = "";
	struct conf *conf;

	if (!upload)
		return NULL;
	conf = malloc(sizeof(*conf));
	if (!conf) {
		ipc_reply_error(request, ENOMEM, "out of memory");
		return NULL;
	}
	if (conf_decode(conf, upload->data, upload->size, &reason)) {
		free(conf);
		ipc_reply_error(request, EINVAL, "the configuration that arrived on %s: %s",
				daemon->options.node, reason);
		return NULL;
	}
	return conf;
}

bool clconfd_upload_take_copy(struct clconfd_job *job, const char *id)
{
	struct clconfd_upload *upload = clconfd_upload_find(job->daemon, job->request, id);

	if (!upload)
		return false;
	job->data = malloc(upload->size);
	job->size = upload->size;
	if (job->data)
		memcpy(job->data, upload->data, upload->size);
	else
		ipc_reply_error(job->request, ENOMEM, "out of memory");
	return job->data != NULL;
}
