// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmcld_report.h"

#include <inttypes.h>
#include <stdio.h>

#include <tocsin/member.h>

#include "cmcld_admin.h"
#include "cmcld_log.h"

#define TEXT_MAX	320

struct line {
	int priority;
	char text[TEXT_MAX];
};

#define LINE(line, level, ...)						\
	do {								\
		(line)->priority = (level);				\
		snprintf((line)->text, TEXT_MAX, __VA_ARGS__);		\
	} while (0)

/* The words of the product line whose administrators are to feel at home, where
 * it has words. Return: false for reports that are not of this kind. */
static bool view_change_line(const struct cmcld *cmcld, const struct member_action *action,
			     struct line *line)
{
	const char *node = cmcld_node_name(cmcld, action->report.node);
	u64 a = action->report.a, b = action->report.b;

	switch (action->report.reason) {
	case MEMBER_REASON_PEER_LOST:
		LINE(line, LOG_WARNING, "Member %s seems unhealthy, not receiving "
		     "heartbeats from it.", node);
		return true;
	case MEMBER_REASON_PEER_GASPED:
		LINE(line, LOG_WARNING, "Member %s says that it has stopped for good", node);
		return true;
	case MEMBER_REASON_PROPOSE:
		LINE(line, LOG_NOTICE, "Attempting to adjust cluster membership: epoch %"
		     PRIu64 ", ballot %" PRIu64, a, b);
		return true;
	case MEMBER_REASON_NO_QUORUM:
		LINE(line, LOG_ERR, "Cannot form a cluster: %" PRIu64 " of %" PRIu64
		     " members agree, which is no majority", a, b);
		return true;
	case MEMBER_REASON_ARBITER_ASKED:
		LINE(line, LOG_NOTICE, "Obtaining Cluster Lock from the quorum server, "
		     "epoch %" PRIu64, a);
		return true;
	case MEMBER_REASON_ARBITER_REFUSED:
		LINE(line, LOG_ERR, "The quorum server gave its vote to others: asked for "
		     "epoch %" PRIu64 ", its newest is %" PRIu64, a, b);
		return true;
	case MEMBER_REASON_CHOSEN:
		LINE(line, LOG_NOTICE, "The membership of epoch %" PRIu64
		     " is decided with %" PRIu64 " votes", a, b);
		return true;
	case MEMBER_REASON_EVICTED:
		LINE(line, LOG_EMERG, "This node was evicted from the cluster: node %s "
		     "says that epoch %" PRIu64 " is without it", node, a);
		return true;
	default:
		return false;
	}
}

/* Nothing ran here, and nobody has to do anything. */
static void starts_over_line(const char *node, const struct member_action *action,
			     struct line *line)
{
	if (action->report.node)
		LINE(line, LOG_NOTICE, "Node %s says that epoch %" PRIu64 " of the cluster is "
		     "without this node, which was forming or joining it but never was a "
		     "member: cmcld starts again, to be let in as a new incarnation", node,
		     action->report.a);
	else
		LINE(line, LOG_WARNING, "The others of epoch %" PRIu64 " are out of reach, so "
		     "that this node could not become a member: cmcld starts again, to look "
		     "for the cluster as a new incarnation", action->report.a);
}

static bool formation_line(const struct cmcld *cmcld, const struct member_action *action,
			   struct line *line)
{
	const char *node = cmcld_node_name(cmcld, action->report.node);
	u64 a = action->report.a, b = action->report.b;

	switch (action->report.reason) {
	case MEMBER_REASON_JOINING:
		LINE(line, LOG_NOTICE, "Found a running cluster, epoch %" PRIu64
		     "; asking node %s to let this node in", a, node);
		return true;
	case MEMBER_REASON_JOINED:
		LINE(line, LOG_NOTICE, "Node %s joins the cluster, epoch %" PRIu64, node, a);
		return true;
	case MEMBER_REASON_FORMING:
		LINE(line, LOG_NOTICE, "Attempting to form a new cluster: %" PRIu64
		     " of %" PRIu64 " nodes present", a, b);
		return true;
	case MEMBER_REASON_FORM_REFUSED:
		if (b)
			LINE(line, LOG_WARNING, "Cannot form a cluster: %" PRIu64
			     " nodes present; a majority of the members of epoch %"
			     PRIu64 " is needed, as the disks say", a, b);
		else
			LINE(line, LOG_WARNING, "Cannot form a cluster: %" PRIu64
			     " nodes present; all configured nodes are needed", a);
		return true;
	case MEMBER_REASON_FORMED:
		LINE(line, LOG_NOTICE, "A new cluster is formed: epoch %" PRIu64
		     ", %" PRIu64 " members", a, b);
		return true;
	case MEMBER_REASON_STARTS_OVER:
		starts_over_line(node, action, line);
		return true;
	case MEMBER_REASON_LEAVE_ASKED:
		LINE(line, LOG_NOTICE, "Node %s asks to leave the cluster", node);
		return true;
	default:
		return false;
	}
}

static int priority_of(enum member_reason reason)
{
	switch (reason) {
	case MEMBER_REASON_KERNEL_REFUSED:
	case MEMBER_REASON_DISK_FAILED:
	case MEMBER_REASON_ACTIONS_LOST:
		return LOG_ERR;
	case MEMBER_REASON_PEER_RESTARTED:
	case MEMBER_REASON_LINK_REPORTED:
	case MEMBER_REASON_PROPOSE_SILENCE:
	case MEMBER_REASON_ARBITER_UNKNOWN:
	case MEMBER_REASON_MESSAGE_REFUSED:
	case MEMBER_REASON_LEASE_WAIT:
		return LOG_WARNING;
	default:
		return LOG_INFO;
	}
}

static void other_line(const struct cmcld *cmcld, const struct member_action *action,
		       struct line *line)
{
	const char *name = member_reason_name(action->report.reason);
	u64 a = action->report.a, b = action->report.b;
	int priority = priority_of(action->report.reason);

	if (action->report.node)
		LINE(line, priority, "Membership: node %s: %s (%" PRIu64 ", %" PRIu64 ")",
		     cmcld_node_name(cmcld, action->report.node), name, a, b);
	else
		LINE(line, priority, "Membership: %s (%" PRIu64 ", %" PRIu64 ")", name, a, b);
}

void cmcld_report(struct cmcld *cmcld, const struct member_action *action)
{
	struct line line;

	if (!view_change_line(cmcld, action, &line) &&
	    !formation_line(cmcld, action, &line))
		other_line(cmcld, action, &line);
	cmcld_log(line.priority, "%s", line.text);
	cmcld_event("membership", "reason=%d peer=%s a=%" PRIu64 " b=%" PRIu64 " text=\"%s\"",
		    action->report.reason, action->report.node ?
		    cmcld_node_name(cmcld, action->report.node) : "-",
		    action->report.a, action->report.b,
		    member_reason_name(action->report.reason));
	cmcld_admin_report(cmcld, action->report.reason, line.text);
}
