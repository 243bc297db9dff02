// SPDX-License-Identifier: GPL-2.0-or-later
#include <tocsin/ipc_stream.h>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int ipc_connect(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, err;

	if (base_str_copy(address.sun_path, sizeof(address.sun_path), path))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		/* EAGAIN: the server's queue is full, as good as no server. */
		err = errno == EAGAIN ? -ECONNREFUSED : -errno;
		close(fd);
		return err;
	}
	return fd;
}

/* 0: ready; -ETIMEDOUT. */
static int wait_for(int fd, short events, u64 deadline_ns)
{
	struct pollfd poll_fd = { .fd = fd, .events = events };

	for (;;) {
		u64 now = base_clock_ns();
		int timeout_ms = -1;
		int ready;

		if (deadline_ns != UINT64_MAX) {
			if (now >= deadline_ns)
				return -ETIMEDOUT;
			/* Long waits in pieces: the number must fit. */
			timeout_ms = 60000;
			if (deadline_ns - now < 60 * BASE_NS_PER_S)
				timeout_ms = (int)((deadline_ns - now) / BASE_NS_PER_MS) + 1;
		}
		ready = poll(&poll_fd, 1, timeout_ms);
		if (ready > 0)
			return 0;
		if (ready < 0 && errno != EINTR)
			return -errno;
	}
}

static ssize_t socket_write(void *arg, const void *data, size_t size, u64 deadline_ns)
{
	int fd = *(int *)arg;

	for (;;) {
		ssize_t put = send(fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
		int err;

		if (put >= 0)
			return put;
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		err = wait_for(fd, POLLOUT, deadline_ns);
		if (err)
			return err;
	}
}

static ssize_t socket_read(void *arg, void *data, size_t size, u64 deadline_ns)
{
	int fd = *(int *)arg;

	for (;;) {
		ssize_t got = recv(fd, data, size, MSG_DONTWAIT);
		int err;

		if (got >= 0)
			return got;
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		err = wait_for(fd, POLLIN, deadline_ns);
		if (err)
			return err;
	}
}

int ipc_call(int fd, const struct ipc_call *call, json_t **reply)
{
	const struct ipc_stream stream = { socket_write, socket_read, &fd };

	return ipc_stream_call(&stream, call, reply);
}

int ipc_call_path(const char *path, const struct ipc_call *call, json_t **reply)
{
	int fd = ipc_connect(path);
	int err;

	*reply = NULL;
	if (fd < 0)
		return fd;
	err = ipc_call(fd, call, reply);
	close(fd);
	return err;
}
