// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A node that has the key and lies.  Node 2 is this program: it keeps up a member's
 * heartbeats, so that node 1 has a lease, and between them sends others, signed,
 * that are bent in up to three fields.
 *
 * What it may achieve is what the rules allow, no more; selftests/fuzz/model says
 * how long node 1's leases may be at the most, and when it may hold itself for
 * excluded.  Then, or when the lies have made the honest word too old, node 1 falls
 * silent, and the next session begins.
 */
#include "kspray.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "core_model.h"
#include "names.h"

#define MEMBER_MS	3000
#define BATCH		32

struct inside {
	struct dice *dice;
	int fd;
	struct node a;
	struct model model;
	struct core_frontier frontier;
	u64 incarnation;
	u64 sequence[2];
	u64 sent_ns;
	u64 heard_ns[2];		/* of node 1's newest, its clock */
	u64 next_ns;
	u64 taken;			/* what the module has counted, in and out */
	u64 sent;
	u64 verdicts[CORE_VERDICTS];
};

static void listen_to_a(struct inside *n, bool may_speak)
{
	u8 frame[SPRAY_FRAME];
	const u8 *payload;
	struct core_hb hb;
	size_t length;
	ssize_t size;

	while ((size = recv(n->fd, frame, sizeof(frame), MSG_DONTWAIT)) > 0) {
		payload = frame_payload(frame, size, &length);
		if (!payload || length != CORE_HB_SIZE || core_hb_decode(payload, &hb) ||
		    hb.src != 1 || hb.path > 1)
			kctl_die("node 1 sent something else: %zd bytes", size);
		if (!may_speak)
			kctl_die("node 1 speaks after its end");
		if (hb.sent_ns > n->heard_ns[hb.path])
			n->heard_ns[hb.path] = hb.sent_ns;
	}
}

static struct core_hb honest(struct inside *n, u8 path)
{
	return (struct core_hb){
		.cluster_id = KCTL_CLUSTER,
		.src_incarnation = n->incarnation,
		.dst_incarnation = n->a.incarnation,
		.sequence = n->sequence[path] + 1,
		.installed_epoch = n->frontier.epoch,
		.frontier = n->frontier,
		.sent_ns = n->sent_ns + 1,
		.returned_ns = n->heard_ns[path],
		.path_returned_ns = n->heard_ns[path],
		.interval_us = 100000,
		.flags = CORE_HB_ARMED | (n->frontier.epoch ? CORE_HB_IN_VIEW : CORE_HB_JOINING),
		.src = 2,
		.dst = 1,
		.path = path,
	};
}

/* Sign and send; the model hears of it before (so that it knows the first word)
 * and after (so that what it thinks late enough has come).
 */
static void say(struct inside *n, const struct core_hb *hb, u8 path)
{
	static struct frames frames;
	struct arrival arrival;
	u8 buf[CORE_HB_SIZE];

	core_hb_encode(hb, buf);
	kctl_mac_sign(buf, KCTL_KEY_ID);
	model_receive(&n->model, base_clock_ns(), buf);
	frames_make(n->dice, buf, sizeof(buf), path, false, &frames, &arrival);
	packet_send(n->fd, &frames, 1);
	model_receive(&n->model, base_clock_ns(), buf);
	n->sent++;
	/* The honest word must go on from where the lies went. */
	if (hb->src != 2 || hb->src_incarnation != n->incarnation ||
	    hb->cluster_id != KCTL_CLUSTER || hb->dst != 1 || hb->path != path)
		return;
	if (hb->sequence > n->sequence[path])
		n->sequence[path] = hb->sequence;
	if (hb->sent_ns > n->sent_ns)
		n->sent_ns = hb->sent_ns;
}

static void be_honest(struct inside *n)
{
	struct core_hb hb;
	u8 path;

	for (path = 0; path < 2; path++) {
		hb = honest(n, path);
		say(n, &hb, path);
	}
	n->next_ns = base_clock_ns() + 100 * CORE_NS_PER_MS;
}

