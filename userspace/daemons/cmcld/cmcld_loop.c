// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmcld_loop.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <tocsin/base.h>

struct watch {
	int fd;			/* -1: unused */
	cmcld_loop_fd_fn handler;
	void *arg;
};

struct timer {
	u64 due_ns;
	cmcld_loop_timer_fn handler;
	void *arg;
};

struct cmcld_loop {
	int epoll_fd;
	int timer_fd;
	int timers;
	bool stopping;
	struct watch watch[CMCLD_LOOP_FDS_MAX];
	struct timer timer[CMCLD_LOOP_TIMERS_MAX];
};

struct cmcld_loop *cmcld_loop_create(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct cmcld_loop *loop = calloc(1, sizeof(*loop));
	int i;

	if (!loop)
		return NULL;
	for (i = 0; i < CMCLD_LOOP_FDS_MAX; i++)
		loop->watch[i].fd = -1;
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	loop->timer_fd = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	event.data.u32 = CMCLD_LOOP_FDS_MAX;
	if (loop->epoll_fd < 0 || loop->timer_fd < 0 ||
	    epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->timer_fd, &event)) {
		cmcld_loop_destroy(loop);
		return NULL;
	}
	return loop;
}

void cmcld_loop_destroy(struct cmcld_loop *loop)
{
	if (!loop)
		return;
	if (loop->epoll_fd >= 0)
		close(loop->epoll_fd);
	if (loop->timer_fd >= 0)
		close(loop->timer_fd);
	free(loop);
}

static int watch_find(const struct cmcld_loop *loop, int fd)
{
	int i;

	for (i = 0; i < CMCLD_LOOP_FDS_MAX; i++)
		if (loop->watch[i].fd == fd)
			return i;
	return -1;
}

int cmcld_loop_watch(struct cmcld_loop *loop, int fd, u32 events,
		     cmcld_loop_fd_fn handler, void *arg)
{
	struct epoll_event event = { .events = events };
	int slot = watch_find(loop, fd);
	int op = EPOLL_CTL_MOD;

	if (slot < 0) {
		slot = watch_find(loop, -1);
		op = EPOLL_CTL_ADD;
	}
	if (slot < 0)
		return -ENOSPC;
	event.data.u32 = (u32)slot;
	if (epoll_ctl(loop->epoll_fd, op, fd, &event))
		return -errno;
	loop->watch[slot] = (struct watch){
		.fd = fd, .handler = handler, .arg = arg,
	};
	return 0;
}

void cmcld_loop_unwatch(struct cmcld_loop *loop, int fd)
{
	int slot = watch_find(loop, fd);

	if (fd < 0 || slot < 0)
		return;
	epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
	loop->watch[slot].fd = -1;
}

int cmcld_loop_timer_add(struct cmcld_loop *loop, cmcld_loop_timer_fn handler,
			 void *arg)
{
	int number = loop->timers;

	if (number == CMCLD_LOOP_TIMERS_MAX)
		return -ENOSPC;
	loop->timer[number] = (struct timer){
		.due_ns = CMCLD_NEVER, .handler = handler, .arg = arg,
	};
	loop->timers++;
	return number;
}

void cmcld_loop_timer_set(struct cmcld_loop *loop, int timer, u64 due_ns)
{
	core_assert(timer >= 0 && timer < loop->timers);
	loop->timer[timer].due_ns = due_ns;
}

static void timers_run(struct cmcld_loop *loop)
{
	u64 now = base_clock_ns();
	int i;

	for (i = 0; i < loop->timers; i++) {
		struct timer *timer = &loop->timer[i];

		if (timer->due_ns > now)
			continue;
		timer->due_ns = CMCLD_NEVER;
		timer->handler(timer->arg, now);
	}
}

/* The timer descriptor counts on another clock: only differences are given. */
static void wakeup_set(struct cmcld_loop *loop)
{
	struct itimerspec spec = { };
	u64 due = CMCLD_NEVER;
	u64 now = base_clock_ns();
	u64 left;
	int i;

	for (i = 0; i < loop->timers; i++)
		if (loop->timer[i].due_ns < due)
			due = loop->timer[i].due_ns;
	if (due != CMCLD_NEVER) {
		left = due > now ? due - now : 1;
		spec.it_value.tv_sec = (time_t)(left / 1000000000ULL);
		spec.it_value.tv_nsec = (long)(left % 1000000000ULL);
	}
	timerfd_settime(loop->timer_fd, 0, &spec, NULL);
}

static void event_run(struct cmcld_loop *loop, const struct epoll_event *event)
{
	u32 slot = event->data.u32;
	u64 count;

	if (slot == CMCLD_LOOP_FDS_MAX) {
		if (read(loop->timer_fd, &count, sizeof(count)) < 0)
			return;
		return;
	}
	if (loop->watch[slot].fd >= 0)
		loop->watch[slot].handler(loop->watch[slot].arg, event->events);
}

int cmcld_loop_run(struct cmcld_loop *loop)
{
	struct epoll_event event[CMCLD_LOOP_FDS_MAX + 1];
	int i, n;

	loop->stopping = false;
	while (!loop->stopping) {
		timers_run(loop);
		if (loop->stopping)
			break;
		wakeup_set(loop);
		n = epoll_wait(loop->epoll_fd, event, CMCLD_LOOP_FDS_MAX + 1, -1);
		if (n < 0 && errno != EINTR)
			return -errno;
		for (i = 0; i < n && !loop->stopping; i++) {
			timers_run(loop);
			event_run(loop, &event[i]);
		}
	}
	return 0;
}

void cmcld_loop_stop(struct cmcld_loop *loop)
{
	loop->stopping = true;
}
