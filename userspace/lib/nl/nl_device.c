// SPDX-License-Identifier: GPL-2.0-or-later
/* Renewals and the end by /dev/tocsin, which no other netlink family can delay. */
#include "nl_socket.h"

#include <fcntl.h>
#include <string.h>
#include <tocsin/base.h>
#include <unistd.h>

#define DEVICE		"/dev/tocsin"
#define TRIES		100
#define PAUSE_US	10000

int nl_device_open(struct nl *nl)
{
	unsigned int tries = TRIES;
	int err;

	nl->error[0] = 0;
	if (nl->device >= 0)
		return 0;
	/* A module that is just being loaded serves its family first. */
	do {
		nl->device = open(DEVICE, O_WRONLY | O_CLOEXEC);
	} while (nl->device < 0 && errno == EAGAIN && tries-- && !usleep(PAUSE_US));
	if (nl->device >= 0 || errno == ENOENT)
		return 0;
	err = -errno;
	base_str_print(nl->error, sizeof(nl->error), "no access to %s", DEVICE);
	return err;
}

void nl_device_close(struct nl *nl)
{
	if (nl->device >= 0)
		close(nl->device);
	nl->device = -1;
}

/* The owner's incarnation, and what comes after it. */
static int device_write(const struct nl *nl, const char *text, size_t length)
{
	char data[sizeof(nl->incarnation) + TOCSIN_REASON_MAX];
	size_t size = sizeof(nl->incarnation) + length;
	ssize_t put;

	if (nl->device < 0)
		return -ENOENT;
	memcpy(data, &nl->incarnation, sizeof(nl->incarnation));
	memcpy(data + sizeof(nl->incarnation), text, length);
	put = write(nl->device, data, size);
	if (put < 0)
		return -errno;
	return put == (ssize_t)size ? 0 : -EIO;
}

int nl_renew(const struct nl *nl)
{
	return device_write(nl, "", 0);
}

int nl_device_toc(struct nl *nl, const char *reason)
{
	size_t length = strnlen(reason, TOCSIN_REASON_MAX);

	nl->error[0] = 0;
	return length ? device_write(nl, reason, length) : -EINVAL;
}

bool nl_has_device(const struct nl *nl)
{
	return nl->device >= 0;
}
