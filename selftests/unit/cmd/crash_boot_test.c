// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmcrash where it must not be more certain than it can be: an earlier boot's flight
 * recorder beside that of the kernel that crashed, and leases that nobody could check.
 */
#include "crash_made.h"

#include <linux/tocsin.h>

#include <errno.h>

#define EARLIER_PAGE	RECORDER_PAGE
#define THIS_PAGE	38
#define BOOT_S		1790000000ULL		/* when the earlier boot began */
#define LATER_S		300			/* that long after it the second one did */
#define LAST_S		50			/* each lived so long */
#define CRASH_S		(BOOT_S + LATER_S + LAST_S)

/* At the lower address, found first: its node went down by a TOC. */
static void fill_earlier(void)
{
	fill_recorder();
	header()->attached = 1;
	header()->real_offset_ns = BOOT_S * CORE_NS_PER_S;
	header()->updated_ns = LAST_S * CORE_NS_PER_S;
	header()->verdict.at_ns = LAST_S * CORE_NS_PER_S;
}

/* The kernel that crashed: not by a TOC, and its leases were good. */
static struct recorder_header *fill_this(unsigned int page)
{
	struct recorder_header *this = header_at(page);

	recorder_header_init(this, BASE + page * 4096, ENTRIES);
	assert_true(page * 4096 + recorder_size(ENTRIES) <= sizeof(memory));
	this->node_id = 1;
	this->attached = 1;
	this->armed = 1;
	this->toc_margin_ns = CORE_NS_PER_S / 10;
	this->real_offset_ns = (BOOT_S + LATER_S) * CORE_NS_PER_S;
	this->updated_ns = LAST_S * CORE_NS_PER_S;
	this->quorum_ns = (LAST_S + 1) * CORE_NS_PER_S;
	this->safety_ns = (LAST_S + 2) * CORE_NS_PER_S;
	add_entry_at(page, 0, RECORDER_LOAD, 1, 0);
	return this;
}

static void say_crash_time(u64 seconds)
{
	snprintf(vmcoreinfo, sizeof(vmcoreinfo), "OSRELEASE=6.1.0-tocsin\nCRASHTIME=%llu\n",
		 (unsigned long long)seconds);
}

/*
 * The kernel's log, as VMCOREINFO describes it: of eight messages the newest is at
 * @newest_ns, and the slot behind it has not been used yet.
 */
static void say_log(u64 newest_ns)
{
	struct {
		u64 prb;
		u32 count_bits, pad;
		u64 infos, head_id;
		struct {
			u64 sequence, time_ns;
		} info[8];
	} *log = (void *)header_at(1);
	u64 address = VIRTUAL + BASE + 4096;
	size_t length = strlen(vmcoreinfo);
	unsigned int slot;

	snprintf(vmcoreinfo + length, sizeof(vmcoreinfo) - length, "SYMBOL(prb)=%llx\n"
		 "OFFSET(printk_ringbuffer.desc_ring)=0\nOFFSET(prb_desc_ring.count_bits)=0\n"
		 "OFFSET(prb_desc_ring.infos)=8\nOFFSET(prb_desc_ring.head_id)=16\n"
		 "SIZE(printk_info)=16\nOFFSET(printk_info.ts_nsec)=8\n",
		 (unsigned long long)address);
	log->prb = address + offsetof(typeof(*log), count_bits);
	log->count_bits = 3;
	log->infos = address + offsetof(typeof(*log), info);
	log->head_id = 8 * 1000 + 2;
	for (slot = 0; slot < 8; slot++)
		log->info[slot].time_ns = newest_ns - (9 - slot) % 8 * 1000;
	log->info[2].time_ns = 0;
}

/*
 * And its texts: one of the eight says that a peer was heard. @begin: where that stands, of
 * 512 bytes; in what is left there it has no room near their end.
 */
