// SPDX-License-Identifier: GPL-2.0-or-later
// rooms: kmod/core selftests/fuzz/model
/*
 * The kernel core under whatever a node with the key may send, mixed with
 * whatever user space may ask, while honest peers go on beside it.  The oracle
 * is model/core_model.c: a second working-out of what the rules allow.
 *
 * The input is a list of operations of one byte and their arguments; the byte's
 * upper half says how much time passes before it.  An operation keeps its
 * number: the seeds in seeds/core are made of them.  New ones take a free one.
 */
#include <stdlib.h>

#include "core_model.h"
#include "core_state.h"
#include "recorder_format.h"

#define FUZZ_CLUSTER	7
#define FUZZ_NODES	5		/* the core is node 1 */
#define FUZZ_PATHS	2
#define FUZZ_RECORDED	16

/* A peer as an honest one would be; its clock is its own. */
struct honest {
	u8 life;
	u64 clock_ns;
	u64 sequence[CORE_PATHS_MAX];
	u64 heard_ns[CORE_PATHS_MAX];	/* send time of the core's last on this path */
};

struct fuzz {
	const u8 *at;
	size_t left;
	u64 now_ns;
	struct core core;
	struct model model;
	struct honest peer[FUZZ_NODES + 1];
	u8 recorded[FUZZ_RECORDED][CORE_HB_SIZE];
	u8 recording;
};

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

void core_assert_failed(const char *file, int line, const char *what)
{
	abort();
}

static u64 take(struct fuzz *f, unsigned int bytes)
{
	u64 value = 0;

	while (bytes-- && f->left) {
		value = value << 8 | *f->at++;
		f->left--;
	}
	return value;
}

static u64 incarnation_of(const struct fuzz *f, u16 id)
{
	return id == 1 ? f->model.config.incarnation : 100U * id + f->peer[id].life;
}

static struct core_view view_make(const struct fuzz *f, u64 epoch, u8 mask)
{
	struct core_view view = { .epoch = epoch };
	u16 id;

	for (id = 1; id <= FUZZ_NODES; id++) {
		if (!(mask & 1 << id))
			continue;
		view.member[view.count].id = id;
		view.member[view.count++].incarnation = incarnation_of(f, id);
	}
	view.coordinator = view.member[0].id;
	view.hash = core_view_hash(&view);
	return view;
}

static void deliver(struct fuzz *f, u8 path, const u8 *buf)
{
	memcpy(f->recorded[f->recording++ % FUZZ_RECORDED], buf, CORE_HB_SIZE);
	model_receive(&f->model, f->now_ns, buf);
	core_receive(&f->core, 0, path, f->now_ns, buf);
}

static void transmit(struct fuzz *f, u16 id, u8 path)
{
	u8 buf[CORE_HB_SIZE];
	int size = core_transmit(&f->core, id, path, f->now_ns, buf);

	model_transmit(&f->model, id, path, f->now_ns, buf, size);
	if (size == CORE_HB_SIZE && id <= FUZZ_NODES)
		f->peer[id].heard_ns[path] = f->now_ns;
}

/* What an honest peer that hears everything says next. */
static struct core_hb honest_say(struct fuzz *f, u16 id, u8 path)
{
	struct honest *peer = &f->peer[id];

	peer->clock_ns += 1 + f->now_ns / 1024;
	return (struct core_hb){
		.cluster_id = FUZZ_CLUSTER,
		.src_incarnation = incarnation_of(f, id),
		.dst_incarnation = incarnation_of(f, 1),
		.sequence = ++peer->sequence[path],
		.installed_epoch = f->model.installed.epoch,
		.frontier = f->model.frontier,
		.sent_ns = peer->clock_ns,
		.returned_ns = peer->heard_ns[path],
		.path_returned_ns = peer->heard_ns[path],
		.interval_us = 100000,
		.flags = CORE_HB_ARMED | CORE_HB_IN_VIEW,
		.src = id,
		.dst = 1,
		.path = path,
	};
}

