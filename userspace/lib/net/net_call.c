// SPDX-License-Identifier: GPL-2.0-or-later
#include <tocsin/ipc_stream.h>
#include <tocsin/net_call.h>

#include "net_tls.h"

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#define OPEN_TIMEOUT_NS	(5 * BASE_NS_PER_S)
#define WAIT_MAX_NS	(60 * BASE_NS_PER_S)

struct net_call {
	int fd;
	struct net_tls tls;
};

/* 0: ready; -ETIMEDOUT. */
static int wait_for(const struct net_call *call, bool write, u64 deadline_ns)
{
	struct pollfd poll_fd = { .fd = call->fd, .events = write ? POLLOUT : POLLIN };

	for (;;) {
		u64 now_ns = base_clock_ns();
		u64 left_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;
		int ready;

		if (!left_ns)
			return -ETIMEDOUT;
		/* Long waits in pieces: the number must fit. */
		if (left_ns > WAIT_MAX_NS)
			left_ns = WAIT_MAX_NS;
		ready = poll(&poll_fd, 1, (int)(left_ns / BASE_NS_PER_MS) + 1);
		if (ready > 0)
			return 0;
		if (ready < 0 && errno != EINTR)
			return -errno;
	}
}

/* ---- connect ---- */

static int connect_tcp(struct net_call *call, const struct net_address *to, u64 deadline_ns)
{
	socklen_t size = sizeof(int);
	int err;

	call->fd = socket(to->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (call->fd < 0)
		return -errno;
	if (!connect(call->fd, (const struct sockaddr *)&to->storage, to->size))
		return 0;
	if (errno != EINPROGRESS)
		return -errno;
	err = wait_for(call, true, deadline_ns);
	if (err)
		return err;
	if (getsockopt(call->fd, SOL_SOCKET, SO_ERROR, &err, &size) < 0)
		return -errno;
	return -err;
}

static int handshake(struct net_call *call, const struct net_call_config *config,
		     u64 deadline_ns, char *why, size_t size)
{
	int err = net_tls_start_client(&call->tls, call->fd, &config->identity, config->key);

	if (err)
		return err;
	while ((err = net_tls_handshake(&call->tls, why, size)) == -EAGAIN) {
		err = wait_for(call, net_tls_wants_write(&call->tls), deadline_ns);
		if (err)
			return err;
	}
	return err;
}

static void explain(const struct net_call_config *config, int err, const char *why,
		    char error[NET_CALL_TEXT_MAX])
{
	char address[NET_ADDRESS_TEXT_MAX];
	const char *reason = *why ? why : strerror(-err);
	const char *remedy = "is the host up, and its network?";

	net_address_print(&config->to, address);
	if (err == -EACCES)
		remedy = "it has another key: copy the key file to it";
	else if (err == -ECONNREFUSED)
		remedy = "nothing listens there: is Tocsin installed and its socket unit started?";
	else if (err == -ECONNRESET || err == -EPROTO)
		remedy = "does it have the cluster's key? see its journal";
	base_str_print(error, NET_CALL_TEXT_MAX, "%s: %s; %s", address, reason, remedy);
}

int net_call_open(const struct net_call_config *config, struct net_call **call,
		  char error[NET_CALL_TEXT_MAX])
{
	u64 timeout_ns = config->timeout_ns ? config->timeout_ns : OPEN_TIMEOUT_NS;
	u64 deadline_ns = base_clock_ns() + timeout_ns;
	struct net_call *own = calloc(1, sizeof(*own));
	char why[100] = "";
	int err;

	*call = NULL;
	if (!own) {
		base_str_print(error, NET_CALL_TEXT_MAX, "out of memory");
		return -ENOMEM;
	}
	err = connect_tcp(own, &config->to, deadline_ns);
	if (!err)
		err = handshake(own, config, deadline_ns, why, sizeof(why));
	if (err) {
		explain(config, err, why, error);
		net_call_close(own);
		return err;
	}
	*call = own;
	return 0;
}

void net_call_close(struct net_call *call)
{
	net_tls_stop(&call->tls);
	if (call->fd >= 0)
		close(call->fd);
	free(call);
}

/* ---- request ---- */

static ssize_t tls_write(void *arg, const void *data, size_t size, u64 deadline_ns)
{
	struct net_call *call = arg;
	ssize_t put = net_tls_write(&call->tls, data, size);

	while (put == -EAGAIN) {
		int err = wait_for(call, net_tls_wants_write(&call->tls), deadline_ns);

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
		int err = wait_for(call, net_tls_wants_write(&call->tls), deadline_ns);

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
