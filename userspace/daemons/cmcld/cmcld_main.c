// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmcld: cluster manager and package manager.  Order of the start: read and
 * check everything, lock the memory, attach to the kernel, start the threads,
 * serve.  The way out is leaving the cluster; any other end of this process
 * while armed is the end of this node (Documentation/MEMBERSHIP).
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <tocsin/ipc.h>
#include <tocsin/logring.h>

#include "cmcld_config.h"
#include "cmcld_log.h"
#include "cmcld_realtime.h"
#include "cmcld_server.h"
#include "cmcld_thread.h"

#define EXIT_FAILED	1
#define EXIT_USAGE	2

enum mode {
	MODE_RUN,
	MODE_CHECK,
	MODE_AUTOSTART,
};

struct arguments {
	enum mode mode;
	struct cmcld_config_places places;
	struct cmcld_thread_places files;
	const char *ring;
	const char *socket;
};

static void usage(FILE *out)
{
	fprintf(out,
		"usage: cmcld [OPTION]...\n"
		"The cluster manager; systemd starts it as tocsin-cmcld.service.\n"
		"  --check         read and check the configuration, key and options; exit 0\n"
		"                  when this node could start\n"
		"  --autostart     exit 0 when AUTOSTART_CMCLD=1 in " CMCLD_OPTIONS_FILE "\n"
		"  --conf FILE     binary configuration\n"
		"  --key FILE      the cluster's key\n"
		"  --options FILE  options\n"
		"  --node NAME     name of this node instead of the host's\n"
		"  --disk FILE     the acceptor's memory\n"
		"  --socket PATH   local socket\n"
		"  --assist PATH   socket of cmsrvassistd\n"
		"  --ring FILE     log ring; \"-\": log to standard error\n"
		"Example: cmcld --check\n");
}

static int arguments_read(int argc, char **argv, struct arguments *out)
{
	static const struct option longs[] = {
		{ "check", no_argument, NULL, 'c' },
		{ "autostart", no_argument, NULL, 'a' },
		{ "conf", required_argument, NULL, 'f' },
		{ "key", required_argument, NULL, 'k' },
		{ "options", required_argument, NULL, 'o' },
		{ "node", required_argument, NULL, 'n' },
		{ "disk", required_argument, NULL, 'd' },
		{ "socket", required_argument, NULL, 's' },
		{ "assist", required_argument, NULL, 'p' },
		{ "ring", required_argument, NULL, 'r' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	const char **text[128] = {
		['f'] = &out->places.conf, ['k'] = &out->places.key,
		['o'] = &out->places.options, ['n'] = &out->places.node,
		['d'] = &out->files.disk, ['s'] = &out->socket,
		['p'] = &out->files.assist, ['r'] = &out->ring,
	};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 'h') {
			usage(stdout);
			exit(0);
		}
		if (c == 'c')
			out->mode = MODE_CHECK;
		else if (c == 'a')
			out->mode = MODE_AUTOSTART;
		else if (c > 0 && c < 128 && text[c])
			*text[c] = optarg;
		else
			return -EINVAL;
	}
	return optind == argc ? 0 : -EINVAL;
}

static int check_report(const struct cmcld_config *config)
{
	const struct conf_cluster *cluster = &config->conf->cluster;

	printf("cluster %s, generation %llu: %u nodes, %u packages; this node is %s (id %u)\n",
	       cluster->name, (unsigned long long)cluster->generation, cluster->node_count,
	       config->conf->package_count, config->self->name, config->self->id);
	return 0;
}

static int serve(const struct arguments *arguments, const struct cmcld_server_config *config)
{
	char error[CMCLD_CONFIG_TEXT_MAX] = "";
	struct cmcld_thread *thread;
	struct cmcld_server *server;
	int err, code = EXIT_FAILED;

	if (cmcld_server_open(config, &server))
		return EXIT_FAILED;
	err = cmcld_thread_start(config->config, &arguments->files, &config->wires,
				 config->publisher, &thread, error);
	if (err) {
		cmcld_log(LOG_CRIT, "cmcld cannot start: %s", error);
		fprintf(stderr, "cmcld: %s\n", error);
	} else {
		code = cmcld_server_run(server);
		cmcld_thread_stop(thread);
	}
	cmcld_server_close(server);
	return code;
}

static int make_and_serve(const struct arguments *arguments, struct cmcld_config *config)
{
	struct cmcld_server_config server = {
		.path = arguments->socket, .config = config,
	};
	int code = EXIT_FAILED;

	server.wires.asks = cmcld_queue_create(CMCLD_REQUEST_BLOCKS, CMCLD_REQUEST_BYTES);
	server.wires.tells = cmcld_queue_create(CMCLD_REQUEST_BLOCKS, CMCLD_REQUEST_BYTES);
	server.publisher = cmcld_publisher_create();
	if (server.wires.asks && server.wires.tells && server.publisher)
		code = serve(arguments, &server);
	else
		cmcld_log(LOG_CRIT, "out of memory");
	cmcld_publisher_destroy(server.publisher);
	cmcld_queue_destroy(server.wires.asks);
	cmcld_queue_destroy(server.wires.tells);
	return code;
}

/*
 * A signal that ended this process would end the node.  They are blocked before
 * any thread is made, so that none can be the target; the main thread takes
 * SIGTERM and SIGINT from a descriptor.
 */
static void signals_block(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGPIPE);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static int run(const struct arguments *arguments, struct cmcld_config *config)
{
	const char *ring = strcmp(arguments->ring, "-") ? arguments->ring : NULL;
	int err, code;

	signals_block();
	mkdir("/run/tocsin", 0755);
	mkdir("/var/lib/tocsin", 0700);
	err = cmcld_log_open(ring, config->self->name);
	if (err) {
		fprintf(stderr, "cmcld: %s: %s\n", arguments->ring, err == -EBUSY ?
			"another cmcld is running" : strerror(-err));
		return EXIT_FAILED;
	}
	err = cmcld_realtime_lock();
	if (err) {
		fprintf(stderr, "cmcld: memory cannot be locked: %s; LimitMEMLOCK of the "
			"unit must be infinity\n", strerror(-err));
		return EXIT_FAILED;
	}
	cmcld_log(LOG_NOTICE, "cmcld starts: cluster %s, generation %llu, node %s (id %u)",
		  config->conf->cluster.name,
		  (unsigned long long)config->conf->cluster.generation, config->self->name,
		  config->self->id);
	code = make_and_serve(arguments, config);
	cmcld_log(LOG_NOTICE, "cmcld ends with exit code %d", code);
	cmcld_log_close();
	return code;
}

int main(int argc, char **argv)
{
	struct arguments arguments = {
		.files = { .disk = CMCLD_DISK_FILE, .assist = IPC_SOCKET_CMSRVASSISTD },
		.ring = LOGRING_PATH,
		.socket = IPC_SOCKET_CMCLD,
	};
	char error[CMCLD_CONFIG_TEXT_MAX] = "";
	struct cmcld_config config;
	int code;

	if (arguments_read(argc, argv, &arguments)) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (cmcld_config_load(&arguments.places, &config, error)) {
		fprintf(stderr, "cmcld: %s\n", error);
		return EXIT_FAILED;
	}
	if (arguments.mode == MODE_CHECK)
		code = check_report(&config);
	else if (arguments.mode == MODE_AUTOSTART)
		code = config.options.autostart ? 0 : EXIT_FAILED;
	else
		code = run(&arguments, &config);
	cmcld_config_free(&config);
	return code;
}
