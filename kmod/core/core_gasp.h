/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Last words (Documentation/MEMBERSHIP, rule 7): what this node's acceptor
 * would leave behind if it died now, and what a dead peer has left.
 */
#ifndef TOCSIN_CORE_GASP_H
#define TOCSIN_CORE_GASP_H

#include "core.h"
#include "wire.h"

/**
 * core_promise - a ballot will be promised for @epoch (rule 7)
 * What a gasp says of this acceptor; called before PROMISE is sent.
 * Acceptance of a ballot promises it as well. A lower ballot changes nothing.
 * Return: 0; -EINVAL: no ballot; -ESTALE: nothing installed, or another epoch
 * than the one after the installed.
 */
int core_promise(struct core *core, u64 epoch, const struct core_ballot *ballot);

/**
 * core_gasp_write - write this node's last words for a peer and path (rule 7)
 * May be written long before they are needed, but must not be sent before every
 * other CPU of this node has stopped for good, nor when core_gasp_generation()
 * has changed since.
 * @buf: CORE_GASP_SIZE bytes; key id and authenticator are left zero
 * Return: CORE_GASP_SIZE; 0 while not armed; -ENOENT: no such peer or path.
 */
int core_gasp_write(const struct core *core, u16 peer, u8 path, u64 now_ns, u8 *buf);

/* Changes, before anything else does, when what a gasp says changes. */
u64 core_gasp_generation(const struct core *core);

/**
 * core_gasp_receive - take an authenticated gasp; otherwise as core_receive()
 * The peer is silent at once and for the rest of that life.
 */
int core_gasp_receive(struct core *core, u16 peer_hint, u8 path, u64 now_ns, const u8 *buf);

/**
 * core_gasp_read - the last words of a life of a peer
 * Return: 0; -ENOENT: none, or too long ago.
 */
int core_gasp_read(const struct core *core, u16 peer, u64 incarnation,
		   struct core_gasp *gasp);

#endif
