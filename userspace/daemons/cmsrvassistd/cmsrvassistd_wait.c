// SPDX-License-Identifier: GPL-2.0-or-later
/* Waiting until all processes of a cgroup are gone. */
#include "cmsrvassistd.h"

#include <tocsin/base_log.h>

#include <sys/epoll.h>
#include <unistd.h>

void assistd_wait_end(struct assistd_package *package)
{
	package->term_timer = sd_event_source_disable_unref(package->term_timer);
	if (!package->empty_source)
		return;
	package->empty_source = sd_event_source_disable_unref(package->empty_source);
	close(package->empty_fd);
}

static int events_changed(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct assistd_package *package = data;
	char text[256];
	ssize_t length = pread(fd, text, sizeof(text) - 1, 0);

	/* Gone with its last process; any other error tells nothing. */
	if (length < 0 && errno != ENODEV)
		return 0;
	text[length > 0 ? length : 0] = 0;
	if (length > 0 && !strstr(text, "populated 0"))
		return 0;
	assistd_wait_end(package);
	assistd_package_advance(package, PKG_OK);
	return 0;
}

enum pkg_outcome assistd_wait_empty(struct assistd_package *package, const char *cgroup)
{
	int err;

	core_assert(!package->empty_source);
	if (assistd_cgroup_empty(cgroup))
		return PKG_OK;
	package->empty_fd = assistd_cgroup_watch(cgroup);
	if (package->empty_fd == -ENOENT || package->empty_fd == -ENODEV)
		return PKG_OK;		/* the cgroup is gone meanwhile */
	if (package->empty_fd < 0) {
		base_log(BASE_LOG_ERROR, "%s: cannot watch: %s", cgroup,
			 strerror(-package->empty_fd));
		return PKG_NO_RESTART;
	}
	err = sd_event_add_io(package->assistd->event, &package->empty_source,
			      package->empty_fd, EPOLLPRI, events_changed, package);
	if (err < 0) {
		base_log(BASE_LOG_ERROR, "%s: cannot watch: %s", cgroup, strerror(-err));
		close(package->empty_fd);
		return PKG_NO_RESTART;
	}
	/* It may have become empty between the look and the watch. */
	if (!assistd_cgroup_empty(cgroup))
		return PKG_UNABLE;
	assistd_wait_end(package);
	return PKG_OK;
}
