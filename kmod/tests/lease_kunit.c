// SPDX-License-Identifier: GPL-2.0
/*
 * The machine's own instance, armed: renewals from all contexts, and the
 * published deadlines that the checks of the leases go by.
 */
#include <linux/atomic.h>
#include <linux/mutex.h>

#include "clock.h"
#include "contexts.h"
#include "instance.h"

#define ROUNDS		150
/* Nobody may have such a socket: netlink ports of users are process ids. */
#define NOBODY		0xfffffff0U
/* Long, so that a failed test does not take the machine down at once. */
#define SAFETY_NS	CORE_SAFETY_TIMEOUT_NS_MAX

static const struct core_config config = {
	.cluster_id = 1,
	.incarnation = 0x1234,
	.interval_ns = CORE_INTERVAL_NS_DEFAULT,
	.member_timeout_ns = CORE_MEMBER_TIMEOUT_NS_DEFAULT,
	.safety_timeout_ns = SAFETY_NS,
	.on_detach_ns = SAFETY_NS,
	.node_id = 1,
};

static bool lease_renew(void *data, unsigned int worker, unsigned int round)
{
	u64 before_ns = atomic64_read(&tocsin_initial->safety_ns);
	struct tocsin *t = tocsin_initial;
	unsigned long flags;
	u64 now_ns, end_ns;
	int err;

	now_ns = tocsin_lock(t, &flags);
	err = core_pet(t->core, now_ns);
	end_ns = core_safety_lease_ns(t->core);
	tocsin_unlock(t, flags);
	/* What is published is never taken back, however many renew at once. */
	return !err && end_ns == now_ns + SAFETY_NS && end_ns >= before_ns &&
	       (u64)atomic64_read(&t->safety_ns) >= end_ns;
}

static bool time_enter(void *data, unsigned int worker, unsigned int round)
{
	struct tocsin *t = tocsin_initial;
	u64 *newest = data;
	unsigned long flags;
	u64 now_ns;
	bool good;

	now_ns = tocsin_lock(t, &flags);
	good = now_ns >= *newest && core_check(t->core, now_ns) == CORE_VERDICT_NONE;
	*newest = now_ns;
	core_tick(t->core, now_ns);
	tocsin_unlock(t, flags);
	return good;
}

static int armed_init(struct kunit *test)
{
	struct tocsin *t = tocsin_initial;
	int err;

	mutex_lock(&t->mutex);
	err = t->attached ? -EBUSY : tocsin_attach(t, &config, NOBODY);
	if (!err)
		err = tocsin_arm(t);
	mutex_unlock(&t->mutex);
	return err;
}

static void armed_exit(struct kunit *test)
{
	struct tocsin *t = tocsin_initial;

	mutex_lock(&t->mutex);
	KUNIT_EXPECT_EQ(test, tocsin_disarm(t, true), 0);
	tocsin_dissolve(t);
	mutex_unlock(&t->mutex);
	KUNIT_EXPECT_EQ(test, (u64)atomic64_read(&t->safety_ns), CORE_NEVER);
	KUNIT_EXPECT_EQ(test, (u64)atomic64_read(&t->quorum_ns), CORE_NEVER);
}

static void renewals_from_all_contexts_only_move_on(struct kunit *test)
{
	test_in_contexts(test, lease_renew, NULL, ROUNDS);
	KUNIT_EXPECT_EQ(test, (u64)atomic64_read(&tocsin_initial->quorum_ns), CORE_NEVER);
}

static void the_core_sees_no_time_go_back(struct kunit *test)
{
	u64 newest = 0;

	test_in_contexts(test, time_enter, &newest, ROUNDS);
}

static void arming_twice_changes_nothing(struct kunit *test)
{
	u64 end_ns = atomic64_read(&tocsin_initial->safety_ns);

	mutex_lock(&tocsin_initial->mutex);
	KUNIT_EXPECT_EQ(test, tocsin_arm(tocsin_initial), -EALREADY);
	mutex_unlock(&tocsin_initial->mutex);
	KUNIT_EXPECT_EQ(test, (u64)atomic64_read(&tocsin_initial->safety_ns), end_ns);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(renewals_from_all_contexts_only_move_on),
	KUNIT_CASE(the_core_sees_no_time_go_back),
	KUNIT_CASE(arming_twice_changes_nothing),
	{}
};

static struct kunit_suite suite = {
	.name = "tocsin_lease",
	.init = armed_init,
	.exit = armed_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
