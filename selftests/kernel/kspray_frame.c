// SPDX-License-Identifier: GPL-2.0-or-later
/* Frames: a payload in Ethernet, IP and UDP, rightly, oddly and wrongly. */
#include "kspray.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <sys/socket.h>

static const u8 mac_a[6] = { 2, 0, 0, 0, 0, 1 };
static const u8 mac_b[6] = { 2, 0, 0, 0, 0, 2 };

/* Ways to wrap a payload. Those before WRAP_ODD are what a peer would send. */
enum wrap {
	WRAP_PLAIN,
	WRAP_ODD,
	WRAP_PORT = WRAP_ODD,		/* another source port */
	WRAP_PADDED,			/* bytes behind the end of the IP packet */
	WRAP_FIELDS,			/* type of service, life time, label: anything */
	WRAP_OPTIONS,			/* IP options, or an extension header */
	WRAP_FRAGMENTS,
	WRAP_ELSEWHERE,			/* another source address */
	WRAP_LAST_GOOD = WRAP_ELSEWHERE,
	WRAP_UDP_SHORT,			/* UDP's length is less than there is */
	WRAP_UDP_SUM,			/* wrong checksums, wrong lengths: not for the module */
	WRAP_UDP_LONG,
	WRAP_IP_LONG,
	WRAP_IP_SUM,
	WRAP_MARTIAN,			/* a source that cannot be */
	WRAP_MULTICAST,			/* to everybody */
	WRAP_OTHER_MAC,			/* to another station */
	WRAP_FRAGMENT_LOST,
	WRAPS
};

struct build {
	struct dice *dice;
	enum wrap wrap;
	bool six;
	u8 udp[SPRAY_FRAME];		/* header and payload */
	size_t udp_size;
	struct in6_addr from6, to6;
	u32 from4, to4;
};

static u32 sum(u32 start, const void *data, size_t size)
{
	const u8 *byte = data;
	size_t i;

	for (i = 0; i < size; i++)
		start += i % 2 ? byte[i] : byte[i] << 8;
	return start;
}

static u16 fold(u32 value)
{
	while (value >> 16)
		value = (value & 0xffff) + (value >> 16);
	return ~value;
}

static void udp_seal(struct build *b)
{
	struct udphdr *udp = (struct udphdr *)b->udp;
	u32 value = IPPROTO_UDP + ntohs(udp->len);

	udp->check = 0;
	if (b->six) {
		value = sum(value, &b->from6, 16);
		value = sum(value, &b->to6, 16);
	} else {
		value = sum(value, &b->from4, 4);
		value = sum(value, &b->to4, 4);
	}
	udp->check = htons(fold(sum(value, b->udp, b->udp_size)) ?: 0xffff);
}

static void udp_make(struct build *b, const u8 *payload, size_t size)
{
	struct udphdr *udp = (struct udphdr *)b->udp;

	b->udp_size = sizeof(*udp) + size;
	udp->source = htons(CORE_PORT_DEFAULT);
	udp->dest = htons(CORE_PORT_DEFAULT);
	udp->len = htons(b->udp_size);
	memcpy(udp + 1, payload, size);
	if (b->wrap == WRAP_PORT)
		udp->source = htons(dice_roll(b->dice, 65536));
	udp_seal(b);
	if (b->wrap == WRAP_UDP_SUM)
		/* Never 0: that says that there is none. */
		udp->check ^= htons(udp->check == htons(1) ? 2 : 1);
	if (b->wrap == WRAP_UDP_LONG)
		udp->len = htons(b->udp_size + 1 + dice_roll(b->dice, 1000));
}

static void addresses_choose(struct build *b)
{
	static const char *const martians[] = { "10.0.0.1", "127.0.0.1", "224.0.0.1", "0.0.0.0" };
	static const char *const martians6[] = { "::1", "ff02::1", "ff05::2", "::1" };
	u8 other = 16 + dice_roll(b->dice, 200);

	inet_pton(AF_INET, "10.0.0.2", &b->from4);
	inet_pton(AF_INET, "10.0.0.1", &b->to4);
	inet_pton(AF_INET6, "fd00::2", &b->from6);
	inet_pton(AF_INET6, "fd00::1", &b->to6);
	if (b->wrap == WRAP_ELSEWHERE || b->wrap == WRAP_FRAGMENT_LOST) {
		((u8 *)&b->from4)[3] = other;
		b->from6.s6_addr[15] = other;
	} else if (b->wrap == WRAP_MARTIAN) {
		inet_pton(AF_INET, martians[other % 4], &b->from4);
		inet_pton(AF_INET6, martians6[other % 4], &b->from6);
	} else if (b->wrap == WRAP_MULTICAST) {
		inet_pton(AF_INET, other % 2 ? "224.0.0.1" : "10.0.0.255", &b->to4);
		inet_pton(AF_INET6, "ff02::1", &b->to6);
	}
}

