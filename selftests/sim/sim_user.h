/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The user half of a node: what cmcld does around lib/member.  Inputs come one
 * at a time; the process can be stopped between any two actions, can be killed,
 * and can end after a clean leave.
 */
#ifndef TOCSIN_SIM_USER_H
#define TOCSIN_SIM_USER_H

#include <tocsin/member.h>

#include "sim_app.h"
#include "sim_disk.h"
#include "sim_params.h"

#define SIM_CLUSTER	0x746f6373696eULL
#define SIM_ANSWERS	8	/* kernel answers of one list of actions */

struct sim_world;

/**
 * struct sim_input - an event for lib/member, or a timer of the process itself
 * @data: what the event points to (message, ages); freed after the step
 */
struct sim_input {
	struct sim_input *next;
	struct member_event event;
	void *data;
};

/**
 * struct sim_user - of one node
 * @alive: the process exists
 * @stopped: it gets no CPU
 * @life: grows with each start; inputs for a former life are void
 * @at: next action of @actions to carry out
 * @answers: oldest first; they go before @inbox
 */
struct sim_user {
	bool alive;
	bool stopped;
	bool running;		/* inside sim_user_run(): do not nest */
	bool leaving;		/* an administrator asked for it */
	bool left;		/* lib/member was told */
	bool arbiter_up;
	u32 life;
	u64 incarnation;
	u64 timer_ns;		/* local; SIM_NEVER: none */
	u64 stop_until_ns;
	struct member *member;
	struct member_actions *actions;
	u32 at;
	struct sim_input *answers, *answers_tail;
	struct sim_input *inbox, *inbox_tail;
	struct sim_disk disk;
	struct sim_app app;
};

/* The machine is up: start cmcld, unless it runs or the kernel is armed. */
void sim_user_start(struct sim_world *world, u32 node);
/* The process is gone; @leave: by itself, after a clean leave. */
void sim_user_gone(struct sim_world *world, u32 node, bool leave);
void sim_user_free(struct sim_world *world, u32 node);

/* SIGKILL, SIGSTOP and SIGCONT. */
void sim_user_kill(struct sim_world *world, u32 node);
void sim_user_stop(struct sim_world *world, u32 node, u64 hold_ns);
void sim_user_continue(struct sim_world *world, u32 node);

/* What an administrator can ask for. */
void sim_user_leave(struct sim_world *world, u32 node);
void sim_user_form(struct sim_world *world, u32 node, u32 count);
void sim_user_move(struct sim_world *world, u32 package);

/* Inputs. */
void sim_user_event(struct sim_world *world, u32 node, const struct member_event *event,
		    void *data);
void sim_user_kernel_event(struct sim_world *world, u32 node, const struct core_event *event);
/* @message lies in the malloc'd @data, which is taken. */
void sim_user_message(struct sim_world *world, u32 node, const struct member_message *message,
		      void *data);
void sim_user_run(struct sim_world *world, u32 node);

/* Installed view, or NULL. */
const struct core_view *sim_user_view(const struct sim_world *world, u32 node);

#endif
