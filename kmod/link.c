// SPDX-License-Identifier: GPL-2.0
#include "link.h"

#include <linux/slab.h>
#include <net/ipv6.h>
#include <net/sock.h>
#include <net/udp.h>

#include "compat.h"
#include "instance.h"
#include "receive.h"

void tocsin_link_init(void)
{
	static_branch_inc(&memalloc_socks_key);
	udp_encap_enable();
}

void tocsin_link_uninit(void)
{
	udp_encap_disable();
	static_branch_dec(&memalloc_socks_key);
}

bool tocsin_address_equal(const struct tocsin_address *a, const struct tocsin_address *b)
{
	if (a->family != b->family)
		return false;
	if (a->family == AF_INET)
		return a->four.s_addr == b->four.s_addr;
	return ipv6_addr_equal(&a->six, &b->six);
}

static int socket_listen(struct tocsin *t, struct tocsin_socket *socket)
{
	struct udp_tunnel_sock_cfg tunnel = {
		.sk_user_data = t,
		.encap_type = 1,
		.encap_rcv = tocsin_receive,
	};
	struct udp_port_cfg port = {
		.family = socket->local.family,
		.local_udp_port = htons(t->port),
		.use_udp_checksums = 1,
		.use_udp6_tx_checksums = 1,
		.use_udp6_rx_checksums = 1,
		.ipv6_v6only = 1,
		.bind_ifindex = socket->scope,
	};
	int err;

	if (socket->local.family == AF_INET) {
		port.local_ip = socket->local.four;
	} else {
#if IS_ENABLED(CONFIG_IPV6)
		port.local_ip6 = socket->local.six;
#else
		return -EAFNOSUPPORT;
#endif
	}
	err = udp_sock_create(t->net, &port, &socket->socket);
	if (err)
		return err;
	/* Heartbeats must not wait behind memory pressure of others. */
	sk_set_memalloc(socket->socket->sk);
	socket->socket->sk->sk_allocation = GFP_ATOMIC;
	setup_udp_tunnel_sock(t->net, socket->socket, &tunnel);
	return 0;
}

static struct tocsin_socket *socket_get(struct tocsin *t, const struct tocsin_path *path)
{
	struct tocsin_socket *socket;
	int err;

	list_for_each_entry(socket, &t->sockets, list) {
		if (socket->scope == path->scope &&
		    tocsin_address_equal(&socket->local, &path->local)) {
			socket->users++;
			return socket;
		}
	}
	socket = kzalloc(sizeof(*socket), GFP_KERNEL);
	if (!socket)
		return ERR_PTR(-ENOMEM);
	socket->local = path->local;
	socket->scope = path->scope;
	socket->users = 1;
	err = socket_listen(t, socket);
	if (err) {
		kfree(socket);
		return ERR_PTR(err);
	}
	list_add(&socket->list, &t->sockets);
	return socket;
}

static void socket_put(struct tocsin_socket *socket)
{
	if (--socket->users)
		return;
	list_del(&socket->list);
	sk_clear_memalloc(socket->socket->sk);
	/* Waits for a grace period, and so for senders and receivers. */
	udp_tunnel_sock_release(socket->socket);
	kfree(socket);
}

int tocsin_link_open(struct tocsin *t, struct tocsin_path *path, u8 paths)
{
	u8 i;

	lockdep_assert_held(&t->mutex);
	for (i = 0; i < paths; i++) {
		path[i].socket = socket_get(t, &path[i]);
		if (IS_ERR(path[i].socket)) {
			int err = PTR_ERR(path[i].socket);

			path[i].socket = NULL;
			tocsin_link_close(t, path, i);
			return err;
		}
	}
	return 0;
}

void tocsin_link_close(struct tocsin *t, struct tocsin_path *path, u8 paths)
{
	u8 i;

	lockdep_assert_held(&t->mutex);
	for (i = 0; i < paths; i++) {
		if (path[i].socket)
			socket_put(path[i].socket);
		path[i].socket = NULL;
	}
}
