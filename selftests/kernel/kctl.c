// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Test client of the kernel module: runs the commands given as arguments, one
 * after the other, on one netlink socket.
 *
 *   kctl "attach node=1" key "peer id=2 local=127.0.0.1 remote=127.0.0.2" arm \
 *        "form epoch=1 nodes=1,2" "pet for=3000"
 *
 * "expect ERRNO" before a command: it must fail with this (EPERM ...).
 * "note TEXT" writes a line to $RESULT.  Any surprise ends it with status 1.
 */
#include "kctl.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "names.h"
#include "recorder_format.h"

#define OPTIONS_MAX	40

static struct nl *nl;
static int expected;

/* @err is what was expected, or the end. */
void kctl_check(int err, const char *what)
{
	if (err == -expected) {
		expected = 0;
		return;
	}
	if (expected)
		kctl_die("%s: %s instead of %s", what, strerror(-err), strerror(expected));
	kctl_die("%s: %s (%s)", what, strerror(-err), nl ? nl_error(nl) : "");
}

static u64 ms(char **options, const char *name, u64 otherwise)
{
	return kctl_number(options, name, otherwise) * BASE_NS_PER_MS;
}

static void do_attach(char **options)
{
	struct nl_config config = {
		.core = {
			.cluster_id = kctl_number(options, "cluster", KCTL_CLUSTER),
			.incarnation = kctl_number(options, "incarnation", 0),
			.interval_ns = ms(options, "interval", 100),
			.member_timeout_ns = ms(options, "member", 1000),
			.safety_timeout_ns = ms(options, "safety", 1500),
			.on_detach_ns = ms(options, "detach", 0),
			.node_id = kctl_number(options, "node", 1),
		},
		.toc_margin_ns = ms(options, "margin", 100),
		.action = kctl_number(options, "action", TOCSIN_ACTION_PANIC),
		.port = kctl_number(options, "port", 0),
	};
	const char *save = kctl_text(options, "save", NULL);
	u64 incarnation;

	snprintf(config.name, sizeof(config.name), "node%u", config.core.node_id);
	if (kctl_text(options, "resume", NULL))
		config.core.incarnation = kctl_incarnation(kctl_text(options, "resume", NULL));
	kctl_check(nl_attach(nl, &config, &incarnation), "attach");
	if (save) {
		FILE *file = fopen(save, "w");

		if (!file || fprintf(file, "%llu\n", (unsigned long long)incarnation) < 0 ||
		    fclose(file))
			kctl_die("%s: cannot save", save);
	}
}

static void do_pet(char **options)
{
	u64 time = kctl_number(options, "for", 0);
	u64 end = base_clock_ns() + time * BASE_NS_PER_MS;
	const char *until = kctl_text(options, "until", NULL);

	do {
		kctl_check(nl_pet(nl), "pet");
		if (time || until)
			kctl_wait_ms(100);
	} while (until ? access(until, F_OK) : base_clock_ns() < end);
}

/* Waits until a peer is heard; its incarnation. */
static u64 peer_wait(u16 id)
{
	struct nl_peer peer;
	int tries;

	/* The other machine may take its time to boot. */
	for (tries = 0; tries < 1200; tries++) {
		kctl_check(nl_peer_get(nl, id, &peer), "peer-get");
		if (peer.info.heard)
			return peer.info.incarnation;
		nl_pet(nl);
		kctl_wait_ms(50);
	}
	kctl_die("node %u is not heard", id);
}

static struct core_view view_read(char **options, u64 own, u16 own_id)
{
	struct core_member member[CORE_VIEW_MEMBERS_MAX];
	const char *text = kctl_text(options, "nodes", "1");
	unsigned int count = 0;

	while (*text) {
		char *end;
		u16 id = strtoul(text, &end, 10);

		member[count].id = id;
		member[count].incarnation = id == own_id ? own : peer_wait(id);
		count++;
		text = *end ? end + 1 : end;
	}
	return kctl_view(kctl_number(options, "epoch", 1), member, count);
}

/* Accept with joiners acknowledged, then install as soon as the lease holds. */
static void do_acknowledge(char **options)
{
	u16 id = kctl_number(options, "id", 2);

	kctl_check(nl_acknowledge(nl, id, peer_wait(id)), "acknowledge");
}