/* Everybody in the mask hears and is heard, once. */
static void round_trip(struct fuzz *f, u8 mask)
{
	u8 buf[CORE_HB_SIZE];
	struct core_hb hb;
	u16 id;

	for (id = 2; id <= FUZZ_NODES; id++) {
		if (!(mask & 1 << id))
			continue;
		transmit(f, id, mask & 1);
		f->now_ns += 1000;
		hb = honest_say(f, id, mask & 1);
		core_hb_encode(&hb, buf);
		deliver(f, hb.path, buf);
	}
}

/* One number of a heartbeat, bent. */
static u64 bend(struct fuzz *f, u64 value)
{
	switch (take(f, 1) % 8) {
	case 0: return 0;
	case 1: return value - 1;
	case 2: return value + 1;
	case 3: return value + take(f, 4);
	case 4: return value - take(f, 4);
	case 5: return f->now_ns + take(f, 4);
	case 6: return take(f, 8);
	default: return CORE_NEVER - take(f, 1);
	}
}

/* A heartbeat of a node with the key that lies in up to three fields. */
static void lie(struct fuzz *f)
{
	u16 id = 2 + take(f, 1) % (FUZZ_NODES - 1);
	struct core_hb hb = honest_say(f, id, take(f, 1) % FUZZ_PATHS);
	u8 lies = take(f, 1) % 4, path = hb.path;
	u8 buf[CORE_HB_SIZE];

	while (lies--) {
		switch (take(f, 1) % 16) {
		case 0: hb.src_incarnation = bend(f, hb.src_incarnation); break;
		case 1: hb.dst_incarnation = bend(f, hb.dst_incarnation); break;
		case 2: hb.sequence = bend(f, hb.sequence); break;
		case 3: hb.installed_epoch = bend(f, hb.installed_epoch); break;
		case 4: hb.frontier.epoch = bend(f, hb.frontier.epoch); break;
		case 5: hb.frontier.hash = bend(f, hb.frontier.hash); break;
		case 6: hb.sent_ns = bend(f, hb.sent_ns); break;
		case 7: hb.returned_ns = bend(f, hb.returned_ns); break;
		case 8: hb.path_returned_ns = bend(f, hb.path_returned_ns); break;
		case 9: hb.path_held_ns = bend(f, hb.path_held_ns); break;
		/* The encoder is for heartbeats; replay() makes the rest. */
		case 10: hb.flags = take(f, 2) & ~CORE_HB_GASP; break;
		case 11: hb.dst = take(f, 2); break;
		case 12: hb.cluster_id = bend(f, hb.cluster_id); break;
		case 13: hb.src = 1 + take(f, 1) % CORE_NODE_ID_MAX; break;
		case 14: path = take(f, 1); break;
		default: memset(hb.heard, take(f, 1), sizeof(hb.heard));
		}
	}
	core_hb_encode(&hb, buf);
	deliver(f, path, buf);
}

/* A recorded one again, bytes bent; or bytes alone. */
static void replay(struct fuzz *f, bool bent)
{
	u8 buf[CORE_HB_SIZE], count = bent ? take(f, 1) % 8 : 0;

	memcpy(buf, f->recorded[take(f, 1) % FUZZ_RECORDED], sizeof(buf));
	while (count--)
		buf[take(f, 1) % CORE_HB_SIZE] = take(f, 1);
	deliver(f, buf[5], buf);
}

static int accept(struct fuzz *f, const struct core_view *view, u64 counter, u16 node)
{
	struct core_ages ages = { 0 };
	int err = core_accept(&f->core, view, counter, node, f->now_ns, &ages);

	model_accept(&f->model, view, f->now_ns, err, &ages);
	return err;
}

static void acknowledge(struct fuzz *f, u16 id, u64 incarnation)
{
	model_acknowledge(&f->model, id, incarnation,
			  core_acknowledge(&f->core, id, incarnation));
}

static void install(struct fuzz *f, const struct core_view *view)
{
	int err = core_install(&f->core, view, f->now_ns);

	model_install(&f->model, view, f->now_ns, err);
}

