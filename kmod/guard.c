// SPDX-License-Identifier: GPL-2.0
#include "guard.h"

#include <linux/fs.h>
#include <linux/kexec.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/panic.h>
#include <linux/reboot.h>
#include <linux/suspend.h>

#include "clock.h"
#include "instance.h"
#include "log.h"
#include "recorder.h"

#define MARGIN_NS_SHORT		(20 * NSEC_PER_MSEC)
#define SHUTDOWN_GRACE_S_MAX	3600U

static unsigned int shutdown_grace_s = 60;
module_param(shutdown_grace_s, uint, 0644);
MODULE_PARM_DESC(shutdown_grace_s,
		 "Seconds that the end of a shutdown may take while armed, 0 to 3600 (default 60)");

/* The machine is on its way to sleep, or from it; protected by the mutex. */
static bool sleeping;

/*
 * The timer keeps running through a shutdown, so that one that hangs ends; the
 * deadline of the safety lease is moved once.  The quorum lease stays: until
 * the machine is off it may still do something.
 */
static int reboot_notified(struct notifier_block *block, unsigned long action, void *command)
{
	struct tocsin *t = tocsin_initial;
	unsigned int grace_s = min(READ_ONCE(shutdown_grace_s), SHUTDOWN_GRACE_S_MAX);
	unsigned long flags;
	u64 now_ns;

	if (!tocsin_armed(t))
		return NOTIFY_DONE;
	now_ns = tocsin_lock(t, &flags);
	core_shutdown(t->core, now_ns, grace_s * NSEC_PER_SEC);
	tocsin_record(t, RECORDER_REBOOT, 0, 0, core_safety_lease_ns(t->core), action, 0, 0);
	tocsin_unlock(t, flags);
	tocsin_printk(KERN_NOTICE
		      "tocsin: armed during shutdown: it must end within %u s (shutdown_grace_s)\n",
		      grace_s);
	return NOTIFY_DONE;
}

/* Under the mutex, so that nothing arms between the answer and the sleep. */
static int sleep_prepare(struct tocsin *t)
{
	bool armed;

	mutex_lock(&t->mutex);
	armed = tocsin_armed(t);
	sleeping = !armed;
	mutex_unlock(&t->mutex);
	if (!armed)
		return NOTIFY_OK;
	tocsin_printk(KERN_WARNING
		      "tocsin: armed: no sleep; halt the cluster on this node first\n");
	return notifier_from_errno(-EBUSY);
}

static int pm_notified(struct notifier_block *block, unsigned long event, void *unused)
{
	struct tocsin *t = tocsin_initial;

	switch (event) {
	case PM_SUSPEND_PREPARE:
	case PM_HIBERNATION_PREPARE:
	case PM_RESTORE_PREPARE:
		return sleep_prepare(t);
	case PM_POST_SUSPEND:
	case PM_POST_HIBERNATION:
	case PM_POST_RESTORE:
		tocsin_clock_resume();
		mutex_lock(&t->mutex);
		sleeping = false;
		mutex_unlock(&t->mutex);
		return NOTIFY_OK;
	}
	return NOTIFY_DONE;
}

bool tocsin_guard_sleeping(void)
{
	lockdep_assert_held(&tocsin_initial->mutex);
	return sleeping;
}

static struct notifier_block reboot_block = {
	.notifier_call = reboot_notified,
};

static struct notifier_block pm_block = {
	.notifier_call = pm_notified,
};

int tocsin_guard_read(const char *path, char *text, size_t size)
{
	struct file *file = filp_open(path, O_RDONLY, 0);
	loff_t at = 0;
	ssize_t got;

	if (IS_ERR(file))
		return PTR_ERR(file);
	got = kernel_read(file, text, size - 1, &at);
	filp_close(file, NULL);
	if (got <= 0)
		return got ?: -ENODATA;
	text[got] = '\0';
	return 0;
}

/* These are not exported; ask as user space would. */
static bool is_on(const char *path)
{
	char text[8];

	return !tocsin_guard_read(path, text, sizeof(text)) && text[0] != '0';
}

/* What keeps a CPU that is stuck with interrupts off from ending in a panic, or NULL. */
static const char *hardlockup_reason(void)
{
	if (!is_on("/proc/sys/kernel/nmi_watchdog"))
		return "there is no hard lockup detector (kernel.nmi_watchdog is 0)";
	if (!is_on("/proc/sys/kernel/hardlockup_panic"))
		return "kernel.hardlockup_panic is 0";
	return NULL;
}

u32 tocsin_guard_warnings(const struct tocsin *t)
{
	const char *reason = hardlockup_reason();
	u32 warnings = 0;

	if (t->action == TOCSIN_ACTION_REPORT)
		return 0;
	if (!kexec_crash_loaded()) {
		warnings |= TOCSIN_WARNING_NO_KDUMP;
		tocsin_printk(KERN_WARNING
			      "tocsin: no crash kernel is loaded: a TOC will leave no dump; %s\n",
			      "install kdump-tools, set crashkernel=");
		if (!panic_timeout && t->action == TOCSIN_ACTION_PANIC) {
			warnings |= TOCSIN_WARNING_NO_RESTART;
			tocsin_printk(KERN_WARNING
				      "tocsin: kernel.panic is 0: no restart after a TOC; %s\n",
				      "set it to 5");
		}
	}
	if (reason) {
		warnings |= TOCSIN_WARNING_NO_HARDLOCKUP_PANIC;
		tocsin_printk(KERN_NOTICE
			      "tocsin: %s: a CPU stuck with interrupts off may stay so; %s\n",
			      reason, "set both to 1, where the hardware can");
	}
	if (t->toc_margin_ns < MARGIN_NS_SHORT) {
		warnings |= TOCSIN_WARNING_MARGIN;
		tocsin_printk(KERN_WARNING
			      "tocsin: the TOC margin is below 20 ms; %s\n",
			      "raise TOC_MARGIN unless a TOC has been measured to be faster");
	}
	return warnings;
}

int tocsin_guard_init(void)
{
	int err;

	err = register_reboot_notifier(&reboot_block);
	if (err)
		return err;
	err = register_pm_notifier(&pm_block);
	if (err)
		unregister_reboot_notifier(&reboot_block);
	return err;
}

void tocsin_guard_uninit(void)
{
	unregister_pm_notifier(&pm_block);
	unregister_reboot_notifier(&reboot_block);
}
