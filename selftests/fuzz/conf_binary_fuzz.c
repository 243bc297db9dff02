// SPDX-License-Identifier: GPL-2.0-or-later
// rooms: lib/conf kmod/core
/*
 * Any bytes as a binary configuration, once as they are and once behind a good
 * head.  What is taken must encode and decode to the same bytes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <tocsin/conf_binary.h>

#define HEAD_SIZE 48

static struct conf conf;
static u8 copy[CONF_BINARY_MAX], one[CONF_BINARY_MAX], two[CONF_BINARY_MAX];

void core_assert_failed(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: %s\n", file, line, what);
	abort();
}

static void must(bool condition)
{
	if (!condition)
		abort();
}

static void put(u8 *at, u64 number, int bytes)
{
	while (bytes--) {
		at[bytes] = (u8)number;
		number >>= 8;
	}
}

static void seal(u8 *buf, size_t size)
{
	u64 sum = 0xcbf29ce484222325ULL;

	memset(buf, 0, HEAD_SIZE);
	memcpy(buf, "TOCSINCF", 8);
	put(buf + 8, CONF_BINARY_VERSION, 4);
	put(buf + 12, size, 4);
	buf[23] = 1;
	buf[31] = 1;
	for (size_t i = 0; i < size; i++) {
		sum ^= i >= 32 && i < 40 ? 0 : buf[i];
		sum *= 0x100000001b3ULL;
	}
	put(buf + 32, sum, 8);
}

static void take(const u8 *data, size_t size)
{
	int length;

	if (conf_decode(&conf, data, size, NULL))
		return;
	length = conf_encode(&conf, one, sizeof(one));
	must(length > 0);
	must(!conf_decode(&conf, one, (size_t)length, NULL));
	must(conf_encode(&conf, two, sizeof(two)) == length);
	must(!memcmp(one, two, (size_t)length));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	take(data, size);
	if (size > sizeof(copy) - HEAD_SIZE)
		return 0;
	memcpy(copy + HEAD_SIZE, data, size);
	seal(copy, HEAD_SIZE + size);
	take(copy, HEAD_SIZE + size);
	return 0;
}
