// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/tocsin.yaml */
/* YNL-GEN kernel source */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "netlink.h"

#include <uapi/linux/tocsin.h>

/* Common nested types */
const struct nla_policy tocsin_member_nl_policy[TOCSIN_A_MEMBER_INCARNATION + 1] = {
	[TOCSIN_A_MEMBER_ID] = NLA_POLICY_RANGE(NLA_U16, 1, 256),
	[TOCSIN_A_MEMBER_INCARNATION] = { .type = NLA_U64, },
};

const struct nla_policy tocsin_path_nl_policy[TOCSIN_A_PATH_RTT_SMOOTHED_NS + 1] = {
	[TOCSIN_A_PATH_INDEX] = NLA_POLICY_MAX(NLA_U8, 7),
	[TOCSIN_A_PATH_LOCAL] = { .type = NLA_BINARY, },
	[TOCSIN_A_PATH_REMOTE] = { .type = NLA_BINARY, },
	[TOCSIN_A_PATH_SCOPE] = { .type = NLA_U32, },
	[TOCSIN_A_PATH_STATE] = { .type = NLA_U8, },
	[TOCSIN_A_PATH_HEARD_NS] = { .type = NLA_U64, },
	[TOCSIN_A_PATH_RECEIVED] = { .type = NLA_U64, },
	[TOCSIN_A_PATH_LOST] = { .type = NLA_U64, },
	[TOCSIN_A_PATH_SENT] = { .type = NLA_U64, },
	[TOCSIN_A_PATH_SEND_ERRORS] = { .type = NLA_U64, },
	[TOCSIN_A_PATH_DROPS] = { .type = NLA_U64, },
	[TOCSIN_A_PATH_RTT_LAST_NS] = { .type = NLA_U64, },
	[TOCSIN_A_PATH_RTT_MIN_NS] = { .type = NLA_U64, },
	[TOCSIN_A_PATH_RTT_SMOOTHED_NS] = { .type = NLA_U64, },
};

const struct nla_policy tocsin_peer_nl_policy[TOCSIN_A_PEER_HEARS + 1] = {
	[TOCSIN_A_PEER_ID] = NLA_POLICY_RANGE(NLA_U16, 1, 256),
	[TOCSIN_A_PEER_NAME] = { .type = NLA_NUL_STRING, .len = TOCSIN_NAME_MAX, },
	[TOCSIN_A_PEER_PATH] = NLA_POLICY_NESTED(tocsin_path_nl_policy),
	[TOCSIN_A_PEER_INCARNATION] = { .type = NLA_U64, },
	[TOCSIN_A_PEER_HEARD] = { .type = NLA_FLAG, },
	[TOCSIN_A_PEER_HEARD_NS] = { .type = NLA_U64, },
	[TOCSIN_A_PEER_ACKED_NS] = { .type = NLA_U64, },
	[TOCSIN_A_PEER_INSTALLED_EPOCH] = { .type = NLA_U64, },
	[TOCSIN_A_PEER_FRONTIER_EPOCH] = { .type = NLA_U64, },
	[TOCSIN_A_PEER_FRONTIER_HASH] = { .type = NLA_U64, },
	[TOCSIN_A_PEER_INTERVAL_US] = { .type = NLA_U32, },
	[TOCSIN_A_PEER_FLAGS] = { .type = NLA_U16, },
	[TOCSIN_A_PEER_ACKNOWLEDGED] = { .type = NLA_FLAG, },
	[TOCSIN_A_PEER_HEARS] = { .type = NLA_BINARY, },
};

const struct nla_policy tocsin_view_nl_policy[TOCSIN_A_VIEW_MEMBER + 1] = {
	[TOCSIN_A_VIEW_EPOCH] = { .type = NLA_U64, },
	[TOCSIN_A_VIEW_HASH] = { .type = NLA_U64, },
	[TOCSIN_A_VIEW_ARBITER] = { .type = NLA_U64, },
	[TOCSIN_A_VIEW_STATE] = { .type = NLA_U64, },
	[TOCSIN_A_VIEW_COORDINATOR] = { .type = NLA_U16, },
	[TOCSIN_A_VIEW_MEMBER] = NLA_POLICY_NESTED(tocsin_member_nl_policy),
};

