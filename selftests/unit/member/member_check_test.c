// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The border: a good message of each type passes, and each of its fields that can
 * be wrong is refused when it is.
 */
#include "member_sample.h"

static struct member_message message_of(u16 type)
{
	struct member_message message = {
		.cluster = CLUSTER, .from = 1, .incarnation = 101, .epoch = 4, .type = type,
	};

	return message;
}

static int check(const struct member_message *message)
{
	return member_message_check(message, CLUSTER);
}

static struct member_heard sample_heard(void)
{
	struct member_heard heard = { .count = 2, .peer = { { 102, 2 }, { 103, 3 } } };

	return heard;
}

static void the_header_is_checked(void **state)
{
	struct member_message message = message_of(MEMBER_MESSAGE_WANT_COMMIT);

	assert_int_equal(check(&message), 0);
	message.cluster++;
	assert_int_equal(check(&message), -EXDEV);
	message = message_of(MEMBER_MESSAGE_WANT_COMMIT);
	message.incarnation = 0;
	assert_int_equal(check(&message), -EINVAL);
	message = message_of(MEMBER_MESSAGE_WANT_COMMIT);
	message.from = 0;
	assert_int_equal(check(&message), -EINVAL);
	message.from = CORE_NODE_ID_MAX + 1;
	assert_int_equal(check(&message), -EINVAL);
	message = message_of(0);
	assert_int_equal(check(&message), -EPROTONOSUPPORT);
	message = message_of(MEMBER_MESSAGE_TYPES);
	assert_int_equal(check(&message), -EPROTONOSUPPORT);
	message = message_of(MEMBER_MESSAGE_APPLICATION);
	assert_int_equal(check(&message), -EPROTONOSUPPORT);
	message = message_of(MEMBER_MESSAGE_GASP);
	assert_int_equal(check(&message), -EPROTONOSUPPORT);
}

static void heard_lists_ascend(void **state)
{
	struct member_message message = message_of(MEMBER_MESSAGE_HEARD);

	assert_int_equal(check(&message), 0);
	message.heard = sample_heard();
	assert_int_equal(check(&message), 0);
	message.heard.peer[1].id = 2;
	assert_int_equal(check(&message), -EINVAL);
	message.heard = sample_heard();
	message.heard.peer[0].incarnation = 0;
	assert_int_equal(check(&message), -EINVAL);
	message.heard = sample_heard();
	message.heard.count = CORE_VIEW_MEMBERS_MAX + 1;
	assert_int_equal(check(&message), -EINVAL);
	message = message_of(MEMBER_MESSAGE_JOIN);
	message.join.heard = sample_heard();
	assert_int_equal(check(&message), 0);
	message.join.heard.peer[1].id = 300;
	assert_int_equal(check(&message), -EINVAL);
}

static void prepare_and_commit_carry_a_true_view(void **state)
{
	struct member_message good = message_of(MEMBER_MESSAGE_PREPARE), bad;

	good.prepare.ballot.counter = 9;
	good.prepare.ballot.node = 1;
	good.prepare.epoch = 5;
	good.prepare.commit.ballot = good.prepare.ballot;
	good.prepare.commit.view = sample_view(4, 0x0e);
	assert_int_equal(check(&good), 0);
	bad = good;
	bad.prepare.epoch = 6;
	assert_int_equal(check(&bad), -EINVAL);
	bad = good;
	bad.prepare.ballot.counter = 0;
	assert_int_equal(check(&bad), -EINVAL);
	bad = good;
	bad.prepare.commit.view.state++;
	assert_int_equal(check(&bad), -EINVAL);
	bad = good;
	bad.prepare.commit.wait_count = MEMBER_WAITS_MAX + 1;
	assert_int_equal(check(&bad), -EINVAL);
	bad = message_of(MEMBER_MESSAGE_COMMIT);
	bad.commit = good.prepare.commit;
	assert_int_equal(check(&bad), 0);
	bad.commit.wait_count = 1;
	assert_int_equal(check(&bad), -EINVAL);
	bad.commit.wait[0].id = 3;
	bad.commit.wait[0].incarnation = 1;
	assert_int_equal(check(&bad), 0);
	bad.commit.ballot.node = 0;
	assert_int_equal(check(&bad), -EINVAL);
}

static void promises_are_checked(void **state)
{
	struct member_message good = message_of(MEMBER_MESSAGE_PROMISE), bad;

	good.promise.ballot.counter = 9;
	good.promise.ballot.node = 1;
	good.promise.epoch = 5;
	good.promise.value_count = 1;
	good.promise.value[0] = sample_value(5, 0x06, 8, false);
	assert_int_equal(check(&good), 0);
	bad = good;
	bad.promise.value_count = MEMBER_VALUES_MAX + 1;
	assert_int_equal(check(&bad), -EINVAL);
	bad = good;
	bad.promise.value[0].ballot.node = 0;
	assert_int_equal(check(&bad), -EINVAL);
	bad = good;
	bad.promise.value[0].view.count = 0;
	assert_int_equal(check(&bad), -EINVAL);
	bad = good;
	bad.promise.epoch = 0;
	assert_int_equal(check(&bad), -EINVAL);
	good = message_of(MEMBER_MESSAGE_FORM_PROMISE);
	good.form_promise.ballot.counter = 9;
	good.form_promise.ballot.node = 1;
	assert_int_equal(check(&good), 0);
	good.form_promise.committed = sample_view(3, 0x0e);
	assert_int_equal(check(&good), 0);
	good.form_promise.committed.hash++;
	assert_int_equal(check(&good), -EINVAL);
}

