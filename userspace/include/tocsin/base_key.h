/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cluster's key, made once by cmkeygen and held by every node in
 * BASE_KEY_FILE (mode 0600, owned by root).  Text; '#' starts a comment:
 *
 *	cluster-key-id 1
 *	key <64 hexadecimal digits>
 *
 * It is never used as it is: each use has a key derived for it, so that the
 * quorum server's host, for example, can be given its own and cannot speak as a
 * node.
 */
#ifndef TOCSIN_BASE_KEY_H
#define TOCSIN_BASE_KEY_H

#include "base.h"

#define BASE_KEY_FILE		"/etc/tocsin/key"
#define BASE_KEY_SIZE		32
#define BASE_KEY_TEXT_MAX	256

/**
 * struct base_key - the cluster's key
 * @id: 1..255; tells the new key from the old one while a key is changed
 */
struct base_key {
	u32 id;
	u8 secret[BASE_KEY_SIZE];
};

/* Purposes of base_key_derive(); the label is HKDF's "info". */
#define BASE_KEY_HEARTBEAT	"heartbeat"		/* kernel, UDP 5300 */
#define BASE_KEY_SESSION	"node-session"		/* cmcld, TCP 5300 */
#define BASE_KEY_CONFIGURATION	"configuration"		/* cmclconfd, TCP 5302 */
#define BASE_KEY_QUORUM_SERVER	"quorum-server"		/* qs, TCP 1238 */

/**
 * base_key_read - read and check a key file
 * @error: set to one line that names the file, the line, what is wrong and the
 *	remedy; untouched on success
 * Return: 0; -errno of open; -EPERM: readable by others than its owner;
 * -EINVAL: malformed.
 */
int base_key_read(const char *path, struct base_key *key, char *error, size_t error_size);

/**
 * base_key_parse - the same for text in memory
 * @name: what to call it in @error
 */
int base_key_parse(const char *name, const char *text, struct base_key *key,
		   char *error, size_t error_size);

/* Write the text of a key file, at most BASE_KEY_TEXT_MAX bytes with its NUL. */
void base_key_print(const struct base_key *key, char text[BASE_KEY_TEXT_MAX]);

/* Draw a new random key. */
void base_key_generate(u32 id, struct base_key *key);

/**
 * base_key_derive - the key for one purpose
 * HKDF-SHA-256 (RFC 5869): salt "tocsin-1", input the cluster's key, info
 * @purpose.
 */
void base_key_derive(const struct base_key *key, const char *purpose, u8 out[BASE_KEY_SIZE]);

/* Overwrite key material; not optimised away. */
void base_key_wipe(void *secret, size_t size);

#endif
