/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bytes of a membership message (struct member_message of member.h), as in
 * proto/tocsin.proto.  Fields that this version does not know are skipped, so
 * that nodes of two versions talk to each other; everything else is checked.
 */
#ifndef TOCSIN_NET_MEMBER_H
#define TOCSIN_NET_MEMBER_H

#include "base.h"

#define NET_MEMBER_SIZE_MAX	(64 * 1024)

struct member_message;

/**
 * net_member_encode - write a message
 * Return: bytes written; -EINVAL: a count or type out of range; -EMSGSIZE:
 * larger than @size.  NET_MEMBER_SIZE_MAX always suffices.
 */
ssize_t net_member_encode(const struct member_message *message, u8 *out, size_t size);

/**
 * net_member_decode - read and check a message
 * Every array is within its bounds, every view passes core_view_check(), every id is
 * in range, lists of nodes ascend, the body is the one of the type; unused
 * parts of @message are zero.  Whether it is meant for this cluster and
 * well-formed beyond that is member_message_check()'s.
 * Return: 0; -EPROTO: not such a message, @message is then all zero; -ENOMEM.
 */
int net_member_decode(const u8 *data, size_t size, struct member_message *message);

#endif
