// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Renewals without lib/nl, and what stands in the way of those by netlink.
 *
 *   device                              open /dev/tocsin
 *   device incarnation=N|PATH [size=8]  ... and write; PATH as "attach save=" has it
 *          [reason=TEXT]                ... with a text, of size - 8 bytes
 *   no-device                           from here on, for this process, there is none
 *   nobody                              give up root: a user without capabilities
 *   slow family=ID                      a request of slowfamily.ko, which lasts until killed
 */
#include "kctl.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#define NOBODY	65534

u64 kctl_incarnation(const char *text)
{
	unsigned long long number;
	FILE *file;

	if (*text != '/')
		return strtoull(text, NULL, 0);
	file = fopen(text, "r");
	if (!file || fscanf(file, "%llu", &number) != 1)
		kctl_die("%s: no incarnation", text);
	fclose(file);
	return number;
}

void kctl_device_run(char **options)
{
	const char *incarnation = kctl_text(options, "incarnation", NULL);
	const char *reason = kctl_text(options, "reason", "");
	size_t size = kctl_number(options, "size", sizeof(u64) + strlen(reason));
	u64 data[32] = { 0 };
	static int fd = -1;
	ssize_t put;

	if (fd < 0)
		fd = open("/dev/tocsin", O_WRONLY | O_CLOEXEC);
	if (fd < 0) {
		kctl_check(-errno, "open");
		return;
	}
	if (!incarnation) {
		kctl_check(0, "open");
		return;
	}
	if (size > sizeof(data))
		kctl_die("size=%zu", size);
	if (strlen(reason) > sizeof(data) - sizeof(u64))
		kctl_die("reason: too long");
	data[0] = kctl_incarnation(incarnation);
	memcpy(&data[1], reason, strlen(reason));
	put = write(fd, data, size);
	if (put >= 0 && (size_t)put != size)
		kctl_die("%zd bytes written", put);
	kctl_check(put < 0 ? -errno : 0, "write");
}

void kctl_no_device_run(char **options)
{
	if (unshare(CLONE_NEWNS) || mount("none", "/dev", "tmpfs", 0, NULL))
		kctl_die("no-device: %s", strerror(errno));
}

void kctl_nobody_run(char **options)
{
	if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		kctl_die("nobody: %s", strerror(errno));
}

void kctl_slow_run(char **options)
{
	struct mnl_socket *socket = mnl_socket_open(NETLINK_GENERIC);
	char room[256];
	struct nlmsghdr *message = mnl_nlmsg_put_header(room);
	struct genlmsghdr *header;

	message->nlmsg_type = kctl_number(options, "family", 0);
	message->nlmsg_flags = NLM_F_REQUEST;
	header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
	header->cmd = 1;
	header->version = 1;
	if (!socket || mnl_socket_sendto(socket, message, message->nlmsg_len) < 0)
		kctl_die("slow: %s", strerror(errno));
	mnl_socket_close(socket);
}
