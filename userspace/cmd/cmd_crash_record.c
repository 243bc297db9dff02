// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd_crash.h"
#include "cmd.h"

#include <tocsin/nl.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Of the running kernel's recorder; an armed node changes it a few times a second. */
#define READS_MAX	10

static u64 later_of(u64 one_ns, u64 other_ns)
{
	return one_ns > other_ns ? one_ns : other_ns;
}

/*
 * The state in the header is as old as the last heartbeat: with a long interval, or when
 * no heartbeat could be sent, the lease was renewed since.
 */
static void take_renewals(struct crash_record *record)
{
	const struct recorder_entry *entry;
	u64 number = 0;

	record->safety_ns = record->header->safety_ns;
	record->last_pet_ns = record->header->last_pet_ns;
	while ((entry = crash_record_next(record, &number))) {
		bool renewed = entry->kind == RECORDER_PET && !entry->arg[3];

		if (entry->time_ns <= record->header->updated_ns)
			continue;
		if (renewed || entry->kind == RECORDER_REBOOT)
			record->safety_ns = later_of(record->safety_ns, entry->arg[0]);
		if (renewed)
			record->last_pet_ns = later_of(record->last_pet_ns, entry->time_ns);
	}
}

static void take_times(struct crash_record *record)
{
	const struct recorder_header *header = record->header;
	const struct recorder_entry *entry;
	u64 number = 0;

	record->written_ns = later_of(header->updated_ns, header->verdict.at_ns);
	while ((entry = crash_record_next(record, &number)))
		record->written_ns = later_of(record->written_ns, entry->time_ns);
	record->now_ns = header->verdict.at_ns;
	if (record->now_ns)
		return;
	record->now_ns = record->written_ns;
	/* A clock that was set back may show a time before this boot. */
	if (record->crash_real_ns > header->real_offset_ns &&
	    crash_record_boot(record) == CRASH_BOOT_THIS)
		record->now_ns = later_of(record->now_ns,
					  record->crash_real_ns - header->real_offset_ns);
}

void crash_record_parts_take(struct crash_record *record)
{
	const struct recorder_header *header = (const void *)record->area;

	record->header = header;
	record->peer = (const void *)(record->area + header->peer_offset);
	record->entry = (const void *)(record->area + header->entry_offset);
	record->entries = header->entry_count;
	record->peers = header->peer_count;
	record->torn = header->state_version & 1;
	take_renewals(record);
	take_times(record);
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

static bool same_state(const u8 *area, size_t size, const u8 *later, size_t later_size)
{
	const struct recorder_header *header = (const void *)area;
	const struct recorder_header *again = (const void *)later;

	return size >= RECORDER_HEADER_SIZE && later_size >= RECORDER_HEADER_SIZE &&
	       header->state_version == again->state_version && !(header->state_version & 1);
}

/* The header comes in pieces, between which the kernel may write it anew: one is whole
 * if it was still the same when it was read once more. @stable is false if it never was.
 */
static int recorder_read(struct nl *nl, u8 **area, size_t *size, bool *stable)
{
	int tries, err = nl_recorder_get(nl, area, size);

	for (tries = 0; !err && tries < READS_MAX; tries++) {
		size_t later_size = 0;
		u8 *later = NULL;

		err = nl_recorder_get(nl, &later, &later_size);
		*stable = !err && same_state(*area, *size, later, later_size);
		if (*stable) {
			free(later);
			return 0;
		}
		free(*area);
		*area = later;
		*size = later_size;
	}
	return err;
}

int crash_record_from_kernel(struct crash_record *record)
{
	bool stable = false;
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
	error = recorder_read(nl, &record->area, &size, &stable);
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
	crash_record_parts_take(record);
	record->torn = !stable;
	return CMD_OK;
}

void crash_record_free(struct crash_record *record)
{
	free(record->area);
	free(record->release);
	record->area = NULL;
	record->release = NULL;
}
