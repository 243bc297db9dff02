// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmcld_snapshot.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <urcu/urcu-memb.h>
#include <urcu/wfcqueue.h>

#include <tocsin/base.h>

#include "cmcld_order.h"

#define COPIES	6

/* @node: in the queue of those that no reader holds; one taker, the writer. */
struct copy {
	struct cds_wfcq_node node;
	struct rcu_head rcu;
	struct cmcld_publisher *publisher;
	struct cmcld_snapshot snapshot;
};

struct cmcld_publisher {
	struct cds_wfcq_head head;
	struct cds_wfcq_tail tail;
	struct cmcld_snapshot *newest;
	u64 change;
	atomic_ullong beat_ns;
	atomic_bool armed;
	struct copy copy[COPIES];
};

static struct copy *copy_of(struct cmcld_snapshot *snapshot)
{
	return caa_container_of(snapshot, struct copy, snapshot);
}

static void copy_free(struct copy *copy)
{
	struct cmcld_publisher *publisher = copy->publisher;

	cmcld_order_before(copy);
	cds_wfcq_node_init(&copy->node);
	cds_wfcq_enqueue(&publisher->head, &publisher->tail, &copy->node);
}

/* In the thread of call_rcu(), when no reader can hold it any more. */
static void on_unused(struct rcu_head *head)
{
	cmcld_order_after(caa_container_of(head, struct copy, rcu)->publisher);
	copy_free(caa_container_of(head, struct copy, rcu));
}

struct cmcld_publisher *cmcld_publisher_create(void)
{
	struct cmcld_publisher *publisher = calloc(1, sizeof(*publisher));
	int i;

	if (!publisher)
		return NULL;
	cds_wfcq_init(&publisher->head, &publisher->tail);
	for (i = 0; i < COPIES; i++) {
		publisher->copy[i].publisher = publisher;
		copy_free(&publisher->copy[i]);
	}
	/* The helper thread of call_rcu() is made now, not at its first use. */
	urcu_memb_get_default_call_rcu_data();
	return publisher;
}

void cmcld_publisher_destroy(struct cmcld_publisher *publisher)
{
	if (!publisher)
		return;
	urcu_memb_barrier();
	free(publisher);
}

void cmcld_snapshot_thread_begin(void)
{
	urcu_memb_register_thread();
}

void cmcld_snapshot_thread_end(void)
{
	urcu_memb_unregister_thread();
}

struct cmcld_snapshot *cmcld_snapshot_begin(struct cmcld_publisher *publisher)
{
	struct cds_wfcq_node *node;
	struct cmcld_snapshot *snapshot;

	node = __cds_wfcq_dequeue_nonblocking(&publisher->head, &publisher->tail);
	if (!node || node == CDS_WFCQ_WOULDBLOCK)
		return NULL;
	cmcld_order_after(node);
	snapshot = &caa_container_of(node, struct copy, node)->snapshot;
	memset(snapshot, 0, sizeof(*snapshot));
	snapshot->change = ++publisher->change;
	return snapshot;
}

void cmcld_snapshot_publish(struct cmcld_publisher *publisher,
			    struct cmcld_snapshot *snapshot)
{
	struct cmcld_snapshot *old;

	cmcld_order_before(snapshot);
	old = rcu_xchg_pointer(&publisher->newest, snapshot);
	if (old)
		urcu_memb_call_rcu(&copy_of(old)->rcu, on_unused);
}

const struct cmcld_snapshot *cmcld_snapshot_get(struct cmcld_publisher *publisher)
{
	const struct cmcld_snapshot *newest;

	urcu_memb_read_lock();
	newest = rcu_dereference(publisher->newest);
	cmcld_order_after(newest);
	return newest;
}

void cmcld_snapshot_put(struct cmcld_publisher *publisher)
{
	cmcld_order_before(publisher);
	urcu_memb_read_unlock();
}

void cmcld_publisher_beat(struct cmcld_publisher *publisher, bool armed)
{
	atomic_store(&publisher->beat_ns, base_clock_ns());
	atomic_store(&publisher->armed, armed);
}

/* The other way round than they are written: no mix of two beats looks dead. */
bool cmcld_publisher_lives(struct cmcld_publisher *publisher, u64 stale_ns)
{
	u64 beat_ns;

	if (atomic_load(&publisher->armed))
		return true;
	beat_ns = atomic_load(&publisher->beat_ns);
	return base_clock_ns() - beat_ns < stale_ns;
}

bool cmcld_publisher_armed(struct cmcld_publisher *publisher)
{
	return atomic_load(&publisher->armed);
}

const char *cmcld_phase_name(enum cmcld_phase phase)
{
	switch (phase) {
	case CMCLD_SEEKING:
		return "looking for a running cluster";
	case CMCLD_FORMING:
		return "forming a cluster";
	case CMCLD_JOINING:
		return "joining the cluster";
	case CMCLD_MEMBER:
		return "member of the cluster";
	case CMCLD_REFORMING:
		return "re-forming the cluster";
	case CMCLD_LEAVING:
		return "leaving the cluster";
	case CMCLD_LEFT:
		return "not in the cluster";
	}
	return "unknown";
}

const char *cmcld_node_state_name(enum cmcld_node_state state)
{
	switch (state) {
	case CMCLD_NODE_UNKNOWN:
		return "unknown";
	case CMCLD_NODE_RUNNING:
		return "running";
	case CMCLD_NODE_HALTED:
		return "halted";
	case CMCLD_NODE_FAILED:
		return "failed";
	case CMCLD_NODE_REFORMING:
		return "reforming";
	case CMCLD_NODE_JOINING:
		return "joining";
	}
	return "unknown";
}
