// SPDX-License-Identifier: GPL-2.0-or-later
#include <tocsin/net_call.h>

#include "net_channel.h"

#include <tocsin/ipc_stream.h>

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#define TIMEOUT_NS_DEFAULT	(5 * BASE_NS_PER_S)

struct net_call {
	int fd;
	struct net_tls tls;
};

/* 0, -ETIMEDOUT, -errno */
static int wait_for(int fd, short events, u64 deadline_ns)
{
	struct pollfd poll_fd = { .fd = fd, .events = events };

	for (;;) {
		u64 now = base_clock_ns();
		u64 left_ns = 60 * BASE_NS_PER_S;
		int ready;

		if (now >= deadline_ns)
			return -ETIMEDOUT;
		if (deadline_ns - now < left_ns)
			left_ns = deadline_ns - now;
		ready = poll(&poll_fd, 1, (int)(left_ns / BASE_NS_PER_MS) + 1);
		if (ready > 0)
			return 0;
		if (ready < 0 && errno != EINTR)
			return -errno;
	}
}

static int connect_socket(struct net_call *call, const struct net_address *to, u64 deadline_ns)
{
	int family = to->storage.ss_family;
	int error = 0, err;
	socklen_t size = sizeof(error);

	call->fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (call->fd < 0)
		return -errno;
	net_socket_tune(call->fd, family, 0);
	if (connect(call->fd, (const struct sockaddr *)&to->storage, to->size) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return -errno;
	err = wait_for(call->fd, POLLOUT, deadline_ns);
	if (!err && getsockopt(call->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		error = errno;
	return err ? err : -error;
}

static int wait_for_tls(struct net_call *call, u64 deadline_ns)
{
	return wait_for(call->fd, net_tls_wants_write(&call->tls) ? POLLOUT : POLLIN,
			deadline_ns);
}

static int handshake(struct net_call *call, const struct net_call_config *config,
		     u64 deadline_ns, char why[NET_WHY_MAX])
{
	int err = net_tls_start_client(&call->tls, call->fd, &config->identity, config->key);

	while (!err) {
		err = net_tls_handshake(&call->tls, why, NET_WHY_MAX);
		if (err != -EAGAIN)
			break;
		err = wait_for_tls(call, deadline_ns);
	}
	return err;
}

/* What went wrong, in words with a remedy. */
static void explain(const struct net_call_config *config, int err, const char *why,
		    char error[NET_CALL_TEXT_MAX])
{
	char where[NET_ADDRESS_TEXT_MAX];
	const char *text = strerror(-err);

	net_address_print(&config->to, where);
	if (err == -EACCES)
		text = "refused: it has another cluster key; install the same key on all nodes";
	else if (err == -ECONNREFUSED)
		text = "nothing listens there; is Tocsin installed and started on that node?";
	else if (err == -ETIMEDOUT)
		text = "no answer in time";
	else if (err == -ECONNRESET)
		text = "closed the connection; look at that node's journal";
	else if (*why)
		text = why;
	base_str_print(error, NET_CALL_TEXT_MAX, "%s: %s", where, text);
}

int net_call_open(const struct net_call_config *config, struct net_call **out,
		  char error[NET_CALL_TEXT_MAX])
{
	u64 timeout_ns = config->timeout_ns ? config->timeout_ns : TIMEOUT_NS_DEFAULT;
	u64 deadline_ns = base_clock_ns() + timeout_ns;
	struct net_call *call = calloc(1, sizeof(*call));
	char why[NET_WHY_MAX] = "";
	int err;

	*out = NULL;
	if (!call)
		return -ENOMEM;
	err = connect_socket(call, &config->to, deadline_ns);
	if (!err)
		err = handshake(call, config, deadline_ns, why);
	if (err) {
		explain(config, err, why, error);
		net_call_close(call);
		return err;
	}
	*out = call;
	return 0;
}

void net_call_close(struct net_call *call)
{
	if (!call)
		return;
	net_tls_stop(&call->tls);
	if (call->fd >= 0)
		close(call->fd);
	free(call);
}

static ssize_t tls_write(void *arg, const void *data, size_t size, u64 deadline_ns)
{
	struct net_call *call = arg;
	ssize_t put = net_tls_write(&call->tls, data, size);

	while (put == -EAGAIN) {
		int err = wait_for_tls(call, deadline_ns);

		if (err)
			return err;
		put = net_tls_write(&call->tls, NULL, 0);
	}
	return put;
}

static ssize_t tls_read(void *arg, void *data, size_t size, u64 deadline_ns)
{
	struct net_call *call = arg;
	ssize_t got = net_tls_read(&call->tls, data, size);

	while (got == -EAGAIN) {
		int err = wait_for_tls(call, deadline_ns);

		if (err)
			return err;
		got = net_tls_read(&call->tls, data, size);
	}
	return got;
}

int net_call(struct net_call *call, const struct ipc_call *request, json_t **reply)
{
	const struct ipc_stream stream = { tls_write, tls_read, call };

	return ipc_stream_call(&stream, request, reply);
}