static void acceptances_are_checked(void **state)
{
	struct member_message message = message_of(MEMBER_MESSAGE_ACCEPT);

	message.accept = sample_value(5, 0x06, 8, false);
	assert_int_equal(check(&message), 0);
	message.accept.formed = true;
	assert_int_equal(check(&message), -EINVAL);
	message.type = MEMBER_MESSAGE_FORM_ACCEPT;
	assert_int_equal(check(&message), 0);
	message = message_of(MEMBER_MESSAGE_ACCEPTED);
	message.accepted.ballot.counter = 8;
	message.accepted.ballot.node = 1;
	message.accepted.epoch = 5;
	assert_int_equal(check(&message), -EINVAL);
	message.accepted.hash = 1;
	assert_int_equal(check(&message), 0);
	message.accepted.age_count = 1;
	assert_int_equal(check(&message), -EINVAL);
	message.accepted.age[0].id = 2;
	message.accepted.age[0].incarnation = 102;
	assert_int_equal(check(&message), 0);
	message.accepted.age_count = CORE_VIEW_MEMBERS_MAX + 1;
	assert_int_equal(check(&message), -EINVAL);
	message = message_of(MEMBER_MESSAGE_REFUSE);
	assert_int_equal(check(&message), -EINVAL);
}

static void state_messages_are_checked(void **state)
{
	struct member_message message = message_of(MEMBER_MESSAGE_RECORDS), good;

	message.records.epoch = 4;
	message.records.after = 5;
	message.records.through = 8;
	message.records.count = 2;
	message.records.record[0].sequence = 6;
	message.records.record[1].sequence = 8;
	assert_int_equal(check(&message), 0);
	good = message;
	message.records.record[1].sequence = 6;
	assert_int_equal(check(&message), -EINVAL);
	message = good;
	message.records.record[1].sequence = 9;
	assert_int_equal(check(&message), -EINVAL);
	message = good;
	message.records.record[0].length = MEMBER_VALUE_BYTES_MAX + 1;
	assert_int_equal(check(&message), -EINVAL);
	message = good;
	message.records.count = MEMBER_RECORDS_CHUNK + 1;
	assert_int_equal(check(&message), -EINVAL);
	message = good;
	message.records.through = 4;
	assert_int_equal(check(&message), -EINVAL);
	message = message_of(MEMBER_MESSAGE_UPDATE);
	message.update.epoch = 4;
	assert_int_equal(check(&message), -EINVAL);
	message.update.record.sequence = 1;
	assert_int_equal(check(&message), 0);
	message.update.committed = 1;
	assert_int_equal(check(&message), -EINVAL);
	message = message_of(MEMBER_MESSAGE_HELD);
	message.held.epoch = 4;
	message.held.committed = 1;
	assert_int_equal(check(&message), -EINVAL);
	message.held.sequence = 1;
	assert_int_equal(check(&message), 0);
}

static void the_quorum_server_answers_as_nobody(void **state)
{
	struct member_message message = message_of(MEMBER_MESSAGE_ARBITER_ANSWER);

	message.arbiter_answer.request = MEMBER_MESSAGE_ARBITER_QUERY;
	message.arbiter_answer.identity = 5;
	assert_int_equal(check(&message), -EINVAL);
	message.from = 0;
	message.incarnation = 0;
	assert_int_equal(check(&message), 0);
	message.arbiter_answer.identity = 0;
	assert_int_equal(check(&message), -EINVAL);
	message.arbiter_answer.identity = 5;
	message.arbiter_answer.has_accepted = true;
	assert_int_equal(check(&message), -EINVAL);
	message.arbiter_answer.accepted = sample_value(5, 0x06, 8, false);
	assert_int_equal(check(&message), 0);
	message.arbiter_answer.request = MEMBER_MESSAGE_LEAVE;
	assert_int_equal(check(&message), -EINVAL);
}

static void every_number_has_a_name(void **state)
{
	u32 i;

	for (i = 0; i < MEMBER_REASON_COUNT; i++)
		assert_string_not_equal(member_reason_name(i), "unknown reason");
	assert_string_equal(member_reason_name(MEMBER_REASON_COUNT), "unknown reason");
	for (i = 1; i < MEMBER_MESSAGE_TYPES; i++)
		assert_string_not_equal(member_message_name((u16)i), "UNKNOWN");
	assert_string_equal(member_message_name(MEMBER_MESSAGE_TYPES), "UNKNOWN");
	for (i = 0; i <= MEMBER_PHASE_EVICTED; i++)
		assert_string_not_equal(member_phase_name(i), "unknown");
	assert_string_equal(member_phase_name(MEMBER_PHASE_EVICTED + 1), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_header_is_checked),
		cmocka_unit_test(heard_lists_ascend),
		cmocka_unit_test(prepare_and_commit_carry_a_true_view),
		cmocka_unit_test(promises_are_checked),
		cmocka_unit_test(acceptances_are_checked),
		cmocka_unit_test(state_messages_are_checked),
		cmocka_unit_test(the_quorum_server_answers_as_nobody),
		cmocka_unit_test(every_number_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
