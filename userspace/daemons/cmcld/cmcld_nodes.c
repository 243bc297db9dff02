// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmcld_nodes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <tocsin/member_event.h>

#include "cmcld_log.h"
#include "cmcld_member.h"
#include "cmcld_pet.h"
#include "cmcld_publish.h"
#include "wire.h"

enum gone {
	NEVER_SEEN,
	LEFT_CLEAN,
	FAILED,
};

struct node {
	enum gone gone;		/* how it left the last view that held it */
	bool connected;
	bool heard;		/* heartbeats arrive */
	u8 path[CORE_PATHS_MAX]; /* what was passed on: enum core_path_state + 1; 0: nothing */
	u64 gone_incarnation;	/* the life that left so */
	u64 incarnation;	/* newest life heard or in a view */
};

/* Same index as conf_cluster.node. */
struct cmcld_nodes {
	struct node node[CONF_NODES_MAX];
};

const char *cmcld_node_name(const struct cmcld *cmcld, u16 id)
{
	const struct conf_node *node = id ? conf_node_by_id(cmcld->conf, id) : NULL;

	return node ? node->name : "?";
}

static struct node *node_of(struct cmcld *cmcld, u16 id)
{
	const struct conf_node *node = id ? conf_node_by_id(cmcld->conf, id) : NULL;

	return node ? &cmcld->nodes->node[node - cmcld->conf->cluster.node] : NULL;
}

int cmcld_nodes_create(struct cmcld *cmcld)
{
	cmcld->nodes = calloc(1, sizeof(*cmcld->nodes));
	return cmcld->nodes ? 0 : -ENOMEM;
}

void cmcld_nodes_destroy(struct cmcld *cmcld)
{
	free(cmcld->nodes);
	cmcld->nodes = NULL;
}

u32 cmcld_nodes_flags(const struct core_event *event)
{
	return (event->flags & CORE_HB_STALLED ? MEMBER_PEER_STALLED : 0) |
	       (event->flags & CORE_HB_LEAVING ? MEMBER_PEER_LEAVING : 0);
}

/* ---- views ---- */

/* "n1(id=1), n2(id=2)", cut where it does not fit a message. */
static void membership_text(const struct cmcld *cmcld, const struct core_view *view,
			    char *text, size_t size)
{
	size_t used = 0;
	u16 i;

	text[0] = '\0';
	for (i = 0; i < view->count && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%s(id=%u)",
					 i ? ", " : "",
					 cmcld_node_name(cmcld, view->member[i].id),
					 view->member[i].id);
}

static void members_text(const struct cmcld *cmcld, const struct core_view *view,
			 char *text, size_t size)
{
	size_t used = 0;
	u16 i;

	text[0] = '\0';
	for (i = 0; i < view->count && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%s", i ? "," : "",
					 cmcld_node_name(cmcld, view->member[i].id));
}

static void log_left(struct cmcld *cmcld, const struct core_view *view,
		     const struct member_wait *left)
{
	const char *name = cmcld_node_name(cmcld, left->id);
	struct node *node = node_of(cmcld, left->id);

	cmcld_event("excluded", "epoch=%" PRIu64 " peer=%s incarnation=%016" PRIx64
		    " clean=%d wait_ns=%" PRIu64, view->epoch, name, left->incarnation,
		    left->clean, left->remaining_ns);
	/* A former life of a member is news to nobody. */
	if (core_view_find(view, left->id) >= 0)
		return;
	if (node) {
		node->gone = left->clean ? LEFT_CLEAN : FAILED;
		node->gone_incarnation = left->incarnation;
	}
	if (left->clean)
		cmcld_log(LOG_NOTICE, "Node %s has left the cluster in order", name);
	else
		cmcld_log(LOG_WARNING, "Node %s is excluded. Its packages start elsewhere "
			  "in %" PRIu64 " ms: by then its kernel has reset it.",
			  name, (u64)(left->remaining_ns / BASE_NS_PER_MS));
}

