// SPDX-License-Identifier: GPL-2.0
/*
 * Heartbeats in memory of exactly their size and at every alignment: the codec
 * reads and writes nothing beside them.
 */
#include <linux/slab.h>

#include "contexts.h"
#include "core_state.h"
#include "wire.h"

#define ALIGNMENTS	8
#define ROUNDS		2000

static void random_fill(void *area, size_t size, u64 *state)
{
	u8 *byte = area;

	while (size--)
		*byte++ = test_draw(state);
}

/* The last byte of the heartbeat is the last one of the memory. */
static u8 *heartbeat_at(struct kunit *test, unsigned int alignment)
{
	u8 *area = kunit_kzalloc(test, alignment + CORE_HB_SIZE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, area);
	return area + alignment;
}

static void every_alignment_will_do(struct kunit *test)
{
	struct core_hb in = {}, out = {};
	unsigned int alignment;
	u64 state = 2;
	u32 key_id;
	u8 *buf;

	random_fill(in.heard, sizeof(in.heard), &state);
	in.cluster_id = test_draw(&state);
	in.src_incarnation = 1;
	in.sequence = U64_MAX;
	in.sent_ns = test_draw(&state);
	in.interval_us = 100000;
	in.src = 1;
	in.dst = CORE_NODE_ID_MAX;
	for (alignment = 0; alignment < ALIGNMENTS; alignment++) {
		buf = heartbeat_at(test, alignment);
		core_hb_encode(&in, buf);
		core_hb_set_key(buf, 0x01020304);
		KUNIT_EXPECT_EQ(test, core_hb_precheck(buf, CORE_HB_SIZE, &key_id),
				CORE_DROP_NONE);
		KUNIT_EXPECT_EQ(test, key_id, 0x01020304);
		KUNIT_EXPECT_EQ(test, core_hb_decode(buf, &out), CORE_DROP_NONE);
		KUNIT_EXPECT_EQ(test, out.sequence, in.sequence);
		KUNIT_EXPECT_EQ(test, out.sent_ns, in.sent_ns);
		KUNIT_EXPECT_EQ(test, memcmp(out.heard, in.heard, sizeof(in.heard)), 0);
	}
}

/* A datagram may be shorter than the least that is looked at. */
static void short_datagrams_are_not_read(struct kunit *test)
{
	u32 key_id;
	size_t size;
	u8 *buf;

	for (size = 0; size < CORE_HB_SIZE; size++) {
		buf = kmalloc(size, GFP_KERNEL);
		KUNIT_EXPECT_EQ(test, core_hb_precheck(buf, size, &key_id), CORE_DROP_LENGTH);
		kfree(buf);
	}
}

/* What an authenticated but mad peer might send: fields at random. */
static void a_core_takes_random_heartbeats(struct kunit *test)
{
	const struct core_config config = {
		.cluster_id = 1, .incarnation = 2, .node_id = 1,
		.interval_ns = CORE_INTERVAL_NS_DEFAULT,
		.member_timeout_ns = CORE_MEMBER_TIMEOUT_NS_DEFAULT,
		.safety_timeout_ns = CORE_SAFETY_TIMEOUT_NS_DEFAULT,
	};
	struct core *core = kvzalloc(core_size(), GFP_KERNEL);
	u8 *buf = heartbeat_at(test, 0);
	struct core_hb hb;
	u64 state = 3, now_ns = CORE_NS_PER_S;
	unsigned int i, good = 0;

	KUNIT_ASSERT_NOT_NULL(test, core);
	KUNIT_EXPECT_EQ(test, core_init(core, &config, now_ns), 0);
	KUNIT_EXPECT_EQ(test, core_peer_add(core, 2, CORE_PATHS_MAX), 0);
	for (i = 0; i < ROUNDS; i++) {
		random_fill(&hb, sizeof(hb), &state);
		hb.cluster_id = 1;
		hb.src = 2;
		hb.dst = 1;
		hb.path %= CORE_PATHS_MAX;
		hb.interval_us = 1 + hb.interval_us % 1000000;
		hb.flags &= CORE_HB_GASP - 1;
		core_hb_encode(&hb, buf);
		now_ns += test_draw(&state) % CORE_NS_PER_S;
		good += core_receive(core, 0, hb.path, now_ns, buf) == CORE_DROP_NONE;
		core_tick(core, now_ns);
		core_transmit(core, 2, hb.path, now_ns, buf);
	}
	kunit_info(test, "%u of %u heartbeats were taken", good, ROUNDS);
	kvfree(core);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(every_alignment_will_do),
	KUNIT_CASE(short_datagrams_are_not_read),
	KUNIT_CASE(a_core_takes_random_heartbeats),
	{}
};

static struct kunit_suite suite = {
	.name = "tocsin_wire",
	.test_cases = cases,
};

kunit_test_suite(suite);
