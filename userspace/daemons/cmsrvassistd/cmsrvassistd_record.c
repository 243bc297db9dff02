// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Records of every start and stop, for people and for proofs that nothing ran
 * twice.  Three clocks: t, CLOCK_BOOTTIME of this node; raw, the clock of leases;
 * real, to line up several nodes.
 */
#include "cmsrvassistd.h"

#include <tocsin/base.h>
#include <tocsin/base_log.h>

#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static u64 clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (u64)now.tv_sec * BASE_NS_PER_S + (u64)now.tv_nsec;
}

static void directory_make(const char *path)
{
	char directory[ASSISTD_PATH_MAX];
	char *slash;

	if (base_str_copy(directory, sizeof(directory), path))
		return;
	slash = strrchr(directory, '/');
	if (!slash || slash == directory)
		return;
	*slash = 0;
	mkdir(directory, 0755);
}

int assistd_log_open(const struct assistd_package *package)
{
	const char *path = package->def.log_file;
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);

	if (fd < 0 && errno == ENOENT) {
		directory_make(path);
		fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
	}
	if (fd >= 0)
		return fd;
	base_log(BASE_LOG_ERROR, "package %s: log %s: %s; its output is lost until the "
		 "path can be written", package->def.name, path, strerror(errno));
	return open("/dev/null", O_WRONLY | O_CLOEXEC);
}

void assistd_record(const struct assistd_package *package, const char *what,
		    const char *format, ...)
{
	char more[256] = "", line[768];
	va_list args;
	int fd, length;

	va_start(args, format);
	vsnprintf(more, sizeof(more), format, args);
	va_end(args);
	base_str_print(line, sizeof(line), "tocsin-event: t=%" PRIu64 " raw=%" PRIu64
		       " real=%" PRIu64 " node=%s package=%s run=%u what=%s%s%s\n",
		       clock_ns(CLOCK_BOOTTIME), base_clock_ns(), clock_ns(CLOCK_REALTIME),
		       package->def.node, package->def.name, package->run, what,
		       more[0] ? " " : "", more);
	length = (int)strlen(line);
	fd = assistd_log_open(package);
	if (fd >= 0) {
		if (write(fd, line, (size_t)length) != length)
			base_log(BASE_LOG_WARNING, "package %s: cannot write to its log",
				 package->def.name);
		close(fd);
	}
	line[length - 1] = 0;
	base_log(BASE_LOG_INFO, "%s", line);
}
