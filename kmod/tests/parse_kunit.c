// SPDX-License-Identifier: GPL-2.0
/*
 * Requests as the kernel's netlink code hands them over: what the policies let
 * through, what the parsers make of it, and that neither looks past the end of a
 * message that somebody has bent.  Each message lies in memory of its very size.
 */
#include <net/genetlink.h>

#include "contexts.h"
#include "generated/netlink.h"
#include "parse.h"

#define MESSAGE_MAX	8192
#define BENT_ROUNDS	1500

struct bench {
	struct sk_buff *skb;		/* the message being made */
	u8 *message;
	size_t size;
	struct nlattr *attrs[TOCSIN_A_MAX + 1];
	struct netlink_ext_ack extack;
	struct genl_info info;
	struct core_config config;
	struct core_view view;
	struct core_view expected;
	struct tocsin_parsed_peer peer;
};

static int bench_init(struct kunit *test)
{
	struct bench *bench = kunit_kzalloc(test, sizeof(*bench), GFP_KERNEL);

	if (!bench)
		return -ENOMEM;
	bench->skb = alloc_skb(MESSAGE_MAX, GFP_KERNEL);
	if (!bench->skb)
		return -ENOMEM;
	bench->info.attrs = bench->attrs;
	bench->info.extack = &bench->extack;
	test->priv = bench;
	return 0;
}

static void bench_exit(struct kunit *test)
{
	struct bench *bench = test->priv;

	if (!bench)
		return;
	kfree(bench->message);
	kfree_skb(bench->skb);
}

/* From what has been put together to a message in memory of its size. */
static void message_take(struct kunit *test)
{
	struct bench *bench = test->priv;

	kfree(bench->message);
	bench->size = bench->skb->len;
	bench->message = kmemdup(bench->skb->data, bench->size ?: 1, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, bench->message);
	skb_trim(bench->skb, 0);
}

/* As the generic netlink core does it for every operation of the family. */
static int message_read(struct bench *bench)
{
	memset(&bench->extack, 0, sizeof(bench->extack));
	return nla_parse(bench->attrs, ARRAY_SIZE(tocsin_attrs_nl_policy) - 1,
			 (struct nlattr *)bench->message, bench->size, tocsin_attrs_nl_policy,
			 &bench->extack);
}

static int config_read(struct bench *bench)
{
	memset(&bench->config, 0, sizeof(bench->config));
	return message_read(bench) ?: tocsin_parse_config(&bench->info, &bench->config);
}

static int peer_read(struct bench *bench)
{
	memset(&bench->peer, 0, sizeof(bench->peer));
	return message_read(bench) ?: tocsin_parse_peer(&bench->info, &bench->peer);
}

static int view_read(struct bench *bench)
{
	memset(&bench->view, 0, sizeof(bench->view));
	return message_read(bench) ?: tocsin_parse_view(&bench->info, &bench->view);
}

static void put_number(struct bench *bench, int type, u64 number)
{
	nla_put(bench->skb, type, sizeof(number), &number);
}

static void put_path(struct bench *bench, u8 index, int local_size, int remote_size)
{
	static const u8 address[32] = { 10, 0, 0, 1, 0xfd };
	struct nlattr *nest = nla_nest_start(bench->skb, TOCSIN_A_PEER_PATH);

	nla_put_u8(bench->skb, TOCSIN_A_PATH_INDEX, index);
	nla_put(bench->skb, TOCSIN_A_PATH_LOCAL, local_size, address);
	nla_put(bench->skb, TOCSIN_A_PATH_REMOTE, remote_size, address);
	nla_nest_end(bench->skb, nest);
}

/* Addresses of the paths: 4 or 16 bytes in turn. */
static void make_peer(struct kunit *test, unsigned int paths)
{
	struct bench *bench = test->priv;
	struct nlattr *nest = nla_nest_start(bench->skb, TOCSIN_A_PEER);
	unsigned int i;

	nla_put_u16(bench->skb, TOCSIN_A_PEER_ID, 256);
	nla_put_string(bench->skb, TOCSIN_A_PEER_NAME, "node256");
	for (i = 0; i < paths; i++)
		put_path(bench, i, i % 2 ? 16 : 4, i % 2 ? 16 : 4);
	nla_nest_end(bench->skb, nest);
	message_take(test);
}

