/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Event loop of the real-time thread: file descriptors and timers, made once
 * at start, nothing allocated afterwards.  Due timers run before each
 * descriptor's handler, so that one busy descriptor can not hold up a pet.
 */
#ifndef CMCLD_LOOP_H
#define CMCLD_LOOP_H

#include "core_env.h"

#define CMCLD_LOOP_FDS_MAX	16
#define CMCLD_LOOP_TIMERS_MAX	16
#define CMCLD_NEVER		UINT64_MAX

struct cmcld_loop;

typedef void (*cmcld_loop_fd_fn)(void *arg, u32 events);
typedef void (*cmcld_loop_timer_fn)(void *arg, u64 now_ns);

struct cmcld_loop *cmcld_loop_create(void);
void cmcld_loop_destroy(struct cmcld_loop *loop);

/* Watch @fd for @events (EPOLLIN ...); a second call changes the events.
 * Return: 0, -ENOSPC, or -errno of epoll_ctl(2). */
int cmcld_loop_watch(struct cmcld_loop *loop, int fd, u32 events,
		     cmcld_loop_fd_fn handler, void *arg);
/* Stop watching, before the descriptor is closed. */
void cmcld_loop_unwatch(struct cmcld_loop *loop, int fd);

/* A timer, not armed. Return: its number >= 0, or -ENOSPC. Timers that are due
 * at the same time run in the order of their numbers. */
int cmcld_loop_timer_add(struct cmcld_loop *loop, cmcld_loop_timer_fn handler,
			 void *arg);
/* Arm for the absolute time @due_ns (base_clock_ns()); CMCLD_NEVER
 * disarms. A timer fires once. */
void cmcld_loop_timer_set(struct cmcld_loop *loop, int timer, u64 due_ns);

/* Run until cmcld_loop_stop(). Return: 0, or -errno of a failed wait. */
int cmcld_loop_run(struct cmcld_loop *loop);
void cmcld_loop_stop(struct cmcld_loop *loop);

#endif
