// SPDX-License-Identifier: GPL-2.0-or-later
/* How cmcrash goes through the pages of a dump, also of one that is damaged or odd. */
#include "crash_made.h"
#include "cmd_crash_dump.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(ends_where_the_file_does, remove_dump),
		cmocka_unit_test_teardown(ends_at_the_last_address, remove_dump),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