void cmcld_nodes_installed(struct cmcld *cmcld, const struct core_view *view,
			   const struct member_wait *left, u16 left_count)
{
	char text[320];
	u16 i;

	cmcld_log(LOG_NOTICE, "%u nodes have formed a new cluster, sequence #%" PRIu64,
		  view->count, view->epoch);
	membership_text(cmcld, view, text, sizeof(text));
	cmcld_log(LOG_NOTICE, "The new active cluster membership is: %s", text);
	members_text(cmcld, view, text, sizeof(text));
	cmcld_event("view-installed", "epoch=%" PRIu64 " hash=%016" PRIx64
		    " coordinator=%s members=%s", view->epoch, view->hash,
		    cmcld_node_name(cmcld, view->coordinator), text);
	for (i = 0; i < left_count; i++)
		log_left(cmcld, view, &left[i]);
	for (i = 0; i < view->count; i++) {
		struct node *node = node_of(cmcld, view->member[i].id);

		if (node)
			node->incarnation = view->member[i].incarnation;
	}
	cmcld_publish_mark(cmcld);
}

void cmcld_nodes_safe(struct cmcld *cmcld, const struct core_member *peer)
{
	cmcld_log(LOG_INFO, "The wait for node %s is over: it cannot be running anything",
		  cmcld_node_name(cmcld, peer->id));
	cmcld_event("node-safe", "peer=%s incarnation=%016" PRIx64,
		    cmcld_node_name(cmcld, peer->id), peer->incarnation);
	cmcld_publish_mark(cmcld);
}

/* ---- heartbeat ---- */

static void log_silent(struct cmcld *cmcld, const struct core_event *event)
{
	const struct node *node = node_of(cmcld, event->peer);

	if (node && node->gone == LEFT_CLEAN && node->gone_incarnation == event->incarnation) {
		cmcld_log(LOG_INFO, "Node %s, which has left, is silent",
			  cmcld_node_name(cmcld, event->peer));
		return;
	}
	if (event->value_ns)
		cmcld_log(LOG_WARNING, "Timed out node %s. It may have failed. Nothing was heard "
			  "from it for %" PRIu64 " ms.", cmcld_node_name(cmcld, event->peer),
			  (u64)(event->value_ns / BASE_NS_PER_MS));
	else
		cmcld_log(LOG_WARNING, "Timed out node %s. It may have failed. The kernel's word "
			  "of when was lost.", cmcld_node_name(cmcld, event->peer));
	cmcld_event("peer-silent", "peer=%s incarnation=%016" PRIx64 " age_ns=%" PRIu64,
		    cmcld_node_name(cmcld, event->peer), event->incarnation,
		    event->value_ns);
}

/* The safety lease: by the time that it is told, this thread runs and has renewed it. */
static void log_lease(struct cmcld *cmcld, const struct core_event *event)
{
	const char *used = event->type == CORE_EVENT_LEASE_HALF ? "one half" : "three quarters";
	u64 left_ms = event->value_ns / BASE_NS_PER_MS;

	if (event->path == CORE_LEASE_SAFETY)
		cmcld_log(LOG_WARNING, "cmcld did not renew its own lease for %s of "
			  "SAFETY_TIMEOUT; %" PRIu64 " ms were left until the kernel resets this "
			  "node. Look for a real-time process or an overloaded host.", used,
			  left_ms);
	else
		cmcld_log(LOG_WARNING, "This node is at risk of being evicted from the running "
			  "cluster: %s of its lease is used up, %" PRIu64 " ms are left. Check "
			  "the heartbeat networks, or increase MEMBER_TIMEOUT.", used, left_ms);
}

static u8 *path_told(struct node *node, const struct core_event *event)
{
	return node && event->path < CORE_PATHS_MAX ? &node->path[event->path] : NULL;
}

/* What the sessions had no room for counts as not told: it comes again with the next states. */
static void path_event(struct cmcld *cmcld, const struct core_event *event)
{
	u8 *told = path_told(node_of(cmcld, event->peer), event);
	bool up = event->value_ns == CORE_PATH_UP;

	cmcld_log(up ? LOG_INFO : LOG_WARNING, "Heartbeat path %u to node %s is %s",
		  event->path, cmcld_node_name(cmcld, event->peer),
		  up ? "up" : event->value_ns == CORE_PATH_INIT ? "one way" : "down");
	if (!cmcld_session_path(cmcld->session, event->peer, event->path, up) && told)
		*told = (u8)(event->value_ns + 1);
}

