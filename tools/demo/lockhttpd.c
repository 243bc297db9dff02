// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * lockhttpd: the demo's application.  A small HTTP server that owns a shared disk
 * while it runs and proves on that disk that nobody else did at the same time.
 *
 * The disk, in blocks of 4096 bytes, all I/O direct (no cache in between):
 *   block 1       who holds the disk: holder (random), beats so far
 *   block 2..17   violations, never erased
 *   block 18..    one per run: who, since when, newest beat, end
 *
 * At start it finds out who held the disk last and how many beats that one had
 * made, and writes both into its own record; then it takes block 1.  Every 50 ms it
 * looks whether block 1 still holds exactly what it wrote itself, then writes the
 * next beat there and into its record.  Two owners at a time thus cannot stay
 * unseen: of two that write block 1 at least one finds the other's beat, and a
 * former owner that goes on makes more beats than its heir has written down.
 * tools/demo/fencelog.py reads all this.  No clock of two machines is compared.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define DISK		"/dev/disk/by-id/virtio-shared"
#define BLOCK		4096
#define HOLDER_AT	1
#define VIOLATION_AT	2
#define VIOLATIONS	16
#define RUN_AT		(VIOLATION_AT + VIOLATIONS)
#define RUNS		2048
#define BEAT_NS		50000000L

#define HOLDER_MAGIC	0x52444c4f48434f54ULL	/* "TOCHOLDR", little endian */
#define RUN_MAGIC	0x4e55525f53434f54ULL	/* "TOCS_RUN" */
#define VIOLATION_MAGIC	0x4c4f49565f434f54ULL	/* "TOC_VIOL" */

enum end { RUNNING, STOPPED, VIOLATED };

/* All three kinds of block; numbers little endian on disk. */
struct block {
	uint64_t magic;
	uint64_t holder;
	uint64_t beats;
	uint64_t former_holder;		/* run: whom it found; violation: whom it met */
	uint64_t former_beats;
	uint64_t start_boot_ns;		/* CLOCK_BOOTTIME of its own machine */
	uint64_t start_real_ns;
	uint64_t beat_boot_ns;
	uint64_t beat_real_ns;
	uint32_t run;			/* SG_RUN_ID */
	uint32_t end;
	char node[64];
	char package[64];
	char fill[BLOCK - 9 * 8 - 2 * 4 - 2 * 64];
};

_Static_assert(sizeof(struct block) == BLOCK, "one block");

static int disk;
static int run_block;
static struct block mine __attribute__((aligned(BLOCK)));
static volatile sig_atomic_t stopping;
static uint64_t beats_shown;

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

