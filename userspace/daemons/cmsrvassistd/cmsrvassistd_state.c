// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a restarted cmsrvassistd must know: one small file per package below /run
 * (it goes with the boot, as the processes do).  The processes themselves are
 * found again by their cgroup; what was half done is ended and done anew.
 */
#include "cmsrvassistd.h"

#include <tocsin/base.h>
#include <tocsin/base_log.h>

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#define STATE_MAGIC	0x54534131U	/* "TSA1" */

struct state {
	u32 magic;
	u32 phase;
	u64 incarnation;
	u32 run;
	u32 slot;
	s32 pid[CONF_SERVICES_MAX];
	u32 restarts[CONF_SERVICES_MAX];
};

static void state_path(const struct assistd_package *package, char *out, size_t size)
{
	base_str_print(out, size, "%s/%s.state", package->assistd->state_dir,
		       package->def.name);
}

void assistd_state_save(const struct assistd_package *package)
{
	size_t length = sizeof(struct state) + package->message_length;
	struct state *state = calloc(1, length);
	char path[ASSISTD_PATH_MAX];
	int err = -ENOMEM;

	state_path(package, path, sizeof(path));
	if (state) {
		state->magic = STATE_MAGIC;
		state->phase = package->phase;
		state->incarnation = package->incarnation;
		state->run = package->run;
		state->slot = package->slot;
		for (u16 i = 0; i < CONF_SERVICES_MAX; i++) {
			state->pid[i] = package->service[i].pid;
			state->restarts[i] = package->restarts[i];
		}
		memcpy(state + 1, package->message, package->message_length);
		err = base_file_write(path, state, length, 0600);
	}
	free(state);
	if (err)
		base_log(BASE_LOG_ERROR, "%s: %s: after a restart of cmsrvassistd the package "
			 "would be taken for lost", path, strerror(-err));
}

void assistd_state_remove(const struct assistd_package *package)
{
	char path[ASSISTD_PATH_MAX];

	state_path(package, path, sizeof(path));
	if (unlink(path) && errno != ENOENT)
		base_log(BASE_LOG_WARNING, "%s: %s", path, strerror(errno));
}

static void resume_up(struct assistd_package *package, const struct state *state)
{
	package->phase = ASSISTD_UP;
	assistd_steps_build(package);
	for (u16 i = 0; i < package->step_count; i++)
		package->step[i].begun = true;
	for (u16 i = 0; i < package->def.service_count; i++) {
		package->restarts[i] = state->restarts[i];
		if (state->pid[i] && assistd_service_adopt(package, i, state->pid[i]))
			assistd_record(package, "service-found", "service=%s pid=%d",
				       package->def.service[i].name, state->pid[i]);
	}
}

static int resume(struct assistd *assistd, const struct state *state, size_t length)
{
	struct assistd_package *package;
	struct assist_message message;
	char path[ASSISTD_PATH_MAX];
	const char *why;
	int err;

	if (length < sizeof(*state) || state->magic != STATE_MAGIC)
		return -EPROTO;
	err = assist_decode(&message, state + 1, length - sizeof(*state), &why);
	if (err)
		return err;
	if (!message.package.name)
		return -EPROTO;
	package = assistd_package_take(assistd, &message, state + 1, length - sizeof(*state));
	if (!package)
		return -ENOMEM;
	package->incarnation = state->incarnation;
	package->run = state->run;
	package->slot = (u16)state->slot;
	if (state->phase == ASSISTD_UP) {
		resume_up(package, state);
		return 0;
	}
	/* Half started or half halted: cmcld asks for it again. */
	assistd_cgroup_path(package, NULL, path, sizeof(path));
	assistd_cgroup_kill(path);
	assistd_record(package, "interrupted", "phase=%u", state->phase);
	return 0;
}

static void load(struct assistd *assistd, const char *path)
{
	char *bytes;
	ssize_t length = base_file_read(path, ASSIST_MESSAGE_MAX + sizeof(struct state), &bytes);
	int err = length < 0 ? (int)length : resume(assistd, (struct state *)bytes,
						    (size_t)length);

	if (length >= 0)
		free(bytes);
	if (!err)
		return;
	base_log(BASE_LOG_ERROR, "%s: %s: not a state file of this version, ignored; "
		 "what it speaks of is found and cleared by its next start or halt", path,
		 strerror(-err));
	unlink(path);
}

void assistd_state_load(struct assistd *assistd)
{
	DIR *directory = opendir(assistd->state_dir);
	char path[ASSISTD_PATH_MAX];
	struct dirent *entry;

	if (!directory)
		return;
	while ((entry = readdir(directory))) {
		const char *dot = strrchr(entry->d_name, '.');

		if (!dot || strcmp(dot, ".state"))
			continue;
		base_str_print(path, sizeof(path), "%s/%s", assistd->state_dir, entry->d_name);
		load(assistd, path);
	}
	closedir(directory);
}
