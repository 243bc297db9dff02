// SPDX-License-Identifier: GPL-2.0
/*
 * Life of the instance:
 *
 *   none --attach--> attached --arm--> armed --disarm--> attached
 *    ^                  |                |
 *    +--owner gone------+                +--owner gone--> armed, nobody's:
 *                                           the lease ends soon, unless the
 *                                           same incarnation is resumed
 */
#include "instance.h"

#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "clock.h"
#include "gasp.h"
#include "guard.h"
#include "key.h"
#include "log.h"
#include "notify.h"
#include "recorder.h"
#include "safety.h"
#include "timers.h"
#include "toc.h"

struct tocsin *tocsin_initial;

/* What the module keeps for each network namespace. */
struct in_namespace {
	struct tocsin *instance;
};

static unsigned int namespace_id;
static DEFINE_MUTEX(making);

/*
 * Whoever waits for the lock keeps watch meanwhile, with interrupts as they
 * were: its holder may be stuck for ever, and those who come one after the
 * other to wait for it must not blind all CPUs.
 */
void tocsin_lock_wait(struct tocsin *t, unsigned long *flags) __acquires(&t->lock)
{
	while (!raw_spin_trylock_irqsave(&t->lock, *flags)) {
		tocsin_safety_check_machine();
		cpu_relax();
	}
}

u64 tocsin_lock(struct tocsin *t, unsigned long *flags) __acquires(&t->lock)
{
	u64 now_ns;

	tocsin_lock_wait(t, flags);
	now_ns = tocsin_clock_ns();
	/* The core relies on time that never goes back, also between CPUs. */
	if (now_ns < t->now_ns)
		now_ns = t->now_ns;
	t->now_ns = now_ns;
	return now_ns;
}

/* The deadlines, for those who look without the lock. An instance that is over
 * has none.
 */
static void deadlines_publish(struct tocsin *t)
{
	bool over = t->reported;

	atomic64_set(&t->safety_ns, over ? CORE_NEVER : core_safety_lease_ns(t->core));
	atomic64_set(&t->quorum_ns, over ? CORE_NEVER : core_quorum_lease_ns(t->core));
}

void tocsin_unlock(struct tocsin *t, unsigned long flags) __releases(&t->lock)
{
	enum core_verdict verdict = t->core->verdict;
	u64 deadline_ns = core_deadline_ns(t->core);
	u64 now_ns = t->now_ns;
	bool news = verdict != CORE_VERDICT_NONE && !t->reported;

	if (unlikely(news) && t->action == TOCSIN_ACTION_REPORT)
		WRITE_ONCE(t->reported, true);
	deadlines_publish(t);
	/* A verdict that no deadline brings is known here alone: no task may come between. */
	preempt_disable();
	raw_spin_unlock(&t->lock);
	if (unlikely(news))
		tocsin_toc(t, verdict, now_ns, now_ns > deadline_ns ? now_ns - deadline_ns : 0);
	local_irq_restore(flags);
	preempt_enable();
	tocsin_safety_deadline(t);
}

void tocsin_owner_set(struct tocsin *t, u32 owner)
{
	unsigned long flags;

	lockdep_assert_held(&t->mutex);
	tocsin_lock(t, &flags);
	t->owner = owner;
	tocsin_unlock(t, flags);
}

/* Take the paths of all peers out of reach; they are closed afterwards. */
static void peers_unlink(struct tocsin *t)
{
	unsigned long flags;
	unsigned int id;

	tocsin_lock(t, &flags);
	t->attached = false;
	t->owner = 0;
	memset(t->core, 0, core_size());
	t->core->safety_ns = CORE_NEVER;
	t->core->quorum_ns = CORE_NEVER;
	for (id = 1; id <= CORE_NODE_ID_MAX; id++)
		tocsin_recorder_peer(t, id);
	tocsin_recorder_state(t);
	tocsin_unlock(t, flags);
}

/* All that arming has to wait for, so that nobody waits who has a lease.
 * Nor who disarms: others wait for that. So it stays until this node detaches.
 */
static int prepare(struct tocsin *t)
{
	int err;

	t->warnings = tocsin_guard_warnings(t);
	err = tocsin_safety_start(t);
	if (err)
		return err;
	if (t->prepared)
		tocsin_gasp_stop(t);
	t->prepared = true;
	t->warnings |= tocsin_gasp_prepare(t);
	return 0;
}

static void unprepare(struct tocsin *t)
{
	if (!t->prepared)
		return;
	t->prepared = false;
	tocsin_gasp_stop(t);
	tocsin_safety_stop(t);
}

