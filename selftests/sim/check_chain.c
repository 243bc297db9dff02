// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One chain of views: for each epoch at most one view is ever chosen, committed
 * or installed, and what is committed was chosen by a quorum of the former view's
 * acceptors (Documentation/MEMBERSHIP, Agreement, rules 4, 5, 8).
 */
#include <stdlib.h>

#include "sim_world.h"

#define CHAIN	"one chain of views"
#define QUORUM	"committed only what a quorum accepted"

/**
 * struct vote - acceptance of a value at a ballot
 * @ends: who did it, as a mask
 * @living: of them, who did it as the incarnation that is a member; the others show
 *	what a former life has left on their disks
 */
struct vote {
	u64 epoch;
	u64 hash;
	struct member_ballot ballot;
	u32 ends;
	u32 living;
};

/**
 * struct link - what is known of an epoch
 * @view: .count 0: none chosen, committed or installed yet
 * @formed: chosen by a formation: the chain begins anew
 */
struct link {
	u64 epoch;
	bool formed;
	bool decided;
	struct core_view view;
};

struct check_chain {
	struct link *link;
	u32 link_count, link_room;
	struct vote *vote;
	u32 vote_count, vote_room;
	struct core_view *value;
	u32 value_count, value_room;
	u64 accepted_epoch[SIM_NODES_MAX];
	u64 accepted_by[SIM_NODES_MAX];
	u64 gasped[SIM_NODES_MAX];
};

static void *more(void *array, u32 *room, u32 count, size_t size)
{
	if (count < *room)
		return array;
	*room = *room ? 2 * *room : 64;
	array = realloc(array, *room * size);
	core_assert(array);
	return array;
}

static struct link *link_get(struct sim_world *world, u64 epoch)
{
	struct check_chain *chain = world->check.chain;
	u32 i;

	for (i = chain->link_count; i--;)
		if (chain->link[i].epoch == epoch)
			return &chain->link[i];
	chain->link = more(chain->link, &chain->link_room, chain->link_count, sizeof(*chain->link));
	memset(&chain->link[chain->link_count], 0, sizeof(*chain->link));
	chain->link[chain->link_count].epoch = epoch;
	return &chain->link[chain->link_count++];
}

static const struct link *link_find(const struct sim_world *world, u64 epoch)
{
	const struct check_chain *chain = world->check.chain;
	u32 i;

	for (i = chain->link_count; i--;)
		if (chain->link[i].epoch == epoch && chain->link[i].view.count)
			return &chain->link[i];
	return NULL;
}

const struct core_view *check_view(const struct sim_world *world, u64 epoch)
{
	const struct link *link = link_find(world, epoch);

	return link ? &link->view : NULL;
}

const struct core_view *check_newest(const struct sim_world *world)
{
	const struct check_chain *chain = world->check.chain;
	const struct core_view *newest = NULL;
	u32 i;

	for (i = 0; i < chain->link_count; i++)
		if (chain->link[i].view.count &&
		    (!newest || chain->link[i].epoch > newest->epoch))
			newest = &chain->link[i].view;
	return newest;
}

bool check_any_view(const struct sim_world *world)
{
	return check_newest(world);
}

static bool continues(const struct core_view *from, const struct core_view *to)
{
	u32 i;

	for (i = 0; i < to->count; i++)
		if (core_view_holds(from, to->member[i].id, to->member[i].incarnation))
			return true;
	return false;
}

u64 check_line(const struct sim_world *world, u64 epoch)
{
	const struct link *link, *before;

	for (;; epoch--) {
		link = link_find(world, epoch);
		core_assert(link);
		before = epoch ? link_find(world, epoch - 1) : NULL;
		if (link->formed || !before || !continues(&before->view, &link->view))
			return epoch;
	}
}

/* Somebody acts as if this were the view of its epoch. */
static void decided(struct sim_world *world, u32 end, const struct core_view *view,
		    const char *how)
{
	struct link *link = link_get(world, view->epoch);

	if (!link->view.count) {
		link->view = *view;
		world->check.views++;
		sim_trace(world, end, "decided", "%s %s", how, sim_view_text(view));
		check_state_view(world, view);
	} else if (link->view.hash != view->hash) {
		check_fail(world, CHAIN, "epoch %llu: %s %s by %u, but there is %s",
			   (unsigned long long)view->epoch, how, sim_view_text(view), end + 1,
			   sim_view_text(&link->view));
	}
}