/* Global operation policy for tocsin */
const struct nla_policy tocsin_attrs_nl_policy[TOCSIN_A_OFFSET + 1] = {
	[TOCSIN_A_CLUSTER_ID] = { .type = NLA_U64, },
	[TOCSIN_A_NODE_ID] = NLA_POLICY_RANGE(NLA_U16, 1, 256),
	[TOCSIN_A_NAME] = { .type = NLA_NUL_STRING, .len = TOCSIN_NAME_MAX, },
	[TOCSIN_A_PORT] = NLA_POLICY_MIN(NLA_U16, 1),
	[TOCSIN_A_INTERVAL_NS] = { .type = NLA_U64, },
	[TOCSIN_A_MEMBER_TIMEOUT_NS] = { .type = NLA_U64, },
	[TOCSIN_A_SAFETY_TIMEOUT_NS] = { .type = NLA_U64, },
	[TOCSIN_A_TOC_MARGIN_NS] = { .type = NLA_U64, },
	[TOCSIN_A_ON_DETACH_NS] = { .type = NLA_U64, },
	[TOCSIN_A_ACTION] = NLA_POLICY_MAX(NLA_U8, TOCSIN_ACTION_LAST),
	[TOCSIN_A_INCARNATION] = { .type = NLA_U64, },
	[TOCSIN_A_KEY_SLOT] = NLA_POLICY_MAX(NLA_U8, 1),
	[TOCSIN_A_KEY_ID] = { .type = NLA_U32, },
	[TOCSIN_A_KEY] = NLA_POLICY_EXACT_LEN(TOCSIN_KEY_SIZE),
	[TOCSIN_A_KEY_TRANSMIT] = { .type = NLA_FLAG, },
	[TOCSIN_A_PEER] = NLA_POLICY_NESTED(tocsin_peer_nl_policy),
	[TOCSIN_A_TARGET] = NLA_POLICY_RANGE(NLA_U16, 1, 256),
	[TOCSIN_A_FORCE] = { .type = NLA_FLAG, },
	[TOCSIN_A_VIEW] = NLA_POLICY_NESTED(tocsin_view_nl_policy),
	[TOCSIN_A_BALLOT_COUNTER] = { .type = NLA_U64, },
	[TOCSIN_A_BALLOT_NODE] = { .type = NLA_U16, },
	[TOCSIN_A_EPOCH] = { .type = NLA_U64, },
	[TOCSIN_A_REASON] = { .type = NLA_NUL_STRING, .len = TOCSIN_REASON_MAX, },
	[TOCSIN_A_OFFSET] = { .type = NLA_U32, },
};

/* Ops table for tocsin */
const struct genl_small_ops tocsin_nl_ops[17] = {
	{
		.cmd	= TOCSIN_CMD_ATTACH,
		.doit	= tocsin_nl_attach_doit,
		.flags	= GENL_ADMIN_PERM,
	},
	{
		.cmd	= TOCSIN_CMD_KEY_SET,
		.doit	= tocsin_nl_key_set_doit,
		.flags	= GENL_ADMIN_PERM,
	},
	{
		.cmd	= TOCSIN_CMD_PEER_SET,
		.doit	= tocsin_nl_peer_set_doit,
		.flags	= GENL_ADMIN_PERM,
	},
	{
		.cmd	= TOCSIN_CMD_PEER_DEL,
		.doit	= tocsin_nl_peer_del_doit,
		.flags	= GENL_ADMIN_PERM,
	},
	{
		.cmd	= TOCSIN_CMD_ARM,
		.doit	= tocsin_nl_arm_doit,
		.flags	= GENL_ADMIN_PERM,
	},
	{
		.cmd	= TOCSIN_CMD_PET,
		.doit	= tocsin_nl_pet_doit,
		.flags	= GENL_ADMIN_PERM,
	},
	{
		.cmd	= TOCSIN_CMD_DISARM,
		.doit	= tocsin_nl_disarm_doit,
		.flags	= GENL_ADMIN_PERM,
	},
	{
		.cmd	= TOCSIN_CMD_ACKNOWLEDGE,
		.doit	= tocsin_nl_acknowledge_doit,
		.flags	= GENL_ADMIN_PERM,
	},
	{
		.cmd	= TOCSIN_CMD_PROMISE,
		.doit	= tocsin_nl_promise_doit,
		.flags	= GENL_ADMIN_PERM,
	},
	{
		.cmd	= TOCSIN_CMD_ACCEPT,
		.doit	= tocsin_nl_accept_doit,
		.flags	= GENL_ADMIN_PERM,
	},
	{
		.cmd	= TOCSIN_CMD_INSTALL,
		.doit	= tocsin_nl_install_doit,
		.flags	= GENL_ADMIN_PERM,
	},
	{
		.cmd	= TOCSIN_CMD_TOC_REQUEST,
		.doit	= tocsin_nl_toc_request_doit,
		.flags	= GENL_ADMIN_PERM,
	},
	{
		.cmd	= TOCSIN_CMD_STATUS_GET,
		.doit	= tocsin_nl_status_get_doit,
	},
	{
		.cmd	= TOCSIN_CMD_PEER_GET,
		.doit	= tocsin_nl_peer_get_doit,
		.dumpit	= tocsin_nl_peer_get_dumpit,
	},
	{
		.cmd	= TOCSIN_CMD_STATS_GET,
		.doit	= tocsin_nl_stats_get_doit,
	},
	{
		.cmd	= TOCSIN_CMD_RECORDER_GET,
		.doit	= tocsin_nl_recorder_get_doit,
		.flags	= GENL_ADMIN_PERM,
	},
	{
		.cmd	= TOCSIN_CMD_LEAVE,
		.doit	= tocsin_nl_leave_doit,
		.flags	= GENL_ADMIN_PERM,
	},
};

static const struct genl_multicast_group tocsin_nl_mcgrps[] = {
	[TOCSIN_NLGRP_EVENTS] = { "events", },
};