/* Undo what arming took. Waits for nothing. */
static void unpin(struct tocsin *t)
{
	if (!t->pinned)
		return;
	t->pinned = false;
	tocsin_gasp_end(t);
	tocsin_safety_unwatch(t);
	module_put(THIS_MODULE);
}

void tocsin_dissolve(struct tocsin *t)
{
	unsigned int id;

	lockdep_assert_held(&t->mutex);
	if (!t->attached)
		return;
	WARN_ON_ONCE(tocsin_armed(t) && t->action != TOCSIN_ACTION_REPORT);
	tocsin_timers_stop(t);
	unpin(t);
	unprepare(t);
	peers_unlink(t);
	for (id = 1; id <= CORE_NODE_ID_MAX; id++) {
		/* Receivers find no peer; the timer that sent is stopped. */
		tocsin_link_close(t, t->peer[id].path, CORE_PATHS_MAX);
		memset(&t->peer[id], 0, sizeof(t->peer[id]));
	}
	tocsin_key_clear(t);
	/* Not before RCU was waited for: beside a hog its soft interrupts wait, too. */
	tocsin_timers_end();
}

int tocsin_attach(struct tocsin *t, const struct core_config *config, u32 owner)
{
	unsigned long flags;
	u64 now_ns;
	int err;

	lockdep_assert_held(&t->mutex);
	tocsin_dissolve(t);
	tocsin_clock_follow();
	now_ns = tocsin_lock(t, &flags);
	err = core_init(t->core, config, now_ns);
	if (!err) {
		WRITE_ONCE(t->reported, false);
		t->attached = true;
		t->owner = owner;
		t->last_pet_ns = now_ns;
		tocsin_recorder_state(t);
	}
	tocsin_unlock(t, flags);
	if (err)
		return err;
	err = tocsin_timers_start(t);
	if (err)
		peers_unlink(t);
	return err;
}

int tocsin_arm(struct tocsin *t)
{
	unsigned long flags;
	u64 now_ns;
	int err;

	lockdep_assert_held(&t->mutex);
	if (tocsin_armed(t))
		return -EALREADY;
	if (t == tocsin_initial && tocsin_guard_sleeping())
		return -EAGAIN;
	err = prepare(t);
	if (err)
		return err;
	/* What was slept before must not be counted within the first lease. */
	tocsin_clock_follow();
	/* Not when it is being unloaded already: the family goes only then. */
	if (!try_module_get(THIS_MODULE))
		return -ENODEV;
	t->pinned = true;
	tocsin_safety_watch(t);
	now_ns = tocsin_lock(t, &flags);
	err = core_arm(t->core, now_ns);
	t->last_pet_ns = now_ns;
	tocsin_recorder_state(t);
	tocsin_unlock(t, flags);
	if (err)
		unpin(t);
	else
		t->warnings |= tocsin_gasp_start(t);
	return err;
}

int tocsin_pet(struct tocsin *t, u64 now_ns, unsigned long flags) __releases(&t->lock)
{
	u64 before_ns = core_safety_lease_ns(t->core);
	int err = core_pet(t->core, now_ns);
	u64 end_ns = core_safety_lease_ns(t->core);

	if (!err) {
		t->last_pet_ns = now_ns;
		/* It may be read when heartbeats do not come to write it. */
		tocsin_recorder_last(t);
	}
	tocsin_unlock(t, flags);
	atomic64_inc(&t->stats.pets);
	tocsin_record(t, RECORDER_PET, 0, 0, end_ns, before_ns - now_ns, task_tgid_nr(current),
		      tocsin_record_result(err));
	return err;
}

int tocsin_toc_request(struct tocsin *t, const char *reason, unsigned long flags)
	__releases(&t->lock)
{
	if (!tocsin_armed(t)) {
		tocsin_unlock(t, flags);
		return -EPERM;
	}
	tocsin_record(t, RECORDER_TOC_REQUEST, 0, 0, 0, 0, task_tgid_nr(current), 0);
	strscpy(t->reason, reason, sizeof(t->reason));
	core_request_toc(t->core);
	tocsin_recorder_state(t);
	tocsin_unlock(t, flags);
	return 0;
}

int tocsin_disarm(struct tocsin *t, bool force)
{
	unsigned long flags;
	u64 now_ns;
	int err;

	lockdep_assert_held(&t->mutex);
	if (tocsin_ended(t) && force) {
		tocsin_dissolve(t);
		return 0;
	}
	now_ns = tocsin_lock(t, &flags);
	err = core_disarm(t->core, force, now_ns);
	tocsin_recorder_state(t);
	tocsin_unlock(t, flags);
	if (err)
		return err;
	unpin(t);
	if (!t->owner)
		tocsin_dissolve(t);
	return 0;
}

