// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Peers and paths of the test client.
 *
 *   peer id=2 local=A remote=B [scope=N] [local1= remote1= scope1= ... local7=]
 *   path id=2 index=1 state=up [within=MS]    wait until it is so
 *   whole since=1           remember the counts of all paths, and
 *   whole                   nothing was lost or refused since, on any path
 *   sh COMMAND...          what the shell does meanwhile
 */
#include "kctl.h"

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "names.h"

/* The option of a path: without number for the first. */
static const char *numbered(char **options, const char *name, u8 index, const char *otherwise)
{
	char full[32];

	snprintf(full, sizeof(full), index ? "%s%u" : "%s", name, index);
	return kctl_text(options, full, otherwise);
}

void kctl_path_peer(struct nl *nl, char **options)
{
	struct nl_path_address path[CORE_PATHS_MAX];
	u16 id = kctl_number(options, "id", 2);
	const char *local, *scope;
	char name[32];
	u32 link;
	u8 i;

	snprintf(name, sizeof(name), "node%u", id);
	for (i = 0; i < CORE_PATHS_MAX; i++) {
		local = numbered(options, "local", i, i ? NULL : "127.0.0.1");
		if (!local)
			break;
		scope = numbered(options, "scope", i, "0");
		/* An index, or the name of an interface. */
		link = if_nametoindex(scope) ?: strtoul(scope, NULL, 10);
		kctl_address(&path[i].local, local, link);
		kctl_address(&path[i].remote,
			     numbered(options, "remote", i, i ? "" : "127.0.0.2"), link);
	}
	kctl_check(nl_peer_set(nl, id, name, path, i), "peer-set");
}

void kctl_path_wait(struct nl *nl, char **options)
{
	const char *state = kctl_text(options, "state", "up");
	u64 end_ns = base_clock_ns() + kctl_number(options, "within", 30000) * BASE_NS_PER_MS;
	u8 index = kctl_number(options, "index", 0);
	struct nl_peer peer;

	do {
		kctl_check(nl_peer_get(nl, kctl_number(options, "id", 2), &peer), "peer-get");
		if (!strcmp(core_path_state_name(peer.path[index].info.state), state))
			return;
		nl_pet(nl);
		kctl_wait_ms(50);
	} while (base_clock_ns() < end_ns);
	kctl_die("node %u path %u is %s", peer.info.id, index,
		 core_path_state_name(peer.path[index].info.state));
}

void kctl_path_whole(struct nl *nl, char **options)
{
	static struct nl_peer before;
	static struct nl_stats stats;
	struct nl_peer peer;
	struct nl_stats now;
	unsigned int i;

	kctl_check(nl_peer_get(nl, kctl_number(options, "id", 2), &peer), "peer-get");
	kctl_check(nl_stats_get(nl, &now), "stats-get");
	if (options[0]) {
		before = peer;
		stats = now;
		return;
	}
	for (i = 0; i < peer.info.paths; i++) {
		const struct core_path_info *was = &before.path[i].info, *is = &peer.path[i].info;

		printf("path %u: received %llu, lost %llu, refused %llu, not sent %llu\n", i,
		       (unsigned long long)(is->received - was->received),
		       (unsigned long long)(is->lost - was->lost),
		       (unsigned long long)(peer.path[i].drops - before.path[i].drops),
		       (unsigned long long)(peer.path[i].send_errors - before.path[i].send_errors));
		if (is->received == was->received || is->lost != was->lost ||
		    peer.path[i].drops != before.path[i].drops ||
		    peer.path[i].send_errors != before.path[i].send_errors)
			kctl_die("node %u path %u is not whole", peer.info.id, i);
	}
	for (i = 1; i < CORE_DROP_COUNT; i++)
		if (now.dropped[i] != stats.dropped[i])
			kctl_die("dropped: %s", core_drop_name(i));
}

void kctl_path_shell(char **options)
{
	char line[1024] = "";
	size_t at = 0;
	int status;
	pid_t pid;

	for (; *options && at < sizeof(line); options++)
		at += snprintf(line + at, sizeof(line) - at, "%s ", *options);
	fflush(stdout);
	pid = fork();
	if (!pid) {
		execl("/bin/sh", "sh", "-c", line, NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		kctl_die("sh: failed: %s", line);
}
