// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim_user.h"

#include <stdlib.h>

#include "sim_act.h"
#include "sim_world.h"

#define PERCENT 10000U

static void input_free(struct sim_input *input)
{
	free(input->data);
	free(input);
}

static void list_free(struct sim_input **head, struct sim_input **tail)
{
	struct sim_input *input;

	while ((input = *head)) {
		*head = input->next;
		input_free(input);
	}
	*tail = NULL;
}

static void list_put(struct sim_input **head, struct sim_input **tail, struct sim_input *input)
{
	input->next = NULL;
	if (*tail)
		(*tail)->next = input;
	else
		*head = input;
	*tail = input;
}

static struct sim_input *list_take(struct sim_input **head, struct sim_input **tail)
{
	struct sim_input *input = *head;

	*head = input->next;
	if (!*head)
		*tail = NULL;
	return input;
}

static struct sim_input *input_new(const struct member_event *event, void *data)
{
	struct sim_input *input = calloc(1, sizeof(*input));

	core_assert(input);
	input->event = *event;
	input->data = data;
	return input;
}

void sim_user_answer(struct sim_world *world, u32 node, const struct member_event *event,
		     void *data)
{
	struct sim_user *user = &world->node[node].user;

	list_put(&user->answers, &user->answers_tail, input_new(event, data));
}

void sim_user_event(struct sim_world *world, u32 node, const struct member_event *event,
		    void *data)
{
	struct sim_user *user = &world->node[node].user;

	if (!user->alive) {
		free(data);
		return;
	}
	list_put(&user->inbox, &user->inbox_tail, input_new(event, data));
	sim_user_run(world, node);
}

static void step(struct sim_world *world, u32 node, struct sim_input *input)
{
	struct sim_user *user = &world->node[node].user;

	input->event.now_ns = sim_node_clock(world, node);
	user->at = 0;
	member_step(user->member, &input->event, user->actions);
	input_free(input);
	world->steps++;
	check_state(world, node);
}

/*
 * Goes on until there is nothing to do or no CPU to do it: actions first, then
 * the kernel's answers, then other events.  A fault inside an action may kill or
 * stop the process, so everything is looked up again each time.
 */
void sim_user_run(struct sim_world *world, u32 node)
{
	struct sim_user *user = &world->node[node].user;
	u32 life = user->life;

	if (user->running)
		return;
	user->running = true;
	while (user->life == life && user->alive && !user->stopped && !world->node[node].frozen) {
		if (user->at < user->actions->count)
			sim_act(world, node, &user->actions->action[user->at++]);
		else if (user->answers)
			step(world, node, list_take(&user->answers, &user->answers_tail));
		else if (user->inbox)
			step(world, node, list_take(&user->inbox, &user->inbox_tail));
		else
			break;
	}
	user->running = false;
}

/* Once an interval, roughly: what cmcld's own loop does beside membership. */
static void loop(struct sim_world *world, struct sim_event *event)
{
	struct sim_node *n = &world->node[event->node];
	u64 now = sim_node_clock(world, event->node);

	if (!n->user.stopped) {
		if (n->kernel.armed && n->kernel.core)
			core_pet(n->kernel.core, now);
		sim_kernel_after(world, event->node);
		sim_arbiter_poll(world, event->node);
		sim_app_tick(world, event->node);
		sim_user_run(world, event->node);
	}
	event->at_ns = world->now_ns + world->params.interval_ns +
		       sim_rng_below(&world->rng_user, world->params.interval_ns / 8);
	if (n->user.alive && n->user.life == event->life)
		sim_queue_put(&world->queue, event);
}

