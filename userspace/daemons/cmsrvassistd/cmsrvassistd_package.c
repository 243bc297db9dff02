// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A package is a list of steps: clear away, pre-scripts, addresses, external
 * scripts, run script, services.  A start walks it up, a halt walks it down, a
 * failed start walks down again what it had begun.
 */
#include "cmsrvassistd.h"

#include <tocsin/base.h>
#include <tocsin/base_log.h>

#include <stdlib.h>
#include <time.h>

/* After a timeout, so long for what was killed to be gone. */
#define LAST_WAIT_US	(5ULL * 1000000)

static void walk(struct assistd_package *package);

static bool going_down(const struct assistd_package *package)
{
	return package->phase == ASSISTD_UNDOING || package->phase == ASSISTD_HALTING ||
	       package->phase == ASSISTD_PURGING;
}

static void timer_stop(struct assistd_package *package)
{
	package->timer = sd_event_source_disable_unref(package->timer);
}

/* What is being waited for is ended by force; its end then drives the walk. */
static void wait_cut(struct assistd_package *package)
{
	char path[ASSISTD_PATH_MAX];

	assistd_cgroup_path(package, package->script.pid ? package->script_part : NULL,
			    path, sizeof(path));
	assistd_cgroup_kill(path);
}

static void report(struct assistd_package *package, enum assist_type type,
		   enum pkg_outcome outcome)
{
	struct assist_message message = { .head = {
		.type = type, .slot = package->slot, .run = package->run,
		.number = outcome, .clean = package->clean },
		.package.name = package->def.name };

	assistd_record(package, type == ASSIST_STARTED ? "start-end" : "halt-end",
		       "outcome=%d clean=%d", outcome, package->clean);
	assistd_send(package->assistd, &message);
	package->told = true;
}

static int overdue(sd_event_source *source, u64 usec, void *data)
{
	struct assistd_package *package = data;

	if (package->overdue) {
		/* Even SIGKILL did not end it: go on without. */
		package->hopeless = true;
		assistd_wait_end(package);
		assistd_process_forget(&package->script);
		assistd_package_advance(package, PKG_TIMEOUT);
		return 0;
	}
	package->overdue = true;
	package->outcome = PKG_TIMEOUT;
	assistd_record(package, "timeout", "phase=%s",
		       package->phase == ASSISTD_STARTING ? "start" : "halt");
	if (package->def.fail_fast && package->phase != ASSISTD_UNDOING) {
		package->clean = false;
		report(package, package->phase == ASSISTD_STARTING ? ASSIST_STARTED :
		       ASSIST_HALTED, PKG_TIMEOUT);
	}
	if (sd_event_source_set_time_relative(source, LAST_WAIT_US) < 0 ||
	    sd_event_source_set_enabled(source, SD_EVENT_ONESHOT) < 0)
		base_log(BASE_LOG_ERROR, "package %s: cannot set a timer", package->def.name);
	wait_cut(package);
	return 0;
}

static void timer_start(struct assistd_package *package, u64 timeout_ns)
{
	timer_stop(package);
	package->overdue = false;
	package->hopeless = false;
	if (!timeout_ns)
		return;
	if (sd_event_add_time_relative(package->assistd->event, &package->timer, CLOCK_BOOTTIME,
				       timeout_ns / 1000, 1000, overdue, package) < 0)
		base_log(BASE_LOG_ERROR, "package %s: cannot set a timer: it may take longer "
			 "than its timeout", package->def.name);
}

static void started(struct assistd_package *package)
{
	timer_stop(package);
	package->phase = ASSISTD_UP;
	package->clean = true;
	assistd_state_save(package);
	report(package, ASSIST_STARTED, PKG_OK);
}

/* From here on downwards, beginning with the step that failed. */
static void start_failed(struct assistd_package *package, enum pkg_outcome outcome)
{
	package->outcome = package->overdue ? PKG_TIMEOUT : outcome;
	package->phase = ASSISTD_UNDOING;
	package->halt_reason = PKG_HALT_FAILURE;
	package->clean = true;
	package->at++;
	if (package->def.fail_fast && package->outcome == PKG_RESTART) {
		package->clean = false;
		report(package, ASSIST_STARTED, package->outcome);
		package->clean = true;
	}
	assistd_state_save(package);
	timer_start(package, package->def.halt_timeout_ns);
}

/* All steps are down. */
static void stopped(struct assistd_package *package)
{
	enum assistd_phase phase = package->phase;

	timer_stop(package);
	package->phase = ASSISTD_IDLE;
	for (u16 i = 0; i < CONF_SERVICES_MAX; i++)
		assistd_process_forget(&package->service[i]);
	if (package->clean)
		assistd_state_remove(package);
	else
		assistd_state_save(package);
	if (phase == ASSISTD_UNDOING && !package->told)
		report(package, ASSIST_STARTED, package->outcome);
	if (phase == ASSISTD_HALTING && !package->told)
		report(package, ASSIST_HALTED, package->outcome);
	if (phase == ASSISTD_PURGING)
		assistd_ready_check(package->assistd);
}

static void down_failed(struct assistd_package *package, enum pkg_outcome outcome)
{
	package->clean = false;
	if (package->phase == ASSISTD_HALTING && package->outcome != PKG_TIMEOUT)
		package->outcome = outcome;
}

