// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmclconfd_settle.h"

#include <time.h>
#include <unistd.h>

#define PATIENCE_NS	(30 * BASE_NS_PER_S)
#define LOOK_NS		(200 * BASE_NS_PER_MS)

int clconfd_settle(const struct clconfd *daemon)
{
	const char *staged = clconfd_etc(daemon, "cmclconfig.staged");
	const struct timespec look = { .tv_nsec = LOOK_NS };
	u64 start_ns = base_clock_ns();
	struct ipc_call ping = { .op = "ping", .timeout_ns = 5 * BASE_NS_PER_S };

	while (!access(staged, F_OK)) {
		json_t *reply = NULL;

		/* Its socket unit starts it. */
		ipc_call_path(clconfd_run(daemon, "cmclconfd.sock"), &ping, &reply);
		json_decref(reply);
		if (base_clock_ns() - start_ns > PATIENCE_NS) {
			base_log(BASE_LOG_ERROR, "%s: a change of the configuration is not "
				 "finished, and the node that led it does not answer; start "
				 "that node, or run cmapplyconf again", staged);
			return 1;
		}
		nanosleep(&look, NULL);
	}
	return 0;
}
