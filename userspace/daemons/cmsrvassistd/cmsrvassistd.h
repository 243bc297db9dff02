/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmsrvassistd: forks and execs for cmcld.  One thread, one event loop; nothing
 * blocks but short system calls.  A package here is a list of steps that is
 * walked up (start) and down (halt, undo); see cmsrvassistd_package.c.
 */
#ifndef CMSRVASSISTD_H
#define CMSRVASSISTD_H

#include <tocsin/assist.h>

#include <stdarg.h>
#include <stdio.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#define ASSISTD_PATH_MAX	512
#define ASSISTD_STEPS_MAX	(2 * CONF_SCRIPTS_MAX + CONF_PKG_ADDRESSES_MAX + \
				 CONF_SERVICES_MAX + 2)

struct assistd_package;

/**
 * struct assistd - the daemon
 * @cgroup: directory below which each package gets its own
 * @hello: cmcld has said who it is; @ready_due: READY waits for clearing away
 */
struct assistd {
	sd_event *event;
	char socket_path[ASSISTD_PATH_MAX];
	char state_dir[ASSISTD_PATH_MAX];
	char cgroup[ASSISTD_PATH_MAX];
	int listen_fd;
	int client_fd;
	sd_event_source *client_source;
	bool hello;
	bool ready_due;
	char node[CONF_NAME_MAX + 1];
	char cluster[CONF_NAME_MAX + 1];
	u64 incarnation;
	struct assistd_package *packages;
};

enum assistd_step_kind {
	ASSISTD_CLEAR,		/* end what an earlier run left */
	ASSISTD_PRE,
	ASSISTD_ADDRESS,
	ASSISTD_EXTERNAL,
	ASSISTD_SCRIPT,		/* run_script, halt_script */
	ASSISTD_SERVICE,
};

struct assistd_step {
	enum assistd_step_kind kind;
	u16 index;
	bool begun;
};

/* A process that was forked here, or found after a restart (then no child). */
struct assistd_process {
	struct assistd_package *package;
	u16 service;		/* PKG_NOBODY: a script */
	pid_t pid;		/* 0: none */
	int pidfd;
	bool child;
	sd_event_source *source;
};

enum assistd_phase {
	ASSISTD_IDLE,
	ASSISTD_STARTING,
	ASSISTD_UP,
	ASSISTD_UNDOING,	/* a start failed; STARTED is reported at the end */
	ASSISTD_HALTING,
	ASSISTD_PURGING,	/* of another incarnation: all must go, nothing is reported */
};

/**
 * struct assistd_package - a package that is, or was last, on this node
 * @message: bytes that @def points into
 * @at: step being taken
 * @told: the outcome was reported already (fail_fast)
 */
struct assistd_package {
	struct assistd_package *next;
	struct assistd *assistd;
	void *message;
	size_t message_length;
	struct assist_package def;
	u64 incarnation;
	u16 slot;
	u32 run;
	enum assistd_phase phase;
	enum pkg_halt_reason halt_reason;
	enum pkg_outcome outcome;
	bool clean;
	bool told;
	bool overdue;			/* its time is over: what runs was killed */
	bool hopeless;			/* and could not be killed */
	bool cancelled;			/* a step up was cut short by a halt */
	char script_part[24];		/* cgroup of the script that runs */
	u16 step_count;
	int at;
	struct assistd_step step[ASSISTD_STEPS_MAX];
	struct assistd_process script;
	struct assistd_process service[CONF_SERVICES_MAX];
	u32 restarts[CONF_SERVICES_MAX];
	sd_event_source *timer;		/* of the start, undo or halt */
	sd_event_source *term_timer;	/* from SIGTERM to SIGKILL */
	sd_event_source *empty_source;	/* a cgroup that must become empty */
	int empty_fd;
	sd_event_source *announce_timer;
	u8 announced;
};

#include "cmsrvassistd_parts.h"

#endif
