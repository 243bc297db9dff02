/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The real package manager (lib/pkg) in place of the thin one in sim_app.c, with a
 * cmsrvassistd of which only the duration of its scripts is simulated.  Chosen by
 * params.real_packages; the checkers are the same.
 */
#ifndef TOCSIN_SIM_PKG_H
#define TOCSIN_SIM_PKG_H

#include <tocsin/member.h>
#include <tocsin/pkg.h>

struct sim_world;

/* What lib/pkg sends to another node. */
struct sim_pkg_message {
	u16 length;
	u8 data[PKG_MESSAGE_MAX];
};

void sim_pkg_reset(struct sim_world *world, u32 node);
void sim_pkg_committed(struct sim_world *world, u32 node, const struct member_record *record);
void sim_pkg_loaded(struct sim_world *world, u32 node);
void sim_pkg_view(struct sim_world *world, u32 node, const struct core_view *view);
void sim_pkg_safe(struct sim_world *world, u32 node, const struct core_member *member);
void sim_pkg_message(struct sim_world *world, u32 from, u32 node,
		     const struct sim_pkg_message *message);
void sim_pkg_update_failed(struct sim_world *world, u32 node, u32 key);
void sim_pkg_tick(struct sim_world *world, u32 node);

#endif
