/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The flight recorder (kmod/core/recorder_format.h), out of a crash dump or out
 * of the running kernel, and what it says in words.
 */
#ifndef TOCSIN_CMD_CRASH_H
#define TOCSIN_CMD_CRASH_H

#include "core.h"
#include "recorder_format.h"

#include <stdio.h>

/* More are counted, but not told one by one. */
#define CRASH_FOUND_MAX	8

/* Is a recorder of the kernel that crashed? By what the dump says of that. */
enum crash_boot {
	CRASH_BOOT_UNKNOWN,		/* the dump does not say when it crashed, or it
					 * was not kept up to date: no node attached */
	CRASH_BOOT_THIS,		/* written shortly before the crash */
	CRASH_BOOT_EARLIER,		/* written a minute or more before the crash */
	CRASH_BOOT_LATER,		/* written an hour or more after it: a clock was set */
	CRASH_BOOT_OTHER_KERNEL,	/* of another release of the kernel */
};

/**
 * struct crash_found - one of the recorders of a dump
 * @written_real_ns: when it was last written, since 1970; 0: not known
 * @verdict: enum core_verdict
 * @error: why it could not be read; then only @phys is known
 */
struct crash_found {
	u64 phys;
	u64 written_real_ns;
	u32 verdict;
	int error;
	enum crash_boot boot;
};

/**
 * struct crash_record - a checked copy of a recorder
 * @area: the whole of it; freed by crash_record_free()
 * @header, @peer, @entry: parts of @area
 * @entries: slots of the ring; @peers: slots of the table
 * @written_ns: when it was last written
 * @now_ns: what is told is seen from here: the verdict, else the end as far as known
 * @safety_ns, @last_pet_ns: the header's, or those of a newer entry: a renewal writes one,
 *	the header comes with the next heartbeat
 * @torn: leases, view and settings were being written: they may be part old, part new
 * @source: file name, or "running kernel"; borrowed
 * @crash_real_ns: when the kernel crashed, since 1970, in whole seconds; 0: not known
 * @log_ns: the newest message of its log, on the log's clock; 0: not known, or not needed
 *	because there is a verdict
 * @log_ahead_ns: how far that clock is ahead of the recorder's; only if @log_paired
 * @release: of that kernel; NULL: not known; freed by crash_record_free()
 * @found_count: recorders in the dump, this one included; @found has the first of them
 * @searched_all: to the end of the dump
 */
struct crash_record {
	u8 *area;
	const struct recorder_header *header;
	const struct recorder_peer *peer;
	const struct recorder_entry *entry;
	u32 entries;
	u32 peers;
	u64 written_ns;
	u64 now_ns;
	u64 safety_ns;
	u64 last_pet_ns;
	u64 cut;		/* bytes of it that are not in the dump; they are 0 here */
	bool live;		/* of the running kernel */
	bool torn;
	const char *source;
	u64 crash_real_ns;
	u64 log_ns;
	s64 log_ahead_ns;
	bool log_paired;
	char *release;
	struct crash_found found[CRASH_FOUND_MAX];
	u32 found_count;
	bool searched_all;
};

/**
 * crash_record_from_dump - find the newest in a dump
 *
 * Reads the dump to its end unless what was written last within seconds of the crash
 * is found before.
 * Return: CMD_OK, or CMD_FAILED after a message.
 */
int crash_record_from_dump(struct crash_record *record, const char *path);
/* Take it from the module of this node. Returns as above. */
int crash_record_from_kernel(struct crash_record *record);
void crash_record_free(struct crash_record *record);

/* Fill in what follows from @area, whose header was checked, and @crash_real_ns. */
void crash_record_parts_take(struct crash_record *record);
/* When it was last written, in nanoseconds since 1970; 0: not known. */
u64 crash_record_written_real(const struct crash_record *record);
enum crash_boot crash_record_boot(const struct crash_record *record);

/**
 * crash_record_next - walk the valid entries, oldest first
 * @number: in and out; 0 to begin
 * Return: the entry, or NULL at the end.
 */
const struct recorder_entry *crash_record_next(const struct crash_record *record,
					       u64 *number);

/* Entries of the ring that are not valid: torn, or cut off with the dump. */
u64 crash_record_missing(const struct crash_record *record);

/* Texts come from a dump: no more than the field (@length), nothing unprintable. */
void crash_text_copy(char *to, size_t size, const char *from, size_t length);

/* Name of a node, from the recorder's own table; "node 7" when it has none. */
const char *crash_node_name(const struct crash_record *record, u16 id);

/* "2026-11-27 04:20:01 UTC", or that it is not known (0). */
void crash_time_print(char *text, size_t size, u64 real_ns);

/* May it be of another boot than the dump? One line that says why; false: no. */
bool crash_doubt_print(const struct crash_record *record, char *text, size_t size);
/* "this", "earlier" ... */
const char *crash_boot_name(enum crash_boot boot);

/* The end of the lease that such a verdict is about; 0, CORE_NEVER: does not run. */
u64 crash_lease_end(const struct crash_record *record, enum core_verdict verdict);
/**
 * crash_lease_ended - which lease had ended first, before the end?
 * @ago_ns: how long before record.now_ns
 * Return: "quorum", "safety", or NULL: both were good as far as recorded.
 */
const char *crash_lease_ended(const struct crash_record *record, u64 *ago_ns);
/* Which lease may have ended after all that is recorded, by the kernel's log? NULL: none. */
const char *crash_lease_unseen(const struct crash_record *record);

/* One line: why the node went down, or that it was not the safety timer. */
void crash_verdict_print(const struct crash_record *record, char *text, size_t size);
/* One line for an entry, without its time. */
void crash_entry_print(const struct crash_record *record,
		       const struct recorder_entry *entry, char *text, size_t size);
/* Does an entry belong in a short list? Renewals by the second do not, nor does
 * lateness below one heartbeat interval. */
bool crash_entry_matters(const struct crash_record *record,
			 const struct recorder_entry *entry);

/**
 * crash_report_print - everything, for a person at night
 * @events: how many of the newest entries that matter to show; 0: all that there are
 */
void crash_report_print(FILE *out, const struct crash_record *record,
			unsigned int events);
/* The same as one JSON object; all entries. */
void crash_json_print(FILE *out, const struct crash_record *record);

#endif
