/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the rules (Documentation/MEMBERSHIP) allow the core, worked out a second
 * time from what was asked of it and what it answered: an upper bound of both
 * leases, and who may be acknowledged.  The model never looks into the core; it
 * is told of each call, and model_check() compares.
 *
 * A bound, not a copy: the core may know less (it forgets lives that are
 * nobody's), so its leases may end sooner, never later.
 */
#ifndef FUZZ_CORE_MODEL_H
#define FUZZ_CORE_MODEL_H

#include "core_info.h"
#include "core_gasp.h"

#define MODEL_LIVES	8		/* of one node; the last one stands for all others */

/* One incarnation of a peer. */
struct model_life {
	u64 incarnation;
	u64 first_ns;			/* when it was first heard of */
	u64 returned_ns;		/* newest own send time that may count (rule 1) */
	u64 sent_ns;			/* newest word of it, its clock */
	u64 sent_rx_ns;			/* when the first such word came */
	bool proven;			/* has returned something younger than its first word */
};

struct model_peer {
	bool known;
	u64 acknowledge;		/* incarnation that may be acknowledged; 0: none */
	u64 acked_rx_ns;		/* receipt of what was acknowledged last */
	u64 sequence[CORE_PATHS_MAX];	/* of the last heartbeat to it */
	u64 gasped;			/* life that has said its last words */
	struct model_life life[MODEL_LIVES];
};

struct model {
	struct core_config config;
	bool armed;
	bool shutdown;
	bool requested;
	bool detached;
	bool evictable;			/* a heartbeat has proven that it is excluded */
	bool frozen;
	u64 frozen_ns;
	u64 safety_ns;
	u64 deadline_seen_ns;		/* when the verdict came */
	enum core_verdict verdict;
	struct core_view installed;
	u64 installed_at_ns;
	struct core_view accepted;
	struct core_frontier frontier;
	u16 known_max;			/* no larger id has ever been known */
	struct model_peer peer[CORE_NODE_ID_MAX + 1];
};

void model_init(struct model *m, const struct core_config *config);

/* Told after the call of the same name, with what it returned. */
void model_arm(struct model *m, u64 now_ns, int err);
void model_disarm(struct model *m, int err);
void model_detached(struct model *m, u64 now_ns);
void model_shutdown(struct model *m, u64 now_ns, u64 grace_ns);
void model_pet(struct model *m, u64 now_ns, int err);
void model_request_toc(struct model *m);
void model_peer_add(struct model *m, u16 id, int err);
void model_peer_remove(struct model *m, u16 id, int err);
void model_acknowledge(struct model *m, u16 id, u64 incarnation, int err);
void model_accept(struct model *m, const struct core_view *view, u64 now_ns, int err,
		  const struct core_ages *ages);
void model_install(struct model *m, const struct core_view *view, u64 now_ns, int err);
void model_transmit(struct model *m, u16 id, u8 path, u64 now_ns, const u8 *buf, int size);

/* Told before core_receive(): the eviction that it may bring must be known. */
void model_receive(struct model *m, u64 now_ns, const u8 *buf);

void model_gasp(struct model *m, const u8 *buf, int drop);

/* Compare; end in core_assert_failed() where the core does what it must not. */
void model_check_leases(struct model *m, enum core_verdict verdict, u64 safety_ns, u64 quorum_ns,
			u64 now_ns);
void model_check(struct model *m, const struct core *core, enum core_verdict verdict, u64 now_ns);

#endif
