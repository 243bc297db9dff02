// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random operations and random heartbeats: no assertion of the core may fire,
 * and what must always hold is checked after each step.  Seeds are fixed.
 */
#include "core_world.h"

#define RANDOM_ROUNDS	60
#define RANDOM_STEPS	1500

static u64 random_state;

/* splitmix64 */
static u64 draw(u64 below)
{
	u64 z = random_state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return (z ^ z >> 31) % below;
}

/* Values that are often nearly right, so that they get past the first check. */
static u64 near_value(u64 right)
{
	switch (draw(5)) {
	case 0: return 0;
	case 1: return right - 1;
	case 2: return right + 1;
	case 3: return draw(~0ULL);
	}
	return right;
}

static void random_heartbeat(struct world *w, u16 to)
{
	u16 from = 1 + draw(w->count);
	struct core *core = w->node[to];
	struct core_hb hb = {
		.cluster_id = CLUSTER,
		.src_incarnation = draw(4) ? inc(from) : near_value(inc(from)),
		.dst_incarnation = draw(4) ? inc(to) : near_value(inc(to)),
		.sequence = draw(2) ? draw(4000) : near_value(~0ULL),
		.installed_epoch = near_value(core->installed.epoch),
		.frontier = { near_value(core->frontier.epoch), near_value(core->frontier.hash) },
		.sent_ns = draw(2) ? w->now_ns : near_value(w->now_ns),
		.returned_ns = near_value(w->now_ns),
		.path_returned_ns = near_value(w->now_ns),
		.path_held_ns = near_value(0),
		.flags = draw(1 << 16) & ~CORE_HB_GASP,
		.src = from,
		.dst = to,
		.path = draw(3),
	};
	u8 buf[CORE_HB_SIZE];

	core_hb_encode(&hb, buf);
	if (!draw(10))
		buf[draw(CORE_HB_SIZE)] = draw(256);
	core_receive(core, 0, draw(3), w->now_ns, buf);
}

static void random_view_step(struct world *w, u16 id)
{
	struct core *core = w->node[id];
	struct core_view view = world_view(core->installed.epoch + draw(3),
					   2 + 2 * draw((1U << w->count) - 1));
	struct core_ages ages;

	if (!view.epoch || !view.count)
		return;
	if (!draw(3))
		core_install(core, core->accepted.epoch ? &core->accepted : &view, w->now_ns);
	else
		core_accept(core, &view, draw(20), 1 + draw(w->count), w->now_ns, &ages);
}

static void random_step(struct world *w)
{
	u16 id = 1 + draw(w->count);
	u16 other = 1 + draw(w->count);
	struct core *core = w->node[id];

	w->now_ns += draw(3) ? draw(20 * MS) : draw(300 * MS);
	switch (draw(14)) {
	case 0: core_arm(core, w->now_ns); break;
	case 1: core_disarm(core, draw(2), w->now_ns); break;
	case 2: core_detached(core, w->now_ns); break;
	case 3: core_acknowledge(core, other, draw(3) ? inc(other) : draw(9)); break;
	case 4: random_view_step(w, id); break;
	case 5: core_peer_remove(core, other); break;
	case 6: core_peer_add(core, other, 1 + draw(2)); break;
	case 7: random_heartbeat(w, id); break;
	case 8: core_shutdown(core, w->now_ns, draw(9000 * MS)); break;
	case 9: core_tick(core, w->now_ns); break;
	case 10: if (!draw(20)) world_node(w, id, inc(id)); break;
	default:
		core_pet(core, w->now_ns);
		if (id != other)
			world_send(w, id, other, draw(2));
	}
}

/* True of every core at every moment. */
static void invariants(const struct core *core, u64 now_ns)
{
	unsigned int i;

	if (core->armed && core->installed.epoch && core->verdict == CORE_VERDICT_NONE) {
		assert_true(core->quorum_ns == CORE_NEVER ||
			    core->quorum_ns <= now_ns + core->config.member_timeout_ns);
		assert_true(core->quorum_ns != CORE_NEVER || core->installed.count == 1);
	}
	if (!core->armed)
		assert_int_equal(core_deadline_ns(core), CORE_NEVER);
	if (core->accepted.epoch && core->installed.epoch)
		assert_int_equal(core->accepted.epoch, core->installed.epoch + 1);
	for (i = 0; i < core->peer_count && core->accepted.epoch; i++) {
		u16 id = core->peer_id[i];

		/* Rule 3: nobody outside the accepted value is acknowledged. */
		if (core->peer[id].acknowledge)
			assert_true(core_view_holds(&core->accepted, id,
						    core->peer[id].acknowledge));
	}
}

static void nothing_breaks_the_invariants(void **state)
{
	unsigned int round, step;
	u16 id;

	for (round = 0; round < RANDOM_ROUNDS; round++) {
		struct world *w;

		random_state = round;
		w = world_make(1 + draw(5));
		for (step = 0; step < RANDOM_STEPS; step++) {
			random_step(w);
			for (id = 1; id <= w->count; id++)
				invariants(w->node[id], w->now_ns);
		}
		world_free(w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_breaks_the_invariants),
	};

	return cmocka_run_group_tests_name("core_random", tests, NULL, NULL);
}
