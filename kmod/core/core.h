/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The heart of the module, pure: heartbeats, acknowledgements, frontiers, both
 * leases, eviction.  The kernel glue calls it under one lock with interrupts
 * off; the simulator calls the same object code with a simulated clock.
 *
 * Times are nanoseconds on the raw clock plus time suspended.
 */
#ifndef TOCSIN_CORE_CORE_H
#define TOCSIN_CORE_CORE_H

#include "view.h"

struct core;		/* defined in core_state.h; embed it, do not touch it */

/**
 * struct core_config - fixed from attach to disarm
 * @interval_ns: I, CORE_INTERVAL_NS_MIN..MAX
 * @member_timeout_ns: L, >= CORE_INTERVALS_PER_TIMEOUT_MIN * interval_ns
 * @safety_timeout_ns: life of the safety lease after each pet
 * @on_detach_ns: what is left of the safety lease when the arming process goes
 *	away without disarming; 0 means TOC at once
 */
struct core_config {
	u64 cluster_id;
	u64 incarnation;
	u64 interval_ns;
	u64 member_timeout_ns;
	u64 safety_timeout_ns;
	u64 on_detach_ns;
	u16 node_id;
};

/* Why the node must go down; names in core/names.c */
enum core_verdict {
	CORE_VERDICT_NONE,
	CORE_VERDICT_QUORUM_LEASE,	/* acknowledgements of a majority ran out */
	CORE_VERDICT_SAFETY_LEASE,	/* cmcld did not renew in time */
	CORE_VERDICT_DETACHED,		/* cmcld went away without disarming */
	CORE_VERDICT_EVICTED,		/* a newer installed view is without us */
	CORE_VERDICT_REQUESTED,		/* cmcld asked: evicted by COMMIT, fail-fast */
	CORE_VERDICT_STOPPED,		/* the machine stood still, its clocks with it */
	CORE_VERDICTS
};

enum core_event_type {
	/* first heartbeat of this incarnation, or again after silence */
	CORE_EVENT_PEER_HEARD,
	CORE_EVENT_PEER_SILENT,		/* nothing for D = L / 2; value_ns: age of the newest */
	CORE_EVENT_PATH_STATE,		/* path: which; value_ns: enum core_path_state */
	CORE_EVENT_FRONTIER,		/* peer's installed epoch or frontier changed */
	CORE_EVENT_LEASE_HALF,		/* path: enum core_lease; value_ns: time left */
	CORE_EVENT_LEASE_THREE_QUARTERS,
	CORE_EVENT_LEASE_HOLDS,		/* lease under the accepted value began to hold */
	CORE_EVENT_TOC,			/* value_ns: enum core_verdict */
	CORE_EVENT_PEER_GASP,		/* its last words: core_gasp.h */
};

enum core_lease {
	CORE_LEASE_QUORUM,
	CORE_LEASE_SAFETY,
	CORE_LEASES
};

enum core_path_state {			/* as in BFD, RFC 5880 section 6.2 */
	CORE_PATH_DOWN,
	CORE_PATH_INIT,
	CORE_PATH_UP,
};

struct core_event {
	enum core_event_type type;
	u16 peer;
	u8 path;
	u8 flags;			/* CORE_HB_* of the newest heartbeat */
	u64 incarnation;		/* of the peer */
	u64 installed_epoch;		/* of the peer */
	struct core_frontier frontier;	/* of the peer */
	u64 value_ns;
};

/**
 * struct core_ages - answer of core_accept(): H for each member of the
 *	installed view that the accepted value excludes (rule 3)
 */
struct core_ages {
	u16 count;
	struct {
		u16 id;
		u64 incarnation;
		u64 age_ns;
	} age[CORE_VIEW_MEMBERS_MAX];
};

/* Is it in range (the incarnation aside)? Return: 0 or -EINVAL. */
int core_config_check(const struct core_config *config);

/**
 * core_init - start an instance: disarmed, no view, no peers
 * Return: 0, or -EINVAL with a configuration out of range.
 */
int core_init(struct core *core, const struct core_config *config, u64 now_ns);

/* Size of struct core for those who allocate it. */
size_t core_size(void);

/* Peers and paths. -EEXIST, -ENOENT, -ENOSPC, -EINVAL. Removing a member of a
 * view is refused with -EBUSY.
 */
int core_peer_add(struct core *core, u16 id, u8 paths);
int core_peer_remove(struct core *core, u16 id);

