/* SPDX-License-Identifier: GPL-2.0 */
/* The door: operations of Documentation/netlink/specs/tocsin.yaml. */
#ifndef TOCSIN_NETLINK_H
#define TOCSIN_NETLINK_H

#include "generated/netlink.h"

extern struct genl_family tocsin_family;

int tocsin_netlink_init(void);
void tocsin_netlink_uninit(void);

/* netlink_read.c: an answer is begun, filled, and ended with what came of it;
 * ending sends it, or drops it where @err is set, and returns the result.
 */
int tocsin_answer_begin(struct genl_info *info, u8 command, struct sk_buff **skb,
			void **header);
int tocsin_answer_end(struct genl_info *info, struct sk_buff *skb, void *header, int err);
/* Tell the asker that there is no instance. Return: -ENODEV. */
int tocsin_nobody(struct genl_info *info);

#endif
