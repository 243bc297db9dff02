/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Configurations that are being sent here piece by piece; from the loop only. */
#ifndef CMCLCONFD_UPLOAD_H
#define CMCLCONFD_UPLOAD_H

#include "cmclconfd_job.h"

/* A whole upload, or NULL after an error reply to @request. */
struct clconfd_upload *clconfd_upload_find(struct clconfd *daemon, struct ipc_request *request,
					   const char *id);
/* The same, decoded; the caller frees it. */
struct conf *clconfd_upload_conf(struct clconfd *daemon, struct ipc_request *request,
				 const char *id);
void clconfd_upload_drop(struct clconfd_upload *upload);

/* Copies the bytes of an upload to a job; false after an error reply. */
bool clconfd_upload_take_copy(struct clconfd_job *job, const char *id);

/* Operation "stage": {id, size, offset, data in hexadecimal} -> {got}. */
void clconfd_upload_take(struct ipc_request *request, json_t *args, void *arg);

#endif
