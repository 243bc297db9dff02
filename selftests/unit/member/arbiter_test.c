// SPDX-License-Identifier: GPL-2.0-or-later
#include "member_sample.h"

static struct arbiter_state fresh(void)
{
	struct arbiter_state state;

	assert_int_equal(arbiter_init(&state, CLUSTER, 5), 0);
	return state;
}

static struct member_arbiter_answer ask(struct arbiter_state *state,
					struct member_message *request, bool *sync)
{
	struct member_message answer;

	request->cluster = CLUSTER;
	request->from = 1;
	request->incarnation = 101;
	assert_int_equal(member_message_check(request, CLUSTER), 0);
	assert_int_equal(arbiter_step(state, request, &answer, sync), 0);
	assert_int_equal(member_message_check(&answer, CLUSTER), 0);
	assert_int_equal(answer.arbiter_answer.request, request->type);
	assert_int_equal(answer.arbiter_answer.identity, 5);
	return answer.arbiter_answer;
}

static struct member_arbiter_answer prepare(struct arbiter_state *state, u64 epoch, u64 counter,
					    bool *sync)
{
	struct member_message request = {
		.type = MEMBER_MESSAGE_ARBITER_PREPARE,
		.arbiter_prepare = { .epoch = epoch, .ballot = { counter, 1 } },
	};

	return ask(state, &request, sync);
}

static struct member_arbiter_answer accept(struct arbiter_state *state, u64 epoch, u32 members,
					   u64 counter, bool *sync)
{
	struct member_message request = {
		.type = MEMBER_MESSAGE_ARBITER_ACCEPT,
		.arbiter_accept = sample_value(epoch, members, counter, false),
	};

	return ask(state, &request, sync);
}

static void a_promise_is_synced_and_kept(void **state)
{
	struct arbiter_state arbiter = fresh();
	bool sync;

	assert_true(prepare(&arbiter, 5, 3, &sync).granted);
	assert_true(sync);
	assert_false(prepare(&arbiter, 5, 2, &sync).granted);
	assert_false(sync);
	assert_true(prepare(&arbiter, 5, 3, &sync).granted);
	assert_false(sync);
	assert_false(accept(&arbiter, 5, 0x06, 2, &sync).granted);
	assert_false(arbiter.has_accepted);
	assert_true(prepare(&arbiter, 5, 4, &sync).granted);
	assert_true(sync);
}

static void a_higher_ballot_may_replace_what_was_accepted(void **state)
{
	struct arbiter_state arbiter = fresh();
	struct member_arbiter_answer answer;
	bool sync;

	assert_true(accept(&arbiter, 5, 0x02, 3, &sync).granted);
	assert_true(sync);
	assert_true(accept(&arbiter, 5, 0x02, 3, &sync).granted);
	assert_false(sync);
	answer = prepare(&arbiter, 5, 4, &sync);
	assert_true(answer.granted && answer.has_accepted);
	assert_int_equal(answer.accepted.ballot.counter, 3);
	assert_int_equal(answer.accepted.view.member[0].id, 1);
	assert_false(accept(&arbiter, 5, 0x02, 3, &sync).granted);
	assert_true(accept(&arbiter, 5, 0x04, 4, &sync).granted);
	assert_int_equal(arbiter.accepted.view.member[0].id, 2);
}

static void older_epochs_are_refused(void **state)
{
	struct arbiter_state arbiter = fresh();
	struct member_arbiter_answer answer;
	bool sync;

	assert_true(prepare(&arbiter, 6, 1, &sync).granted);
	answer = prepare(&arbiter, 5, 9, &sync);
	assert_false(answer.granted);
	assert_int_equal(answer.newest_epoch, 6);
	assert_false(accept(&arbiter, 5, 0x06, 9, &sync).granted);
	/* Ballots start anew with each epoch. */
	assert_true(prepare(&arbiter, 7, 1, &sync).granted);
}

static void what_was_accepted_outlives_promises_for_newer_epochs(void **state)
{
	struct arbiter_state arbiter = fresh();
	struct member_arbiter_answer answer;
	bool sync;

	assert_true(accept(&arbiter, 5, 0x02, 3, &sync).granted);
	answer = prepare(&arbiter, 9, 1, &sync);
	assert_true(answer.granted && answer.has_accepted);
	assert_int_equal(answer.accepted.view.epoch, 5);
}

static void a_query_changes_nothing(void **state)
{
	struct arbiter_state arbiter = fresh();
	struct member_message query = { .type = MEMBER_MESSAGE_ARBITER_QUERY };
	bool sync = true;

	assert_true(ask(&arbiter, &query, &sync).granted);
	assert_false(sync);
}

static void what_is_no_request_gets_no_answer(void **state)
{
	struct arbiter_state arbiter = fresh();
	struct member_message message = { .cluster = CLUSTER, .type = MEMBER_MESSAGE_LEAVE };
	struct member_message answer;
	bool sync;

	assert_int_equal(arbiter_step(&arbiter, &message, &answer, &sync), -EINVAL);
	assert_int_equal(arbiter_init(&arbiter, 0, 5), -EINVAL);
	assert_int_equal(arbiter_init(&arbiter, CLUSTER, 0), -EINVAL);
}

static void its_file_is_read_back_or_refused(void **state)
{
	struct arbiter_state arbiter = fresh(), back;
	u8 buf[ARBITER_BYTES_MAX];
	size_t length, i;
	bool sync;

	accept(&arbiter, 5, 0x06, 3, &sync);
	prepare(&arbiter, 6, 4, &sync);
	length = arbiter_encode(&arbiter, buf);
	assert_int_equal(arbiter_decode(&back, buf, length, CLUSTER), 0);
	assert_int_equal(back.identity, 5);
	assert_int_equal(back.newest_epoch, 6);
	assert_int_equal(back.promised.counter, 4);
	assert_true(back.has_accepted);
	assert_int_equal(back.accepted.view.hash, arbiter.accepted.view.hash);
	assert_int_equal(arbiter_decode(&back, buf, length, CLUSTER + 1), -EXDEV);
	for (i = 0; i < length; i++) {
		buf[i] ^= 0x10;
		assert_int_not_equal(arbiter_decode(&back, buf, length, CLUSTER), 0);
		buf[i] ^= 0x10;
		assert_int_not_equal(arbiter_decode(&back, buf, i, CLUSTER), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_promise_is_synced_and_kept),
		cmocka_unit_test(a_higher_ballot_may_replace_what_was_accepted),
		cmocka_unit_test(older_epochs_are_refused),
		cmocka_unit_test(what_was_accepted_outlives_promises_for_newer_epochs),
		cmocka_unit_test(a_query_changes_nothing),
		cmocka_unit_test(what_is_no_request_gets_no_answer),
		cmocka_unit_test(its_file_is_read_back_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