/* The whole way to the next view, as user space goes it. */
static void form(struct fuzz *f)
{
	u8 mask = take(f, 1);
	struct core_view view = view_make(f, f->model.installed.epoch + 1, mask);
	u16 id;

	for (id = 2; id <= FUZZ_NODES; id++)
		if (mask & 1 << id)
			acknowledge(f, id, incarnation_of(f, id));
	round_trip(f, mask & ~1);
	round_trip(f, mask & ~1);
	if (accept(f, &view, take(f, 1), take(f, 1)))
		return;
	round_trip(f, mask & ~1);
	install(f, &view);
}

static void live(struct fuzz *f, u8 operation)
{
	u64 grace_ns;
	u16 id;

	switch (operation) {
	case 0:
		model_arm(&f->model, f->now_ns, core_arm(&f->core, f->now_ns));
		break;
	case 1:
		model_disarm(&f->model, core_disarm(&f->core, take(f, 1) & 1, f->now_ns));
		break;
	case 2:
		core_detached(&f->core, f->now_ns);
		model_detached(&f->model, f->now_ns);
		break;
	case 3:
		model_pet(&f->model, f->now_ns, core_pet(&f->core, f->now_ns));
		break;
	case 4:
		grace_ns = take(f, 4);
		model_shutdown(&f->model, f->now_ns, grace_ns);
		core_shutdown(&f->core, f->now_ns, grace_ns);
		break;
	case 5:
		model_request_toc(&f->model);
		core_request_toc(&f->core);
		break;
	case 6:
		id = take(f, 2);
		model_peer_remove(&f->model, id, core_peer_remove(&f->core, id));
		break;
	default:
		id = take(f, 2);
		model_peer_add(&f->model, id, core_peer_add(&f->core, id, take(f, 1)));
	}
}

/* Last words with a value that is well-formed, unless it is spoilt. */
static void gasp_receive(struct fuzz *f)
{
	u16 id = 2 + take(f, 1) % (FUZZ_NODES - 1);
	struct core_hb hb = {
		.cluster_id = FUZZ_CLUSTER,
		.src = id,
		.dst = 1,
		.path = take(f, 1) % FUZZ_PATHS,
		.flags = CORE_HB_GASP | take(f, 1),
		.sequence = CORE_GASP_SEQUENCE,
		.sent_ns = 1 + take(f, 4),
		.installed_epoch = f->model.installed.epoch + take(f, 1) % 2,
		.src_incarnation = incarnation_of(f, id),
	};
	struct core_gasp gasp = {
		.promised = { take(f, 1), take(f, 1) },
		.ballot = { take(f, 1), take(f, 1) },
	};
	u8 buf[CORE_GASP_SIZE];
	u16 spoil = take(f, 2);
	u8 mask = take(f, 1);

	if (mask & 0x3e)
		gasp.accepted = view_make(f, hb.installed_epoch + 1, mask);
	hb.frontier.epoch = mask & 0x3e ? gasp.accepted.epoch : hb.installed_epoch;
	hb.frontier.hash = gasp.accepted.hash;
	core_gasp_encode(&hb, &gasp, buf);
	if (spoil < CORE_GASP_SIZE)
		buf[spoil] = take(f, 1);
	model_gasp(&f->model, buf, core_gasp_receive(&f->core, 0, hb.path, f->now_ns, buf));
	core_gasp_read(&f->core, id, hb.src_incarnation, &gasp);
}

/* What this node would say must be readable by the others, whatever happened. */
static void gasp_write(struct fuzz *f)
{
	struct core_gasp gasp;
	struct core_hb hb;
	u8 buf[CORE_GASP_SIZE];

	if (core_gasp_write(&f->core, take(f, 1), take(f, 1), f->now_ns, buf) != CORE_GASP_SIZE)
		return;
	if (f->model.accepted.epoch && !f->core.ballot_counter)
		return;
	core_assert(core_gasp_decode(buf, &hb, &gasp) == CORE_DROP_NONE);
	core_assert(hb.installed_epoch == f->model.installed.epoch);
	if (f->model.accepted.epoch)
		core_assert(gasp.accepted.hash == f->model.accepted.hash);
}

