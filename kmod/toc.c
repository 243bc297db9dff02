// SPDX-License-Identifier: GPL-2.0
/*
 * The order of a TOC: say why in the flight recorder, stop what the other CPUs
 * do, tell the peers, then panic with one line that says it all.  Printing comes last because
 * a serial console can take longer than TOC_MARGIN.
 */
#include "toc.h"

#include <linux/kernel.h>
#include <linux/panic.h>
#include <linux/preempt.h>
#include <linux/ratelimit.h>
#include <linux/reboot.h>
#include <linux/smp.h>

#include "clock.h"
#include "compat.h"
#include "gasp.h"
#include "instance.h"
#include "log.h"
#include "names.h"
#include "recorder.h"
#include "trace.h"

/* Of TOC_MARGIN, when a CPU hangs. */
#define LAST_WORDS_WAIT_NS	(5 * NSEC_PER_MSEC)

static DEFINE_PER_CPU(call_single_data_t, toc_park);
static atomic_t toc_begun = ATOMIC_INIT(0);

static DEFINE_PER_CPU(bool, toc_parked);
static atomic_t toc_stopped = ATOMIC_INIT(0);

/* CPUs stop at the same time, and none may wait for another. */
static void raise(u64 *number, u64 value)
{
	u64 old = READ_ONCE(*number);

	while (old < value) {
		u64 seen = cmpxchg64(number, old, value);

		if (seen == old)
			break;
		old = seen;
	}
}

static void stop_note(void)
{
	struct recorder_verdict *verdict = tocsin_recorder_verdict();

	/* A CPU that waits for the end is told to stop all the same. */
	if (this_cpu_xchg(toc_parked, true))
		return;
	raise(&verdict->stopped_ns, tocsin_clock_ns());
	raise(&verdict->cpus_stopped, atomic_inc_return(&toc_stopped));
}

/*
 * A parked CPU does nothing more for anybody; crash dumps reach it by NMI.
 * Once panic() is under way it takes interrupts again, because panic() waits up to
 * a second for CPUs that it cannot stop.  In the context of an interrupt, so that
 * no task and no softirq runs then: this may be a task, or the idle loop of a CPU
 * that polls for what is sent to it.
 */
static void park(void *unused)
{
	preempt_count_add(HARDIRQ_OFFSET);
	stop_note();
	while (!READ_ONCE(oops_in_progress))
		cpu_relax();
	local_irq_enable();
	while (atomic_read(&toc_begun))
		cpu_relax();
}

static void others_park(struct recorder_verdict *verdict)
{
	unsigned int cpu;

	for_each_online_cpu(cpu) {
		call_single_data_t *csd = per_cpu_ptr(&toc_park, cpu);

		if (cpu == raw_smp_processor_id())
			continue;
		csd->func = park;
		verdict->cpus_told++;
		smp_call_function_single_async(cpu, csd);
	}
}

static bool others_parked(void)
{
	unsigned int cpu;

	for_each_online_cpu(cpu)
		if (cpu != raw_smp_processor_id() && !READ_ONCE(per_cpu(toc_parked, cpu)))
			return false;
	/* What they wrote before they stopped is seen after this. */
	smp_rmb();
	return true;
}

/* A parked CPU takes interrupts again when the panic has begun, but runs no task and no
 * softirq. One that does not answer is left to the panic's NMI, soon.
 */
static void last_words(struct tocsin *t)
{
	u64 wait_ns = min_t(u64, LAST_WORDS_WAIT_NS, t->toc_margin_ns / 4);
	u64 until_ns = tocsin_clock_ns() + wait_ns;

	if (!tocsin_gasp_ready(t))
		return;
	while (!others_parked()) {
		if (tocsin_clock_ns() > until_ns)
			return;
		cpu_relax();
	}
	/* It may have been disarmed by one of those that stand now. */
	if (tocsin_gasp_ready(t))
		tocsin_gasp_send(t);
}

/* Reads without the lock: this must work when its holder is stuck, and a torn
 * number in a message does no harm.
 */
static void last_heard_find(struct tocsin *t, struct recorder_verdict *verdict)
{
	unsigned int id;

	for (id = 1; id <= CORE_NODE_ID_MAX; id++) {
		u64 heard_ns = READ_ONCE(t->core->peer[id].heard_ns);

		if (!t->core->peer[id].known || heard_ns <= verdict->last_heard_ns)
			continue;
		verdict->last_heard_ns = heard_ns;
		verdict->last_peer = id;
	}
}

