/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes in big-endian order, bounds checked: a writer and a reader for the two
 * files that this room defines. A reader that ran over its end stays bad.
 */
#ifndef MEMBER_BYTES_H
#define MEMBER_BYTES_H

#include <tocsin/member_message.h>

struct member_writer {
	u8 *buf;
	size_t room;
	size_t length;
};

struct member_reader {
	const u8 *buf;
	size_t length;
	size_t at;
	bool bad;
};

void member_put(struct member_writer *to, u64 number, unsigned int bytes);
u64 member_get(struct member_reader *from, unsigned int bytes);
void member_put_view(struct member_writer *to, const struct core_view *view);
void member_get_view(struct member_reader *from, struct core_view *view);
void member_put_ballot(struct member_writer *to, const struct member_ballot *ballot);
void member_get_ballot(struct member_reader *from, struct member_ballot *ballot);
void member_put_value(struct member_writer *to, const struct member_value *value);
void member_get_value(struct member_reader *from, struct member_value *value);

/* Header: magic, version, length of all, checksum of what follows it. */
#define MEMBER_HEADER_BYTES	24
void member_header_put(struct member_writer *to, u32 magic);
void member_header_seal(struct member_writer *to);
/* 0, -EINVAL: another kind or version; -EBADMSG: damaged. */
int member_header_get(struct member_reader *from, u32 magic);

#endif
