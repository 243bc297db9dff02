/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A node's file (rule 9): written by a helper, replaced as a whole.  A crash
 * while it is written leaves the old or the new one; nothing else is kept.
 */
#ifndef TOCSIN_SIM_DISK_H
#define TOCSIN_SIM_DISK_H

#include <tocsin/member_disk.h>

struct sim_world;

struct sim_file {
	bool there;
	size_t length;
	u8 bytes[MEMBER_DISK_BYTES_MAX];
};

/**
 * struct sim_disk
 * @synced: survives everything but sim_disk_lose()
 * @writing: a write is under way, not answered yet
 */
struct sim_disk {
	struct sim_file synced;
	struct sim_file next;
	bool writing;
	u64 token;
};

void sim_disk_write(struct sim_world *world, u32 node, const u8 *bytes, size_t length, u64 token);
/* Power fails: what was under way is there or is not. */
void sim_disk_crash(struct sim_world *world, u32 node);
/* The machine went down and, rarely, its disk with it. */
void sim_disk_lose(struct sim_world *world, u32 node);
/* False: nothing there. */
bool sim_disk_read(struct sim_world *world, u32 node, struct member_disk *disk);

#endif
