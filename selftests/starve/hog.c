// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hogs: whatever takes a CPU away from everybody else.
 *
 *   hog SECONDS nice COUNT             spin at nice 0
 *   hog SECONDS fifo PRIORITY ON OFF   spin on each CPU, SCHED_FIFO, pulses in ms
 *   hog SECONDS fork                   processes that live for no time
 *   hog SECONDS memory                 take all memory, again and again
 *   hog SECONDS io DEVICE              direct and cached writes, synchronised
 *   hog SECONDS timers COUNT           that many timers of 1 ms on each CPU
 *
 * It pins its children, so that each CPU has its share, and ends them in time.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S	1000000000ULL
#define NS_PER_MS	1000000ULL
#define CHUNK		(1 << 20)
#define CHILDREN_MAX	64

static pid_t child[CHILDREN_MAX];
static unsigned int children;
static uint64_t end_ns;

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

static unsigned int number(const char *text)
{
	char *end;
	unsigned long value = strtoul(text ? text : "", &end, 10);

	if (!text || end == text || *end)
		errx(1, "%s: no number", text ? text : "nothing");
	return value;
}

static void wait_ns(uint64_t time)
{
	struct timespec wait = { .tv_sec = time / NS_PER_S, .tv_nsec = time % NS_PER_S };

	nanosleep(&wait, NULL);
}

static void pin(unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		err(1, "sched_setaffinity");
}

/* Return: true in the new process. */
static int born(unsigned int cpu)
{
	pid_t pid;

	if (children == CHILDREN_MAX)
		errx(1, "too many");
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (pid) {
		child[children++] = pid;
		return 0;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pin(cpu);
	return 1;
}

static void spin_until(uint64_t time_ns)
{
	while (now_ns() < time_ns)
		for (volatile int i = 0; i < 1000; i++)
			;
}

static void fifo(unsigned int cpu, char **argument)
{
	struct sched_param param = { .sched_priority = number(argument[0]) };
	uint64_t on_ns = number(argument[1]) * NS_PER_MS, off_ns = number(argument[2]) * NS_PER_MS;

	if (!born(cpu))
		return;
	if (mlockall(MCL_CURRENT | MCL_FUTURE) || sched_setscheduler(0, SCHED_FIFO, &param))
		err(1, "SCHED_FIFO %s", argument[0]);
	while (now_ns() < end_ns) {
		spin_until(off_ns && now_ns() + on_ns < end_ns ? now_ns() + on_ns : end_ns);
		if (off_ns)
			wait_ns(off_ns);
	}
	_exit(0);
}

static void forks(unsigned int cpu)
{
	int i;

	for (i = 0; i < 4; i++) {
		if (!born(cpu))
			continue;
		while (now_ns() < end_ns) {
			pid_t pid = fork();

			if (!pid)
				_exit(0);
			if (pid > 0)
				waitpid(pid, NULL, 0);
		}
		_exit(0);
	}
}

/* Takes until the kernel ends it; its parent tries again. */
static void memory_take(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY);

	if (fd < 0 || write(fd, "1000", 4) != 4)
		err(1, "oom_score_adj");
	while (now_ns() < end_ns) {
		char *chunk = mmap(NULL, CHUNK, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (chunk == MAP_FAILED)
			continue;
		memset(chunk, 1, CHUNK);
	}
	_exit(0);
}

static void memory(unsigned int cpu)
{
	if (!born(cpu))
		return;
	while (now_ns() < end_ns) {
		pid_t pid = fork();

		if (!pid) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			memory_take();
		}
		if (pid > 0)
			waitpid(pid, NULL, 0);
	}
	_exit(0);
}

static void io_child(const char *device, int flags, unsigned int cpu)
{
	void *buffer;
	unsigned int turn = 0;
	int fd;

	if (!born(cpu))
		return;
	fd = open(device, O_RDWR | flags);
	if (fd < 0 || posix_memalign(&buffer, 4096, 65536))
		err(1, "%s", device);
	memset(buffer, 1, 65536);
	while (now_ns() < end_ns) {
		if (pwrite(fd, buffer, 65536, (off_t)(turn++ % 1024) * 65536) < 0)
			err(1, "%s", device);
		if (!flags && !(turn % 64))
			fdatasync(fd);
	}
	_exit(0);
}

static void timers(unsigned int cpu, unsigned int count)
{
	struct itimerspec each_ms = { { 0, NS_PER_MS }, { 0, NS_PER_MS } };
	uint64_t fired;
	unsigned int i;
	int fd = -1;

	if (!born(cpu))
		return;
	for (i = 0; i < count; i++) {
		fd = timerfd_create(CLOCK_MONOTONIC, 0);
		each_ms.it_value.tv_nsec = NS_PER_MS + i * NS_PER_MS / count;
		if (fd < 0 || timerfd_settime(fd, 0, &each_ms, NULL))
			err(1, "timerfd");
	}
	while (now_ns() < end_ns)
		if (read(fd, &fired, sizeof(fired)) < 0)
			err(1, "read");
	_exit(0);
}

static void start(char **argument, unsigned int cpus)
{
	const char *kind = argument[0];
	unsigned int cpu;

	for (cpu = 0; cpu < cpus; cpu++) {
		if (!strcmp(kind, "fifo"))
			fifo(cpu, argument + 1);
		else if (!strcmp(kind, "fork"))
			forks(cpu);
		else if (!strcmp(kind, "memory"))
			memory(cpu);
		else if (!strcmp(kind, "io"))
			io_child(argument[1], O_DIRECT, cpu), io_child(argument[1], 0, cpu);
		else if (!strcmp(kind, "timers"))
			timers(cpu, number(argument[1]));
		else
			errx(1, "%s: no such hog", kind);
	}
}

/* Not pinned: the scheduler spreads them. */
static void nice_start(unsigned int count)
{
	while (count--) {
		child[children] = fork();
		if (!child[children]) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			spin_until(end_ns);
			_exit(0);
		}
		children++;
	}
}

static int all_ended(void)
{
	int failed = 0, status;

	while (children) {
		if (waitpid(child[--children], &status, 0) < 0)
			err(1, "waitpid");
		failed |= status;
	}
	return failed;
}

int main(int argc, char **argv)
{
	unsigned int cpus = sysconf(_SC_NPROCESSORS_ONLN);

	if (argc < 3)
		errx(1, "usage: hog SECONDS KIND ...");
	end_ns = now_ns() + number(argv[1]) * NS_PER_S;
	if (!strcmp(argv[2], "nice"))
		nice_start(number(argv[3]));
	else
		start(argv + 2, cpus);
	return all_ended() ? 1 : 0;
}
