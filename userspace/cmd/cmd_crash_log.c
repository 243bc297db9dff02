// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * When the kernel last wrote to its own log.  A CPU that panics prints that first, so
 * this is near the end also of a machine that hung with all interrupts off: its wall clock
 * stood still, and nobody wrote to the flight recorder.  VMCOREINFO describes the log.
 */
#include "cmd_crash_log.h"

/* As far back as records may be: the newest are perhaps not complete. */
#define RECORDS_BACK	8
#define COUNT_BITS_MAX	30

/* Of struct printk_ringbuffer and its parts, as this kernel has them. */
struct layout {
	u64 ring;		/* OFFSET(printk_ringbuffer.desc_ring) */
	u64 count_bits, infos, head_id;
	u64 info_size, time;
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

static bool read_u64(struct crash_dump *dump, u64 address, u64 *value)
{
	return !crash_dump_read_virtual(dump, address, value, sizeof(*value));
}

u64 crash_log_end(struct crash_dump *dump)
{
	u64 address, ring, infos, head, end_ns = 0;
	struct layout layout;
	u32 bits, back;

	if (!crash_dump_symbol(dump, "prb", &address) || !read_layout(dump, &layout) ||
	    !read_u64(dump, address, &ring))
		return 0;
	ring += layout.ring;
	if (crash_dump_read_virtual(dump, ring + layout.count_bits, &bits, sizeof(bits)) ||
	    !bits || bits > COUNT_BITS_MAX || !read_u64(dump, ring + layout.infos, &infos) ||
	    !read_u64(dump, ring + layout.head_id, &head))
		return 0;
	for (back = 0; back < RECORDS_BACK; back++) {
		u64 slot = (head - back) & ((1ULL << bits) - 1);
		u64 time_ns;

		if (read_u64(dump, infos + slot * layout.info_size + layout.time, &time_ns) &&
		    time_ns > end_ns)
			end_ns = time_ns;
	}
	return end_ns;
}