static void make_path(struct kunit *test, u8 index, int local_size, int remote_size)
{
	struct bench *bench = test->priv;
	struct nlattr *nest = nla_nest_start(bench->skb, TOCSIN_A_PEER);

	nla_put_u16(bench->skb, TOCSIN_A_PEER_ID, 1);
	put_path(bench, index, local_size, remote_size);
	nla_nest_end(bench->skb, nest);
	message_take(test);
}

/* Up to CORE_VIEW_MEMBERS_MAX + 1 members; the hash is of what there is room for. */
static void make_view(struct kunit *test, unsigned int members, u64 hash_xor)
{
	struct bench *bench = test->priv;
	struct core_view *view = &bench->expected;
	struct nlattr *nest, *member;
	unsigned int i;

	memset(view, 0, sizeof(*view));
	view->epoch = 5;
	view->arbiter = 6;
	view->state = 7;
	view->coordinator = 2;
	for (i = 0; i < min_t(unsigned int, members, CORE_VIEW_MEMBERS_MAX); i++) {
		view->member[i].id = 2 * (i + 1);
		view->member[i].incarnation = 1000 + i;
		view->count++;
	}
	view->hash = core_view_hash(view) ^ hash_xor;
	nest = nla_nest_start(bench->skb, TOCSIN_A_VIEW);
	put_number(bench, TOCSIN_A_VIEW_EPOCH, view->epoch);
	put_number(bench, TOCSIN_A_VIEW_HASH, view->hash);
	put_number(bench, TOCSIN_A_VIEW_ARBITER, view->arbiter);
	put_number(bench, TOCSIN_A_VIEW_STATE, view->state);
	nla_put_u16(bench->skb, TOCSIN_A_VIEW_COORDINATOR, view->coordinator);
	for (i = 0; i < members; i++) {
		member = nla_nest_start(bench->skb, TOCSIN_A_VIEW_MEMBER);
		nla_put_u16(bench->skb, TOCSIN_A_MEMBER_ID, 2 * (i + 1));
		put_number(bench, TOCSIN_A_MEMBER_INCARNATION, 1000 + i);
		nla_nest_end(bench->skb, member);
	}
	nla_nest_end(bench->skb, nest);
	message_take(test);
}

static void a_configuration_has_defaults(struct kunit *test)
{
	struct bench *bench = test->priv;

	put_number(bench, TOCSIN_A_CLUSTER_ID, 77);
	nla_put_u16(bench->skb, TOCSIN_A_NODE_ID, 3);
	message_take(test);
	KUNIT_ASSERT_EQ(test, config_read(bench), 0);
	KUNIT_EXPECT_EQ(test, bench->config.cluster_id, 77);
	KUNIT_EXPECT_EQ(test, bench->config.node_id, 3);
	KUNIT_EXPECT_EQ(test, bench->config.interval_ns, CORE_INTERVAL_NS_DEFAULT);
	KUNIT_EXPECT_EQ(test, bench->config.member_timeout_ns, CORE_MEMBER_TIMEOUT_NS_DEFAULT);
	KUNIT_EXPECT_EQ(test, bench->config.safety_timeout_ns, CORE_SAFETY_TIMEOUT_NS_DEFAULT);
	KUNIT_EXPECT_EQ(test, bench->config.on_detach_ns, 0);
	nla_put_u16(bench->skb, TOCSIN_A_NODE_ID, 3);
	message_take(test);
	KUNIT_EXPECT_EQ(test, config_read(bench), -EINVAL);
}

