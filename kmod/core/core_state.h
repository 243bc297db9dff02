/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The state behind core.h, of fixed size.  The glue, the simulator and the
 * tests embed struct core and read it through core.h; only the files of this
 * room touch its members.
 */
#ifndef TOCSIN_CORE_STATE_H
#define TOCSIN_CORE_STATE_H

#include "core_gasp.h"

/* All that the loss of all peers makes: each path, the peer, the lease. */
#define CORE_EVENTS_MAX		(CORE_NODE_ID_MAX * (CORE_PATHS_MAX + 2))
/* Incarnations of a peer whose acknowledgements are kept: as a member of the
 * installed view, of the accepted value, and as somebody who wants to join.
 */
#define CORE_ACK_SLOTS		3
/* Last words that are kept until they are read. */
#define CORE_GASPS_MAX		16

struct core_path {
	enum core_path_state state;
	u64 heard_ns;			/* newest heartbeat taken, own clock */
	u64 heard_on_time_ns;		/* the same on the clock of core_on_time_ns() */
	u64 sent_ns;			/* newest send time taken, peer's clock */
	u64 rx_sequence;
	u64 rx_first;			/* sequence of the first one taken */
	u64 rx_count;
	u64 tx_sequence;		/* never goes back within my incarnation */
	u64 rtt_last_ns;
	u64 rtt_min_ns;
	u64 rtt_smoothed_ns;
};

/* A life of the peer that is not yet proven to be now: see core_claim.c. */
struct core_candidate {
	u64 incarnation;
	u64 since_ns;
	struct {
		u64 sequence;		/* newest; 0: it has not come this way */
		u64 sent_ns;
		u64 heard_ns;
	} path[CORE_PATHS_MAX];
};

#define CORE_CLAIMS_WAITING	4

struct core_claims {
	struct core_candidate candidate;	/* the one that is answered */
	unsigned int count;
	struct {
		u64 incarnation;
		u64 heard_ns;
	} waiting[CORE_CLAIMS_WAITING];		/* in the order in which they came */
};

struct core_ack {
	u64 incarnation;
	u64 sent_ns;			/* A[i][j]: own send time that it has returned */
};

struct core_last_words {
	u16 id;
	u64 incarnation;
	struct core_gasp gasp;
};

struct core_peer {
	bool known;			/* configured */
	bool heard;			/* a path is up and was heard within D */
	u8 paths;
	u16 flags;			/* CORE_HB_* of the newest heartbeat */
	u32 interval_us;
	u64 incarnation;		/* proven fresh; 0: none yet */
	u64 born_sent_ns;		/* its send time when it was proven */
	struct core_claims claims;
	u64 installed_epoch;
	struct core_frontier frontier;
	u64 heard_ns;			/* newest heartbeat on a path that is up */
	u64 heard_on_time_ns;
	u64 sent_ns;			/* newest send time taken, any path */
	u64 sent_rx_ns;			/* and when it came */
	u64 gasped;			/* life that has said its last words; 0: none */
	u64 acknowledge;		/* incarnation in my acknowledge set; 0: none */
	u64 acked_rx_ns;		/* receipt of the newest that I acknowledged */
	struct core_ack ack[CORE_ACK_SLOTS];
	u8 hears[CORE_HEARD_SIZE];	/* whom it hears */
	struct core_path path[CORE_PATHS_MAX];
};

struct core {
	struct core_config config;
	u64 detection_ns;		/* D */
	u64 tick_ns;			/* newest core_tick() */
	u64 on_time_ns;			/* time until then for which this node was on time */

	bool armed;
	bool detached;
	bool leaving;			/* in order: not to be evicted */
	bool shutdown;			/* the last grace has been given */
	enum core_verdict verdict;
	u64 safety_ns;			/* end of the safety lease */
	u64 quorum_ns;			/* end of the quorum lease; U64_MAX: no bound */
	u8 warned[CORE_LEASES];		/* quarters of the lease already reported */

	struct core_view installed;	/* epoch 0: none */
	u64 installed_at_ns;
	struct core_view accepted;	/* epoch 0: none pending */
	u64 ballot_counter;
	u16 ballot_node;
	struct core_ballot promised;	/* for the epoch after the installed one */
	u64 gasp_generation;
	bool frozen;			/* the accepted value is without this node */
	u64 frozen_ns;			/* own "now" since then */
	bool waiting;			/* core_install() was told to come again */
	struct core_frontier frontier;

	u16 peer_count;
	u16 peer_id[CORE_NODE_ID_MAX];
	struct core_peer peer[CORE_NODE_ID_MAX + 1];
	u8 heard[CORE_HEARD_SIZE];
	u32 gasps;			/* ever taken */
	struct core_last_words gasp[CORE_GASPS_MAX];

	u32 event_head;
	u32 event_count;
	u64 events_lost;
	struct core_event event[CORE_EVENTS_MAX];
};

/* core_events.c */
void core_event_push(struct core *core, const struct core_event *event);
void core_event_peer(struct core *core, enum core_event_type type, u16 id,
		     u8 path, u64 value_ns);
void core_verdict_set(struct core *core, enum core_verdict verdict);

/* core_lease.c */
u64 core_lease_under(const struct core *core, const struct core_view *view, u64 now_ns);
void core_lease_update(struct core *core);
bool core_ack_counts(const struct core *core, const struct core_hb *hb, u64 now_ns);
void core_ack_record(struct core *core, struct core_peer *peer, u64 incarnation, u64 sent_ns);

/* core_gasp.c */
void core_gasp_changes(struct core *core);
void core_gasp_promised(struct core *core, u64 counter, u16 node);

/**
 * core_on_time_ns - a clock that runs only while this node itself is on time
 * Suspicions are measured on it, and nothing else: what was not listened for
 * cannot have been missed.  It stands still from half an interval after a tick
 * was due until that tick comes, and so gives what has come meanwhile the next
 * interval to be taken.  Leases and ages stay on the real clock.
 */
static inline u64 core_on_time_ns(const struct core *core, u64 now_ns)
{
	u64 since_ns = now_ns - core->tick_ns;
	u64 most_ns = core->config.interval_ns + core->config.interval_ns / 2;

	return core->on_time_ns + (since_ns < most_ns ? since_ns : most_ns);
}

/* core_hb.c */
/* A heartbeat of a life that is not the known one, while that is silent.  Return: it
 * has just proven that it lives now.
 */
bool core_claim_hear(struct core *core, struct core_peer *peer, const struct core_hb *hb,
		     u64 now_ns);
void core_claims_forget(struct core_peer *peer);

void core_path_set(struct core *core, u16 id, u8 path, enum core_path_state state);
enum core_drop core_address_check(const struct core *core, u16 peer_hint, u8 path,
				  const struct core_hb *hb);

static inline void core_heard_set(u8 *map, u16 id, bool heard)
{
	u8 bit = 1 << ((id - 1) % 8);

	if (heard)
		map[(id - 1) / 8] |= bit;
	else
		map[(id - 1) / 8] &= ~bit;
}

static inline bool core_heard_get(const u8 *map, u16 id)
{
	return map[(id - 1) / 8] >> ((id - 1) % 8) & 1;
}

#endif
