// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The lab's agent: runs commands for the host, which talks to it through a
 * virtio port.  No network, no library: it must work while either is broken.
 *
 * Each message is a line, so that both sides find their footing again after a
 * reboot cut a line in two:
 *
 *	host -> agent	D token id base64	input of a command to come
 *			R token id base64	run this with the shell
 *			K token id signal	signal its process group
 *			P token id		are you there?
 *	agent -> host	H token			a boot began; token names it
 *			O id base64		standard output
 *			E id base64		standard error
 *			X id code signal	the command ended
 *			P id clock_ns		here
 *
 * Lines with a token of an earlier boot are ignored: what was meant for the
 * node before its crash must not run after it.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	JOBS_MAX = 64,
	CHUNK = 24 * 1024,	/* raw bytes a line; a multiple of 3 */
	LINE_MAX_LEN = 64 * 1024,
	TOKEN_LEN = 8,
	PORT_RETRY_US = 20 * 1000,
};

struct job {
	bool used;
	bool started;
	uint64_t id;
	pid_t pid;
	int pidfd;
	int input;		/* memfd with the command's standard input */
	int out;
	int err;
};

static struct job jobs[JOBS_MAX];
static char token[TOKEN_LEN + 1];
static int port;

static const char b64_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static size_t b64_encode(const uint8_t *src, size_t len, char *dst)
{
	char *start = dst;

	for (size_t i = 0; i < len; i += 3) {
		uint32_t v = src[i] << 16;

		if (i + 1 < len)
			v |= src[i + 1] << 8;
		if (i + 2 < len)
			v |= src[i + 2];
		*dst++ = b64_digits[v >> 18];
		*dst++ = b64_digits[v >> 12 & 63];
		*dst++ = i + 1 < len ? b64_digits[v >> 6 & 63] : '=';
		*dst++ = i + 2 < len ? b64_digits[v & 63] : '=';
	}
	return dst - start;
}

/* Decodes in place; returns the length, or -1 on anything but base64. */
static ssize_t b64_decode(char *text)
{
	uint8_t *dst = (uint8_t *)text;
	uint32_t v = 0;
	unsigned int bits = 0;

	for (const char *p = text; *p && *p != '='; p++) {
		const char *digit = strchr(b64_digits, *p);

		if (!digit)
			return -1;
		v = v << 6 | (digit - b64_digits);
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			*dst++ = v >> bits;
		}
	}
	return dst - (uint8_t *)text;
}

static void send_all(const char *buf, size_t len)
{
	while (len) {
		ssize_t n = write(port, buf, len);

		if (n > 0) {
			buf += n;
			len -= n;
		} else if (n < 0 && errno != EINTR && errno != EAGAIN) {
			/* Nobody listens: the host reopens the port. */
			usleep(PORT_RETRY_US);
		}
	}
}

static void send_data(char kind, uint64_t id, const uint8_t *data, size_t len)
{
	static char line[LINE_MAX_LEN];
	int n = snprintf(line, sizeof(line), "%c %" PRIu64 " ", kind, id);

	n += b64_encode(data, len, line + n);
	line[n++] = '\n';
	send_all(line, n);
}

static struct job *job_find(uint64_t id)
{
	for (int i = 0; i < JOBS_MAX; i++)
		if (jobs[i].used && jobs[i].id == id)
			return &jobs[i];
	return NULL;
}

static struct job *job_get(uint64_t id)
{
	struct job *job = job_find(id);

	for (int i = 0; !job && i < JOBS_MAX; i++) {
		if (jobs[i].used)
			continue;
		job = &jobs[i];
		*job = (struct job){ .used = true, .id = id, .pidfd = -1,
				     .input = -1, .out = -1, .err = -1 };
	}
	return job;
}

static void report_exit(uint64_t id, int code, int sig)
{
	char line[64];

	send_all(line, snprintf(line, sizeof(line), "X %" PRIu64 " %d %d\n",
				id, code, sig));
}

