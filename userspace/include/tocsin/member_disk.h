/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a node must not forget (Documentation/MEMBERSHIP, rule 9): one small
 * file, replaced as a whole, with a checksum.
 */
#ifndef TOCSIN_MEMBER_DISK_H
#define TOCSIN_MEMBER_DISK_H

#include "member_message.h"

/**
 * struct member_disk
 * @committed: newest view that this node installed; .count 0: none
 * @promised: newest ballot promised to a formation
 * @value: values accepted for epochs above @committed
 */
struct member_disk {
	u64 cluster;
	u16 node_id;
	struct core_view committed;
	struct member_ballot promised;
	u16 value_count;
	struct member_value value[MEMBER_VALUES_MAX];
};

/* Most bytes that member_disk_encode() writes. */
#define MEMBER_DISK_BYTES_MAX	8192

/**
 * member_disk_encode - into bytes, byte order fixed, with a checksum
 * @buf: MEMBER_DISK_BYTES_MAX bytes
 * Return: length.
 */
size_t member_disk_encode(const struct member_disk *disk, u8 *buf);

/**
 * member_disk_decode - back from bytes
 * Return: 0; -EINVAL: not such a file, or of an unknown version; -EBADMSG:
 * checksum or content wrong (the file is damaged: the node then counts as one
 * with an empty disk); -EXDEV: of another cluster or node.
 */
int member_disk_decode(struct member_disk *disk, const u8 *buf, size_t length,
		       u64 cluster, u16 node_id);

#endif
