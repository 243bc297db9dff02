// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Replicated state (Documentation/MEMBERSHIP, rule 10): a sequence number is
 * committed with one content only, in order, when all members hold it, and
 * whatever was committed is in the state that the next view starts from.
 */
#include <stdlib.h>

#include "sim_world.h"

#define SAME	"one state"
#define ALL	"committed only what all members hold"
#define SURVIVE	"committed updates survive"
#define ORDER	"updates come in order"

/* Answers may be on their way while the node has gone on by some views. */
#define HELD_EPOCHS 8

/* One committed update. */
struct update {
	u64 line;
	u64 sequence;
	u32 key;
	u64 digest;
};

struct held {
	u64 incarnation;
	u64 epoch;
	u64 sequence;
};

/**
 * struct check_state
 * @line, @applied: of each node's present incarnation
 * @reached: no more than this can a node hold, by what reached it or what it ordered
 * @top_epoch, @top: highest number committed in the newest epoch
 */
struct check_state {
	struct update *update;
	u32 count, room;
	struct held held[SIM_NODES_MAX][HELD_EPOCHS];
	u64 line[SIM_NODES_MAX];
	u64 applied[SIM_NODES_MAX];
	u64 reached[SIM_NODES_MAX];
	u64 top_epoch;
	u64 top;
};

void check_state_init(struct sim_world *world)
{
	world->check.state = calloc(1, sizeof(*world->check.state));
	core_assert(world->check.state);
}

void check_state_free(struct sim_world *world)
{
	if (world->check.state)
		free(world->check.state->update);
	free(world->check.state);
	world->check.state = NULL;
}

void check_started(struct sim_world *world, u32 node)
{
	struct check_state *state = world->check.state;

	state->line[node] = 0;
	state->applied[node] = 0;
	state->reached[node] = 0;
}

void check_held(struct sim_world *world, u32 node, u64 epoch, u64 sequence)
{
	struct held *slot = world->check.state->held[node], *held = &slot[epoch % HELD_EPOCHS];

	if (epoch != held->epoch || held->incarnation != world->node[node].user.incarnation) {
		held->epoch = epoch;
		held->incarnation = world->node[node].user.incarnation;
		held->sequence = 0;
	}
	if (sequence > held->sequence)
		held->sequence = sequence;
}

static void reached(struct sim_world *world, u32 node, u64 sequence)
{
	u64 *most = &world->check.state->reached[node];

	if (sequence > *most)
		*most = sequence;
}

void check_delivered(struct sim_world *world, u32 node, const struct member_message *message)
{
	if (message->type == MEMBER_MESSAGE_UPDATE)
		reached(world, node, message->update.record.sequence);
	if (message->type == MEMBER_MESSAGE_RECORDS)
		reached(world, node, message->records.through);
}

void check_ordered(struct sim_world *world, u32 node, u64 sequence)
{
	reached(world, node, sequence);
}

void check_accepted_state(struct sim_world *world, u32 node, const struct core_view *view)
{
	u64 most = world->check.state->reached[node];

	if (view->state > most && core_view_holds(view, node + 1,
						  world->node[node].user.incarnation))
		check_fail(world, "accepts only what it holds the state of",
			   "n%u accepts %s from state %u; no more than %u ever reached it",
			   node + 1, sim_view_text(view), (u32)view->state, (u32)most);
}

static u64 digest_of(const struct member_record *record)
{
	u64 digest = 0xcbf29ce484222325ULL ^ record->key;
	u32 i;

	for (i = 0; i < record->length; i++)
		digest = (digest ^ record->value[i]) * 0x100000001b3ULL;
	return digest;
}

/* The content of a sequence number of a line: noted, or compared. */
static void same(struct sim_world *world, u32 node, u64 line, const struct member_record *record)
{
	struct check_state *state = world->check.state;
	struct update *update;
	u32 i;

	for (i = state->count; i--;) {
		update = &state->update[i];
		if (update->line != line || update->sequence != record->sequence)
			continue;
		if (update->key != record->key || update->digest != digest_of(record))
			check_fail(world, SAME, "n%u: update %u of line %u differs from another's",
				   node + 1, (u32)record->sequence, (u32)line);
		return;
	}
	if (state->count == state->room) {
		state->room = state->room ? 2 * state->room : 256;
		state->update = realloc(state->update, state->room * sizeof(*update));
		core_assert(state->update);
	}
	update = &state->update[state->count++];
	update->line = line;
	update->sequence = record->sequence;
	update->key = record->key;
	update->digest = digest_of(record);
}

