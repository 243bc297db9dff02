// SPDX-License-Identifier: GPL-2.0-or-later
/* Options, sockets, loop, and the end when nobody needs it. */
#include "cmclconfd_job.h"
#include "cmclconfd_resolve.h"
#include "cmclconfd_settle.h"

#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <tocsin/version.h>
#include <unistd.h>

#define IDLE_LOOK_US	(10 * 1000000ULL)
#define IDLE_END_NS	(60 * BASE_NS_PER_S)
#define CLIENT_IDLE_NS	(600 * BASE_NS_PER_S)
#define OPS_MAX		32

static struct ipc_op local_ops[OPS_MAX];

static const char *path_of(const char *dir, const char *name)
{
	static __thread char paths[4][400];
	static __thread unsigned int next;
	char *path = paths[next++ % 4];

	base_str_print(path, sizeof(paths[0]), "%s/%s", dir, name);
	return path;
}

const char *clconfd_etc(const struct clconfd *daemon, const char *name)
{
	return path_of(daemon->options.etc, name);
}

const char *clconfd_run(const struct clconfd *daemon, const char *name)
{
	return path_of(daemon->options.run, name);
}

bool clconfd_args(struct ipc_request *request, json_t *args, const char *format, ...)
{
	json_error_t error;
	va_list list;
	int err;

	va_start(list, format);
	err = json_vunpack_ex(args, &error, 0, format, list);
	va_end(list);
	if (err)
		ipc_reply_error(request, EINVAL, "bad request: %s; command and daemon are of "
				"different releases?", error.text);
	return !err;
}

/* ---- options ---- */

static int usage(FILE *out)
{
	fprintf(out,
		"usage: cmclconfd [OPTION...]\n\n"
		"Started by systemd (tocsin-cmclconfd.socket). By hand it makes its own\n"
		"sockets:\n\n"
		"  --etc DIR        instead of /etc/tocsin\n"
		"  --run DIR        instead of /run/tocsin\n"
		"  --node NAME      name of this node instead of the host's\n"
		"  --listen ADDRESS listen there only, instead of everywhere\n"
		"  --port PORT      TCP port, own and of the other nodes, instead of %d\n"
		"  --systemctl FILE program that starts and stops cmcld\n"
		"  --settle         wait until no change is unfinished here, then end\n"
		"  --version, --help\n", CONF_CLCONFD_PORT);
	return out == stdout ? 0 : 2;
}

static char host_name[256];

static int set_port(struct clconfd_options *options, const char *text)
{
	u64 port;

	if (base_str_u64(text, 1, 65535, &port)) {
		base_log(BASE_LOG_ERROR, "--port %s: 1 to 65535 is allowed", text);
		return 2;
	}
	options->port = (u16)port;
	return -1;
}