static void say_heard(u64 time_ns, u64 incarnation, unsigned int begin)
{
	struct {
		u64 descs;
		u32 size_bits, pad;
		u64 data;
		struct {
			u64 begin;
		} desc[8];
		u8 text[512];
	} *texts = (void *)header_at(2);
	u64 *time = (u64 *)header_at(1) + 5, id = 8 * 1000;
	u64 address = VIRTUAL + BASE + 2 * 4096;
	size_t length = strlen(vmcoreinfo);
	u8 *at = texts->text + (begin + 100 < 512 ? begin : 0);

	snprintf(vmcoreinfo + length, sizeof(vmcoreinfo) - length,
		 "OFFSET(printk_ringbuffer.text_data_ring)=%u\nOFFSET(prb_data_ring.size_bits)=0\n"
		 "OFFSET(prb_data_ring.data)=8\nOFFSET(prb_desc_ring.descs)=%u\n"
		 "SIZE(prb_desc)=8\nOFFSET(prb_desc.text_blk_lpos)=0\n"
		 "OFFSET(prb_data_blk_lpos.begin)=0\nOFFSET(printk_info.text_len)=0\n",
		 4096, 4096 - 8);
	memset(texts, 0, sizeof(*texts));
	texts->descs = address + offsetof(typeof(*texts), desc);
	texts->size_bits = 9;
	texts->data = address + offsetof(typeof(*texts), text);
	texts->desc[0].begin = 512 * 77 + begin;
	memcpy(at, &id, sizeof(id));
	time[-1] = (u64)snprintf((char *)at + sizeof(id), 80, "tocsin: node 2 beta heard, "
				 "incarnation %016llx", (unsigned long long)incarnation);
	time[0] = time_ns;
}

/* The message behind that says the same, of another time. */
static void say_heard_also(u64 time_ns)
{
	u64 *log_time = (u64 *)header_at(1) + 5, id = 8 * 1000 + 1;
	u64 *first_begin = (u64 *)header_at(2) + 3;
	u8 *text = (u8 *)(first_begin + 8);

	first_begin[1] = 256;
	memcpy(text + 256, text + first_begin[0] % 512, 100);
	memcpy(text + 256, &id, sizeof(id));
	log_time[1] = log_time[-1];
	log_time[2] = time_ns;
}

static void take(struct crash_record *record)
{
	write_dump(sizeof(memory));
	assert_int_equal(crash_record_from_dump(record, path), CMD_OK);
}

/* The report, and the JSON object behind it, say it. */
static void expect(const struct crash_record *record, const char *report, const char *json)
{
	char *text = report_of(record), *object = json_of(record);

	if (!strstr(text, report))
		fail_msg("no '%s' in:\n%s", report, text);
	if (!strstr(object, json))
		fail_msg("no '%s' in:\n%s", json, object);
	free(text);
	free(object);
}

static void expect_this(struct crash_record *record)
{
	assert_int_equal(record->header->phys, BASE + THIS_PAGE * 4096);
	assert_int_equal(record->header->verdict.code, CORE_VERDICT_NONE);
	assert_int_equal(record->found_count, 2);
	expect(record, "No TOC: not by", "\"recorders_found\": 2");
	expect(record, "Others:   2 recorders are in", "\"told\": true");
	expect(record, "        0x105000  last written 2026-09-21 14:14:10 UTC, verdict: "
	       "quorum lease ran out\n", "\"verdict_code\": \"quorum lease ran out\"");
	expect(record, "        0x126000  last written 2026-09-21 14:19:10 UTC, verdict: none  "
	       "<- told here\n", "\"written_real_ns\": 1790000350000000000");
	crash_record_free(record);
}

/* A dump by virsh says nothing of the crash: the wall clock alone decides. */
static void tells_the_newest_of_several(void **state)
{
	struct crash_record record;

	fill_earlier();
	fill_this(THIS_PAGE);
	take(&record);
	assert_true(record.searched_all);
	expect_this(&record);
}

