// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmcrash on dumps made here: an ELF core file with a flight recorder at a
 * physical address of our choice, whole, copied, torn and cut off.
 */
#include "crash_made.h"
#include "crash_said.h"

#include <errno.h>

static void finds_the_recorder_and_names_the_reason(void **state)
{
	struct crash_record record;
	char text[400];

	fill_recorder();
	write_dump(sizeof(memory));
	assert_int_equal(crash_record_from_dump(&record, path), CMD_OK);
	crash_verdict_print(&record, text, sizeof(text));
	assert_non_null(strstr(text, "quorum lease ran out"));
	assert_non_null(strstr(text, "4000 ms"));
	assert_string_equal(crash_node_name(&record, 2), "beta");
	assert_string_equal(crash_node_name(&record, 1), "alpha");
	assert_string_equal(crash_node_name(&record, 7), "node 7");
	crash_record_free(&record);
}

/* A person reads: the paths, and how soon the CPUs stopped. */
static void reports_paths_and_the_stop(void **state)
{
	struct crash_record record;
	char *text, *object;

	fill_recorder();
	write_dump(sizeof(memory));
	assert_int_equal(crash_record_from_dump(&record, path), CMD_OK);
	text = report_of(&record);
	object = json_of(&record);
	assert_memory_equal(text, "TOC: the quorum lease ran out", 29);
	assert_non_null(strstr(text, "Stopped:  2 of 3 other CPUs, the last one 0.300 ms after the "
			       "deadline; the rest had not said so when the dump began\n"));
	assert_non_null(strstr(text, "Paths to beta:\n  path 0 is down; 0 received, 0 lost\n"
			       "  path 1 is up, heard 1000 ms before, round trip 0.41 ms; "
			       "1200 received, 3 lost\n"));
	assert_non_null(strstr(object, "\"rtt_ns\": 410000"));
	assert_non_null(strstr(object, "\"cpus_stopped\": 2"));
	free(text);
	free(object);
	crash_record_free(&record);
}

static void expect_in(char *(*text_of)(const struct crash_record *), const char *expected)
{
	struct crash_record record;
	char *text;

	write_dump(sizeof(memory));
	assert_int_equal(crash_record_from_dump(&record, path), CMD_OK);
	text = text_of(&record);
	if (!strstr(text, expected))
		fail_msg("no '%s' in:\n%s", expected, text);
	free(text);
	crash_record_free(&record);
	unlink(path);
}

static void expect_report(const char *expected)
{
	expect_in(report_of, expected);
}

static void expect_object(const char *expected)
{
	expect_in(json_of, expected);
}

/* Some heartbeats come after the verdict, while the node goes down. */
static void says_who_was_heard_last(void **state)
{
	fill_recorder();
	header()->verdict.last_peer = 2;
	header()->verdict.last_heard_ns = header()->verdict.at_ns - 5 * CORE_NS_PER_S;
	expect_report("\nLast heard: beta, 5000 ms before\n");
	header()->verdict.last_heard_ns = header()->verdict.at_ns + 1;
	expect_report("\nLast heard: beta, 0 ms before\n");
}

/* A program need not read the text for it. */
static void says_of_what_and_how_set_in_json(void **state)
{
	fill_recorder();
	memcpy(header()->kernel, "6.1.0-tocsin", 13);
	memset(header()->build, 'A', sizeof(header()->build));
	header()->safety_timeout_ns = 5 * CORE_NS_PER_S;
	header()->interval_ns = CORE_NS_PER_S / 10;
	expect_object("\"kernel\": \"6.1.0-tocsin\",\n  \"module\": \"AAAAAAAA");
	expect_object("\"member_timeout_ns\": 4000000000,\n  \"safety_timeout_ns\": 5000000000");
	expect_object("\"interval_ns\": 100000000,");
}

