// SPDX-License-Identifier: GPL-2.0-or-later
/* Membership messages to bytes and back: every type, every way to be wrong. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <tocsin/net_member.h>

#include "net_message_sample.h"

#include "tocsin.pb-c.h"

#include <stdlib.h>

#define ROUNDS	60

static struct member_message message, back;
static u8 bytes[NET_MEMBER_SIZE_MAX];

static bool has_format(u16 type)
{
	return type != MEMBER_MESSAGE_GASP && type != MEMBER_MESSAGE_APPLICATION;
}

static void every_type_survives(void **state)
{
	struct member_message zero;
	u16 type;
	int round;

	memset(&zero, 0, sizeof(zero));
	for (type = 1; type < MEMBER_MESSAGE_TYPES; type++) {
		for (round = 0; has_format(type) && round < ROUNDS; round++) {
			ssize_t size;

			sample_message(&message, type);
			size = net_member_encode(&message, bytes, sizeof(bytes));
			assert_true(size > 0);
			memset(&back, 0xee, sizeof(back));
			assert_int_equal(net_member_decode(bytes, (size_t)size, &back), 0);
			assert_memory_equal(&message, &back, sizeof(message));
		}
	}
}

static void types_without_format_are_refused(void **state)
{
	sample_message(&message, MEMBER_MESSAGE_LEAVE);
	message.type = MEMBER_MESSAGE_GASP;
	assert_int_equal(net_member_encode(&message, bytes, sizeof(bytes)), -EINVAL);
	message.type = MEMBER_MESSAGE_APPLICATION;
	assert_int_equal(net_member_encode(&message, bytes, sizeof(bytes)), -EINVAL);
	message.type = 0;
	assert_int_equal(net_member_encode(&message, bytes, sizeof(bytes)), -EINVAL);
	message.type = MEMBER_MESSAGE_TYPES;
	assert_int_equal(net_member_encode(&message, bytes, sizeof(bytes)), -EINVAL);
}

static void counts_out_of_range_are_not_read(void **state)
{
	sample_message(&message, MEMBER_MESSAGE_HEARD);
	message.heard.count = CORE_VIEW_MEMBERS_MAX + 1;
	assert_int_equal(net_member_encode(&message, bytes, sizeof(bytes)), -EINVAL);
	sample_message(&message, MEMBER_MESSAGE_PROMISE);
	message.promise.value_count = 0xffff;
	assert_int_equal(net_member_encode(&message, bytes, sizeof(bytes)), -EINVAL);
	sample_message(&message, MEMBER_MESSAGE_COMMIT);
	message.commit.wait_count = MEMBER_WAITS_MAX + 1;
	assert_int_equal(net_member_encode(&message, bytes, sizeof(bytes)), -EINVAL);
	sample_message(&message, MEMBER_MESSAGE_UPDATE);
	message.update.record.length = MEMBER_VALUE_BYTES_MAX + 1;
	assert_int_equal(net_member_encode(&message, bytes, sizeof(bytes)), -EINVAL);
	sample_message(&message, MEMBER_MESSAGE_ACCEPTED);
	message.accepted.age_count = CORE_VIEW_MEMBERS_MAX + 1;
	assert_int_equal(net_member_encode(&message, bytes, sizeof(bytes)), -EINVAL);
}

static void small_buffer_is_not_overrun(void **state)
{
	ssize_t size;
	u8 *exact;

	sample_message(&message, MEMBER_MESSAGE_COMMIT);
	size = net_member_encode(&message, bytes, sizeof(bytes));
	exact = malloc((size_t)size);
	assert_int_equal(net_member_encode(&message, exact, (size_t)size - 1), -EMSGSIZE);
	assert_int_equal(net_member_encode(&message, exact, (size_t)size), size);
	free(exact);
}

/* Whatever is flipped, cut or added: refused, or taken as some valid message. */
static void corruption_is_survived(void **state)
{
	struct member_message zero;
	unsigned int refused = 0, round;
	u16 type;

	memset(&zero, 0, sizeof(zero));
	for (type = 1; type < MEMBER_MESSAGE_TYPES; type++) {
		for (round = 0; has_format(type) && round < 10 * ROUNDS; round++) {
			size_t size, flips = 1 + sample_upto(3), i;
			u8 *exact;

			sample_message(&message, type);
			size = (size_t)net_member_encode(&message, bytes, sizeof(bytes));
			if (round % 3 == 0)
				size = sample_u64() % size;
			/* Of exact size: the sanitizer sees a byte too many. */
			exact = malloc(size ? size : 1);
			memcpy(exact, bytes, size);
			for (i = 0; size && i < flips; i++)
				exact[sample_u64() % size] ^= (u8)(1u << sample_upto(7));
			if (net_member_decode(exact, size, &back) == 0) {
				assert_true(net_member_encode(&back, bytes, sizeof(bytes)) > 0);
			} else {
				assert_memory_equal(&back, &zero, sizeof(zero));
				refused++;
			}
			free(exact);
		}
	}
	assert_true(refused > 1000);
}