/**
 * core_transmit - write the next heartbeat for a peer and path
 * @path: index of the path, the same at both ends; it travels in the heartbeat
 * @buf: at least CORE_HB_SIZE bytes (wire.h); the key id and the last
 *	CORE_MAC_SIZE bytes are left zero for the caller's authenticator
 * Return: CORE_HB_SIZE; 0 when nothing may be sent (a lease has run out);
 * -ENOENT for an unknown peer or path.
 */
int core_transmit(struct core *core, u16 peer, u8 path, u64 now_ns, u8 *buf);

/**
 * core_receive - take an authenticated heartbeat
 * The caller has verified length and authenticator.
 * @peer_hint: node id that the caller derived from the address, or 0
 * @path: the path on which it came; must be the one it was sent on
 * Return: 0, or a drop reason (enum core_drop, negative never).
 */
int core_receive(struct core *core, u16 peer_hint, u8 path, u64 now_ns, const u8 *buf);

/**
 * core_acknowledge - hear and acknowledge a joining incarnation
 * Widens the acknowledge set by a node that is no member of the installed view
 * and is not excluded by an accepted value (rules 2 and 3).
 * Return: 0; -EBUSY when an accepted value is without it; -EEXIST when another
 * incarnation of it is a member of the installed view; -ENOENT: no such peer;
 * -EINVAL: incarnation 0.
 */
int core_acknowledge(struct core *core, u16 id, u64 incarnation);

/**
 * core_accept - rule 3: narrow the acknowledge set, set the frontier, read ages
 * One critical section. A repeated call with the same view answers again.
 * Return: 0; -EINVAL: malformed; -ESTALE: its epoch is not installed + 1 (any
 * epoch is taken while nothing is installed), or the ballot is lower than one
 * accepted; -EAGAIN: armed with a view installed, and the lease under @view
 * would not hold now; -ETIME: a lease has run out already.
 */
int core_accept(struct core *core, const struct core_view *view, u64 ballot_counter,
		u16 ballot_node, u64 now_ns, struct core_ages *ages);

/**
 * core_install - make the accepted value the installed view
 * The value must have been given to core_accept() before.
 * Return: 0; -EAGAIN: the lease under it does not hold yet
 * (CORE_EVENT_LEASE_HOLDS follows); -ENOENT: not the accepted value;
 * -EINVAL: this incarnation is not in it; -EPERM: not armed; -ETIME: a lease
 * has run out already.
 */
int core_install(struct core *core, const struct core_view *view, u64 now_ns);

/* Safety lease: arm starts it, pet renews it; -ETIME when it is too late.
 * core_arm(): -EALREADY when armed; -EBUSY when this incarnation was a member
 * and has disarmed: it needs a new one. core_pet(): -EPERM when not armed.
 */
int core_arm(struct core *core, u64 now_ns);
int core_pet(struct core *core, u64 now_ns);
/* It leaves in order, runs nothing: not evicted any more (rule 11). -EPERM: not armed. */
int core_leave(struct core *core);
/* Disarm: 0; -EPERM when not armed; -EBUSY while an installed view holds this node and no
 * accepted value is without it, unless forced (rule 11); -ETIME once a verdict is out.
 */
int core_disarm(struct core *core, bool force, u64 now_ns);
/* The arming process is gone. */
void core_detached(struct core *core, u64 now_ns);
/* The machine shuts down: the safety lease is moved once, by a bounded grace. */
void core_shutdown(struct core *core, u64 now_ns, u64 grace_ns);
/* cmcld asks for a TOC of its own node. Nothing happens unless armed. */
void core_request_toc(struct core *core);

/**
 * core_check - are both leases good?
 * Cheap; called from the hard-interrupt timer of every CPU. Once a verdict is
 * out it stays.
 */
enum core_verdict core_check(struct core *core, u64 now_ns);

/* Periodic work (once an interval): silence, path states, lease warnings. */
void core_tick(struct core *core, u64 now_ns);

/* Earlier of the two leases' ends; CORE_NEVER when disarmed. */
u64 core_deadline_ns(const struct core *core);
u64 core_quorum_lease_ns(const struct core *core);
u64 core_safety_lease_ns(const struct core *core);

/* Take the oldest event; false: none. After an overflow, counted, read the state. */
bool core_event_pop(struct core *core, struct core_event *event);

#endif
