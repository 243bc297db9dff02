// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Relocatable addresses in a network namespace made here: one end of a veth pair
 * is the node's interface, the other end listens to what is announced.
 */
#include "assistd_world_files.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/if_ether.h>
#include <netinet/ip6.h>
#include <sched.h>
#include <tocsin/conf_address.h>

static int ip(const char *words)
{
	char copy[256], *argv[32], *save = NULL;
	int count = 1, status = -1;
	pid_t pid;

	snprintf(copy, sizeof(copy), "%s", words);
	argv[0] = (char *)"ip";
	for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
		argv[count++] = word;
	argv[count] = NULL;
	pid = fork();
	if (!pid) {
		execvp("ip", argv);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	return status;
}

static int netns_up(void **state)
{
	if (geteuid() || unshare(CLONE_NEWNET)) {
		print_message("# SKIP: cannot make a network namespace\n");
		return -1;
	}
	return ip("link add n0 type veth peer name p0") || ip("link set lo up") ||
	       ip("addr add 10.7.0.1/24 dev n0") || ip("link set n0 up") ||
	       ip("link set p0 up") || ip("addr add fd77::1/64 dev n0 nodad");
}

static struct conf_address address(const char *text)
{
	struct conf_address out;

	assert_int_equal(conf_address_parse(text, strlen(text), &out), 0);
	return out;
}

static int listen_peer(u16 protocol)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(protocol),
				  .sll_ifindex = (int)if_nametoindex("p0") };
	int fd = socket(AF_PACKET, SOCK_RAW, htons(protocol));

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

static ssize_t frame_take(int fd, u8 *frame, size_t size, int wait_ms)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };

	return poll(&ready, 1, wait_ms) == 1 ? recv(fd, frame, size, 0) : -1;
}

static void added_once_and_removed(void **state)
{
	struct conf_address a = address("10.7.0.100/24");
	char ifname[16];
	u32 link[4];

	assert_int_equal(assistd_address_add(&a, ifname), 0);
	assert_string_equal(ifname, "n0");
	assert_int_equal(assistd_address_links(&a, link, 4), 1);
	assert_int_equal(link[0], if_nametoindex("n0"));
	/* Again: no error, no second one. */
	assert_int_equal(assistd_address_add(&a, ifname), 0);
	assert_int_equal(assistd_address_links(&a, link, 4), 1);
	assert_int_equal(assistd_address_remove(&a), 1);
	assert_int_equal(assistd_address_remove(&a), 0);
	/* The node's own address is still there. */
	a = address("10.7.0.1/24");
	assert_int_equal(assistd_address_links(&a, link, 4), 1);
}

static void no_interface_in_subnet(void **state)
{
	struct conf_address a = address("10.8.0.100/24");
	char ifname[16];

	assert_int_equal(assistd_address_add(&a, ifname), -ENONET);
}

static void stale_address_elsewhere(void **state)
{
	struct conf_address a = address("10.7.0.100/24");
	u32 link[4];

	assert_int_equal(ip("addr add 10.7.0.100/24 dev p0"), 0);
	assert_int_equal(ip("addr add 10.7.0.100/32 dev n0"), 0);
	assert_int_equal(assistd_address_remove(&a), 2);
	assert_int_equal(assistd_address_links(&a, link, 4), 0);
}

static void version_six(void **state)
{
	struct conf_address a = address("fd77::100/64");
	char ifname[16];
	u32 link[4];

	assert_int_equal(assistd_address_add(&a, ifname), 0);
	assert_string_equal(ifname, "n0");
	assert_int_equal(assistd_address_links(&a, link, 4), 1);
	assert_int_equal(assistd_address_remove(&a), 1);
}