/* Take steps until one has to be waited for, or all are taken. */
static void walk(struct assistd_package *package)
{
	struct assistd_step *step;
	enum pkg_outcome outcome;

	while (package->phase == ASSISTD_STARTING) {
		if (package->at == package->step_count) {
			started(package);
			return;
		}
		step = &package->step[package->at];
		step->begun = true;
		outcome = assistd_step_up(package, step);
		if (outcome == PKG_UNABLE)
			return;
		if (outcome == PKG_OK)
			package->at++;
		else
			start_failed(package, outcome);
	}
	while (going_down(package) && --package->at >= 0) {
		step = &package->step[package->at];
		if (!step->begun)
			continue;
		step->begun = false;
		outcome = assistd_step_down(package, step);
		if (outcome == PKG_UNABLE)
			return;
		if (outcome != PKG_OK)
			down_failed(package, outcome);
	}
	if (going_down(package))
		stopped(package);
}

static void step_is_down(struct assistd_package *package, enum pkg_outcome outcome)
{
	const struct assistd_step *step = &package->step[package->at];

	core_assert(package->at < package->step_count);
	if (outcome != PKG_OK)
		down_failed(package, outcome);
	else if (step->kind == ASSISTD_SERVICE)
		assistd_record(package, "service-stopped", "service=%s",
			       package->def.service[step->index].name);
}

void assistd_package_advance(struct assistd_package *package, enum pkg_outcome outcome)
{
	if (package->phase == ASSISTD_STARTING) {
		if (outcome == PKG_OK && !package->overdue)
			package->at++;
		else
			start_failed(package, outcome == PKG_OK ? PKG_TIMEOUT : outcome);
	} else if (going_down(package)) {
		if (!package->cancelled)
			step_is_down(package, outcome);
		package->cancelled = false;
	} else {
		return;
	}
	walk(package);
}

void assistd_package_start(struct assistd *assistd, const struct assist_message *message,
			   const void *bytes, size_t length)
{
	struct assistd_package *package = assistd_package_find(assistd, message->package.name);
	bool same = package && package->run == message->head.run;

	if (package && package->phase == ASSISTD_STARTING && same)
		return;
	if (package && package->phase != ASSISTD_IDLE) {
		struct assist_message answer = { .head = {
			.type = ASSIST_STARTED, .slot = message->head.slot,
			.run = message->head.run, .clean = true,
			.number = package->phase == ASSISTD_UP && same ? PKG_OK : PKG_UNABLE },
			.package.name = package->def.name };

		assistd_send(assistd, &answer);
		return;
	}
	package = assistd_package_take(assistd, message, bytes, length);
	if (!package)
		return;
	package->phase = ASSISTD_STARTING;
	package->told = false;
	package->cancelled = false;
	package->outcome = PKG_OK;
	package->at = 0;
	memset(package->restarts, 0, sizeof(package->restarts));
	assistd_steps_build(package);
	assistd_state_save(package);
	assistd_record(package, "start-begin", "timeout_ms=%llu",
		       (unsigned long long)package->def.run_timeout_ns / 1000000);
	timer_start(package, package->def.run_timeout_ns);
	walk(package);
}

static void halt_begin(struct assistd_package *package)
{
	enum assistd_phase before = package->phase;

	package->phase = ASSISTD_HALTING;
	package->told = false;
	if (before != ASSISTD_UNDOING)
		package->clean = true;
	package->outcome = package->clean ? PKG_OK : PKG_NO_RESTART;
	assistd_record(package, "halt-begin", "reason=%s",
		       pkg_halt_reason_name(package->halt_reason));
	assistd_state_save(package);
	timer_start(package, package->def.halt_timeout_ns);
	if (before == ASSISTD_STARTING) {
		/* Its step is cut short, and taken down when it has ended. */
		package->cancelled = true;
		package->at++;
		wait_cut(package);
		return;
	}
	if (before == ASSISTD_UNDOING || before == ASSISTD_PURGING)
		return;
	if (before == ASSISTD_IDLE) {
		assistd_steps_build(package);
		for (u16 i = 0; i < package->step_count; i++)
			package->step[i].begun = true;
	}
	package->at = package->step_count;
	walk(package);
}

void assistd_package_halt(struct assistd *assistd, const struct assist_message *message,
			  const void *bytes, size_t length)
{
	struct assistd_package *package = assistd_package_find(assistd, message->package.name);

	if (package && package->phase == ASSISTD_HALTING && package->run == message->head.run)
		return;
	if (!package || package->phase == ASSISTD_IDLE)
		package = assistd_package_take(assistd, message, bytes, length);
	if (!package)
		return;
	/* What runs is halted as it was started; cmcld's names for it are new. */
	package->slot = message->head.slot;
	package->run = message->head.run;
	package->halt_reason = (enum pkg_halt_reason)message->head.number;
	halt_begin(package);
}

/* Of another incarnation of this node: its processes and addresses must go. */
void assistd_package_purge(struct assistd_package *package)
{
	char path[ASSISTD_PATH_MAX];

	assistd_record(package, "purge", "incarnation=%016llx",
		       (unsigned long long)package->incarnation);
	timer_stop(package);
	assistd_wait_end(package);
	assistd_process_forget(&package->script);
	assistd_cgroup_path(package, NULL, path, sizeof(path));
	assistd_cgroup_kill(path);
	assistd_steps_build(package);
	for (u16 i = 0; i < package->step_count; i++)
		package->step[i].begun = package->step[i].kind == ASSISTD_ADDRESS ||
					 package->step[i].kind == ASSISTD_CLEAR;
	package->phase = ASSISTD_PURGING;
	package->told = true;
	package->clean = true;
	package->cancelled = false;
	package->overdue = false;
	package->hopeless = false;
	package->at = package->step_count;
	walk(package);
}
