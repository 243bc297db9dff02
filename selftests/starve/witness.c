// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Was it the host?  Watches the threads of processes (QEMU's) and says when one
 * had to wait for a CPU, and, by a thread of its own on each CPU, when nothing
 * could run at all.
 *
 *   witness LIMIT_MS PID...
 *
 * prints "TIME_MS WAITED_MS WHO" (monotonic clock; the wait ended at that time)
 * until SIGTERM.
 */
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_MS	1000000ULL
#define PERIOD_NS	(2 * NS_PER_MS)
#define SCAN_NS		(500 * NS_PER_MS)
#define THREADS_MAX	256
#define PRIORITY	90

struct watched {
	int tid;
	int fd;
	uint64_t waited_ns;
	char name[64];
};

static struct watched watched[THREADS_MAX];
static unsigned int count;
static uint64_t limit_ns;

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 * NS_PER_MS + now.tv_nsec;
}

static void period_wait(void)
{
	struct timespec wait = { .tv_nsec = PERIOD_NS };

	nanosleep(&wait, NULL);
}

static void tell(uint64_t waited_ns, const char *who)
{
	printf("%llu %llu %s\n", (unsigned long long)(now_ns() / NS_PER_MS),
	       (unsigned long long)(waited_ns / NS_PER_MS), who);
}

/* Second number of schedstat: time spent ready and not running. */
static int waited_read(const struct watched *w, uint64_t *waited_ns)
{
	char text[64];
	ssize_t got = pread(w->fd, text, sizeof(text) - 1, 0);
	unsigned long long ran, waited;

	if (got <= 0)
		return -1;
	text[got] = 0;
	if (sscanf(text, "%llu %llu", &ran, &waited) != 2)
		return -1;
	*waited_ns = waited;
	return 0;
}

static void thread_add(const char *pid, const char *tid)
{
	struct watched *w = &watched[count];
	char path[320], comm[32] = "";
	unsigned int i;
	int fd;

	for (i = 0; i < count; i++)
		if (watched[i].tid == strtol(tid, NULL, 10))
			return;
	if (count == THREADS_MAX)
		errx(1, "too many threads");
	snprintf(path, sizeof(path), "/proc/%s/task/%s/comm", pid, tid);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return;
	if (read(fd, comm, sizeof(comm) - 1) > 0)
		comm[strcspn(comm, "\n")] = 0;
	close(fd);
	snprintf(path, sizeof(path), "/proc/%s/task/%s/schedstat", pid, tid);
	w->fd = open(path, O_RDONLY);
	if (w->fd < 0)
		return;
	w->tid = strtol(tid, NULL, 10);
	snprintf(w->name, sizeof(w->name), "%s/%s", pid, comm);
	if (!waited_read(w, &w->waited_ns))
		count++;
	else
		close(w->fd);
}

static void process_scan(const char *pid)
{
	struct dirent *entry;
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%s/task", pid);
	dir = opendir(path);
	if (!dir)
		return;
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			thread_add(pid, entry->d_name);
	closedir(dir);
}

static void threads_check(void)
{
	unsigned int i = 0;

	while (i < count) {
		struct watched *w = &watched[i];
		uint64_t waited_ns;

		if (waited_read(w, &waited_ns)) {
			close(w->fd);
			*w = watched[--count];
			continue;
		}
		if (waited_ns - w->waited_ns >= limit_ns)
			tell(waited_ns - w->waited_ns, w->name);
		w->waited_ns = waited_ns;
		i++;
	}
}

static void real_time(unsigned int cpu)
{
	struct sched_param param = { .sched_priority = PRIORITY };
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) || sched_setscheduler(0, SCHED_FIFO, &param))
		err(1, "real-time priority on CPU %u", cpu);
}

/* Nothing beats this thread, so what it waits is the machine's. */
static void *cpu_watch(void *argument)
{
	unsigned int cpu = (uintptr_t)argument;
	uint64_t before_ns, gap_ns;
	char who[32];

	real_time(cpu);
	snprintf(who, sizeof(who), "CPU %u", cpu);
	for (;;) {
		before_ns = now_ns();
		period_wait();
		gap_ns = now_ns() - before_ns;
		if (gap_ns >= PERIOD_NS + limit_ns)
			tell(gap_ns - PERIOD_NS, who);
	}
	return NULL;
}

static void end(int number)
{
	(void)number;
	_exit(0);
}

int main(int argc, char **argv)
{
	unsigned int cpus = sysconf(_SC_NPROCESSORS_ONLN), cpu;
	uint64_t scanned_ns = 0;
	int i;

	if (argc < 3)
		errx(1, "usage: witness LIMIT_MS PID...");
	limit_ns = strtoull(argv[1], NULL, 10) * NS_PER_MS;
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGTERM, end);
	for (cpu = 0; cpu < cpus; cpu++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, cpu_watch, (void *)(uintptr_t)cpu))
			errx(1, "no thread");
	}
	for (;;) {
		if (now_ns() - scanned_ns > SCAN_NS) {
			for (i = 2; i < argc; i++)
				process_scan(argv[i]);
			scanned_ns = now_ns();
		}
		threads_check();
		period_wait();
	}
}