/* Others may have noted a later moment before they stopped. */
static void ms_print(char *out, size_t size, u64 from_ns, u64 to_ns)
{
	u64 us = to_ns > from_ns ? (to_ns - from_ns) / NSEC_PER_USEC : 0;

	scnprintf(out, size, "%llu.%03llu ms", us / 1000, us % 1000);
}

static void text_write(struct tocsin *t, struct recorder_verdict *verdict)
{
	char late[32], heard[32], pet[32], peer[RECORDER_NAME_SIZE + 48];
	const struct core_view *view = &t->core->installed;

	ms_print(late, sizeof(late), 0, verdict->late_ns);
	ms_print(heard, sizeof(heard), verdict->last_heard_ns, verdict->at_ns);
	ms_print(pet, sizeof(pet), t->last_pet_ns, verdict->at_ns);
	if (verdict->last_peer)
		scnprintf(peer, sizeof(peer), "last heard: node %u %s %s ago",
			  verdict->last_peer, t->peer[verdict->last_peer].name, heard);
	else
		scnprintf(peer, sizeof(peer), "no node heard");
	scnprintf(verdict->text, sizeof(verdict->text),
		  "%s%s%s (%s late); %s; renewed %s ago; view %llu, %u members",
		  core_verdict_name(verdict->code), verdict->reason[0] ? ": " : "",
		  verdict->reason, late, peer, pet, view->epoch,
		  view->epoch ? view->count : 0);
}

/* The core is silent from its verdict on; its event is handed out by the next
 * round of the heartbeat's timer.
 */
static void report(struct tocsin *t, enum core_verdict code, u64 late_ns)
{
	static DEFINE_RATELIMIT_STATE(say, DEFAULT_RATELIMIT_INTERVAL, DEFAULT_RATELIMIT_BURST);

	tocsin_record(t, RECORDER_VERDICT, 0, 0, code, late_ns, 0, 0);
	trace_tocsin_toc(code, late_ns);
	if (__ratelimit(&say))
		tocsin_printk(KERN_WARNING
			      "tocsin: node %u %s is silent for good: %s; attach anew\n",
			      t->core->config.node_id, t->name, core_verdict_name(code));
}

void tocsin_toc(struct tocsin *t, enum core_verdict code, u64 now_ns, u64 late_ns)
{
	struct recorder_verdict *verdict = tocsin_recorder_verdict();
	int panicking = tocsin_gasp_panic_cpu();

	if (t->action == TOCSIN_ACTION_REPORT) {
		report(t, code, late_ns);
		return;
	}
	/* With kernel.panic=0 a panic ends in a loop that takes interrupts (on x86 none of
	 * the timer), and is not to have been a TOC because of what they find.
	 */
	if (panicking == (int)raw_smp_processor_id() && !atomic_read(&toc_begun))
		return;
	/* From here to the end on this CPU, also on one that the panic could not stop. */
	local_irq_disable();
	if (atomic_cmpxchg(&toc_begun, 0, 1) || panicking >= 0) {
		park(NULL);
		return;
	}
	verdict->code = code;
	verdict->cpu = raw_smp_processor_id();
	verdict->at_ns = now_ns;
	verdict->late_ns = late_ns;
	if (code == CORE_VERDICT_REQUESTED)
		strscpy(verdict->reason, t->reason, sizeof(verdict->reason));
	tocsin_record(t, RECORDER_VERDICT, 0, 0, code, late_ns, 0, 0);
	if (t->action == TOCSIN_ACTION_RESTART || COMPAT_PARK_BEFORE_PANIC)
		others_park(verdict);
	last_heard_find(t, verdict);
	text_write(t, verdict);
	tocsin_recorder_last(t);
	trace_tocsin_toc(code, late_ns);
	if (t->action == TOCSIN_ACTION_PANIC && COMPAT_PARK_BEFORE_PANIC)
		last_words(t);
	if (t->action == TOCSIN_ACTION_PANIC)
		panic("tocsin: TOC: %s", verdict->text);
	/* A parked CPU may hold the lock of a serial port: now it is only tried. */
	oops_in_progress++;
	tocsin_printk_now(KERN_EMERG "tocsin: TOC, restarting: %s\n", verdict->text);
	emergency_restart();
	park(NULL);
}
