// SPDX-License-Identifier: GPL-2.0
#include "recorder.h"

#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/utsname.h>

#include "clock.h"
#include "instance.h"

static unsigned int recorder_entries = RECORDER_ENTRIES_DEFAULT;
module_param(recorder_entries, uint, 0444);
MODULE_PARM_DESC(recorder_entries,
		 "Entries of the flight recorder, 64 bytes each, 64 to 32768 (default 4096)");

static struct recorder_header *header;
static struct recorder_peer *peers;
static struct recorder_entry *entries;
static atomic64_t written;

static void entry_write(enum recorder_kind kind, u16 peer, u8 path, const u64 *arg)
{
	u64 number = atomic64_inc_return(&written) - 1;
	struct recorder_entry *entry = &entries[number % header->entry_count];
	u64 count = READ_ONCE(header->written);

	/* A reader of a dump takes an entry only if seq is complete. */
	WRITE_ONCE(entry->seq, 0);
	smp_wmb(); /* invalid before it changes */
	entry->time_ns = tocsin_clock_ns();
	entry->kind = kind;
	entry->peer = peer;
	entry->path = path;
	entry->cpu = raw_smp_processor_id();
	memcpy(entry->arg, arg, sizeof(entry->arg));
	smp_wmb(); /* complete before it is valid */
	WRITE_ONCE(entry->seq, number + 1);
	/* Who wrote a later one may have been faster. */
	while (count <= number) {
		u64 seen = cmpxchg64(&header->written, count, number + 1);

		if (seen == count)
			break;
		count = seen;
	}
}

int tocsin_recorder_init(void)
{
	void *area;

	if (recorder_entries < RECORDER_ENTRIES_MIN || recorder_entries > RECORDER_ENTRIES_MAX) {
		pr_err("tocsin: recorder_entries=%u: must be %u to %u\n", recorder_entries,
		       RECORDER_ENTRIES_MIN, RECORDER_ENTRIES_MAX);
		return -EINVAL;
	}
	area = alloc_pages_exact(recorder_size(recorder_entries),
				 GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN);
	if (!area) {
		pr_err("tocsin: no %llu contiguous bytes; lower recorder_entries\n",
		       recorder_size(recorder_entries));
		return -ENOMEM;
	}
	header = area;
	recorder_header_init(header, virt_to_phys(area), recorder_entries);
	peers = area + header->peer_offset;
	entries = area + header->entry_offset;
#ifdef MODULE
	strscpy(header->build, THIS_MODULE->srcversion ?: THIS_MODULE->version ?: "",
		sizeof(header->build));
#endif
	strscpy(header->kernel, init_utsname()->release, sizeof(header->kernel));
	header->real_offset_ns = tocsin_clock_real_offset_ns();
	entry_write(RECORDER_LOAD, 0, 0, (const u64 [RECORDER_ARGS]){ 0 });
	return 0;
}

void tocsin_recorder_uninit(void)
{
	/* The memory may be found in a dump later: it is no recorder any more. */
	memset(header->magic, 0, sizeof(header->magic));
	free_pages_exact(header, header->total_size);
}

void tocsin_record_entry(const struct tocsin *t, enum recorder_kind kind, u16 peer, u8 path,
			 const u64 *arg)
{
	if (t == tocsin_initial)
		entry_write(kind, peer, path, arg);
}

static void view_write(struct recorder_view *out, const struct core_view *view)
{
	unsigned int i;

	out->epoch = view->epoch;
	out->hash = view->hash;
	out->arbiter = view->arbiter;
	out->state = view->state;
	out->coordinator = view->coordinator;
	out->count = view->epoch ? view->count : 0;
	for (i = 0; i < out->count; i++) {
		out->member[i].id = view->member[i].id;
		out->member[i].incarnation = view->member[i].incarnation;
	}
}

