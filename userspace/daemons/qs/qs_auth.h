/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The authorisation file: which cluster may ask, with which key, from where.
 *
 *	# cluster   key                                   from (optional)
 *	production  3f0c...64 hexadecimal digits...9a     10.1.0.0/16 fd00:1::/64
 *	staging     /etc/tocsin/qs.d/staging.key
 *	00000000deadbeef  ...
 *
 * cluster: its name, or its id (16 hexadecimal digits).  key: what
 * "qs -key" prints on a node of the cluster, or the absolute name of a file
 * with that, or of a copy of the cluster's key file.  from: addresses or
 * networks; none, or "+", means from anywhere.
 */
#ifndef TOCSIN_QS_AUTH_H
#define TOCSIN_QS_AUTH_H

#include <tocsin/net.h>

#define QS_AUTH_LABEL_MAX	40
#define QS_AUTH_NETWORKS_MAX	16
#define QS_AUTH_ENTRIES_MAX	1024

struct qs_auth_network {
	struct net_address address;
	u8 prefix;
};

/**
 * struct qs_auth_entry - one line
 * @label: the cluster as written: its name, or its id in lower case
 * @by_id: @cluster_id is what counts, not the name
 */
struct qs_auth_entry {
	char label[QS_AUTH_LABEL_MAX];
	bool by_id;
	u64 cluster_id;
	u8 key[BASE_KEY_SIZE];
	unsigned int networks;
	struct qs_auth_network network[QS_AUTH_NETWORKS_MAX];
};

struct qs_auth {
	unsigned int count;
	struct qs_auth_entry *entry;
};

/**
 * qs_auth_read - read and check the file
 * @complain: called for each fault, "file:line: what is wrong, what is allowed"
 * Return: 0; -EINVAL: it has faults, @auth is empty; -errno of open.
 */
int qs_auth_read(const char *path, struct qs_auth *auth, void (*complain)(const char *text));
void qs_auth_free(struct qs_auth *auth);

/* The entry for a client at an address, or NULL. */
const struct qs_auth_entry *qs_auth_find(const struct qs_auth *auth,
					 const struct net_identity *identity,
					 const struct net_address *from);

#endif
