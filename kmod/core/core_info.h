/* SPDX-License-Identifier: GPL-2.0 */
/* The read side of the core: what is known of peers and paths. */
#ifndef TOCSIN_CORE_INFO_H
#define TOCSIN_CORE_INFO_H

#include "core.h"

/**
 * struct core_peer_info - what is known of a peer
 * @incarnation: proven fresh; 0 when none is
 * @heard: a path is up and was heard within D
 * @heard_ns: newest heartbeat on a path that is up; 0: never
 * @acked_ns: newest own send time that it returned and that counts; 0: none
 * @acknowledged: its incarnation is in the acknowledge set
 * @flags: CORE_HB_* of its newest heartbeat
 * @hears: bitmap of the nodes it hears, as in wire.h
 */
struct core_peer_info {
	u64 incarnation;
	u64 heard_ns;
	u64 acked_ns;
	u64 installed_epoch;
	struct core_frontier frontier;
	u32 interval_us;
	u16 id;
	u16 flags;
	bool heard;
	bool acknowledged;
	u8 paths;
	u8 hears[CORE_NODE_ID_MAX / 8];
};

struct core_path_info {
	enum core_path_state state;
	u64 heard_ns;
	u64 received;
	u64 lost;
	u64 sent;
	u64 rtt_last_ns;
	u64 rtt_min_ns;
	u64 rtt_smoothed_ns;
};

/* Return: 0 or -ENOENT. */
int core_peer_read(const struct core *core, u16 id, struct core_peer_info *info);
int core_path_read(const struct core *core, u16 id, u8 path, struct core_path_info *info);

#endif
