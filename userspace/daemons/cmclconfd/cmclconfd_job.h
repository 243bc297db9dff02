/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Work that waits, in a thread of its own; its end is handled in the loop. */
#ifndef CMCLCONFD_JOB_H
#define CMCLCONFD_JOB_H

#include "cmclconfd.h"

/**
 * struct clconfd_job - one piece of work
 * @request: gets the result; NULL for work of the daemon's own
 * @args: the job's own copy
 * @data, @size: bytes handed over at the start, freed at the end
 * @result: set by @run; or @error (negative) and @text
 * @done: called in the loop before the reply; may be NULL
 */
struct clconfd_job {
	struct clconfd *daemon;
	struct ipc_request *request;
	json_t *args;
	u8 *data;
	size_t size;
	json_t *result;
	int error;
	char text[CLCONFD_TEXT_MAX];
	void (*run)(struct clconfd_job *job);
	void (*done)(struct clconfd_job *job);
};

int clconfd_jobs_create(struct clconfd *daemon);
unsigned int clconfd_jobs_running(const struct clconfd *daemon);

/**
 * clconfd_job_start - run a copy of @template in a thread
 * args are copied, data and request taken over, in any case: on failure the
 * request has got its error.
 * Return: 0, -EBUSY: too many, -ENOMEM.
 */
int clconfd_job_start(const struct clconfd_job *template);

/* From the thread. */
void clconfd_job_progress(struct clconfd_job *job, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void clconfd_job_fail(struct clconfd_job *job, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
