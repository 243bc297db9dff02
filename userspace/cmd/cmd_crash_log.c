// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel's own log: when it was last written to, and how far its clock is from that of
 * the flight recorder.  A CPU that panics prints that first, so the end is near the end also
 * of a machine that hung with all interrupts off: its wall clock stood still, and nobody
 * wrote to the flight recorder.  VMCOREINFO describes the log.
 */
#include "cmd_crash_log.h"
#include "cmd_crash.h"

#include <stdlib.h>
#include <string.h>

/* As far back as records may be: the newest are perhaps not complete. */
#define RECORDS_BACK	8
#define COUNT_BITS_MAX	30
/* Of more, the newest. The kernel's own size has 4096 to 8192. */
#define RECORDS_MAX	(1U << 18)
/* Of a text as much as the line of tocsin_warn() may have: it names a node. */
#define TEXT_SIZE	192
/* Numbers of records have two bits less than the rest. */
#define ID_MASK		(~0ULL >> 2)
/* Else it is the line of a later time that the peer was heard, or of an earlier one. */
#define AHEAD_MAX_NS	((s64)(60 * CORE_NS_PER_S))
#define BEHIND_MAX_NS	((s64)CORE_NS_PER_S)

/* Of struct printk_ringbuffer and its parts, as this kernel has them. */
struct layout {
	u64 ring;		/* OFFSET(printk_ringbuffer.desc_ring) */
	u64 count_bits, infos, head_id;
	u64 info_size, time;
};

/* The same, of the texts. */
struct text_layout {
	u64 ring;		/* OFFSET(printk_ringbuffer.text_data_ring) */
	u64 size_bits, data;
	u64 descs, desc_size, lpos, begin, length;
};

struct log {
	struct crash_dump *dump;
	struct layout layout;
	u64 base;		/* of struct printk_ringbuffer */
	u64 slots, infos, head;
};

struct texts {
	struct text_layout layout;
	u64 size, data, descs;
};

static bool read_layout(const struct crash_dump *dump, struct layout *layout)
{
	return crash_dump_number(dump, "OFFSET(printk_ringbuffer.desc_ring)", &layout->ring) &&
	       crash_dump_number(dump, "OFFSET(prb_desc_ring.count_bits)", &layout->count_bits) &&
	       crash_dump_number(dump, "OFFSET(prb_desc_ring.infos)", &layout->infos) &&
	       crash_dump_number(dump, "OFFSET(prb_desc_ring.head_id)", &layout->head_id) &&
	       crash_dump_number(dump, "SIZE(printk_info)", &layout->info_size) &&
	       crash_dump_number(dump, "OFFSET(printk_info.ts_nsec)", &layout->time);
}

static bool read_text_layout(const struct crash_dump *dump, struct text_layout *layout)
{
	return crash_dump_number(dump, "OFFSET(printk_ringbuffer.text_data_ring)",
				 &layout->ring) &&
	       crash_dump_number(dump, "OFFSET(prb_data_ring.size_bits)", &layout->size_bits) &&
	       crash_dump_number(dump, "OFFSET(prb_data_ring.data)", &layout->data) &&
	       crash_dump_number(dump, "OFFSET(prb_desc_ring.descs)", &layout->descs) &&
	       crash_dump_number(dump, "SIZE(prb_desc)", &layout->desc_size) &&
	       crash_dump_number(dump, "OFFSET(prb_desc.text_blk_lpos)", &layout->lpos) &&
	       crash_dump_number(dump, "OFFSET(prb_data_blk_lpos.begin)", &layout->begin) &&
	       crash_dump_number(dump, "OFFSET(printk_info.text_len)", &layout->length);
}

static bool read_u64(struct crash_dump *dump, u64 address, u64 *value)
{
	return !crash_dump_read_virtual(dump, address, value, sizeof(*value));
}

/* Bits of a size, and the size. */
static bool read_size(struct crash_dump *dump, u64 address, u64 *size)
{
	u32 bits;

	if (crash_dump_read_virtual(dump, address, &bits, sizeof(bits)) || !bits ||
	    bits > COUNT_BITS_MAX)
		return false;
	*size = 1ULL << bits;
	return true;
}

static bool log_open(struct log *log, struct crash_dump *dump)
{
	u64 address, ring;

	log->dump = dump;
	if (!crash_dump_symbol(dump, "prb", &address) || !read_layout(dump, &log->layout) ||
	    !read_u64(dump, address, &log->base))
		return false;
	ring = log->base + log->layout.ring;
	return read_size(dump, ring + log->layout.count_bits, &log->slots) &&
	       read_u64(dump, ring + log->layout.infos, &log->infos) &&
	       read_u64(dump, ring + log->layout.head_id, &log->head);
}

