// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim_net.h"

#include <stdlib.h>

#include "sim_world.h"

#define RETRY_NS (20 * SIM_NS_PER_MS)

static void letter_free(struct sim_letter *letter)
{
	free(letter->data);
	free(letter);
}

static void session_drop(struct sim_session *session)
{
	struct sim_letter *letter;

	while ((letter = session->head)) {
		session->head = letter->next;
		letter_free(letter);
	}
}

void sim_net_init(struct sim_net *net, const struct sim_params *params)
{
	u32 a, b;

	net->quality = params->quality;
	net->paths = params->paths;
	for (a = 0; a < SIM_ENDS_MAX; a++)
		for (b = 0; b < SIM_ENDS_MAX; b++)
			net->session[a][b].pump_ns = SIM_NEVER;
}

void sim_net_free(struct sim_net *net)
{
	u32 a, b;

	for (a = 0; a < SIM_ENDS_MAX; a++)
		for (b = 0; b < SIM_ENDS_MAX; b++)
			session_drop(&net->session[a][b]);
}

static void datagram_arrives(struct sim_world *world, struct sim_event *event)
{
	u32 from = event->arg[0], path = event->arg[1];

	/* Cut while under way: as good as cut before. */
	if (world->net.cut[from][event->node][path])
		return;
	sim_kernel_receive(world, event->node, from, path, event->data, event->arg[2]);
}

static u64 datagram_delay(struct sim_world *world)
{
	const struct sim_quality *quality = &world->net.quality;
	u64 delay = sim_rng_range(&world->rng_net, quality->delay_min_ns, quality->delay_max_ns);

	if (sim_rng_chance(&world->rng_net, quality->late_ppm))
		delay += sim_rng_below(&world->rng_net, quality->late_max_ns + 1);
	return delay;
}

static void datagram_put(struct sim_world *world, struct sim_event *event,
			 const void *data, size_t size)
{
	event->at_ns = world->now_ns + datagram_delay(world);
	event->data = malloc(size);
	core_assert(event->data);
	memcpy(event->data, data, size);
	event->arg[2] = size;
	sim_queue_put(&world->queue, event);
	world->net.datagrams++;
}

void sim_net_datagram(struct sim_world *world, u32 from, u32 to, u32 path,
		      const void *data, size_t size)
{
	struct sim_net *net = &world->net;
	struct sim_event event = { .fn = datagram_arrives, .node = to, .arg = { from, path } };

	if (net->cut[from][to][path])
		return;
	if (sim_rng_chance(&world->rng_net, net->quality.loss_ppm) ||
	    sim_rng_chance(&world->rng_net, net->loss_ppm[from][to][path]))
		return;
	event.boot = sim_world_boot(world, to);
	datagram_put(world, &event, data, size);
	if (sim_rng_chance(&world->rng_net, net->quality.double_ppm))
		datagram_put(world, &event, data, size);
}

bool sim_net_reachable(const struct sim_net *net, u32 a, u32 b)
{
	u32 path;

	for (path = 0; path < net->paths; path++)
		if (!net->cut[a][b][path] && !net->cut[b][a][path])
			return true;
	return false;
}

static void session_pump(struct sim_world *world, struct sim_event *event);

static void session_schedule(struct sim_world *world, u32 from, u32 to, u64 at_ns)
{
	struct sim_session *session = &world->net.session[from][to];
	struct sim_event event = { .fn = session_pump, .node = SIM_NOBODY, .arg = { from, to } };

	event.at_ns = at_ns > world->now_ns ? at_ns : world->now_ns;
	session->pump_ns = event.at_ns;
	sim_queue_put(&world->queue, &event);
}

static void session_pump(struct sim_world *world, struct sim_event *event)
{
	u32 from = event->arg[0], to = event->arg[1];
	struct sim_session *session = &world->net.session[from][to];
	struct sim_letter *letter = session->head;
	void *data;

	if (session->pump_ns != event->at_ns)
		return;
	session->pump_ns = SIM_NEVER;
	if (!letter)
		return;
	if (!sim_net_reachable(&world->net, from, to) || sim_world_frozen(world, to)) {
		session_schedule(world, from, to, world->now_ns + RETRY_NS / 2 +
				 sim_rng_below(&world->rng_net, RETRY_NS));
		return;
	}
	session->head = letter->next;
	data = letter->data;
	free(letter);
	if (session->head)
		session_schedule(world, from, to, session->head->ready_ns);
	sim_world_deliver(world, from, to, data);
}

