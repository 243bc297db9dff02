/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The quorum server's acceptor for one cluster (Documentation/MEMBERSHIP,
 * rule 8): pure, durable by the caller's hand.
 */
#ifndef TOCSIN_ARBITER_H
#define TOCSIN_ARBITER_H

#include "member_message.h"

/**
 * struct arbiter_state
 * @identity: random, drawn by the caller when it creates the state; never 0
 * @newest_epoch: newest epoch promised; older ones are refused
 * @promised: newest ballot promised for @newest_epoch
 * @has_accepted, @accepted: newest value accepted
 */
struct arbiter_state {
	u64 cluster;
	u64 identity;
	u64 newest_epoch;
	struct member_ballot promised;
	bool has_accepted;
	struct member_value accepted;
};

/* A new state: -EINVAL when @cluster or @identity is 0. */
int arbiter_init(struct arbiter_state *state, u64 cluster, u64 identity);

/**
 * arbiter_step - take a request, change the state, make the answer
 * @request: has passed member_message_check() for this cluster
 * @must_sync: set when @state changed: it has to be on stable storage before
 *	@answer is sent; when that fails @answer must not be sent
 * Return: 0; -EINVAL: not a request (no answer).
 */
int arbiter_step(struct arbiter_state *state, const struct member_message *request,
		 struct member_message *answer, bool *must_sync);

#define ARBITER_BYTES_MAX	2048

/* As member_disk_encode() and member_disk_decode(). -EXDEV: other cluster. */
size_t arbiter_encode(const struct arbiter_state *state, u8 *buf);
int arbiter_decode(struct arbiter_state *state, const u8 *buf, size_t length, u64 cluster);

#endif
