// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Many nodes on one kernel: an instance in each of the namespaces n1, n2 ...
 *
 *   kmany nodes=N interval=MS member=MS calm=S cut=SCRIPT
 *
 * They form one view, stay together for a while without suspecting anybody; one
 * falls silent and the others, and only they, notice; then SCRIPT cuts the network
 * in two halves, neither of which is a majority, and all must fall silent, because
 * of the quorum lease, within its length.
 */
#include "kctl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "names.h"

/* A virtual CPU of a busy host may come late to a timer's interrupt. */
#define LATE_NS		CORE_NS_PER_S

struct many {
	unsigned int nodes;
	u64 interval_ns;
	u64 member_ns;
	struct nl *nl[CORE_VIEW_MEMBERS_MAX + 1];
	u64 incarnation[CORE_VIEW_MEMBERS_MAX + 1];
};

static void address_of(unsigned int node, struct sockaddr_storage *out)
{
	char text[32];

	snprintf(text, sizeof(text), "10.0.0.%u", node);
	kctl_address(out, text, 0);
}

static void node_begin(struct many *m, unsigned int node)
{
	struct nl_config config = {
		.core = {
			.cluster_id = KCTL_CLUSTER,
			.interval_ns = m->interval_ns,
			.member_timeout_ns = m->member_ns,
			.safety_timeout_ns = CORE_SAFETY_TIMEOUT_NS_MAX,
			.node_id = node,
		},
		.toc_margin_ns = CORE_TOC_MARGIN_NS_DEFAULT,
		.action = TOCSIN_ACTION_REPORT,
	};
	struct nl_path_address path;
	unsigned int peer;
	char name[16];

	snprintf(name, sizeof(name), "n%u", node);
	kctl_enter(name);
	kctl_must(nl_open(&m->nl[node]), "open");
	kctl_must(nl_attach(m->nl[node], &config, &m->incarnation[node]), "attach");
	kctl_must(nl_key_set(m->nl[node], 0, KCTL_KEY_ID, kctl_key, true), "key-set");
	for (peer = 1; peer <= m->nodes; peer++) {
		if (peer == node)
			continue;
		snprintf(name, sizeof(name), "n%u", peer);
		address_of(node, &path.local);
		address_of(peer, &path.remote);
		kctl_must(nl_peer_set(m->nl[node], peer, name, &path, 1), "peer-set");
	}
	kctl_must(nl_arm(m->nl[node], NULL), "arm");
}

static void all_pet(struct many *m)
{
	unsigned int node;

	for (node = 1; node <= m->nodes; node++)
		nl_pet(m->nl[node]);
}

/* How many of the peers that a node hears with the path up; @without is not one. */
static unsigned int heard_by(struct many *m, unsigned int node, unsigned int without)
{
	static struct nl_peer peer[CORE_VIEW_MEMBERS_MAX];
	unsigned int heard = 0;
	size_t count, i;

	kctl_must(nl_peer_list(m->nl[node], peer, CORE_VIEW_MEMBERS_MAX, &count), "peer-list");
	for (i = 0; i < count; i++)
		if (peer[i].info.heard && peer[i].path[0].info.state == CORE_PATH_UP &&
		    peer[i].info.id != without)
			heard++;
	if (count != m->nodes - 1)
		kctl_die("node %u lists %zu peers", node, count);
	return heard;
}

static void all_hear_await(struct many *m, u64 within_ns)
{
	u64 end_ns = base_clock_ns() + within_ns;
	unsigned int node, heard;

	for (node = 1; node <= m->nodes; node++) {
		while ((heard = heard_by(m, node, 0)) != m->nodes - 1) {
			if (base_clock_ns() > end_ns)
				kctl_die("node %u hears %u", node, heard);
			all_pet(m);
			kctl_wait_ms(100);
		}
	}
}

static void view_form(struct many *m)
{
	struct core_member member[CORE_VIEW_MEMBERS_MAX];
	unsigned int node, peer;
	struct core_ages ages;
	struct core_view view;
	u64 end_ns;
	int err;

	for (node = 1; node <= m->nodes; node++) {
		member[node - 1].id = node;
		member[node - 1].incarnation = m->incarnation[node];
	}
	view = kctl_view(1, member, m->nodes);
	for (node = 1; node <= m->nodes; node++)
		for (peer = 1; peer <= m->nodes; peer++)
			if (peer != node)
				kctl_must(nl_acknowledge(m->nl[node], peer, m->incarnation[peer]),
					  "acknowledge");
	for (node = 1; node <= m->nodes; node++)
		kctl_must(nl_accept(m->nl[node], &view, 1, 1, &ages), "accept");
	end_ns = base_clock_ns() + 10 * m->member_ns;
	for (node = 1; node <= m->nodes; node++) {
		while ((err = nl_install(m->nl[node], &view)) == -EAGAIN) {
			if (base_clock_ns() > end_ns)
				break;
			kctl_wait_ms(100);
		}
		kctl_must(err, "install");
	}
}

