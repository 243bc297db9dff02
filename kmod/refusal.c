// SPDX-License-Identifier: GPL-2.0
#include "refusal.h"

#include <linux/kernel.h>
#include <linux/netlink.h>
#include <net/genetlink.h>
#include <uapi/linux/tocsin.h>

#include "core.h"

#define LATE	"too late, a lease has run out: "

static const struct refusal {
	u8 command;
	int err;
	const char *words;
} refusals[] = {
	{ TOCSIN_CMD_KEY_SET, -ENOENT,
	  "the kernel has no hmac(sha256): load the modules hmac and sha256" },
	{ TOCSIN_CMD_PEER_SET, -EINVAL,
	  "this node itself, or another number of paths than before: remove the peer first" },
	{ TOCSIN_CMD_PEER_SET, -EADDRNOTAVAIL,
	  "a local address is not on this node: set it up, or name another" },
	{ TOCSIN_CMD_PEER_SET, -EADDRINUSE,
	  "the port is taken on a local address: end who has it, or attach with another" },
	{ TOCSIN_CMD_PEER_SET, -EAFNOSUPPORT,
	  "this kernel has no IPv6: name IPv4 addresses" },
	{ TOCSIN_CMD_PEER_DEL, -EBUSY,
	  "the peer is a member of a view: install one without it first" },
	{ TOCSIN_CMD_PEER_DEL, -ENOENT, "no such peer: a dump of peer-get lists all" },
	{ TOCSIN_CMD_PEER_GET, -ENOENT, "no such peer: a dump of peer-get lists all" },
	{ TOCSIN_CMD_ARM, -EALREADY, "armed already: go on with pet" },
	{ TOCSIN_CMD_ARM, -EBUSY, "a member that has disarmed: attach anew" },
	{ TOCSIN_CMD_ARM, -EAGAIN, "the machine is going to sleep: arm when it is back" },
	{ TOCSIN_CMD_ARM, -ENODEV, "the module is being unloaded: load it again" },
	{ TOCSIN_CMD_PET, -EPERM, "not armed: arm first" },
	{ TOCSIN_CMD_PET, -ETIME, LATE "this node goes down; with action report attach anew" },
	{ TOCSIN_CMD_DISARM, -EPERM, "not armed: there is nothing to disarm" },
	{ TOCSIN_CMD_DISARM, -EBUSY, "a member of a view: leave it first, or disarm with force" },
	{ TOCSIN_CMD_DISARM, -ETIME, LATE "this node goes down; with action report use force" },
	{ TOCSIN_CMD_ACKNOWLEDGE, -EINVAL, "incarnation 0 is nobody: name the one that is heard" },
	{ TOCSIN_CMD_ACKNOWLEDGE, -ENOENT, "no such peer: add it with peer-set" },
	{ TOCSIN_CMD_ACKNOWLEDGE, -EBUSY,
	  "the accepted view is without it: wait until that is installed" },
	{ TOCSIN_CMD_ACKNOWLEDGE, -EEXIST,
	  "another incarnation of it is a member: install a view without that first" },
	{ TOCSIN_CMD_PROMISE, -EINVAL, "a ballot's counter begins at 1" },
	{ TOCSIN_CMD_PROMISE, -ESTALE,
	  "the epoch is not the next after the installed view: read the status" },
	{ TOCSIN_CMD_ACCEPT, -ESTALE,
	  "not the next epoch, or a ballot below one accepted: read the status" },
	{ TOCSIN_CMD_ACCEPT, -EAGAIN,
	  "the lease under this view would not hold: try again when its members are heard" },
	{ TOCSIN_CMD_ACCEPT, -ETIME, LATE "this node goes down" },
	{ TOCSIN_CMD_INSTALL, -EINVAL,
	  "this incarnation is not in the view: disarm, then join with a new one" },
	{ TOCSIN_CMD_INSTALL, -ENOENT, "not the accepted view: accept it first" },
	{ TOCSIN_CMD_INSTALL, -EPERM, "not armed: arm first" },
	{ TOCSIN_CMD_INSTALL, -EAGAIN,
	  "the lease under this view does not hold yet: wait for the event, install again" },
	{ TOCSIN_CMD_INSTALL, -ETIME, LATE "this node goes down" },
	{ TOCSIN_CMD_TOC_REQUEST, -EPERM, "not armed: there is nothing to take down" },
	{ TOCSIN_CMD_LEAVE, -EPERM, "not armed: there is nothing to leave" },
};

int tocsin_refuse(struct genl_info *info, int err)
{
	unsigned int i;

	if (!err || !info->extack || info->extack->_msg)
		return err;
	for (i = 0; i < ARRAY_SIZE(refusals); i++) {
		if (refusals[i].command != info->genlhdr->cmd || refusals[i].err != err)
			continue;
		do_trace_netlink_extack(refusals[i].words);
		info->extack->_msg = refusals[i].words;
		break;
	}
	return err;
}

/* The words below name these; kernels before 6.2 cannot format them. */
static_assert(CORE_INTERVAL_NS_MIN == 5 * CORE_NS_PER_MS);
static_assert(CORE_INTERVAL_NS_MAX == 10 * CORE_NS_PER_S);
static_assert(CORE_INTERVALS_PER_TIMEOUT_MIN == 8);
static_assert(CORE_MEMBER_TIMEOUT_NS_MAX == 300 * CORE_NS_PER_S);
static_assert(CORE_SAFETY_TIMEOUT_NS_MIN == 100 * CORE_NS_PER_MS);
static_assert(CORE_SAFETY_TIMEOUT_NS_MAX == 300 * CORE_NS_PER_S);

int tocsin_refuse_config(struct genl_info *info, const struct core_config *config)
{
	if (config->interval_ns < CORE_INTERVAL_NS_MIN ||
	    config->interval_ns > CORE_INTERVAL_NS_MAX)
		GENL_SET_ERR_MSG(info, "interval: 5 ms to 10 s");
	else if (config->member_timeout_ns < CORE_INTERVALS_PER_TIMEOUT_MIN * config->interval_ns ||
		 config->member_timeout_ns > CORE_MEMBER_TIMEOUT_NS_MAX)
		GENL_SET_ERR_MSG(info, "member timeout: 8 intervals to 5 min");
	else if (config->safety_timeout_ns < CORE_SAFETY_TIMEOUT_NS_MIN ||
		 config->safety_timeout_ns > CORE_SAFETY_TIMEOUT_NS_MAX)
		GENL_SET_ERR_MSG(info, "safety timeout: 100 ms to 5 min");
	else
		GENL_SET_ERR_MSG(info, "grace after the socket closes: at most the safety timeout");
	return -EINVAL;
}
