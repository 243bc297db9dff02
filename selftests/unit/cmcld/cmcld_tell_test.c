// SPDX-License-Identifier: GPL-2.0-or-later
/* What reaches a main thread that does not read: the more it matters, the longer. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "cmcld.h"

#define MORE		(2 * CMCLD_REQUEST_BLOCKS)
#define REQUESTS	64	/* that may be under way at a time: cmcld_admin.c */

static struct cmcld cmcld;

static void flood(enum cmcld_tell type)
{
	int i;

	for (i = 0; i < MORE; i++)
		cmcld_tell(&cmcld, type, 2, "text", 5);
}

static void flood_replies(bool final, int count)
{
	struct cmcld_reply reply = { .final = final };

	while (count--)
		cmcld_tell(&cmcld, CMCLD_TELL_REPLY, 0, &reply, sizeof(reply));
}

/* The main thread reads. Return: how many of @type there are; the others are gone. */
static int arrived(enum cmcld_tell type)
{
	struct cmcld_block *block;
	int count = 0;

	while ((block = cmcld_queue_receive(cmcld.wires.tells))) {
		count += block->type == type;
		cmcld_queue_return(cmcld.wires.tells, block);
	}
	return count;
}

static void out_of_the_cluster_is_told_whatever_is_queued(void **state)
{
	static const enum cmcld_tell types[] = {
		CMCLD_TELL_PEER, CMCLD_TELL_PEER_LOST, CMCLD_TELL_STATUS, CMCLD_TELL_READY,
	};
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		flood(types[i]);
		flood_replies(true, MORE);
		cmcld_tell(&cmcld, CMCLD_TELL_LEFT, 1, "", 0);
		assert_int_equal(arrived(CMCLD_TELL_LEFT), 1);
		flood(types[i]);
		flood_replies(true, MORE);
		cmcld_tell(&cmcld, CMCLD_TELL_FAILED, 0, "a test", 7);
		assert_int_equal(arrived(CMCLD_TELL_FAILED), 1);
	}
}

static void ends_of_all_requests_are_told_whatever_else_is_queued(void **state)
{
	struct cmcld_reply reply = { .final = true };
	int i;

	flood(CMCLD_TELL_STATUS);
	flood_replies(false, MORE);
	flood(CMCLD_TELL_PEER);
	flood(CMCLD_TELL_PEER_LOST);
	assert_int_not_equal(arrived(CMCLD_TELL_PEER), 0);
	flood(CMCLD_TELL_PEER);
	flood(CMCLD_TELL_PEER_LOST);
	for (i = 0; i < REQUESTS; i++)
		cmcld_tell(&cmcld, CMCLD_TELL_REPLY, 0, &reply, sizeof(reply));
	assert_int_equal(arrived(CMCLD_TELL_REPLY), REQUESTS);
}

static void progress_takes_no_room_from_other_nodes(void **state)
{
	flood_replies(false, MORE);
	flood(CMCLD_TELL_STATUS);
	cmcld_tell(&cmcld, CMCLD_TELL_PEER, 2, "text", 5);
	assert_int_equal(arrived(CMCLD_TELL_PEER), 1);
}

static void nobody_waits_for_what_did_not_fit(void **state)
{
	flood(CMCLD_TELL_PEER);
	assert_int_equal(cmcld_queue_marked(cmcld.wires.tells), -1);
	assert_int_not_equal(arrived(CMCLD_TELL_PEER), 0);
	assert_int_equal(cmcld_queue_marked(cmcld.wires.tells), 2 - 1);
	assert_int_equal(cmcld_queue_marked(cmcld.wires.tells), -1);
	flood(CMCLD_TELL_PEER);
	cmcld_tell(&cmcld, CMCLD_TELL_PEER_LOST, CORE_NODE_ID_MAX, "", 0);
	assert_int_equal(arrived(CMCLD_TELL_PEER_LOST), 0);
	assert_int_equal(cmcld_queue_marked(cmcld.wires.tells), 2 - 1);
	assert_int_equal(cmcld_queue_marked(cmcld.wires.tells), CORE_NODE_ID_MAX - 1);
	cmcld_tell(&cmcld, CMCLD_TELL_PEER_LOST, 3, "", 0);
	assert_int_equal(arrived(CMCLD_TELL_PEER_LOST), 1);
	assert_int_equal(cmcld_queue_marked(cmcld.wires.tells), -1);
}

static int setup(void **state)
{
	cmcld.wires.tells = cmcld_queue_create(CMCLD_REQUEST_BLOCKS, CMCLD_REQUEST_BYTES);
	return cmcld.wires.tells ? 0 : -1;
}

static int teardown(void **state)
{
	cmcld_queue_destroy(cmcld.wires.tells);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(out_of_the_cluster_is_told_whatever_is_queued),
		cmocka_unit_test(ends_of_all_requests_are_told_whatever_else_is_queued),
		cmocka_unit_test(progress_takes_no_room_from_other_nodes),
		cmocka_unit_test(nobody_waits_for_what_did_not_fit),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
