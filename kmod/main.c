// SPDX-License-Identifier: GPL-2.0
/*
 * tocsin: safety timer and heartbeat of the Tocsin cluster manager.
 * This file only orders the start and the end.
 */
#include <linux/module.h>

#include "clock.h"
#include "device.h"
#include "gasp.h"
#include "guard.h"
#include "instance.h"
#include "link.h"
#include "netlink.h"
#include "recorder.h"
#include "safety.h"
#include "urgent.h"

static int __init tocsin_init(void)
{
	int err;

	tocsin_clock_resume();
	err = tocsin_recorder_init();
	if (err)
		return err;
	err = tocsin_urgent_register();
	if (err)
		goto err_recorder;
	err = tocsin_safety_init();
	if (err)
		goto err_urgent;
	err = tocsin_instance_init();
	if (err)
		goto err_safety;
	err = tocsin_guard_init();
	if (err)
		goto err_instance;
	err = tocsin_gasp_init();
	if (err)
		goto err_guard;
	/* Before the family: who finds that finds the device, too. */
	err = tocsin_device_init();
	if (err)
		goto err_gasp;
	tocsin_link_init();
	/* ORDER: last, because from here on requests come. */
	err = tocsin_netlink_init();
	if (err)
		goto err_link;
	tocsin_device_serve();
	return 0;

err_link:
	tocsin_link_uninit();
	tocsin_device_uninit();
err_gasp:
	tocsin_gasp_uninit();
err_guard:
	tocsin_guard_uninit();
err_instance:
	tocsin_instance_uninit();
err_safety:
	tocsin_safety_uninit();
err_urgent:
	tocsin_urgent_unregister();
err_recorder:
	tocsin_recorder_uninit();
	return err;
}

static void __exit tocsin_exit(void)
{
	tocsin_netlink_uninit();
	tocsin_link_uninit();
	tocsin_device_uninit();
	tocsin_gasp_uninit();
	tocsin_guard_uninit();
	tocsin_instance_uninit();
	tocsin_safety_uninit();
	tocsin_urgent_unregister();
	tocsin_recorder_uninit();
}

module_init(tocsin_init);
module_exit(tocsin_exit);
MODULE_DESCRIPTION("Safety timer and heartbeat of the Tocsin cluster manager");
MODULE_VERSION("1");
MODULE_LICENSE("GPL");
#if IS_MODULE(CONFIG_IPV6)
/* Nobody can load it from within a request of generic netlink, as the one for a path is. */
MODULE_SOFTDEP("pre: ipv6");
#endif
MODULE_ALIAS_GENL_FAMILY(TOCSIN_FAMILY_NAME);