/* Bent, mostly a little: what is far ahead ends the session. */
static u64 bend(struct inside *n, u64 value)
{
	switch (dice_roll(n->dice, 64)) {
	case 0: return 0;
	case 1: return CORE_NEVER - dice_roll(n->dice, 3);
	case 2: return dice_roll(n->dice, CORE_NEVER);
	default: break;
	}
	switch (dice_roll(n->dice, 6)) {
	case 0: return value + 1;
	case 1: return value - 1;
	case 2: return value + dice_roll(n->dice, 1000);
	case 3: return value - dice_roll(n->dice, 1000);
	case 4: return value - dice_roll(n->dice, 4 * CORE_NS_PER_S);
	default: return base_clock_ns() + dice_roll(n->dice, 10 * CORE_NS_PER_S);
	}
}

/* Sequence and send time that end the session come seldom. */
static u64 bend_order(struct inside *n, u64 value)
{
	if (!dice_roll(n->dice, 256))
		return bend(n, value);
	return dice_roll(n->dice, 2) ? value + dice_roll(n->dice, 9) :
				       value - dice_roll(n->dice, 1000);
}

static void lie(struct inside *n)
{
	u8 path = dice_roll(n->dice, 2), on = path;
	struct core_hb hb = honest(n, path);
	unsigned int lies = 1 + dice_roll(n->dice, 3);

	while (lies--) {
		switch (dice_roll(n->dice, 15)) {
		case 0: hb.src_incarnation = bend(n, hb.src_incarnation); break;
		case 1: hb.dst_incarnation = bend(n, hb.dst_incarnation); break;
		case 2: hb.sequence = bend_order(n, hb.sequence); break;
		case 3: hb.sent_ns = bend_order(n, hb.sent_ns); break;
		case 4: hb.returned_ns = bend(n, hb.returned_ns); break;
		case 5: hb.path_returned_ns = bend(n, hb.path_returned_ns); break;
		case 6: hb.path_held_ns = bend(n, hb.path_held_ns); break;
		case 7: hb.frontier.epoch = bend(n, hb.frontier.epoch); break;
		case 8: hb.frontier.hash = bend(n, hb.frontier.hash); break;
		case 9: hb.installed_epoch = bend(n, hb.installed_epoch); break;
		/* In the view, mostly: else the first newer epoch is the end. */
		case 10: hb.flags = (dice_roll(n->dice, 65536) & ~CORE_HB_GASP) |
				    (dice_roll(n->dice, 64) ? CORE_HB_IN_VIEW : 0); break;
		case 11: hb.dst = dice_roll(n->dice, 300); break;
		case 12: hb.cluster_id = bend(n, hb.cluster_id); break;
		case 13: hb.src = 1 + dice_roll(n->dice, CORE_NODE_ID_MAX); break;
		default: on = 1 - path; break;
		}
	}
	say(n, &hb, on);
}

static u64 counted(struct inside *n)
{
	struct nl_stats stats;
	unsigned int i;
	u64 all;

	kctl_must(nl_stats_get(n->a.nl, &stats), "stats-get");
	all = stats.received;
	for (i = 1; i < CORE_DROP_COUNT; i++)
		all += stats.dropped[i];
	return all;
}

/* Return: false when node 1 has come to its end, rightly. */
static bool batch_check(struct inside *n)
{
	struct nl_status status;
	struct nl_peer peer;
	u64 all = 0;
	int tries;

	for (tries = 0; tries < 100 && all != n->taken + n->sent; tries++) {
		all = counted(n);
		if (all != n->taken + n->sent)
			kctl_wait_ms(10);
	}
	if (all != n->taken + n->sent)
		kctl_die("counted %llu, sent %llu", (unsigned long long)(all - n->taken),
			 (unsigned long long)n->sent);
	kctl_must(nl_status_get(n->a.nl, &status), "status-get");
	kctl_must(nl_peer_get(n->a.nl, 2, &peer), "peer-get");
	model_check_leases(&n->model, status.verdict, status.safety_ns, status.quorum_ns,
			   status.verdict ? status.now_ns : 0);
	if (status.installed.epoch != 1 || status.accepted.epoch || !status.armed ||
	    status.frontier.hash != n->frontier.hash)
		kctl_die("lies have changed the view");
	if (peer.info.incarnation && peer.info.incarnation != n->incarnation && peer.info.heard &&
	    !n->model.peer[2].life[1].incarnation)
		kctl_die("a life that nobody claimed is heard");
	return !status.verdict;
}

