// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmcrash on dumps made here: an ELF core file with a flight recorder at a
 * physical address of our choice, whole, copied, torn and cut off.
 */
#include "cmd.h"
#include "cmd_crash.h"
#include "core.h"

#include <elf.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define ENTRIES		RECORDER_ENTRIES_MIN
#define BASE		0x100000ULL	/* physical address of the dumped memory */
#define PAGES		40
#define RECORDER_PAGE	5

static u8 memory[PAGES * 4096] __attribute__((aligned(8)));
static char path[] = "/tmp/crash_test.XXXXXX";

static struct recorder_header *header(void)
{
	return (struct recorder_header *)(memory + RECORDER_PAGE * 4096);
}

static void add_entry(u64 number, u16 kind, u64 time_ns, u64 first)
{
	struct recorder_entry *entries =
		(void *)((u8 *)header() + header()->entry_offset);
	struct recorder_entry *entry = &entries[number % ENTRIES];

	memset(entry, 0, sizeof(*entry));
	entry->kind = kind;
	entry->time_ns = time_ns;
	entry->arg[0] = first;
	entry->peer = 2;
	entry->seq = number + 1;
	header()->written = number + 1;
}

static void fill_recorder(void)
{
	struct recorder_peer *peer;

	memset(memory, 0, sizeof(memory));
	recorder_header_init(header(), BASE + RECORDER_PAGE * 4096, ENTRIES);
	assert_true(RECORDER_PAGE * 4096 + recorder_size(ENTRIES) <= sizeof(memory));
	header()->armed = 1;
	header()->node_id = 1;
	memcpy(header()->node, "alpha", 6);
	header()->member_timeout_ns = 4 * CORE_NS_PER_S;
	header()->verdict.code = CORE_VERDICT_QUORUM_LEASE;
	header()->verdict.at_ns = 10 * CORE_NS_PER_S;
	header()->verdict.late_ns = 250000;
	header()->verdict.cpu = 1;
	header()->verdict.cpus_told = 3;
	header()->verdict.cpus_stopped = 2;
	header()->verdict.stopped_ns = 10 * CORE_NS_PER_S + 50000;
	peer = (void *)((u8 *)header() + header()->peer_offset);
	peer[1].id = 2;
	memcpy(peer[1].name, "beta", 5);
	peer[1].heard_ns = 6 * CORE_NS_PER_S;
	peer[1].paths = 2;
	peer[1].path[1].state = CORE_PATH_UP;
	peer[1].path[1].heard_ns = 9 * CORE_NS_PER_S;
	peer[1].path[1].received = 1200;
	peer[1].path[1].lost = 3;
	peer[1].path[1].rtt_ns = 410000;
	add_entry(0, RECORDER_LOAD, 1, 0);
	add_entry(1, RECORDER_EVENT, 8 * CORE_NS_PER_S, CORE_EVENT_PEER_SILENT);
	add_entry(2, RECORDER_VERDICT, 10 * CORE_NS_PER_S, CORE_VERDICT_QUORUM_LEASE);
}

static void write_dump(size_t size)
{
	Elf64_Ehdr elf = {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_CORE, .e_machine = EM_X86_64, .e_version = EV_CURRENT,
		.e_phoff = sizeof(elf), .e_ehsize = sizeof(elf),
		.e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 1,
	};
	Elf64_Phdr load = {
		.p_type = PT_LOAD, .p_flags = 7, .p_offset = 4096,
		.p_vaddr = 0xffff888000000000ULL + BASE, .p_paddr = BASE,
		.p_filesz = sizeof(memory), .p_memsz = sizeof(memory),
	};
	FILE *file;
	int fd;

	memcpy(path + strlen(path) - 6, "XXXXXX", 6);
	fd = mkstemp(path);
	assert_true(fd >= 0);
	file = fdopen(fd, "wb");
	assert_non_null(file);
	fwrite(&elf, sizeof(elf), 1, file);
	fwrite(&load, sizeof(load), 1, file);
	fseek(file, 4096, SEEK_SET);
	fwrite(memory, 1, size, file);
	assert_int_equal(fclose(file), 0);
}

static int remove_dump(void **state)
{
	unlink(path);
	return 0;
}

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
	char *text = NULL;
	size_t size;
	FILE *out;

	fill_recorder();
	write_dump(sizeof(memory));
	assert_int_equal(crash_record_from_dump(&record, path), CMD_OK);
	out = open_memstream(&text, &size);
	assert_non_null(out);
	crash_report_print(out, &record, 30);
	crash_json_print(out, &record);
	fclose(out);
	assert_memory_equal(text, "TOC: the quorum lease ran out", 29);
	assert_non_null(strstr(text, "Stopped:  2 of 3 other CPUs, the last one 0.300 ms after the "
			       "deadline; the rest took no interrupts\n"));
	assert_non_null(strstr(text, "Paths to beta:\n  path 0 is down; 0 received, 0 lost\n"
			       "  path 1 is up, heard 1000 ms before, round trip 0.41 ms; "
			       "1200 received, 3 lost\n"));
	assert_non_null(strstr(text, "\"rtt_ns\": 410000"));
	assert_non_null(strstr(text, "\"cpus_stopped\": 2"));
	free(text);
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

/* What a person sees of the dump. */
static char *report_of(const struct crash_record *record)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	crash_report_print(out, record, 30);
	fclose(out);
	return text;
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
	assert_memory_equal(text, "No TOC: not by the safety timer: both leases were good;", 55);
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
		while (hits--)
			memory[RECORDER_PAGE * 4096 + random() % (round % 2 ? 4096 :
				sizeof(memory) - RECORDER_PAGE * 4096)] = random();
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
		cmocka_unit_test_teardown(passes_over_a_copy_elsewhere, remove_dump),
		cmocka_unit_test_teardown(leaves_torn_entries_out, remove_dump),
		cmocka_unit_test_teardown(refuses_dumps_that_do_not_hold_it, remove_dump),
		cmocka_unit_test_teardown(uses_what_a_cut_dump_holds, remove_dump),
		cmocka_unit_test_teardown(says_what_a_cut_dump_lost, remove_dump),
		cmocka_unit_test_teardown(says_nothing_of_half_a_header, remove_dump),
		cmocka_unit_test_teardown(sends_to_the_kernels_messages_without_a_verdict,
					  remove_dump),
		cmocka_unit_test_teardown(refuses_what_is_no_dump, remove_dump),
		cmocka_unit_test_teardown(survives_any_damage, remove_dump),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
