/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one place that says how TLS is used: version 1.3, a pre-shared key with
 * an ephemeral key exchange, no tickets, no early data, no certificates.
 */
#ifndef TOCSIN_NET_TLS_H
#define TOCSIN_NET_TLS_H

#include <tocsin/net.h>

#include <gnutls/gnutls.h>

#define NET_IDENTITY_TEXT_MAX	(16 + 1 + NET_NAME_MAX + NET_NAME_MAX)

/* What a server's key callback was asked and said. */
enum net_tls_asked {
	NET_TLS_NOT_ASKED,
	NET_TLS_KEY_REFUSED,
	NET_TLS_KEY_GIVEN,
};

/* One end of one connection. All zero: not started. */
struct net_tls {
	gnutls_session_t session;
	enum net_tls_asked asked;
	int (*key_of)(void *arg, const void *name, size_t size, u8 key[BASE_KEY_SIZE]);
	void *arg;
	gnutls_psk_client_credentials_t client;
	gnutls_psk_server_credentials_t server;
};

int net_identity_print(const struct net_identity *identity, char text[NET_IDENTITY_TEXT_MAX]);
int net_identity_parse(const void *text, size_t size, struct net_identity *identity);

/* Client end. @fd must be non-blocking. 0, -EINVAL (a name with ':'), -ENOMEM. */
int net_tls_start_client(struct net_tls *tls, int fd, const struct net_identity *identity,
			 const u8 key[BASE_KEY_SIZE]);

/**
 * net_tls_start_server - server end
 * @key_of: asked during the handshake with what the client says; fills @key,
 *	returns 0, or refuses with -errno
 * @tls must not move until net_tls_stop().
 */
int net_tls_start_server(struct net_tls *tls, int fd,
			 int (*key_of)(void *arg, const void *name, size_t size,
				       u8 key[BASE_KEY_SIZE]), void *arg);

/* Free. Sends nothing. */
void net_tls_stop(struct net_tls *tls);

/**
 * net_tls_handshake - one step
 * Return: 0: done and checked; -EAGAIN: wait for what net_tls_wants_write()
 * says; -EACCES: the other end refused us or has another key; -ECONNRESET: it
 * hung up; -EPROTO: it does not speak this protocol.
 */
int net_tls_handshake(struct net_tls *tls, char *why, size_t size);
bool net_tls_wants_write(const struct net_tls *tls);

/* > 0: bytes; -EAGAIN; -ECONNRESET: end of the stream; -EPROTO, -EIO. */
ssize_t net_tls_read(struct net_tls *tls, void *data, size_t size);

/**
 * net_tls_write - send some bytes
 * After -EAGAIN the same bytes are under way already: call again with @data
 * NULL until it returns their number.
 */
ssize_t net_tls_write(struct net_tls *tls, const void *data, size_t size);

#endif
