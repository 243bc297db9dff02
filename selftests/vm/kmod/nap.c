// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A watchdog that resets nobody, and whose driver sleeps while it is fed, as one does that
 * waits for a bus or for firmware: uninterruptibly, for as long as "sleep_ms" says.
 */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/watchdog.h>

static unsigned int sleep_ms;
module_param(sleep_ms, uint, 0644);
MODULE_PARM_DESC(sleep_ms, "milliseconds that each feeding takes");

static unsigned int feedings;
module_param(feedings, uint, 0444);
MODULE_PARM_DESC(feedings, "to read: how many have begun");

static bool asleep;
module_param(asleep, bool, 0444);
MODULE_PARM_DESC(asleep, "to read: one is asleep");

static int nap_start(struct watchdog_device *device)
{
	return 0;
}

static int nap_stop(struct watchdog_device *device)
{
	return 0;
}

static int nap_ping(struct watchdog_device *device)
{
	unsigned int ms = READ_ONCE(sleep_ms);

	WRITE_ONCE(feedings, feedings + 1);
	if (!ms)
		return 0;
	WRITE_ONCE(asleep, true);
	msleep(ms);
	WRITE_ONCE(asleep, false);
	return 0;
}

static int nap_set_timeout(struct watchdog_device *device, unsigned int timeout)
{
	device->timeout = timeout;
	return 0;
}

static const struct watchdog_info nap_info = {
	.options = WDIOF_SETTIMEOUT | WDIOF_MAGICCLOSE | WDIOF_KEEPALIVEPING,
	.identity = "nap",
};

static const struct watchdog_ops nap_ops = {
	.owner = THIS_MODULE,
	.start = nap_start,
	.stop = nap_stop,
	.ping = nap_ping,
	.set_timeout = nap_set_timeout,
};

static struct watchdog_device nap = {
	.info = &nap_info,
	.ops = &nap_ops,
	.timeout = 60,
	.min_timeout = 1,
	.max_timeout = 600,
};

static int __init nap_init(void)
{
	return watchdog_register_device(&nap);
}

static void __exit nap_exit(void)
{
	watchdog_unregister_device(&nap);
}

module_init(nap_init);
module_exit(nap_exit);
MODULE_DESCRIPTION("A watchdog whose driver sleeps, for tests");
MODULE_LICENSE("GPL");