/* install=0: only as far as to accept it. */
static void do_form(char **options)
{
	struct nl_status status;
	struct core_ages ages;
	struct core_view view;
	unsigned int i;
	int err, tries;

	kctl_check(nl_status_get(nl, &status), "status-get");
	view = view_read(options, status.config.core.incarnation, status.config.core.node_id);
	for (i = 0; i < view.count; i++)
		if (view.member[i].id != status.config.core.node_id)
			kctl_check(nl_acknowledge(nl, view.member[i].id,
						  view.member[i].incarnation), "acknowledge");
	for (tries = 0; tries < 100; tries++) {
		err = nl_accept(nl, &view, 1, 1, &ages);
		if (err != -EAGAIN)
			break;
		nl_pet(nl);
		kctl_wait_ms(50);
	}
	kctl_check(err, "accept");
	if (!kctl_number(options, "install", 1))
		return;
	for (tries = 0; tries < 100; tries++) {
		err = nl_install(nl, &view);
		if (err != -EAGAIN)
			break;
		nl_pet(nl);
		kctl_wait_ms(50);
	}
	kctl_check(err, "install");
	kctl_check(nl_status_get(nl, &status), "status-get");
	if (status.installed.hash != view.hash || status.installed.count != view.count)
		kctl_die("the installed view is another one");
}

/* Accept a view without this node; its own age must be reported as 0. */
static void do_leave(char **options)
{
	struct core_member member = { .id = kctl_number(options, "id", 2) };
	struct nl_status status;
	struct core_ages ages;
	struct core_view view;

	kctl_check(nl_status_get(nl, &status), "status-get");
	member.incarnation = peer_wait(member.id);
	view = kctl_view(status.installed.epoch + 1, &member, 1);
	kctl_check(nl_accept(nl, &view, 1, 1, &ages), "accept");
	if (ages.count != 1 || ages.age[0].id != status.config.core.node_id ||
	    ages.age[0].age_ns)
		kctl_die("%u ages, the first %llu of node %u", ages.count,
			 (unsigned long long)ages.age[0].age_ns, ages.age[0].id);
}

static void do_status(char **options)
{
	struct nl_status status;
	u32 warned = kctl_number(options, "warned", 0);
	u32 unwarned = kctl_number(options, "unwarned", 0);

	kctl_check(nl_status_get(nl, &status), "status-get");
	printf("attached=%d armed=%d owned=%d verdict=%s warnings=%u node=%u epoch=%llu\n",
	       status.attached, status.armed, status.owned, core_verdict_name(status.verdict),
	       status.warnings, status.config.core.node_id,
	       (unsigned long long)status.installed.epoch);
	if (kctl_text(options, "armed", NULL) &&
	    status.armed != kctl_number(options, "armed", 0))
		kctl_die("armed=%d", status.armed);
	if (kctl_text(options, "attached", NULL) &&
	    status.attached != kctl_number(options, "attached", 0))
		kctl_die("attached=%d", status.attached);
	if ((status.warnings & (warned | unwarned)) != warned)
		kctl_die("warnings=%u", status.warnings);
}

/* The first path that is not up, for kctl_die(), or NULL. */
static const char *not_up(const struct nl_peer *peer, size_t count)
{
	static char said[64];
	size_t i;
	u8 path;

	for (i = 0; i < count; i++)
		for (path = 0; path < peer[i].info.paths; path++)
			if (peer[i].path[path].info.state != CORE_PATH_UP) {
				snprintf(said, sizeof(said), "node %u path %u is not up",
					 peer[i].info.id, path);
				return said;
			}
	return NULL;
}

/* "up=1": until all are, and some 30 s: on a starved host one may come and go. */
static void do_peers(char **options)
{
	u64 end_ns = base_clock_ns() + 30 * BASE_NS_PER_S;
	static struct nl_peer peer[CORE_NODE_ID_MAX];
	bool up = kctl_number(options, "up", 0);
	size_t count = 0, i;
	u8 path;

	for (;;) {
		kctl_check(nl_peer_list(nl, peer, CORE_NODE_ID_MAX, &count), "peer-list");
		if (!up || !not_up(peer, count) || base_clock_ns() >= end_ns)
			break;
		nl_pet(nl);
		kctl_wait_ms(50);
	}
	for (i = 0; i < count; i++) {
		for (path = 0; path < peer[i].info.paths; path++)
			printf("node %u %s path %u: %s, received %llu, lost %llu, rtt %llu us\n",
			       peer[i].info.id, peer[i].name, path,
			       core_path_state_name(peer[i].path[path].info.state),
			       (unsigned long long)peer[i].path[path].info.received,
			       (unsigned long long)peer[i].path[path].info.lost,
			       (unsigned long long)peer[i].path[path].info.rtt_smoothed_ns / 1000);
	}
	if (count != kctl_number(options, "count", count))
		kctl_die("%zu peers", count);
	for (i = 0; i < count; i++)
		if (peer[i].info.heard != kctl_number(options, "heard", peer[i].info.heard))
			kctl_die("node %u: heard is %u", peer[i].info.id, peer[i].info.heard);
	if (up && not_up(peer, count))
		kctl_die("%s", not_up(peer, count));
}

