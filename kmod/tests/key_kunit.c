// SPDX-License-Identifier: GPL-2.0
/*
 * Authenticators: the kernel's HMAC is the one of everybody else, and keys go
 * while others verify with them.  Expected values: Python's hmac and hashlib,
 * over the first 144 bytes of the heartbeat with its key id set.
 */
#include <linux/mutex.h>
#include <linux/rcupdate.h>

#include "contexts.h"
#include "instance.h"
#include "key.h"
#include "wire.h"

#define ROUNDS		150
#define OLD_ID		7
#define NEW_ID		8

static const u8 mac_counting[] = {
	0x53, 0xe9, 0xa7, 0x36, 0xfe, 0xe9, 0xa7, 0x41,
	0xf6, 0x80, 0xcb, 0x47, 0x7f, 0x9c, 0x44, 0xfa
};

static const u8 mac_ones[] = {
	0x9d, 0x0e, 0xd9, 0xcd, 0x4c, 0x4b, 0xf0, 0xac,
	0x95, 0xad, 0xa9, 0x25, 0xbc, 0xc8, 0x21, 0x53
};

static const u8 mac_zeros[] = {
	0xdf, 0xaa, 0xc2, 0x6b, 0x95, 0x6e, 0x4c, 0x5d,
	0x34, 0x5e, 0x3e, 0x2d, 0xe9, 0x6e, 0xb5, 0x27
};

/* Only what keys need of an instance; nobody else knows it. */
struct bench {
	struct tocsin *t;
	u8 *hb;				/* of exactly its size, for KASAN */
	u8 secret[TOCSIN_KEY_SIZE];
};

static int bench_init(struct kunit *test)
{
	struct bench *bench = kunit_kzalloc(test, sizeof(*bench), GFP_KERNEL);

	if (!bench)
		return -ENOMEM;
	bench->t = kunit_kzalloc(test, sizeof(*bench->t), GFP_KERNEL);
	bench->hb = kunit_kzalloc(test, CORE_HB_SIZE, GFP_KERNEL);
	if (!bench->t || !bench->hb)
		return -ENOMEM;
	mutex_init(&bench->t->mutex);
	test->priv = bench;
	return 0;
}

static void bench_exit(struct kunit *test)
{
	struct bench *bench = test->priv;

	if (!bench)
		return;
	mutex_lock(&bench->t->mutex);
	tocsin_key_clear(bench->t);
	mutex_unlock(&bench->t->mutex);
}

/* The slots have different secrets. */
static int key_set(struct bench *bench, u8 slot, u32 id, bool transmit)
{
	u8 secret[TOCSIN_KEY_SIZE];
	int err;

	memcpy(secret, bench->secret, sizeof(secret));
	secret[0] ^= slot;
	mutex_lock(&bench->t->mutex);
	err = tocsin_key_set(bench->t, slot, id, secret, transmit);
	mutex_unlock(&bench->t->mutex);
	return err;
}

static int sign(struct bench *bench)
{
	int err;

	rcu_read_lock();
	err = tocsin_key_sign(bench->t, bench->hb, CORE_HB_SIZE);
	rcu_read_unlock();
	return err;
}

static int verify(struct bench *bench, u32 id)
{
	int drop;

	rcu_read_lock();
	drop = tocsin_key_verify(bench->t, id, bench->hb, CORE_HB_SIZE);
	rcu_read_unlock();
	return drop;
}

static void vector_check(struct kunit *test, u32 id, const u8 *mac)
{
	struct bench *bench = test->priv;

	KUNIT_ASSERT_EQ(test, key_set(bench, 0, id, true), 0);
	KUNIT_ASSERT_EQ(test, sign(bench), 0);
	KUNIT_EXPECT_EQ(test, memcmp(bench->hb + CORE_HB_SIZE - CORE_MAC_SIZE, mac,
				     CORE_MAC_SIZE), 0);
	KUNIT_EXPECT_EQ(test, verify(bench, id), CORE_DROP_NONE);
}

