/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The flight recorder: what the module leaves behind for cmcrash.
 *
 * One physically contiguous, page-aligned area in the node's own byte order:
 *
 *   struct recorder_header	at 0, RECORDER_HEADER_SIZE bytes
 *   struct recorder_peer	at header.peer_offset, header.peer_count of them;
 *				the peer with node id n is number n - 1
 *   struct recorder_entry	at header.entry_offset, header.entry_count of them,
 *				a ring: entry number s (from 0) is at s % entry_count
 *
 * To find it in a dump: look at the start of each physical page for the magic,
 * then ask recorder_header_check(); a copy of the area elsewhere (a page cache,
 * a dump in memory) fails because header.phys names another address.
 *
 * All of it is written without locks, so a dump may catch it in the middle: an
 * entry is valid only if its seq is its number + 1 (0: never written, or being
 * written).  header.written counts the entries begun.
 *
 * Times: nanoseconds on the raw clock plus time suspended; add
 * header.real_offset_ns for nanoseconds since 1970.  Names of verdicts, events
 * and so on: names.h.
 */
#ifndef TOCSIN_CORE_RECORDER_FORMAT_H
#define TOCSIN_CORE_RECORDER_FORMAT_H

#include "limits.h"

#define RECORDER_MAGIC		"TOCSIN-RECORDER"	/* 16 bytes with the NUL */
#define RECORDER_MAGIC_SIZE	16
#define RECORDER_VERSION	2
#define RECORDER_ENDIAN		0x01020304U
#define RECORDER_HEADER_SIZE	4096
#define RECORDER_ENTRIES_DEFAULT 4096
#define RECORDER_ENTRIES_MIN	64
/* With the rest still below 4 MiB, the largest piece that the kernel hands out. */
#define RECORDER_ENTRIES_MAX	32768
#define RECORDER_NAME_SIZE	64
#define RECORDER_TEXT_SIZE	256
#define RECORDER_REASON_SIZE	128
#define RECORDER_ARGS		4

struct recorder_member {
	u64 incarnation;
	u16 id;
	u8 pad[6];
};

/* As struct core_view; epoch 0: none. */
struct recorder_view {
	u64 epoch;
	u64 hash;
	u64 arbiter;
	u64 state;
	u16 coordinator;
	u16 count;
	u32 pad;
	struct recorder_member member[CORE_VIEW_MEMBERS_MAX];
};

/**
 * struct recorder_verdict - why the node went down
 * @code: enum core_verdict; 0: no verdict (the node went down otherwise)
 * @at_ns: when it was found
 * @late_ns: how long after the end of the lease that was
 * @cpu: the CPU that found it
 * @last_peer: member heard last; 0: none ever
 * @last_heard_ns: and when
 * @cpus_told: other CPUs that were told to stop before anything was printed
 * @cpus_stopped: those of them that have (and may be more by now)
 * @stopped_ns: when the last one of those did; 0: none
 * @text: the emergency line
 * @reason: given by the cluster manager with its request; "" otherwise
 */
struct recorder_verdict {
	u32 code;
	u32 cpu;
	u64 at_ns;
	u64 late_ns;
	u32 last_peer;
	u32 pad;
	u64 last_heard_ns;
	u64 cpus_told;
	u64 cpus_stopped;
	u64 stopped_ns;
	char text[RECORDER_TEXT_SIZE];
	char reason[RECORDER_REASON_SIZE];
};

/**
 * struct recorder_header - what was true last
 * @state_version: odd while the part from here to @accepted is being written
 * @action: enum tocsin_action
 * @updated_ns: when that part was written
 * @safety_ns, @quorum_ns: ends of the leases; CORE_NEVER: does not run
 * @last_pet_ns: newest renewal of the safety lease; 0: none
 * @owner_pid, @owner_name: the process that attached
 */
struct recorder_header {
	char magic[RECORDER_MAGIC_SIZE];
	u32 endian;
	u16 version;
	u16 pointer_bits;
	u64 phys;
	u64 total_size;
	u32 peer_offset;
	u32 peer_count;
	u32 peer_size;
	u32 entry_offset;
	u32 entry_count;
	u32 entry_size;
	u64 written;
	char build[RECORDER_NAME_SIZE];		/* version of the module */
	char kernel[RECORDER_NAME_SIZE];	/* uname -r */

	u32 state_version;
	u8 attached;
	u8 armed;
	u8 detached;
	u8 action;
	char node[RECORDER_NAME_SIZE];
	u64 cluster_id;
	u64 incarnation;
	u16 node_id;
	u16 pad0;
	u32 owner_pid;
	char owner_name[16];
	u64 interval_ns;
	u64 member_timeout_ns;
	u64 safety_timeout_ns;
	u64 on_detach_ns;
	u64 toc_margin_ns;
	u64 updated_ns;
	u64 real_offset_ns;
	u64 safety_ns;
	u64 quorum_ns;
	u64 last_pet_ns;
	u64 frontier_epoch;
	u64 frontier_hash;
	struct recorder_view installed;
	struct recorder_view accepted;