/* -1: of no fixed size. */
static int fixed_size(const struct nla_policy *policy)
{
	static const s8 size[NLA_TYPE_MAX + 1] = {
		[NLA_U8] = 1, [NLA_U16] = 2, [NLA_U32] = 4, [NLA_U64] = 8,
	};

	if (policy->type == NLA_FLAG)
		return 0;
	return size[policy->type] ?: -1;
}

static void policies_know_lengths_and_ranges(struct kunit *test)
{
	struct bench *bench = test->priv;
	static const u8 zero[128];
	unsigned int type;
	int size;

	for (type = 1; type < ARRAY_SIZE(tocsin_attrs_nl_policy); type++) {
		size = fixed_size(&tocsin_attrs_nl_policy[type]);
		if (size < 0)
			continue;
		nla_put(bench->skb, type, size + 1, zero);
		message_take(test);
		KUNIT_EXPECT_LT_MSG(test, message_read(bench), 0, "attribute %u too long", type);
		if (!size)
			continue;
		nla_put(bench->skb, type, size - 1, zero);
		message_take(test);
		KUNIT_EXPECT_LT_MSG(test, message_read(bench), 0, "attribute %u too short", type);
	}
	nla_put(bench->skb, TOCSIN_A_KEY, TOCSIN_KEY_SIZE - 1, zero);
	message_take(test);
	KUNIT_EXPECT_LT(test, message_read(bench), 0);
	nla_put_u16(bench->skb, TOCSIN_A_NODE_ID, 257);
	message_take(test);
	KUNIT_EXPECT_EQ(test, message_read(bench), -ERANGE);
}

static void a_peer_has_up_to_eight_paths(struct kunit *test)
{
	struct bench *bench = test->priv;
	unsigned int i;

	for (i = 1; i <= CORE_PATHS_MAX; i++) {
		make_peer(test, i);
		KUNIT_EXPECT_EQ(test, peer_read(bench), 0);
		KUNIT_EXPECT_EQ(test, bench->peer.paths, i);
	}
	KUNIT_EXPECT_EQ(test, bench->peer.id, 256);
	KUNIT_EXPECT_STREQ(test, bench->peer.name, "node256");
	KUNIT_EXPECT_EQ(test, bench->peer.path[6].local.family, AF_INET);
	KUNIT_EXPECT_EQ(test, bench->peer.path[7].remote.family, AF_INET6);
	make_peer(test, CORE_PATHS_MAX + 1);
	KUNIT_EXPECT_LT(test, peer_read(bench), 0);
	make_peer(test, 0);
	KUNIT_EXPECT_EQ(test, peer_read(bench), -EINVAL);
}

static void paths_have_an_order_and_two_addresses_of_a_family(struct kunit *test)
{
	struct bench *bench = test->priv;
	int size;

	make_path(test, 0, 4, 4);
	KUNIT_EXPECT_EQ(test, peer_read(bench), 0);
	make_path(test, 1, 4, 4);
	KUNIT_EXPECT_EQ(test, peer_read(bench), -EINVAL);
	make_path(test, 0, 4, 16);
	KUNIT_EXPECT_EQ(test, peer_read(bench), -EINVAL);
	for (size = 0; size <= 32; size++) {
		make_path(test, 0, size, size);
		KUNIT_EXPECT_EQ(test, peer_read(bench), size == 4 || size == 16 ? 0 : -EINVAL);
	}
}

static void a_view_comes_through_whole_or_not_at_all(struct kunit *test)
{
	struct bench *bench = test->priv;
	unsigned int members;

	for (members = 1; members <= CORE_VIEW_MEMBERS_MAX; members++) {
		make_view(test, members, 0);
		KUNIT_EXPECT_EQ(test, view_read(bench), 0);
		KUNIT_EXPECT_EQ(test, memcmp(&bench->view, &bench->expected,
					     sizeof(bench->view)), 0);
		make_view(test, members, 1);
		KUNIT_EXPECT_EQ(test, view_read(bench), -EINVAL);
	}
	make_view(test, CORE_VIEW_MEMBERS_MAX + 1, 0);
	KUNIT_EXPECT_EQ(test, view_read(bench), -EINVAL);
	make_view(test, 0, 0);
	KUNIT_EXPECT_EQ(test, view_read(bench), -EINVAL);
}