/* The peers wait no longer than that. */
static void says_what_came_later_than_the_margin(void **state)
{
	fill_recorder();
	header()->toc_margin_ns = CORE_NS_PER_S / 10;
	header()->safety_timeout_ns = 2 * CORE_NS_PER_S;
	header()->interval_ns = CORE_NS_PER_S / 2;
	expect_report("\nLateness: 0.250 ms after the deadline, found by CPU 1\n");
	expect_report("  MEMBER_TIMEOUT 4000 ms, SAFETY_TIMEOUT 2000 ms, TOC_MARGIN 100 ms, "
		      "interval 500 ms\n");
	expect_object("\"toc_margin_ns\": 100000000");
	header()->verdict.stopped_ns += CORE_NS_PER_S / 10;
	expect_report(", the last one 100.300 ms after the deadline, more than TOC_MARGIN, "
		      "100 ms: the peers may have taken over before; see TIMING, How much "
		      "margin");
	header()->verdict.late_ns = CORE_NS_PER_S;
	expect_report("\nLateness: 1000.000 ms after the deadline, found by CPU 1, more than "
		      "TOC_MARGIN, 100 ms: the peers may have taken over before; see TIMING, "
		      "How much margin\n");
	/* Not known. */
	header()->toc_margin_ns = 0;
	expect_report("\nLateness: 1000.000 ms after the deadline, found by CPU 1\n");
}

static void says_why_a_renewal_was_refused(void **state)
{
	struct recorder_entry *entry;

	fill_recorder();
	entry = add_entry(3, RECORDER_PET, 10 * CORE_NS_PER_S, 10 * CORE_NS_PER_S);
	/* As the module counts it: the lease ended 1 ms before. */
	entry->arg[1] = (u64)-1000000;
	entry->arg[3] = (u64)-ETIME;
	expect_report("  a renewal of the safety lease was refused: a lease had ended\n");
	entry->arg[3] = (u64)-EPERM;
	expect_report("  a renewal of the safety lease was refused: the safety timer was not "
		      "armed\n");
	/* Damaged: no errno at all. */
	entry->arg[3] = 1ULL << 63;
	expect_report("  a renewal of the safety lease was refused: ");
	entry->kind = RECORDER_ARM;
	expect_report(" armed the safety timer, refused: ");
}

/* Its name is that of its journal, or it was somebody else who asked. */
static void names_the_process_that_attached(void **state)
{
	fill_recorder();
	header()->verdict.code = CORE_VERDICT_DETACHED;
	add_entry(3, RECORDER_DETACH, 10 * CORE_NS_PER_S, 0)->arg[2] = 288;
	expect_report("TOC: cmcld went away without disarming the safety timer: it was");
	expect_report("  process 288 went away without disarming\n");
	header()->owner_pid = 288;
	memset(header()->owner_name, 'x', sizeof(header()->owner_name));
	expect_report("TOC: xxxxxxxxxxxxxxxx (process 288) went away without disarming the safety");
	memcpy(header()->owner_name, "cmcld", 6);
	expect_report("TOC: cmcld (process 288) went away without disarming the safety timer");
	expect_report("  cmcld (process 288) went away without disarming\n");
	add_entry(4, RECORDER_DISARM, 10 * CORE_NS_PER_S, 1)->arg[2] = 300;
	expect_report("  process 300 disarmed the safety timer\n");
	header()->verdict.code = CORE_VERDICT_SAFETY_LEASE;
	expect_report("TOC: the safety lease ran out: cmcld (process 288) did not renew it");
}

static void tells_of_the_configuration_in_words(void **state)
{
	struct recorder_entry *entry;

	fill_recorder();
	expect_report("  the module was loaded\n");
	entry = add_entry(3, RECORDER_KEY_SET, CORE_NS_PER_S, 1);
	entry->arg[1] = 7;
	expect_report("  key 7 set in slot 1, for receiving\n");
	entry->arg[2] = 1;
	expect_report("  key 7 set in slot 1, for receiving and sending\n");
	entry = add_entry(4, RECORDER_PEER_DEL, CORE_NS_PER_S, 0);
	expect_report("  beta taken out of the configuration\n");
	entry->arg[3] = (u64)-EBUSY;
	expect_report("  beta taken out of the configuration, refused: ");
	add_entry(5, RECORDER_PEER_SET, CORE_NS_PER_S, 2);
	expect_report("  beta configured with 2 paths\n");
}