static void gratuitous_arp(void **state)
{
	struct conf_address a = address("10.7.0.101/24");
	int fd = listen_peer(ETH_P_ARP);
	u32 requests = 0, replies = 0;
	char ifname[16];
	u8 frame[128];

	assert_int_equal(assistd_address_add(&a, ifname), 0);
	assert_int_equal(assistd_announce(&a), 0);
	while (frame_take(fd, frame, sizeof(frame), requests + replies < 2 ? 2000 : 0) > 0) {
		const struct ether_arp *arp = (void *)(frame + sizeof(struct ether_header));

		if (memcmp(arp->arp_spa, a.byte, 4))
			continue;
		assert_memory_equal(arp->arp_tpa, a.byte, 4);
		assert_memory_equal(frame, "\xff\xff\xff\xff\xff\xff", 6);
		assert_memory_equal(arp->arp_sha, frame + 6, 6);
		requests += arp->arp_op == htons(ARPOP_REQUEST);
		replies += arp->arp_op == htons(ARPOP_REPLY);
	}
	assert_true(requests >= 1);
	assert_true(replies >= 1);
	assistd_address_remove(&a);
	assert_int_equal(assistd_announce(&a), -EADDRNOTAVAIL);
	close(fd);
}

static void unsolicited_advertisement(void **state)
{
	struct conf_address a = address("fd77::101/64");
	int fd = listen_peer(ETH_P_IPV6);
	char ifname[16];
	u8 frame[256];
	bool seen = false;

	assert_int_equal(assistd_address_add(&a, ifname), 0);
	assert_int_equal(assistd_announce(&a), 0);
	while (!seen && frame_take(fd, frame, sizeof(frame), 3000) > 0) {
		struct {
			struct ip6_hdr ip6;
			struct nd_neighbor_advert na;
		} packet;

		memcpy(&packet, frame + sizeof(struct ether_header), sizeof(packet));
		if (packet.ip6.ip6_nxt != IPPROTO_ICMPV6 ||
		    packet.na.nd_na_type != ND_NEIGHBOR_ADVERT ||
		    memcmp(&packet.na.nd_na_target, a.byte, 16))
			continue;
		assert_int_equal(packet.ip6.ip6_hlim, 255);
		assert_memory_equal(&packet.ip6.ip6_src, a.byte, 16);
		assert_int_equal(packet.na.nd_na_flags_reserved, ND_NA_FLAG_OVERRIDE);
		seen = true;
	}
	assert_true(seen);
	assistd_address_remove(&a);
	close(fd);
}

/* The whole way: a package with an address, started, announced often, halted. */
static void package_with_address(void **state)
{
	struct conf_address a = address("10.7.0.102/24"), stale = address("10.7.0.103/24");
	struct assist_message m;
	u32 link[4], seen = 0;
	u8 frame[128];
	int fd;

	world_need();
	fd = listen_peer(ETH_P_ARP);
	/* A stale relocatable address goes with HELLO. */
	assert_int_equal(ip("addr add 10.7.0.103/24 dev n0"), 0);
	memset(&m, 0, sizeof(m));
	m.head.type = ASSIST_HELLO;
	m.head.node = 1;
	m.head.incarnation = 5;
	m.package.node = "n1";
	m.package.cluster = "test";
	m.address_count = 2;
	m.address[0].address = a;
	m.address[1].address = stale;
	put(&m);
	expect(ASSIST_READY, 0);
	assert_int_equal(assistd_address_links(&stale, link, 4), 0);
	package_init(&m, ASSIST_START, 1);
	m.package.address[m.package.address_count++].address = a;
	put(&m);
	expect(ASSIST_STARTED, PKG_OK);
	assert_int_equal(assistd_address_links(&a, link, 4), 1);
	while (seen < 6 && frame_take(fd, frame, sizeof(frame), 5000) > 0) {
		const struct ether_arp *arp = (void *)(frame + sizeof(struct ether_header));

		seen += !memcmp(arp->arp_spa, a.byte, 4);
	}
	assert_int_equal(seen, 6);
	m.head.type = ASSIST_HALT;
	put(&m);
	expect(ASSIST_HALTED, PKG_OK);
	assert_int_equal(assistd_address_links(&a, link, 4), 0);
	assert_true(file_has("web.log", "what=address-up address=10.7.0.102 interface=n0"));
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(added_once_and_removed),
		cmocka_unit_test(no_interface_in_subnet),
		cmocka_unit_test(stale_address_elsewhere),
		cmocka_unit_test(version_six),
		cmocka_unit_test(gratuitous_arp),
		cmocka_unit_test(unsolicited_advertisement),
		cmocka_unit_test_setup_teardown(package_with_address, world_up, world_down),
	};

	base_log_start("test", BASE_LOG_CRITICAL);
	if (netns_up(NULL)) {
		printf("1..0 # SKIP no network namespace with veth can be made here\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
