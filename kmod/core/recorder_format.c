// SPDX-License-Identifier: GPL-2.0
#include "recorder_format.h"

static const char *const kind_names[RECORDER_KINDS] = {
	[RECORDER_NONE] = "none",
	[RECORDER_LOAD] = "load",
	[RECORDER_ATTACH] = "attach",
	[RECORDER_KEY_SET] = "key-set",
	[RECORDER_PEER_SET] = "peer-set",
	[RECORDER_PEER_DEL] = "peer-del",
	[RECORDER_ARM] = "arm",
	[RECORDER_PET] = "pet",
	[RECORDER_DISARM] = "disarm",
	[RECORDER_DETACH] = "detach",
	[RECORDER_ACKNOWLEDGE] = "acknowledge",
	[RECORDER_ACCEPT] = "accept",
	[RECORDER_INSTALL] = "install",
	[RECORDER_TOC_REQUEST] = "toc-request",
	[RECORDER_EVENT] = "event",
	[RECORDER_VERDICT] = "verdict",
	[RECORDER_REBOOT] = "reboot",
	[RECORDER_CPU] = "cpu",
	[RECORDER_CHECK_LATE] = "check-late",
	[RECORDER_SEND_LATE] = "send-late",
	[RECORDER_PROMISE] = "promise",
	[RECORDER_LEAVE] = "leave",
	[RECORDER_STOOD_STILL] = "stood-still",
	[RECORDER_GASP] = "gasp",
};

static const u32 peer_offset = RECORDER_HEADER_SIZE;
static const u32 entry_offset = RECORDER_HEADER_SIZE +
				CORE_NODE_ID_MAX * sizeof(struct recorder_peer);

u64 recorder_size(u32 entries)
{
	return entry_offset + (u64)entries * sizeof(struct recorder_entry);
}

void recorder_header_init(struct recorder_header *header, u64 phys, u32 entries)
{
	core_assert(entries >= RECORDER_ENTRIES_MIN);
	core_assert(entries <= RECORDER_ENTRIES_MAX);
	memcpy(header->magic, RECORDER_MAGIC, RECORDER_MAGIC_SIZE);
	header->endian = RECORDER_ENDIAN;
	header->version = RECORDER_VERSION;
	header->pointer_bits = 8 * sizeof(void *);
	header->phys = phys;
	header->total_size = recorder_size(entries);
	header->peer_offset = peer_offset;
	header->peer_count = CORE_NODE_ID_MAX;
	header->peer_size = sizeof(struct recorder_peer);
	header->entry_offset = entry_offset;
	header->entry_count = entries;
	header->entry_size = sizeof(struct recorder_entry);
	header->safety_ns = CORE_NEVER;
	header->quorum_ns = CORE_NEVER;
}

int recorder_header_check(const struct recorder_header *header, u64 phys)
{
	if (memcmp(header->magic, RECORDER_MAGIC, RECORDER_MAGIC_SIZE))
		return -EINVAL;
	if (header->endian != RECORDER_ENDIAN || header->version != RECORDER_VERSION)
		return -EPROTO;
	if (header->peer_offset != peer_offset || header->entry_offset != entry_offset ||
	    header->peer_count != CORE_NODE_ID_MAX ||
	    header->peer_size != sizeof(struct recorder_peer) ||
	    header->entry_size != sizeof(struct recorder_entry))
		return -EBADMSG;
	if (header->entry_count < RECORDER_ENTRIES_MIN ||
	    header->entry_count > RECORDER_ENTRIES_MAX ||
	    header->total_size != recorder_size(header->entry_count))
		return -EBADMSG;
	if (phys != CORE_NEVER && header->phys != phys)
		return -ESTALE;
	return 0;
}

const char *recorder_kind_name(unsigned int kind)
{
	return kind < RECORDER_KINDS ? kind_names[kind] : "unknown";
}
