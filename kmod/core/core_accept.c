// SPDX-License-Identifier: GPL-2.0
/*
 * What user space's agreement does to this node's kernel: hear a joiner,
 * accept a value, install a view (Documentation/MEMBERSHIP, rules 2, 3, 5).
 */
#include "core_state.h"
#include "mutants.h"

static bool same_view(const struct core_view *a, const struct core_view *b)
{
	return a->epoch == b->epoch && a->hash == b->hash;
}

static bool ballot_below(u64 counter, u16 node, const struct core *core)
{
	if (counter != core->ballot_counter)
		return counter < core->ballot_counter;
	return node < core->ballot_node;
}

int core_acknowledge(struct core *core, u16 id, u64 incarnation)
{
	struct core_peer *peer;
	int at;

	if (!incarnation)
		return -EINVAL;
	if (!id || id > CORE_NODE_ID_MAX || !core->peer[id].known)
		return -ENOENT;
	peer = &core->peer[id];
	if (core->accepted.epoch && !mutant_reopen_acks &&
	    !core_view_holds(&core->accepted, id, incarnation))
		return -EBUSY;
	if (core->installed.epoch) {
		at = core_view_find(&core->installed, id);
		if (at >= 0 && core->installed.member[at].incarnation != incarnation)
			return -EEXIST;
	}
	peer->acknowledge = incarnation;
	return 0;
}

static void acknowledge_nobody(struct core *core)
{
	unsigned int i;

	for (i = 0; i < core->peer_count; i++)
		core->peer[core->peer_id[i]].acknowledge = 0;
}

static void acknowledge_members(struct core *core, const struct core_view *view)
{
	unsigned int i;

	for (i = 0; i < view->count; i++)
		core->peer[view->member[i].id].acknowledge = view->member[i].incarnation;
}

/*
 * Time since the later of two instants: the receipt of the newest heartbeat
 * that was acknowledged, and the own installation of the view.  This node's
 * age for itself is 0.
 */
static u64 age_of(const struct core *core, const struct core_member *member, u64 now_ns)
{
	u64 since = core->peer[member->id].acked_rx_ns;

	if (member->id == core->config.node_id)
		return 0;
	if (since < core->installed_at_ns && !mutant_age_heartbeat_only)
		since = core->installed_at_ns;
	core_assert(since <= now_ns);
	return now_ns - since;
}

static void ages_read(const struct core *core, u64 now_ns, struct core_ages *ages)
{
	unsigned int i;

	ages->count = 0;
	if (!core->installed.epoch)
		return;
	for (i = 0; i < core->installed.count; i++) {
		const struct core_member *member = &core->installed.member[i];

		if (core_view_holds(&core->accepted, member->id, member->incarnation))
			continue;
		ages->age[ages->count].id = member->id;
		ages->age[ages->count].incarnation = member->incarnation;
		ages->age[ages->count].age_ns = age_of(core, member, now_ns);
		ages->count++;
	}
}

/* May this value be accepted with this ballot? 0, -EINVAL, -ESTALE. */
static int accept_check(const struct core *core, const struct core_view *view,
			u64 counter, u16 node)
{
	if (core_view_check(view))
		return -EINVAL;
	if (core->installed.epoch && view->epoch != core->installed.epoch + 1)
		return -ESTALE;
	if (!core->accepted.epoch || view->epoch > core->accepted.epoch)
		return 0;
	if (view->epoch < core->accepted.epoch)
		return -ESTALE;
	if (same_view(view, &core->accepted))
		return 0;
	if (counter == core->ballot_counter && node == core->ballot_node)
		return -ESTALE;
	return ballot_below(counter, node, core) ? -ESTALE : 0;
}

/* Would this node die of accepting the value? */
static bool accept_would_kill(struct core *core, const struct core_view *view, u64 now_ns)
{
	bool frozen = core->frozen;
	u64 end;

	if (!core->armed || !core->installed.epoch)
		return false;
	if (!core_view_holds(view, core->config.node_id, core->config.incarnation))
		return false;
	/* Accepting a value that holds this node again would thaw it. */
	core->frozen = false;
	end = core_lease_under(core, view, now_ns);
	core->frozen = frozen;
	return end <= now_ns;
}

static void accept_value(struct core *core, const struct core_view *view, u64 now_ns)
{
	bool holds_me = core_view_holds(view, core->config.node_id,
					core->config.incarnation);

	/* First, so that no gasp tells less than has been done. */
	core_gasp_changes(core);
	if (!mutant_no_frontier) {
		core->frontier.epoch = view->epoch;
		core->frontier.hash = view->hash;
	}
	core->accepted = *view;
	core->waiting = false;
	if (!mutant_accept_keeps_acks)
		acknowledge_nobody(core);
	acknowledge_members(core, view);
	/* The first moment of being without counts, also over several ballots. */
	if (!holds_me && !core->frozen)
		core->frozen_ns = now_ns;
	core->frozen = !holds_me;
	core_lease_update(core);
}

int core_accept(struct core *core, const struct core_view *view, u64 ballot_counter,
		u16 ballot_node, u64 now_ns, struct core_ages *ages)
{
	int err;

	err = accept_check(core, view, ballot_counter, ballot_node);
	if (err)
		return err;
	if (core_check(core, now_ns) != CORE_VERDICT_NONE)
		return -ETIME;
	if (!core->accepted.epoch || !same_view(view, &core->accepted)) {
		if (accept_would_kill(core, view, now_ns))
			return -EAGAIN;
		accept_value(core, view, now_ns);
		core->ballot_counter = ballot_counter;
		core->ballot_node = ballot_node;
		core_gasp_promised(core, ballot_counter, ballot_node);
	} else if (!ballot_below(ballot_counter, ballot_node, core)) {
		core_gasp_changes(core);
		core->ballot_counter = ballot_counter;
		core->ballot_node = ballot_node;
		core_gasp_promised(core, ballot_counter, ballot_node);
	}
	ages_read(core, now_ns, ages);
	return 0;
}

/* Only for the mutant: live for one L as if all members had just answered. */
static void grace_grant(struct core *core, u64 now_ns)
{
	const struct core_view *view = &core->installed;
	unsigned int i;

	for (i = 0; i < view->count; i++)
		core_ack_record(core, &core->peer[view->member[i].id],
				view->member[i].incarnation, now_ns);
}

int core_install(struct core *core, const struct core_view *view, u64 now_ns)
{
	if (core_view_check(view))
		return -EINVAL;
	if (!core->accepted.epoch && same_view(view, &core->installed))
		return 0;
	if (!core->accepted.epoch || !same_view(view, &core->accepted))
		return -ENOENT;
	if (!core_view_holds(view, core->config.node_id, core->config.incarnation))
		return -EINVAL;
	if (!core->armed)
		return -EPERM;
	if (core_check(core, now_ns) != CORE_VERDICT_NONE)
		return -ETIME;
	core_assert(!core->frozen);
	if (!mutant_install_without_lease &&
	    core_lease_under(core, view, now_ns) <= now_ns) {
		core->waiting = true;
		return -EAGAIN;
	}
	core_gasp_changes(core);
	core->installed = *view;
	core->promised.counter = 0;
	core->promised.node = 0;
	core->installed_at_ns = now_ns;
	core->accepted.epoch = 0;
	core->waiting = false;
	/* A restatement, except where a rule is switched off. */
	core->frontier.epoch = view->epoch;
	core->frontier.hash = view->hash;
	acknowledge_nobody(core);
	acknowledge_members(core, view);
	if (mutant_install_without_lease)
		grace_grant(core, now_ns);
	core_lease_update(core);
	return 0;
}