static void tells_the_newest_in_any_order(void **state)
{
	struct crash_record record;
	struct recorder_header *earlier;

	fill_earlier();
	fill_this(EARLIER_PAGE);
	memset(&header()->verdict, 0, sizeof(header()->verdict));
	earlier = fill_this(THIS_PAGE);
	earlier->real_offset_ns = BOOT_S * CORE_NS_PER_S;
	earlier->verdict.code = CORE_VERDICT_EVICTED;
	earlier->verdict.at_ns = LAST_S * CORE_NS_PER_S;
	take(&record);
	assert_int_equal(record.header->phys, BASE + EARLIER_PAGE * 4096);
	assert_int_equal(record.header->verdict.code, CORE_VERDICT_NONE);
	assert_int_equal(record.found_count, 2);
	crash_record_free(&record);
}

static void tells_the_one_that_the_crash_bounds(void **state)
{
	struct crash_record record;

	fill_earlier();
	fill_this(THIS_PAGE);
	say_crash_time(CRASH_S);
	take(&record);
	expect(&record, "told is the one that was last written when it crashed\n",
	       "\"boot\": \"this\"");
	expect_this(&record);

	/* The clock was a year ahead at the earlier boot. */
	fill_earlier();
	header()->real_offset_ns += 365 * 86400 * CORE_NS_PER_S;
	fill_this(THIS_PAGE);
	say_crash_time(CRASH_S);
	unlink(path);
	take(&record);
	assert_int_equal(record.header->phys, BASE + THIS_PAGE * 4096);
	expect(&record, "No TOC: not by", "\"boot\": \"later\"");
	crash_record_free(&record);
}

/* Two releases: however near its clock comes, it is not of this kernel. */
static void tells_none_of_another_kernel(void **state)
{
	struct crash_record record;

	fill_earlier();
	memcpy(header()->kernel, "5.10.0-tocsin", 14);
	header()->real_offset_ns += LATER_S * CORE_NS_PER_S;
	memcpy(fill_this(THIS_PAGE)->kernel, "6.1.0-tocsin", 13);
	header_at(THIS_PAGE)->updated_ns -= 20 * CORE_NS_PER_S;
	say_crash_time(CRASH_S);
	take(&record);
	assert_int_equal(record.header->phys, BASE + THIS_PAGE * 4096);
	expect(&record, "No TOC: not by", "\"boot\": \"other-kernel\"");
	crash_record_free(&record);
	unlink(path);

	memset(header_at(THIS_PAGE), 0, 4096);
	take(&record);
	expect(&record, "TOC (of another boot?): the quorum lease ran out",
	       "\"doubt\": \"this is of an earlier boot, with another kernel than the one that "
	       "crashed, 6.1.0-tocsin\"");
	crash_record_free(&record);
}

/* The second boot had no recorder, or it is not in the dump. */
static void doubts_a_record_that_ends_long_before(void **state)
{
	struct crash_record record;

	fill_earlier();
	say_crash_time(CRASH_S);
	take(&record);
	expect(&record, "TOC (of another boot?): the quorum lease ran out",
	       "\"boot\": \"earlier\"");
	expect(&record, "Doubt:    the kernel crashed on 2026-09-21 14:19:10 UTC, 300 s after",
	       "\"doubt\": \"the kernel crashed");
	crash_record_free(&record);
	unlink(path);

	/* That of the boot itself. */
	say_crash_time(BOOT_S + LAST_S);
	take(&record);
	expect(&record, "TOC: the quorum lease ran out", "\"doubt\": null");
	crash_record_free(&record);
}

/* The clock was set back just before: the crash was then before the boot. */
static void takes_no_time_from_a_clock_set_back(void **state)
{
	struct crash_record record;

	fill_recorder();
	memset(&header()->verdict, 0, sizeof(header()->verdict));
	header()->attached = 1;
	header()->real_offset_ns = BOOT_S * CORE_NS_PER_S;
	say_crash_time(BOOT_S - 60);
	take(&record);
	assert_int_equal(crash_record_boot(&record), CRASH_BOOT_THIS);
	assert_int_equal(record.now_ns, record.written_ns);
	crash_record_free(&record);
}