static void says_which_lease_is_used_up(void **state)
{
	struct recorder_entry *entry;

	fill_recorder();
	entry = add_entry(3, RECORDER_EVENT, 9 * CORE_NS_PER_S, CORE_EVENT_LEASE_HALF);
	entry->arg[1] = 2 * CORE_NS_PER_S;
	entry->path = CORE_LEASE_QUORUM;
	expect_report("  half of the quorum lease is used up: 2000 ms left\n");
	entry->path = CORE_LEASE_SAFETY;
	entry->arg[0] = CORE_EVENT_LEASE_THREE_QUARTERS;
	expect_report("  three quarters of the safety lease are used up: 2000 ms left\n");
	/* Damaged. */
	entry->path = 200;
	expect_report("  three quarters of the unknown lease are used up: 2000 ms left\n");
}

static unsigned int events_in(char *(*text_of)(const struct crash_record *))
{
	struct crash_record record;
	unsigned int count = 0;
	char *text, *at;

	write_dump(sizeof(memory));
	assert_int_equal(crash_record_from_dump(&record, path), CMD_OK);
	text = text_of(&record);
	for (at = strchr(strstr(text, "\nEvents, ") + 1, '\n'); (at = strchr(at + 1, '\n'));)
		count++;
	free(text);
	crash_record_free(&record);
	unlink(path);
	return count;
}

/* How much is left out by default, and that nothing is with -a. */
static void shows_all_events_when_asked_to(void **state)
{
	u64 number, before_ns = 9 * CORE_NS_PER_S;

	fill_recorder();
	header()->interval_ns = CORE_NS_PER_S;
	assert_int_equal(events_in(report_of), 3);
	expect_report("\nEvents, milliseconds before the end:\n");
	add_entry(3, RECORDER_PET, before_ns, 0);
	add_entry(4, RECORDER_CHECK_LATE, before_ns, 1)->arg[1] = CORE_NS_PER_S / 10;
	add_entry(5, RECORDER_SEND_LATE, before_ns, CORE_NS_PER_S / 5);
	add_entry(6, RECORDER_EVENT, before_ns, CORE_EVENT_FRONTIER);
	assert_int_equal(events_in(report_of), 3);
	expect_report("\nEvents, milliseconds before the end (others with -a):\n");
	assert_int_equal(events_in(whole_report_of), 7);
	expect_in(whole_report_of, "  the check on CPU 1 was 100.0 ms late\n");
	expect_in(whole_report_of, "  heartbeats were sent 200.0 ms late\n");
	expect_in(whole_report_of, "\nEvents, milliseconds before the end:\n");
	for (number = 7; number < 40; number++)
		add_entry(number, RECORDER_REBOOT, before_ns, 0);
	assert_int_equal(events_in(report_of), 30);
	assert_int_equal(events_in(whole_report_of), 40);
}

static void says_that_the_state_was_being_written(void **state)
{
	struct crash_record record;
	char *text, *object;

	fill_recorder();
	header()->state_version = 7;
	write_dump(sizeof(memory));
	assert_int_equal(crash_record_from_dump(&record, path), CMD_OK);
	text = report_of(&record);
	object = json_of(&record);
	assert_non_null(strstr(text, "The kernel was writing them and the view when it ended"));
	assert_non_null(strstr(object, "\"state_torn\": true"));
	free(text);
	free(object);
	crash_record_free(&record);
}

