// SPDX-License-Identifier: GPL-2.0-or-later
/* How cmcrash goes through the pages of a dump, also of one that is damaged or odd. */
#include "crash_made.h"
#include "crash_said.h"
#include "cmd_crash_dump.h"

#include <libkdumpfile/kdumpfile.h>

/* In the place of the library's own, which quotes names and lines of a dump. */
const char *kdump_get_err(kdump_ctx_t *context)
{
	return "Cannot set file.set.0.fd: Invalid \033]0;owned\a\r\n\302\233";
}

/* A search looks at no more pages than the file has. */
static unsigned int pages_of_dump(void)
{
	struct crash_dump *dump;
	unsigned int pages = 0;
	u64 address;

	assert_int_equal(crash_dump_open(path, &dump), CMD_OK);
	for (address = 0; crash_dump_next(dump, &address); address += CRASH_PAGE_SIZE)
		if (++pages > 2 * PAGES)
			break;
	crash_dump_close(dump);
	return pages;
}

static void ends_where_the_file_does(void **state)
{
	struct crash_record record;
	unsigned int bit;

	fill_recorder();
	write_dump(sizeof(memory));
	assert_int_equal(pages_of_dump(), PAGES);
	unlink(path);

	/* Cut off, within a page. */
	write_dump((RECORDER_PAGE + 1) * 4096 + 100);
	assert_int_equal(pages_of_dump(), RECORDER_PAGE + 2);
	unlink(path);

	/* With bit 50 it were 2^38 pages more. */
	for (bit = 19; bit < 63; bit++) {
		wrong_size = 1ULL << bit;
		write_dump(sizeof(memory));
		assert_int_equal(pages_of_dump(), PAGES);
		assert_int_equal(crash_record_from_dump(&record, path), CMD_OK);
		assert_int_equal(record.header->verdict.code, CORE_VERDICT_QUORUM_LEASE);
		crash_record_free(&record);
		unlink(path);
	}
}

/* No address is behind the last one: the search does not begin anew there. */
static void ends_at_the_last_address(void **state)
{
	fill_recorder();
	wrong_address = ~BASE;
	write_dump(sizeof(memory));
	assert_int_equal(pages_of_dump(), 0);
	unlink(path);

	wrong_address = ~BASE - 3 * 4096 + 1;
	write_dump(sizeof(memory));
	assert_in_range(pages_of_dump(), 2, 3);
}

#define LARGE_PAGE	65536U		/* as arm64 and ppc64 may have */
#define LARGE_PAGES	((sizeof(memory) + LARGE_PAGE - 1) / LARGE_PAGE)

/* makedumpfile's form without any compression. */
struct compressed_header {
	char signature[8];
	u32 version;
	char uts[6][65];
	u64 time[2];
	u32 status, block_size, sub_header_blocks, bitmap_blocks, pages;
	u32 other[5];
};

struct compressed_page {
	u64 offset;
	u32 size, flags;
	u64 page_flags;
};

static void put(int fd, u64 offset, const void *bytes, size_t size)
{
	assert_int_equal(pwrite(fd, bytes, size, (off_t)offset), size);
}

/* The memory in pages of LARGE_PAGE, from BASE on, on a machine of that kind. */
static void write_compressed(const char *machine)
{
	struct compressed_header first = {
		.signature = "KDUMP   ", .version = 3, .block_size = LARGE_PAGE,
		.uts = { "Linux", "alpha", "6.1.0", "#1", "", "(none)" },
		.sub_header_blocks = 1, .bitmap_blocks = 2,
		.pages = BASE / LARGE_PAGE + LARGE_PAGES,
	};
	/* Only where the kernel's own words are. */
	u64 second[6] = { [4] = LARGE_PAGE + 4096, [5] = strlen(vmcoreinfo) };
	u64 at = 4 * LARGE_PAGE, data = 5 * LARGE_PAGE, number;
	int fd;

	memcpy(path + strlen(path) - 6, "XXXXXX", 6);
	fd = mkstemp(path);
	assert_true(fd >= 0);
	strncpy(first.uts[4], machine, sizeof(first.uts[4]) - 1);
	put(fd, 0, &first, sizeof(first));
	put(fd, LARGE_PAGE, second, sizeof(second));
	put(fd, second[4], vmcoreinfo, second[5]);
	for (number = 0; number < LARGE_PAGES; number++) {
		u64 frame = BASE / LARGE_PAGE + number;
		struct compressed_page page = {
			.offset = data + number * LARGE_PAGE, .size = LARGE_PAGE,
		};
		u8 bits = 0;

		assert_true(pread(fd, &bits, 1, (off_t)(3 * LARGE_PAGE + frame / 8)) >= 0);
		bits |= 1U << frame % 8;
		put(fd, 2 * LARGE_PAGE + frame / 8, &bits, 1);
		put(fd, 3 * LARGE_PAGE + frame / 8, &bits, 1);
		put(fd, at + number * sizeof(page), &page, sizeof(page));
	}
	put(fd, data, memory, sizeof(memory));
	assert_int_equal(ftruncate(fd, (off_t)(data + LARGE_PAGES * LARGE_PAGE)), 0);
	close(fd);
}

