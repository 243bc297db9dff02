// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmlogd: takes cmcld's messages from the log ring and gives them to the
 * journal, so that a slow log never delays cmcld.  It may die and come back at
 * any time: the ring keeps what it has not taken, and counts what did not fit.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>
#include <systemd/sd-journal.h>

#include <tocsin/logring.h>

#define WAIT_MS		1000
#define IDENTIFIER	"cmcld"

struct options {
	const char *path;
	bool to_stdout;
};

static volatile sig_atomic_t stopping;

static void stop(int signal)
{
	stopping = 1;
}

static void line_write(const struct options *options, int priority,
		       const struct logring_record *record)
{
	if (options->to_stdout) {
		printf("%" PRIu64 ".%09" PRIu64 " <%d> %.*s\n",
		       record->t_ns / 1000000000, record->t_ns % 1000000000,
		       priority, record->length, record->text);
		return;
	}
	if (sd_journal_send("MESSAGE=%.*s", (int)record->length, record->text,
			    "PRIORITY=%d", priority,
			    "SYSLOG_IDENTIFIER=" IDENTIFIER,
			    "SYSLOG_FACILITY=%d", LOG_DAEMON >> 3,
			    "TOCSIN_CLOCK_NS=%" PRIu64, record->t_ns,
			    "TOCSIN_REALTIME_NS=%" PRIu64, record->real_ns,
			    "TOCSIN_THREAD=%u", record->thread, NULL) < 0)
		syslog(priority, "%.*s", (int)record->length, record->text);
}

static void lost_write(const struct options *options, u64 lost)
{
	struct logring_record record = { .priority = LOG_WARNING };

	record.length = snprintf(record.text, sizeof(record.text),
				 "%" PRIu64 " messages lost: cmcld wrote faster "
				 "than they could be logged, or cmlogd was away",
				 lost);
	line_write(options, LOG_WARNING, &record);
}

static void drain(const struct options *options, struct logring *ring)
{
	struct logring_record record;
	u64 lost;

	while (logring_get(ring, &record))
		if (record.length)
			line_write(options, record.priority & LOG_PRIMASK, &record);
	lost = logring_lost_take(ring);
	if (lost)
		lost_write(options, lost);
	if (options->to_stdout)
		fflush(stdout);
}

/* Reads until told to stop, or until the ring's file was replaced. */
static int follow(const struct options *options)
{
	struct logring *ring;
	int err = logring_open(options->path, LOGRING_READER, &ring);

	if (err == -EPROTO) {
		sleep(1);
		return 0;
	}
	if (err) {
		fprintf(stderr, "cmlogd: %s: %s; it must be on tmpfs and writable "
			"by root\n", options->path, strerror(-err));
		return err;
	}
	sd_notify(0, "READY=1\nSTATUS=Logging for cmcld");
	while (!stopping && logring_current(ring, options->path)) {
		drain(options, ring);
		logring_wait(ring, WAIT_MS);
		sd_notify(0, "WATCHDOG=1");
	}
	drain(options, ring);
	logring_close(ring);
	return 0;
}

static void usage(FILE *out)
{
	fprintf(out,
		"usage: cmlogd [--ring FILE] [--stdout]\n"
		"Writes cmcld's messages to the journal.\n"
		"  --ring FILE  the log ring (default " LOGRING_PATH ")\n"
		"  --stdout     write lines to standard output instead\n"
		"Example: cmlogd --stdout   # watch, with tocsin-cmlogd.service stopped\n");
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "ring", required_argument, NULL, 'r' },
		{ "stdout", no_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	struct options options = { .path = LOGRING_PATH };
	struct sigaction action = { .sa_handler = stop };
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 'r':
			options.path = optarg;
			break;
		case 's':
			options.to_stdout = true;
			break;
		case 'h':
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return 2;
		}
	}
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	openlog(IDENTIFIER, 0, LOG_DAEMON);
	while (!stopping)
		if (follow(&options))
			return 1;
	return 0;
}
