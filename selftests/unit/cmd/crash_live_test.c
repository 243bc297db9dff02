// SPDX-License-Identifier: GPL-2.0-or-later
/* cmcrash --live: the recorder comes from the module in pieces, while that writes to it. */
#include "crash_made.h"

#include <tocsin/nl.h>

/* In the place of the module: it writes its state before each of so many readings. */
static unsigned int writings, readings;

int nl_open(struct nl **nl)
{
	*nl = (struct nl *)memory;
	readings = 0;
	return 0;
}

void nl_close(struct nl *nl)
{
	assert_ptr_equal(nl, memory);
}

int nl_recorder_get(struct nl *nl, u8 **data, size_t *size)
{
	if (readings++ < writings)
		header()->state_version += 2;
	*size = recorder_size(ENTRIES);
	*data = malloc(*size);
	assert_non_null(*data);
	memcpy(*data, header(), *size);
	return 0;
}

static void expect_torn(bool torn)
{
	static const char words[] = "The kernel was writing them and the view each time they were "
				    "read: they may be part old, part new\n";
	struct crash_record record;
	char *text, *object;

	assert_int_equal(crash_record_from_kernel(&record), CMD_OK);
	assert_int_equal(record.torn, torn);
	text = report_of(&record);
	object = json_of(&record);
	assert_int_equal(!!strstr(text, words), torn);
	assert_int_equal(!!strstr(object, "\"state_torn\": true"), torn);
	free(text);
	free(object);
	crash_record_free(&record);
}

static void reads_until_the_state_stands(void **state)
{
	fill_recorder();
	writings = 0;
	expect_torn(false);
	assert_int_equal(readings, 2);
	writings = 5;
	expect_torn(false);
	assert_int_equal(readings, 6);
}

static void says_that_it_never_stood(void **state)
{
	fill_recorder();
	writings = 1000;
	expect_torn(true);
	assert_in_range(readings, 5, 100);
	/* Always in the middle of one. */
	writings = 0;
	header()->state_version = 7;
	expect_torn(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_until_the_state_stands),
		cmocka_unit_test(says_that_it_never_stood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
