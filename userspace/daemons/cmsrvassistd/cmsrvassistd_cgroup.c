// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Control groups, version 2: each service and each script in its own, so that it
 * can be ended as a whole however much it forks, and be found again by a
 * cmsrvassistd that was restarted.
 */
#include "cmsrvassistd.h"

#include <tocsin/base.h>
#include <tocsin/base_log.h>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOUNTS_MAX	(256U * 1024)
#define PROCS_MAX	(256U * 1024)

/* Where the unified hierarchy is mounted. */
static int mount_point(char *out, size_t size)
{
	char *text, *line, *save = NULL, path[ASSISTD_PATH_MAX];
	ssize_t length = base_file_read("/proc/self/mountinfo", MOUNTS_MAX, &text);
	int err = -ENOENT;

	if (length < 0)
		return (int)length;
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (!strstr(line, " - cgroup2 ") ||
		    sscanf(line, "%*s %*s %*s %*s %511s", path) != 1)
			continue;
		err = base_str_copy(out, size, path);
		break;
	}
	free(text);
	return err;
}

int assistd_cgroup_base(char *out, size_t size)
{
	char *text, *own, root[ASSISTD_PATH_MAX];
	ssize_t length;
	int err = mount_point(root, sizeof(root));

	if (err)
		return err;
	length = base_file_read("/proc/self/cgroup", MOUNTS_MAX, &text);
	if (length < 0)
		return (int)length;
	own = strstr(text, "0::/");
	if (own) {
		own += strlen("0::");
		own[strcspn(own, "\n")] = 0;
		base_str_print(out, size, "%s%s", root, strcmp(own, "/") ? own : "");
	}
	free(text);
	return own ? 0 : -ENOENT;
}

/* pkg-<package>, and below it <part>; part NULL: the package as a whole. */
void assistd_cgroup_path(const struct assistd_package *package, const char *part,
			 char *out, size_t size)
{
	base_str_print(out, size, "%s/pkg-%s%s%s", package->assistd->cgroup,
		       package->def.name, part ? "/" : "", part ? part : "");
}

int assistd_cgroup_make(const char *path)
{
	char parent[ASSISTD_PATH_MAX];
	char *slash;

	if (!mkdir(path, 0755) || errno == EEXIST)
		return 0;
	if (errno != ENOENT || base_str_copy(parent, sizeof(parent), path))
		return -errno;
	slash = strrchr(parent, '/');
	*slash = 0;
	if (mkdir(parent, 0755) && errno != EEXIST)
		return -errno;
	return mkdir(path, 0755) && errno != EEXIST ? -errno : 0;
}

static int write_file(const char *directory, const char *name, const char *text)
{
	char path[ASSISTD_PATH_MAX];
	int fd, err = 0;

	base_str_print(path, sizeof(path), "%s/%s", directory, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

void assistd_cgroup_kill(const char *path)
{
	int err = write_file(path, "cgroup.kill", "1");

	if (err && err != -ENOENT)
		base_log(BASE_LOG_ERROR, "%s: cannot kill: %s", path, strerror(-err));
}

static ssize_t procs_read(const char *path, char **text)
{
	char name[ASSISTD_PATH_MAX];

	base_str_print(name, sizeof(name), "%s/cgroup.procs", path);
	return base_file_read(name, PROCS_MAX, text);
}

void assistd_cgroup_signal(const char *path, int signal)
{
	char *text, *line, *save = NULL;
	u64 pid;

	if (procs_read(path, &text) < 0)
		return;
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (!base_str_u64(line, 1, INT32_MAX, &pid))
			kill((pid_t)pid, signal);
	free(text);
}

bool assistd_cgroup_holds(const char *path, pid_t pid)
{
	char *text, *line, *save = NULL;
	bool found = false;
	u64 number;

	if (procs_read(path, &text) < 0)
		return false;
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		found |= !base_str_u64(line, 1, INT32_MAX, &number) && (pid_t)number == pid;
	free(text);
	return found;
}

bool assistd_cgroup_empty(const char *path)
{
	char name[ASSISTD_PATH_MAX], *text;
	ssize_t length;
	bool empty;

	base_str_print(name, sizeof(name), "%s/cgroup.events", path);
	length = base_file_read(name, PROCS_MAX, &text);
	/* Only what is not there is certainly empty; -ENODEV: gone while read. */
	if (length == -ENOENT || length == -ENODEV)
		return true;
	if (length < 0) {
		base_log(BASE_LOG_ERROR, "%s: %s: taken for not empty", name,
			 strerror((int)-length));
		return false;
	}
	empty = strstr(text, "populated 0") != NULL;
	free(text);
	return empty;
}

int assistd_cgroup_watch(const char *path)
{
	char name[ASSISTD_PATH_MAX];
	int fd;

	base_str_print(name, sizeof(name), "%s/cgroup.events", path);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* The directory and those below it; what is not empty stays. */
void assistd_cgroup_remove(const char *path)
{
	char name[ASSISTD_PATH_MAX];
	DIR *directory = opendir(path);
	struct dirent *entry;

	if (!directory)
		return;
	while ((entry = readdir(directory))) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		base_str_print(name, sizeof(name), "%s/%s", path, entry->d_name);
		rmdir(name);
	}
	closedir(directory);
	rmdir(path);
}
