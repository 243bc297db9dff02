// SPDX-License-Identifier: GPL-2.0
#include "timers.h"

#include "compat.h"
#include "instance.h"
#include "notify.h"
#include "receive.h"
#include "recorder.h"
#include "send.h"
#include "trace.h"

static bool silent;

static void lateness_measure(struct tocsin *t)
{
	s64 late = ktime_to_ns(ktime_sub(ktime_get(), READ_ONCE(t->beat_due)));
	u64 late_ns = late > 0 ? late : 0;
	unsigned int i;

	WRITE_ONCE(t->stats.late_last_ns, late_ns);
	if (late_ns > t->stats.late_max_ns)
		WRITE_ONCE(t->stats.late_max_ns, late_ns);
	i = core_late_class(late_ns);
	WRITE_ONCE(t->stats.late[i], t->stats.late[i] + 1);
	if (late_ns > t->core->config.interval_ns)
		tocsin_record(t, RECORDER_SEND_LATE, 0, 0, late_ns, 0, 0, 0);
}

static void beat(struct tocsin_urgent *work)
{
	struct tocsin *t = container_of(work, struct tocsin, beat);
	unsigned long flags;
	u64 now_ns;

	lateness_measure(t);
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		tocsin_receive_poll(t);
	tocsin_send_all(t);
	now_ns = tocsin_lock(t, &flags);
	core_tick(t->core, now_ns);
	tocsin_recorder_state(t);
	trace_tocsin_lease(now_ns, core_safety_lease_ns(t->core), core_quorum_lease_ns(t->core));
	tocsin_unlock(t, flags);
	tocsin_notify_flush(t);
}

static enum hrtimer_restart heartbeat_fire(struct hrtimer *timer)
{
	struct tocsin *t = container_of(timer, struct tocsin, heartbeat);
	ktime_t due = hrtimer_get_expires(timer);

	if (READ_ONCE(silent))
		return HRTIMER_NORESTART;
	/* One that still waits keeps its time, so that the lateness is its own. */
	if (!test_bit(0, &t->beat.queued))
		WRITE_ONCE(t->beat_due, due);
	tocsin_urgent_queue(&t->beat);
	hrtimer_forward_now(timer, ns_to_ktime(t->core->config.interval_ns));
	return HRTIMER_RESTART;
}

void tocsin_timers_init(struct tocsin *t)
{
	compat_hrtimer_setup(&t->heartbeat, heartbeat_fire, HRTIMER_MODE_REL_HARD);
	tocsin_urgent_init(&t->beat, beat);
}

int tocsin_timers_start(struct tocsin *t)
{
	u64 interval_ns = t->core->config.interval_ns;
	int err;

	lockdep_assert_held(&t->mutex);
	err = tocsin_urgent_get(interval_ns);
	if (err)
		return err;
	hrtimer_start(&t->heartbeat, ns_to_ktime(interval_ns), HRTIMER_MODE_REL_HARD);
	return 0;
}

void tocsin_timers_stop(struct tocsin *t)
{
	lockdep_assert_held(&t->mutex);
	hrtimer_cancel(&t->heartbeat);
	tocsin_urgent_flush(&t->beat);
}

void tocsin_timers_end(void)
{
	tocsin_urgent_put();
}

void tocsin_timers_silence(void)
{
	WRITE_ONCE(silent, true);
}
