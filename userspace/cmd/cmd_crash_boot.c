// SPDX-License-Identifier: GPL-2.0-or-later
/* Is a flight recorder of the boot that a dump is of? By the wall clock of both. */
#include "cmd_crash.h"

#include <string.h>
#include <time.h>

/* A node writes it with each heartbeat: longer before the crash, and it is no part of it. */
#define BEFORE_MAX_NS	(60 * CORE_NS_PER_S)
/* The dump's time stands still when no CPU takes ticks any more; the recorder's does not. */
#define BEHIND_MAX_NS	(3600 * CORE_NS_PER_S)

void crash_time_print(char *text, size_t size, u64 real_ns)
{
	time_t seconds = (time_t)(real_ns / CORE_NS_PER_S);
	struct tm broken;

	if (!real_ns || !gmtime_r(&seconds, &broken) ||
	    !strftime(text, size, "%Y-%m-%d %H:%M:%S UTC", &broken))
		snprintf(text, size, "at an unknown time");
}

u64 crash_record_written_real(const struct crash_record *record)
{
	u64 offset_ns = record->header->real_offset_ns;

	return offset_ns ? offset_ns + record->written_ns : 0;
}

/* Its offset to the wall clock is as new as the rest. */
static bool follows_the_clock(const struct recorder_header *header)
{
	return header->attached || header->detached || header->verdict.code;
}

enum crash_boot crash_record_boot(const struct crash_record *record)
{
	u64 written_ns = crash_record_written_real(record);
	const char *kernel = record->header->kernel;

	if (record->live)
		return CRASH_BOOT_THIS;
	/* The module cuts its name to the size of the field. */
	if (record->release && kernel[0] &&
	    strncmp(record->release, kernel, RECORDER_NAME_SIZE - 1))
		return CRASH_BOOT_OTHER_KERNEL;
	if (!record->crash_real_ns || !written_ns || !follows_the_clock(record->header))
		return CRASH_BOOT_UNKNOWN;
	if (written_ns + BEFORE_MAX_NS < record->crash_real_ns)
		return CRASH_BOOT_EARLIER;
	if (written_ns > record->crash_real_ns + BEHIND_MAX_NS)
		return CRASH_BOOT_LATER;
	return CRASH_BOOT_THIS;
}

static double seconds(u64 ns)
{
	return (double)ns / 1e9;
}

bool crash_doubt_print(const struct crash_record *record, char *text, size_t size)
{
	u64 written_ns = crash_record_written_real(record);
	char crash[64], release[RECORDER_NAME_SIZE + 1];

	crash_time_print(crash, sizeof(crash), record->crash_real_ns);
	crash_text_copy(release, sizeof(release), record->release ? record->release : "",
			RECORDER_NAME_SIZE);
	switch (crash_record_boot(record)) {
	case CRASH_BOOT_OTHER_KERNEL:
		snprintf(text, size, "this is of an earlier boot, with another kernel than the one "
			 "that crashed, %s", release);
		return true;
	case CRASH_BOOT_EARLIER:
		snprintf(text, size, "the kernel crashed on %s, %.0f s after this was last "
			 "written: of an earlier boot, unless the crash took that long or a "
			 "clock was set", crash,
			 seconds(record->crash_real_ns - written_ns));
		return true;
	case CRASH_BOOT_LATER:
		snprintf(text, size, "the kernel crashed on %s, %.0f s before this was last "
			 "written: of an earlier boot whose clock was ahead, unless this one's "
			 "was set back", crash,
			 seconds(written_ns - record->crash_real_ns));
		return true;
	default:
		return false;
	}
}

const char *crash_boot_name(enum crash_boot boot)
{
	static const char *const names[] = {
		[CRASH_BOOT_UNKNOWN] = "unknown", [CRASH_BOOT_THIS] = "this",
		[CRASH_BOOT_EARLIER] = "earlier", [CRASH_BOOT_LATER] = "later",
		[CRASH_BOOT_OTHER_KERNEL] = "other-kernel",
	};

	return names[boot];
}