/* The recorder begins a page; here at the second of 64 KiB. */
static void move_recorder(void)
{
	unsigned int page = LARGE_PAGE / 4096;

	memmove(header_at(page), header(), recorder_size(ENTRIES));
	memset(header(), 0, (page - RECORDER_PAGE) * 4096);
	header_at(page)->phys = BASE + LARGE_PAGE;
}

static void finds_it_in_larger_pages(void **state)
{
	static const char *const machines[] = { "aarch64", "x86_64" };
	struct crash_record record;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		fill_recorder();
		move_recorder();
		snprintf(vmcoreinfo, sizeof(vmcoreinfo), "PAGESIZE=%u\n", LARGE_PAGE);
		write_compressed(machines[i]);
		assert_int_equal(crash_record_from_dump(&record, path), CMD_OK);
		assert_int_equal(record.header->phys, BASE + LARGE_PAGE);
		assert_int_equal(record.header->verdict.code, CORE_VERDICT_QUORUM_LEASE);
		assert_int_equal(crash_record_missing(&record), 0);
		crash_record_free(&record);
		unlink(path);
	}
}

/* A line of VMCOREINFO may be wrong: then the recorder is found all the same, or refused. */
static void bears_a_wrong_size_of_pages(void **state)
{
	static const char *const other[] = { "8192", "65536", "512", "1", "0", "x", "" };
	static const char *const none[] = { "5000", "-1" };
	struct crash_record record;
	unsigned int i;

	for (i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
		fill_recorder();
		snprintf(vmcoreinfo, sizeof(vmcoreinfo), "PAGESIZE=%s\n", other[i]);
		write_dump(sizeof(memory));
		assert_int_equal(crash_record_from_dump(&record, path), CMD_OK);
		assert_int_equal(record.header->verdict.code, CORE_VERDICT_QUORUM_LEASE);
		assert_int_equal(crash_record_missing(&record), 0);
		crash_record_free(&record);
		unlink(path);
	}
	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		fill_recorder();
		snprintf(vmcoreinfo, sizeof(vmcoreinfo), "PAGESIZE=%s\n", none[i]);
		write_dump(sizeof(memory));
		assert_int_equal(crash_record_from_dump(&record, path), CMD_FAILED);
		unlink(path);
	}
	fill_recorder();
	move_recorder();
	snprintf(vmcoreinfo, sizeof(vmcoreinfo), "PAGESIZE=512\n");
	write_compressed("aarch64");
	assert_int_equal(crash_record_from_dump(&record, path), CMD_FAILED);
}

/* What is said of a dump that is refused. */
static void expect_refusal(const char *expected)
{
	struct crash_record record;
	struct messages messages;

	messages_begin(&messages);
	assert_int_equal(crash_record_from_dump(&record, path), CMD_FAILED);
	messages_end(&messages, expected);
}

/* What a dump makes the library say goes to a terminal, too. */
static void passes_no_escapes_on(void **state)
{
	fill_recorder();
	snprintf(vmcoreinfo, sizeof(vmcoreinfo), "PAGESIZE=5000\n");
	write_dump(sizeof(memory));
	expect_refusal("cut off: Invalid ?]0;owned?????; it should be");
}

/* The library takes what is not there for a map of no pages: then the module was not loaded. */
static void says_that_the_map_is_cut_off(void **state)
{
	fill_recorder();
	move_recorder();
	vmcoreinfo[0] = '\0';
	write_compressed("x86_64");
	assert_int_equal(truncate(path, 4 * LARGE_PAGE - 1), 0);
	expect_refusal("the dump is cut off: 1 bytes of its header and of its map of pages are "
		       "missing, and all that comes behind them (was the disk full?)");
	assert_int_equal(truncate(path, 4096), 0);
	expect_refusal("the dump is cut off: 258048 bytes of its header and of its map of pages");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(ends_where_the_file_does, remove_dump),
		cmocka_unit_test_teardown(ends_at_the_last_address, remove_dump),
		cmocka_unit_test_teardown(finds_it_in_larger_pages, remove_dump),
		cmocka_unit_test_teardown(bears_a_wrong_size_of_pages, remove_dump),
		cmocka_unit_test_teardown(passes_no_escapes_on, remove_dump),
		cmocka_unit_test_teardown(says_that_the_map_is_cut_off, remove_dump),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
