// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Services: a command run by /bin/sh in a cgroup of its own.  The service is its
 * first process; when that ends, for whatever reason, the service has failed and
 * the rest of its cgroup is killed.
 */
#include "cmsrvassistd.h"

#include <tocsin/base.h>
#include <tocsin/base_log.h>

#include <signal.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/*
 * Each restart gets a cgroup of its own: on some kernels (seen on 6.18) a process
 * that is born (CLONE_INTO_CGROUP) in a cgroup that was ever killed (cgroup.kill)
 * dies at birth.
 */
static void try_path(const struct assistd_package *package, u16 service, u32 restarts,
		     char *out, size_t size)
{
	char part[CONF_NAME_MAX + 24];

	base_str_print(part, sizeof(part), "svc-%s.%u", package->def.service[service].name,
		       restarts);
	assistd_cgroup_path(package, part, out, size);
}

static void service_path(const struct assistd_package *package, u16 service, char *out,
			 size_t size)
{
	try_path(package, service, package->restarts[service], out, size);
}

/* Those of earlier restarts; what is still dying is removed next time. */
static void former_remove(const struct assistd_package *package, u16 service)
{
	char path[ASSISTD_PATH_MAX];

	for (u32 back = 1; back <= 3 && back <= package->restarts[service]; back++) {
		try_path(package, service, package->restarts[service] - back, path,
			 sizeof(path));
		assistd_cgroup_remove(path);
	}
}

int assistd_service_start(struct assistd_package *package, u16 service)
{
	const struct assist_service *def = &package->def.service[service];
	char *argv[] = { (char *)"/bin/sh", (char *)"-c", (char *)def->cmd, NULL };
	char path[ASSISTD_PATH_MAX];
	char **envp = assistd_environment_make(package, service);
	int err = -ENOMEM;

	former_remove(package, service);
	service_path(package, service, path, sizeof(path));
	if (envp)
		err = assistd_process_spawn(&package->service[service], path, argv, envp);
	assistd_environment_free(envp);
	if (err)
		base_log(BASE_LOG_ERROR, "package %s: service %s cannot be started: %s",
			 package->def.name, def->name, strerror(-err));
	else
		assistd_record(package, "service-start", "service=%s pid=%d restarts=%u",
			       def->name, package->service[service].pid,
			       package->restarts[service]);
	assistd_state_save(package);
	return err;
}

static void exit_send(struct assistd_package *package, u16 service, int status)
{
	struct assist_message message = { .head = {
		.type = ASSIST_SERVICE_EXIT, .slot = package->slot, .run = package->run,
		.service = service, .number = status },
		.package.name = package->def.name };

	assistd_send(package->assistd, &message);
}

void assistd_service_ended(struct assistd_process *process, int status)
{
	struct assistd_package *package = process->package;
	char path[ASSISTD_PATH_MAX];

	assistd_record(package, "service-exit", "service=%s exit=%d signal=%d",
		       package->def.service[process->service].name,
		       status != -1 && WIFEXITED(status) ? WEXITSTATUS(status) : -1,
		       status != -1 && WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	if (package->phase != ASSISTD_UP && package->phase != ASSISTD_STARTING)
		return;
	service_path(package, process->service, path, sizeof(path));
	assistd_cgroup_kill(path);
	assistd_state_save(package);
	exit_send(package, process->service, status);
}

/* SERVICE_START: cmcld has decided that it is to be tried again. */
void assistd_service_again(struct assistd *assistd, const struct assist_message *message)
{
	u16 service = message->head.service;

	const char *name = message->package.name;

	for (struct assistd_package *p = assistd->packages; p; p = p->next) {
		if (p->run != message->head.run ||
		    (name ? strcmp(name, p->def.name) != 0 : p->slot != message->head.slot))
			continue;
		if (p->phase != ASSISTD_UP && p->phase != ASSISTD_STARTING)
			return;
		if (service >= p->def.service_count || p->service[service].pid)
			return;
		p->restarts[service] = (u32)message->head.number;
		if (assistd_service_start(p, service))
			exit_send(p, service, -1);
		return;
	}
}

static int term_over(sd_event_source *source, u64 usec, void *data)
{
	struct assistd_package *package = data;
	u16 service = package->step[package->at].index;
	char path[ASSISTD_PATH_MAX];

	package->term_timer = sd_event_source_disable_unref(package->term_timer);
	assistd_record(package, "service-kill", "service=%s",
		       package->def.service[service].name);
	service_path(package, service, path, sizeof(path));
	assistd_cgroup_kill(path);
	return 0;
}

enum pkg_outcome assistd_service_stop(struct assistd_package *package, u16 service)
{
	const struct assist_service *def = &package->def.service[service];
	char path[ASSISTD_PATH_MAX];
	enum pkg_outcome outcome;
	int err;

	service_path(package, service, path, sizeof(path));
	assistd_record(package, "service-stop", "service=%s", def->name);
	if (!def->halt_timeout_ns || package->overdue)
		assistd_cgroup_kill(path);
	else
		assistd_cgroup_signal(path, SIGTERM);
	if (package->hopeless)
		return assistd_cgroup_empty(path) ? PKG_OK : PKG_TIMEOUT;
	outcome = assistd_wait_empty(package, path);
	if (outcome == PKG_OK)
		assistd_record(package, "service-stopped", "service=%s", def->name);
	if (outcome != PKG_UNABLE || !def->halt_timeout_ns || package->overdue)
		return outcome;
	err = sd_event_add_time_relative(package->assistd->event, &package->term_timer,
					 CLOCK_BOOTTIME, def->halt_timeout_ns / 1000, 1000,
					 term_over, package);
	if (err < 0)
		assistd_cgroup_kill(path);
	return outcome;
}

u32 assistd_services_alive(const struct assistd_package *package)
{
	u32 alive = 0;

	for (u16 i = 0; i < package->def.service_count; i++)
		alive |= (u32)(package->service[i].pid != 0) << i;
	return alive;
}

/* The pid alone may name another process by now; the cgroup tells. */
bool assistd_service_adopt(struct assistd_package *package, u16 service, pid_t pid)
{
	struct assistd_process *process = &package->service[service];
	char path[ASSISTD_PATH_MAX];
	int pidfd = pidfd_open(pid, 0);

	if (pidfd < 0)
		return false;
	service_path(package, service, path, sizeof(path));
	if (!assistd_cgroup_holds(path, pid)) {
		close(pidfd);
		return false;
	}
	process->pid = pid;
	process->pidfd = pidfd;
	process->child = false;
	return assistd_process_follow(process) == 0;
}