/* States that are read again after lost events tell much that is known. */
static bool is_news(struct node *node, const struct core_event *event)
{
	const u8 *told = path_told(node, event);

	if (!node)
		return true;
	switch (event->type) {
	case CORE_EVENT_PEER_HEARD:
		return !node->heard || node->incarnation != event->incarnation;
	case CORE_EVENT_PEER_SILENT:
		return node->heard;
	case CORE_EVENT_PATH_STATE:
		return !told || *told != event->value_ns + 1;
	default:
		return true;
	}
}

void cmcld_nodes_kernel_event(struct cmcld *cmcld, const struct core_event *event)
{
	struct node *node = node_of(cmcld, event->peer);

	if (!is_news(node, event))
		return;
	switch (event->type) {
	case CORE_EVENT_PEER_HEARD:
		if (node) {
			node->heard = true;
			node->incarnation = event->incarnation;
		}
		cmcld_log(LOG_INFO, "Hearing node %s",
			  cmcld_node_name(cmcld, event->peer));
		cmcld_event("peer-heard", "peer=%s incarnation=%016" PRIx64,
			    cmcld_node_name(cmcld, event->peer), event->incarnation);
		break;
	case CORE_EVENT_PEER_SILENT:
		if (node)
			node->heard = false;
		log_silent(cmcld, event);
		break;
	case CORE_EVENT_PEER_GASP:
		if (node)
			node->heard = false;
		cmcld_log(LOG_WARNING, "Node %s has gone down, as it said itself",
			  cmcld_node_name(cmcld, event->peer));
		cmcld_event("peer-gasp", "peer=%s incarnation=%016" PRIx64,
			    cmcld_node_name(cmcld, event->peer), event->incarnation);
		break;
	case CORE_EVENT_PATH_STATE:
		path_event(cmcld, event);
		break;
	case CORE_EVENT_LEASE_HALF:
	case CORE_EVENT_LEASE_THREE_QUARTERS:
		log_lease(cmcld, event);
		break;
	default:
		return;
	}
	cmcld_publish_mark(cmcld);
}

void cmcld_nodes_connected(struct cmcld *cmcld, u16 id, bool connected)
{
	struct node *node = node_of(cmcld, id);

	if (node)
		node->connected = connected;
	cmcld_publish_mark(cmcld);
}

/* ---- snapshot ---- */

static enum cmcld_node_state state_of(const struct cmcld_snapshot *snapshot,
				      const struct node *node, u16 id)
{
	bool self = id == snapshot->self;

	if (core_view_find(&snapshot->view, id) >= 0)
		return self || node->heard ? CMCLD_NODE_RUNNING : CMCLD_NODE_REFORMING;
	if (self)
		return snapshot->phase == CMCLD_LEFT ? CMCLD_NODE_HALTED :
						       CMCLD_NODE_JOINING;
	if ((node->connected || node->heard) && node->incarnation != node->gone_incarnation)
		return CMCLD_NODE_JOINING;
	if (node->gone == LEFT_CLEAN)
		return CMCLD_NODE_HALTED;
	return node->gone == FAILED ? CMCLD_NODE_FAILED : CMCLD_NODE_UNKNOWN;
}

void cmcld_nodes_snapshot(const struct cmcld *cmcld, struct cmcld_snapshot *snapshot)
{
	u64 now = base_clock_ns();
	int i;

	for (i = 0; i < cmcld->conf->cluster.node_count; i++) {
		u16 id = cmcld->conf->cluster.node[i].id;
		const struct node *node = &cmcld->nodes->node[i];
		struct cmcld_snapshot_node *out = &snapshot->node[i];
		bool self = id == cmcld->self;

		out->state = state_of(snapshot, node, id);
		out->connected = self || node->connected;
		out->incarnation = self ? cmcld->incarnation : node->incarnation;
		out->safe_waiting = cmcld_member_waiting(cmcld, id, now);
	}
}
