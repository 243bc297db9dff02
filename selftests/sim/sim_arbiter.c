// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim_arbiter.h"

#include <stdlib.h>

#include "sim_world.h"

void sim_arbiter_init(struct sim_world *world)
{
	struct sim_arbiter *arbiter = calloc(1, sizeof(*arbiter));
	int err;

	core_assert(arbiter);
	world->arbiter = arbiter;
	err = arbiter_init(&arbiter->state, SIM_CLUSTER, sim_rng_next(&world->rng_user) | 1);
	core_assert(!err);
	arbiter->length = arbiter_encode(&arbiter->state, arbiter->bytes);
	core_assert(arbiter->length <= sizeof(arbiter->bytes));
}

static void requests_drop(struct sim_arbiter *arbiter)
{
	u32 i;

	for (i = 0; i < arbiter->request_count; i++)
		free(arbiter->request[i]);
	arbiter->request_count = 0;
	arbiter->busy = false;
}

void sim_arbiter_free(struct sim_world *world)
{
	if (!world->arbiter)
		return;
	requests_drop(world->arbiter);
	free(world->arbiter);
	world->arbiter = NULL;
}

void sim_arbiter_start(struct sim_world *world)
{
	struct sim_arbiter *arbiter = world->arbiter;
	int err;

	if (!arbiter || arbiter->running)
		return;
	arbiter->running = true;
	arbiter->boot++;
	err = arbiter_decode(&arbiter->state, arbiter->bytes, arbiter->length, SIM_CLUSTER);
	core_assert(!err);
	sim_trace(world, SIM_ARBITER, "start", "epoch %u promised %u.%u",
		  (u32)arbiter->state.newest_epoch, (u32)arbiter->state.promised.counter,
		  arbiter->state.promised.node);
}

void sim_arbiter_crash(struct sim_world *world)
{
	struct sim_arbiter *arbiter = world->arbiter;

	if (!arbiter || !arbiter->running)
		return;
	sim_trace(world, SIM_ARBITER, "dead", "%s", arbiter->busy ? "while writing" : "idle");
	/* A write under way is there or is not: the file is replaced as a whole. */
	if (arbiter->busy && sim_rng_chance(&world->rng_disk, SIM_PPM / 2)) {
		memcpy(arbiter->bytes, arbiter->next, arbiter->next_length);
		arbiter->length = arbiter->next_length;
	}
	arbiter->running = false;
	requests_drop(arbiter);
	sim_net_dies(world, SIM_ARBITER);
}

static void answer(struct sim_world *world, u32 to)
{
	struct sim_envelope *envelope = calloc(1, sizeof(*envelope));

	core_assert(envelope);
	envelope->kind = SIM_ENVELOPE_MEMBER;
	envelope->message = world->arbiter->answer;
	check_message(world, SIM_ARBITER, to, &envelope->message);
	sim_trace_message(world, SIM_ARBITER, to, &envelope->message, true);
	sim_net_post(world, SIM_ARBITER, to, envelope, sizeof(*envelope));
	sim_nemesis_step(world, SIM_ARBITER, to, MEMBER_MESSAGE_ARBITER_ANSWER);
}

static void work(struct sim_world *world);

static void synced(struct sim_world *world, struct sim_event *event)
{
	struct sim_arbiter *arbiter = world->arbiter;

	if (!arbiter->running || arbiter->boot != event->arg[0])
		return;
	core_assert(arbiter->busy);
	memcpy(arbiter->bytes, arbiter->next, arbiter->next_length);
	arbiter->length = arbiter->next_length;
	arbiter->busy = false;
	answer(world, arbiter->asker);
	work(world);
}

static void sync_begin(struct sim_world *world)
{
	struct sim_arbiter *arbiter = world->arbiter;
	struct sim_event event = { .fn = synced, .node = SIM_NOBODY, .arg = { arbiter->boot } };

	arbiter->next_length = arbiter_encode(&arbiter->state, arbiter->next);
	core_assert(arbiter->next_length <= sizeof(arbiter->next));
	arbiter->busy = true;
	event.at_ns = world->now_ns + sim_rng_range(&world->rng_disk, world->params.disk_min_ns,
						    world->params.disk_max_ns);
	sim_queue_put(&world->queue, &event);
}

/* Requests in the order of their arrival, until one has to be synced. */
static void work(struct sim_world *world)
{
	struct sim_arbiter *arbiter = world->arbiter;
	struct sim_envelope *envelope;
	bool must_sync;
	int err;

	while (arbiter->running && !arbiter->busy && arbiter->request_count) {
		envelope = arbiter->request[0];
		arbiter->asker = arbiter->from[0];
		arbiter->request_count--;
		memmove(arbiter->request, arbiter->request + 1,
			arbiter->request_count * sizeof(arbiter->request[0]));
		memmove(arbiter->from, arbiter->from + 1,
			arbiter->request_count * sizeof(arbiter->from[0]));
		must_sync = false;
		memset(&arbiter->answer, 0, sizeof(arbiter->answer));
		err = arbiter_step(&arbiter->state, &envelope->message, &arbiter->answer,
				   &must_sync);
		free(envelope);
		if (err)
			check_fail(world, "the quorum server understands", "error %d", err);
		if (must_sync)
			sync_begin(world);
		else
			answer(world, arbiter->asker);
	}
}

void sim_arbiter_message(struct sim_world *world, u32 from, struct sim_envelope *envelope)
{
	struct sim_arbiter *arbiter = world->arbiter;

	if (!arbiter || !arbiter->running || arbiter->request_count == SIM_REQUESTS_MAX ||
	    envelope->kind != SIM_ENVELOPE_MEMBER ||
	    member_message_check(&envelope->message, SIM_CLUSTER)) {
		free(envelope);
		return;
	}
	arbiter->from[arbiter->request_count] = from;
	arbiter->request[arbiter->request_count++] = envelope;
	work(world);
}

void sim_arbiter_poll(struct sim_world *world, u32 node)
{
	struct sim_user *user = &world->node[node].user;
	struct member_event event = { .type = MEMBER_EVENT_ARBITER_UP };
	bool up = world->arbiter && world->arbiter->running &&
		  sim_net_reachable(&world->net, node, SIM_ARBITER);

	if (up == user->arbiter_up)
		return;
	user->arbiter_up = up;
	if (!up)
		event.type = MEMBER_EVENT_ARBITER_DOWN;
	sim_user_event(world, node, &event, NULL);
}
