/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The flight recorder (kmod/core/recorder_format.h), out of a crash dump or out
 * of the running kernel, and what it says in words.
 */
#ifndef TOCSIN_CMD_CRASH_H
#define TOCSIN_CMD_CRASH_H

#include "recorder_format.h"

#include <stdio.h>

/**
 * struct crash_record - a checked copy of a recorder
 * @area: the whole of it; freed by crash_record_free()
 * @header, @peer, @entry: parts of @area
 * @entries: slots of the ring; @peers: slots of the table
 * @now_ns: when it was looked at: the verdict, else the newest entry
 * @source: file name, or "running kernel"; borrowed
 */
struct crash_record {
	u8 *area;
	const struct recorder_header *header;
	const struct recorder_peer *peer;
	const struct recorder_entry *entry;
	u32 entries;
	u32 peers;
	u64 now_ns;
	u64 cut;		/* bytes of it that are not in the dump; they are 0 here */
	bool live;		/* of the running kernel */
	const char *source;
};

/* Find it in a dump. Return: CMD_OK, or CMD_FAILED after a message. */
int crash_record_from_dump(struct crash_record *record, const char *path);
/* Take it from the module of this node. Returns as above. */
int crash_record_from_kernel(struct crash_record *record);
void crash_record_free(struct crash_record *record);

/**
 * crash_record_next - walk the valid entries, oldest first
 * @number: in and out; 0 to begin
 * Return: the entry, or NULL at the end.
 */
const struct recorder_entry *crash_record_next(const struct crash_record *record,
					       u64 *number);

/* Entries of the ring that are not valid: torn, or cut off with the dump. */
u64 crash_record_missing(const struct crash_record *record);

/* Name of a node, from the recorder's own table; "node 7" when it has none. */
const char *crash_node_name(const struct crash_record *record, u16 id);

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
 * @events: how many of the newest entries to show; 0: all
 */
void crash_report_print(FILE *out, const struct crash_record *record,
			unsigned int events);
/* The same as one JSON object; all entries. */
void crash_json_print(FILE *out, const struct crash_record *record);

#endif
