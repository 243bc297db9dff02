// SPDX-License-Identifier: GPL-2.0-or-later
#include "core_world.h"
#include "recorder_format.h"

static union {
	struct recorder_header header;
	u8 page[RECORDER_HEADER_SIZE];
} area;

static void fresh(void)
{
	memset(&area, 0, sizeof(area));
	recorder_header_init(&area.header, 0x12345000, RECORDER_ENTRIES_DEFAULT);
}

static void a_fresh_header_is_recognised_at_its_address_only(void **state)
{
	fresh();
	assert_int_equal(recorder_header_check(&area.header, 0x12345000), 0);
	assert_int_equal(recorder_header_check(&area.header, CORE_NEVER), 0);
	assert_int_equal(recorder_header_check(&area.header, 0x12346000), -ESTALE);
	assert_int_equal(area.header.total_size, 4096 + 256 * 448 + 4096 * 64);
}

static void other_layouts_are_refused(void **state)
{
	fresh();
	area.header.magic[3]++;
	assert_int_equal(recorder_header_check(&area.header, CORE_NEVER), -EINVAL);
	fresh();
	area.header.version++;
	assert_int_equal(recorder_header_check(&area.header, CORE_NEVER), -EPROTO);
	fresh();
	area.header.endian = 0x04030201;
	assert_int_equal(recorder_header_check(&area.header, CORE_NEVER), -EPROTO);
	fresh();
	area.header.entry_count = 0;
	assert_int_equal(recorder_header_check(&area.header, CORE_NEVER), -EBADMSG);
	fresh();
	area.header.entry_count = 0xffffffff;
	assert_int_equal(recorder_header_check(&area.header, CORE_NEVER), -EBADMSG);
	fresh();
	area.header.total_size--;
	assert_int_equal(recorder_header_check(&area.header, CORE_NEVER), -EBADMSG);
	fresh();
	area.header.entry_offset = 0;
	assert_int_equal(recorder_header_check(&area.header, CORE_NEVER), -EBADMSG);
}

static void every_kind_has_a_name(void **state)
{
	unsigned int kind;

	for (kind = 0; kind < RECORDER_KINDS; kind++) {
		assert_non_null(recorder_kind_name(kind));
		assert_string_not_equal(recorder_kind_name(kind), "unknown");
	}
	assert_string_equal(recorder_kind_name(RECORDER_KINDS), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fresh_header_is_recognised_at_its_address_only),
		cmocka_unit_test(other_layouts_are_refused),
		cmocka_unit_test(every_kind_has_a_name),
	};

	return cmocka_run_group_tests_name("core_recorder", tests, NULL, NULL);
}
