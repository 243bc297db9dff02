// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tries to fake heartbeats, as fast as it can, and says if it got anywhere.
 *
 *   kspray count=N seed=S mode=still|live|gasped|inside
 *
 * Namespaces and cables: kspray.h.  It records heartbeats from life: of node 2's
 * present life and the one before, of node 1, of a node that is no peer, of another
 * cluster, with another secret, with another key; and writes last words as those
 * lives would have.  Then it sends them again: cut, changed, mixed, with clocks that
 * jump, from elsewhere, by another path, in every kind of IP packet.
 *
 *   still   node 2 is gone; nothing may change in node 1, not one byte
 *   live    node 2 goes on; not one of its heartbeats may be lost or refused
 *   gasped  like still, but node 2 went with last words, which are sent again, too
 *   inside  the sender has the key: kspray_inside.c
 *
 * In all of them, each datagram must be counted, once, for the reason that this
 * program works out by itself; and what comes from node 1 meanwhile must be
 * nothing but its heartbeats, each with the next number.
 */
#include "kspray.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <fcntl.h>

#include "names.h"

/* Of each life; for a short round fewer will do. */
#define EACH_BRIEF	16
#define BRIEF		10000

/* Between two looks at the state: so many, or as many as go in that time. */
#define CHUNK		8192
#define CHUNK_NS	(20 * CORE_NS_PER_S)

struct spray {
	struct dice dice;
	struct pool pool;
	struct node a;
	struct node b;
	bool live;
	int to_a;			/* packet socket on the cable to a */
	int to_b;
	u64 sequence[2];		/* of node 1, by path */
	u64 heartbeats;			/* of node 1, seen */
	u64 expected[CORE_DROP_COUNT];	/* [CORE_DROP_NONE]: taken */
	u64 gasps[CORE_DROP_COUNT];	/* of them unchanged last words */
	unsigned int each;		/* recorded of each life */
	u64 sent;
	u64 stopped;			/* by the stack, before the module */
};

/* All that can be read of node 1, as far as it must not change. */
struct state {
	struct nl_status status;
	struct nl_peer peer[4];
	size_t peers;
	struct nl_stats stats;
};

/* What the module must make of it. */
static enum core_drop verdict(const struct spray *s, const struct shot *shot,
			      const struct arrival *arrival)
{
	static const u8 begin[] = { 'T', 'C', 'H', 'B', 1 };
	bool six_path = shot->payload[5];

	if (arrival->size != CORE_HB_SIZE && arrival->size != CORE_GASP_SIZE)
		return CORE_DROP_LENGTH;
	if (memcmp(shot->payload, begin, 4))
		return CORE_DROP_MAGIC;
	if (shot->payload[4] != begin[4])
		return CORE_DROP_VERSION;
	if (shot->payload[8] || shot->payload[9] || shot->payload[10] ||
	    shot->payload[11] != KCTL_KEY_ID)
		return CORE_DROP_KEY;
	if (arrival->size != shot->genuine || shot->kind == POOL_SECRET)
		return CORE_DROP_MAC;
	if (shot->kind == POOL_OWN)
		return CORE_DROP_DESTINATION;
	if (shot->kind == POOL_STRANGER)
		return CORE_DROP_PEER;
	if (!arrival->from_peer || arrival->six != six_path)
		return CORE_DROP_ADDRESS;
	if (shot->kind == POOL_CLUSTER)
		return CORE_DROP_CLUSTER;
	/* Whatever that life says, it said before; or it has said its last. */
	if (shot->kind == POOL_PRESENT)
		return CORE_DROP_REPLAY;
	/* Only of the life that was heard last are last words worth anything. */
	if (shot->genuine == CORE_GASP_SIZE)
		return CORE_DROP_INCARNATION;
	/* A former life: may prove itself while the present one is silent, no more. */
	return s->live ? CORE_DROP_INCARNATION : CORE_DROP_NONE;
}

static void state_read(struct spray *s, struct state *state)
{
	struct nl_peer again;

	do {
		memset(state, 0, sizeof(*state));
		memset(&again, 0, sizeof(again));
		kctl_must(nl_status_get(s->a.nl, &state->status), "status-get");
		kctl_must(nl_peer_list(s->a.nl, state->peer, 4, &state->peers), "peer-list");
		kctl_wait_ms(5);
		kctl_must(nl_stats_get(s->a.nl, &state->stats), "stats-get");
		kctl_must(nl_peer_get(s->a.nl, 2, &again), "peer-get");
		/* Until no heartbeat of node 2 comes in between. */
	} while (state->peers != 1 || again.info.heard_ns != state->peer[0].info.heard_ns ||
		 again.path[0].info.received != state->peer[0].path[0].info.received ||
		 again.path[1].info.received != state->peer[0].path[1].info.received);
}

