// SPDX-License-Identifier: GPL-2.0-or-later
/* Stories of the lease: acknowledgements, frontiers, ages, waits. */
#include "scenario.h"

static u64 part(struct sim_world *world, u32 percent)
{
	return world->params.timeout_ns * percent / 100;
}

/* -- stopped-acceptor: n2 accepts {1,2} and stops; its kernel still hears n3 -- */

static void stopped_begin(struct sim_world *world)
{
	story_cut(world, 0, 2, true);
}

static bool stopped_sees(struct sim_world *world, u32 from, u32 to, struct sim_envelope *envelope)
{
	if (from == 1 && envelope->message.type == MEMBER_MESSAGE_ACCEPTED &&
	    !story(world)->flag[0]) {
		story(world)->flag[0] = 1;
		story_stop(world, 1, 4);
	}
	return true;
}

/*
 * -- reopened: n1 no longer hears n3; n2 and n3 accept {1,2}, and hear nothing more of
 * n1.  One of them says PREPARE to the other and never hears of the promise. --
 */
static void reopened_begin(struct sim_world *world)
{
	story_deaf(world, 2, 0, true);
}

static bool reopened_sees(struct sim_world *world, u32 from, u32 to, struct sim_envelope *envelope)
{
	u32 type = envelope->message.type, *flag = story(world)->flag;

	if (from == 1 && !to && type == MEMBER_MESSAGE_ACCEPTED && !flag[0]) {
		flag[0] = 1;
		story_deaf(world, 0, 2, true);
	}
	if (flag[0] && from && type == MEMBER_MESSAGE_PROMISE)
		return false;
	return !(flag[0] && !from && to);
}

/*
 * -- unpromised: n2 hears nothing of PREPARE and accepts {1,2,4,5} all the same, then
 * stops; n5 promises and stops.  n1 and n4 do not hear n3, n2 and n5 do. --
 */
static void unpromised_begin(struct sim_world *world)
{
	story_cut(world, 0, 2, true);
	story_cut(world, 3, 2, true);
}

static bool unpromised_sees(struct sim_world *world, u32 from, u32 to,
			    struct sim_envelope *envelope)
{
	u32 type = envelope->message.type, *flag = story(world)->flag;

	if (from == 4 && type == MEMBER_MESSAGE_PROMISE && !flag[0]) {
		flag[0] = 1;
		story_stop(world, 4, 6);
	}
	if (from == 1 && type == MEMBER_MESSAGE_ACCEPTED && !flag[1]) {
		flag[1] = 1;
		story_stop(world, 1, 6);
	}
	return !(to == 1 && type == MEMBER_MESSAGE_PREPARE);
}

/*
 * -- two-in-a-row: n4 and n5 fall silent to n1 and n2, then n3 does; n3 and n5
 * learn nothing, n4 accepts {1,2,3} and hears nothing more of it.  {1,2} follows at
 * once.  n3 was answered by n4 and n5 until n4 accepted, long after n1 and n2 heard it
 * last. --
 */
static void row_silent(struct sim_world *world, u32 node)
{
	story_deaf(world, node, 0, true);
	story_deaf(world, node, 1, true);
}

static void row_begin(struct sim_world *world)
{
	row_silent(world, 3);
	row_silent(world, 4);
	story_stop(world, 4, 6);
	story_later(world, part(world, 20 + world->params.seed % 16), 0);
}

static bool row_sees(struct sim_world *world, u32 from, u32 to, struct sim_envelope *envelope)
{
	u32 *flag = story(world)->flag, i;

	if (from == 3 && envelope->message.type == MEMBER_MESSAGE_ACCEPTED && !flag[0]) {
		flag[0] = 1;
		for (i = 0; i < 2; i++) {
			story_deaf(world, i, 3, true);
			story_deaf(world, i, 4, true);
		}
	}
	return !(flag[0] && from < 2 && to >= 2 && to < SIM_ARBITER);
}

static void row_then(struct sim_world *world, u32 stage)
{
	story_stop(world, 2, 6);
	row_silent(world, 2);
	story_cut(world, 2, 0, true);
	story_cut(world, 2, 1, true);
}

/*
 * -- late-commit: n3 accepts {1,2,3}; its COMMIT arrives just before its lease ends,
 * when n1 and n2 have gone on to {1,2} --
 */
static void late_begin(struct sim_world *world)
{
	story_off(world, 3);
}

static bool late_sees(struct sim_world *world, u32 from, u32 to, struct sim_envelope *envelope)
{
	u32 type = envelope->message.type, *flag = story(world)->flag;
	u32 i;

	if (from == 2 && type == MEMBER_MESSAGE_ACCEPTED && !flag[0]) {
		flag[0] = 1;
		for (i = 0; i < 2; i++) {
			story_deaf(world, 2, i, true);
			story_deaf(world, i, 2, true);
		}
	}
	if (to == 2 && type == MEMBER_MESSAGE_COMMIT && !flag[1]) {
		flag[1] = 1;
		story_hold(world, from, to, envelope, part(world, 80 + world->params.seed % 15));
	}
	return !(flag[0] && (to == 2 || (from == 2 && type != MEMBER_MESSAGE_ACCEPTED)));
}

/*
 * -- excluded-votes: n1 no longer hears n2, n2 itself and the arbiter accept {1}
 * before n1's own disk has it --
 */
static void excluded_begin(struct sim_world *world)
{
	story_deaf(world, 1, 0, true);
	world->params.disk_slow_ns = 3 * world->params.timeout_ns;
	world->disk_slow[0] = true;
}

/*
 * -- wait-inherited: n5 is cut off while it owns packages; the coordinator dies as
 * soon as it has committed; the next one must wait as well --
 */
static void inherited_begin(struct sim_world *world)
{
	u32 other;

	for (other = 0; other < 4; other++)
		story_cut(world, 4, other, true);
}

static bool inherited_sees(struct sim_world *world, u32 from, u32 to,
			   struct sim_envelope *envelope)
{
	u32 *flag = story(world)->flag;

	if (!from && envelope->message.type == MEMBER_MESSAGE_COMMIT &&
	    ++flag[0] == 1 + world->params.seed % 4)
		story_off(world, 0);
	return true;
}

const struct scenario scenario_leases[] = {
	{ "stopped-acceptor", "an acceptor stops right after ACCEPTED; its kernel goes on",
	  3, false, 0, stopped_begin, stopped_sees, NULL },
	{ "reopened", "a later PREPARE reaches an acceptor that excluded a node",
	  3, false, 0, reopened_begin, reopened_sees, NULL },
	{ "unpromised", "an acceptor accepts what it never promised, and stops",
	  5, false, 0, unpromised_begin, unpromised_sees, NULL },
	{ "two-in-a-row", "two views in a row; who missed both lives on the acks of others",
	  5, false, 0, row_begin, row_sees, row_then },
	{ "late-commit", "COMMIT arrives when the lease is about to end",
	  4, false, 0, late_begin, late_sees, NULL },
	{ "excluded-votes", "the excluded node and the arbiter are the quorum",
	  2, true, 0, excluded_begin, NULL, NULL },
	{ "wait-inherited", "a new coordinator right after an exclusion",
	  5, false, 0, inherited_begin, inherited_sees, NULL },
	{ NULL, NULL, 0, false, 0, NULL, NULL, NULL },
};