static bool texts_open(struct texts *texts, const struct log *log)
{
	struct text_layout *layout = &texts->layout;
	u64 ring;

	if (!read_text_layout(log->dump, layout))
		return false;
	ring = log->base + layout->ring;
	return read_size(log->dump, ring + layout->size_bits, &texts->size) &&
	       read_u64(log->dump, ring + layout->data, &texts->data) &&
	       read_u64(log->dump, log->base + log->layout.ring + layout->descs, &texts->descs);
}

static u64 info_address(const struct log *log, u64 id)
{
	return log->infos + id % log->slots * log->layout.info_size;
}

static bool read_time(const struct log *log, u64 id, u64 *time_ns)
{
	return read_u64(log->dump, info_address(log, id) + log->layout.time, time_ns);
}

/* A text begins with the number of its record; one that would not fit is at the beginning. */
static bool read_text(const struct log *log, const struct texts *texts, u64 id, char *text)
{
	u64 desc = texts->descs + id % log->slots * texts->layout.desc_size;
	u64 begin, found;
	u16 length;

	if (!read_u64(log->dump, desc + texts->layout.lpos + texts->layout.begin, &begin) ||
	    crash_dump_read_virtual(log->dump, info_address(log, id) + texts->layout.length,
				    &length, sizeof(length)))
		return false;
	if (length >= TEXT_SIZE)
		length = TEXT_SIZE - 1;
	begin %= texts->size;
	if (!read_u64(log->dump, texts->data + begin, &found))
		return false;
	if (found != id)
		begin = 0;
	if (!read_u64(log->dump, texts->data + begin, &found) || found != id ||
	    crash_dump_read_virtual(log->dump, texts->data + begin + sizeof(id), text, length))
		return false;
	text[length] = '\0';
	return true;
}

u64 crash_log_end(struct crash_dump *dump)
{
	u64 back, time_ns, end_ns = 0;
	struct log log;

	if (!log_open(&log, dump))
		return 0;
	for (back = 0; back < RECORDS_BACK; back++)
		if (read_time(&log, log.head - back, &time_ns) && time_ns > end_ns)
			end_ns = time_ns;
	return end_ns;
}

/* The line of tocsin_warn(): "tocsin: node 2 beta heard, incarnation 0123456789abcdef". */
static const struct recorder_peer *find_heard(const struct crash_record *record,
					      const char *text)
{
	static const char begin[] = "tocsin: node ", middle[] = " heard, incarnation ";
	const char *at = strstr(text, middle);
	u64 incarnation;
	u32 i;

	if (!at || strncmp(text, begin, strlen(begin)))
		return NULL;
	incarnation = strtoull(at + strlen(middle), NULL, 16);
	for (i = 0; i < record->peers; i++)
		if (record->peer[i].id && record->peer[i].joined_ns &&
		    record->peer[i].incarnation == incarnation)
			return &record->peer[i];
	return NULL;
}

/*
 * The recorder knows when cmcld's life first heard a life of a peer.  The log's line may be
 * too late: that one was written over, and the peer was silent and heard again; so the least
 * of all is it.  Or of an earlier cmcld, to which the peer was known, too: then the log seems
 * to be far behind, which it is only where the machine has slept.
 */
bool crash_log_ahead(struct crash_dump *dump, const struct crash_record *record, s64 *ahead_ns)
{
	const struct recorder_peer *peer;
	char text[TEXT_SIZE];
	struct texts texts;
	u64 back, time_ns;
	struct log log;
	s64 found_ns;

	*ahead_ns = INT64_MAX;
	if (!log_open(&log, dump) || !texts_open(&texts, &log))
		return false;
	for (back = 0; back < log.slots && back < RECORDS_MAX; back++) {
		u64 id = (log.head - back) & ID_MASK;

		if (!read_text(&log, &texts, id, text) || !read_time(&log, id, &time_ns))
			continue;
		peer = find_heard(record, text);
		found_ns = peer ? (s64)(time_ns - peer->joined_ns) : INT64_MAX;
		if (found_ns >= -BEHIND_MAX_NS && found_ns < *ahead_ns)
			*ahead_ns = found_ns;
	}
	return *ahead_ns <= AHEAD_MAX_NS;
}
