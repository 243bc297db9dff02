// SPDX-License-Identifier: GPL-2.0
/*
 * When there are last words, and when they go.
 *
 * They claim that nothing on this machine acts any more.  So they go from a panic
 * notifier, which runs on the last CPU, and only if each other CPU has said by
 * itself that it has stopped for good:
 *  - in stop_this_cpu() it takes itself off the online mask, with interrupts off
 *    (the ordinary stop);
 *  - in its NMI handler for a crash it writes its crash note and never returns
 *    (the stop before kdump); where that note lies, sysfs tells.
 * A CPU that has done neither, within the time that panic() gives it, may still
 * act: then there are no last words, and the peers wait for silence.
 *
 * A TOC does not wait for panic(), whose lines may take a serial port long: it has
 * parked the other CPUs itself, and when they have confirmed that (toc.c), they go
 * before. The notifier sends what has not gone then.
 *
 * Without crash_kexec_post_notifiers panic() starts a loaded crash kernel before
 * its notifiers, so nothing can be sent.
 */
#include "gasp.h"

#include <linux/cpumask.h>
#include <linux/kexec.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/panic_notifier.h>
#include <linux/preempt.h>
#include <linux/sched/mm.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "frame.h"
#include "guard.h"
#include "instance.h"
#include "log.h"
#include "recorder.h"
#include "timers.h"

/* Routes and neighbours change without a word to this module. */
#define REFRESH_JIFFIES		HZ

#define NOTE_PATH	"/sys/devices/system/cpu/cpu%u/crash_notes"
#define NOTIFIERS_PATH	"/sys/module/kernel/parameters/crash_kexec_post_notifiers"

static char *gasp = "auto";
module_param(gasp, charp, 0444);
MODULE_PARM_DESC(gasp,
		 "Last words at a panic: auto (with crash_kexec_post_notifiers; default), on, off");

/* First word of each CPU's crash note: not 0 once it has stopped for a crash. */
static DEFINE_PER_CPU(const u32 *, crash_note);
static bool possible;		/* protected by the instance's mutex */
static bool running;
/* The paths on which they have gone; by the one CPU that is left. */
static unsigned int sent;
static int cpu_that_panics = -1;

static void refresh(struct work_struct *work);
static DECLARE_DELAYED_WORK(refresh_work, refresh);

static void refresh(struct work_struct *work)
{
	/* Who asked for it may have been overtaken by the end of it all. */
	if (!smp_load_acquire(&running))
		return;
	tocsin_frame_refresh(tocsin_initial, NULL);
	queue_delayed_work(system_highpri_wq, &refresh_work, REFRESH_JIFFIES);
}

static void crash_notes_find(void)
{
	unsigned int cpu;

	for_each_present_cpu(cpu) {
		char path[sizeof(NOTE_PATH) + 10], text[24];
		u64 phys;

		snprintf(path, sizeof(path), NOTE_PATH, cpu);
		per_cpu(crash_note, cpu) = NULL;
		if (tocsin_guard_read(path, text, sizeof(text)) ||
		    kstrtou64(strim(text), 16, &phys) || !pfn_valid(PHYS_PFN(phys)))
			continue;
		per_cpu(crash_note, cpu) = phys_to_virt(phys);
	}
}

static bool others_stopped(void)
{
	unsigned int cpu;

	for_each_online_cpu(cpu) {
		const u32 *note = per_cpu(crash_note, cpu);

		if (cpu != raw_smp_processor_id() && (!note || !READ_ONCE(*note)))
			return false;
	}
	/* What they wrote before they stopped is seen after this. */
	smp_rmb();
	return true;
}

bool tocsin_gasp_ready(struct tocsin *t)
{
	return t == tocsin_initial && READ_ONCE(running) && tocsin_armed(t);
}

unsigned int tocsin_gasp_send(struct tocsin *t)
{
	unsigned int more;

	/* As in an interrupt: drivers then leave what they have sent to a
	 * softirq that never comes, without a wake-up and its locks.
	 */
	preempt_count_add(HARDIRQ_OFFSET);
	more = tocsin_frame_send(core_gasp_generation(t->core));
	sent += more;
	if (more || !sent)
		tocsin_record(t, RECORDER_GASP, 0, 0,
			      sent ? RECORDER_GASP_SENT : RECORDER_GASP_NOTHING, sent, 0, 0);
	preempt_count_sub(HARDIRQ_OFFSET);
	return sent;
}