static u8 *ether_begin(struct build *b, u8 *frame)
{
	struct ether_header *ether = (struct ether_header *)frame;

	memcpy(ether->ether_dhost, mac_a, 6);
	memcpy(ether->ether_shost, mac_b, 6);
	if (b->wrap == WRAP_OTHER_MAC)
		ether->ether_dhost[5] = 9;
	ether->ether_type = htons(b->six ? ETHERTYPE_IPV6 : ETHERTYPE_IP);
	return frame + sizeof(*ether);
}

/* A piece of the UDP datagram as one IPv4 packet; @offset in bytes. */
static size_t ip4_put(struct build *b, u8 *frame, u16 id, size_t offset, size_t size, bool more)
{
	struct ip *ip = (struct ip *)ether_begin(b, frame);
	size_t options = b->wrap == WRAP_OPTIONS ? 4 * (1 + dice_roll(b->dice, 10)) : 0;
	size_t header = sizeof(*ip) + options;
	u8 *end = (u8 *)ip + header + size;

	memset(ip, 0, sizeof(*ip));
	memset(ip + 1, 1, options);		/* "no operation" */
	ip->ip_v = 4;
	ip->ip_hl = header / 4;
	ip->ip_tos = 0xc0;
	ip->ip_ttl = 64;
	ip->ip_p = IPPROTO_UDP;
	ip->ip_len = htons(header + size);
	ip->ip_id = htons(id);
	ip->ip_off = htons(offset / 8 | (more ? IP_MF : 0));
	ip->ip_src.s_addr = b->from4;
	ip->ip_dst.s_addr = b->to4;
	if (b->wrap == WRAP_FIELDS) {
		ip->ip_tos = dice_roll(b->dice, 256);
		ip->ip_ttl = 1 + dice_roll(b->dice, 255);
	}
	if (b->wrap == WRAP_IP_LONG)
		ip->ip_len = htons(header + size + 1 + dice_roll(b->dice, 1000));
	ip->ip_sum = htons(fold(sum(0, ip, header)));
	if (b->wrap == WRAP_IP_SUM)
		ip->ip_sum ^= 1 << dice_roll(b->dice, 16);
	memcpy((u8 *)ip + header, b->udp + offset, size);
	return end - frame;
}

static size_t ip6_put(struct build *b, u8 *frame, u32 id, size_t offset, size_t size, bool more)
{
	struct ip6_hdr *ip = (struct ip6_hdr *)ether_begin(b, frame);
	u8 *next = (u8 *)(ip + 1), *type = &ip->ip6_nxt;

	memset(ip, 0, sizeof(*ip));
	ip->ip6_flow = htonl(6U << 28 | 0xc0U << 20);
	ip->ip6_hlim = 64;
	ip->ip6_src = b->from6;
	ip->ip6_dst = b->to6;
	if (b->wrap == WRAP_FIELDS) {
		ip->ip6_flow = htonl(6U << 28 | dice_roll(b->dice, 1 << 28));
		ip->ip6_hlim = 1 + dice_roll(b->dice, 255);
	}
	if (b->wrap == WRAP_OPTIONS) {
		*type = dice_roll(b->dice, 2) ? IPPROTO_HOPOPTS : IPPROTO_DSTOPTS;
		memset(next, 0, 8);
		next[2] = 1;			/* four bytes of padding, PadN */
		next[3] = 4;
		type = next;
		next += 8;
	}
	if (offset || more) {
		struct ip6_frag *fragment = (struct ip6_frag *)next;

		*type = IPPROTO_FRAGMENT;
		fragment->ip6f_reserved = 0;
		fragment->ip6f_offlg = htons(offset | more);
		fragment->ip6f_ident = htonl(id);
		type = next;
		next += sizeof(*fragment);
	}
	*type = IPPROTO_UDP;
	memcpy(next, b->udp + offset, size);
	ip->ip6_plen = htons(next + size - (u8 *)(ip + 1));
	if (b->wrap == WRAP_IP_LONG)
		ip->ip6_plen = htons(ntohs(ip->ip6_plen) + 1 + dice_roll(b->dice, 1000));
	if (b->wrap == WRAP_IP_SUM)		/* there is none: another version */
		ip->ip6_flow ^= htonl(1U << (28 + dice_roll(b->dice, 4)));
	return next + size - frame;
}

static void piece_put(struct build *b, struct frames *frames, u32 id, size_t offset, size_t size,
		      bool more)
{
	u8 *frame = frames->data[frames->count];

	frames->size[frames->count++] = b->six ? ip6_put(b, frame, id, offset, size, more) :
						 ip4_put(b, frame, id, offset, size, more);
}

/* Cut in up to three, in any order; lost: the first never comes, so that
 * nobody is told that time ran out.
 */
static void fragments_put(struct build *b, struct frames *frames)
{
	static u32 id;
	size_t cut = 8 * (1 + dice_roll(b->dice, (b->udp_size - 1) / 8));
	bool swap = dice_roll(b->dice, 2);
	struct frames turned;

	id++;
	if (b->wrap == WRAP_FRAGMENTS)
		piece_put(b, frames, id, 0, cut, true);
	piece_put(b, frames, id, cut, b->udp_size - cut, false);
	if (!swap || frames->count < 2)
		return;
	turned = *frames;
	memcpy(frames->data[0], turned.data[1], SPRAY_FRAME);
	memcpy(frames->data[1], turned.data[0], SPRAY_FRAME);
	frames->size[0] = turned.size[1];
	frames->size[1] = turned.size[0];
}

