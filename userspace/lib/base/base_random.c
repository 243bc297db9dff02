// SPDX-License-Identifier: GPL-2.0-or-later
#include <tocsin/base.h>

#include <sys/random.h>

void base_random(void *out, size_t size)
{
	u8 *at = out;

	while (size) {
		ssize_t got = getrandom(at, size, 0);

		if (got < 0 && errno == EINTR)
			continue;
		core_assert(got > 0);
		at += got;
		size -= (size_t)got;
	}
}

u64 base_random_u64(void)
{
	u64 value = 0;

	while (!value)
		base_random(&value, sizeof(value));
	return value;
}