static void die(const char *what)
{
	fprintf(stderr, "lockhttpd: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void block_read(int number, struct block *block)
{
	if (pread(disk, block, BLOCK, (off_t)number * BLOCK) != BLOCK)
		die("cannot read the disk");
}

static void block_write(int number, const struct block *block)
{
	if (pwrite(disk, block, BLOCK, (off_t)number * BLOCK) != BLOCK)
		die("cannot write the disk");
}

static void write_as(uint64_t magic, int number)
{
	static struct block out __attribute__((aligned(BLOCK)));

	out = mine;
	out.magic = htole64(magic);
	block_write(number, &out);
}

static void stamp(void)
{
	mine.beat_boot_ns = htole64(clock_ns(CLOCK_BOOTTIME));
	mine.beat_real_ns = htole64(clock_ns(CLOCK_REALTIME));
}

/* Somebody else is at work here: say so for ever, and stop. */
static void violation(const struct block *found)
{
	static struct block other __attribute__((aligned(BLOCK)));

	mine.former_holder = found->holder;
	mine.former_beats = found->beats;
	stamp();
	for (int i = 0; i < VIOLATIONS; i++) {
		block_read(VIOLATION_AT + i, &other);
		if (other.magic == htole64(VIOLATION_MAGIC) && i < VIOLATIONS - 1)
			continue;
		write_as(VIOLATION_MAGIC, VIOLATION_AT + i);
		break;
	}
	mine.end = htole32(VIOLATED);
	write_as(RUN_MAGIC, run_block);
	fprintf(stderr, "lockhttpd: VIOLATION: %.63s writes to the disk of %.63s, run %u\n",
		found->node, mine.node, le32toh(mine.run));
	exit(3);
}

static void beat(void)
{
	static struct block found __attribute__((aligned(BLOCK)));

	block_read(HOLDER_AT, &found);
	if (found.holder != mine.holder || found.beats != mine.beats)
		violation(&found);
	mine.beats = htole64(le64toh(mine.beats) + 1);
	stamp();
	write_as(HOLDER_MAGIC, HOLDER_AT);
	write_as(RUN_MAGIC, run_block);
	__atomic_store_n(&beats_shown, le64toh(mine.beats), __ATOMIC_RELAXED);
}

static void *beat_for_ever(void *unused)
{
	struct timespec due;

	clock_gettime(CLOCK_MONOTONIC, &due);
	while (!stopping) {
		beat();
		due.tv_nsec += BEAT_NS;
		if (due.tv_nsec >= 1000000000L) {
			due.tv_nsec -= 1000000000L;
			due.tv_sec++;
		}
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
	}
	return unused;
}

static int free_run_block(void)
{
	static struct block found __attribute__((aligned(BLOCK)));

	for (int i = 0; i < RUNS; i++) {
		block_read(RUN_AT + i, &found);
		if (found.magic != htole64(RUN_MAGIC))
			return RUN_AT + i;
	}
	errno = ENOSPC;
	die("no room for another run");
	return 0;
}

static void name_take(char *out, const char *variable, const char *otherwise)
{
	const char *value = getenv(variable);

	snprintf(out, 64, "%s", value ? value : otherwise);
}

static void disk_take(const char *path)
{
	static struct block found __attribute__((aligned(BLOCK)));
	const char *run = getenv("SG_RUN_ID");
	char host[64] = "";

	disk = open(path, O_RDWR | O_DIRECT | O_SYNC | O_CLOEXEC);
	if (disk < 0)
		die(path);
	gethostname(host, sizeof(host) - 1);
	name_take(mine.node, "SG_NODE", host);
	name_take(mine.package, "SG_PACKAGE", "none");
	mine.run = htole32(run ? (uint32_t)strtoul(run, NULL, 10) : 0);
	if (getrandom(&mine.holder, sizeof(mine.holder), 0) != sizeof(mine.holder))
		die("no random numbers");
	run_block = free_run_block();
	block_read(HOLDER_AT, &found);
	if (found.magic == htole64(HOLDER_MAGIC)) {
		mine.former_holder = found.holder;
		mine.former_beats = found.beats;
	}
	stamp();
	mine.start_boot_ns = mine.beat_boot_ns;
	mine.start_real_ns = mine.beat_real_ns;
	write_as(HOLDER_MAGIC, HOLDER_AT);
	write_as(RUN_MAGIC, run_block);
}

static int listen_on(int port)
{
	struct sockaddr_in6 at = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	if (fd < 0)
		die("socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) || listen(fd, 64))
		die("cannot listen");
	return fd;
}

/* One request, one answer; who does not ask within a moment is not waited for. */
static void answer(int client)
{
	struct pollfd ready = { .fd = client, .events = POLLIN };
	char text[512], body[256];
	int length;

	if (poll(&ready, 1, 200) == 1 && read(client, text, sizeof(text)) > 0) {
		length = snprintf(body, sizeof(body), "package %s run %u on %s beat %llu\n",
				  mine.package, le32toh(mine.run), mine.node,
				  (unsigned long long)__atomic_load_n(&beats_shown,
								      __ATOMIC_RELAXED));
		length = snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\nContent-Length: %d"
				  "\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n%s",
				  length, body);
		if (write(client, text, (size_t)length) < 0)
			fprintf(stderr, "lockhttpd: client: %s\n", strerror(errno));
	}
	close(client);
}

static void stop(int signal)
{
	stopping = signal;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = stop };
	pthread_t beater;
	int fd;

	if (argc > 3 || (argc > 1 && argv[1][0] == '-')) {
		fprintf(stderr, "usage: lockhttpd [DISK [PORT]]\n"
			"Serves HTTP and holds a shared disk (default " DISK ", 80).\n"
			"The disk is overwritten.\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	fd = listen_on(argc > 2 ? (int)strtol(argv[2], NULL, 10) : 80);
	disk_take(argc > 1 ? argv[1] : DISK);
	errno = pthread_create(&beater, NULL, beat_for_ever, NULL);
	if (errno)
		die("thread");
	while (!stopping) {
		struct pollfd ready = { .fd = fd, .events = POLLIN };

		if (poll(&ready, 1, 100) == 1) {
			int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

			if (client >= 0)
				answer(client);
		}
	}
	pthread_join(beater, NULL);
	mine.end = htole32(STOPPED);
	stamp();
	write_as(RUN_MAGIC, run_block);
	return 0;
}