static void authenticators_are_those_of_others(struct kunit *test)
{
	struct bench *bench = test->priv;
	unsigned int i;

	for (i = 0; i < TOCSIN_KEY_SIZE; i++)
		bench->secret[i] = i;
	vector_check(test, 1, mac_counting);
	memset(bench->secret, 0xff, TOCSIN_KEY_SIZE);
	for (i = 0; i < CORE_HB_SIZE - CORE_MAC_SIZE; i++)
		bench->hb[i] = i;
	vector_check(test, 0xfffffffe, mac_ones);
	memset(bench->secret, 0, TOCSIN_KEY_SIZE);
	memset(bench->hb, 0xaa, CORE_HB_SIZE);
	vector_check(test, 0, mac_zeros);
}

static void every_flipped_bit_is_noticed(struct kunit *test)
{
	struct bench *bench = test->priv;
	unsigned int bit;

	KUNIT_ASSERT_EQ(test, key_set(bench, 0, OLD_ID, true), 0);
	KUNIT_ASSERT_EQ(test, sign(bench), 0);
	for (bit = 0; bit < CORE_HB_SIZE * 8; bit++) {
		bench->hb[bit / 8] ^= 1 << bit % 8;
		KUNIT_EXPECT_EQ(test, verify(bench, OLD_ID), CORE_DROP_MAC);
		bench->hb[bit / 8] ^= 1 << bit % 8;
	}
	KUNIT_EXPECT_EQ(test, verify(bench, OLD_ID), CORE_DROP_NONE);
	KUNIT_EXPECT_EQ(test, verify(bench, NEW_ID), CORE_DROP_KEY);
}

static void nothing_is_signed_without_a_key(struct kunit *test)
{
	struct bench *bench = test->priv;

	KUNIT_EXPECT_EQ(test, sign(bench), -ENOKEY);
	KUNIT_ASSERT_EQ(test, key_set(bench, 0, OLD_ID, false), 0);
	KUNIT_EXPECT_EQ(test, sign(bench), -ENOKEY);
	/* The key that signs is replaced by one that only verifies. */
	KUNIT_ASSERT_EQ(test, key_set(bench, 0, OLD_ID, true), 0);
	KUNIT_EXPECT_EQ(test, sign(bench), 0);
	KUNIT_ASSERT_EQ(test, key_set(bench, 0, NEW_ID, false), 0);
	KUNIT_EXPECT_EQ(test, sign(bench), -ENOKEY);
}

/* Slot 0 always holds the key; the other one comes and goes. */
static bool verify_meanwhile(void *data, unsigned int worker, unsigned int round)
{
	struct bench *bench = data;
	int drop = verify(bench, NEW_ID);
	u8 hb[CORE_HB_SIZE];
	int err;

	memcpy(hb, bench->hb, sizeof(hb));
	rcu_read_lock();
	err = tocsin_key_sign(bench->t, hb, sizeof(hb));
	rcu_read_unlock();
	return verify(bench, OLD_ID) == CORE_DROP_NONE && !err &&
	       (drop == CORE_DROP_MAC || drop == CORE_DROP_KEY);
}

static void keys_are_changed_while_others_use_them(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct test_contexts *contexts;
	int changes = 0, err = 0;

	KUNIT_ASSERT_EQ(test, key_set(bench, 0, OLD_ID, true), 0);
	KUNIT_ASSERT_EQ(test, sign(bench), 0);
	contexts = test_contexts_start(verify_meanwhile, bench, ROUNDS);
	KUNIT_ASSERT_NOT_NULL(test, contexts);
	do {
		err = err ?: key_set(bench, 1, NEW_ID, changes % 2);
		if (changes % 2)
			err = err ?: key_set(bench, 0, OLD_ID, true);
		changes++;
	} while (test_contexts_running(contexts));
	KUNIT_EXPECT_EQ(test, test_contexts_wait(contexts), 0);
	KUNIT_EXPECT_EQ(test, err, 0);
	kunit_info(test, "%d changes of keys meanwhile", changes);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(authenticators_are_those_of_others),
	KUNIT_CASE(every_flipped_bit_is_noticed),
	KUNIT_CASE(nothing_is_signed_without_a_key),
	KUNIT_CASE(keys_are_changed_while_others_use_them),
	{}
};

static struct kunit_suite suite = {
	.name = "tocsin_key",
	.init = bench_init,
	.exit = bench_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