static void last_words(struct fuzz *f)
{
	struct core_ballot ballot;

	switch (take(f, 1) % 4) {
	case 0:
		gasp_write(f);
		break;
	case 1:
		ballot.counter = take(f, 1);
		ballot.node = take(f, 1);
		core_promise(&f->core, f->model.installed.epoch + take(f, 1) % 3, &ballot);
		break;
	default:
		gasp_receive(f);
	}
}

static void check(struct fuzz *f)
{
	model_check(&f->model, &f->core, core_check(&f->core, f->now_ns), f->now_ns);
}

static void step(struct fuzz *f)
{
	static const u64 pass_ns[16] = {
		0, 0, 1, 1000, 100000, 1000000, 10000000, 50000000, 100000000, 200000000,
		300000000, 480000000, 500000000, 999000000, 1000000000, 3000000000,
	};
	u8 operation = take(f, 1);
	struct core_event event;
	struct core_view view;
	u8 mask;

	f->now_ns += pass_ns[operation >> 4];
	check(f);
	switch (operation & 15) {
	case 0: live(f, take(f, 1) % 8); break;
	case 1: acknowledge(f, take(f, 1), 100 * take(f, 1) + take(f, 1)); break;
	case 2:
		mask = take(f, 1);
		view = view_make(f, f->model.installed.epoch + take(f, 1) % 3, mask);
		accept(f, &view, take(f, 1), take(f, 1));
		break;
	case 3:
		view = f->model.accepted;
		install(f, &view);
		break;
	case 4: form(f); break;
	case 5: core_tick(&f->core, f->now_ns); break;
	case 6:
		mask = take(f, 1);
		transmit(f, mask % 8, take(f, 1) % CORE_PATHS_MAX);
		break;
	case 7: core_event_pop(&f->core, &event); break;
	case 8: lie(f); break;
	case 9: replay(f, false); break;
	case 10: replay(f, true); break;
	case 11: /* another life of a peer */
		f->peer[2 + take(f, 1) % (FUZZ_NODES - 1)].life++;
		break;
	case 12: live(f, 3); break;
	case 14: last_words(f); break;
	default: round_trip(f, take(f, 1));
	}
	check(f);
}

/* The decoders on the bare bytes. */
static void decode(const u8 *data, size_t size)
{
	static struct recorder_header header;
	struct core_gasp gasp;
	struct core_hb hb;
	u32 key;

	if (core_hb_precheck(data, size, &key) == CORE_DROP_NONE)
		size == CORE_GASP_SIZE ? core_gasp_decode(data, &hb, &gasp) :
					 core_hb_decode(data, &hb);
	memset(&header, 0, sizeof(header));
	memcpy(&header, data, size < sizeof(header) ? size : sizeof(header));
	recorder_header_check(&header, CORE_NEVER);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static struct fuzz f;
	struct core_config config = {
		.cluster_id = FUZZ_CLUSTER, .incarnation = 101, .node_id = 1,
		.interval_ns = 100 * CORE_NS_PER_MS,
		.member_timeout_ns = 1000 * CORE_NS_PER_MS,
		.safety_timeout_ns = 5000 * CORE_NS_PER_MS,
		.on_detach_ns = 700 * CORE_NS_PER_MS,
	};
	u16 id;

	decode(data, size);
	memset(&f, 0, sizeof(f));
	f.at = data;
	f.left = size;
	f.now_ns = CORE_NS_PER_S;
	if (core_init(&f.core, &config, f.now_ns))
		abort();
	model_init(&f.model, &config);
	for (id = 2; id <= FUZZ_NODES; id++) {
		model_peer_add(&f.model, id, core_peer_add(&f.core, id, FUZZ_PATHS));
		f.peer[id].clock_ns = id * CORE_NS_PER_S;
	}
	while (f.left)
		step(&f);
	return 0;
}
