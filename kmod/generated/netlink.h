/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/tocsin.yaml */
/* YNL-GEN kernel header */

#ifndef _LINUX_TOCSIN_GEN_H
#define _LINUX_TOCSIN_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <uapi/linux/tocsin.h>

/* Common nested types */
extern const struct nla_policy tocsin_member_nl_policy[TOCSIN_A_MEMBER_INCARNATION + 1];
extern const struct nla_policy tocsin_path_nl_policy[TOCSIN_A_PATH_RTT_SMOOTHED_NS + 1];
extern const struct nla_policy tocsin_peer_nl_policy[TOCSIN_A_PEER_HEARS + 1];
extern const struct nla_policy tocsin_view_nl_policy[TOCSIN_A_VIEW_MEMBER + 1];

/* Global operation policy for tocsin */
extern const struct nla_policy tocsin_attrs_nl_policy[TOCSIN_A_OFFSET + 1];

/* Ops table for tocsin */
extern const struct genl_small_ops tocsin_nl_ops[17];

int tocsin_nl_attach_doit(struct sk_buff *skb, struct genl_info *info);
int tocsin_nl_key_set_doit(struct sk_buff *skb, struct genl_info *info);
int tocsin_nl_peer_set_doit(struct sk_buff *skb, struct genl_info *info);
int tocsin_nl_peer_del_doit(struct sk_buff *skb, struct genl_info *info);
int tocsin_nl_arm_doit(struct sk_buff *skb, struct genl_info *info);
int tocsin_nl_pet_doit(struct sk_buff *skb, struct genl_info *info);
int tocsin_nl_disarm_doit(struct sk_buff *skb, struct genl_info *info);
int tocsin_nl_acknowledge_doit(struct sk_buff *skb, struct genl_info *info);
int tocsin_nl_promise_doit(struct sk_buff *skb, struct genl_info *info);
int tocsin_nl_accept_doit(struct sk_buff *skb, struct genl_info *info);
int tocsin_nl_install_doit(struct sk_buff *skb, struct genl_info *info);
int tocsin_nl_toc_request_doit(struct sk_buff *skb, struct genl_info *info);
int tocsin_nl_status_get_doit(struct sk_buff *skb, struct genl_info *info);
int tocsin_nl_peer_get_doit(struct sk_buff *skb, struct genl_info *info);
int tocsin_nl_peer_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int tocsin_nl_stats_get_doit(struct sk_buff *skb, struct genl_info *info);
int tocsin_nl_recorder_get_doit(struct sk_buff *skb, struct genl_info *info);
int tocsin_nl_leave_doit(struct sk_buff *skb, struct genl_info *info);

enum {
	TOCSIN_NLGRP_EVENTS,
};

#endif /* _LINUX_TOCSIN_GEN_H */
