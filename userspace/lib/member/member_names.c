// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Numbers to words.
 */
#include "member_state.h"

static const char *const reasons[MEMBER_REASON_COUNT] = {
	[MEMBER_REASON_NONE] = "no reason",
	[MEMBER_REASON_PEER_LOST] = "node is silent",
	[MEMBER_REASON_PEER_GASPED] = "node has said its last words",
	[MEMBER_REASON_PEER_RESTARTED] = "node has restarted",
	[MEMBER_REASON_LINK_REPORTED] = "two members do not hear each other",
	[MEMBER_REASON_PROPOSE] = "proposing a new view",
	[MEMBER_REASON_PROPOSE_SILENCE] = "proposer did not finish, proposing instead",
	[MEMBER_REASON_PREEMPTED] = "a higher ballot is under way, backing off",
	[MEMBER_REASON_NO_QUORUM] = "too few members answer for a new view",
	[MEMBER_REASON_ARBITER_ASKED] = "tie, asking the quorum server",
	[MEMBER_REASON_ARBITER_REFUSED] = "quorum server refused",
	[MEMBER_REASON_ARBITER_UNKNOWN] = "quorum server lost its state, it may not vote yet",
	[MEMBER_REASON_CHOSEN] = "new view chosen",
	[MEMBER_REASON_EXCLUDED] = "node excluded",
	[MEMBER_REASON_JOINED] = "node joined",
	[MEMBER_REASON_JOINER_DROPPED] = "joining node dropped",
	[MEMBER_REASON_JOINING] = "joining the running cluster",
	[MEMBER_REASON_FORMING] = "forming a cluster",
	[MEMBER_REASON_FORM_REFUSED] = "too few nodes to form a cluster",
	[MEMBER_REASON_FORMED] = "cluster formed",
	[MEMBER_REASON_LEASE_WAIT] = "view committed, waiting until the lease holds",
	[MEMBER_REASON_EVICTED] = "this node is out of the committed view",
	[MEMBER_REASON_BEHIND] = "views were missed, cannot follow",
	[MEMBER_REASON_KERNEL_REFUSED] = "the kernel refused a view",
	[MEMBER_REASON_DISK_FAILED] = "membership state could not be written",
	[MEMBER_REASON_STATE_MISSING] = "replicated state is incomplete, fetching it",
	[MEMBER_REASON_MESSAGE_REFUSED] = "message refused",
	[MEMBER_REASON_LEAVING] = "leaving the cluster",
	[MEMBER_REASON_LEAVE_ASKED] = "node asks to leave",
	[MEMBER_REASON_ACTIONS_LOST] = "too much to do in one step, will be repeated",
	[MEMBER_REASON_STARTS_OVER] = "this node is not in the view, starting over",
};

static const char *const phases[] = {
	[MEMBER_PHASE_SEARCHING] = "searching",
	[MEMBER_PHASE_JOINING] = "joining",
	[MEMBER_PHASE_FORMING] = "forming",
	[MEMBER_PHASE_INSTALLING] = "installing",
	[MEMBER_PHASE_MEMBER] = "member",
	[MEMBER_PHASE_RECONFIGURING] = "reconfiguring",
	[MEMBER_PHASE_LEAVING] = "leaving",
	[MEMBER_PHASE_LEFT] = "left",
	[MEMBER_PHASE_EVICTED] = "evicted",
};

static const char *const messages[MEMBER_MESSAGE_TYPES] = {
	[MEMBER_MESSAGE_HEARD] = "HEARD",
	[MEMBER_MESSAGE_PREPARE] = "PREPARE",
	[MEMBER_MESSAGE_PROMISE] = "PROMISE",
	[MEMBER_MESSAGE_REFUSE] = "REFUSE",
	[MEMBER_MESSAGE_ACCEPT] = "ACCEPT",
	[MEMBER_MESSAGE_ACCEPTED] = "ACCEPTED",
	[MEMBER_MESSAGE_COMMIT] = "COMMIT",
	[MEMBER_MESSAGE_WANT_COMMIT] = "WANT_COMMIT",
	[MEMBER_MESSAGE_JOIN] = "JOIN",
	[MEMBER_MESSAGE_LEAVE] = "LEAVE",
	[MEMBER_MESSAGE_RECORDS] = "RECORDS",
	[MEMBER_MESSAGE_WANT_RECORDS] = "WANT_RECORDS",
	[MEMBER_MESSAGE_UPDATE] = "UPDATE",
	[MEMBER_MESSAGE_HELD] = "HELD",
	[MEMBER_MESSAGE_COMMITTED] = "COMMITTED",
	[MEMBER_MESSAGE_FORM_PREPARE] = "FORM_PREPARE",
	[MEMBER_MESSAGE_FORM_PROMISE] = "FORM_PROMISE",
	[MEMBER_MESSAGE_FORM_ACCEPT] = "FORM_ACCEPT",
	[MEMBER_MESSAGE_FORM_ACCEPTED] = "FORM_ACCEPTED",
	[MEMBER_MESSAGE_ARBITER_QUERY] = "ARBITER_QUERY",
	[MEMBER_MESSAGE_ARBITER_PREPARE] = "ARBITER_PREPARE",
	[MEMBER_MESSAGE_ARBITER_ACCEPT] = "ARBITER_ACCEPT",
	[MEMBER_MESSAGE_ARBITER_ANSWER] = "ARBITER_ANSWER",
	[MEMBER_MESSAGE_GASP] = "GASP",
	[MEMBER_MESSAGE_APPLICATION] = "APPLICATION",
};

const char *member_reason_name(enum member_reason reason)
{
	if ((unsigned int)reason >= MEMBER_REASON_COUNT || !reasons[reason])
		return "unknown reason";
	return reasons[reason];
}

const char *member_phase_name(enum member_phase phase)
{
	if ((unsigned int)phase >= sizeof(phases) / sizeof(phases[0]))
		return "unknown";
	return phases[phase];
}

const char *member_message_name(u16 type)
{
	if (type >= MEMBER_MESSAGE_TYPES || !messages[type])
		return "UNKNOWN";
	return messages[type];
}
