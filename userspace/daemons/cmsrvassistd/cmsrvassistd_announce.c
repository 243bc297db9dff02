// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tell the neighbours where an address now lives: gratuitous ARP (RFC 5227: as
 * request and as reply, since there are receivers that heed only one), and
 * unsolicited neighbour advertisement for IPv6 (RFC 4861 7.2.6).  Several times,
 * further and further apart: one frame may be lost, a switch may still be
 * learning.
 */
#include "cmsrvassistd.h"

#include <tocsin/base.h>
#include <tocsin/base_log.h>
#include <tocsin/conf_address.h>

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/icmp6.h>
#include <netinet/if_ether.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define LINKS_MAX	8

/* Pauses after the first announcement, microseconds. */
static const u64 pause_us[] = { 50000, 150000, 300000, 500000, 1000000, 2000000, 4000000 };

struct arp_frame {
	struct ether_header ether;
	struct ether_arp arp;
} __attribute__((packed));

static int link_address(int fd, u32 link, u8 mac[ETH_ALEN])
{
	struct ifreq request = { 0 };

	if (!if_indextoname(link, request.ifr_name) || ioctl(fd, SIOCGIFHWADDR, &request))
		return -errno;
	if (request.ifr_hwaddr.sa_family != ARPHRD_ETHER)
		return -EAFNOSUPPORT;
	memcpy(mac, request.ifr_hwaddr.sa_data, ETH_ALEN);
	return 0;
}

static void arp_fill(struct arp_frame *frame, const u8 *mac, const u8 *address, u16 op)
{
	memset(frame, 0, sizeof(*frame));
	memset(frame->ether.ether_dhost, 0xff, ETH_ALEN);
	memcpy(frame->ether.ether_shost, mac, ETH_ALEN);
	frame->ether.ether_type = htons(ETHERTYPE_ARP);
	frame->arp.arp_hrd = htons(ARPHRD_ETHER);
	frame->arp.arp_pro = htons(ETHERTYPE_IP);
	frame->arp.arp_hln = ETH_ALEN;
	frame->arp.arp_pln = 4;
	frame->arp.arp_op = htons(op);
	memcpy(frame->arp.arp_sha, mac, ETH_ALEN);
	memcpy(frame->arp.arp_spa, address, 4);
	if (op == ARPOP_REPLY)
		memset(frame->arp.arp_tha, 0xff, ETH_ALEN);
	memcpy(frame->arp.arp_tpa, address, 4);
}

static int arp_send(u32 link, const struct conf_address *address)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_protocol = htons(ETHERTYPE_ARP),
				  .sll_ifindex = (int)link, .sll_halen = ETH_ALEN };
	static const u16 ops[] = { ARPOP_REQUEST, ARPOP_REPLY };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct arp_frame frame;
	u8 mac[ETH_ALEN];
	int err;

	if (fd < 0)
		return -errno;
	memset(to.sll_addr, 0xff, ETH_ALEN);
	err = link_address(fd, link, mac);
	for (u32 i = 0; !err && i < 2; i++) {
		arp_fill(&frame, mac, address->byte, ops[i]);
		if (sendto(fd, &frame, sizeof(frame), 0, (struct sockaddr *)&to, sizeof(to)) < 0)
			err = -errno;
	}
	close(fd);
	return err;
}

/* The kernel fills in the checksum; the source must be the address itself. */
static int advert_send(u32 link, const struct conf_address *address)
{
	struct {
		struct nd_neighbor_advert advert;
		struct nd_opt_hdr option;
		u8 mac[ETH_ALEN];
	} __attribute__((packed)) packet = { 0 };
	struct sockaddr_in6 from = { .sin6_family = AF_INET6, .sin6_scope_id = link };
	struct sockaddr_in6 to = { .sin6_family = AF_INET6, .sin6_scope_id = link };
	int fd = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMPV6);
	int hops = 255, err;

	if (fd < 0)
		return -errno;
	memcpy(&from.sin6_addr, address->byte, 16);
	inet_pton(AF_INET6, "ff02::1", &to.sin6_addr);
	packet.advert.nd_na_type = ND_NEIGHBOR_ADVERT;
	packet.advert.nd_na_flags_reserved = ND_NA_FLAG_OVERRIDE;
	memcpy(&packet.advert.nd_na_target, address->byte, 16);
	packet.option.nd_opt_type = ND_OPT_TARGET_LINKADDR;
	packet.option.nd_opt_len = 1;
	err = link_address(fd, link, packet.mac);
	if (!err && (setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof(hops)) ||
		     bind(fd, (struct sockaddr *)&from, sizeof(from)) ||
		     sendto(fd, &packet, sizeof(packet), 0, (struct sockaddr *)&to,
			    sizeof(to)) < 0))
		err = -errno;
	close(fd);
	return err;
}

int assistd_announce(const struct conf_address *address)
{
	u32 link[LINKS_MAX];
	int count = assistd_address_links(address, link, LINKS_MAX), err = 0;

	if (count < 0)
		return count;
	for (int i = 0; i < count && !err; i++)
		err = address->family == 4 ? arp_send(link[i], address) :
		      advert_send(link[i], address);
	return count ? err : -EADDRNOTAVAIL;
}

static void announce_all(struct assistd_package *package)
{
	char text[CONF_ADDRESS_TEXT_MAX];

	for (u16 i = 0; i < package->step_count; i++) {
		const struct assistd_step *step = &package->step[i];
		int err;

		if (step->kind != ASSISTD_ADDRESS || !step->begun)
			continue;
		err = assistd_announce(&package->def.address[step->index].address);
		if (!err || err == -EAFNOSUPPORT)
			continue;	/* not Ethernet: nobody to tell */
		conf_address_print(&package->def.address[step->index].address, text);
		base_log(BASE_LOG_WARNING, "package %s: %s: cannot be announced: %s",
			 package->def.name, text, strerror(-err));
	}
}

static int announce_due(sd_event_source *source, u64 usec, void *data)
{
	struct assistd_package *package = data;
	u64 pause;

	announce_all(package);
	if (package->announced == sizeof(pause_us) / sizeof(pause_us[0])) {
		assistd_announce_stop(package);
		return 0;
	}
	pause = pause_us[package->announced++];
	if (sd_event_source_set_time_relative(source, pause) < 0 ||
	    sd_event_source_set_enabled(source, SD_EVENT_ONESHOT) < 0)
		assistd_announce_stop(package);
	return 0;
}

void assistd_announce_stop(struct assistd_package *package)
{
	package->announce_timer = sd_event_source_disable_unref(package->announce_timer);
}

void assistd_announce_start(struct assistd_package *package)
{
	int err;

	assistd_announce_stop(package);
	package->announced = 0;
	announce_all(package);
	err = sd_event_add_time_relative(package->assistd->event, &package->announce_timer,
					 CLOCK_BOOTTIME, pause_us[0], 1000, announce_due, package);
	if (err < 0)
		base_log(BASE_LOG_WARNING, "package %s: addresses are announced only once: %s",
			 package->def.name, strerror(-err));
}
