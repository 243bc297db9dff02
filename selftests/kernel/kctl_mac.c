// SPDX-License-Identifier: GPL-2.0-or-later
/* The authenticator by way of the kernel's own crypto (AF_ALG), so that the
 * client needs no library for it. */
#include "kctl.h"

#include <errno.h>
#include <linux/if_alg.h>
#include <sys/socket.h>
#include <unistd.h>

static int mac_open(const u8 *key)
{
	struct sockaddr_alg address = {
		.salg_family = AF_ALG,
		.salg_type = "hash",
		.salg_name = "hmac(sha256)",
	};
	int fd = socket(AF_ALG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), one;

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
	    setsockopt(fd, SOL_ALG, ALG_SET_KEY, key, TOCSIN_KEY_SIZE))
		kctl_die("hmac(sha256): %s (is algif_hash loaded?)", strerror(errno));
	one = accept(fd, NULL, NULL);
	close(fd);
	return one;
}

static void mac_write(int fd, u8 *datagram, size_t size, u32 key_id)
{
	ssize_t length = size - CORE_MAC_SIZE;
	u8 mac[32];

	core_hb_set_key(datagram, key_id);
	if (send(fd, datagram, length, 0) != length || read(fd, mac, sizeof(mac)) != sizeof(mac))
		kctl_die("hmac: %s", strerror(errno));
	memcpy(datagram + length, mac, CORE_MAC_SIZE);
}

void kctl_mac_sign(u8 *heartbeat, u32 key_id)
{
	static int fd = -1;

	if (fd < 0)
		fd = mac_open(kctl_key);
	mac_write(fd, heartbeat, CORE_HB_SIZE, key_id);
}

void kctl_mac_seal(u8 *datagram, size_t size, u32 key_id, const u8 *key)
{
	int fd = mac_open(key);

	mac_write(fd, datagram, size, key_id);
	close(fd);
}

int kctl_udp_open(const char *address, u16 port)
{
	struct sockaddr_in local = kctl_udp_address(address, port);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&local, sizeof(local)))
		kctl_die("%s:%u: %s", address, port, strerror(errno));
	return fd;
}
