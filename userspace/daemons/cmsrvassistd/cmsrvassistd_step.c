// SPDX-License-Identifier: GPL-2.0-or-later
/* One step of a start or halt: a script, an address, a service. */
#include "cmsrvassistd.h"

#include <tocsin/base.h>
#include <tocsin/base_log.h>
#include <tocsin/conf_address.h>

#include <stdlib.h>
#include <sys/wait.h>

static void steps_add(struct assistd_package *package, enum assistd_step_kind kind, u16 count)
{
	for (u16 i = 0; i < count; i++) {
		struct assistd_step *step = &package->step[package->step_count++];

		core_assert(package->step_count <= ASSISTD_STEPS_MAX);
		step->kind = kind;
		step->index = i;
		step->begun = false;
	}
}

void assistd_steps_build(struct assistd_package *package)
{
	const struct assist_package *def = &package->def;

	package->step_count = 0;
	steps_add(package, ASSISTD_CLEAR, 1);
	steps_add(package, ASSISTD_PRE, def->pre_count);
	steps_add(package, ASSISTD_ADDRESS, def->address_count);
	steps_add(package, ASSISTD_EXTERNAL, def->external_count);
	steps_add(package, ASSISTD_SCRIPT, def->run_script || def->halt_script);
	steps_add(package, ASSISTD_SERVICE, def->service_count);
}

/* End all processes of the package, wait until they are gone. */
static enum pkg_outcome clear(struct assistd_package *package)
{
	char path[ASSISTD_PATH_MAX];
	enum pkg_outcome outcome;

	assistd_cgroup_path(package, NULL, path, sizeof(path));
	if (!assistd_cgroup_empty(path)) {
		assistd_record(package, "left-over-killed", "cgroup=%s", path);
		assistd_cgroup_kill(path);
	}
	if (package->hopeless)
		return assistd_cgroup_empty(path) ? PKG_OK : PKG_TIMEOUT;
	outcome = assistd_wait_empty(package, path);
	if (outcome == PKG_OK)
		assistd_cgroup_remove(path);
	return outcome;
}

static enum pkg_outcome script_run(struct assistd_package *package, const char *path,
				   const char *verb)
{
	char *argv[] = { (char *)path, (char *)verb, NULL };
	char cgroup[ASSISTD_PATH_MAX];
	char **envp;
	int err;

	if (!path)
		return PKG_OK;
	assistd_record(package, "script-begin", "script=%s verb=%s", path, verb);
	assistd_step_send(package, "%s %s", path, verb);
	base_str_print(package->script_part, sizeof(package->script_part), "%s-%d", verb,
		       package->at);
	assistd_cgroup_path(package, package->script_part, cgroup, sizeof(cgroup));
	envp = assistd_environment_make(package, PKG_NOBODY);
	err = envp ? assistd_process_spawn(&package->script, cgroup, argv, envp) : -ENOMEM;
	assistd_environment_free(envp);
	if (!err)
		return PKG_UNABLE;
	base_log(BASE_LOG_ERROR, "package %s: %s %s: cannot be run: %s", package->def.name,
		 path, verb, strerror(-err));
	return PKG_NO_RESTART;
}

/* Exit codes: 0, 2 (restart: try elsewhere), all else: no restart. */
void assistd_script_ended(struct assistd_process *process, int status)
{
	struct assistd_package *package = process->package;
	int code = status != -1 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	enum pkg_outcome outcome = code ? PKG_NO_RESTART : PKG_OK;

	assistd_record(package, "script-end", "exit=%d signal=%d", code,
		       status != -1 && WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	if (code == 2 && package->phase == ASSISTD_STARTING)
		outcome = PKG_RESTART;
	assistd_package_advance(package, outcome);
}

static enum pkg_outcome address_up(struct assistd_package *package, u16 index)
{
	const struct conf_address *address = &package->def.address[index].address;
	char text[CONF_ADDRESS_TEXT_MAX], ifname[16] = "-";
	int err;

	conf_address_print(address, text);
	assistd_step_send(package, "address %s", text);
	assistd_address_remove(address);
	err = assistd_address_add(address, ifname);
	if (err) {
		base_log(BASE_LOG_ERROR, "package %s: address %s cannot be added: %s",
			 package->def.name, text, err == -ENONET ?
			 "no interface of this node has an address in its subnet" :
			 strerror(-err));
		assistd_record(package, "address-failed", "address=%s errno=%d", text, -err);
		return PKG_NO_RESTART;
	}
	assistd_record(package, "address-up", "address=%s interface=%s", text, ifname);
	assistd_announce_start(package);
	return PKG_OK;
}

static enum pkg_outcome address_down(struct assistd_package *package, u16 index)
{
	const struct conf_address *address = &package->def.address[index].address;
	char text[CONF_ADDRESS_TEXT_MAX];
	int err;

	assistd_announce_stop(package);
	conf_address_print(address, text);
	err = assistd_address_remove(address);
	assistd_record(package, "address-down", "address=%s", text);
	if (err >= 0)
		return PKG_OK;
	base_log(BASE_LOG_ERROR, "package %s: address %s cannot be removed: %s",
		 package->def.name, text, strerror(-err));
	return PKG_NO_RESTART;
}

enum pkg_outcome assistd_step_up(struct assistd_package *package, struct assistd_step *step)
{
	const struct assist_package *def = &package->def;

	switch (step->kind) {
	case ASSISTD_CLEAR:
		for (u16 i = 0; i < def->address_count; i++)
			assistd_address_remove(&def->address[i].address);
		return clear(package);
	case ASSISTD_PRE:
		return script_run(package, def->pre[step->index], "start");
	case ASSISTD_ADDRESS:
		return address_up(package, step->index);
	case ASSISTD_EXTERNAL:
		return script_run(package, def->external[step->index], "start");
	case ASSISTD_SCRIPT:
		return script_run(package, def->run_script, "start");
	case ASSISTD_SERVICE:
		assistd_step_send(package, "service %s", def->service[step->index].name);
		return assistd_service_start(package, step->index) ? PKG_NO_RESTART : PKG_OK;
	}
	return PKG_NO_RESTART;
}

static enum pkg_outcome script_down(struct assistd_package *package, const char *path)
{
	/* Once the time is over no more scripts are run, only ends are made. */
	if (package->overdue)
		return PKG_TIMEOUT;
	return script_run(package, path, "stop");
}

enum pkg_outcome assistd_step_down(struct assistd_package *package, struct assistd_step *step)
{
	const struct assist_package *def = &package->def;

	switch (step->kind) {
	case ASSISTD_CLEAR:
		return clear(package);
	case ASSISTD_PRE:
		return script_down(package, def->pre[step->index]);
	case ASSISTD_ADDRESS:
		return address_down(package, step->index);
	case ASSISTD_EXTERNAL:
		return script_down(package, def->external[step->index]);
	case ASSISTD_SCRIPT:
		/* The result table: no halt script after a failed run script. */
		if (package->phase == ASSISTD_UNDOING)
			return PKG_OK;
		return script_down(package, def->halt_script);
	case ASSISTD_SERVICE:
		assistd_step_send(package, "stop service %s", def->service[step->index].name);
		return assistd_service_stop(package, step->index);
	}
	return PKG_OK;
}
