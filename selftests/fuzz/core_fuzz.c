// SPDX-License-Identifier: GPL-2.0-or-later
// rooms: kmod/core
/*
 * The kernel core under whatever a node with the key may send, mixed with
 * whatever user space may ask: no assertion may fire, no memory be misused.
 * The input is a list of operations, one byte each with its arguments.
 */
#include <stdlib.h>

#include "core_info.h"
#include "core_state.h"
#include "recorder_format.h"

#define FUZZ_CLUSTER	7
#define FUZZ_NODES	5

struct input {
	const u8 *at;
	size_t left;
};

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

void core_assert_failed(const char *file, int line, const char *what)
{
	abort();
}

static u64 take(struct input *in, unsigned int bytes)
{
	u64 value = 0;

	while (bytes-- && in->left) {
		value = value << 8 | *in->at++;
		in->left--;
	}
	return value;
}

static struct core_view view_take(struct input *in, const struct core *core)
{
	struct core_view view = { .epoch = core->installed.epoch + take(in, 1) % 3 };
	u8 mask = take(in, 1);
	u16 id;

	for (id = 1; id <= FUZZ_NODES; id++) {
		if (!(mask & 1 << id))
			continue;
		view.member[view.count].id = id;
		view.member[view.count].incarnation = 100 + id;
		view.count++;
	}
	view.coordinator = view.member[0].id;
	view.hash = core_view_hash(&view);
	return view;
}

/* A heartbeat from the input's bytes; often with the addresses made right. */
static void receive(struct input *in, struct core *core, u64 now_ns)
{
	struct core_hb hb = {
		.cluster_id = FUZZ_CLUSTER,
		.src = 2 + take(in, 1) % (FUZZ_NODES - 1),
		.dst = 1,
		.path = take(in, 1) % 2,
		.flags = take(in, 1) & ~CORE_HB_GASP,
		.dst_incarnation = take(in, 1) % 4 ? 101 : take(in, 8),
		.sequence = take(in, 2),
		.installed_epoch = core->installed.epoch + take(in, 1) % 3,
		.sent_ns = take(in, 8),
		.returned_ns = now_ns - take(in, 4),
		.path_returned_ns = now_ns - take(in, 4),
		.path_held_ns = take(in, 4),
	};
	u8 buf[CORE_HB_SIZE];
	u8 spoil = take(in, 1);

	hb.src_incarnation = take(in, 1) % 4 ? 100U + hb.src : take(in, 8);
	hb.frontier = take(in, 1) % 2 ? core->frontier : (struct core_frontier){
		core->installed.epoch + take(in, 1), take(in, 8) };
	core_hb_encode(&hb, buf);
	if (spoil < CORE_HB_SIZE)
		buf[spoil] = take(in, 1);
	core_receive(core, 0, hb.path, now_ns, buf);
}

/* Last words with a value that is well-formed, unless it is spoilt. */
static void gasp_receive(struct input *in, struct core *core, u64 now_ns)
{
	struct core_hb hb = {
		.cluster_id = FUZZ_CLUSTER,
		.src = 2 + take(in, 1) % (FUZZ_NODES - 1),
		.dst = 1,
		.path = take(in, 1) % 2,
		.flags = CORE_HB_GASP | take(in, 1),
		.sequence = CORE_GASP_SEQUENCE,
		.sent_ns = 1 + take(in, 4),
		.installed_epoch = core->installed.epoch + take(in, 1) % 2,
	};
	struct core_gasp gasp = {
		.promised = { take(in, 1), take(in, 1) },
		.ballot = { take(in, 1), take(in, 1) },
	};
	u8 buf[CORE_GASP_SIZE];
	u16 spoil = take(in, 2);

	hb.src_incarnation = take(in, 1) % 4 ? 100U + hb.src : take(in, 8);
	gasp.accepted = view_take(in, core);
	hb.frontier.epoch = gasp.accepted.epoch;
	hb.frontier.hash = gasp.accepted.hash;
	core_gasp_encode(&hb, &gasp, buf);
	if (spoil < CORE_GASP_SIZE)
		buf[spoil] = take(in, 1);
	core_gasp_receive(core, 0, hb.path, now_ns, buf);
	core_gasp_read(core, hb.src, hb.src_incarnation, &gasp);
}