/* Return: -1 to go on, else the exit code. */
static int read_options(int argc, char **argv, struct clconfd_options *options)
{
	static const struct option longs[] = {
		{ "etc", required_argument, NULL, 'e' },
		{ "run", required_argument, NULL, 'r' },
		{ "node", required_argument, NULL, 'n' },
		{ "listen", required_argument, NULL, 'l' },
		{ "port", required_argument, NULL, 'p' },
		{ "systemctl", required_argument, NULL, 's' },
		{ "settle", no_argument, NULL, 'S' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option, code = -1;

	while (code < 0 && (option = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		switch (option) {
		case 'e':
			options->etc = optarg;
			break;
		case 'r':
			options->run = optarg;
			break;
		case 'n':
			options->node = optarg;
			break;
		case 'l':
			options->listen = optarg;
			break;
		case 'p':
			code = set_port(options, optarg);
			break;
		case 's':
			options->systemctl = optarg;
			break;
		case 'S':
			options->settle = true;
			break;
		case 'V':
			puts(TOCSIN_VERSION);
			code = 0;
			break;
		default:
			code = usage(option == 'h' ? stdout : stderr);
			break;
		}
	}
	return code < 0 && optind < argc ? usage(stderr) : code;
}

static void name_node(struct clconfd_options *options)
{
	if (options->node)
		return;
	gethostname(host_name, sizeof(host_name) - 1);
	host_name[strcspn(host_name, ".")] = '\0';
	options->node = host_name;
}

/* ---- sockets ---- */

static int key_of(void *arg, const struct net_identity *identity,
		  const struct net_address *from, u8 key[BASE_KEY_SIZE])
{
	struct clconfd *daemon = arg;
	struct base_key cluster;
	char error[CLCONFD_TEXT_MAX];
	int err = base_key_read(clconfd_etc(daemon, "key"), &cluster, error, sizeof(error));

	if (err) {
		base_log(BASE_LOG_ERROR, "%s", error);
		return err;
	}
	base_key_derive(&cluster, BASE_KEY_CONFIGURATION, key);
	base_key_wipe(&cluster, sizeof(cluster));
	return 0;
}

static void on_accepted(void *arg, struct net_channel *channel)
{
	struct clconfd *daemon = arg;

	daemon->busy_ns = base_clock_ns();
	if (net_call_serve(daemon->remote, channel))
		net_channel_close(channel);
}

static void on_refused(void *arg, const struct net_address *from, const char *why, u64 times)
{
	char text[NET_ADDRESS_TEXT_MAX];

	net_address_print(from, text);
	base_log(BASE_LOG_WARNING, "connection from %s refused: %s (%llu times)", text, why,
		 (unsigned long long)times);
}

static int serve_local(struct clconfd *daemon, int fd)
{
	struct ipc_server_config config = {
		.event = daemon->event,
		.path = fd < 0 ? clconfd_run(daemon, "cmclconfd.sock") : NULL,
		.fd = fd,
		.mode = 0666,
		.idle_ns = CLIENT_IDLE_NS,
		.ops = local_ops,
		.arg = daemon,
	};
	unsigned int used = 0;

	for (const struct ipc_op *op = clconfd_node_ops; op->name; op++)
		local_ops[used++] = *op;
	for (const struct ipc_op *op = clconfd_cluster_ops; op->name; op++)
		local_ops[used++] = *op;
	core_assert(used < OPS_MAX);
	return ipc_server_create(&config, &daemon->local);
}

static int serve_remote(struct clconfd *daemon, int fd)
{
	struct net_call_server_config calls = {
		.event = daemon->event,
		.ops = clconfd_node_ops,
		.role = IPC_ROLE_FULL_ADMIN,
		.idle_ns = CLIENT_IDLE_NS,
		.arg = daemon,
	};
	struct net_address address;
	struct net_listener_config config = {
		.event = daemon->event,
		.addresses = &address,
		.count = fd < 0 ? 1 : 0,
		.fd = fd,
		.key_of = key_of,
		.accepted = on_accepted,
		.refused = on_refused,
		.arg = daemon,
	};
	int err;

	err = net_address_parse(daemon->options.listen, daemon->options.port, &address);
	if (!err)
		err = net_call_server_create(&calls, &daemon->remote);
	return err ? err : net_listener_create(&config, &daemon->listener);
}

/* From systemd: one local and one TCP socket, in any order. */
static int serve(struct clconfd *daemon)
{
	int given = sd_listen_fds(1);
	int local = -1, remote = -1;
	int err;

	for (int fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + given; fd++) {
		if (sd_is_socket(fd, AF_UNIX, SOCK_STREAM, 1) > 0)
			local = fd;
		else if (sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) > 0)
			remote = fd;
	}
	if (!given)
		mkdir(daemon->options.run, 0755);
	err = serve_local(daemon, local);
	if (err) {
		base_log(BASE_LOG_CRITICAL, "%s: %s", clconfd_run(daemon, "cmclconfd.sock"),
			 strerror(-err));
		return err;
	}
	err = serve_remote(daemon, remote);
	if (err)
		base_log(BASE_LOG_CRITICAL, "cannot listen on %s port %u: %s",
			 daemon->options.listen, daemon->options.port, strerror(-err));
	return err;
}

/* ---- loop ---- */

/* Started by a socket: end when nobody was served for a while. */
static int on_idle(sd_event_source *source, uint64_t usec, void *arg)
{
	struct clconfd *daemon = arg;
	struct net_listener_stats remote;
	struct ipc_server_stats local;
	u64 now_ns = base_clock_ns();

	ipc_server_stats_get(daemon->local, &local);
	net_listener_stats_get(daemon->listener, &remote);
	if (local.clients || remote.channels || clconfd_jobs_running(daemon) ||
	    !access(clconfd_etc(daemon, "cmclconfig.staged"), F_OK))
		daemon->busy_ns = now_ns;
	if (now_ns - daemon->busy_ns > IDLE_END_NS)
		return sd_event_exit(daemon->event, 0);
	sd_event_source_set_time_relative(source, IDLE_LOOK_US);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int start(struct clconfd *daemon, bool by_socket)
{
	sigset_t signals;
	int err;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	err = sd_event_default(&daemon->event);
	if (err < 0)
		return err;
	sd_event_add_signal(daemon->event, NULL, SIGTERM, NULL, NULL);
	sd_event_add_signal(daemon->event, NULL, SIGINT, NULL, NULL);
	err = clconfd_jobs_create(daemon);
	if (!err)
		err = serve(daemon);
	if (!err)
		err = clconfd_resolve_start(daemon);
	daemon->busy_ns = base_clock_ns();
	if (err >= 0 && by_socket)
		err = sd_event_add_time_relative(daemon->event, NULL, CLOCK_BOOTTIME,
						 IDLE_LOOK_US, 0, on_idle, daemon);
	return err;
}

int main(int argc, char **argv)
{
	static struct clconfd daemon = {
		.options = {
			.etc = "/etc/tocsin",
			.run = "/run/tocsin",
			.listen = "*",
			.port = CONF_CLCONFD_PORT,
			.systemctl = "systemctl",
		},
	};
	int code;

	base_log_start("cmclconfd", BASE_LOG_INFO);
	code = read_options(argc, argv, &daemon.options);
	if (code >= 0)
		return code;
	if (daemon.options.settle)
		return clconfd_settle(&daemon);
	name_node(&daemon.options);
	if (start(&daemon, sd_listen_fds(0) > 0) < 0)
		return 1;
	sd_notify(0, "READY=1");
	code = sd_event_loop(daemon.event);
	return code < 0 ? 1 : code;
}
