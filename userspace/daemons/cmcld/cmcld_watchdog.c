// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Opening a watchdog starts it.  So whatever would make it impossible to stop
 * is looked for in sysfs first, without opening it: a node that leaves the
 * cluster in order must not be reset.
 */
#include "cmcld_watchdog.h"

#include <fcntl.h>
#include <linux/watchdog.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <tocsin/base.h>

/* The crash kernel saves a dump in this time, on most machines. */
#define TIMEOUT_S_DEFAULT	60
/* Watchdogs count seconds, and a feeding may come at the end of one. */
#define SPARE_S			2
#define ATTRIBUTE_MAX		64

struct cmcld_watchdog {
	char path[CMCLD_WATCHDOG_PATH_MAX];
	unsigned int timeout_s;
	unsigned int boot_status;
	int fd;
};

unsigned int cmcld_watchdog_timeout(unsigned int wanted_s, u64 lease_ns,
				    char error[CMCLD_CONFIG_TEXT_MAX])
{
	unsigned int least_s = (unsigned int)((lease_ns + BASE_NS_PER_S - 1) / BASE_NS_PER_S) +
			       SPARE_S;

	if (!wanted_s)
		return least_s > TIMEOUT_S_DEFAULT ? least_s : TIMEOUT_S_DEFAULT;
	if (wanted_s >= least_s)
		return wanted_s;
	base_str_print(error, CMCLD_CONFIG_TEXT_MAX,
		       "CMCLD_WATCHDOG_TIMEOUT_S=%u: at least %u is needed, longer than "
		       "SAFETY_TIMEOUT and TOC_MARGIN together, or the hardware comes before "
		       "the kernel, which can say why", wanted_s, least_s);
	return 0;
}

/* An attribute of the device in sysfs. Return: 0 or -errno. */
static int attribute_read(dev_t device, const char *name, unsigned long *out)
{
	char path[128], text[ATTRIBUTE_MAX];
	size_t got;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/dev/char/%u:%u/%s", major(device), minor(device),
		 name);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	got = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[got] = '\0';
	*out = strtoul(text, NULL, 0);
	return 0;
}

/* What can be seen without starting it. */
static int attributes_check(struct cmcld_watchdog *watchdog, dev_t device,
			    char error[CMCLD_CONFIG_TEXT_MAX])
{
	unsigned long nowayout, most, least, status;

	if (attribute_read(device, "nowayout", &nowayout)) {
		base_str_print(error, CMCLD_CONFIG_TEXT_MAX,
			       "CMCLD_WATCHDOG=%s: it shows nothing in /sys/class/watchdog; name "
			       "the device with its number (/dev/watchdog0), of a driver that "
			       "uses the kernel's watchdog core", watchdog->path);
		return -ENODEV;
	}
	if (nowayout) {
		base_str_print(error, CMCLD_CONFIG_TEXT_MAX,
			       "CMCLD_WATCHDOG=%s: once started it cannot be stopped, and this "
			       "node would be reset after cmhaltnode; load its driver with "
			       "nowayout=0", watchdog->path);
		return -EPERM;
	}
	/* Neither is told by kernels before 5.5; then the driver decides. */
	if (attribute_read(device, "max_timeout", &most) || !most)
		most = (unsigned long)-1;
	if (attribute_read(device, "min_timeout", &least))
		least = 0;
	if (watchdog->timeout_s > most || watchdog->timeout_s < least) {
		base_str_print(error, CMCLD_CONFIG_TEXT_MAX,
			       "CMCLD_WATCHDOG=%s: it takes %lu to %lu s, not %u s; set "
			       "CMCLD_WATCHDOG_TIMEOUT_S, or shorten SAFETY_TIMEOUT",
			       watchdog->path, least, most, watchdog->timeout_s);
		return -ERANGE;
	}
	if (!attribute_read(device, "bootstatus", &status))
		watchdog->boot_status = (unsigned int)status;
	return 0;
}

