// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A flood of datagrams for a virtual machine, through the socket that is its
 * network card's cable, for ON ms, then none for OFF ms, for as long as this
 * runs.
 *
 *   flood SOCKET MAC ADDRESS ON OFF
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <net/ethernet.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define PORT_DISCARD	9
#define PAYLOAD		18
/* So many each 100 us keep a virtual machine's CPU in soft interrupts for most of
 * the time; more would keep QEMU's own threads from running it.
 */
#define COUNT		10
#define WAIT_US		100

struct frame {
	struct ether_header ethernet;
	struct iphdr ip;
	struct udphdr udp;
	char payload[PAYLOAD];
} __attribute__((packed));

static uint16_t checksum(const void *data, size_t size)
{
	const uint16_t *word = data;
	uint32_t sum = 0;

	for (; size; size -= 2)
		sum += *word++;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

static void frame_make(struct frame *frame, const char *mac, const char *address)
{
	unsigned char *to = frame->ethernet.ether_dhost;
	struct iphdr ip = {
		.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP,
		.tot_len = htons(sizeof(*frame) - sizeof(frame->ethernet)),
		.saddr = inet_addr("10.9.0.254"), .daddr = inet_addr(address),
	};

	memset(frame, 0, sizeof(*frame));
	if (sscanf(mac, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", to, to + 1, to + 2, to + 3, to + 4,
		   to + 5) != 6)
		errx(1, "%s: no hardware address", mac);
	frame->ethernet.ether_shost[0] = 2;
	frame->ethernet.ether_type = htons(ETHERTYPE_IP);
	ip.check = checksum(&ip, sizeof(ip));
	frame->ip = ip;
	frame->udp.source = htons(PORT_DISCARD);
	frame->udp.dest = htons(PORT_DISCARD);
	frame->udp.len = htons(sizeof(frame->udp) + PAYLOAD);
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

int main(int argc, char **argv)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	unsigned int on_ms, off_ms, sent;
	struct frame frame;
	uint64_t end_ms;
	int fd;

	if (argc != 6 || strlen(argv[1]) >= sizeof(to.sun_path))
		errx(1, "usage: flood SOCKET MAC ADDRESS ON OFF");
	memcpy(to.sun_path, argv[1], strlen(argv[1]));
	frame_make(&frame, argv[2], argv[3]);
	on_ms = strtoul(argv[4], NULL, 10);
	off_ms = strtoul(argv[5], NULL, 10);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (fd < 0)
		err(1, "socket");
	for (;; usleep(off_ms * 1000)) {
		end_ms = now_ms() + on_ms;
		while (now_ms() < end_ms) {
			for (sent = 0; sent < COUNT; sent++)
				if (sendto(fd, &frame, sizeof(frame), 0, (struct sockaddr *)&to,
					   sizeof(to)) < 0)
					break;
			/* Not there yet, or full. */
			if (sent < COUNT && errno != EAGAIN && errno != ENOENT &&
			    errno != ECONNREFUSED)
				err(1, "%s", argv[1]);
			usleep(WAIT_US);
		}
	}
}