static void session_put(struct sim_world *world, u32 from, u32 to, void *data)
{
	const struct sim_quality *quality = &world->net.quality;
	struct sim_session *session = &world->net.session[from][to];
	struct sim_letter *letter = calloc(1, sizeof(*letter)), **at = &session->head;
	u64 delay = sim_rng_range(&world->rng_net, quality->delay_min_ns, quality->session_max_ns);

	core_assert(letter);
	if (sim_rng_chance(&world->rng_net, quality->stall_ppm))
		delay += sim_rng_below(&world->rng_net, quality->stall_max_ns + 1);
	letter->data = data;
	letter->ready_ns = world->now_ns + delay;
	if (!quality->session_reorder && letter->ready_ns < session->last_ready_ns)
		letter->ready_ns = session->last_ready_ns;
	session->last_ready_ns = letter->ready_ns;
	while (*at && (*at)->ready_ns <= letter->ready_ns)
		at = &(*at)->next;
	letter->next = *at;
	*at = letter;
	world->net.letters++;
	if (session->pump_ns > letter->ready_ns)
		session_schedule(world, from, to, letter->ready_ns);
}

void sim_net_post(struct sim_world *world, u32 from, u32 to, void *data, size_t size)
{
	const struct sim_quality *quality = &world->net.quality;
	void *again;

	if (world->filter && !world->filter(world, from, to, data)) {
		free(data);
		return;
	}
	if (sim_rng_chance(&world->rng_net, quality->session_double_ppm)) {
		again = malloc(size);
		core_assert(again);
		memcpy(again, data, size);
		session_put(world, from, to, again);
	}
	if (sim_rng_chance(&world->rng_net, quality->session_loss_ppm))
		free(data);
	else
		session_put(world, from, to, data);
}

void sim_net_break(struct sim_world *world, u32 a, u32 b)
{
	session_drop(&world->net.session[a][b]);
	session_drop(&world->net.session[b][a]);
	world->net.breaks++;
}

/* What the dead had put on the wire arrives as far as it had come. */
static void session_orphan(struct sim_world *world, struct sim_session *session)
{
	struct sim_letter **at = &session->head, *letter;

	/* In a story all of it, so that it goes as it is told. */
	while (*at && (world->script || sim_rng_chance(&world->rng_net, SIM_PPM * 7 / 10)))
		at = &(*at)->next;
	while ((letter = *at)) {
		*at = letter->next;
		letter_free(letter);
	}
}

void sim_net_dies(struct sim_world *world, u32 end)
{
	u32 other;

	for (other = 0; other < world->ends; other++) {
		if (other == end)
			continue;
		session_drop(&world->net.session[other][end]);
		session_orphan(world, &world->net.session[end][other]);
	}
}

void sim_net_cut(struct sim_net *net, u32 from, u32 to, bool cut)
{
	u32 path;

	for (path = 0; path < SIM_PATHS_MAX; path++)
		net->cut[from][to][path] = cut;
}

void sim_net_isolate(struct sim_net *net, u32 end, bool cut)
{
	u32 other;

	for (other = 0; other < SIM_ENDS_MAX; other++) {
		if (other == end)
			continue;
		sim_net_cut(net, end, other, cut);
		sim_net_cut(net, other, end, cut);
	}
}

void sim_net_heal(struct sim_net *net)
{
	memset(net->cut, 0, sizeof(net->cut));
	memset(net->loss_ppm, 0, sizeof(net->loss_ppm));
}

void sim_net_calm(struct sim_net *net, u64 interval_ns)
{
	struct sim_quality *quality = &net->quality;

	/* Four messages and the back-off must fit between detection and the lease's end. */
	if (quality->delay_max_ns > interval_ns / 10)
		quality->delay_max_ns = interval_ns / 10;
	if (quality->session_max_ns > interval_ns / 4)
		quality->session_max_ns = interval_ns / 4;
	quality->loss_ppm = 0;
	quality->double_ppm = 0;
	quality->late_ppm = 0;
	quality->stall_ppm = 0;
	quality->session_loss_ppm = 0;
	quality->session_double_ppm = 0;
	quality->session_reorder = false;
}
