// SPDX-License-Identifier: GPL-2.0-or-later
/* Bytes from other nodes: what was written is read back; anything else is refused. */
#include "pkg_world_setup.h"

#include "pkg_private.h"

static void record_full(struct pkg_record *record)
{
	memset(record, 0, sizeof(*record));
	record->state = PKG_HALTING;
	record->why = PKG_WHY_SERVICE;
	record->halt_reason = PKG_HALT_FAILURE;
	record->auto_run = true;
	record->owner = 256;
	record->target = 17;
	record->version = 0x12345678;
	record->run = 99;
	record->incarnation = 0x8877665544332211ULL;
	memset(record->disabled, 0x5a, sizeof(record->disabled));
	for (u16 i = 0; i < CONF_SERVICES_MAX; i++)
		record->restarts[i] = (u16)(i * 2000);
	memset(record->name, 'n', CONF_NAME_MAX);
}

static void record_round_trip(void **state)
{
	struct pkg_record in, out;
	u8 data[PKG_RECORD_MAX + 8] = { 0 };
	int length;

	record_full(&in);
	length = pkg_record_encode(&in, data);
	assert_in_range(length, 100, PKG_RECORD_MAX);
	assert_true(pkg_record_decode(&out, data, (u16)length));
	assert_int_equal(out.owner, in.owner);
	assert_int_equal(out.incarnation, in.incarnation);
	assert_int_equal(out.version, in.version);
	assert_memory_equal(out.restarts, in.restarts, sizeof(in.restarts));
	assert_memory_equal(out.disabled, in.disabled, sizeof(in.disabled));
	assert_string_equal(out.name, in.name);
	/* A later version may append; an earlier one may not be cut. */
	assert_true(pkg_record_decode(&out, data, (u16)(length + 8)));
	for (int i = 0; i < length; i++)
		assert_false(pkg_record_decode(&out, data, (u16)i));
}

static void unsound_records(void **state)
{
	struct pkg_record in, out;
	u8 data[PKG_RECORD_MAX];
	u16 length;

	for (u32 i = 0; i < 6; i++) {
		record_full(&in);
		if (i == 0)
			in.owner = 0;
		if (i == 1)
			in.incarnation = 0;
		if (i == 2)
			in.state = PKG_HALTED;
		if (i == 3)
			in.name[0] = 0;
		if (i == 4)
			in.owner = 257;
		if (i == 5)
			in.version = 0;
		length = (u16)pkg_record_encode(&in, data);
		assert_false(pkg_record_decode(&out, data, length));
	}
}

/* Whatever comes: no crash, nothing changed, and counted. */
static void garbage_changes_nothing(void **state)
{
	struct pkg_event event = { .type = PKG_MESSAGE };
	struct pkg_status before, after;
	u8 data[PKG_MESSAGE_MAX];
	u64 rejected = 0;

	world_begin(2, 11);
	package_add("web");
	world_form();
	before = status(0);
	for (u32 i = 0; i < 20000; i++) {
		for (u16 b = 0; b < sizeof(data); b++)
			data[b] = (u8)dice(256);
		data[0] = (u8)dice(2);
		data[1] = (u8)dice(7);
		event.type = dice(2) ? PKG_MESSAGE : PKG_COMMITTED;
		if (event.type == PKG_MESSAGE) {
			event.message.from = (u16)dice(600);
			event.message.data = data;
			event.message.length = (u16)dice(sizeof(data));
		} else {
			event.committed.key = PKG_KEY_FIRST + dice(0x10000);
			event.committed.data = data;
			event.committed.length = (u16)(1 + dice(100));
		}
		feed(1, &event);
	}
	rejected = pkg_rejected(w.node[1].pkg);
	world_run(3000 * MS);
	after = status(0);
	assert_int_equal(after.state, before.state);
	assert_int_equal(after.run, before.run);
	assert_int_equal(after.node, before.node);
	assert_true(rejected > 5000);
}

static void every_name_is_there(void **state)
{
	for (u32 i = 0; i < PKG_WHY_COUNT; i++)
		assert_non_null(pkg_reason_name((enum pkg_reason)i));
	for (u32 i = 0; i <= PKG_E_CANCELLED; i++)
		assert_non_null(pkg_result_name((enum pkg_result)i));
	for (u32 i = 0; i <= PKG_STATUS_UNKNOWN; i++)
		assert_non_null(pkg_status_name((enum pkg_status_word)i));
	assert_string_equal(pkg_halt_reason_name(PKG_HALT_AUTOMATIC), "automatic_halt");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(record_round_trip),
		cmocka_unit_test(unsound_records),
		cmocka_unit_test(garbage_changes_nothing),
		cmocka_unit_test(every_name_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