static void session_begin(struct inside *n)
{
	static const struct node_options options = { .member_ms = MEMBER_MS };
	struct core_member member[2] = { { .id = 1 }, { .id = 2 } };
	struct core_config config = {
		.cluster_id = KCTL_CLUSTER, .node_id = 1,
		.member_timeout_ns = MEMBER_MS * CORE_NS_PER_MS,
		.safety_timeout_ns = CORE_SAFETY_TIMEOUT_NS_MAX,
	};
	struct core_ages ages = { 0 };
	struct core_view view;
	struct nl_status status;
	struct nl_peer peer;
	int err, tries;

	memset(n->heard_ns, 0, sizeof(n->heard_ns));
	n->frontier = (struct core_frontier){ 0 };
	n->sequence[0] = n->sequence[1] = 0;
	n->sent_ns = base_clock_ns();
	n->incarnation = 2 + dice_roll(n->dice, CORE_NEVER / 2);
	n->sent = 0;
	node_start(&n->a, "a", 1, &options);
	n->taken = counted(n);
	config.incarnation = n->a.incarnation;
	model_init(&n->model, &config);
	kctl_must(nl_status_get(n->a.nl, &status), "status-get");
	n->model.armed = true;
	n->model.safety_ns = status.safety_ns;
	for (tries = 0; tries < 600; tries++) {
		listen_to_a(n, true);
		be_honest(n);
		kctl_must(nl_peer_get(n->a.nl, 2, &peer), "peer-get");
		if (peer.info.heard && peer.path[0].info.state == CORE_PATH_UP &&
		    peer.path[1].info.state == CORE_PATH_UP)
			break;
		kctl_wait_ms(50);
	}
	member[0].incarnation = n->a.incarnation;
	member[1].incarnation = n->incarnation;
	view = kctl_view(1, member, 2);
	kctl_must(nl_acknowledge(n->a.nl, 2, n->incarnation), "acknowledge");
	model_acknowledge(&n->model, 2, n->incarnation, 0);
	kctl_must(nl_accept(n->a.nl, &view, 1, 1, &ages), "accept");
	model_accept(&n->model, &view, base_clock_ns(), 0, &ages);
	n->frontier = (struct core_frontier){ 1, view.hash };
	for (tries = 0; tries < 600; tries++) {
		listen_to_a(n, true);
		be_honest(n);
		err = nl_install(n->a.nl, &view);
		if (err != -EAGAIN)
			break;
		kctl_wait_ms(20);
	}
	kctl_must(err, "install");
	model_install(&n->model, &view, base_clock_ns(), 0);
}

/* What node 1 does after its end: nothing. */
static void session_end(struct inside *n)
{
	struct nl_status status;
	unsigned int i;

	kctl_must(nl_status_get(n->a.nl, &status), "status-get");
	n->verdicts[status.verdict]++;
	kctl_wait_ms(50);
	while (recv(n->fd, (u8[SPRAY_FRAME]){ 0 }, SPRAY_FRAME, MSG_DONTWAIT) > 0)
		;
	for (i = 0; i < 5; i++) {
		be_honest(n);
		kctl_wait_ms(60);
		listen_to_a(n, false);
	}
	if (nl_pet(n->a.nl) != -ETIME)
		kctl_die("a node past its end was renewed");
	node_stop(&n->a);
}

void spray_inside(int fd, struct dice *dice, u64 count)
{
	static struct inside n;
	u64 done = 0, sessions = 0, begin_ns = base_clock_ns();
	unsigned int i;

	n.dice = dice;
	n.fd = fd;
	while (done < count) {
		session_begin(&n);
		sessions++;
		do {
			listen_to_a(&n, true);
			if (base_clock_ns() >= n.next_ns)
				be_honest(&n);
			for (i = 0; i < BATCH; i++, done++)
				lie(&n);
		} while (batch_check(&n) && done < count);
		if (done < count)
			session_end(&n);
		else
			node_stop(&n.a);
	}
	printf("lied %llu times in %llu s and %llu sessions: node 1 evicted %llu, its lease run "
	       "out %llu, each by the rules\n", (unsigned long long)done,
	       (unsigned long long)((base_clock_ns() - begin_ns) / CORE_NS_PER_S),
	       (unsigned long long)sessions, (unsigned long long)n.verdicts[CORE_VERDICT_EVICTED],
	       (unsigned long long)n.verdicts[CORE_VERDICT_QUORUM_LEASE]);
}