void tocsin_owner_gone(struct tocsin *t, u32 owner)
{
	unsigned long flags;
	u64 now_ns, end_ns;

	mutex_lock(&t->mutex);
	if (!t->attached || t->owner != owner)
		goto out;
	if (!tocsin_armed(t) || tocsin_ended(t)) {
		tocsin_dissolve(t);
		goto out;
	}
	now_ns = tocsin_lock(t, &flags);
	t->owner = 0;
	core_detached(t->core, now_ns);
	end_ns = core_safety_lease_ns(t->core);
	tocsin_recorder_state(t);
	/* Before others can see the end of the lease: it is why they stop this CPU. */
	tocsin_record(t, RECORDER_DETACH, 0, 0, end_ns, 0, task_tgid_nr(current), 0);
	tocsin_unlock(t, flags);
	tocsin_printk(KERN_WARNING
		      "tocsin: the cluster manager went away while armed: %lld ms left%s\n",
		      div_s64(end_ns - now_ns, NSEC_PER_MSEC),
		      end_ns > now_ns ? "; restart cmcld; its journal says why it ended" : "");
	tocsin_safety_check(t);
out:
	mutex_unlock(&t->mutex);
}

static struct tocsin *instance_create(struct net *net)
{
	struct tocsin *t = kzalloc(sizeof(*t), GFP_KERNEL);

	if (!t)
		return NULL;
	t->core = kvzalloc(core_size(), GFP_KERNEL);
	if (!t->core)
		goto err_free;
	t->peer = kvcalloc(CORE_NODE_ID_MAX + 1, sizeof(*t->peer), GFP_KERNEL);
	if (!t->peer)
		goto err_core;
	t->net = net;
	mutex_init(&t->mutex);
	raw_spin_lock_init(&t->lock);
	INIT_LIST_HEAD(&t->sockets);
	t->core->safety_ns = CORE_NEVER;
	t->core->quorum_ns = CORE_NEVER;
	atomic64_set(&t->safety_ns, CORE_NEVER);
	atomic64_set(&t->quorum_ns, CORE_NEVER);
	tocsin_timers_init(t);
	tocsin_safety_prepare(t);
	return t;

err_core:
	kvfree(t->core);
err_free:
	kfree(t);
	return NULL;
}

struct tocsin *tocsin_of(const struct net *net)
{
	struct in_namespace *here = net_generic(net, namespace_id);

	/* Pairs with the release in tocsin_make(). */
	return smp_load_acquire(&here->instance);
}

struct tocsin *tocsin_make(struct net *net)
{
	struct in_namespace *here = net_generic(net, namespace_id);
	struct tocsin *t;

	mutex_lock(&making);
	t = here->instance;
	if (!t) {
		t = instance_create(net);
		/* Pairs with the acquire in tocsin_of(). */
		smp_store_release(&here->instance, t);
	}
	mutex_unlock(&making);
	return t ?: ERR_PTR(-ENOMEM);
}

/*
 * The namespace ends: nobody in it is left, so no request comes. Early, because
 * what is sent needs the namespace whole.
 */
static void namespace_leave(struct net *net)
{
	struct tocsin *t = tocsin_of(net);

	if (!t)
		return;
	mutex_lock(&t->mutex);
	tocsin_dissolve(t);
	mutex_unlock(&t->mutex);
}

static void namespace_exit(struct net *net)
{
	struct in_namespace *here = net_generic(net, namespace_id);
	struct tocsin *t = here->instance;

	if (!t)
		return;
	here->instance = NULL;
	/* Somebody may have been about to start it when it was stopped. */
	hrtimer_cancel(&t->precise);
	kvfree(t->peer);
	kvfree(t->core);
	kfree(t);
}

static struct pernet_operations namespaces = {
	.pre_exit = namespace_leave,
	.exit = namespace_exit,
	.id = &namespace_id,
	.size = sizeof(struct in_namespace),
};

int tocsin_instance_init(void)
{
	struct tocsin *t;
	int err;

	err = register_pernet_subsys(&namespaces);
	if (err)
		return err;
	t = tocsin_make(&init_net);
	if (IS_ERR(t)) {
		unregister_pernet_subsys(&namespaces);
		return PTR_ERR(t);
	}
	tocsin_initial = t;
	return 0;
}

void tocsin_instance_uninit(void)
{
	unregister_pernet_subsys(&namespaces);
	tocsin_initial = NULL;
}
