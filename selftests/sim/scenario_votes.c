// SPDX-License-Identifier: GPL-2.0-or-later
/* Stories of the agreement: proposals left behind, values, quorums, the arbiter. */
#include "scenario.h"

/* -- abandoned-prepare, abandoned-accept -- */

static void abandon_begin(struct sim_world *world)
{
	world->check.healthy = 0x0e;	/* n2, n3, n4 */
	story_off(world, 4);
}

/* The coordinator dies after it has sent @type to a part of the others. */
static void abandon(struct sim_world *world, u32 from, const struct sim_envelope *envelope,
		    u32 type)
{
	if (from || envelope->message.type != type)
		return;
	if (++story(world)->count == 1 + world->params.seed % 3)
		story_off(world, 0);
}

static bool abandon_prepare_sees(struct sim_world *world, u32 from, u32 to,
				 struct sim_envelope *envelope)
{
	abandon(world, from, envelope, MEMBER_MESSAGE_PREPARE);
	return true;
}

static bool abandon_accept_sees(struct sim_world *world, u32 from, u32 to,
				struct sim_envelope *envelope)
{
	abandon(world, from, envelope, MEMBER_MESSAGE_ACCEPT);
	return true;
}

/*
 * -- abandoned-chain: n1, n2 and n3 no longer hear n4, everybody else does; each of
 * them says PREPARE to all and dies.  With eight intervals to a timeout there is no
 * time to lose. --
 */
static void chain_begin(struct sim_world *world)
{
	u32 to;

	world->check.healthy = 0x78;	/* n4 to n7 */
	for (to = 0; to < 3; to++)
		story_deaf(world, 3, to, true);
}

static bool chain_sees(struct sim_world *world, u32 from, u32 to, struct sim_envelope *envelope)
{
	if (from < 3 && envelope->message.type == MEMBER_MESSAGE_PREPARE &&
	    ++story(world)->flag[from] == 6)
		story_off(world, from);
	return true;
}

/* -- value-kept: n1 and n2 choose {1,2}; n1 vanishes; n2 meets n3 again -- */

static void value_begin(struct sim_world *world)
{
	story_cut(world, 0, 2, true);
	story_cut(world, 1, 2, true);
}

static bool value_sees(struct sim_world *world, u32 from, u32 to, struct sim_envelope *envelope)
{
	u32 type = envelope->message.type;

	if (!from && type == MEMBER_MESSAGE_COMMIT && !story(world)->flag[0]) {
		story(world)->flag[0] = 1;
		story_cut(world, 0, 1, true);
		story_cut(world, 1, 2, false);
	}
	return true;
}

/* -- half-is-no-quorum -- */

static void half_begin(struct sim_world *world)
{
	u32 a, b;

	for (a = 0; a < 2; a++)
		for (b = 2; b < 4; b++)
			story_cut(world, a, b, true);
}

/*
 * -- arbiter-forgets: both halves have its promise; it restarts; the older ballot
 * asks for acceptance first, the newer after it --
 */
enum { FORGET_LOW, FORGET_HIGH, FORGET_OPEN };

static void forget_begin(struct sim_world *world)
{
	story_cut(world, 0, 1, true);
}

static void forget_restart(struct sim_world *world)
{
	sim_arbiter_crash(world);
	sim_arbiter_start(world);
	story(world)->flag[FORGET_OPEN] = 1;
}

/* Holds back acceptances until both sides were promised; then lets the lower first. */
static bool forget_sees(struct sim_world *world, u32 from, u32 to, struct sim_envelope *envelope)
{
	const struct member_message *message = &envelope->message;
	u32 *flag = story(world)->flag;

	if (message->type == MEMBER_MESSAGE_ARBITER_ANSWER && message->arbiter_answer.granted &&
	    message->arbiter_answer.request == MEMBER_MESSAGE_ARBITER_PREPARE &&
	    !flag[FORGET_OPEN]) {
		if (flag[FORGET_LOW] && flag[FORGET_LOW] != to + 1) {
			flag[FORGET_HIGH] = to + 1;
			story_later(world, world->params.interval_ns / 4, 0);
		} else {
			flag[FORGET_LOW] = to + 1;
		}
	}
	if (message->type != MEMBER_MESSAGE_ARBITER_ACCEPT)
		return true;
	if (!flag[FORGET_OPEN])
		story_hold(world, from, to, envelope, world->params.interval_ns *
			   (from + 1 == flag[FORGET_LOW] ? 1 : 2));
	return flag[FORGET_OPEN];
}

static void forget_then(struct sim_world *world, u32 stage)
{
	forget_restart(world);
}

const struct scenario scenario_votes[] = {
	{ "quiet", "nothing happens: all form, run, lose a minority, take it back",
	  0, false, 0, NULL, NULL, NULL },
	{ "abandoned-prepare", "a proposer dies between its PREPAREs: nobody else may die",
	  5, false, 0, abandon_begin, abandon_prepare_sees, NULL },
	{ "abandoned-accept", "a proposer dies between its ACCEPTs: nobody else may die",
	  5, false, 0, abandon_begin, abandon_accept_sees, NULL },
	{ "abandoned-chain", "three proposers die in a row, none of them hears n4",
	  7, false, 8, chain_begin, chain_sees, NULL },
	{ "value-kept", "a chosen value that its proposer alone knows binds the others",
	  3, false, 0, value_begin, value_sees, NULL },
	{ "half-is-no-quorum", "four nodes split in two halves, no arbiter",
	  4, false, 0, half_begin, NULL, NULL },
	{ "arbiter-forgets", "the arbiter restarts between its promise and its acceptance",
	  2, true, 0, forget_begin, forget_sees, forget_then },
	{ NULL, NULL, 0, false, 0, NULL, NULL, NULL },
};