static void passes_over_a_copy_elsewhere(void **state)
{
	struct crash_record record;
	struct recorder_header *copy = (void *)memory;

	fill_recorder();
	memcpy(copy, header(), sizeof(*copy));
	copy->verdict.code = CORE_VERDICT_EVICTED;
	write_dump(sizeof(memory));
	assert_int_equal(crash_record_from_dump(&record, path), CMD_OK);
	assert_int_equal(record.header->verdict.code, CORE_VERDICT_QUORUM_LEASE);
	crash_record_free(&record);
}

static void leaves_torn_entries_out(void **state)
{
	const struct recorder_entry *entry;
	struct crash_record record;
	unsigned int count = 0;
	u64 number = 0;

	fill_recorder();
	for (number = 3; number < ENTRIES + 10; number++)
		add_entry(number, RECORDER_PET, number, 0);
	((struct recorder_entry *)((u8 *)header() + header()->entry_offset))[20].seq = 0;
	write_dump(sizeof(memory));
	assert_int_equal(crash_record_from_dump(&record, path), CMD_OK);
	for (number = 0; (entry = crash_record_next(&record, &number)); count++)
		assert_int_equal(entry->seq, number);
	assert_int_equal(count, ENTRIES - 1);
	assert_int_equal(crash_record_missing(&record), 1);
	crash_record_free(&record);
}

static void refuses_dumps_that_do_not_hold_it(void **state)
{
	struct crash_record record;

	fill_recorder();
	header()->magic[0] = 't';
	write_dump(sizeof(memory));
	assert_int_equal(crash_record_from_dump(&record, path), CMD_FAILED);
	unlink(path);

	fill_recorder();
	header()->version++;
	write_dump(sizeof(memory));
	assert_int_equal(crash_record_from_dump(&record, path), CMD_FAILED);
	unlink(path);

	assert_int_equal(crash_record_from_dump(&record, "/dev/null"), CMD_FAILED);
	assert_int_equal(crash_record_from_dump(&record, "/nowhere"), CMD_FAILED);
}

/* A dump cut off behind the header still has the verdict, and says what it lost. */
static void uses_what_a_cut_dump_holds(void **state)
{
	struct crash_record record;

	fill_recorder();
	write_dump((RECORDER_PAGE + 1) * 4096);
	assert_int_equal(crash_record_from_dump(&record, path), CMD_OK);
	assert_int_equal(record.header->verdict.code, CORE_VERDICT_QUORUM_LEASE);
	assert_int_equal(crash_record_missing(&record), 3);
	crash_record_free(&record);
}

static void says_what_a_cut_dump_lost(void **state)
{
	struct crash_record record;
	char *text;

	fill_recorder();
	write_dump((RECORDER_PAGE + 1) * 4096);
	assert_int_equal(crash_record_from_dump(&record, path), CMD_OK);
	assert_int_equal(record.cut, recorder_size(ENTRIES) - 4096);
	text = report_of(&record);
	assert_memory_equal(text, "TOC: the quorum lease ran out", 29);
	assert_non_null(strstr(text, "\nCut off: "));
	free(text);
	crash_record_free(&record);
}

/* The file ends within the header: zeros in the place of a verdict are none. */
static void says_nothing_of_half_a_header(void **state)
{
	struct crash_record record;
	unsigned int kept;

	for (kept = 0; kept < 4096; kept += 904) {
		fill_recorder();
		write_dump(RECORDER_PAGE * 4096 + kept);
		assert_int_equal(crash_record_from_dump(&record, path), CMD_FAILED);
		unlink(path);
	}
}

