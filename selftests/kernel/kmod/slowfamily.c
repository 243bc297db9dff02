// SPDX-License-Identifier: GPL-2.0
/*
 * A generic netlink family whose one operation lasts until the process that asked is
 * killed.  Whoever unloads the module meanwhile waits for it, and the requests of all
 * other families wait behind him.
 */
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <net/genetlink.h>

#define SLOW_MAX_S	120

static int family;
module_param(family, int, 0444);
MODULE_PARM_DESC(family, "to read: number of the family");

static bool asked;
module_param(asked, bool, 0444);
MODULE_PARM_DESC(asked, "to read: a request is being slow");

static int slow(struct sk_buff *request, struct genl_info *info)
{
	WRITE_ONCE(asked, true);
	schedule_timeout_killable(SLOW_MAX_S * HZ);
	return 0;
}

static const struct genl_small_ops operations[] = {
	{ .cmd = 1, .doit = slow, .flags = GENL_ADMIN_PERM },
};

static struct genl_family slow_family = {
	.name = KBUILD_MODNAME,
	.version = 1,
	.module = THIS_MODULE,
	.parallel_ops = true,
	.small_ops = operations,
	.n_small_ops = ARRAY_SIZE(operations),
};

static int __init slow_init(void)
{
	int err = genl_register_family(&slow_family);

	family = slow_family.id;
	return err;
}

static void __exit slow_exit(void)
{
	genl_unregister_family(&slow_family);
}

module_init(slow_init);
module_exit(slow_exit);
MODULE_DESCRIPTION("A slow generic netlink family, for tests");
MODULE_LICENSE("GPL");
