/* SPDX-License-Identifier: GPL-2.0 */
/* The flight recorder's writing side; layout in core/recorder_format.h. */
#ifndef TOCSIN_RECORDER_H
#define TOCSIN_RECORDER_H

#include "recorder_format.h"

struct tocsin;

int tocsin_recorder_init(void);
void tocsin_recorder_uninit(void);

/**
 * tocsin_record - add an entry
 * @t: whom it is about; the recorder is the machine's, so that entries of other
 *	network namespaces are left out
 * @peer: node id, or 0
 * After @path up to RECORDER_ARGS numbers, as the kind says.
 * Context: any, NMI included. Never fails; the oldest entry goes.
 */
#define tocsin_record(t, kind, peer, path, ...) \
	tocsin_record_entry(t, kind, peer, path, (const u64 [RECORDER_ARGS]){ __VA_ARGS__ })

void tocsin_record_entry(const struct tocsin *t, enum recorder_kind kind, u16 peer, u8 path,
			 const u64 *arg);

/* A result as an argument of an entry. */
static inline u64 tocsin_record_result(int err)
{
	return (s64)err;
}

/* Write the state again, of the initial instance: all of it, or what belongs to
 * one peer.
 * Context: any, t->lock held.
 */
void tocsin_recorder_state(struct tocsin *t);
/* The leases and the last renewal alone.  When the verdict is out also without the lock,
 * whose holder may be stuck. Context: any.
 */
void tocsin_recorder_last(struct tocsin *t);
void tocsin_recorder_peer(struct tocsin *t, u16 id);

/* Who attached. Context: process, t->mutex held. */
void tocsin_recorder_owner(struct tocsin *t);

/* The verdict, kept for the dump. Context: any. */
struct recorder_verdict *tocsin_recorder_verdict(void);

/* The whole area, for reading. */
const void *tocsin_recorder_area(u64 *size);

#endif
