// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which flight recorder of a dump is that of the kernel that crashed?  Memory outlives
 * a warm reset and kexec, so an earlier boot's may lie there as well, whole, at the
 * address that it names.
 */
#include "cmd.h"
#include "cmd_crash.h"
#include "cmd_crash_dump.h"
#include "cmd_crash_log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A recorder of the largest size that the module makes. */
#define AREA_MAX	recorder_size(RECORDER_ENTRIES_MAX)

/*
 * So near to the crash nothing else can have been written: a machine takes longer
 * to come up again. The dump has whole seconds, cut off.
 */
#define CERTAIN_BEFORE_NS	(5 * CORE_NS_PER_S)
#define CERTAIN_BEHIND_NS	(2 * CORE_NS_PER_S)

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
	crash_record_parts_take(record);
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

static u64 distance(u64 one_ns, u64 other_ns)
{
	return one_ns > other_ns ? one_ns - other_ns : other_ns - one_ns;
}

/*
 * The one written last, and that is not simply the latest: a clock that was wrong
 * at an earlier boot may have been ahead.  The crash bounds it, where the dump says
 * when it was.
 */
static bool is_better(const struct crash_record *record, const struct crash_record *than)
{
	u64 written_ns = crash_record_written_real(record);
	u64 other_ns = crash_record_written_real(than);
	bool foreign = crash_record_boot(record) == CRASH_BOOT_OTHER_KERNEL;

	if (foreign != (crash_record_boot(than) == CRASH_BOOT_OTHER_KERNEL))
		return !foreign;
	if (record->crash_real_ns)
		return distance(written_ns, record->crash_real_ns) <
		       distance(other_ns, record->crash_real_ns);
	return written_ns > other_ns;
}

/* No other can be it, so that the rest of a large dump need not be read. */
static bool is_certain(const struct crash_record *record)
{
	u64 written_ns = crash_record_written_real(record);

	return crash_record_boot(record) == CRASH_BOOT_THIS &&
	       written_ns + CERTAIN_BEFORE_NS >= record->crash_real_ns &&
	       written_ns <= record->crash_real_ns + CERTAIN_BEHIND_NS;
}

static void note_found(struct crash_record *best, u64 address,
		       const struct crash_record *record, int error)
{
	struct crash_found *found;

	if (best->found_count++ >= CRASH_FOUND_MAX)
		return;
	found = &best->found[best->found_count - 1];
	found->phys = address;
	found->error = error;
	if (error)
		return;
	found->verdict = record->header->verdict.code;
	found->written_real_ns = crash_record_written_real(record);
	found->boot = crash_record_boot(record);
}

/* Put the parts of a better one in the place of those of @best. */
static void take_better(struct crash_record *best, struct crash_record *record)
{
	free(best->area);
	best->area = record->area;
	best->cut = record->cut;
	crash_record_parts_take(best);
}

/* Return: 0, -ESTALE when it is none, or what is wrong with it. */
static int look_at(struct crash_record *best, struct crash_dump *dump, u64 address)
{
	static u8 page[RECORDER_HEADER_SIZE];
	const struct recorder_header *header = (const void *)page;
	struct crash_record record = {
		.crash_real_ns = best->crash_real_ns, .release = best->release,
	};
	int error;

	error = crash_dump_read(dump, address, page, sizeof(page));
	if (error)
		return error;
	error = recorder_header_check(header, address);
	if (!error)
		error = read_area(&record, dump, header, address);
	/* A copy elsewhere in memory says nothing about the real one. */
	if (header->phys == address)
		note_found(best, address, &record, error);
	if (error)
		return error;
	if (!best->area || is_better(&record, best))
		take_better(best, &record);
	else
		free(record.area);
	return 0;
}

static int explain_nothing(const struct crash_dump *dump, const char *path, int fault,
			   unsigned long unreadable)
{
	if (fault)
		return cmd_error("%s: there is a flight recorder, but %s", path,
				 explain_fault(fault));
	if (crash_dump_missing(dump))
		return cmd_error("%s: no flight recorder in what is there: the dump is cut off, "
				 "%llu KiB are missing (was the disk full?). %s", path,
				 (unsigned long long)crash_dump_missing(dump) / 1024, CRASH_BESIDE);
	if (unreadable)
		return cmd_error("%s: no flight recorder in what can be read: %lu pages are "
				 "missing; the dump is cut off or damaged (was the disk full?). "
				 "%s", path, unreadable, CRASH_BESIDE);
	return cmd_error("%s: no flight recorder in this dump: tocsin.ko was not "
			 "loaded, or the dump leaves kernel pages out", path);
}

static int search(struct crash_record *best, struct crash_dump *dump, const char *path)
{
	char magic[RECORDER_MAGIC_SIZE];
	unsigned long unreadable = 0;
	int error, fault = 0;
	u64 address = 0;

	for (; crash_dump_next(dump, &address); address += CRASH_PAGE_SIZE) {
		if (crash_dump_read(dump, address, magic, sizeof(magic))) {
			unreadable++;
			continue;
		}
		if (memcmp(magic, RECORDER_MAGIC, sizeof(magic)))
			continue;
		error = look_at(best, dump, address);
		if (error && error != -ESTALE)
			fault = error;
		if (!error && is_certain(best))
			return CMD_OK;
	}
	best->searched_all = true;
	return best->area ? CMD_OK : explain_nothing(dump, path, fault, unreadable);
}

int crash_record_from_dump(struct crash_record *record, const char *path)
{
	struct crash_dump *dump;
	int code;

	memset(record, 0, sizeof(*record));
	record->source = path;
	if (crash_dump_open(path, &dump))
		return CMD_FAILED;
	record->crash_real_ns = crash_dump_crash_time(dump);
	record->release = crash_dump_release(dump);
	code = search(record, dump, path);
	if (!code && !record->header->verdict.code && record->crash_real_ns)
		record->log_ns = crash_log_end(dump);
	if (!code)
		record->log_paired = crash_log_ahead(dump, record, &record->log_ahead_ns);
	crash_dump_close(dump);
	if (code)
		crash_record_free(record);
	return code;
}