static void unknown_fields_are_skipped(void **state)
{
	/* Field 999, length-delimited; field 1000, varint. */
	static const u8 extra[] = { 0xba, 0x3e, 0x03, 'n', 'e', 'w', 0xc0, 0x3e, 0x2a };
	u16 type;

	for (type = 1; type < MEMBER_MESSAGE_TYPES; type++) {
		ssize_t size;

		if (!has_format(type))
			continue;
		sample_message(&message, type);
		size = net_member_encode(&message, bytes, sizeof(bytes));
		memcpy(bytes + size, extra, sizeof(extra));
		assert_int_equal(net_member_decode(bytes, (size_t)size + sizeof(extra), &back), 0);
		assert_memory_equal(&message, &back, sizeof(message));
	}
}

/* Re-encode a message after @change did something to its protobuf form. */
static int decode_changed(u16 type, void (*change)(Tocsin__MemberMessage *top))
{
	Tocsin__MemberMessage *top;
	size_t size;

	do {
		sample_message(&message, type);
	} while (type == MEMBER_MESSAGE_COMMIT && message.commit.view.count < 2);
	size = (size_t)net_member_encode(&message, bytes, sizeof(bytes));
	top = tocsin__member_message__unpack(NULL, size, bytes);
	assert_non_null(top);
	change(top);
	size = tocsin__member_message__pack(top, bytes);
	tocsin__member_message__free_unpacked(top, NULL);
	return net_member_decode(bytes, size, &back);
}

static void change_nothing(Tocsin__MemberMessage *top)
{
}

static void change_hash(Tocsin__MemberMessage *top)
{
	top->commit->view->hash ^= 1;
}

static void change_order(Tocsin__MemberMessage *top)
{
	Tocsin__Node *first = top->commit->view->member[0];

	top->commit->view->member[0] = top->commit->view->member[1];
	top->commit->view->member[1] = first;
}

static void change_coordinator(Tocsin__MemberMessage *top)
{
	top->commit->view->coordinator = 65537;
}

static void change_from(Tocsin__MemberMessage *top)
{
	top->from = 65536 + 1;
}

static void change_cluster(Tocsin__MemberMessage *top)
{
	top->cluster = 0;
}

static void change_type(Tocsin__MemberMessage *top)
{
	top->type = MEMBER_MESSAGE_PROMISE;
}

static void change_type_far(Tocsin__MemberMessage *top)
{
	top->type = 65536 + MEMBER_MESSAGE_COMMIT;
}

static void drop_ballot(Tocsin__MemberMessage *top)
{
	tocsin__ballot__free_unpacked(top->commit->ballot, NULL);
	top->commit->ballot = NULL;
}

static void drop_view(Tocsin__MemberMessage *top)
{
	tocsin__view__free_unpacked(top->commit->view, NULL);
	top->commit->view = NULL;
}

static void wrong_fields_are_refused(void **state)
{
	assert_int_equal(decode_changed(MEMBER_MESSAGE_COMMIT, change_nothing), 0);
	assert_int_equal(decode_changed(MEMBER_MESSAGE_COMMIT, change_hash), -EPROTO);
	assert_int_equal(decode_changed(MEMBER_MESSAGE_COMMIT, change_order), -EPROTO);
	assert_int_equal(decode_changed(MEMBER_MESSAGE_COMMIT, change_coordinator), -EPROTO);
	assert_int_equal(decode_changed(MEMBER_MESSAGE_COMMIT, change_from), -EPROTO);
	assert_int_equal(decode_changed(MEMBER_MESSAGE_COMMIT, change_cluster), -EPROTO);
	assert_int_equal(decode_changed(MEMBER_MESSAGE_COMMIT, change_type), -EPROTO);
	assert_int_equal(decode_changed(MEMBER_MESSAGE_COMMIT, change_type_far), -EPROTO);
	assert_int_equal(decode_changed(MEMBER_MESSAGE_COMMIT, drop_ballot), -EPROTO);
	assert_int_equal(decode_changed(MEMBER_MESSAGE_COMMIT, drop_view), -EPROTO);
}

/* 32 000 empty records in 64 000 bytes would unpack to megabytes. */
static void a_bomb_takes_no_memory(void **state)
{
	u8 *bomb = malloc(NET_MEMBER_SIZE_MAX);
	size_t at = 0, length = 60000, i;

	/* cluster = 1, type = RECORDS, records { record {} record {} ... } */
	memcpy(bomb, "\x09\x01\0\0\0\0\0\0\0\x28\x0b\xc2\x01", 13);
	at = 13;
	bomb[at++] = (u8)(length & 0x7f) | 0x80;
	bomb[at++] = (u8)(length >> 7 & 0x7f) | 0x80;
	bomb[at++] = (u8)(length >> 14);
	for (i = 0; i < length; i += 2) {
		bomb[at++] = 0x2a;
		bomb[at++] = 0;
	}
	assert_int_equal(net_member_decode(bomb, at, &back), -EPROTO);
	free(bomb);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_survives),
		cmocka_unit_test(types_without_format_are_refused),
		cmocka_unit_test(counts_out_of_range_are_not_read),
		cmocka_unit_test(small_buffer_is_not_overrun),
		cmocka_unit_test(corruption_is_survived),
		cmocka_unit_test(unknown_fields_are_skipped),
		cmocka_unit_test(wrong_fields_are_refused),
		cmocka_unit_test(a_bomb_takes_no_memory),
	};

	return cmocka_run_group_tests_name("net_member", tests, NULL, NULL);
}