/* Open, thereby started. A kernel without WDIOC_GETTIMEOUT has no such driver. */
static int device_start(struct cmcld_watchdog *watchdog, const char **what)
{
	int timeout = (int)watchdog->timeout_s;
	int err;

	*what = "cannot be opened";
	watchdog->fd = open(watchdog->path, O_WRONLY | O_CLOEXEC);
	if (watchdog->fd < 0)
		return -errno;
	*what = "does not take the timeout";
	if (!ioctl(watchdog->fd, WDIOC_SETTIMEOUT, &timeout) &&
	    timeout >= (int)watchdog->timeout_s)
		return 0;
	err = errno && timeout == (int)watchdog->timeout_s ? -errno : -ERANGE;
	cmcld_watchdog_stop(watchdog);
	return err;
}

static int device_try(struct cmcld_watchdog *watchdog, char error[CMCLD_CONFIG_TEXT_MAX])
{
	const char *what;
	int err = device_start(watchdog, &what);

	if (!err) {
		what = "cannot be stopped";
		err = cmcld_watchdog_stop(watchdog);
	}
	if (err)
		base_str_print(error, CMCLD_CONFIG_TEXT_MAX,
			       "CMCLD_WATCHDOG=%s: it %s (%u s): %s%s", watchdog->path, what,
			       watchdog->timeout_s, strerror(-err), err == -EBUSY ?
			       "; another program has it: systemd's RuntimeWatchdogSec=, or a "
			       "watchdog daemon" : "");
	return err;
}

int cmcld_watchdog_create(const char *path, unsigned int timeout_s,
			  struct cmcld_watchdog **out, char error[CMCLD_CONFIG_TEXT_MAX])
{
	struct cmcld_watchdog *watchdog;
	struct stat status;
	int err;

	*out = NULL;
	if (!*path || !strcmp(path, "none"))
		return 0;
	if (stat(path, &status) || !S_ISCHR(status.st_mode)) {
		base_str_print(error, CMCLD_CONFIG_TEXT_MAX,
			       "CMCLD_WATCHDOG=%s: no such device; is the watchdog's driver "
			       "loaded? ls /dev/watchdog*", path);
		return -ENODEV;
	}
	watchdog = calloc(1, sizeof(*watchdog));
	if (!watchdog) {
		base_str_print(error, CMCLD_CONFIG_TEXT_MAX, "out of memory");
		return -ENOMEM;
	}
	base_str_print(watchdog->path, sizeof(watchdog->path), "%s", path);
	watchdog->timeout_s = timeout_s;
	watchdog->fd = -1;
	err = attributes_check(watchdog, status.st_rdev, error);
	if (!err)
		err = device_try(watchdog, error);
	if (err)
		free(watchdog);
	else
		*out = watchdog;
	return err;
}

void cmcld_watchdog_destroy(struct cmcld_watchdog *watchdog)
{
	if (!watchdog)
		return;
	if (watchdog->fd >= 0)
		close(watchdog->fd);
	free(watchdog);
}

int cmcld_watchdog_start(struct cmcld_watchdog *watchdog)
{
	const char *what;

	if (!watchdog || watchdog->fd >= 0)
		return 0;
	return device_start(watchdog, &what);
}

int cmcld_watchdog_feed(struct cmcld_watchdog *watchdog)
{
	if (!watchdog || watchdog->fd < 0)
		return 0;
	return ioctl(watchdog->fd, WDIOC_KEEPALIVE, 0) ? -errno : 0;
}

/* The letter says that the close is meant; without it the watchdog runs on. */
int cmcld_watchdog_stop(struct cmcld_watchdog *watchdog)
{
	int err = 0;

	if (!watchdog || watchdog->fd < 0)
		return 0;
	if (write(watchdog->fd, "V", 1) != 1)
		err = errno ? -errno : -EIO;
	if (close(watchdog->fd) && !err)
		err = -errno;
	watchdog->fd = -1;
	return err;
}

bool cmcld_watchdog_has_reset(const struct cmcld_watchdog *watchdog)
{
	return watchdog && watchdog->boot_status & WDIOF_CARDRESET;
}

unsigned int cmcld_watchdog_seconds(const struct cmcld_watchdog *watchdog)
{
	return watchdog ? watchdog->timeout_s : 0;
}
