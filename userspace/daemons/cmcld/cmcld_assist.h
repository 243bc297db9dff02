/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Client of cmsrvassistd, in the real-time thread: a packet socket that never
 * blocks.  When cmsrvassistd goes away this tries again every 100 ms.
 */
#ifndef CMCLD_ASSIST_H
#define CMCLD_ASSIST_H

#include <tocsin/pkg.h>

#include "cmcld_loop.h"

struct cmcld_assist;

/**
 * struct cmcld_assist_config
 * @path: socket of cmsrvassistd
 * @event: what happened there, for the package manager; the texts of @step are
 *	valid during the call only
 * @step: a script or service is being run: for progress
 */
struct cmcld_assist_config {
	struct cmcld_loop *loop;
	const char *path;
	const struct conf *conf;
	const struct conf_node *self;
	u64 incarnation;
	void (*event)(void *arg, const struct pkg_event *event);
	void (*step)(void *arg, u16 package, const char *text);
	void *arg;
};

/* Start to connect. NULL: out of memory or timers. */
struct cmcld_assist *cmcld_assist_create(const struct cmcld_assist_config *config);
/* A newer configuration, used from now on. */
void cmcld_assist_configure(struct cmcld_assist *assist, const struct conf *conf);
void cmcld_assist_destroy(struct cmcld_assist *assist);

/* Carry out the actions of the package manager of the same names. What cannot
 * be sent counts as a lost cmsrvassistd: it is connected to anew, and tells
 * what it runs. */
void cmcld_assist_start(struct cmcld_assist *assist, const struct pkg_action *action);
void cmcld_assist_halt(struct cmcld_assist *assist, const struct pkg_action *action);
void cmcld_assist_service(struct cmcld_assist *assist, const struct pkg_action *action);

bool cmcld_assist_connected(const struct cmcld_assist *assist);

#endif
