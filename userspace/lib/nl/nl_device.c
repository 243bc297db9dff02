// SPDX-License-Identifier: GPL-2.0-or-later
/* Renewals by /dev/tocsin, which no other netlink family can delay. */
#include "nl_socket.h"

#include <fcntl.h>
#include <tocsin/base.h>
#include <unistd.h>

#define DEVICE	"/dev/tocsin"

int nl_device_open(struct nl *nl)
{
	int err;

	nl->error[0] = 0;
	if (nl->device >= 0)
		return 0;
	nl->device = open(DEVICE, O_WRONLY | O_CLOEXEC);
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

int nl_renew(const struct nl *nl)
{
	ssize_t put;

	if (nl->device < 0)
		return -ENOENT;
	put = write(nl->device, &nl->incarnation, sizeof(nl->incarnation));
	if (put < 0)
		return -errno;
	return put == sizeof(nl->incarnation) ? 0 : -EIO;
}

bool nl_has_device(const struct nl *nl)
{
	return nl->device >= 0;
}