static int panicked(struct notifier_block *block, unsigned long event, void *text)
{
	struct tocsin *t = tocsin_initial;
	unsigned int before = sent;

	/* Some architectures wait for their end with interrupts on. */
	tocsin_timers_silence();
	WRITE_ONCE(cpu_that_panics, raw_smp_processor_id());
	if (!tocsin_gasp_ready(t))
		return NOTIFY_DONE;
	if (others_stopped()) {
		tocsin_gasp_send(t);
	} else if (!sent) {
		tocsin_record(t, RECORDER_GASP, 0, 0, RECORDER_GASP_UNCONFIRMED, 0, 0, 0);
		pr_emerg("tocsin: last words: none, not all CPUs have stopped\n");
		return NOTIFY_DONE;
	}
	if (sent)
		pr_emerg("tocsin: last words: sent, %u paths, %u before the panic\n", sent, before);
	else
		pr_emerg("tocsin: last words: none were ready\n");
	return NOTIFY_DONE;
}

int tocsin_gasp_panic_cpu(void)
{
	return READ_ONCE(cpu_that_panics);
}

static struct notifier_block panic_block = {
	.notifier_call = panicked,
	.priority = INT_MAX,
};

static bool notifiers_first(void)
{
	char text[4];

	return !tocsin_guard_read(NOTIFIERS_PATH, text, sizeof(text)) && text[0] == 'Y';
}

/* Why there are none, or NULL. */
static const char *reason_against(const struct tocsin *t)
{
	if (t != tocsin_initial || t->action != TOCSIN_ACTION_PANIC)
		return "the action is not panic; attach with that to have them";
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		return "the network devices' locks sleep on PREEMPT_RT; take another kernel";
	if (sysfs_streq(gasp, "off"))
		return "switched off by the module's parameter; load it with gasp=auto";
	if (notifiers_first())
		return NULL;
	if (!sysfs_streq(gasp, "on"))
		return "crash_kexec_post_notifiers is off; boot with it to have them";
	if (kexec_crash_loaded())
		return "a crash kernel is loaded; boot with crash_kexec_post_notifiers";
	return NULL;
}

u32 tocsin_gasp_prepare(struct tocsin *t)
{
	const char *reason = reason_against(t);
	int err;

	lockdep_assert_held(&t->mutex);
	if (t->action == TOCSIN_ACTION_REPORT)
		return 0;
	if (!reason) {
		err = tocsin_frame_init();
		if (err)
			reason = "out of memory; free some and arm again";
	}
	if (reason) {
		tocsin_printk(KERN_NOTICE "tocsin: no last words at a panic: %s\n", reason);
		return TOCSIN_WARNING_NO_GASP;
	}
	crash_notes_find();
	possible = true;
	return 0;
}

u32 tocsin_gasp_start(struct tocsin *t)
{
	struct tocsin_frames found = { 0 };
	unsigned int flags;

	lockdep_assert_held(&t->mutex);
	if (t != tocsin_initial || !possible)
		return 0;
	/* Who has a lease does not wait until others have freed memory. */
	flags = memalloc_noreclaim_save();
	tocsin_frame_refresh(t, &found);
	memalloc_noreclaim_restore(flags);
	/* The frames are there before who finds it running. */
	smp_store_release(&running, true);
	queue_delayed_work(system_highpri_wq, &refresh_work, REFRESH_JIFFIES);
	tocsin_printk(KERN_INFO "tocsin: last words at a panic: ready on %u of %u paths%s%s\n",
		      found.ready, found.paths, found.reason ? "; first of the others: " : "",
		      found.reason ?: "");
	return found.ready < found.paths ? TOCSIN_WARNING_NO_GASP : 0;
}

void tocsin_gasp_end(struct tocsin *t)
{
	lockdep_assert_held(&t->mutex);
	if (t == tocsin_initial)
		WRITE_ONCE(running, false);
}

void tocsin_gasp_stop(struct tocsin *t)
{
	lockdep_assert_held(&t->mutex);
	if (t != tocsin_initial || !possible)
		return;
	possible = false;
	WRITE_ONCE(running, false);
	cancel_delayed_work_sync(&refresh_work);
	tocsin_frame_uninit();
}

void tocsin_gasp_refresh(struct tocsin *t)
{
	if (t == tocsin_initial && READ_ONCE(running))
		mod_delayed_work(system_highpri_wq, &refresh_work, 0);
}

int tocsin_gasp_init(void)
{
	if (!sysfs_streq(gasp, "auto") && !sysfs_streq(gasp, "on") && !sysfs_streq(gasp, "off")) {
		pr_err("tocsin: gasp=%s: auto, on or off\n", gasp);
		return -EINVAL;
	}
	return atomic_notifier_chain_register(&panic_notifier_list, &panic_block);
}

void tocsin_gasp_uninit(void)
{
	atomic_notifier_chain_unregister(&panic_notifier_list, &panic_block);
	cancel_delayed_work_sync(&refresh_work);
}