/* The rest of a large dump is read only if it may hold what matters. */
static void stops_when_it_is_certain(void **state)
{
	struct crash_record record;

	fill_earlier();
	fill_this(THIS_PAGE)->real_offset_ns = 1;
	say_crash_time(BOOT_S + LAST_S);
	take(&record);
	assert_false(record.searched_all);
	assert_int_equal(record.found_count, 1);
	assert_int_equal(record.header->verdict.code, CORE_VERDICT_QUORUM_LEASE);
	crash_record_free(&record);
	unlink(path);

	say_crash_time(BOOT_S + LAST_S + 10);
	take(&record);
	assert_true(record.searched_all);
	assert_int_equal(record.found_count, 2);
	assert_int_equal(record.header->verdict.code, CORE_VERDICT_QUORUM_LEASE);
	crash_record_free(&record);
}

static void counts_those_it_cannot_read(void **state)
{
	struct crash_record record;
	struct recorder_header *other;
	unsigned int page;

	fill_earlier();
	other = fill_this(THIS_PAGE);
	other->version++;
	/* A copy of it is none. */
	memcpy(header_at(1), other, 4096);
	take(&record);
	assert_int_equal(record.found_count, 2);
	expect(&record, "        0x126000  of another version of the module\n",
	       "\"readable\": false");
	crash_record_free(&record);
	unlink(path);

	/* More than there is room for: one each page behind the first. */
	for (page = THIS_PAGE; page < THIS_PAGE + 10; page++) {
		memcpy(header_at(page), other, 4096);
		header_at(page)->phys = BASE + page * 4096;
	}
	take(&record);
	assert_int_equal(record.found_count, 11);
	expect(&record, "  and 3 more\n", "\"recorders_found\": 11");
	crash_record_free(&record);
}

/* All CPUs hung with interrupts off, and an NMI ended it: no check could run. */
static void says_that_a_lease_had_ended_unchecked(void **state)
{
	struct crash_record record;

	fill_earlier();
	memset(header(), 0, 4096);
	fill_this(THIS_PAGE);
	add_entry_at(THIS_PAGE, 1, RECORDER_GASP, (LAST_S + 10) * CORE_NS_PER_S,
		     RECORDER_GASP_UNCONFIRMED);
	take(&record);
	expect(&record, "No TOC: not by the safety timer, although the quorum lease had ended "
	       "9000 ms before: no CPU took interrupts any more", "\"lease_ended\": \"quorum\"");
	expect(&record, "the peers may have taken over", "\"lease_ended_before_ns\": 9000000000");
	crash_record_free(&record);
	unlink(path);

	header_at(THIS_PAGE)->quorum_ns = CORE_NEVER;
	take(&record);
	expect(&record, "although the safety lease had ended 8000 ms before",
	       "\"lease_ended\": \"safety\"");
	crash_record_free(&record);
	unlink(path);

	/* The next check would have found it. */
	header_at(THIS_PAGE)->safety_ns = (LAST_S + 10) * CORE_NS_PER_S - 5000000;
	take(&record);
	expect(&record, "had ended 5 ms before: no check had run since", "\"safety\"");
	crash_record_free(&record);
	unlink(path);

	header_at(THIS_PAGE)->action = TOCSIN_ACTION_REPORT;
	take(&record);
	expect(&record, "had ended 5 ms before: it was only to report", "\"safety\"");
	crash_record_free(&record);
	unlink(path);

	header_at(THIS_PAGE)->armed = 0;
	take(&record);
	expect(&record, "No TOC: not by the safety timer: it was not armed",
	       "\"lease_ended\": null");
	crash_record_free(&record);
}

