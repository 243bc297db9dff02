// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmclconfd_job.h"

#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define JOBS_MAX 32

/* From a thread to the loop: a line of progress, or (text NULL) the end. */
struct note {
	struct note *next;
	struct clconfd_job *job;
	char *text;
};

struct clconfd_jobs {
	struct clconfd *daemon;
	pthread_mutex_t lock;		/* guards first and last */
	struct note *first;
	struct note *last;
	int wake_fd;
	unsigned int running;		/* loop only */
};

static void post(struct clconfd_jobs *jobs, struct note *note)
{
	u64 one = 1;

	pthread_mutex_lock(&jobs->lock);
	if (jobs->last)
		jobs->last->next = note;
	else
		jobs->first = note;
	jobs->last = note;
	pthread_mutex_unlock(&jobs->lock);
	if (write(jobs->wake_fd, &one, sizeof(one)) < 0)
		base_log(BASE_LOG_ERROR, "waking the loop: %m");
}

static struct note *take_all(struct clconfd_jobs *jobs)
{
	struct note *list;

	pthread_mutex_lock(&jobs->lock);
	list = jobs->first;
	jobs->first = NULL;
	jobs->last = NULL;
	pthread_mutex_unlock(&jobs->lock);
	return list;
}

static void free_job(struct clconfd_job *job)
{
	json_decref(job->args);
	json_decref(job->result);
	free(job->data);
	free(job);
}

static void finish(struct clconfd_jobs *jobs, struct clconfd_job *job)
{
	jobs->running--;
	jobs->daemon->busy_ns = base_clock_ns();
	if (job->done)
		job->done(job);
	if (job->request && job->error)
		ipc_reply_error(job->request, -job->error, "%s", job->text);
	else if (job->request)
		ipc_reply_result(job->request, job->result ? json_incref(job->result) :
				 json_object());
	free_job(job);
}

static int on_wake(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	struct clconfd_jobs *jobs = arg;
	struct note *note, *next;
	u64 count;

	if (read(fd, &count, sizeof(count)) < 0)
		return 0;
	for (note = take_all(jobs); note; note = next) {
		next = note->next;
		if (!note->text)
			finish(jobs, note->job);
		else if (note->job->request)
			ipc_reply_progress(note->job->request, json_string(note->text));
		free(note->text);
		free(note);
	}
	return 0;
}

int clconfd_jobs_create(struct clconfd *daemon)
{
	struct clconfd_jobs *jobs = calloc(1, sizeof(*jobs));
	int err;

	if (!jobs)
		return -ENOMEM;
	jobs->daemon = daemon;
	pthread_mutex_init(&jobs->lock, NULL);
	jobs->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	err = jobs->wake_fd < 0 ? -errno : sd_event_add_io(daemon->event, NULL, jobs->wake_fd,
							   EPOLLIN, on_wake, jobs);
	if (err < 0) {
		free(jobs);
		return err;
	}
	daemon->jobs = jobs;
	return 0;
}

unsigned int clconfd_jobs_running(const struct clconfd *daemon)
{
	return daemon->jobs->running;
}

/* The note of the end is allocated before the start: it cannot fail. */
struct thread {
	struct clconfd_job *job;
	struct note *end;
};

static void *thread_main(void *arg)
{
	struct thread thread = *(struct thread *)arg;

	free(arg);
	thread.job->run(thread.job);
	thread.end->job = thread.job;
	post(thread.job->daemon->jobs, thread.end);
	return NULL;
}

static int spawn(struct thread *thread)
{
	sigset_t all, old;
	pthread_attr_t attr;
	pthread_t id;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	err = pthread_create(&id, &attr, thread_main, thread);
	pthread_attr_destroy(&attr);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -err;
}

static int start(struct clconfd_jobs *jobs, const struct clconfd_job *template)
{
	struct clconfd_job *job;
	struct thread *thread;
	int err;

	if (jobs->running == JOBS_MAX)
		return -EBUSY;
	job = calloc(1, sizeof(*job));
	thread = calloc(1, sizeof(*thread));
	if (thread)
		thread->end = calloc(1, sizeof(*thread->end));
	if (!job || !thread || !thread->end) {
		err = -ENOMEM;
		goto err_free;
	}
	*job = *template;
	job->args = template->args ? json_deep_copy(template->args) : json_object();
	thread->job = job;
	err = job->args ? spawn(thread) : -ENOMEM;
	if (err) {
		json_decref(job->args);
		goto err_free;
	}
	jobs->running++;
	return 0;

err_free:
	if (thread)
		free(thread->end);
	free(thread);
	free(job);
	return err;
}

int clconfd_job_start(const struct clconfd_job *template)
{
	int err = start(template->daemon->jobs, template);

	if (!err)
		return 0;
	if (template->request)
		ipc_reply_error(template->request, -err, "cmclconfd on %s: %s",
				template->daemon->options.node,
				err == -EBUSY ? "too many requests at once; try again" :
				strerror(-err));
	free(template->data);
	return err;
}

void clconfd_job_progress(struct clconfd_job *job, const char *format, ...)
{
	struct note *note = calloc(1, sizeof(*note));
	va_list args;
	int length;

	if (!note)
		return;
	va_start(args, format);
	length = vasprintf(&note->text, format, args);
	va_end(args);
	if (length < 0) {
		free(note);
		return;
	}
	note->job = job;
	post(job->daemon->jobs, note);
}

void clconfd_job_fail(struct clconfd_job *job, int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(job->text, sizeof(job->text), format, args);
	va_end(args);
	job->error = error < 0 ? error : -error;
}