static void counts_check(struct spray *s, const struct state *before, const struct state *after,
			 u64 heartbeats_of_b)
{
	unsigned int reason;
	u64 counted;

	for (reason = 1; reason < CORE_DROP_COUNT; reason++) {
		counted = after->stats.dropped[reason] - before->stats.dropped[reason];
		if (counted != s->expected[reason])
			kctl_die("%s: counted %llu, sent %llu", core_drop_name(reason),
				 (unsigned long long)counted,
				 (unsigned long long)s->expected[reason]);
	}
	counted = after->stats.received - before->stats.received;
	if (counted != s->expected[CORE_DROP_NONE] + heartbeats_of_b)
		kctl_die("taken: %llu instead of %llu and %llu of node 2",
			 (unsigned long long)counted,
			 (unsigned long long)s->expected[CORE_DROP_NONE],
			 (unsigned long long)heartbeats_of_b);
	if (after->stats.send_errors != before->stats.send_errors)
		kctl_die("a heartbeat could not be sent");
}

/* What may differ: the time, what was sent, and how often something was refused. */
static void state_settle(struct state *state)
{
	size_t i;
	u8 path;

	state->status.now_ns = 0;
	for (i = 0; i < state->peers; i++) {
		for (path = 0; path < CORE_PATHS_MAX; path++) {
			state->peer[i].path[path].info.sent = 0;
			state->peer[i].path[path].drops = 0;
		}
	}
	memset(&state->stats, 0, sizeof(state->stats));
}

static void still_check(struct spray *s, struct state *before, struct state *after)
{
	u64 drops = 0, refused = 0;
	unsigned int reason;
	u8 path;

	counts_check(s, before, after, 0);
	for (path = 0; path < 2; path++)
		drops += after->peer[0].path[path].drops - before->peer[0].path[path].drops;
	for (reason = CORE_DROP_CLUSTER; reason < CORE_DROP_COUNT; reason++)
		if (reason != CORE_DROP_DESTINATION && reason != CORE_DROP_PEER)
			refused += s->expected[reason];
	if (drops != refused)
		kctl_die("the paths count %llu refused, sent %llu", (unsigned long long)drops,
			 (unsigned long long)refused);
	state_settle(before);
	state_settle(after);
	if (memcmp(before, after, sizeof(*before)))
		kctl_die("the state of node 1 has changed");
}

static void live_check(struct spray *s, const struct state *before, const struct state *after)
{
	u64 received = 0;
	u8 path;

	for (path = 0; path < 2; path++) {
		const struct nl_path *was = &before->peer[0].path[path];
		const struct nl_path *is = &after->peer[0].path[path];

		received += is->info.received - was->info.received;
		if (is->info.received == was->info.received)
			kctl_die("path %u: no heartbeat of node 2 was taken", path);
		if (is->info.state != CORE_PATH_UP || is->info.lost != was->info.lost)
			kctl_die("path %u is %s and lost %llu", path,
				 core_path_state_name(is->info.state),
				 (unsigned long long)(is->info.lost - was->info.lost));
	}
	counts_check(s, before, after, received);
	if (after->status.verdict || !after->peer[0].info.heard ||
	    after->peer[0].info.incarnation != before->peer[0].info.incarnation ||
	    after->status.installed.hash != before->status.installed.hash ||
	    after->status.frontier.hash != before->status.frontier.hash ||
	    after->status.quorum_ns > after->status.now_ns +
				      after->status.config.core.member_timeout_ns)
		kctl_die("what node 1 knows of its cluster has changed");
}

/* Everything that came from node 1: heartbeats in order, nothing else. */
static void answers_check(struct spray *s)
{
	u8 frame[SPRAY_FRAME];
	struct core_hb hb;
	const u8 *payload;
	size_t length;
	ssize_t size;

	while ((size = recv(s->to_a, frame, sizeof(frame), MSG_DONTWAIT)) > 0) {
		payload = frame_payload(frame, size, &length);
		if (!payload || length != CORE_HB_SIZE || core_hb_decode(payload, &hb) ||
		    hb.src != 1 || hb.dst != 2 || hb.path > 1)
			kctl_die("node 1 sent something else: %zd bytes", size);
		if (s->sequence[hb.path] && hb.sequence != s->sequence[hb.path] + 1)
			kctl_die("path %u: heartbeat %llu came after %llu", hb.path,
				 (unsigned long long)hb.sequence,
				 (unsigned long long)s->sequence[hb.path]);
		s->sequence[hb.path] = hb.sequence;
		s->heartbeats++;
	}
}

