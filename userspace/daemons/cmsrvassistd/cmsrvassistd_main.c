// SPDX-License-Identifier: GPL-2.0-or-later
/* cmsrvassistd: options, directories, event loop. */
#include "cmsrvassistd.h"

#include <tocsin/base.h>
#include <tocsin/base_log.h>

#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>

static void usage(FILE *out)
{
	fprintf(out,
		"usage: cmsrvassistd [--socket PATH] [--state-dir DIR] [--cgroup DIR]\n"
		"Runs package scripts and services for cmcld.\n"
		"  --socket PATH    where cmcld connects (default " ASSIST_SOCKET ")\n"
		"  --state-dir DIR  what survives a restart (default " ASSIST_STATE_DIR ")\n"
		"  --cgroup DIR     directory of the cgroup v2 tree (default: its own)\n"
		"Example: systemctl status tocsin-cmsrvassistd   # shows every service's tree\n");
}

static int options_take(struct assistd *assistd, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "socket", required_argument, NULL, 's' },
		{ "state-dir", required_argument, NULL, 'd' },
		{ "cgroup", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	int c, err = 0;

	while (!err && (c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 'h') {
			usage(stdout);
			exit(0);
		}
		if (c == 's')
			err = base_str_copy(assistd->socket_path, ASSISTD_PATH_MAX, optarg);
		else if (c == 'd')
			err = base_str_copy(assistd->state_dir, ASSISTD_PATH_MAX, optarg);
		else if (c == 'c')
			err = base_str_copy(assistd->cgroup, ASSISTD_PATH_MAX, optarg);
		else
			err = -EINVAL;
	}
	return err || optind != argc ? -EINVAL : 0;
}

static int directory_make(const char *path)
{
	char part[ASSISTD_PATH_MAX];

	for (const char *at = strchr(path + 1, '/'); ; at = strchr(at + 1, '/')) {
		base_str_print(part, sizeof(part), "%.*s", at ? (int)(at - path) :
			       (int)strlen(path), path);
		if (mkdir(part, 0755) && errno != EEXIST)
			return -errno;
		if (!at)
			return 0;
	}
}

static int prepare(struct assistd *assistd)
{
	int err = directory_make(assistd->state_dir);

	if (err) {
		base_log(BASE_LOG_CRITICAL, "%s: %s", assistd->state_dir, strerror(-err));
		return err;
	}
	if (!assistd->cgroup[0])
		err = assistd_cgroup_base(assistd->cgroup, sizeof(assistd->cgroup));
	if (err) {
		base_log(BASE_LOG_CRITICAL, "no cgroup v2 hierarchy: services could not be "
			 "ended as a whole; boot with systemd.unified_cgroup_hierarchy=1");
		return err;
	}
	err = sd_event_default(&assistd->event);
	if (err < 0)
		return err;
	assistd_state_load(assistd);
	err = assistd_socket_open(assistd);
	if (err)
		base_log(BASE_LOG_CRITICAL, "%s: %s", assistd->socket_path, strerror(-err));
	return err;
}

/* Blocked signals end the loop; services go on, a new cmsrvassistd finds them. */
static int signals_take(struct assistd *assistd)
{
	sigset_t set;
	int err;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	err = sd_event_add_signal(assistd->event, NULL, SIGTERM, NULL, NULL);
	if (err >= 0)
		err = sd_event_add_signal(assistd->event, NULL, SIGINT, NULL, NULL);
	return err < 0 ? err : 0;
}

int main(int argc, char **argv)
{
	static struct assistd assistd = {
		.socket_path = ASSIST_SOCKET,
		.state_dir = ASSIST_STATE_DIR,
		.listen_fd = -1,
		.client_fd = -1,
	};
	int err;

	base_log_start("cmsrvassistd", BASE_LOG_INFO);
	if (options_take(&assistd, argc, argv)) {
		usage(stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	err = prepare(&assistd);
	if (!err)
		err = signals_take(&assistd);
	if (err)
		return 1;
	sd_event_set_watchdog(assistd.event, true);
	sd_notify(0, "READY=1\nSTATUS=Waiting for cmcld");
	err = sd_event_loop(assistd.event);
	assistd_socket_close(&assistd);
	return err < 0 ? 1 : 0;
}
