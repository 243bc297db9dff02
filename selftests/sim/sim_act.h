/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Carrying out the actions of lib/member, and the kernel's events for it. */
#ifndef TOCSIN_SIM_ACT_H
#define TOCSIN_SIM_ACT_H

#include <tocsin/member.h>

struct sim_world;

void sim_act(struct sim_world *world, u32 node, const struct member_action *action);

/* False: lib/member has no use for it. */
bool sim_act_translate(const struct core_event *from, struct member_event *to);

/* An answer of the kernel to an action: the next event. In sim_user.c. */
void sim_user_answer(struct sim_world *world, u32 node, const struct member_event *event,
		     void *data);

#endif