static void configure(struct sim_world *world, u32 node, struct member_config *config)
{
	const struct sim_params *params = &world->params;
	u32 i;

	memset(config, 0, sizeof(*config));
	config->cluster = SIM_CLUSTER;
	config->incarnation = world->node[node].user.incarnation;
	config->interval_ns = params->interval_ns;
	config->timeout_ns = params->timeout_ns;
	config->toc_margin_ns = params->margin_ns;
	config->form_wait_ns = 4 * params->timeout_ns;
	config->seed = sim_rng_next(&world->rng_user);
	config->node_id = node + 1;
	config->has_arbiter = params->arbiter;
	config->node_count = params->nodes;
	for (i = 0; i < params->nodes; i++)
		config->node[i] = i + 1;
}

static int attach(struct sim_world *world, u32 node)
{
	const struct sim_params *params = &world->params;
	struct core_config config = {
		.cluster_id = SIM_CLUSTER,
		.incarnation = world->node[node].user.incarnation,
		.interval_ns = params->interval_ns,
		.member_timeout_ns = params->timeout_ns,
		.safety_timeout_ns = params->safety_ns,
		.on_detach_ns = params->on_detach_ns,
		.node_id = node + 1,
	};

	return sim_kernel_attach(world, node, &config);
}

static void begin(struct sim_world *world, u32 node)
{
	struct sim_node *n = &world->node[node];
	struct sim_user *user = &n->user;
	struct member_config config;
	struct member_disk disk;
	struct sim_event event = { .fn = loop, .node = node, .boot = n->boot, .life = user->life };
	struct member_event start = {
		.type = MEMBER_EVENT_START,
		.start = { .mode = n->boot == 1 && node >= world->params.first ?
				   MEMBER_START_JOIN : MEMBER_START_AUTO },
	};
	bool held = sim_disk_read(world, node, &disk);
	int err;

	user->incarnation = sim_rng_next(&world->rng_user) | 1;
	err = attach(world, node);
	core_assert(!err);
	configure(world, node, &config);
	err = member_init(user->member, &config, held ? &disk : NULL);
	core_assert(!err);
	check_started(world, node);
	sim_trace(world, node, "start", "incarnation %02x disk %s", (u32)(user->incarnation & 0xff),
		  held ? sim_view_text(&disk.committed) : "none");
	sim_user_event(world, node, &start, NULL);
	event.at_ns = world->now_ns + sim_rng_below(&world->rng_user, world->params.interval_ns);
	sim_queue_put(&world->queue, &event);
}

void sim_user_start(struct sim_world *world, u32 node)
{
	struct sim_node *n = &world->node[node];
	struct sim_user *user = &n->user;

	/* An armed kernel that lost its process goes down; it is not attached to. */
	if (user->alive || !n->powered || n->kernel.armed)
		return;
	if (!user->member) {
		user->member = aligned_alloc(16, (member_size() + 15) / 16 * 16);
		user->actions = malloc(sizeof(*user->actions));
	}
	core_assert(user->member && user->actions);
	user->actions->count = 0;
	user->at = 0;
	user->alive = true;
	user->stopped = false;
	user->leaving = false;
	user->left = false;
	user->arbiter_up = false;
	user->timer_ns = SIM_NEVER;
	user->life++;
	sim_app_reset(world, node);
	begin(world, node);
}

void sim_user_gone(struct sim_world *world, u32 node, bool leave)
{
	struct sim_node *n = &world->node[node];

	sim_disk_crash(world, node);
	if (!n->user.alive)
		return;
	n->user.alive = false;
	n->user.life++;
	list_free(&n->user.answers, &n->user.answers_tail);
	list_free(&n->user.inbox, &n->user.inbox_tail);
	n->kernel.attached = false;
	if (leave)
		sim_trace(world, node, "left", " ");
}

void sim_user_free(struct sim_world *world, u32 node)
{
	struct sim_user *user = &world->node[node].user;

	list_free(&user->answers, &user->answers_tail);
	list_free(&user->inbox, &user->inbox_tail);
	free(user->member);
	free(user->actions);
}

void sim_user_kill(struct sim_world *world, u32 node)
{
	struct sim_node *n = &world->node[node];

	if (!n->powered || !n->user.alive)
		return;
	sim_user_gone(world, node, false);
	sim_net_dies(world, node);
	core_detached(n->kernel.core, sim_node_clock(world, node));
	sim_kernel_after(world, node);
}

