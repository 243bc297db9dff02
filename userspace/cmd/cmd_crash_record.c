// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd_crash.h"
#include "cmd.h"
#include "cmd_crash_dump.h"

#include <tocsin/nl.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A recorder of the largest size that the module makes. */
#define AREA_MAX	recorder_size(RECORDER_ENTRIES_MAX)
#define BESIDE		"The kernel's messages beside it may hold the line \"TOC:\""

static void take_parts(struct crash_record *record)
{
	const struct recorder_header *header = (const void *)record->area;
	const struct recorder_entry *entry;
	u64 number = 0;

	record->header = header;
	record->peer = (const void *)(record->area + header->peer_offset);
	record->entry = (const void *)(record->area + header->entry_offset);
	record->entries = header->entry_count;
	record->peers = header->peer_count;
	record->now_ns = header->verdict.at_ns;
	if (record->now_ns)
		return;
	while ((entry = crash_record_next(record, &number)))
		record->now_ns = entry->time_ns;
}

const struct recorder_entry *crash_record_next(const struct crash_record *record,
					       u64 *number)
{
	u64 written = record->header->written;

	if (written > record->entries && *number < written - record->entries)
		*number = written - record->entries;
	while (*number < written) {
		const struct recorder_entry *entry =
			&record->entry[*number % record->entries];

		/* Anything else was being written when the node went down. */
		if (entry->seq == ++*number)
			return entry;
	}
	return NULL;
}

u64 crash_record_missing(const struct crash_record *record)
{
	u64 expected = record->header->written;
	u64 number = 0;

	if (expected > record->entries)
		expected = record->entries;
	while (crash_record_next(record, &number))
		expected--;
	return expected;
}

static int read_area(struct crash_record *record, struct crash_dump *dump,
		     const struct recorder_header *header, u64 address)
{
	u64 at;

	if (header->total_size > AREA_MAX)
		return -EBADMSG;
	record->area = calloc(1, header->total_size);
	if (!record->area)
		return -ENOMEM;
	memcpy(record->area, header, sizeof(*header));
	record->cut = 0;
	for (at = 0; at < header->total_size; at += CRASH_PAGE_SIZE) {
		u64 size = header->total_size - at;

		if (size > CRASH_PAGE_SIZE)
			size = CRASH_PAGE_SIZE;
		/* A dump that is cut off behind the header still says why. */
		if (crash_dump_read(dump, address + at, record->area + at, size))
			record->cut += size;
	}
	return 0;
}

static const char *explain_fault(int error)
{
	switch (error) {
	case -EPROTO:
		return "it is of another version or byte order; use the cmcrash "
		       "that came with that module";
	case -EIO:
		return "part of it is missing from the dump; was the dump cut off?";
	default:
		return "it is damaged";
	}
}

static int search(struct crash_record *record, struct crash_dump *dump,
		  const char *path)
{
	static u8 page[RECORDER_HEADER_SIZE];
	const struct recorder_header *header = (const void *)page;
	unsigned long unreadable = 0;
	int error, fault = 0;
	u64 address = 0;

	for (; crash_dump_next(dump, &address); address += CRASH_PAGE_SIZE) {
		if (crash_dump_read(dump, address, page, RECORDER_MAGIC_SIZE)) {
			unreadable++;
			continue;
		}
		if (memcmp(page, RECORDER_MAGIC, RECORDER_MAGIC_SIZE))
			continue;
		error = crash_dump_read(dump, address, page, sizeof(page));
		if (!error)
			error = recorder_header_check(header, address);
		if (!error)
			error = read_area(record, dump, header, address);
		if (!error)
			return CMD_OK;
		/* A copy elsewhere in memory says nothing about the real one. */
		if (error != -ESTALE)
			fault = error;
	}
	if (fault)
		return cmd_error("%s: there is a flight recorder, but %s", path,
				 explain_fault(fault));
	if (crash_dump_missing(dump))
		return cmd_error("%s: no flight recorder in what is there: the dump is cut off, "
				 "%llu KiB are missing (was the disk full?). %s", path,
				 (unsigned long long)crash_dump_missing(dump) / 1024, BESIDE);
	if (unreadable)
		return cmd_error("%s: no flight recorder in what can be read: %lu pages are "
				 "missing; the dump is cut off or damaged (was the disk full?). "
				 "%s", path, unreadable, BESIDE);
	return cmd_error("%s: no flight recorder in this dump: tocsin.ko was not "
			 "loaded, or the dump leaves kernel pages out", path);
}

int crash_record_from_dump(struct crash_record *record, const char *path)
{
	struct crash_dump *dump;
	int code;

	memset(record, 0, sizeof(*record));
	record->source = path;
	if (crash_dump_open(path, &dump))
		return CMD_FAILED;
	code = search(record, dump, path);
	crash_dump_close(dump);
	if (!code)
		take_parts(record);
	return code;
}

int crash_record_from_kernel(struct crash_record *record)
{
	struct nl *nl;
	size_t size;
	int error;

	memset(record, 0, sizeof(*record));
	record->live = true;
	record->source = "running kernel";
	error = nl_open(&nl);
	if (error)
		return cmd_error("the module does not answer: %s; modprobe tocsin",
				 strerror(-error));
	error = nl_recorder_get(nl, &record->area, &size);
	nl_close(nl);
	if (error)
		return cmd_error("reading the flight recorder: %s%s", strerror(-error),
				 error == -EPERM ? "; only root may" : "");
	if (size < RECORDER_HEADER_SIZE ||
	    recorder_header_check((const void *)record->area, CORE_NEVER)) {
		crash_record_free(record);
		return cmd_error("the module's flight recorder is of another version; "
				 "use the cmcrash that came with it");
	}
	take_parts(record);
	return CMD_OK;
}

void crash_record_free(struct crash_record *record)
{
	free(record->area);
	record->area = NULL;
}
