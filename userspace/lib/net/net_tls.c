// SPDX-License-Identifier: GPL-2.0-or-later
#include "net_tls.h"

/*
 * X25519 first because it is fast: a stranger can make us compute.  Only key
 * exchanges that are ephemeral and prove the pre-shared key.
 */
static const char priorities[] =
	"NORMAL:-VERS-ALL:+VERS-TLS1.3:-KX-ALL:+ECDHE-PSK:-GROUP-ALL:"
	"+GROUP-X25519:+GROUP-SECP256R1:%SERVER_PRECEDENCE";

#define SESSION_FLAGS	(GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL | GNUTLS_NO_TICKETS)

int net_identity_print(const struct net_identity *identity, char text[NET_IDENTITY_TEXT_MAX])
{
	/* The node's name ends at the first ':'. */
	if (strchr(identity->node, ':'))
		return -EINVAL;
	base_str_print(text, NET_IDENTITY_TEXT_MAX, "%016llx:%s:%s",
		       (unsigned long long)identity->cluster_id, identity->node,
		       identity->cluster);
	return 0;
}

static bool printable(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text <= ' ' || (unsigned char)*text > '~')
			return false;
	return true;
}

int net_identity_parse(const void *name, size_t size, struct net_identity *identity)
{
	char text[NET_IDENTITY_TEXT_MAX];
	u8 id[8];
	char *node, *cluster;
	unsigned int i;

	memset(identity, 0, sizeof(*identity));
	if (size < 18 || size >= sizeof(text) || memchr(name, '\0', size))
		return -EINVAL;
	memcpy(text, name, size);
	text[size] = '\0';
	if (!printable(text) || text[16] != ':')
		return -EINVAL;
	text[16] = '\0';
	if (base_hex_read(text, id, sizeof(id)))
		return -EINVAL;
	node = text + 17;
	cluster = strchr(node, ':');
	if (!cluster)
		return -EINVAL;
	*cluster++ = '\0';
	if (base_str_copy(identity->node, sizeof(identity->node), node) ||
	    base_str_copy(identity->cluster, sizeof(identity->cluster), cluster)) {
		memset(identity, 0, sizeof(*identity));
		return -EINVAL;
	}
	for (i = 0; i < 8; i++)
		identity->cluster_id = identity->cluster_id << 8 | id[i];
	return 0;
}

static int start(struct net_tls *tls, int fd, unsigned int end)
{
	if (gnutls_init(&tls->session, end | SESSION_FLAGS) < 0) {
		tls->session = NULL;
		return -ENOMEM;
	}
	if (gnutls_priority_set_direct(tls->session, priorities, NULL) < 0)
		return -EINVAL;
	/* Time-outs are ours: GnuTLS must never wait. */
	gnutls_handshake_set_timeout(tls->session, GNUTLS_INDEFINITE_TIMEOUT);
	gnutls_transport_set_int(tls->session, fd);
	return 0;
}

int net_tls_start_client(struct net_tls *tls, int fd, const struct net_identity *identity,
			 const u8 key[BASE_KEY_SIZE])
{
	const gnutls_datum_t secret = { (u8 *)key, BASE_KEY_SIZE };
	char name[NET_IDENTITY_TEXT_MAX];
	int err;

	memset(tls, 0, sizeof(*tls));
	err = net_identity_print(identity, name);
	if (!err)
		err = start(tls, fd, GNUTLS_CLIENT);
	if (!err && gnutls_psk_allocate_client_credentials(&tls->client) < 0)
		err = -ENOMEM;
	if (!err && (gnutls_psk_set_client_credentials(tls->client, name, &secret,
						       GNUTLS_PSK_KEY_RAW) < 0 ||
		     gnutls_credentials_set(tls->session, GNUTLS_CRD_PSK, tls->client) < 0))
		err = -ENOMEM;
	if (err)
		net_tls_stop(tls);
	return err;
}

static int psk_callback(gnutls_session_t session, const gnutls_datum_t *name,
			gnutls_datum_t *key)
{
	struct net_tls *tls = gnutls_session_get_ptr(session);
	u8 secret[BASE_KEY_SIZE];

	tls->asked = NET_TLS_KEY_REFUSED;
	if (tls->key_of(tls->arg, name->data, name->size, secret))
		return -1;
	tls->asked = NET_TLS_KEY_GIVEN;
	key->data = gnutls_malloc(sizeof(secret));
	if (key->data) {
		memcpy(key->data, secret, sizeof(secret));
		key->size = sizeof(secret);
	}
	base_key_wipe(secret, sizeof(secret));
	return key->data ? 0 : -1;
}

int net_tls_start_server(struct net_tls *tls, int fd,
			 int (*key_of)(void *arg, const void *name, size_t size,
				       u8 key[BASE_KEY_SIZE]), void *arg)
{
	int err;

	memset(tls, 0, sizeof(*tls));
	tls->key_of = key_of;
	tls->arg = arg;
	err = start(tls, fd, GNUTLS_SERVER);
	if (err) {
		net_tls_stop(tls);
		return err;
	}
	gnutls_session_set_ptr(tls->session, tls);
	if (gnutls_psk_allocate_server_credentials(&tls->server) < 0 ||
	    gnutls_credentials_set(tls->session, GNUTLS_CRD_PSK, tls->server) < 0) {
		net_tls_stop(tls);
		return -ENOMEM;
	}
	gnutls_psk_set_server_credentials_function2(tls->server, psk_callback);
	return 0;
}

