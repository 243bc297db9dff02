// SPDX-License-Identifier: GPL-2.0-or-later
/* What the programs that run in the virtual machines have in common. */
#include "kctl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

const u8 kctl_key[TOCSIN_KEY_SIZE] = "tocsin kernel tests, 32 bytes...";

void kctl_die(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	printf("%s: ", program_invocation_short_name);
	vprintf(format, list);
	printf("\n");
	va_end(list);
	fflush(stdout);
	exit(1);
}

void kctl_must(int err, const char *what)
{
	if (err)
		kctl_die("%s: %s", what, strerror(-err));
}

const char *kctl_text(char **options, const char *name, const char *otherwise)
{
	size_t length = strlen(name);

	for (; *options; options++)
		if (!strncmp(*options, name, length) && (*options)[length] == '=')
			return *options + length + 1;
	return otherwise;
}

u64 kctl_number(char **options, const char *name, u64 otherwise)
{
	const char *text = kctl_text(options, name, NULL);

	return text ? strtoull(text, NULL, 0) : otherwise;
}

struct sockaddr_in kctl_udp_address(const char *address, u16 port)
{
	struct sockaddr_in out = { .sin_family = AF_INET, .sin_port = htons(port) };

	if (inet_pton(AF_INET, address, &out.sin_addr) != 1)
		kctl_die("%s: no address", address);
	return out;
}

void kctl_address(struct sockaddr_storage *out, const char *text, u32 scope)
{
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof(*out));
	if (!strchr(text, ':')) {
		*(struct sockaddr_in *)out = kctl_udp_address(text, 0);
		return;
	}
	six->sin6_family = AF_INET6;
	six->sin6_scope_id = scope;
	if (inet_pton(AF_INET6, text, &six->sin6_addr) != 1)
		kctl_die("%s: no address", text);
}

struct core_view kctl_view(u64 epoch, const struct core_member *member, unsigned int count)
{
	struct core_view view = { .epoch = epoch, .count = count };

	memcpy(view.member, member, count * sizeof(*member));
	view.coordinator = view.member[0].id;
	view.hash = core_view_hash(&view);
	return view;
}

void kctl_wait_ms(u64 time)
{
	struct timespec wait = { .tv_sec = time / 1000, .tv_nsec = time % 1000 * 1000000 };

	nanosleep(&wait, NULL);
}

void kctl_enter(const char *namespace)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", namespace);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		kctl_die("%s: %s", path, strerror(errno));
	close(fd);
}
