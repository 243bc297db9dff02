// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * When it happened, across two machines: one panics at a time of its own clock that
 * it tells before, the other reads from the heartbeats how far that clock is from its
 * own.  Both run at the same rate, that of the host's counter.
 */
#include "kctl.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define LISTEN_NS	(2 * CORE_NS_PER_S)
/* To tell the time of the crash takes a moment itself. */
#define AHEAD_NS	(50 * CORE_NS_PER_MS)

/* "crash": into $RESULT, then it happens. */
void kctl_crash_run(char **options)
{
	int trigger = open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC);
	FILE *file = fopen(getenv("RESULT") ?: "/dev/stdout", "w");
	u64 at_ns = base_clock_ns() + AHEAD_NS;

	if (trigger < 0 || !file || fprintf(file, "panic=%llu\n", (unsigned long long)at_ns) < 0 ||
	    fclose(file))
		kctl_die("crash: %s", strerror(errno));
	while (base_clock_ns() < at_ns)
		;
	if (write(trigger, "c", 1) != 1)
		kctl_die("crash: %s", strerror(errno));
}

static bool heartbeat_of(const u8 *packet, ssize_t size, u16 node, struct core_hb *hb)
{
	const struct ip *ip = (const void *)packet;
	size_t header = sizeof(*ip) + sizeof(struct udphdr);

	return size == (ssize_t)(header + CORE_HB_SIZE) && ip->ip_hl == 5 &&
	       ip->ip_p == IPPROTO_UDP && !core_hb_decode(packet + header, hb) && hb->src == node;
}

s64 kctl_clock_offset(struct nl *nl, u16 node)
{
	struct sockaddr_ll link = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IP),
		.sll_ifindex = if_nametoindex("eth0"),
	};
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETH_P_IP));
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	u64 end_ns = base_clock_ns() + LISTEN_NS;
	s64 offset_ns = INT64_MAX;
	u8 packet[256];

	if (fd < 0 || bind(fd, (struct sockaddr *)&link, sizeof(link)))
		kctl_die("eth0: %s", strerror(errno));
	while (base_clock_ns() < end_ns) {
		struct core_hb hb;
		ssize_t size;
		s64 now_ns;

		nl_pet(nl);
		if (poll(&wait, 1, 100) <= 0)
			continue;
		size = recv(fd, packet, sizeof(packet), 0);
		now_ns = (s64)base_clock_ns();
		if (heartbeat_of(packet, size, node, &hb) && now_ns - (s64)hb.sent_ns < offset_ns)
			offset_ns = now_ns - (s64)hb.sent_ns;
	}
	close(fd);
	if (offset_ns == INT64_MAX)
		kctl_die("node %u: no heartbeat on eth0", node);
	return offset_ns;
}