/* What was faked may show only at the next genuine heartbeat, of each path. */
static void heartbeats_await(struct spray *s, const struct state *before)
{
	struct nl_peer peer;
	int tries;

	for (tries = 0; tries < 6000; tries++) {
		kctl_must(nl_peer_get(s->a.nl, 2, &peer), "peer-get");
		if (peer.path[0].info.received > before->peer[0].path[0].info.received &&
		    peer.path[1].info.received > before->peer[0].path[1].info.received)
			return;
		kctl_wait_ms(10);
		answers_check(s);
	}
}

/* Return: how many were sent. */
static u64 chunk_send(struct spray *s, u64 count)
{
	u64 left = count, end_ns = base_clock_ns() + CHUNK_NS;
	static struct frames frames[SPRAY_BATCH];
	struct arrival arrival;
	enum core_drop reason;
	struct shot shot;
	unsigned int i;

	while (left && base_clock_ns() < end_ns) {
		for (i = 0; i < SPRAY_BATCH && left; i++, left--) {
			shot_make(&s->dice, &s->pool, &shot);
			frames_make(&s->dice, shot.payload, shot.size, dice_roll(&s->dice, 2),
				    true, &frames[i], &arrival);
			s->sent++;
			if (!arrival.reaches) {
				s->stopped++;
				continue;
			}
			reason = verdict(s, &shot, &arrival);
			s->expected[reason]++;
			if (shot.genuine == CORE_GASP_SIZE && arrival.size == shot.genuine)
				s->gasps[reason]++;
		}
		packet_send(s->to_a, frames, i);
		answers_check(s);
	}
	return count - left;
}

static void spray(struct spray *s, u64 count)
{
	u64 total[CORE_DROP_COUNT] = { 0 }, begin_ns = base_clock_ns(), now;
	static struct state before, after;
	unsigned int i;

	while (count) {
		now = count < CHUNK ? count : CHUNK;
		kctl_must(nl_pet(s->a.nl), "pet");
		if (s->live)
			kctl_must(nl_pet(s->b.nl), "pet");
		memset(s->expected, 0, sizeof(s->expected));
		state_read(s, &before);
		now = chunk_send(s, now);
		/* What is still in a queue of the other CPU. */
		kctl_wait_ms(20);
		if (s->live)
			heartbeats_await(s, &before);
		state_read(s, &after);
		if (s->live)
			live_check(s, &before, &after);
		else
			still_check(s, &before, &after);
		for (i = 0; i < CORE_DROP_COUNT; i++)
			total[i] += s->expected[i];
		count -= now;
	}
	answers_check(s);
	printf("sent %llu in %llu s: stopped by the stack %llu, taken %llu",
	       (unsigned long long)s->sent,
	       (unsigned long long)((base_clock_ns() - begin_ns) / CORE_NS_PER_S),
	       (unsigned long long)s->stopped, (unsigned long long)total[CORE_DROP_NONE]);
	for (i = 1; i < CORE_DROP_COUNT; i++)
		if (total[i])
			printf(", %s %llu", core_drop_name(i), (unsigned long long)total[i]);
	printf("; of these last words as they were:");
	for (i = 0; i < CORE_DROP_COUNT; i++)
		if (s->gasps[i])
			printf(" %s %llu", core_drop_name(i), (unsigned long long)s->gasps[i]);
	printf("; node 1 sent %llu heartbeats and nothing else\n",
	       (unsigned long long)s->heartbeats);
}

/* A life of node 2 (or 3) with something wrong, of which some is recorded. */
static void record_life(struct spray *s, enum pool_kind kind, u16 id,
			const struct node_options *options)
{
	struct node node;

	node_start(&node, "b", id, options);
	packets_forget(s->to_b);
	pool_record(&s->pool, kind, s->to_b, id, EACH_BRIEF);
	node_stop(&node);
}

