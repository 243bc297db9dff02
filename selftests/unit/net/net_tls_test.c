// SPDX-License-Identifier: GPL-2.0-or-later
/* What TLS is agreed to: only 1.3, only with the key, only ephemeral. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "net_tls.h"

#include <sys/socket.h>
#include <unistd.h>

static const u8 key[BASE_KEY_SIZE] = { 7 };
static const struct net_identity identity = { .cluster_id = 0xabcULL, .node = "n1",
					      .cluster = "prod" };
static struct net_identity seen;
static int sockets[2];

static int key_of(void *arg, const void *name, size_t size, u8 out[BASE_KEY_SIZE])
{
	memcpy(out, key, sizeof(key));
	return net_identity_parse(name, size, &seen);
}

static int setup(void **state)
{
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, sockets);
}

static int teardown(void **state)
{
	close(sockets[0]);
	close(sockets[1]);
	return 0;
}

static int step(struct net_tls *tls, int before)
{
	char why[200];

	return before == -EAGAIN ? net_tls_handshake(tls, why, sizeof(why)) : before;
}

static void both_ends_agree(void **state)
{
	struct net_tls client, server;
	int a = -EAGAIN, b = -EAGAIN, turn;
	char data[6] = "";

	assert_int_equal(net_tls_start_client(&client, sockets[0], &identity, key), 0);
	assert_int_equal(net_tls_start_server(&server, sockets[1], key_of, NULL), 0);
	for (turn = 0; turn < 10; turn++) {
		a = step(&client, a);
		b = step(&server, b);
	}
	assert_int_equal(a, 0);
	assert_int_equal(b, 0);
	assert_int_equal(gnutls_protocol_get_version(server.session), GNUTLS_TLS1_3);
	assert_true(gnutls_group_get(server.session) != GNUTLS_GROUP_INVALID);
	assert_memory_equal(&seen, &identity, sizeof(seen));
	assert_int_equal(net_tls_write(&client, "hello", 5), 5);
	assert_int_equal(net_tls_read(&server, data, sizeof(data)), 5);
	assert_string_equal(data, "hello");
	assert_int_equal(net_tls_read(&server, data, sizeof(data)), -EAGAIN);
	net_tls_stop(&client);
	/* An end without goodbye is an end, too. */
	close(sockets[0]);
	sockets[0] = -1;
	assert_int_equal(net_tls_read(&server, data, sizeof(data)), -ECONNRESET);
	net_tls_stop(&server);
}

/* One end is any GnuTLS with the right key and other ideas. */
static int foreign_start(struct net_tls *foreign, unsigned int end, const char *priority)
{
	const gnutls_datum_t secret = { (u8 *)key, sizeof(key) };
	gnutls_certificate_credentials_t none;
	char name[NET_IDENTITY_TEXT_MAX];
	const char *at = "";

	memset(foreign, 0, sizeof(*foreign));
	assert_int_equal(gnutls_init(&foreign->session, end | GNUTLS_NONBLOCK), 0);
	if (gnutls_priority_set_direct(foreign->session, priority, &at) < 0)
		return -1;
	assert_int_equal(net_identity_print(&identity, name), 0);
	gnutls_psk_allocate_client_credentials(&foreign->client);
	gnutls_psk_set_client_credentials(foreign->client, name, &secret, GNUTLS_PSK_KEY_RAW);
	gnutls_certificate_allocate_credentials(&none);
	gnutls_credentials_set(foreign->session, GNUTLS_CRD_PSK, foreign->client);
	gnutls_credentials_set(foreign->session, GNUTLS_CRD_CERTIFICATE, none);
	gnutls_transport_set_int(foreign->session, sockets[0]);
	gnutls_session_set_ptr(foreign->session, none);
	return 0;
}

static void foreign_stop(struct net_tls *foreign)
{
	gnutls_certificate_credentials_t none = gnutls_session_get_ptr(foreign->session);

	net_tls_stop(foreign);
	gnutls_certificate_free_credentials(none);
}

static void other_ideas_are_refused(void **state)
{
	static const char *const priority[] = {
		/* PSK without an ephemeral exchange */
		"NORMAL:-VERS-ALL:+VERS-TLS1.3:-KX-ALL:+PSK",
		/* older versions, with the right key */
		"NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+ECDHE-PSK:+DHE-PSK:+PSK",
		/* certificates */
		"NORMAL",
		/* a group that is not among ours */
		"NORMAL:-VERS-ALL:+VERS-TLS1.3:-KX-ALL:+ECDHE-PSK:-GROUP-ALL:+GROUP-SECP521R1",
	};
	unsigned int i;

	for (i = 0; i < sizeof(priority) / sizeof(priority[0]); i++) {
		struct net_tls foreign, server;
		int a = GNUTLS_E_AGAIN, b = -EAGAIN, turn;

		if (i) {
			teardown(state);
			assert_int_equal(setup(state), 0);
		}
		assert_int_equal(foreign_start(&foreign, GNUTLS_CLIENT, priority[i]), 0);
		assert_int_equal(net_tls_start_server(&server, sockets[1], key_of, NULL), 0);
		for (turn = 0; turn < 10; turn++) {
			if (a == GNUTLS_E_AGAIN)
				a = gnutls_handshake(foreign.session);
			b = step(&server, b);
		}
		if (b == 0 || b == -EAGAIN)
			fail_msg("agreed to \"%s\": %d", priority[i], b);
		assert_true(a < 0);
		foreign_stop(&foreign);
		net_tls_stop(&server);
	}
}

static void identities_are_checked(void **state)
{
	static const char *const bad[] = {
		"", "0000000000000abc", "0000000000000abc:", "0000000000000abc:n1",
		"000000000000abc:n1:prod", "000000000000 abc:n1:prod", "0000000000000xbc:n1:prod",
		"0000000000000abc:n\x01:prod", "0000000000000abc:n 1:prod",
		"0000000000000abc:n\xc3\xa4:prod",
		"0000000000000abc:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaaaaaaaaaaaaaaaaaaaaa:p",
	};
	struct net_identity out, long_name = { .node = "a:b" };
	char text[NET_IDENTITY_TEXT_MAX];
	unsigned int i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(net_identity_parse(bad[i], strlen(bad[i]), &out), -EINVAL);
	assert_int_equal(net_identity_parse("0000000000000abc:n1:p\0d", 23, &out), -EINVAL);
	assert_int_equal(net_identity_print(&long_name, text), -EINVAL);
	/* The longest names fit. */
	memset(long_name.node, 'n', NET_NAME_MAX - 1);
	memset(long_name.cluster, 'c', NET_NAME_MAX - 1);
	long_name.cluster_id = UINT64_MAX;
	assert_int_equal(net_identity_print(&long_name, text), 0);
	assert_int_equal(net_identity_parse(text, strlen(text), &out), 0);
	assert_memory_equal(&out, &long_name, sizeof(out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(both_ends_agree),
		T(other_ideas_are_refused),
		cmocka_unit_test(identities_are_checked),
	};

	return cmocka_run_group_tests_name("net_tls", tests, NULL, NULL);
}