static void job_exit(struct job *job, int code, int sig)
{
	report_exit(job->id, code, sig);
	close(job->input);
	close(job->out);
	close(job->err);
	close(job->pidfd);
	job->used = false;
}

/* Reads a pipe dry; closes it at its end. */
static void job_drain(struct job *job, char kind, int *fd)
{
	static uint8_t buf[CHUNK];
	ssize_t n;

	while (*fd >= 0 && (n = read(*fd, buf, sizeof(buf))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return;
		send_data(kind, job->id, buf, n);
	}
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void job_reap(struct job *job)
{
	int status;

	if (waitpid(job->pid, &status, WNOHANG) != job->pid)
		return;
	/* What is in the pipes now is the command's; a child that it left
	 * in the background may keep them open and is not waited for.
	 */
	job_drain(job, 'O', &job->out);
	job_drain(job, 'E', &job->err);
	if (WIFSIGNALED(status))
		job_exit(job, -1, WTERMSIG(status));
	else
		job_exit(job, WEXITSTATUS(status), 0);
}

static void child_exec(struct job *job, int out, int err, const char *command)
{
	static char *const env[] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=/root", "LANG=C.UTF-8", "TERM=dumb", NULL
	};
	int in = job->input >= 0 ? job->input : open("/dev/null", O_RDONLY);

	setsid();
	lseek(in, 0, SEEK_SET);
	if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
		_exit(126);
	for (int fd = 3; fd < 1024; fd++)
		close(fd);
	if (chdir("/root") < 0)
		_exit(126);
	execle("/bin/sh", "sh", "-c", command, (char *)NULL, env);
	_exit(127);
}

static int job_run(struct job *job, const char *command)
{
	int out[2], err[2];

	if (pipe2(out, O_CLOEXEC) < 0)
		return -errno;
	if (pipe2(err, O_CLOEXEC) < 0)
		goto err_out;
	job->pid = fork();
	if (job->pid < 0)
		goto err_err;
	if (job->pid == 0)
		child_exec(job, out[1], err[1], command);
	close(out[1]);
	close(err[1]);
	job->out = out[0];
	job->err = err[0];
	fcntl(job->out, F_SETFL, O_NONBLOCK);
	fcntl(job->err, F_SETFL, O_NONBLOCK);
	job->pidfd = syscall(SYS_pidfd_open, job->pid, 0);
	job->started = true;
	return 0;

err_err:
	close(err[0]);
	close(err[1]);
err_out:
	close(out[0]);
	close(out[1]);
	return -EAGAIN;
}

static void take_input(struct job *job, const char *data, size_t len)
{
	if (job->input < 0)
		job->input = memfd_create("input", MFD_CLOEXEC);
	while (len) {
		ssize_t n = write(job->input, data, len);

		if (n < 0)
			return;
		data += n;
		len -= n;
	}
}

static uint64_t read_clock(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* The clock that Tocsin measures leases with: raw, plus time suspended. */
static void pong(uint64_t id)
{
	uint64_t suspended = read_clock(CLOCK_BOOTTIME) - read_clock(CLOCK_MONOTONIC);
	char line[80];
	int n;

	n = snprintf(line, sizeof(line), "P %" PRIu64 " %" PRIu64 "\n", id,
		     read_clock(CLOCK_MONOTONIC_RAW) + suspended);
	send_all(line, n);
}

/* Line: kind, token, id, argument, each after one space. */
static void take_line(char *line)
{
	char *save, *kind = strtok_r(line, " ", &save);
	char *mine = strtok_r(NULL, " ", &save);
	char *number = strtok_r(NULL, " ", &save);
	char *arg = strtok_r(NULL, " ", &save);
	struct job *job;
	uint64_t id;
	ssize_t len;

	if (!number || strcmp(mine, token) || !isdigit(*number))
		return;
	id = strtoull(number, NULL, 10);
	if (*kind == 'P') {
		pong(id);
		return;
	}
	job = *kind == 'K' ? job_find(id) : job_get(id);
	if (!job && *kind != 'K')
		report_exit(id, 125, 0);
	if (!job)
		return;
	if (*kind == 'K') {
		if (job->started && arg)
			kill(-job->pid, strtol(arg, NULL, 10));
		return;
	}
	len = arg ? b64_decode(arg) : 0;
	if (len < 0 || job->started) {
		job_exit(job, 125, 0);
	} else if (*kind == 'D') {
		take_input(job, arg ? arg : "", len);
	} else if (arg) {
		arg[len] = '\0';
		if (job_run(job, arg) < 0)
			job_exit(job, 125, 0);
	}
}

static void take_port(void)
{
	static char line[LINE_MAX_LEN];
	static size_t have;
	static bool skip;	/* the line is too long to be ours */
	char *end;
	ssize_t n = read(port, line + have, sizeof(line) - have);

	if (n <= 0) {
		if (n == 0)
			usleep(PORT_RETRY_US);
		return;
	}
	have += n;
	while ((end = memchr(line, '\n', have))) {
		size_t used = end + 1 - line;

		*end = '\0';
		if (!skip)
			take_line(line);
		skip = false;
		memmove(line, line + used, have - used);
		have -= used;
	}
	if (have == sizeof(line)) {
		have = 0;
		skip = true;
	}
}

static int port_open(void)
{
	static const char dir[] = "/sys/class/virtio-ports";
	char path[300], name[32];
	struct dirent *entry;
	int fd = -1;
	DIR *d = opendir(dir);

	while (d && fd < 0 && (entry = readdir(d))) {
		FILE *f;

		snprintf(path, sizeof(path), "%s/%s/name", dir, entry->d_name);
		f = fopen(path, "re");
		if (!f)
			continue;
		if (fscanf(f, "%31s", name) == 1 && !strcmp(name, "control")) {
			snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
			fd = open(path, O_RDWR | O_CLOEXEC);
		}
		fclose(f);
	}
	if (d)
		closedir(d);
	return fd;
}

static void token_make(void)
{
	FILE *f = fopen("/proc/sys/kernel/random/uuid", "re");

	if (!f || !fgets(token, sizeof(token), f))
		exit(1);
	fclose(f);
}

static void poll_once(void)
{
	struct pollfd fds[1 + 3 * JOBS_MAX];
	struct job *who[1 + 3 * JOBS_MAX];
	int n = 0;

	fds[n++] = (struct pollfd){ .fd = port, .events = POLLIN };
	for (int i = 0; i < JOBS_MAX; i++) {
		struct job *job = &jobs[i];
		int watch[3] = { job->out, job->err, job->pidfd };

		if (!job->used || !job->started)
			continue;
		for (int k = 0; k < 3; k++) {
			who[n] = job;
			fds[n++] = (struct pollfd){ .fd = watch[k],
						    .events = POLLIN };
		}
	}
	if (poll(fds, n, -1) < 0)
		return;
	for (int i = 1; i < n; i += 3) {
		struct job *job = who[i];

		if (fds[i].revents)
			job_drain(job, 'O', &job->out);
		if (fds[i + 1].revents)
			job_drain(job, 'E', &job->err);
		if (fds[i + 2].revents)
			job_reap(job);
	}
	if (fds[0].revents & POLLIN)
		take_port();
	else if (fds[0].revents)
		usleep(PORT_RETRY_US);
}

int main(void)
{
	char hello[TOKEN_LEN + 8];

	signal(SIGPIPE, SIG_IGN);
	token_make();
	while ((port = port_open()) < 0)
		usleep(PORT_RETRY_US);
	/* The empty line ends whatever the boot before left unfinished. */
	send_all(hello, snprintf(hello, sizeof(hello), "\nH %s\n", token));
	for (;;)
		poll_once();
}