/* "mark=1": sent_max and drop count from here on; all count since the module is there. */
static void do_stats(char **options)
{
	const char *drop = kctl_text(options, "drop", "");
	static struct nl_stats mark;
	struct nl_stats stats;
	unsigned int i;
	u64 beats = 0;

	kctl_check(nl_stats_get(nl, &stats), "stats-get");
	printf("received=%llu sent=%llu errors=%llu late_max=%llu us check_late_max=%llu us\n",
	       (unsigned long long)stats.received, (unsigned long long)stats.sent,
	       (unsigned long long)stats.send_errors,
	       (unsigned long long)stats.late_max_ns / 1000,
	       (unsigned long long)stats.check_late_max_ns / 1000);
	for (i = 0; i < stats.late_count; i++) {
		if (stats.late[i].count)
			printf("late below %llu us: %llu\n",
			       (unsigned long long)stats.late[i].below_ns / 1000,
			       (unsigned long long)stats.late[i].count);
		beats += stats.late[i].count;
	}
	if (beats < kctl_number(options, "beats", 0))
		kctl_die("%llu beats", (unsigned long long)beats);
	if (stats.pets < kctl_number(options, "pets", 0))
		kctl_die("%llu pets", (unsigned long long)stats.pets);
	if (stats.sent - mark.sent > kctl_number(options, "sent_max", stats.sent))
		kctl_die("%llu sent", (unsigned long long)(stats.sent - mark.sent));
	for (i = 1; i < CORE_DROP_COUNT; i++) {
		if (stats.dropped[i])
			printf("dropped %s=%llu\n", core_drop_name(i),
			       (unsigned long long)stats.dropped[i]);
		if (stats.dropped[i] == mark.dropped[i] && !strcmp(core_drop_name(i), drop))
			kctl_die("no datagram dropped for its %s", drop);
	}
	if (kctl_number(options, "mark", 0))
		mark = stats;
}

/* Waits for an event of a type; all others before it are read and dropped. */
static void do_event(char **options)
{
	static struct nl_events *events;
	const char *name = kctl_text(options, "type", NULL);
	u64 end = base_clock_ns() + ms(options, "within", 3000);
	struct nl_event event;
	int err;

	if (!events)
		kctl_check(nl_events_open(&events), "events");
	while (name && base_clock_ns() < end) {
		err = nl_events_read(events, &event);
		if (!err && !strcmp(core_event_name(event.core.type), name))
			return;
		if (err == -EAGAIN) {
			if (kctl_number(options, "pet", 1))
				nl_pet(nl);
			kctl_wait_ms(20);
		} else if (err) {
			kctl_check(err, "event");
		}
	}
	if (name)
		kctl_die("no event '%s'", name);
}

/* The recorder, read back: valid, and telling of what was done. */
static void do_recorder(char **options)
{
	const struct recorder_header *header;
	const struct recorder_entry *entry;
	const char *kind = kctl_text(options, "kind", "attach");
	size_t size;
	u8 *data;
	u32 i;

	kctl_check(nl_recorder_get(nl, &data, &size), "recorder-get");
	header = (const struct recorder_header *)data;
	if (size < RECORDER_HEADER_SIZE || recorder_header_check(header, CORE_NEVER) ||
	    header->total_size != size)
		kctl_die("no valid recorder in %zu bytes", size);
	entry = (const struct recorder_entry *)(data + header->entry_offset);
	for (i = 0; i < header->entry_count; i++)
		if (entry[i].seq && !strcmp(recorder_kind_name(entry[i].kind), kind))
			break;
	if (i == header->entry_count)
		kctl_die("the recorder holds no '%s'", kind);
	printf("recorder: %llu entries at %#llx, node '%s', armed %u\n",
	       (unsigned long long)header->written, (unsigned long long)header->phys,
	       header->node, header->armed);
	free(data);
}

static void line_write(const char *path, const char *line)
{
	FILE *file = path ? fopen(path, "w") : NULL;

	if (!file || fprintf(file, "%s\n", line) < 0 || fclose(file))
		kctl_die("cannot write %s", path ? path : "$RESULT");
}

static void do_note(char **options)
{
	line_write(getenv("RESULT"), options[0]);
}

static void do_touch(char **options)
{
	line_write(kctl_text(options, "path", NULL), "");
}

/* Give up root over the host: a user namespace of one's own. */
static void do_contain(char **options)
{
	nl_close(nl);
	nl = NULL;
	if (unshare(CLONE_NEWUSER))
		kctl_check(-errno, "unshare");
	kctl_check(nl_open(&nl), "open");
}