static void continue_later(struct sim_world *world, struct sim_event *event)
{
	if (world->node[event->node].user.stop_until_ns <= world->now_ns)
		sim_user_continue(world, event->node);
}

void sim_user_stop(struct sim_world *world, u32 node, u64 hold_ns)
{
	struct sim_node *n = &world->node[node];
	struct sim_event event = { .fn = continue_later, .node = node, .boot = n->boot };

	if (!n->user.alive || n->user.stopped)
		return;
	n->user.stopped = true;
	n->user.stop_until_ns = world->now_ns + hold_ns;
	event.life = n->user.life;
	event.at_ns = n->user.stop_until_ns;
	sim_queue_put(&world->queue, &event);
}

void sim_user_continue(struct sim_world *world, u32 node)
{
	struct sim_user *user = &world->node[node].user;

	if (!user->alive || !user->stopped)
		return;
	user->stopped = false;
	sim_trace(world, node, "continue", " ");
	sim_user_run(world, node);
}

void sim_user_leave(struct sim_world *world, u32 node)
{
	if (world->node[node].user.alive)
		world->node[node].user.leaving = true;
}

void sim_user_form(struct sim_world *world, u32 node, u32 count)
{
	struct member_event event = { .type = MEMBER_EVENT_FORM, .start = { .node_count = count } };
	u16 *ids = calloc(count ? count : 1, sizeof(*ids));
	u32 i;

	core_assert(ids);
	for (i = 0; i < count; i++)
		ids[i] = i + 1;
	event.start.node = ids;
	sim_user_event(world, node, &event, ids);
}

void sim_user_move(struct sim_world *world, u32 package)
{
	u32 node;

	for (node = 0; node < world->params.nodes; node++)
		if (world->node[node].user.alive)
			world->node[node].user.app.wish[package] = true;
}

const struct core_view *sim_user_view(const struct sim_world *world, u32 node)
{
	const struct sim_user *user = &world->node[node].user;

	return user->alive ? member_view(user->member) : NULL;
}

/* What the kernel says, with room for last words. */
struct news {
	struct member_event event;
	struct core_gasp words;
};

static void kernel_event_arrives(struct sim_world *world, struct sim_event *event)
{
	struct news *news = event->data;
	struct core_gasp *words = NULL;

	if (news->event.type == MEMBER_EVENT_PEER_GASP) {
		words = malloc(sizeof(*words));
		core_assert(words);
		*words = news->words;
		news->event.gasp.words = words;
	}
	sim_user_event(world, event->node, &news->event, words);
}

/* An event of the kernel reaches the process a little later, in order. */
void sim_user_kernel_event(struct sim_world *world, u32 node, const struct core_event *from)
{
	struct sim_node *n = &world->node[node];
	struct sim_event event = { .fn = kernel_event_arrives, .node = node, .boot = n->boot };
	struct news *news;

	if (!n->user.alive)
		return;
	news = calloc(1, sizeof(*news));
	core_assert(news);
	if (!sim_act_translate(from, &news->event)) {
		free(news);
		return;
	}
	if (from->type == CORE_EVENT_PEER_GASP)
		core_assert(!core_gasp_read(n->kernel.core, from->peer, from->incarnation,
					    &news->words));
	event.data = news;
	event.life = n->user.life;
	event.at_ns = world->now_ns + world->params.interval_ns / 100;
	sim_queue_put(&world->queue, &event);
}

void sim_user_message(struct sim_world *world, u32 node, const struct member_message *message,
		      void *data)
{
	struct member_event event = { .type = MEMBER_EVENT_MESSAGE, .message = message };
	int err = member_message_check(message, SIM_CLUSTER);

	if (err)
		check_fail(world, "messages pass their own check", "%s from n%u: %d",
			   member_message_name(message->type), message->from, err);
	sim_user_event(world, node, &event, data);
}
