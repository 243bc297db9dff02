/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of the test client: see kctl.c. */
#ifndef KCTL_H
#define KCTL_H

#include <netinet/in.h>
#include <tocsin/base.h>
#include <tocsin/nl.h>

#include "wire.h"

#define KCTL_CLUSTER	0x7465737463ULL
#define KCTL_KEY_ID	7

/* The key of all tests. */
extern const u8 kctl_key[TOCSIN_KEY_SIZE];

/* Options of a command: name=value, times in ms. */
const char *kctl_text(char **options, const char *name, const char *otherwise);
u64 kctl_number(char **options, const char *name, u64 otherwise);

/* Print and exit with status 1. */
void kctl_die(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
/* The same for the error of a call: err must be 0, or what "expect" said. */
void kctl_check(int err, const char *what);
/* ... and in programs without "expect". */
void kctl_must(int err, const char *what);
void kctl_wait_ms(u64 time);
/* Go into a network namespace that iproute2 made. */
void kctl_enter(const char *namespace);

/* HMAC-SHA-256 with the test's key into the heartbeat's last bytes. */
void kctl_mac_sign(u8 *heartbeat, u32 key_id);
/* ... and with any key into those of a datagram of any length; key id included. */
void kctl_mac_seal(u8 *datagram, size_t size, u32 key_id, const u8 *key);

/* A UDP socket on an address of this host. */
int kctl_udp_open(const char *address, u16 port);
struct sockaddr_in kctl_udp_address(const char *address, u16 port);
/* Of either family. */
void kctl_address(struct sockaddr_storage *out, const char *text, u32 scope);

/* A number, or a file with one. */
u64 kctl_incarnation(const char *text);

/* A view of the nodes given, epoch and hash filled in. */
struct core_view kctl_view(u64 epoch, const struct core_member *member, unsigned int count);

/* Commands. */
void kctl_peer_run(char **options);
void kctl_watchdog_run(char **options);
void kctl_kdump_run(char **options);
void kctl_kdump_hang_run(char **options);
void kctl_promise_run(struct nl *nl, char **options);
void kctl_gasp_run(struct nl *nl, char **options);
void kctl_spray_run(struct nl *nl, char **options);
void kctl_path_peer(struct nl *nl, char **options);
void kctl_path_wait(struct nl *nl, char **options);
void kctl_path_whole(struct nl *nl, char **options);
void kctl_path_shell(char **options);
void kctl_watch_run(struct nl *nl, char **options);
void kctl_crash_run(char **options);
void kctl_device_run(char **options);
void kctl_no_device_run(char **options);
void kctl_nobody_run(char **options);
void kctl_slow_run(char **options);

/* This node's clock less @node's, and the shortest way of a heartbeat with it, in
 * ns.  Listens on eth0 for 2 s and renews meanwhile.
 */
s64 kctl_clock_offset(struct nl *nl, u16 node);

#endif
