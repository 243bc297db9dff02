// SPDX-License-Identifier: GPL-2.0-or-later
/* Stories of disks, restarts and replicated state. */
#include "scenario.h"

/*
 * -- only-copy: n1 and n2 agree on {1,2}; n2 goes down before it installs it, and
 * comes back with n3, without n1 --
 */
enum { COPY_N3_OFF, COPY_ON };

static void copy_begin(struct sim_world *world)
{
	story_cut(world, 0, 2, true);
	story_cut(world, 1, 2, true);
}

static bool copy_sees(struct sim_world *world, u32 from, u32 to, struct sim_envelope *envelope)
{
	u32 *flag = story(world)->flag;

	if (!from && envelope->message.type == MEMBER_MESSAGE_COMMIT && !flag[0]) {
		flag[0] = 1;
		story_off(world, 1);
		story_cut(world, 0, 1, true);
		story_cut(world, 1, 2, false);
		story_off(world, 2);
		story_later(world, world->params.interval_ns, COPY_ON);
	}
	return true;
}

static void copy_then(struct sim_world *world, u32 stage)
{
	sim_node_power_on(world, 1);
	sim_node_power_on(world, 2);
}

/*
 * -- state-behind: n3 gets no updates while n1 dies; n2 proposes a view that starts
 * from what it holds; n3 must not accept before it holds that, too --
 */
static void behind_begin(struct sim_world *world)
{
	sim_user_move(world, 0);
	sim_user_move(world, 1);
	story_later(world, world->params.timeout_ns / 2, 0);
}

static bool behind_sees(struct sim_world *world, u32 from, u32 to, struct sim_envelope *envelope)
{
	u32 type = envelope->message.type;

	if (to == 2 && (type == MEMBER_MESSAGE_UPDATE || type == MEMBER_MESSAGE_RECORDS))
		return false;
	return true;
}

static void behind_then(struct sim_world *world, u32 stage)
{
	story_off(world, 0);
}

const struct scenario scenario_disks[] = {
	{ "only-copy", "one disk holds the only copy of a view that was acted on",
	  3, false, 0, copy_begin, copy_sees, copy_then },
	{ "state-behind", "an acceptor lacks updates that the next view starts from",
	  3, false, 0, behind_begin, behind_sees, behind_then },
	{ NULL, NULL, 0, false, 0, NULL, NULL, NULL },
};
