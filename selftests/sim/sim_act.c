// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim_act.h"

#include <stdlib.h>

#include "sim_world.h"

bool sim_act_translate(const struct core_event *from, struct member_event *to)
{
	switch (from->type) {
	case CORE_EVENT_PEER_HEARD:
		to->type = MEMBER_EVENT_PEER_HEARD;
		break;
	case CORE_EVENT_PEER_SILENT:
		to->type = MEMBER_EVENT_PEER_SILENT;
		break;
	case CORE_EVENT_FRONTIER:
		to->type = MEMBER_EVENT_PEER_FRONTIER;
		break;
	case CORE_EVENT_PEER_GASP:
		to->type = MEMBER_EVENT_PEER_GASP;
		to->gasp.id = from->peer;
		to->gasp.incarnation = from->incarnation;
		to->gasp.installed_epoch = from->installed_epoch;
		return true;
	case CORE_EVENT_LEASE_HOLDS:
		to->type = MEMBER_EVENT_LEASE_HOLDS;
		return true;
	default:
		return false;
	}
	to->peer.id = from->peer;
	to->peer.incarnation = from->incarnation;
	to->peer.installed_epoch = from->installed_epoch;
	to->peer.frontier = from->frontier;
	if (from->flags & CORE_HB_STALLED)
		to->peer.flags |= MEMBER_PEER_STALLED;
	if (from->flags & CORE_HB_LEAVING)
		to->peer.flags |= MEMBER_PEER_LEAVING;
	return true;
}

static void act_send(struct sim_world *world, u32 node, const struct member_action *action)
{
	bool arbiter = action->type == MEMBER_ACTION_SEND_ARBITER;
	u32 to = arbiter ? SIM_ARBITER : action->send.to - 1U;
	struct sim_envelope *envelope;

	core_assert(arbiter || (action->send.to && action->send.to <= world->params.nodes));
	core_assert(to != node);
	check_message(world, node, to, action->send.message);
	envelope = calloc(1, sizeof(*envelope));
	core_assert(envelope);
	envelope->kind = SIM_ENVELOPE_MEMBER;
	envelope->message = *action->send.message;
	sim_trace_message(world, node, to, &envelope->message, true);
	sim_net_post(world, node, to, envelope, sizeof(*envelope));
	sim_nemesis_step(world, node, to, action->send.message->type);
}

static void timer_fires(struct sim_world *world, struct sim_event *event)
{
	struct sim_user *user = &world->node[event->node].user;
	struct member_event timer = { .type = MEMBER_EVENT_TIMER };

	if (user->timer_ns != event->arg[0])
		return;
	user->timer_ns = SIM_NEVER;
	sim_user_event(world, event->node, &timer, NULL);
}

static void act_timer(struct sim_world *world, u32 node, u64 at_ns)
{
	struct sim_node *n = &world->node[node];
	struct sim_event event = { .fn = timer_fires, .node = node, .boot = n->boot };
	u64 late = sim_rng_below(&world->rng_user, world->params.interval_ns / 50 + 1);

	if (at_ns == n->user.timer_ns)
		return;
	n->user.timer_ns = at_ns;
	if (at_ns == SIM_NEVER)
		return;
	event.life = n->user.life;
	event.arg[0] = at_ns;
	event.at_ns = sim_clock_global(&n->clock, at_ns);
	if (event.at_ns < world->now_ns)
		event.at_ns = world->now_ns;
	event.at_ns += late;
	sim_queue_put(&world->queue, &event);
}

static void act_promise(struct sim_world *world, u32 node, const struct member_action *action)
{
	struct member_event answer = { .type = MEMBER_EVENT_KERNEL_PROMISED };
	struct core_ballot ballot = {
		.counter = action->promise.ballot.counter, .node = action->promise.ballot.node,
	};

	answer.result = core_promise(world->node[node].kernel.core, action->promise.epoch,
				     &ballot);
	sim_trace(world, node, "k-promise", "ballot %u.%u = %d", (u32)ballot.counter,
		  ballot.node, answer.result);
	sim_user_answer(world, node, &answer, NULL);
}

static void act_accept(struct sim_world *world, u32 node, const struct member_action *action)
{
	struct sim_node *n = &world->node[node];
	struct core_ages *ages = calloc(1, sizeof(*ages));
	struct member_event answer = { .type = MEMBER_EVENT_KERNEL_ACCEPTED };
	const struct member_ballot *ballot = &action->accept.ballot;

	core_assert(ages);
	answer.accepted.result = core_accept(n->kernel.core, action->accept.view, ballot->counter,
					     ballot->node, sim_node_clock(world, node), ages);
	answer.accepted.ages = answer.accepted.result ? NULL : ages;
	sim_trace(world, node, "k-accept", "%s ballot %u.%u = %d",
		  sim_view_text(action->accept.view), (u32)ballot->counter, ballot->node,
		  answer.accepted.result);
	if (!answer.accepted.result)
		check_accepted(world, node, action->accept.view);
	sim_user_answer(world, node, &answer, ages);
}

static void act_arm(struct sim_world *world, u32 node)
{
	struct sim_kernel *kernel = &world->node[node].kernel;
	struct member_event answer = { .type = MEMBER_EVENT_KERNEL_ARMED };

	answer.result = core_arm(kernel->core, sim_node_clock(world, node));
	kernel->armed = kernel->armed || !answer.result;
	sim_trace(world, node, "k-arm", "= %d", answer.result);
	sim_user_answer(world, node, &answer, NULL);
}

