/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the tests of lib/net: one loop that runs until something is true. */
#ifndef TOCSIN_NET_TESTING_H
#define TOCSIN_NET_TESTING_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <tocsin/net.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define TEST_PATIENCE_NS	(60 * BASE_NS_PER_S)

static sd_event *loop;

/* Run the loop until @condition; a test that waits for ever fails. */
#define run_until(condition) do {						\
	u64 until_start = base_clock_ns();					\
	while (!(condition)) {							\
		if (base_clock_ns() - until_start > TEST_PATIENCE_NS)		\
			fail_msg("%s:%d: never: %s", __FILE__, __LINE__, #condition); \
		sd_event_run(loop, 10000);					\
	}									\
} while (0)

static inline void run_for(u64 duration_ns)
{
	u64 start = base_clock_ns();

	while (base_clock_ns() - start < duration_ns)
		sd_event_run(loop, 1000);
}

/* A port of loopback that was free a moment ago. */
static inline u16 free_port(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	close(fd);
	return ntohs(address.sin_port);
}

static inline struct net_address address_of(const char *text, u16 port)
{
	struct net_address address;

	assert_int_equal(net_address_parse(text, port, &address), 0);
	return address;
}

static inline int connect_plain(const struct net_address *address)
{
	int fd = socket(address->storage.ss_family, SOCK_STREAM, 0);

	assert_int_equal(connect(fd, (const struct sockaddr *)&address->storage, address->size),
			 0);
	return fd;
}

#endif