static void path_write(struct recorder_path *out, const struct core_path_info *path)
{
	out->heard_ns = path->heard_ns;
	out->received = path->received;
	out->lost = path->lost;
	out->rtt_ns = path->rtt_smoothed_ns;
	out->state = path->state;
}

void tocsin_recorder_peer(struct tocsin *t, u16 id)
{
	struct recorder_peer *out = &peers[id - 1];
	struct core_path_info path;
	struct core_peer_info info;
	u8 i, up = 0;

	if (t != tocsin_initial)
		return;
	if (core_peer_read(t->core, id, &info)) {
		memset(out, 0, sizeof(*out));
		return;
	}
	for (i = 0; i < info.paths; i++) {
		if (core_path_read(t->core, id, i, &path))
			continue;
		up += path.state == CORE_PATH_UP;
		path_write(&out->path[i], &path);
	}
	if (out->incarnation != info.incarnation || !out->id) {
		out->joined_ns = info.heard_ns;
		memcpy(out->name, t->peer[id].name, sizeof(out->name));
	}
	out->id = id;
	out->flags = info.flags;
	out->heard = info.heard;
	out->paths = info.paths;
	out->paths_up = up;
	out->acknowledged = info.acknowledged;
	out->incarnation = info.incarnation;
	out->heard_ns = info.heard_ns;
	out->acked_ns = info.acked_ns;
	out->installed_epoch = info.installed_epoch;
	out->frontier_epoch = info.frontier.epoch;
	out->frontier_hash = info.frontier.hash;
}

static void config_write(const struct tocsin *t)
{
	const struct core_config *config = &t->core->config;

	header->real_offset_ns = tocsin_clock_real_offset_ns();
	header->attached = t->attached;
	header->action = t->action;
	header->cluster_id = config->cluster_id;
	header->incarnation = config->incarnation;
	header->node_id = config->node_id;
	header->interval_ns = config->interval_ns;
	header->member_timeout_ns = config->member_timeout_ns;
	header->safety_timeout_ns = config->safety_timeout_ns;
	header->on_detach_ns = config->on_detach_ns;
	header->toc_margin_ns = t->toc_margin_ns;
	memcpy(header->node, t->name, sizeof(header->node));
}

void tocsin_recorder_state(struct tocsin *t)
{
	const struct core *core = t->core;
	unsigned int i;

	lockdep_assert_held(&t->lock);
	if (t != tocsin_initial)
		return;
	WRITE_ONCE(header->state_version, header->state_version + 1);
	smp_wmb(); /* odd before anything changes */
	config_write(t);
	header->armed = core->armed;
	header->detached = core->detached;
	header->updated_ns = t->now_ns;
	header->safety_ns = core_safety_lease_ns(core);
	header->quorum_ns = core_quorum_lease_ns(core);
	header->last_pet_ns = t->last_pet_ns;
	header->frontier_epoch = core->frontier.epoch;
	header->frontier_hash = core->frontier.hash;
	view_write(&header->installed, &core->installed);
	view_write(&header->accepted, &core->accepted);
	smp_wmb(); /* even after everything has */
	WRITE_ONCE(header->state_version, header->state_version + 1);
	for (i = 0; i < core->peer_count; i++)
		tocsin_recorder_peer(t, core->peer_id[i]);
}

void tocsin_recorder_last(struct tocsin *t)
{
	if (t != tocsin_initial)
		return;
	header->last_pet_ns = t->last_pet_ns;
	header->safety_ns = core_safety_lease_ns(t->core);
	header->quorum_ns = core_quorum_lease_ns(t->core);
}

void tocsin_recorder_owner(struct tocsin *t)
{
	lockdep_assert_held(&t->mutex);
	if (t != tocsin_initial)
		return;
	header->owner_pid = task_tgid_nr(current);
	get_task_comm(header->owner_name, current);
}

struct recorder_verdict *tocsin_recorder_verdict(void)
{
	return &header->verdict;
}

const void *tocsin_recorder_area(u64 *size)
{
	*size = header->total_size;
	return header;
}