/* Whoever wrote the dump does not write to the terminal of whoever reads it. */
static void prints_no_escapes_of_a_dump(void **state)
{
	static const char evil[] = "\033]0;owned\a\033[2J\r\n\302\233";
	struct crash_record record;
	char *text, doubt[400];
	const char *at;

	fill_recorder();
	memcpy(header()->kernel, evil, sizeof(evil));
	memset(header()->build, '\033', sizeof(header()->build));
	memcpy(header()->node, evil, sizeof(evil));
	memcpy(header()->verdict.reason, evil, sizeof(evil));
	header()->verdict.code = CORE_VERDICT_REQUESTED;
	write_dump(sizeof(memory));
	assert_int_equal(crash_record_from_dump(&record, path), CMD_OK);
	text = report_of(&record);
	for (at = text; *at; at++)
		assert_true(*at == '\n' || (*at >= ' ' && *at < 0x7f));
	assert_non_null(strstr(text, "kernel ?]0;owned??[2J????, module ????"));
	free(text);
	free(record.release);
	record.release = strdup("\033[31m6.1");
	assert_true(crash_doubt_print(&record, doubt, sizeof(doubt)));
	assert_string_equal(strrchr(doubt, ',') + 2, "?[31m6.1");
	crash_record_free(&record);
}

/* An oops on a node of the cluster: its leases were good. */
static void sends_to_the_kernels_messages_without_a_verdict(void **state)
{
	struct crash_record record;
	char *text;

	fill_recorder();
	memset(&header()->verdict, 0, sizeof(header()->verdict));
	write_dump(sizeof(memory));
	assert_int_equal(crash_record_from_dump(&record, path), CMD_OK);
	text = report_of(&record);
	assert_memory_equal(text, "No TOC: not by the safety timer: both leases were good as "
			    "far as recorded (last at 10.000 s", 91);
	free(text);
	record.live = true;
	text = report_of(&record);
	assert_memory_equal(text, "No TOC: the safety timer is armed", 33);
	free(text);
	crash_record_free(&record);
}

static void refuses_what_is_no_dump(void **state)
{
	struct crash_record record;

	assert_int_equal(crash_record_from_dump(&record, "/"), CMD_FAILED);
	assert_int_equal(crash_record_from_dump(&record, "/proc/self/exe"), CMD_FAILED);
	fill_recorder();
	write_dump(sizeof(memory));
	assert_int_equal(truncate(path, 0), 0);
	assert_int_equal(crash_record_from_dump(&record, path), CMD_FAILED);
	unlink(path);
	/* Within the ELF header, and within the table of segments. */
	fill_recorder();
	write_dump(sizeof(memory));
	assert_int_equal(truncate(path, 90), 0);
	assert_int_equal(crash_record_from_dump(&record, path), CMD_FAILED);
	assert_int_equal(truncate(path, 40), 0);
	assert_int_equal(crash_record_from_dump(&record, path), CMD_FAILED);
}

/* Each of its segments has the whole file at another address: hours of searching. */
static void refuses_a_file_that_repeats_itself(void **state)
{
	struct crash_record record;
	struct messages messages;
	Elf64_Phdr segment[64];
	Elf64_Ehdr elf;
	unsigned int i;
	int fd;

	fill_recorder();
	write_dump(sizeof(memory));
	fd = open(path, O_RDWR);
	assert_int_equal(pread(fd, &elf, sizeof(elf), 0), sizeof(elf));
	assert_int_equal(pread(fd, segment, sizeof(segment[0]), (off_t)elf.e_phoff),
			 sizeof(segment[0]));
	elf.e_phnum = sizeof(segment) / sizeof(segment[0]);
	for (i = 1; i < elf.e_phnum; i++) {
		segment[i] = segment[i - 1];
		segment[i].p_paddr += sizeof(memory);
	}
	assert_int_equal(pwrite(fd, &elf, sizeof(elf), 0), sizeof(elf));
	assert_int_equal(pwrite(fd, segment, sizeof(segment), (off_t)elf.e_phoff),
			 sizeof(segment));
	close(fd);
	messages_begin(&messages);
	assert_int_equal(crash_record_from_dump(&record, path), CMD_FAILED);
	messages_end(&messages, "its segments hold the same bytes again and again");
}