/* What this node would say must be readable by the others, whatever happened. */
static void gasp_write(struct input *in, struct core *core, u64 now_ns)
{
	struct core_gasp gasp;
	struct core_hb hb;
	u8 buf[CORE_GASP_SIZE];

	if (core_gasp_write(core, take(in, 1), take(in, 1), now_ns, buf) != CORE_GASP_SIZE)
		return;
	if (!core->accepted.epoch || core->ballot_counter)
		core_assert(core_gasp_decode(buf, &hb, &gasp) == CORE_DROP_NONE);
}

static void step(struct input *in, struct core *core, u64 *now_ns)
{
	struct core_event event;
	struct core_view view;
	struct core_ages ages;
	struct core_ballot ballot;
	u8 buf[CORE_HB_SIZE];

	*now_ns += take(in, 2) * 10000;
	switch (take(in, 1) % 20) {
	case 0: core_arm(core, *now_ns); break;
	case 1: core_disarm(core, take(in, 1) & 1); break;
	case 2: core_detached(core, *now_ns); break;
	case 3: core_acknowledge(core, take(in, 1), 100 + take(in, 1)); break;
	case 4:
		view = view_take(in, core);
		core_accept(core, &view, take(in, 1), take(in, 1), *now_ns, &ages);
		break;
	case 5:
		view = core->accepted;
		core_install(core, &view, *now_ns);
		break;
	case 6: core_peer_remove(core, take(in, 2)); break;
	case 7: core_peer_add(core, take(in, 2), take(in, 1)); break;
	case 8: core_shutdown(core, *now_ns, take(in, 4)); break;
	case 9: core_tick(core, *now_ns); break;
	case 10: core_request_toc(core); break;
	case 11: core_transmit(core, take(in, 1), take(in, 1), *now_ns, buf); break;
	case 12: core_event_pop(core, &event); break;
	case 13: core_pet(core, *now_ns); break;
	case 14: gasp_receive(in, core, *now_ns); break;
	case 15: gasp_write(in, core, *now_ns); break;
	case 16:
		ballot.counter = take(in, 1);
		ballot.node = take(in, 1);
		core_promise(core, core->installed.epoch + take(in, 1) % 3, &ballot);
		break;
	default: receive(in, core, *now_ns);
	}
	if (core->accepted.epoch && core->installed.epoch)
		core_assert(core->accepted.epoch == core->installed.epoch + 1);
	if (!core->armed)
		core_assert(core_deadline_ns(core) == CORE_NEVER);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static struct core core;
	static struct recorder_header header;
	struct core_config config = {
		.cluster_id = FUZZ_CLUSTER, .incarnation = 101, .node_id = 1,
		.interval_ns = 100 * CORE_NS_PER_MS,
		.member_timeout_ns = 1000 * CORE_NS_PER_MS,
		.safety_timeout_ns = 5000 * CORE_NS_PER_MS,
	};
	struct input in = { data, size };
	u64 now_ns = CORE_NS_PER_S;
	struct core_gasp gasp;
	struct core_hb hb;
	u32 key;
	u16 id;

	if (core_init(&core, &config, now_ns))
		return 0;
	for (id = 2; id <= FUZZ_NODES; id++)
		core_peer_add(&core, id, 2);
	while (in.left)
		step(&in, &core, &now_ns);
	/* The decoders on the bare bytes. */
	if (core_hb_precheck(data, size, &key) == CORE_DROP_NONE)
		size == CORE_GASP_SIZE ? core_gasp_decode(data, &hb, &gasp) :
					 core_hb_decode(data, &hb);
	memcpy(&header, data, size < sizeof(header) ? size : sizeof(header));
	recorder_header_check(&header, CORE_NEVER);
	return 0;
}
