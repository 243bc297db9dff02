// SPDX-License-Identifier: GPL-2.0-or-later
/* Nodes: instances in namespaces, driven from the sender's process. */
#include "kspray.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#define INTERVAL_MS	100

static struct nl_path_address path_make(const char *four, const char *six, u16 local, u16 remote)
{
	struct nl_path_address path;
	char text[32];

	memset(&path, 0, sizeof(path));
	snprintf(text, sizeof(text), "%s%u", four ?: six, local);
	kctl_address((struct sockaddr_storage *)&path.local, text, 0);
	snprintf(text, sizeof(text), "%s%u", four ?: six, remote);
	kctl_address((struct sockaddr_storage *)&path.remote, text, 0);
	return path;
}

/* Nodes other than 1 live at the address of 2. */
static void peer_make(struct node *node)
{
	u16 other = node->id == 1 ? 2 : 1, here = node->id == 1 ? 1 : 2;
	struct nl_path_address path[2] = {
		path_make("10.0.0.", NULL, here, 3 - here),
		path_make(NULL, "fd00::", here, 3 - here),
	};

	kctl_must(nl_peer_set(node->nl, other, "other", path, 2), "peer-set");
}

void node_start(struct node *node, const char *space, u16 id, const struct node_options *options)
{
	struct nl_config config = {
		.core = {
			.cluster_id = options->cluster ?: KCTL_CLUSTER,
			.interval_ns = (options->interval_ms ?: INTERVAL_MS) * CORE_NS_PER_MS,
			.member_timeout_ns = (options->member_ms ?: 20000) *
					     CORE_NS_PER_MS,
			.safety_timeout_ns = CORE_SAFETY_TIMEOUT_NS_MAX,
			.node_id = id,
		},
		.toc_margin_ns = CORE_TOC_MARGIN_NS_DEFAULT,
		.action = TOCSIN_ACTION_REPORT,
	};
	u8 key[TOCSIN_KEY_SIZE];
	int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	memcpy(key, kctl_key, sizeof(key));
	key[0] ^= options->other_secret;
	node->id = id;
	kctl_enter(space);
	kctl_must(nl_open(&node->nl), "open");
	kctl_must(nl_attach(node->nl, &config, &node->incarnation), nl_error(node->nl));
	if (home < 0 || setns(home, CLONE_NEWNET))
		kctl_die("home: %s", strerror(errno));
	close(home);
	kctl_must(nl_key_set(node->nl, 0, options->key_id ?: KCTL_KEY_ID, key, true), "key-set");
	peer_make(node);
	kctl_must(nl_arm(node->nl, NULL), "arm");
}

void node_stop(struct node *node)
{
	kctl_must(nl_disarm(node->nl, true), "disarm");
	nl_close(node->nl);
}

void node_form(struct node *node, u64 epoch, u64 peer)
{
	struct core_member member[2];
	unsigned int count = peer ? 2 : 1;
	struct core_ages ages;
	struct core_view view;
	int err, tries;

	member[0].id = 1;
	member[0].incarnation = node->id == 1 ? node->incarnation : peer;
	member[1].id = 2;
	member[1].incarnation = node->id == 1 ? peer : node->incarnation;
	view = kctl_view(epoch, member, count);
	if (peer)
		kctl_must(nl_acknowledge(node->nl, 3 - node->id, peer), "acknowledge");
	kctl_must(nl_accept(node->nl, &view, 1, 1, &ages), "accept");
	for (tries = 0; tries < 600; tries++) {
		err = nl_install(node->nl, &view);
		if (err != -EAGAIN)
			break;
		kctl_wait_ms(20);
	}
	kctl_must(err, "install");
}