static void simple(const char *name, char **options)
{
	char reason[TOCSIN_REASON_MAX + 1];
	u32 warnings = 0;

	if (!strcmp(name, "key"))
		kctl_check(nl_key_set(nl, kctl_number(options, "slot", 0),
				      kctl_number(options, "id", KCTL_KEY_ID), kctl_key,
				      kctl_number(options, "transmit", 1)), "key-set");
	else if (!strcmp(name, "arm"))
		kctl_check(nl_arm(nl, &warnings), "arm");
	else if (!strcmp(name, "disarm"))
		kctl_check(nl_disarm(nl, kctl_number(options, "force", 0)), "disarm");
	else if (!strcmp(name, "depart"))
		kctl_check(nl_leave(nl), "leave");
	else if (!strcmp(name, "unpeer"))
		kctl_check(nl_peer_del(nl, kctl_number(options, "id", 2)), "peer-del");
	else if (!strcmp(name, "hear"))
		peer_wait(kctl_number(options, "id", 2));
	else if (!strcmp(name, "acknowledge"))
		kctl_check(nl_acknowledge(nl, kctl_number(options, "id", 2),
					  peer_wait(kctl_number(options, "id", 2))), "acknowledge");
	else if (!strcmp(name, "sleep"))
		kctl_wait_ms(options[0] ? strtoull(options[0], NULL, 10) : 1000);
	else if (!strcmp(name, "reopen"))
		nl_close(nl), kctl_check(nl_open(&nl), "open");
	else if (!strcmp(name, "toc"))
		snprintf(reason, sizeof(reason), "%s", kctl_text(options, "reason", "test")),
		kctl_check(nl_toc_request(nl, reason), "toc-request");
	else
		kctl_die("%s: no such command", name);
}

static const struct {
	const char *name;
	void (*run)(char **options);
} commands[] = {
	{ "attach", do_attach }, { "pet", do_pet }, { "form", do_form },
	{ "acknowledge", do_acknowledge },
	{ "leave", do_leave }, { "status", do_status }, { "peers", do_peers },
	{ "stats", do_stats }, { "event", do_event }, { "recorder", do_recorder },
	{ "note", do_note }, { "touch", do_touch }, { "contain", do_contain },
	{ "fake", kctl_peer_run }, { "watchdog", kctl_watchdog_run },
	{ "kdump", kctl_kdump_run }, { "kdump-hang", kctl_kdump_hang_run },
	{ "sh", kctl_path_shell }, { "crash", kctl_crash_run },
	{ "device", kctl_device_run }, { "no-device", kctl_no_device_run },
	{ "nobody", kctl_nobody_run }, { "slow", kctl_slow_run },
};

/* Those in other files that use this one's socket. */
static const struct {
	const char *name;
	void (*run)(struct nl *nl, char **options);
} on_socket[] = {
	{ "spray", kctl_spray_run }, { "peer", kctl_path_peer },
	{ "path", kctl_path_wait }, { "whole", kctl_path_whole },
	{ "promise", kctl_promise_run }, { "gasp", kctl_gasp_run },
};

static void run(char *line)
{
	static const struct { const char *name; int number; } errors[] = {
		{ "EPERM", EPERM }, { "EBUSY", EBUSY }, { "ENODEV", ENODEV }, { "ETIME", ETIME },
		{ "EALREADY", EALREADY }, { "EINVAL", EINVAL }, { "ESTALE", ESTALE },
		{ "ENOENT", ENOENT }, { "EADDRNOTAVAIL", EADDRNOTAVAIL }, { "ERANGE", ERANGE },
		{ "EACCES", EACCES },
	};
	char *word[OPTIONS_MAX + 1] = { NULL };
	unsigned int count = 0, i;
	char *save, *at;

	for (at = strtok_r(line, " ", &save); at && count < OPTIONS_MAX;
	     at = strtok_r(NULL, " ", &save))
		word[count++] = at;
	if (!count)
		return;
	if (!strcmp(word[0], "expect")) {
		for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
			if (word[1] && !strcmp(word[1], errors[i].name))
				expected = errors[i].number;
		if (!expected)
			kctl_die("expect what?");
		return;
	}
	for (i = 0; i < sizeof(on_socket) / sizeof(on_socket[0]); i++) {
		if (!strcmp(word[0], on_socket[i].name)) {
			on_socket[i].run(nl, word + 1);
			return;
		}
	}
	if (!strcmp(word[0], "watch")) {
		kctl_watch_run(nl, word + 1);
		return;
	}
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (!strcmp(word[0], commands[i].name)) {
			commands[i].run(word + 1);
			return;
		}
	}
	simple(word[0], word + 1);
}

int main(int argc, char **argv)
{
	int i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	kctl_check(nl_open(&nl), "open");
	for (i = 1; i < argc; i++)
		run(argv[i]);
	nl_close(nl);
	return 0;
}