static void peer_await(struct spray *s, u64 incarnation)
{
	struct nl_peer peer;
	int tries;

	for (tries = 0; tries < 600; tries++) {
		kctl_must(nl_peer_get(s->a.nl, 2, &peer), "peer-get");
		if (!incarnation && !peer.info.heard && !peer.path[0].info.state &&
		    !peer.path[1].info.state)
			return;
		if (incarnation && peer.info.incarnation == incarnation &&
		    peer.path[0].info.state == CORE_PATH_UP &&
		    peer.path[1].info.state == CORE_PATH_UP)
			return;
		nl_pet(s->a.nl);
		kctl_wait_ms(100);
	}
	kctl_die("node 2: not as it should be");
}

static void lives_record(struct spray *s)
{
	static const struct node_options plain = { .member_ms = 5000 };
	/* Long enough that a starved virtual machine loses nobody. */
	const struct node_options patient = {
		.member_ms = 300000, .interval_ms = s->each == EACH_BRIEF ? 200 : 1000,
	};

	record_life(s, POOL_SECRET, 2, &(struct node_options){ .other_secret = true });
	record_life(s, POOL_KEY_ID, 2, &(struct node_options){ .key_id = KCTL_KEY_ID + 1 });
	record_life(s, POOL_CLUSTER, 2, &(struct node_options){ .cluster = KCTL_CLUSTER + 1 });
	record_life(s, POOL_STRANGER, 3, &plain);
	node_start(&s->a, "a", 1, &plain);
	node_start(&s->b, "b", 2, &plain);
	peer_await(s, s->b.incarnation);
	packets_forget(s->to_b);
	pool_record(&s->pool, POOL_PAST, s->to_b, 2, s->each);
	node_stop(&s->b);
	if (s->live) {
		node_stop(&s->a);
		node_start(&s->a, "a", 1, &patient);
	} else {
		peer_await(s, 0);
	}
	node_start(&s->b, "b", 2, s->live ? &patient : &plain);
	peer_await(s, s->b.incarnation);
	packets_forget(s->to_a);
	packets_forget(s->to_b);
	pool_record(&s->pool, POOL_PRESENT, s->to_b, 2, s->each);
	pool_record(&s->pool, POOL_OWN, s->to_a, 1, s->each);
	pool_gasps_make(&s->pool);
}

/* Node 2's last words, to be taken. */
static void last_words_say(struct spray *s)
{
	const u8 *gasp = s->pool.gasp[POOL_PRESENT][0];
	static struct frames frames;
	struct nl_stats before, after;
	struct arrival arrival;

	kctl_must(nl_stats_get(s->a.nl, &before), "stats-get");
	frames_make(&s->dice, gasp, CORE_GASP_SIZE, gasp[5], false, &frames, &arrival);
	packet_send(s->to_a, &frames, 1);
	kctl_wait_ms(100);
	kctl_must(nl_stats_get(s->a.nl, &after), "stats-get");
	if (after.received != before.received + 1)
		kctl_die("node 2's last words were not taken");
}

/* What has come so far is history: the count begins with the next. */
static void answers_forget(struct spray *s)
{
	packets_forget(s->to_a);
	memset(s->sequence, 0, sizeof(s->sequence));
}

int main(int argc, char **argv)
{
	static struct spray s;
	u64 count = kctl_number(argv, "count", 100000);
	const char *mode = kctl_text(argv, "mode", "still");

	setvbuf(stdout, NULL, _IOLBF, 0);
	s.dice.state = kctl_number(argv, "seed", 1) * 0x9e3779b97f4a7c15ULL | 1;
	s.to_a = packet_open("pa");
	s.to_b = packet_open("pb");
	if (!strcmp(mode, "inside")) {
		spray_inside(s.to_a, &s.dice, count);
		return 0;
	}
	s.each = count < BRIEF ? EACH_BRIEF : POOL_EACH;
	s.live = !strcmp(mode, "live");
	s.pool.said = !strcmp(mode, "gasped");
	lives_record(&s);
	if (s.live) {
		kctl_must(nl_acknowledge(s.b.nl, 1, s.a.incarnation), "acknowledge");
		node_form(&s.a, 1, s.b.incarnation);
		node_form(&s.b, 1, s.a.incarnation);
	} else {
		node_stop(&s.b);
		peer_await(&s, 0);
		node_form(&s.a, 1, 0);
		if (s.pool.said)
			last_words_say(&s);
	}
	answers_forget(&s);
	spray(&s, count);
	node_stop(&s.a);
	if (s.live)
		node_stop(&s.b);
	return 0;
}
