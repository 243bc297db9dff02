// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim_disk.h"

#include "sim_world.h"

#define HALF (SIM_PPM / 2)

static void write_done(struct sim_world *world, struct sim_event *event)
{
	struct sim_user *user = &world->node[event->node].user;
	struct member_event done = {
		.type = MEMBER_EVENT_DISK_DONE, .disk = { .token = event->arg[0] },
	};
	struct member_disk content;

	core_assert(user->disk.writing && user->disk.token == event->arg[0]);
	user->disk.synced = user->disk.next;
	user->disk.writing = false;
	sim_trace(world, event->node, "synced", "%u bytes", (u32)user->disk.synced.length);
	if (sim_disk_read(world, event->node, &content))
		check_synced(world, event->node, &content);
	sim_user_event(world, event->node, &done, NULL);
}

void sim_disk_write(struct sim_world *world, u32 node, const u8 *bytes, size_t length, u64 token)
{
	struct sim_node *n = &world->node[node];
	struct sim_disk *disk = &n->user.disk;
	const struct sim_params *params = &world->params;
	struct sim_event event = { .fn = write_done, .node = node, .boot = n->boot };

	core_assert(!disk->writing);
	core_assert(length <= sizeof(disk->next.bytes));
	disk->writing = true;
	disk->token = token;
	disk->next.there = true;
	disk->next.length = length;
	memcpy(disk->next.bytes, bytes, length);
	event.life = n->user.life;
	event.arg[0] = token;
	event.at_ns = world->now_ns +
		      sim_rng_range(&world->rng_disk, params->disk_min_ns, params->disk_max_ns);
	if (world->disk_slow[node])
		event.at_ns += sim_rng_below(&world->rng_disk, params->disk_slow_ns);
	sim_queue_put(&world->queue, &event);
}

void sim_disk_crash(struct sim_world *world, u32 node)
{
	struct sim_disk *disk = &world->node[node].user.disk;

	if (disk->writing && sim_rng_chance(&world->rng_disk, HALF))
		disk->synced = disk->next;
	disk->writing = false;
}

/*
 * One disk in a world at most, and only of a view of three or more: the rules do not
 * cover the loss of the only copy.
 */
void sim_disk_lose(struct sim_world *world, u32 node)
{
	const struct core_view *newest = check_newest(world);

	if (world->disk_lost || !newest || newest->count < 3 ||
	    !sim_rng_chance(&world->rng_disk, world->params.disk_empty_ppm))
		return;
	world->disk_lost = true;
	world->node[node].user.disk.synced.there = false;
	sim_trace(world, node, "disk-lost", " ");
}

bool sim_disk_read(struct sim_world *world, u32 node, struct member_disk *disk)
{
	const struct sim_file *file = &world->node[node].user.disk.synced;
	int err;

	if (!file->there)
		return false;
	err = member_disk_decode(disk, file->bytes, file->length, SIM_CLUSTER, node + 1);
	core_assert(!err);
	return true;
}