static void act_install(struct sim_world *world, u32 node, const struct core_view *view)
{
	struct sim_kernel *kernel = &world->node[node].kernel;
	struct member_event answer = { .type = MEMBER_EVENT_KERNEL_INSTALLED };

	answer.result = core_install(kernel->core, view, sim_node_clock(world, node));
	sim_trace(world, node, "k-install", "%s = %d", sim_view_text(view), answer.result);
	if (!answer.result) {
		if (!kernel->first_epoch)
			kernel->first_epoch = view->epoch;
		check_installed(world, node, view);
	}
	sim_user_answer(world, node, &answer, NULL);
}

static void act_disarm(struct sim_world *world, u32 node, bool force)
{
	struct sim_kernel *kernel = &world->node[node].kernel;
	struct member_event answer = { .type = MEMBER_EVENT_KERNEL_DISARMED };

	answer.result = core_disarm(kernel->core, force, sim_node_clock(world, node));
	if (!answer.result)
		kernel->armed = false;
	sim_trace(world, node, "k-disarm", "force %d = %d", force, answer.result);
	if (!answer.result)
		check_disarmed(world, node);
	sim_user_answer(world, node, &answer, NULL);
}

/* Everything that goes to the kernel. False: it is something else. */
static bool act_kernel(struct sim_world *world, u32 node, const struct member_action *action)
{
	struct sim_kernel *kernel = &world->node[node].kernel;

	switch (action->type) {
	case MEMBER_ACTION_KERNEL_ACKNOWLEDGE:
		core_acknowledge(kernel->core, action->peer.id, action->peer.incarnation);
		break;
	case MEMBER_ACTION_KERNEL_PROMISE:
		act_promise(world, node, action);
		break;
	case MEMBER_ACTION_KERNEL_ACCEPT:
		act_accept(world, node, action);
		break;
	case MEMBER_ACTION_KERNEL_ARM:
		act_arm(world, node);
		break;
	case MEMBER_ACTION_KERNEL_INSTALL:
		act_install(world, node, action->view);
		break;
	case MEMBER_ACTION_KERNEL_LEAVE:
		core_leave(kernel->core);
		break;
	case MEMBER_ACTION_KERNEL_DISARM:
		act_disarm(world, node, action->force);
		break;
	case MEMBER_ACTION_TOC:
		sim_trace(world, node, "toc-request", "%s", member_reason_name(action->reason));
		core_request_toc(kernel->core);
		sim_kernel_check(world, node);
		break;
	default:
		return false;
	}
	sim_kernel_after(world, node);
	return true;
}

static void act_installed(struct sim_world *world, u32 node, const struct member_action *action)
{
	sim_trace(world, node, "view", "%s", sim_view_text(action->installed.view));
	check_view_installed(world, node, action->installed.view);
	sim_app_view(world, node, action->installed.view);
}

static void act_report(struct sim_world *world, u32 node, const struct member_action *action)
{
	sim_trace(world, node, "report", "%s node %u a %llx b %llx",
		  member_reason_name(action->report.reason), action->report.node,
		  (unsigned long long)action->report.a, (unsigned long long)action->report.b);
}

static void start_over(struct sim_world *world, struct sim_event *event)
{
	sim_user_start(world, event->node);
}

/*
 * Who was asked to leave stays away; who could only go on as another comes back, by
 * the library's word alone, as with cmcld.
 */
static void act_left(struct sim_world *world, u32 node, bool asked)
{
	struct sim_node *n = &world->node[node];
	struct sim_event event = { .fn = start_over, .node = node, .boot = n->boot };

	check_left(world, node);
	if (asked && !n->user.left)
		check_fail(world, "who was not asked to leave comes back", "n%u", node + 1);
	sim_user_gone(world, node, true);
	sim_net_dies(world, node);
	core_detached(n->kernel.core, sim_node_clock(world, node));
	sim_kernel_after(world, node);
	event.at_ns = world->now_ns + world->params.interval_ns;
	if (!asked || world->nemesis.over)
		sim_queue_put(&world->queue, &event);
}

void sim_act(struct sim_world *world, u32 node, const struct member_action *action)
{
	if (act_kernel(world, node, action))
		return;
	switch (action->type) {
	case MEMBER_ACTION_SEND:
	case MEMBER_ACTION_SEND_ARBITER:
		act_send(world, node, action);
		break;
	case MEMBER_ACTION_SET_TIMER:
		act_timer(world, node, action->at_ns);
		break;
	case MEMBER_ACTION_DISK_WRITE:
		sim_disk_write(world, node, action->disk.bytes, action->disk.length,
			       action->disk.token);
		break;
	case MEMBER_ACTION_VIEW_INSTALLED:
		act_installed(world, node, action);
		break;
	case MEMBER_ACTION_NODE_SAFE:
		check_safe(world, node, &action->peer);
		sim_app_safe(world, node, &action->peer);
		break;
	case MEMBER_ACTION_COMMITTED:
		check_committed(world, node, &action->record);
		sim_app_committed(world, node, &action->record);
		break;
	case MEMBER_ACTION_STATE_LOADED:
		check_loaded(world, node, action->number);
		sim_app_loaded(world, node);
		break;
	case MEMBER_ACTION_UPDATE_FAILED:
		sim_app_update_failed(world, node, action->failed.key);
		break;
	case MEMBER_ACTION_LEFT:
		act_left(world, node, action->asked);
		break;
	case MEMBER_ACTION_REPORT:
		act_report(world, node, action);
		break;
	default:
		core_assert(false);
	}
}
