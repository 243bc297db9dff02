// SPDX-License-Identifier: GPL-2.0-or-later
#include "core_world.h"
#include "names.h"

static struct core_hb sample(void)
{
	struct core_hb hb = {
		.cluster_id = 0x0102030405060708ULL,
		.src_incarnation = 0x1112131415161718ULL,
		.dst_incarnation = 0x2122232425262728ULL,
		.sequence = 7,
		.installed_epoch = 8,
		.frontier = { .epoch = 9, .hash = 0x3132333435363738ULL },
		.sent_ns = 10,
		.returned_ns = 11,
		.path_returned_ns = 12,
		.path_held_ns = 13,
		.interval_us = 100000,
		.key_id = 0xa0b0c0d0,
		.flags = CORE_HB_ARMED | CORE_HB_IN_VIEW,
		.src = 256,
		.dst = 1,
		.path = 7,
	};

	core_heard_set(hb.heard, 256, true);
	core_heard_set(hb.heard, 1, true);
	return hb;
}

static void round_trip_keeps_every_field(void **state)
{
	struct core_hb in = sample(), out;
	u8 buf[CORE_HB_SIZE];

	memset(&out, 0, sizeof(out));
	core_hb_encode(&in, buf);
	assert_int_equal(core_hb_decode(buf, &out), CORE_DROP_NONE);
	assert_int_equal(in.cluster_id, out.cluster_id);
	assert_int_equal(in.src_incarnation, out.src_incarnation);
	assert_int_equal(in.dst_incarnation, out.dst_incarnation);
	assert_int_equal(in.sequence, out.sequence);
	assert_int_equal(in.installed_epoch, out.installed_epoch);
	assert_int_equal(in.frontier.epoch, out.frontier.epoch);
	assert_int_equal(in.frontier.hash, out.frontier.hash);
	assert_int_equal(in.sent_ns, out.sent_ns);
	assert_int_equal(in.returned_ns, out.returned_ns);
	assert_int_equal(in.path_returned_ns, out.path_returned_ns);
	assert_int_equal(in.path_held_ns, out.path_held_ns);
	assert_int_equal(in.interval_us, out.interval_us);
	assert_int_equal(in.key_id, out.key_id);
	assert_int_equal(in.flags, out.flags);
	assert_int_equal(in.src, out.src);
	assert_int_equal(in.dst, out.dst);
	assert_int_equal(in.path, out.path);
	assert_memory_equal(in.heard, out.heard, sizeof(in.heard));
}

static void layout_is_big_endian_at_documented_offsets(void **state)
{
	static const u8 begin[] = {
		'T', 'C', 'H', 'B', 1, 7, 0, CORE_HB_ARMED | CORE_HB_IN_VIEW,
		0xa0, 0xb0, 0xc0, 0xd0, 1, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8,
	};
	struct core_hb hb = sample();
	u8 buf[CORE_HB_SIZE];
	unsigned int i;

	core_hb_encode(&hb, buf);
	assert_memory_equal(buf, begin, sizeof(begin));
	assert_int_equal(buf[112], 1);
	assert_int_equal(buf[143], 0x80);
	for (i = CORE_HB_SIZE - CORE_MAC_SIZE; i < CORE_HB_SIZE; i++)
		assert_int_equal(buf[i], 0);
}

static void precheck_refuses_length_magic_version(void **state)
{
	struct core_hb hb = sample();
	u8 buf[CORE_HB_SIZE];
	u32 key = 0;

	core_hb_encode(&hb, buf);
	assert_int_equal(core_hb_precheck(buf, CORE_HB_SIZE, &key), CORE_DROP_NONE);
	assert_int_equal(key, 0xa0b0c0d0);
	assert_int_equal(core_hb_precheck(buf, 0, &key), CORE_DROP_LENGTH);
	assert_int_equal(core_hb_precheck(buf, CORE_HB_SIZE - 1, &key), CORE_DROP_LENGTH);
	assert_int_equal(core_hb_precheck(buf, CORE_HB_SIZE + 1, &key), CORE_DROP_LENGTH);
	buf[4] = 2;
	assert_int_equal(core_hb_precheck(buf, CORE_HB_SIZE, &key), CORE_DROP_VERSION);
	buf[0] = 't';
	assert_int_equal(core_hb_precheck(buf, CORE_HB_SIZE, &key), CORE_DROP_MAGIC);
}

static void decode_refuses_fields_out_of_range(void **state)
{
	struct core_hb hb = sample(), out;
	u8 buf[CORE_HB_SIZE];

	core_hb_encode(&hb, buf);
	buf[5] = CORE_PATHS_MAX;
	assert_int_equal(core_hb_decode(buf, &out), CORE_DROP_FIELD);
	core_hb_encode(&hb, buf);
	buf[12] = 1, buf[13] = 1;		/* node 257 */
	assert_int_equal(core_hb_decode(buf, &out), CORE_DROP_FIELD);
	buf[12] = 0, buf[13] = 0;
	assert_int_equal(core_hb_decode(buf, &out), CORE_DROP_FIELD);
	hb.src_incarnation = 0;
	core_hb_encode(&hb, buf);
	assert_int_equal(core_hb_decode(buf, &out), CORE_DROP_FIELD);
	hb = sample();
	hb.frontier.epoch = hb.installed_epoch - 1;
	core_hb_encode(&hb, buf);
	assert_int_equal(core_hb_decode(buf, &out), CORE_DROP_FIELD);
}

static void every_value_has_a_name(void **state)
{
	unsigned int i;

	for (i = 0; i < CORE_DROP_COUNT; i++)
		assert_string_not_equal(core_drop_name(i), "unknown");
	for (i = 0; i < CORE_VERDICTS; i++)
		assert_string_not_equal(core_verdict_name(i), "unknown");
	for (i = 0; i <= CORE_EVENT_TOC; i++)
		assert_string_not_equal(core_event_name(i), "unknown");
	for (i = 0; i <= CORE_PATH_UP; i++)
		assert_string_not_equal(core_path_state_name(i), "unknown");
	for (i = 0; i < CORE_LEASES; i++)
		assert_string_not_equal(core_lease_name(i), "unknown");
	assert_string_equal(core_drop_name(CORE_DROP_COUNT), "unknown");
	assert_string_equal(core_verdict_name(99), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip_keeps_every_field),
		cmocka_unit_test(layout_is_big_endian_at_documented_offsets),
		cmocka_unit_test(precheck_refuses_length_magic_version),
		cmocka_unit_test(decode_refuses_fields_out_of_range),
		cmocka_unit_test(every_value_has_a_name),
	};

	return cmocka_run_group_tests_name("core_wire", tests, NULL, NULL);
}
