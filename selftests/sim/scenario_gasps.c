// SPDX-License-Identifier: GPL-2.0-or-later
/* Stories of last words (Documentation/MEMBERSHIP, rule 7). */
#include "scenario.h"

enum { STAGE_PANIC = 10, STAGE_PANIC_TOO, STAGE_CUT, STAGE_ON };

static void panic(struct sim_world *world, u32 node)
{
	world->params.gasp_ppm = SIM_PPM;
	sim_node_panic(world, node);
}

/* -- gasp-half: half of a view without an arbiter panics, the others go on -- */

static void half_begin(struct sim_world *world)
{
	world->check.healthy = 0x0c;	/* n3, n4 */
	panic(world, 0);
	story_later(world, world->params.interval_ns / 10, STAGE_PANIC_TOO);
}

static void half_then(struct sim_world *world, u32 stage)
{
	panic(world, 1);
}

/* -- gasp-vote: n3's last words and n1 are no quorum without n2 -- */

static void vote_begin(struct sim_world *world)
{
	panic(world, 2);
}

static bool vote_sees(struct sim_world *world, u32 from, u32 to, struct sim_envelope *envelope)
{
	return envelope->message.type != MEMBER_MESSAGE_ACCEPTED;
}

/*
 * -- gasp-value, gasp-early: n1, n2 and n3 choose {1,2,3}, n1 alone knows and is cut
 * off; n2 panics; n3 makes no promise and accepts what n4 and n5 make of n2's last
 * words.  In the second story n2 accepts when it has panicked already. --
 */
enum { VALUE_CUT, VALUE_PANIC };

static void value_begin(struct sim_world *world)
{
	u32 i, j;

	for (i = 0; i < 3; i++)
		for (j = 3; j < 5; j++)
			story_cut(world, i, j, true);
}

/* The others get to know n2's last words, and n3. */
static void value_panic(struct sim_world *world)
{
	u32 i, j;

	for (i = 1; i < 3; i++)
		for (j = 3; j < 5; j++)
			story_cut(world, i, j, false);
	story(world)->flag[VALUE_PANIC] = 1;
	panic(world, 1);
}

static bool value_sees(struct sim_world *world, u32 from, u32 to, struct sim_envelope *envelope)
{
	u32 type = envelope->message.type, *flag = story(world)->flag;

	if (!from && type == MEMBER_MESSAGE_COMMIT && !flag[VALUE_CUT]) {
		flag[VALUE_CUT] = 1;
		story_cut(world, 0, 1, true);
		story_cut(world, 0, 2, true);
		if (!flag[VALUE_PANIC])
			story_later(world, 1, STAGE_PANIC);
	}
	if (from == 2 && to >= 3 && type == MEMBER_MESSAGE_PROMISE)
		return false;
	return !flag[VALUE_CUT] || (from && to);
}

static void value_then(struct sim_world *world, u32 stage)
{
	value_panic(world);
}

static bool early_sees(struct sim_world *world, u32 from, u32 to, struct sim_envelope *envelope)
{
	u32 type = envelope->message.type, *flag = story(world)->flag;

	if (!from && to == 1 && type == MEMBER_MESSAGE_ACCEPT && !flag[VALUE_PANIC]) {
		story_hold(world, from, to, envelope, world->params.interval_ns / 20);
		value_panic(world);
		return false;
	}
	return value_sees(world, from, to, envelope);
}

/*
 * -- gasp-abandoned: n1 alone does not hear n4, accepts a view without it, and panics
 * before anybody else has; n4 must live --
 */
static void abandoned_begin(struct sim_world *world)
{
	world->check.healthy = 0x1e;	/* n2 to n5 */
	story_deaf(world, 3, 0, true);
}

static bool abandoned_sees(struct sim_world *world, u32 from, u32 to,
			   struct sim_envelope *envelope)
{
	if (from || envelope->message.type != MEMBER_MESSAGE_ACCEPT)
		return true;
	if (!story(world)->count++)
		story_later(world, world->params.interval_ns / 2, STAGE_PANIC);
	return false;
}

static void abandoned_then(struct sim_world *world, u32 stage)
{
	panic(world, 0);
}

/*
 * -- gasp-arbiter, gasp-few: whoever is left goes on alone, cut off from the world; the
 * dead come back, and a majority of the old view (with the arbiter) is among them --
 */
static void alone_begin(struct sim_world *world)
{
	u32 last = world->params.nodes - 1, node;

	if (world->params.arbiter)
		story_cut(world, last, SIM_ARBITER, true);
	for (node = 0; node < last; node++)
		panic(world, node);
	story_later(world, 3 * world->params.interval_ns, STAGE_CUT);
	story_later(world, 3 * world->params.timeout_ns, STAGE_ON);
}

static void alone_then(struct sim_world *world, u32 stage)
{
	u32 last = world->params.nodes - 1, node;

	for (node = 0; node < last; node++)
		if (stage == STAGE_CUT)
			story_cut(world, node, last, true);
		else
			sim_node_power_on(world, node);
}

const struct scenario scenario_gasps[] = {
	{ "gasp-half", "two of four say their last words, there is no arbiter: two live",
	  4, false, 0, half_begin, NULL, half_then },
	{ "gasp-vote", "last words are no acceptance",
	  3, false, 0, vote_begin, vote_sees, NULL },
	{ "gasp-value", "last words tell of a chosen value that nobody else reports",
	  5, false, 0, value_begin, value_sees, value_then },
	{ "gasp-early", "a value is accepted between a panic and the last words",
	  5, false, 0, value_begin, early_sees, value_then },
	{ "gasp-abandoned", "last words tell of a value that only the dead one accepted",
	  5, false, 0, abandoned_begin, abandoned_sees, abandoned_then },
	{ "gasp-arbiter", "last words do not stand for the arbiter",
	  2, true, 0, alone_begin, NULL, alone_then },
	{ "gasp-few", "a minority does not go on, whatever the last words say",
	  3, false, 0, alone_begin, NULL, alone_then },
	{ NULL, NULL, 0, false, 0, NULL, NULL, NULL },
};