static const struct core_view *value_find(const struct sim_world *world, u64 epoch, u64 hash)
{
	const struct check_chain *chain = world->check.chain;
	u32 i;

	for (i = chain->value_count; i--;)
		if (chain->value[i].epoch == epoch && chain->value[i].hash == hash)
			return &chain->value[i];
	return NULL;
}

static void value_note(struct sim_world *world, const struct core_view *view, bool formed)
{
	struct check_chain *chain = world->check.chain;

	if (formed)
		link_get(world, view->epoch)->formed = true;
	if (value_find(world, view->epoch, view->hash))
		return;
	chain->value = more(chain->value, &chain->value_room, chain->value_count,
			    sizeof(*chain->value));
	chain->value[chain->value_count++] = *view;
}

/*
 * Half of a view that has no arbiter, the other half being dead by its own last
 * words (rule 7).
 */
static bool is_living_half(const struct sim_world *world, const struct core_view *former,
			   u32 living)
{
	u32 votes = 0, dead = 0, i;

	for (i = 0; i < former->count; i++) {
		u32 node = former->member[i].id - 1;

		if (living & (1u << node))
			votes++;
		else if (world->check.chain->gasped[node] == former->member[i].incarnation)
			dead++;
	}
	return !former->arbiter && dead && votes == dead && votes + dead == former->count;
}

/* Enough for a choice: more than half of the former view and its arbiter. */
static bool is_quorum(const struct sim_world *world, const struct core_view *former, u32 ends,
		      u32 living)
{
	bool arbiter = former->arbiter && former->count % 2 == 0;
	u32 votes = 0, i;

	for (i = 0; i < former->count; i++)
		if (ends & (1u << (former->member[i].id - 1)))
			votes++;
	if (arbiter && ends & (1u << SIM_ARBITER))
		votes++;
	return 2 * votes > former->count + (arbiter ? 1U : 0U) ||
	       is_living_half(world, former, living);
}

static void maybe_chosen(struct sim_world *world, u32 end, const struct vote *vote)
{
	/* link_get() may move the links: it comes first. */
	bool formed = link_get(world, vote->epoch)->formed;
	const struct link *former = link_find(world, vote->epoch - 1);
	const struct core_view *view = value_find(world, vote->epoch, vote->hash);

	if (!view || !former || formed ||
	    !is_quorum(world, &former->view, vote->ends, vote->living))
		return;
	decided(world, end, view, "chosen");
}

static struct vote *vote_get(struct sim_world *world, const struct member_ballot *ballot,
			     u64 epoch, u64 hash)
{
	struct check_chain *chain = world->check.chain;
	struct vote *vote;
	u32 i;

	for (i = chain->vote_count; i--;) {
		vote = &chain->vote[i];
		if (vote->epoch == epoch && vote->hash == hash &&
		    !member_ballot_compare(&vote->ballot, ballot))
			return vote;
	}
	chain->vote = more(chain->vote, &chain->vote_room, chain->vote_count, sizeof(*chain->vote));
	vote = &chain->vote[chain->vote_count++];
	memset(vote, 0, sizeof(*vote));
	vote->epoch = epoch;
	vote->hash = hash;
	vote->ballot = *ballot;
	return vote;
}

static void vote_note(struct sim_world *world, u32 end, const struct member_ballot *ballot,
		      u64 epoch, u64 hash)
{
	struct vote *vote = vote_get(world, ballot, epoch, hash);
	const struct link *former = link_find(world, epoch - 1);

	if (vote->ends & (1u << end))
		return;
	vote->ends |= 1u << end;
	if (end != SIM_ARBITER && former &&
	    core_view_holds(&former->view, end + 1, world->node[end].user.incarnation))
		vote->living |= 1u << end;
	maybe_chosen(world, end, vote);
}

static void accepted_seen(struct sim_world *world, u32 from,
			  const struct member_accepted *accepted)
{
	const struct core_view *view = value_find(world, accepted->epoch, accepted->hash);

	if (!view)
		check_fail(world, CHAIN, "n%u accepted %u:%04x, which nobody proposed", from + 1,
			   (u32)accepted->epoch, (u32)(accepted->hash & 0xffff));
	if (!link_get(world, accepted->epoch)->formed)
		check_accepted_state(world, from, view);
	vote_note(world, from, &accepted->ballot, accepted->epoch, accepted->hash);
}

/* The proposer's own acceptance shows in its kernel only. */
void check_accepted(struct sim_world *world, u32 node, const struct core_view *view)
{
	struct check_chain *chain = world->check.chain;

	chain->accepted_epoch[node] = view->epoch;
	chain->accepted_by[node] = view->hash;
}

