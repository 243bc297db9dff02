// SPDX-License-Identifier: GPL-2.0-or-later
/* The authenticator by way of the kernel's own crypto (AF_ALG), so that the
 * client needs no library for it. */
#include "kctl.h"

#include <errno.h>
#include <linux/if_alg.h>
#include <sys/socket.h>
#include <unistd.h>

static int mac_open(void)
{
	struct sockaddr_alg address = {
		.salg_family = AF_ALG,
		.salg_type = "hash",
		.salg_name = "hmac(sha256)",
	};
	int fd = socket(AF_ALG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
	    setsockopt(fd, SOL_ALG, ALG_SET_KEY, kctl_key, sizeof(kctl_key)))
		kctl_die("hmac(sha256): %s (is algif_hash loaded?)", strerror(errno));
	return accept(fd, NULL, NULL);
}

void kctl_mac_sign(u8 *heartbeat, u32 key_id)
{
	static int fd = -1;
	u8 mac[32];

	if (fd < 0)
		fd = mac_open();
	core_hb_set_key(heartbeat, key_id);
	if (send(fd, heartbeat, CORE_HB_SIZE - CORE_MAC_SIZE, 0) !=
	    CORE_HB_SIZE - CORE_MAC_SIZE || read(fd, mac, sizeof(mac)) != sizeof(mac))
		kctl_die("hmac: %s", strerror(errno));
	memcpy(heartbeat + CORE_HB_SIZE - CORE_MAC_SIZE, mac, CORE_MAC_SIZE);
}

int kctl_udp_open(const char *address, u16 port)
{
	struct sockaddr_in local = kctl_udp_address(address, port);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&local, sizeof(local)))
		kctl_die("%s:%u: %s", address, port, strerror(errno));
	return fd;
}
