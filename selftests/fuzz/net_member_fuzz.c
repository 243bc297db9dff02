// SPDX-License-Identifier: GPL-2.0-or-later
// rooms: lib/net lib/base lib/ipc lib/member kmod/core build/fuzz/gen
// libs: -lprotobuf-c -lgnutls -ljansson -lsystemd
/*
 * Any bytes as a membership message.  What is taken must encode and decode to the
 * same message, and the quorum server's acceptor must survive it.
 */
#include <stdlib.h>
#include <tocsin/arbiter.h>
#include <tocsin/net_member.h>

static struct member_message one, two, answer;
static u8 bytes[NET_MEMBER_SIZE_MAX];
static struct arbiter_state state;

static void must(bool condition)
{
	if (!condition)
		abort();
}

static void ask_arbiter(void)
{
	bool must_sync;

	if (member_message_check(&one, one.cluster))
		return;
	must(arbiter_init(&state, one.cluster, 1) == 0);
	if (arbiter_step(&state, &one, &answer, &must_sync))
		return;
	must(net_member_encode(&answer, bytes, sizeof(bytes)) > 0);
	/* The same request again: granted or not, nothing new to sync. */
	must(arbiter_step(&state, &one, &answer, &must_sync) == 0 && !must_sync);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	ssize_t length;

	if (net_member_decode(data, size, &one))
		return 0;
	length = net_member_encode(&one, bytes, sizeof(bytes));
	must(length > 0);
	must(net_member_decode(bytes, (size_t)length, &two) == 0);
	must(!memcmp(&one, &two, sizeof(one)));
	ask_arbiter();
	return 0;
}
