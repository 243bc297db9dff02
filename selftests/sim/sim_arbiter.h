/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The quorum server: lib/member's acceptor, one request at a time, and a file
 * that is replaced before the answer goes out.
 */
#ifndef TOCSIN_SIM_ARBITER_H
#define TOCSIN_SIM_ARBITER_H

#include <tocsin/arbiter.h>

struct sim_world;
struct sim_envelope;

#define SIM_REQUESTS_MAX 64

/**
 * struct sim_arbiter
 * @running: the process exists
 * @boot: grows with each start
 * @state: in memory
 * @bytes: what survives
 * @busy: waits for a sync before it answers @answer to @asker
 * @request: those that came meanwhile, oldest first
 */
struct sim_arbiter {
	bool running;
	u32 boot;
	struct arbiter_state state;
	size_t length;
	u8 bytes[ARBITER_BYTES_MAX];
	size_t next_length;
	u8 next[ARBITER_BYTES_MAX];
	bool busy;
	u32 asker;
	struct member_message answer;
	u32 request_count;
	u32 from[SIM_REQUESTS_MAX];
	struct sim_envelope *request[SIM_REQUESTS_MAX];
};

void sim_arbiter_init(struct sim_world *world);
void sim_arbiter_free(struct sim_world *world);
void sim_arbiter_start(struct sim_world *world);
void sim_arbiter_crash(struct sim_world *world);
/* Takes @envelope. */
void sim_arbiter_message(struct sim_world *world, u32 from, struct sim_envelope *envelope);
/* A node looks whether its session to the server stands. */
void sim_arbiter_poll(struct sim_world *world, u32 node);

#endif
