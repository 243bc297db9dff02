/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The networks.  Heartbeats are datagrams on a path: lost, delayed, doubled,
 * overtaken.  Sessions are ordered and reliable while they last; they need both
 * directions of one path, wait while there is none, and may break, which loses
 * what is under way.
 */
#ifndef TOCSIN_SIM_NET_H
#define TOCSIN_SIM_NET_H

#include "sim_clock.h"

#define SIM_PATHS_MAX	2
#define SIM_ENDS_MAX	8	/* seven nodes and the quorum server */

struct sim_world;
struct sim_params;

/**
 * struct sim_quality - of all links of a world, drawn once
 * @loss_ppm, @double_ppm: of a datagram
 * @delay_min_ns, @delay_max_ns: of a datagram
 * @late_ppm: of a datagram that is late by up to @late_max_ns more
 * @session_max_ns: delay of a session message
 * @stall_ppm: of a session message that takes up to @stall_max_ns more
 * @session_loss_ppm, @session_double_ppm, @session_reorder: beyond what sessions
 *	do; lib/member asks nothing of its transport
 */
struct sim_quality {
	u32 loss_ppm;
	u32 double_ppm;
	u64 delay_min_ns;
	u64 delay_max_ns;
	u32 late_ppm;
	u64 late_max_ns;
	u64 session_max_ns;
	u32 stall_ppm;
	u64 stall_max_ns;
	u32 session_loss_ppm;
	u32 session_double_ppm;
	bool session_reorder;
};

struct sim_letter {
	struct sim_letter *next;
	u64 ready_ns;
	void *data;
};

/**
 * struct sim_session - one direction of a session
 * @head: letters in the order of their arrival
 * @pump_ns: when the head of the queue is looked at next
 */
struct sim_session {
	struct sim_letter *head;
	u64 last_ready_ns;
	u64 pump_ns;
};

struct sim_net {
	struct sim_quality quality;
	u32 paths;
	bool cut[SIM_ENDS_MAX][SIM_ENDS_MAX][SIM_PATHS_MAX];
	u32 loss_ppm[SIM_ENDS_MAX][SIM_ENDS_MAX][SIM_PATHS_MAX];
	struct sim_session session[SIM_ENDS_MAX][SIM_ENDS_MAX];
	u64 datagrams, letters, breaks;
};

void sim_net_init(struct sim_net *net, const struct sim_params *params);
void sim_net_free(struct sim_net *net);

/* Send a heartbeat; @data is copied. */
void sim_net_datagram(struct sim_world *world, u32 from, u32 to, u32 path,
		      const void *data, size_t size);

/* Put a malloc'd message into a session; it belongs to the network now. */
void sim_net_post(struct sim_world *world, u32 from, u32 to, void *data, size_t size);

/* Lose what is under way in both directions. */
void sim_net_break(struct sim_world *world, u32 a, u32 b);

/* All sessions of an end: its machine or process is gone. */
void sim_net_dies(struct sim_world *world, u32 end);

/* Both directions of one path are whole. */
bool sim_net_reachable(const struct sim_net *net, u32 a, u32 b);

/* All paths, one direction. */
void sim_net_cut(struct sim_net *net, u32 from, u32 to, bool cut);
void sim_net_isolate(struct sim_net *net, u32 end, bool cut);
void sim_net_heal(struct sim_net *net);
/* From now on as good as networks are. */
void sim_net_calm(struct sim_net *net, u64 interval_ns);

#endif
