/* SPDX-License-Identifier: GPL-2.0 */
/* Keys of the heartbeat: HMAC-SHA-256, truncated to CORE_MAC_SIZE. */
#ifndef TOCSIN_KEY_H
#define TOCSIN_KEY_H

#include <linux/types.h>

struct tocsin;

/* Replace the key in a slot. Context: process, t->mutex held. */
int tocsin_key_set(struct tocsin *t, u8 slot, u32 id, const u8 *secret, bool transmit);
void tocsin_key_clear(struct tocsin *t);

/**
 * tocsin_key_sign - write key id and authenticator into a heartbeat or gasp
 * Context: softirq or process, under rcu_read_lock(). Return: 0; -ENOKEY.
 */
int tocsin_key_sign(struct tocsin *t, u8 *datagram, size_t length);

/**
 * tocsin_key_verify - is the authenticator right?
 * Takes the same time for every wrong one. Context: as above.
 * Return: CORE_DROP_NONE, CORE_DROP_KEY, CORE_DROP_MAC (enum core_drop).
 */
int tocsin_key_verify(struct tocsin *t, u32 id, const u8 *datagram, size_t length);

#endif