/* The state is as old as the last heartbeat, what is seen from is not: 55 s, then 56 s. */
static void goes_by_renewals_newer_than_the_state(void **state)
{
	struct recorder_entry *entry;
	struct crash_record record;

	fill_earlier();
	memset(header(), 0, 4096);
	fill_this(THIS_PAGE)->quorum_ns = CORE_NEVER;
	entry = add_entry_at(THIS_PAGE, 1, RECORDER_PET, (LAST_S + 5) * CORE_NS_PER_S,
			     (LAST_S + 7) * CORE_NS_PER_S);
	add_entry_at(THIS_PAGE, 2, RECORDER_CPU, (LAST_S + 6) * CORE_NS_PER_S, 1);
	take(&record);
	expect(&record, "both leases were good as far as recorded", "\"lease_ended\": null");
	expect(&record, "good for another 1000 ms\n  cmcld last renewed its lease 1000 ms before\n",
	       "\"safety_lease_ns\": 57000000000");
	expect(&record, "", "\"last_renewal_ns\": 55000000000");
	crash_record_free(&record);
	unlink(path);

	/* A shutdown prolongs it, too. */
	entry->kind = RECORDER_REBOOT;
	take(&record);
	expect(&record, "good for another 1000 ms\n  MEMBER_TIMEOUT", "\"lease_ended\": null");
	crash_record_free(&record);
	unlink(path);

	/* A refused renewal renews nothing, and one before the state is in it. */
	entry->kind = RECORDER_PET;
	entry->arg[3] = (u64)-ETIME;
	take(&record);
	expect(&record, "although the safety lease had ended 4000 ms before",
	       "\"safety_lease_ns\": 52000000000");
	crash_record_free(&record);
	unlink(path);
	entry->arg[3] = 0;
	entry->time_ns = (LAST_S - 1) * CORE_NS_PER_S;
	take(&record);
	expect(&record, "although the safety lease had ended 4000 ms before",
	       "\"safety_lease_ns\": 52000000000");
	crash_record_free(&record);
}

/* The last entry is not the end, where the dump says when that was. */
static void sees_the_leases_from_the_crash(void **state)
{
	struct crash_record record;

	fill_earlier();
	memset(header(), 0, 4096);
	fill_this(THIS_PAGE);
	take(&record);
	expect(&record, "No TOC: not by the safety timer: both leases were good as far as "
	       "recorded (last at 50.000 s of the node's clock)", "\"lease_ended\": null");
	crash_record_free(&record);
	unlink(path);

	say_crash_time(CRASH_S + 20);
	take(&record);
	expect(&record, "the quorum lease had ended 19000 ms before",
	       "\"at_ns\": 70000000000");
	crash_record_free(&record);
}

/* Nothing was written any more, the clock stood still; the panic is in the kernel's log. */
static void sees_the_end_in_the_kernels_log(void **state)
{
	struct crash_record record;

	fill_earlier();
	memset(header(), 0, 4096);
	fill_this(THIS_PAGE);
	say_crash_time(CRASH_S);
	say_log((LAST_S + 12) * CORE_NS_PER_S);
	take(&record);
	assert_int_equal(record.log_ns, (LAST_S + 12) * CORE_NS_PER_S);
	expect(&record, "(last at 50.000 s of the node's clock), but the kernel's log goes on to "
	       "62.000 s of its own clock: the quorum lease may have ended unseen",
	       "\"lease_ended_unseen\": \"quorum\"");
	crash_record_free(&record);
	unlink(path);

	/* As far as its clock may be ahead of that of the recorder. */
	vmcoreinfo[0] = '\0';
	say_crash_time(CRASH_S);
	say_log((LAST_S + 1) * CORE_NS_PER_S + CORE_NS_PER_S * 10);
	take(&record);
	expect(&record, "(last at 50.000 s of the node's clock); look at",
	       "\"lease_ended_unseen\": null");
	crash_record_free(&record);
	unlink(path);

	/* Damaged, it says nothing. */
	memset(header_at(1), 0xff, 4096);
	take(&record);
	assert_int_equal(record.log_ns, 0);
	crash_record_free(&record);
}

#define INCARNATION	0xfedcba9876543210ULL

/* The log ends so long after the quorum lease, by the recorder's clock. */
static void fill_heard(u64 ahead_ns, u64 beyond_ns, unsigned int begin)
{
	struct recorder_header *this;
	struct recorder_peer *peer;

	fill_earlier();
	memset(header(), 0, 4096);
	this = fill_this(THIS_PAGE);
	peer = (void *)((u8 *)this + this->peer_offset);
	peer[1].id = 2;
	peer[1].incarnation = INCARNATION;
	peer[1].joined_ns = 40 * CORE_NS_PER_S;
	say_crash_time(CRASH_S);
	say_log((LAST_S + 1) * CORE_NS_PER_S + ahead_ns + beyond_ns);
	say_heard(peer[1].joined_ns + ahead_ns, INCARNATION, begin);
}