bool check_has_accepted(const struct sim_world *world, u32 node, u64 epoch)
{
	const struct check_chain *chain = world->check.chain;
	const struct core_view *view = check_view(world, epoch);

	return view && chain->accepted_epoch[node] == epoch &&
	       chain->accepted_by[node] == view->hash;
}

/* Durable: accepted in every sense. */
void check_synced(struct sim_world *world, u32 node, const struct member_disk *disk)
{
	u32 i;

	for (i = 0; i < disk->value_count; i++) {
		value_note(world, &disk->value[i].view, disk->value[i].formed);
		if (!disk->value[i].formed)
			vote_note(world, node, &disk->value[i].ballot, disk->value[i].view.epoch,
				  disk->value[i].view.hash);
	}
}

static void commit_seen(struct sim_world *world, u32 from, const struct member_commit *commit)
{
	const struct core_view *view = &commit->view;
	const struct link *former;
	struct vote vote;
	bool formed;

	if (!view->count)
		return;
	formed = link_get(world, view->epoch)->formed;
	former = link_find(world, view->epoch - 1);
	if (!link_find(world, view->epoch) && former && !formed) {
		vote = *vote_get(world, &commit->ballot, view->epoch, view->hash);
		if (check_has_accepted(world, from, view->epoch) ||
		    world->check.chain->accepted_by[from] == view->hash) {
			vote.ends |= 1u << from;
			vote.living |= 1u << from;
		}
		if (!is_quorum(world, &former->view, vote.ends, vote.living))
			check_fail(world, QUORUM, "%s committed by n%u, accepted by mask %#x of %s",
				   sim_view_text(view), from + 1, vote.ends,
				   sim_view_text(&former->view));
	}
	decided(world, from, view, "committed");
}

static void arbiter_answered(struct sim_world *world, const struct member_arbiter_answer *answer)
{
	const struct member_value *value = &answer->accepted;

	if (answer->request != MEMBER_MESSAGE_ARBITER_ACCEPT || !answer->granted ||
	    !answer->has_accepted || value->formed)
		return;
	value_note(world, &value->view, value->formed);
	vote_note(world, SIM_ARBITER, &value->ballot, value->view.epoch, value->view.hash);
}

void check_message(struct sim_world *world, u32 from, u32 to, const struct member_message *message)
{
	switch (message->type) {
	case MEMBER_MESSAGE_PREPARE:
		commit_seen(world, from, &message->prepare.commit);
		break;
	case MEMBER_MESSAGE_COMMIT:
		commit_seen(world, from, &message->commit);
		break;
	case MEMBER_MESSAGE_ACCEPT:
	case MEMBER_MESSAGE_FORM_ACCEPT:
		value_note(world, &message->accept.view, message->accept.formed);
		break;
	case MEMBER_MESSAGE_ACCEPTED:
		accepted_seen(world, from, &message->accepted);
		break;
	case MEMBER_MESSAGE_ARBITER_ANSWER:
		arbiter_answered(world, &message->arbiter_answer);
		break;
	case MEMBER_MESSAGE_UPDATE:
		check_ordered(world, from, message->update.record.sequence);
		break;
	case MEMBER_MESSAGE_HELD:
		check_held(world, from, message->held.epoch, message->held.sequence);
		break;
	default:
		break;
	}
}

void check_gasped(struct sim_world *world, u32 node)
{
	world->check.chain->gasped[node] = world->node[node].user.incarnation;
}

void check_installed(struct sim_world *world, u32 node, const struct core_view *view)
{
	decided(world, node, view, "installed");
	check_not_safe(world, node, view);
}

void check_view_installed(struct sim_world *world, u32 node, const struct core_view *view)
{
	decided(world, node, view, "acted on");
	if (!core_view_holds(view, node + 1, world->node[node].user.incarnation))
		check_fail(world, CHAIN, "n%u acts on %s without being in it", node + 1,
			   sim_view_text(view));
	if (!world->node[node].kernel.armed)
		check_fail(world, "a member is armed", "n%u acts on %s", node + 1,
			   sim_view_text(view));
}

void check_init(struct sim_world *world)
{
	world->check.chain = calloc(1, sizeof(*world->check.chain));
	core_assert(world->check.chain);
	check_state_init(world);
}

void check_free(struct sim_world *world)
{
	struct check_chain *chain = world->check.chain;

	check_state_free(world);
	if (!chain)
		return;
	free(chain->link);
	free(chain->vote);
	free(chain->value);
	free(chain);
	world->check.chain = NULL;
}