/* Nobody is suspected, by the events of one of them and by the state of all. */
static void calm_check(struct many *m, u64 time_s)
{
	u64 end_ns = base_clock_ns() + time_s * CORE_NS_PER_S;
	struct nl_status status;
	unsigned int node;

	while (base_clock_ns() < end_ns) {
		all_pet(m);
		for (node = 1; node <= m->nodes; node++) {
			if (heard_by(m, node, 0) != m->nodes - 1)
				kctl_die("node %u suspects somebody", node);
			kctl_must(nl_status_get(m->nl[node], &status), "status-get");
			if (status.verdict || status.installed.count != m->nodes)
				kctl_die("node %u: verdict %s", node,
					 core_verdict_name(status.verdict));
		}
		kctl_wait_ms(200);
	}
}

/* The last one falls silent. */
static void one_silent(struct many *m)
{
	unsigned int node, gone = m->nodes;
	u64 end_ns = base_clock_ns() + 4 * m->member_ns;
	struct nl_peer peer;

	kctl_must(nl_toc_request(m->nl[gone], "silence"), "toc-request");
	for (node = 1; node < gone; node++) {
		do {
			all_pet(m);
			kctl_must(nl_peer_get(m->nl[node], gone, &peer), "peer-get");
			if (base_clock_ns() > end_ns)
				kctl_die("node %u still hears node %u", node, gone);
			kctl_wait_ms(50);
		} while (peer.info.heard);
		if (heard_by(m, node, gone) != m->nodes - 2)
			kctl_die("node %u lost somebody else", node);
	}
}

static void script_run(const char *path)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		kctl_enter("hub");
		execl("/bin/sh", "sh", path, NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		kctl_die("%s failed", path);
}

/* Cut in two: each lease ends, none later than L after the last that was heard. */
static void halves_silent(struct many *m, const char *script)
{
	struct nl_status status;
	u64 cut_ns, last_ns = 0;
	unsigned int node;

	script_run(script);
	cut_ns = base_clock_ns();
	for (node = 1; node < m->nodes; node++) {
		do {
			all_pet(m);
			kctl_must(nl_status_get(m->nl[node], &status), "status-get");
			if (!status.verdict && status.now_ns > status.quorum_ns + LATE_NS)
				kctl_die("node %u lives past its lease", node);
			if (!status.verdict && base_clock_ns() > cut_ns + 2 * m->member_ns)
				kctl_die("node %u lives on", node);
			kctl_wait_ms(50);
		} while (!status.verdict);
		if (status.verdict != CORE_VERDICT_QUORUM_LEASE)
			kctl_die("node %u: %s", node, core_verdict_name(status.verdict));
		if (status.quorum_ns > cut_ns + m->member_ns)
			kctl_die("node %u: its lease was too long", node);
		if (status.quorum_ns > last_ns)
			last_ns = status.quorum_ns;
	}
	printf("the last of %u leases ended %llu ms after the cut\n", m->nodes - 1,
	       last_ns > cut_ns ? (unsigned long long)(last_ns - cut_ns) / CORE_NS_PER_MS : 0);
}

int main(int argc, char **argv)
{
	static struct many m;
	unsigned int node;

	setvbuf(stdout, NULL, _IOLBF, 0);
	m.nodes = kctl_number(argv, "nodes", 8);
	m.interval_ns = kctl_number(argv, "interval", 200) * CORE_NS_PER_MS;
	m.member_ns = kctl_number(argv, "member", 8000) * CORE_NS_PER_MS;
	if (m.nodes > CORE_VIEW_MEMBERS_MAX)
		kctl_die("too many nodes");
	for (node = 1; node <= m.nodes; node++)
		node_begin(&m, node);
	all_hear_await(&m, 20 * m.member_ns);
	printf("%u nodes hear each other\n", m.nodes);
	view_form(&m);
	calm_check(&m, kctl_number(argv, "calm", 10));
	printf("nobody was suspected\n");
	one_silent(&m);
	printf("one fell silent, all noticed, nobody else was lost\n");
	halves_silent(&m, kctl_text(argv, "cut", "/test/cut.sh"));
	for (node = 1; node <= m.nodes; node++) {
		kctl_must(nl_disarm(m.nl[node], true), "disarm");
		nl_close(m.nl[node]);
	}
	return 0;
}
