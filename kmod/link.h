/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Links: one UDP socket for each local address, and the paths that use them.
 */
#ifndef TOCSIN_LINK_H
#define TOCSIN_LINK_H

#include <linux/in.h>
#include <linux/in6.h>
#include <linux/list.h>
#include <linux/types.h>

#include "limits.h"

struct socket;
struct tocsin;

struct tocsin_address {
	sa_family_t family;		/* 0: none */
	union {
		struct in_addr four;
		struct in6_addr six;
	};
};

/* A socket on a local address, shared by the paths of all peers. */
struct tocsin_socket {
	struct list_head list;
	struct tocsin_address local;
	u32 scope;
	unsigned int users;
	struct socket *socket;
};

struct tocsin_path {
	struct tocsin_address local;
	struct tocsin_address remote;
	u32 scope;
	struct tocsin_socket *socket;
	unsigned int napi_id;		/* of the queue that it is heard on; 0: none */
	atomic64_t send_errors;
	atomic64_t drops;
};

/**
 * tocsin_link_init - switch on, for as long as the module is there, what sockets need
 *
 * The first socket of its kind switches static branches in the network's code, the last
 * one switches them back, and each switch waits for all CPUs.  Taken out once here, so
 * that no request waits for a CPU that is stuck.  Context: process.
 */
void tocsin_link_init(void);
void tocsin_link_uninit(void);

bool tocsin_address_equal(const struct tocsin_address *a, const struct tocsin_address *b);

/**
 * tocsin_link_open - give each path its socket
 * Context: process, t->mutex held. Return: 0 or -errno with nothing open.
 */
int tocsin_link_open(struct tocsin *t, struct tocsin_path *path, u8 paths);

/**
 * tocsin_link_close - let go of sockets
 * The paths must not be reachable any more (taken out under t->lock); waits
 * for those who still send. Context: process, t->mutex held.
 */
void tocsin_link_close(struct tocsin *t, struct tocsin_path *path, u8 paths);

#endif