	struct recorder_verdict verdict;
};

/* state: enum core_path_state. rtt_ns: smoothed; 0: not measured. */
struct recorder_path {
	u64 heard_ns;
	u64 received;
	u64 lost;
	u64 rtt_ns;
	u8 state;
	u8 pad[7];
};

/* id 0: not configured. Times 0: never. flags: CORE_HB_*. */
struct recorder_peer {
	u16 id;
	u16 flags;
	u8 heard;
	u8 paths;
	u8 paths_up;
	u8 acknowledged;
	u64 incarnation;
	u64 heard_ns;
	u64 acked_ns;
	u64 installed_epoch;
	u64 frontier_epoch;
	u64 frontier_hash;
	u64 joined_ns;			/* first heard in this life */
	char name[RECORDER_NAME_SIZE];
	struct recorder_path path[CORE_PATHS_MAX];
};

/* What an entry tells; its arguments follow. pid: the process that asked. */
enum recorder_kind {
	RECORDER_NONE,
	RECORDER_LOAD,			/* module loaded */
	RECORDER_ATTACH,		/* incarnation, resumed, pid, result */
	RECORDER_KEY_SET,		/* slot, key id, transmit, result */
	RECORDER_PEER_SET,		/* paths, -, pid, result */
	RECORDER_PEER_DEL,		/* -, -, pid, result */
	RECORDER_ARM,			/* end of lease, warnings, pid, result */
	RECORDER_PET,			/* end of lease, time that was left, pid, result */
	RECORDER_DISARM,		/* force, -, pid, result */
	RECORDER_DETACH,		/* end of lease, -, pid, - */
	RECORDER_ACKNOWLEDGE,		/* incarnation, -, pid, result */
	RECORDER_ACCEPT,		/* epoch, hash, ballot counter, result */
	RECORDER_INSTALL,		/* epoch, hash, members, result */
	RECORDER_TOC_REQUEST,		/* -, -, pid, result */
	RECORDER_EVENT,			/* enum core_event_type, value, flags, incarnation */
	RECORDER_VERDICT,		/* enum core_verdict, lateness, -, - */
	RECORDER_REBOOT,		/* end of lease, notifier's action, -, - */
	RECORDER_CPU,			/* cpu, 1 = online, -, - */
	RECORDER_CHECK_LATE,		/* cpu, lateness, -, - */
	RECORDER_SEND_LATE,		/* lateness, -, -, - */
	RECORDER_PROMISE,		/* epoch, ballot counter, -, result; peer: its node */
	RECORDER_STOOD_STILL,		/* for how long at most, -, -, - */
	RECORDER_GASP,			/* enum recorder_gasp, paths, -, - */
	RECORDER_LEAVE,			/* -, -, pid, result */
	RECORDER_KINDS
};

/* What became of the last words. */
enum recorder_gasp {
	RECORDER_GASP_SENT,
	RECORDER_GASP_NOTHING,		/* none were ready */
	RECORDER_GASP_UNCONFIRMED,	/* a CPU had not confirmed its stop */
};

/* Results are negative errno values in two's complement. */
struct recorder_entry {
	u64 seq;			/* number + 1; written last */
	u64 time_ns;
	u16 kind;
	u16 peer;
	u8 path;
	u8 pad;
	u16 cpu;
	u64 arg[RECORDER_ARGS];
	u64 spare;
};

static_assert(sizeof(struct recorder_header) <= RECORDER_HEADER_SIZE,
	      "the header fits its page");
static_assert(sizeof(struct recorder_path) == 40, "no hidden padding");
static_assert(sizeof(struct recorder_peer) == 448, "no hidden padding");
static_assert(sizeof(struct recorder_entry) == 64, "no hidden padding");

/**
 * recorder_header_init - write the fixed part of an empty recorder
 * @header: RECORDER_HEADER_SIZE bytes, zero
 * @phys: physical address of the area
 */
void recorder_header_init(struct recorder_header *header, u64 phys, u32 entries);

/* Size of the whole area with so many entries. */
u64 recorder_size(u32 entries);

/**
 * recorder_header_check - is this the header of a flight recorder?
 * @header: RECORDER_HEADER_SIZE bytes
 * @phys: the physical address at which it was found; CORE_NEVER: any
 * Return: 0; -EINVAL: no magic; -EPROTO: another byte order or version;
 * -EBADMSG: sizes do not fit together; -ESTALE: a copy of one at another
 * address.
 */
int recorder_header_check(const struct recorder_header *header, u64 phys);

/* "pet", "accept" ...; never NULL. */
const char *recorder_kind_name(unsigned int kind);

#endif
