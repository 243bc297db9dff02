/* SPDX-License-Identifier: GPL-2.0 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM tocsin

#if !defined(TOCSIN_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define TOCSIN_TRACE_H

#include <linux/tracepoint.h>

#include "core.h"
#include "wire.h"

TRACE_EVENT(tocsin_hb_tx,
	TP_PROTO(u16 peer, u8 path, int err),
	TP_ARGS(peer, path, err),
	TP_STRUCT__entry(
		__field(u16, peer)
		__field(u8, path)
		__field(int, err)
	),
	TP_fast_assign(
		__entry->peer = peer;
		__entry->path = path;
		__entry->err = err;
	),
	TP_printk("peer=%u path=%u err=%d", __entry->peer, __entry->path, __entry->err)
);

TRACE_EVENT(tocsin_hb_rx,
	TP_PROTO(const struct core_hb *hb, u64 now_ns, int drop),
	TP_ARGS(hb, now_ns, drop),
	TP_STRUCT__entry(
		__field(u16, peer)
		__field(u8, path)
		__field(u16, flags)
		__field(u64, sequence)
		__field(u64, now_ns)
		__field(u64, returned_ns)
		__field(u64, frontier_epoch)
		__field(int, drop)
	),
	TP_fast_assign(
		__entry->peer = hb->src;
		__entry->path = hb->path;
		__entry->flags = hb->flags;
		__entry->sequence = hb->sequence;
		__entry->now_ns = now_ns;
		__entry->returned_ns = hb->returned_ns;
		__entry->frontier_epoch = hb->frontier.epoch;
		__entry->drop = drop;
	),
	TP_printk("peer=%u path=%u flags=%#x seq=%llu now=%llu returned=%llu epoch=%llu drop=%d",
		  __entry->peer, __entry->path, __entry->flags, __entry->sequence,
		  __entry->now_ns, __entry->returned_ns, __entry->frontier_epoch, __entry->drop)
);

TRACE_EVENT(tocsin_path_state,
	TP_PROTO(u16 peer, u8 path, u8 state),
	TP_ARGS(peer, path, state),
	TP_STRUCT__entry(
		__field(u16, peer)
		__field(u8, path)
		__field(u8, state)
	),
	TP_fast_assign(
		__entry->peer = peer;
		__entry->path = path;
		__entry->state = state;
	),
	TP_printk("peer=%u path=%u state=%u", __entry->peer, __entry->path, __entry->state)
);

TRACE_EVENT(tocsin_lease,
	TP_PROTO(u64 now_ns, u64 safety_ns, u64 quorum_ns),
	TP_ARGS(now_ns, safety_ns, quorum_ns),
	TP_STRUCT__entry(
		__field(u64, now_ns)
		__field(u64, safety_ns)
		__field(u64, quorum_ns)
	),
	TP_fast_assign(
		__entry->now_ns = now_ns;
		__entry->safety_ns = safety_ns;
		__entry->quorum_ns = quorum_ns;
	),
	TP_printk("now=%llu safety=%llu quorum=%llu", __entry->now_ns, __entry->safety_ns,
		  __entry->quorum_ns)
);

TRACE_EVENT(tocsin_toc,
	TP_PROTO(u32 verdict, u64 late_ns),
	TP_ARGS(verdict, late_ns),
	TP_STRUCT__entry(
		__field(u32, verdict)
		__field(u64, late_ns)
	),
	TP_fast_assign(
		__entry->verdict = verdict;
		__entry->late_ns = late_ns;
	),
	TP_printk("verdict=%u late=%llu", __entry->verdict, __entry->late_ns)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
