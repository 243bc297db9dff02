/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The instance: what a cluster manager has attached to; one in each network
 * namespace.  The one of the initial namespace exists as long as the module and
 * stands for the machine: it may take it down, writes the flight recorder, and
 * bars sleep and unload.  The others are made by the first attach; all that
 * they can do at the end of a lease is to fall silent and say so (action
 * report), so that one kernel carries many nodes for tests.
 *
 * Locks, outermost first:
 *  - mutex: life and configuration (attach, keys, peers, arm, disarm).  What a
 *    real-time thread does while armed (pet, accept, read ...) does not take
 *    it: somebody of low priority might hold it.
 *  - lock: the core and the tables below it.  Raw, interrupts off, held for
 *    pure arithmetic only, so that it may be taken anywhere but in the checks
 *    of the leases: those read the published deadlines and take no lock.
 */
#ifndef TOCSIN_INSTANCE_H
#define TOCSIN_INSTANCE_H

#include <linux/atomic.h>
#include <linux/hrtimer.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <uapi/linux/tocsin.h>

#include "core_info.h"
#include "core_late.h"
#include "core_state.h"
#include "link.h"
#include "urgent.h"

struct tocsin_key;

struct tocsin_peer {
	char name[TOCSIN_NAME_MAX + 1];
	struct tocsin_path path[CORE_PATHS_MAX];
};

struct tocsin_stats {
	atomic64_t received;
	atomic64_t sent;
	atomic64_t send_errors;
	atomic64_t pets;
	atomic64_t drop[CORE_DROP_COUNT];
	u64 late_last_ns;
	u64 late_max_ns;
	u64 late[CORE_LATE_CLASSES];
};

struct tocsin {
	struct net *net;		/* its end is the instance's; no reference is held */
	struct mutex mutex;		/* life and configuration */

	/* Changed under both locks, read under either. */
	bool attached;
	u32 owner;			/* netlink port; 0: gone */

	bool pinned;			/* protected by mutex: arming holds the module */
	bool prepared;			/* protected by mutex: what arming needs is there */
	u32 warnings;			/* protected by mutex */

	/* Fixed from attach to disarm. */
	enum tocsin_action action;
	u16 port;
	u64 toc_margin_ns;
	char name[TOCSIN_NAME_MAX + 1];

	/* Protected by lock. */
	raw_spinlock_t lock;
	struct core *core;
	u64 now_ns;			/* newest time the core has seen */
	u64 last_pet_ns;
	bool flushing;			/* events are being handed out */
	bool reported;			/* action report: silent for good */
	char reason[TOCSIN_REASON_MAX + 1];
	struct tocsin_peer *peer;	/* by node id */

	/* Published under lock, read without. */
	atomic64_t safety_ns;
	atomic64_t quorum_ns;

	struct tocsin_key __rcu *key[TOCSIN_KEY_SLOTS];
	struct tocsin_key __rcu *key_transmit;
	struct list_head sockets;	/* protected by mutex */
	struct hrtimer heartbeat;
	struct tocsin_urgent beat;	/* what it starts */
	ktime_t beat_due;
	unsigned int poll_first;	/* peer whose queues are looked into first */
	struct hrtimer precise;		/* stands at the earlier deadline */
	atomic64_t precise_ns;		/* deadline that it is, or is being, set for */
	bool watched;			/* the deadlines are being checked */
	struct tocsin_stats stats;
};

/* The instance of the initial network namespace. */
extern struct tocsin *tocsin_initial;

int tocsin_instance_init(void);
void tocsin_instance_uninit(void);

/**
 * tocsin_of - the instance of a network namespace
 * Return: NULL when nothing has attached there yet. It lives as long as the
 * namespace. Context: any.
 */
struct tocsin *tocsin_of(const struct net *net);

/* The same; made when there is none. -ENOMEM. Context: process. */
struct tocsin *tocsin_make(struct net *net);

/**
 * tocsin_lock - enter the core
 * Return: the time for calls of the core, never less than at the last entry.
 */
u64 tocsin_lock(struct tocsin *t, unsigned long *flags) __acquires(&t->lock);
/* The same for those who need no time; who waits keeps watch, too. */
void tocsin_lock_wait(struct tocsin *t, unsigned long *flags) __acquires(&t->lock);

/* Leave the core: publish deadlines first, then act on a verdict. May not
 * return (TOC), unless the action is report.
 */
void tocsin_unlock(struct tocsin *t, unsigned long flags) __releases(&t->lock);

/**
 * tocsin_pet - renew the safety lease for the owner, and leave the core
 * @now_ns, @flags: of tocsin_lock(), by whoever has seen that it is the owner
 * Return: as core_pet(). Context: process, t->lock held; never sleeps.
 */
int tocsin_pet(struct tocsin *t, u64 now_ns, unsigned long flags) __releases(&t->lock);

/**
 * tocsin_toc_request - take the machine down for the owner, and leave the core
 * @reason: for panic message and recorder, "" for none; cut to TOCSIN_REASON_MAX
 * Does not return unless the action is report. -EPERM: not armed.
 * Context: process, t->lock held; never sleeps.
 */
int tocsin_toc_request(struct tocsin *t, const char *reason, unsigned long flags)
	__releases(&t->lock);

/* Change the owner. Context: process, t->mutex held. */
void tocsin_owner_set(struct tocsin *t, u32 owner);

/* The following hold t->mutex. */
int tocsin_attach(struct tocsin *t, const struct core_config *config, u32 owner);
void tocsin_dissolve(struct tocsin *t);
int tocsin_arm(struct tocsin *t);
int tocsin_disarm(struct tocsin *t, bool force);

/* The owner's socket is gone. Takes t->mutex. */
void tocsin_owner_gone(struct tocsin *t, u32 owner);

static inline bool tocsin_armed(const struct tocsin *t)
{
	return READ_ONCE(t->core->armed);
}

/* Over, by action report: it can only be given up. */
static inline bool tocsin_ended(const struct tocsin *t)
{
	return READ_ONCE(t->reported);
}

#endif