static bool holds(const struct sim_world *world, u32 node, const struct core_view *view,
		  u64 sequence)
{
	const struct held *held = &world->check.state->held[node][view->epoch % HELD_EPOCHS];

	if (node + 1 == view->coordinator)
		return true;
	if (sequence <= view->state && check_has_accepted(world, node, view->epoch))
		return true;
	return held->epoch == view->epoch && held->sequence >= sequence &&
	       core_view_holds(view, node + 1, held->incarnation);
}

/* Whoever comes later may act on it, also when a holder has died since. */
static bool committed_before(const struct sim_world *world, u64 line, u64 sequence)
{
	const struct check_state *state = world->check.state;
	u32 i;

	for (i = state->count; i--;)
		if (state->update[i].line == line && state->update[i].sequence >= sequence)
			return true;
	return !sequence;
}

static void all_hold(struct sim_world *world, u32 node, const struct core_view *view, u64 sequence)
{
	u32 i, other;

	if (committed_before(world, check_line(world, view->epoch), sequence))
		return;
	for (i = 0; i < view->count; i++) {
		other = view->member[i].id - 1;
		if (other != node && !holds(world, other, view, sequence))
			check_fail(world, ALL, "n%u acts on update %u, which n%u of %s lacks",
				   node + 1, (u32)sequence, other + 1, sim_view_text(view));
	}
}

static void top_note(struct sim_world *world, u32 node, u64 epoch, u64 sequence)
{
	struct check_state *state = world->check.state;
	const struct core_view *next = check_view(world, epoch + 1);

	if (next && check_line(world, epoch + 1) == check_line(world, epoch) &&
	    next->state < sequence)
		check_fail(world, SURVIVE,
			   "n%u commits update %u in epoch %u, next view starts at %u",
			   node + 1, (u32)sequence, (u32)epoch, (u32)next->state);
	if (epoch > state->top_epoch) {
		state->top_epoch = epoch;
		state->top = 0;
	}
	if (epoch == state->top_epoch && sequence > state->top)
		state->top = sequence;
}

void check_state_view(struct sim_world *world, const struct core_view *view)
{
	const struct check_state *state = world->check.state;

	if (!state->top_epoch || view->epoch != state->top_epoch + 1 ||
	    check_line(world, view->epoch) != check_line(world, state->top_epoch))
		return;
	if (view->state < state->top)
		check_fail(world, SURVIVE, "update %u was committed in epoch %u, %s starts at %u",
			   (u32)state->top, (u32)state->top_epoch, sim_view_text(view),
			   (u32)view->state);
}

void check_committed(struct sim_world *world, u32 node, const struct member_record *record)
{
	struct check_state *state = world->check.state;
	const struct core_view *view = sim_user_view(world, node);
	u64 line;

	if (!view)
		check_fail(world, ORDER, "n%u commits update %u without a view", node + 1,
			   (u32)record->sequence);
	line = check_line(world, view->epoch);
	if (line == state->line[node] && record->sequence <= state->applied[node])
		check_fail(world, ORDER, "n%u commits update %u after %u", node + 1,
			   (u32)record->sequence, (u32)state->applied[node]);
	state->line[node] = line;
	state->applied[node] = record->sequence;
	reached(world, node, record->sequence);
	world->check.commits++;
	all_hold(world, node, view, record->sequence);
	same(world, node, line, record);
	top_note(world, node, view->epoch, record->sequence);
}

/* Adopted state: each record as all others know it. */
void check_loaded(struct sim_world *world, u32 node, u64 number)
{
	struct check_state *state = world->check.state;
	const struct member *member = world->node[node].user.member;
	const struct core_view *view = sim_user_view(world, node);
	const struct member_record *record;
	unsigned int i;
	u64 line;

	if (!view)
		check_fail(world, ORDER, "n%u loads state %u without a view", node + 1,
			   (u32)number);
	line = check_line(world, view->epoch);
	sim_trace(world, node, "loaded", "state %u line %u", (u32)number, (u32)line);
	state->line[node] = line;
	state->applied[node] = number;
	reached(world, node, number);
	all_hold(world, node, view, number);
	for (i = 0; (record = member_record_at(member, i)); i++) {
		if (record->sequence > number)
			check_fail(world, SAME, "n%u loads state %u with update %u", node + 1,
				   (u32)number, (u32)record->sequence);
		same(world, node, line, record);
	}
}

/*
 * What lib/member calls committed is what it announced.
 */
void check_state(struct sim_world *world, u32 node)
{
	const struct sim_user *user = &world->node[node].user;
	u32 i;

	if (user->actions->lost)
		check_fail(world, "actions fit", "n%u lost %u", node + 1, user->actions->lost);
	for (i = 0; i < user->actions->count; i++)
		if (user->actions->action[i].type == MEMBER_ACTION_REPORT &&
		    user->actions->action[i].report.reason == MEMBER_REASON_ACTIONS_LOST)
			check_fail(world, "actions fit", "n%u reports a loss", node + 1);
}