static enum wrap wrap_choose(struct dice *dice, bool odd, size_t size)
{
	enum wrap wrap = WRAP_PLAIN;

	/* Half of them plain: the payload is what matters most. */
	if (odd && dice_roll(dice, 2))
		wrap = dice_roll(dice, WRAPS);
	if (wrap == WRAP_UDP_SHORT && !size)
		wrap = WRAP_PLAIN;
	if ((wrap == WRAP_FRAGMENTS || wrap == WRAP_FRAGMENT_LOST) && size < 9)
		wrap = WRAP_PLAIN;
	/* Those that wait for their first half take memory until they are given up. */
	if (wrap == WRAP_FRAGMENT_LOST && dice_roll(dice, 64))
		wrap = WRAP_MARTIAN;
	return wrap;
}

void frames_make(struct dice *dice, const u8 *payload, size_t size, bool six, bool odd,
		 struct frames *frames, struct arrival *arrival)
{
	static struct build b;
	enum wrap wrap = wrap_choose(dice, odd, size);

	b.dice = dice;
	b.wrap = wrap;
	b.six = six;
	frames->count = 0;
	arrival->six = six;
	arrival->size = size;
	arrival->from_peer = wrap != WRAP_ELSEWHERE;
	arrival->reaches = wrap <= WRAP_UDP_SHORT;
	addresses_choose(&b);
	udp_make(&b, payload, size);
	if (wrap == WRAP_UDP_SHORT) {
		arrival->size = dice_roll(dice, size);
		((struct udphdr *)b.udp)->len = htons(sizeof(struct udphdr) + arrival->size);
		b.udp_size = sizeof(struct udphdr) + arrival->size;
		udp_seal(&b);
		b.udp_size = sizeof(struct udphdr) + size;
	}
	if (wrap == WRAP_FRAGMENTS || wrap == WRAP_FRAGMENT_LOST)
		fragments_put(&b, frames);
	else
		piece_put(&b, frames, 0, 0, b.udp_size, false);
	if (wrap == WRAP_PADDED) {
		size_t more = 1 + dice_roll(dice, 40);

		memset(frames->data[0] + frames->size[0], 0x5a, more);
		frames->size[0] += more;
	}
}

const u8 *frame_payload(const u8 *frame, size_t size, size_t *payload_size)
{
	const struct ether_header *ether = (const void *)frame;
	const struct ip6_hdr *six = (const void *)(ether + 1);
	const struct ip *four = (const void *)(ether + 1);
	const u8 *udp;

	if (size < sizeof(*ether) + sizeof(*four) + sizeof(struct udphdr))
		return NULL;
	if (ether->ether_type == htons(ETHERTYPE_IP) && four->ip_p == IPPROTO_UDP)
		udp = (const u8 *)four + 4 * four->ip_hl;
	else if (ether->ether_type == htons(ETHERTYPE_IPV6) && six->ip6_nxt == IPPROTO_UDP)
		udp = (const u8 *)(six + 1);
	else
		return NULL;
	if (udp + sizeof(struct udphdr) > frame + size ||
	    ((const struct udphdr *)udp)->dest != htons(CORE_PORT_DEFAULT))
		return NULL;
	udp += sizeof(struct udphdr);
	*payload_size = frame + size - udp;
	return udp;
}

int packet_open(const char *interface)
{
	struct sockaddr_ll link = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = if_nametoindex(interface),
	};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), yes = 1, room = 8 << 20;

	if (fd < 0 || setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof(yes)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &yes, sizeof(yes)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) ||
	    bind(fd, (struct sockaddr *)&link, sizeof(link)))
		kctl_die("%s: %s", interface, strerror(errno));
	return fd;
}

void packet_send(int fd, const struct frames *frames, unsigned int count)
{
	struct mmsghdr message[SPRAY_BATCH * SPRAY_FRAGMENTS];
	struct iovec vector[SPRAY_BATCH * SPRAY_FRAGMENTS];
	unsigned int i, j, total = 0, done = 0;
	int sent;

	memset(message, 0, sizeof(message));
	for (i = 0; i < count; i++) {
		for (j = 0; j < frames[i].count; j++) {
			vector[total].iov_base = (void *)frames[i].data[j];
			vector[total].iov_len = frames[i].size[j];
			message[total].msg_hdr.msg_iov = &vector[total];
			message[total++].msg_hdr.msg_iovlen = 1;
		}
	}
	while (done < total) {
		sent = sendmmsg(fd, message + done, total - done, 0);
		/* ENOBUFS: the queue behind the cable is full; wait for it. */
		if (sent < 0 && errno != ENOBUFS && errno != EINTR)
			kctl_die("send: %s", strerror(errno));
		done += sent > 0 ? sent : 0;
	}
}

void packets_forget(int fd)
{
	u8 frame[SPRAY_FRAME];

	while (recv(fd, frame, sizeof(frame), MSG_DONTWAIT) > 0)
		;
}