void net_tls_stop(struct net_tls *tls)
{
	if (tls->session)
		gnutls_deinit(tls->session);
	if (tls->client)
		gnutls_psk_free_client_credentials(tls->client);
	if (tls->server)
		gnutls_psk_free_server_credentials(tls->server);
	memset(tls, 0, sizeof(*tls));
}

/* What was negotiated must be what was asked for. */
static int check_negotiated(struct net_tls *tls)
{
	if (gnutls_protocol_get_version(tls->session) != GNUTLS_TLS1_3)
		return -EPROTO;
	if (gnutls_auth_get_type(tls->session) != GNUTLS_CRD_PSK)
		return -EPROTO;
	if (gnutls_kx_get(tls->session) != GNUTLS_KX_ECDHE_PSK ||
	    gnutls_group_get(tls->session) == GNUTLS_GROUP_INVALID)
		return -EPROTO;
	return 0;
}

static int alert_error(struct net_tls *tls)
{
	switch (gnutls_alert_get(tls->session)) {
	case GNUTLS_A_UNKNOWN_PSK_IDENTITY:
	case GNUTLS_A_DECRYPT_ERROR:
	case GNUTLS_A_BAD_RECORD_MAC:
	case GNUTLS_A_ILLEGAL_PARAMETER:
	case GNUTLS_A_HANDSHAKE_FAILURE:
	case GNUTLS_A_INSUFFICIENT_SECURITY:
	case GNUTLS_A_INTERNAL_ERROR:
	case GNUTLS_A_ACCESS_DENIED:
		return -EACCES;
	default:
		return -EPROTO;
	}
}

static int map_error(struct net_tls *tls, int code)
{
	switch (code) {
	case GNUTLS_E_AGAIN:
	case GNUTLS_E_INTERRUPTED:
		return -EAGAIN;
	case GNUTLS_E_FATAL_ALERT_RECEIVED:
		return alert_error(tls);
	case GNUTLS_E_PUSH_ERROR:
	case GNUTLS_E_PULL_ERROR:
	case GNUTLS_E_PREMATURE_TERMINATION:
		return -ECONNRESET;
	case GNUTLS_E_MEMORY_ERROR:
		return -ENOMEM;
	case GNUTLS_E_DECRYPTION_FAILED:
	case GNUTLS_E_INSUFFICIENT_CREDENTIALS:
	case GNUTLS_E_ERROR_IN_FINISHED_PACKET:
	case GNUTLS_E_KEYFILE_ERROR:
	case GNUTLS_E_UNKNOWN_SRP_USERNAME:
		return -EACCES;
	default:
		return -EPROTO;
	}
}

int net_tls_handshake(struct net_tls *tls, char *why, size_t size)
{
	int code, err;

	do
		code = gnutls_handshake(tls->session);
	while (code == GNUTLS_E_INTERRUPTED || code == GNUTLS_E_WARNING_ALERT_RECEIVED);
	if (code == GNUTLS_E_AGAIN)
		return -EAGAIN;
	if (code == GNUTLS_E_SUCCESS) {
		err = check_negotiated(tls);
		if (err)
			base_str_print(why, size, "negotiated something other than TLS 1.3 "
				       "with the pre-shared key");
		return err;
	}
	err = map_error(tls, code);
	/* A binder that does not verify is reported as an illegal parameter. */
	if (err == -EPROTO && tls->asked == NET_TLS_KEY_GIVEN)
		err = -EACCES;
	if (code == GNUTLS_E_FATAL_ALERT_RECEIVED)
		base_str_print(why, size, "TLS alert \"%s\"",
			       gnutls_alert_get_name(gnutls_alert_get(tls->session)));
	else
		base_str_print(why, size, "TLS: %s", gnutls_strerror(code));
	/* So that an honest client with the wrong key learns why; best effort. */
	if (code != GNUTLS_E_FATAL_ALERT_RECEIVED && err != -ECONNRESET)
		gnutls_alert_send_appropriate(tls->session, code);
	return err;
}

bool net_tls_wants_write(const struct net_tls *tls)
{
	return gnutls_record_get_direction(tls->session) == 1;
}

ssize_t net_tls_read(struct net_tls *tls, void *data, size_t size)
{
	ssize_t got;

	do
		got = gnutls_record_recv(tls->session, data, size);
	while (got == GNUTLS_E_INTERRUPTED);
	if (got > 0)
		return got;
	return got ? map_error(tls, (int)got) : -ECONNRESET;
}

ssize_t net_tls_write(struct net_tls *tls, const void *data, size_t size)
{
	ssize_t put;

	do
		put = gnutls_record_send(tls->session, data, data ? size : 0);
	while (put == GNUTLS_E_INTERRUPTED);
	return put >= 0 ? put : map_error(tls, (int)put);
}
