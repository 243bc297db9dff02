// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * TIPC's word on who is lost: subscribes to its topology service and prints
 * what `kctl watch` prints.
 *
 *   topology FILE
 *
 * ends once the file is there.
 */
#include <err.h>
#include <errno.h>
#include <linux/tipc.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_MS	1000000ULL

static unsigned long long raw_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_RAW, &now);
	return now.tv_sec * 1000 * NS_PER_MS + now.tv_nsec;
}

static void clock_tell(void)
{
	FILE *file = fopen("/dev/kmsg", "w");

	if (!file || fprintf(file, "<0>kctl: clock %llu\n", raw_ns()) < 0 || fclose(file))
		err(1, "/dev/kmsg");
}

static int subscribed(void)
{
	struct sockaddr_tipc server = {
		.family = AF_TIPC,
		.addrtype = TIPC_SERVICE_ADDR,
		.addr.name.name = { .type = TIPC_TOP_SRV, .instance = TIPC_TOP_SRV },
	};
	struct tipc_subscr nodes = {
		.seq = { .type = TIPC_NODE_STATE, .lower = 0, .upper = ~0 },
		.timeout = TIPC_WAIT_FOREVER,
		.filter = TIPC_SUB_PORTS,
	};
	int fd = socket(AF_TIPC, SOCK_SEQPACKET, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&server, sizeof(server)) ||
	    send(fd, &nodes, sizeof(nodes), 0) != sizeof(nodes))
		err(1, "topology service");
	return fd;
}

int main(int argc, char **argv)
{
	struct pollfd wait = { .fd = subscribed(), .events = POLLIN };
	unsigned int silent = 0, heard = 0;
	struct tipc_event event;

	setvbuf(stdout, NULL, _IOLBF, 0);
	clock_tell();
	printf("watch: begun\n");
	while (argc < 2 || access(argv[1], F_OK)) {
		if (poll(&wait, 1, 100) != 1)
			continue;
		if (recv(wait.fd, &event, sizeof(event), 0) != sizeof(event))
			err(1, "event");
		if (event.event == TIPC_PUBLISHED) {
			heard++;
			printf("watch: heard node=%x at=%llu\n", event.found_lower, raw_ns());
		} else if (event.event == TIPC_WITHDRAWN) {
			silent++;
			printf("watch: silent node=%x path=0 at=%llu\n", event.found_lower,
			       raw_ns());
		}
	}
	printf("watch: silent=%u heard=%u lost=0\n", silent, heard);
	return 0;
}
