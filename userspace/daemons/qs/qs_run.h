/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The quorum server as a process: files, signals, loop. */
#ifndef TOCSIN_QS_RUN_H
#define TOCSIN_QS_RUN_H

#include <tocsin/net.h>

#define QS_AUTH_FILE		"/etc/tocsin/qs_authfile"
#define QS_STATE_DIRECTORY	"/var/lib/tocsin/qs"
#define QS_ADDRESSES_MAX	8

struct qs_options {
	const char *auth_file;
	const char *state_directory;
	struct net_address address[QS_ADDRESSES_MAX];
	unsigned int addresses;
};

/* Serve until SIGTERM or SIGINT. SIGHUP reads the authorisation file again.
 * Return: 0, or -errno; the reason has been logged. */
int qs_run(const struct qs_options *options);

/* "qs -update": check the file, then tell the running server. 0 or -errno. */
int qs_update(const struct qs_options *options);

#endif