static void expect_taken(const char *text, const char *object)
{
	struct crash_record record;

	take(&record);
	expect(&record, text, object);
	crash_record_free(&record);
	unlink(path);
}

/* 3.78 s were seen: an oops is not to be told as a lease that may have ended. */
static void knows_the_logs_clock_by_a_peer(void **state)
{
	u64 ahead_ns = 3780 * CORE_NS_PER_MS;

	fill_heard(ahead_ns, CORE_NS_PER_S - CORE_NS_PER_MS, 64);
	expect_taken("(last at 50.000 s of the node's clock); look at",
		     "\"log_ahead_ns\": 3780000000");
	expect_taken("UTC (50.000 s of the node's clock, about 53.78 s in the kernel's log)\n",
		     "\"lease_ended_unseen\": null");

	fill_heard(ahead_ns, CORE_NS_PER_S + CORE_NS_PER_MS, 500);
	expect_taken("(last at 50.000 s of the node's clock), but the kernel's log goes on to "
		     "52.001 s: the quorum lease may", "\"lease_ended_unseen\": \"quorum\"");

	/* An earlier cmcld had heard that life of the peer, too, and this one hears it again. */
	fill_heard(ahead_ns, 0, 64);
	say_heard_also(20 * CORE_NS_PER_S);
	expect_taken("about 53.78 s in the kernel's log", "\"log_ahead_ns\": 3780000000");
	fill_heard(ahead_ns, 0, 64);
	say_heard_also(45 * CORE_NS_PER_S);
	expect_taken("about 53.78 s in the kernel's log", "\"log_ahead_ns\": 3780000000");

	/* They begin at the same time, but drift. */
	fill_heard(-(CORE_NS_PER_S / 2), 0, 64);
	expect_taken("about 49.50 s in the kernel's log", "\"log_ahead_ns\": -500000000");

	/* Of an earlier cmcld only, of another life of that peer, of a later time: nothing. */
	fill_heard(-5 * CORE_NS_PER_S, 0, 64);
	expect_taken("UTC (50.000 s of the node's clock)\n", "\"log_ahead_ns\": null");
	fill_heard(3600 * CORE_NS_PER_S, 0, 64);
	expect_taken("UTC (50.000 s of the node's clock)\n", "\"log_ahead_ns\": null");
	fill_heard(ahead_ns, 0, 64);
	say_heard(44 * CORE_NS_PER_S, INCARNATION + 1, 64);
	expect_taken("UTC (50.000 s of the node's clock)\n", "\"log_ahead_ns\": null");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(tells_the_newest_of_several, remove_dump),
		cmocka_unit_test_teardown(tells_the_newest_in_any_order, remove_dump),
		cmocka_unit_test_teardown(tells_the_one_that_the_crash_bounds, remove_dump),
		cmocka_unit_test_teardown(tells_none_of_another_kernel, remove_dump),
		cmocka_unit_test_teardown(doubts_a_record_that_ends_long_before, remove_dump),
		cmocka_unit_test_teardown(takes_no_time_from_a_clock_set_back, remove_dump),
		cmocka_unit_test_teardown(stops_when_it_is_certain, remove_dump),
		cmocka_unit_test_teardown(counts_those_it_cannot_read, remove_dump),
		cmocka_unit_test_teardown(says_that_a_lease_had_ended_unchecked, remove_dump),
		cmocka_unit_test_teardown(goes_by_renewals_newer_than_the_state, remove_dump),
		cmocka_unit_test_teardown(sees_the_leases_from_the_crash, remove_dump),
		cmocka_unit_test_teardown(sees_the_end_in_the_kernels_log, remove_dump),
		cmocka_unit_test_teardown(knows_the_logs_clock_by_a_peer, remove_dump),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
