// SPDX-License-Identifier: GPL-2.0-or-later
#include "member_sample.h"

static struct member_disk sample_disk(void)
{
	struct member_disk disk = {
		.cluster = CLUSTER, .node_id = 2,
		.committed = sample_view(4, 0x0e),
		.promised = { .counter = 12, .node = 3 },
		.value_count = 2,
	};

	disk.value[0] = sample_value(5, 0x06, 8, false);
	disk.value[1] = sample_value(6, 0x0c, 12, true);
	return disk;
}

static void what_is_written_is_read_back(void **state)
{
	struct member_disk disk = sample_disk(), back;
	u8 buf[MEMBER_DISK_BYTES_MAX];
	size_t length = member_disk_encode(&disk, buf);

	assert_int_equal(member_disk_decode(&back, buf, length, CLUSTER, 2), 0);
	assert_int_equal(back.cluster, CLUSTER);
	assert_int_equal(back.node_id, 2);
	assert_true(member_view_same(&back.committed, &disk.committed));
	assert_int_equal(back.committed.state, 3);
	assert_int_equal(back.promised.counter, 12);
	assert_int_equal(back.promised.node, 3);
	assert_int_equal(back.value_count, 2);
	assert_false(back.value[0].formed);
	assert_true(back.value[1].formed);
	assert_true(member_view_same(&back.value[1].view, &disk.value[1].view));
	assert_int_equal(back.value[0].ballot.counter, 8);
}

static void the_fullest_state_fits(void **state)
{
	struct member_disk disk = sample_disk(), back;
	struct core_view *view = &disk.committed;
	u8 buf[MEMBER_DISK_BYTES_MAX];
	u16 i;

	for (i = 0; i < CORE_VIEW_MEMBERS_MAX; i++) {
		view->member[i].id = i + 1;
		view->member[i].incarnation = ~0ULL - i;
	}
	view->count = CORE_VIEW_MEMBERS_MAX;
	view->coordinator = 1;
	view->hash = core_view_hash(view);
	disk.value_count = MEMBER_VALUES_MAX;
	for (i = 0; i < MEMBER_VALUES_MAX; i++) {
		disk.value[i] = sample_value(5, 0x06, 8 + i, false);
		disk.value[i].view = *view;
	}
	assert_int_equal(member_disk_decode(&back, buf, member_disk_encode(&disk, buf),
					    CLUSTER, 2), 0);
	assert_int_equal(back.value[3].view.count, CORE_VIEW_MEMBERS_MAX);
}

static void damage_anywhere_is_noticed(void **state)
{
	struct member_disk disk = sample_disk(), back;
	u8 buf[MEMBER_DISK_BYTES_MAX];
	size_t length = member_disk_encode(&disk, buf), i;
	u8 bit;

	for (i = 0; i < length; i++)
		for (bit = 1; bit; bit <<= 1) {
			buf[i] ^= bit;
			assert_int_not_equal(member_disk_decode(&back, buf, length, CLUSTER, 2), 0);
			buf[i] ^= bit;
		}
	for (i = 0; i < length; i++)
		assert_int_not_equal(member_disk_decode(&back, buf, i, CLUSTER, 2), 0);
	buf[length] = 0;
	assert_int_not_equal(member_disk_decode(&back, buf, length + 1, CLUSTER, 2), 0);
	assert_int_equal(member_disk_decode(&back, buf, length, CLUSTER, 2), 0);
}

static void another_cluster_or_node_is_refused(void **state)
{
	struct member_disk disk = sample_disk(), back;
	u8 buf[MEMBER_DISK_BYTES_MAX];
	size_t length = member_disk_encode(&disk, buf);

	assert_int_equal(member_disk_decode(&back, buf, length, CLUSTER + 1, 2), -EXDEV);
	assert_int_equal(member_disk_decode(&back, buf, length, CLUSTER, 3), -EXDEV);
}

static void a_value_is_kept_once_at_its_highest_ballot(void **state)
{
	struct member_disk disk = { .cluster = CLUSTER, .node_id = 1 };
	struct member_value value = sample_value(5, 0x06, 8, false);

	assert_true(member_disk_accept(&disk, &value));
	value.ballot.counter = 9;
	assert_true(member_disk_accept(&disk, &value));
	value.ballot.counter = 7;
	assert_true(member_disk_accept(&disk, &value));
	assert_int_equal(disk.value_count, 1);
	assert_int_equal(disk.value[0].ballot.counter, 9);
}

static void of_too_many_values_of_an_epoch_the_lowest_goes(void **state)
{
	struct member_disk disk = { .cluster = CLUSTER, .node_id = 1 };
	struct member_value value;
	u32 i;

	for (i = 0; i <= MEMBER_VALUES_MAX; i++) {
		value = sample_value(5, 0x02 | 4u << i, 10 + i, false);
		assert_true(member_disk_accept(&disk, &value));
	}
	assert_int_equal(disk.value_count, MEMBER_VALUES_MAX);
	for (i = 0; i < MEMBER_VALUES_MAX; i++)
		assert_true(disk.value[i].ballot.counter > 10);
}

static void values_of_formations_are_never_dropped_for_room(void **state)
{
	struct member_disk disk = { .cluster = CLUSTER, .node_id = 1 };
	struct member_value value;
	u32 i;

	for (i = 0; i < MEMBER_VALUES_MAX; i++) {
		value = sample_value(5 + i, 0x02 | 4u << i, 10 + i, true);
		assert_true(member_disk_accept(&disk, &value));
	}
	value = sample_value(20, 0x802, 30, true);
	assert_false(member_disk_accept(&disk, &value));
	/* But one in which all their nodes take part stands for them. */
	value = sample_value(21, 0x07fe, 31, true);
	assert_true(member_disk_accept(&disk, &value));
	assert_int_equal(disk.value_count, 1);
	assert_int_equal(disk.value[0].view.epoch, 21);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read_back),
		cmocka_unit_test(the_fullest_state_fits),
		cmocka_unit_test(damage_anywhere_is_noticed),
		cmocka_unit_test(another_cluster_or_node_is_refused),
		cmocka_unit_test(a_value_is_kept_once_at_its_highest_ballot),
		cmocka_unit_test(of_too_many_values_of_an_epoch_the_lowest_goes),
		cmocka_unit_test(values_of_formations_are_never_dropped_for_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
