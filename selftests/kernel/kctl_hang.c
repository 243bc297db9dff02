// SPDX-License-Identifier: GPL-2.0-or-later
/* What a test of hangs needs of user space. */
#include "kctl.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kexec.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cmcld_watchdog.h"

#define PAGE		4096
#define FEED_MS		250

/* cmcld's watchdog: started, fed for a while, and stopped unless leave=1. */
void kctl_watchdog_run(char **options)
{
	char error[CMCLD_CONFIG_TEXT_MAX] = "";
	struct cmcld_watchdog *watchdog;
	u64 end;
	int err;

	err = cmcld_watchdog_create(kctl_text(options, "path", "/dev/watchdog0"),
				    kctl_number(options, "timeout", 60), &watchdog, error);
	if (err)
		kctl_die("%s (%s)", error, strerror(-err));
	if (kctl_number(options, "try", 0))
		return;
	kctl_check(cmcld_watchdog_start(watchdog), "watchdog start");
	end = base_clock_ns() + kctl_number(options, "for", 0) * BASE_NS_PER_MS;
	do {
		kctl_check(cmcld_watchdog_feed(watchdog), "watchdog feed");
		poll(NULL, 0, FEED_MS);
	} while (base_clock_ns() < end);
	if (!kctl_number(options, "leave", 0))
		kctl_check(cmcld_watchdog_stop(watchdog), "watchdog stop");
	cmcld_watchdog_destroy(watchdog);
}

static unsigned long crash_area(void)
{
	FILE *file = fopen("/proc/iomem", "r");
	unsigned long begin = 0;
	char line[256];

	if (!file)
		kctl_die("/proc/iomem: %s", strerror(errno));
	while (fgets(line, sizeof(line), file))
		if (strstr(line, "Crash kernel"))
			begin = strtoul(line, NULL, 16);
	fclose(file);
	if (!begin)
		kctl_die("no crash kernel area: crashkernel= is missing");
	return begin;
}

/* A crash kernel of nine instructions: it resets the machine. */
void kctl_kdump_run(char **options)
{
	static const u8 code[] = {
		0xb0, 0xfe, 0xe6, 0x64,				/* keyboard controller: reset */
		0xba, 0xf9, 0x0c, 0x00, 0x00, 0xb0, 0x06, 0xee,	/* reset control register */
		0xf4, 0xeb, 0xfd,
	};
	struct kexec_segment segment = { .memsz = PAGE };
	unsigned long area = crash_area();
	u8 *page;

	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		kctl_die("mmap: %s", strerror(errno));
	memcpy(page, code, sizeof(code));
	segment.buf = page;
	segment.bufsz = PAGE;
	segment.mem = (void *)area;
	if (syscall(SYS_kexec_load, area, 1UL, &segment, KEXEC_ON_CRASH | KEXEC_ARCH_DEFAULT))
		kctl_die("kexec_load: %s", strerror(errno));
}

/*
 * A service that loads a crash kernel and hangs in the middle: the source of
 * the copy is memory whose pages nobody delivers.  The kernel's lock on crash
 * kernels stays taken.
 */
void kctl_kdump_hang_run(char **options)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register area = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct kexec_segment segment = { .bufsz = PAGE, .memsz = PAGE };
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	void *page;

	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	area.range.start = (u64)(uintptr_t)page;
	area.range.len = PAGE;
	if (fd < 0 || page == MAP_FAILED || ioctl(fd, UFFDIO_API, &api) ||
	    ioctl(fd, UFFDIO_REGISTER, &area))
		kctl_die("userfaultfd: %s", strerror(errno));
	segment.buf = page;
	segment.mem = (void *)crash_area();
	syscall(SYS_kexec_load, segment.mem, 1UL, &segment, KEXEC_ON_CRASH | KEXEC_ARCH_DEFAULT);
	kctl_die("kexec_load came back: %s", strerror(errno));
}