static void only_the_machine_may_go_down(struct kunit *test)
{
	struct tocsin *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	struct bench *bench = test->priv;

	KUNIT_ASSERT_NOT_NULL(test, t);
	mutex_init(&t->mutex);
	mutex_lock(&t->mutex);
	message_take(test);
	KUNIT_ASSERT_EQ(test, message_read(bench), 0);
	KUNIT_EXPECT_EQ(test, tocsin_parse_instance(t, &bench->info), 0);
	KUNIT_EXPECT_EQ(test, t->action, TOCSIN_ACTION_REPORT);
	nla_put_u8(bench->skb, TOCSIN_A_ACTION, TOCSIN_ACTION_PANIC);
	message_take(test);
	KUNIT_ASSERT_EQ(test, message_read(bench), 0);
	KUNIT_EXPECT_EQ(test, tocsin_parse_instance(t, &bench->info), -EPERM);
	KUNIT_EXPECT_EQ(test, t->action, TOCSIN_ACTION_REPORT);
	nla_put_u8(bench->skb, TOCSIN_A_ACTION, TOCSIN_ACTION_LAST + 1);
	message_take(test);
	KUNIT_EXPECT_EQ(test, message_read(bench), -ERANGE);
	mutex_unlock(&t->mutex);
}

/* Cut it somewhere, or change some bytes. */
static void bend(struct kunit *test, const u8 *whole, size_t size, u64 *state)
{
	struct bench *bench = test->priv;
	unsigned int changes = test_draw(state) % 4;
	u64 place;

	if (!changes)
		size = test_draw(state) % size;
	kfree(bench->message);
	bench->message = kmemdup(whole, size ?: 1, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, bench->message);
	bench->size = size;
	while (changes--) {
		place = test_draw(state);
		bench->message[place % size] ^= 1 << (place >> 32) % 8;
	}
}

static void bent_messages_hurt_nobody(struct kunit *test)
{
	struct bench *bench = test->priv;
	u8 *whole[2];
	size_t size[2];
	unsigned int i, taken = 0;
	u64 state = 1;

	make_peer(test, CORE_PATHS_MAX);
	size[0] = bench->size;
	whole[0] = kunit_kzalloc(test, size[0], GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, whole[0]);
	memcpy(whole[0], bench->message, size[0]);
	make_view(test, 9, 0);
	size[1] = bench->size;
	whole[1] = kunit_kzalloc(test, size[1], GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, whole[1]);
	memcpy(whole[1], bench->message, size[1]);
	for (i = 0; i < BENT_ROUNDS; i++) {
		bend(test, whole[0], size[0], &state);
		if (!peer_read(bench)) {
			taken++;
			KUNIT_EXPECT_LE(test, bench->peer.paths, CORE_PATHS_MAX);
			KUNIT_EXPECT_NE(test, bench->peer.id, 0);
		}
		bend(test, whole[1], size[1], &state);
		if (!view_read(bench))
			KUNIT_EXPECT_EQ(test, core_view_check(&bench->view), 0);
	}
	/* Otherwise the test would be one of the first check only. */
	KUNIT_EXPECT_GT(test, taken, BENT_ROUNDS / 100);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(a_configuration_has_defaults),
	KUNIT_CASE(policies_know_lengths_and_ranges),
	KUNIT_CASE(a_peer_has_up_to_eight_paths),
	KUNIT_CASE(paths_have_an_order_and_two_addresses_of_a_family),
	KUNIT_CASE(a_view_comes_through_whole_or_not_at_all),
	KUNIT_CASE(only_the_machine_may_go_down),
	KUNIT_CASE(bent_messages_hurt_nobody),
	{}
};

static struct kunit_suite suite = {
	.name = "tocsin_parse",
	.init = bench_init,
	.exit = bench_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
