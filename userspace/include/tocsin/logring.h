/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Log ring: fixed-size records in shared memory, many writers, one reader.
 *
 * cmcld writes, cmlogd reads and hands the records to the journal.  A writer
 * never blocks and never waits for the reader: when the ring is full the record
 * is dropped and counted.  Either side may die and come back; the ring lives on
 * in its file on tmpfs.
 */
#ifndef TOCSIN_LOGRING_H
#define TOCSIN_LOGRING_H

#include "core_env.h"

#define LOGRING_PATH	"/dev/shm/tocsin-log"
#define LOGRING_CELLS	4096		/* a power of two */
#define LOGRING_TEXT	480		/* bytes of text in a record */

enum logring_kind {
	LOGRING_TEXT_LINE,		/* for people */
	LOGRING_EVENT,			/* "t=... what=...": for time lines */
};

/**
 * struct logring_record - one message
 * @t_ns: kernel clock (raw clock plus time suspended) when it was written
 * @real_ns: wall clock when it was written, ns since 1970
 * @thread: thread id of the writer
 * @length: bytes of @text, not terminated by a zero
 * @priority: as in syslog(3), 0..7
 * @kind: enum logring_kind
 */
struct logring_record {
	u64 t_ns;
	u64 real_ns;
	u32 thread;
	u16 length;
	u8 priority;
	u8 kind;
	char text[LOGRING_TEXT];
};

struct logring;

enum logring_role {
	LOGRING_WRITER,			/* one process: repairs after a dead one */
	LOGRING_READER,
};

/**
 * logring_open - map the ring, make it when it is missing or of another layout
 * @path: a file on tmpfs, normally LOGRING_PATH; made with mode 0600
 * @ring: set on success; give it back to logring_close()
 * Opening as LOGRING_WRITER takes an exclusive lock: -EBUSY while another
 * process writes; and closes the gaps that a killed writer left behind.
 * Return: 0 or -errno; -EPROTO for a reader while a writer of another layout
 * lives (try again). Context: may block; not for the real-time thread.
 */
int logring_open(const char *path, enum logring_role role, struct logring **ring);
void logring_close(struct logring *ring);

/**
 * logring_put - add a record
 * @record: text beyond @record->length need not be set
 * Return: 0, or -ENOSPC when the ring is full (counted as lost).
 * Context: any thread of the writer; wait-free but for a retry when two
 * threads meet; at most one system call (futex wake).
 */
int logring_put(struct logring *ring, const struct logring_record *record);

/* Take the oldest record; false when there is none. Reader only. */
bool logring_get(struct logring *ring, struct logring_record *record);

/* Wait until there is something to get, @timeout_ms at most. Reader only. */
void logring_wait(struct logring *ring, int timeout_ms);

/* Records lost since the last call, by whichever reader made it. Reader only. */
u64 logring_lost_take(struct logring *ring);

/* Is @path still the file that is mapped? (Somebody may have removed it.) */
bool logring_current(const struct logring *ring, const char *path);

#endif
