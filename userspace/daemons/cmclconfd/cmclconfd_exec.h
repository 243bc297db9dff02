/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Running a program and waiting for it; from jobs only. */
#ifndef CMCLCONFD_EXEC_H
#define CMCLCONFD_EXEC_H

#include "cmclconfd.h"

/**
 * struct clconfd_exec - one run; no shell, standard input is /dev/null
 * @argv, @env: ended by NULL; argv[0] is searched in PATH; env NULL: the daemon's
 * @timeout_ns: then its process group is killed
 * @output: the first line it printed, on either of its outputs
 */
struct clconfd_exec {
	const char *const *argv;
	const char *const *env;
	u64 timeout_ns;
	char output[300];
};

/* Return: its exit code; 128 + signal; -ETIMEDOUT; -errno: it did not start. */
int clconfd_exec_run(struct clconfd_exec *exec);

#endif