static void expect_usage(char **arguments, const char *expected)
{
	struct messages messages;
	int count = 0;

	while (arguments[count])
		count++;
	optind = 1;
	messages_begin(&messages);
	assert_int_equal(cmcrash_main(count, arguments), CMD_USAGE);
	messages_end(&messages, expected);
}

static void says_what_is_wrong_with_the_words_given(void **state)
{
	expect_usage((char *[]){ "cmcrash", "--live", "/nowhere", NULL },
		     "/nowhere and --live: name a dump, or say --live, not both\n");
	expect_usage((char *[]){ "cmcrash", "/nowhere", "/there", NULL },
		     "2 dumps are named: one at a time\n");
	expect_usage((char *[]){ "cmcrash", NULL }, "name one dump, or say --live\n");
}

/* Whatever a damaged dump says, the report ends and stays in bounds. */
static void survives_any_damage(void **state)
{
	struct crash_record record;
	unsigned int round;
	FILE *sink = fopen("/dev/null", "w");

	assert_non_null(sink);
	srandom(1);
	for (round = 0; round < 200; round++) {
		unsigned int hits = 1 + random() % 64;

		fill_recorder();
		if (round % 4 < 2)
			snprintf(vmcoreinfo, sizeof(vmcoreinfo),
				 "OSRELEASE=6.1.0\nCRASHTIME=1790000000\n");
		while (hits--)
			memory[RECORDER_PAGE * 4096 + random() % (round % 2 ? 4096 :
				recorder_size(ENTRIES))] = random();
		write_dump(sizeof(memory));
		if (crash_record_from_dump(&record, path) == CMD_OK) {
			crash_report_print(sink, &record, round % 3 ? 30 : 0);
			crash_json_print(sink, &record);
			crash_record_free(&record);
		}
		unlink(path);
	}
	fclose(sink);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(finds_the_recorder_and_names_the_reason, remove_dump),
		cmocka_unit_test_teardown(reports_paths_and_the_stop, remove_dump),
		cmocka_unit_test_teardown(says_who_was_heard_last, remove_dump),
		cmocka_unit_test_teardown(says_of_what_and_how_set_in_json, remove_dump),
		cmocka_unit_test_teardown(says_what_came_later_than_the_margin, remove_dump),
		cmocka_unit_test_teardown(says_why_a_renewal_was_refused, remove_dump),
		cmocka_unit_test_teardown(names_the_process_that_attached, remove_dump),
		cmocka_unit_test_teardown(tells_of_the_configuration_in_words, remove_dump),
		cmocka_unit_test_teardown(says_which_lease_is_used_up, remove_dump),
		cmocka_unit_test_teardown(shows_all_events_when_asked_to, remove_dump),
		cmocka_unit_test_teardown(says_that_the_state_was_being_written, remove_dump),
		cmocka_unit_test_teardown(passes_over_a_copy_elsewhere, remove_dump),
		cmocka_unit_test_teardown(leaves_torn_entries_out, remove_dump),
		cmocka_unit_test_teardown(refuses_dumps_that_do_not_hold_it, remove_dump),
		cmocka_unit_test_teardown(uses_what_a_cut_dump_holds, remove_dump),
		cmocka_unit_test_teardown(says_what_a_cut_dump_lost, remove_dump),
		cmocka_unit_test_teardown(says_nothing_of_half_a_header, remove_dump),
		cmocka_unit_test_teardown(prints_no_escapes_of_a_dump, remove_dump),
		cmocka_unit_test_teardown(sends_to_the_kernels_messages_without_a_verdict,
					  remove_dump),
		cmocka_unit_test_teardown(refuses_what_is_no_dump, remove_dump),
		cmocka_unit_test_teardown(refuses_a_file_that_repeats_itself, remove_dump),
		cmocka_unit_test(says_what_is_wrong_with_the_words_given),
		cmocka_unit_test_teardown(survives_any_damage, remove_dump),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
