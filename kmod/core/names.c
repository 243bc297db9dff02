// SPDX-License-Identifier: GPL-2.0
#include "names.h"

#define NAME(table, value) \
	((unsigned int)(value) < sizeof(table) / sizeof((table)[0]) ? (table)[value] : "unknown")

static const char *const verdict_names[] = {
	[CORE_VERDICT_NONE] = "none",
	[CORE_VERDICT_QUORUM_LEASE] = "quorum lease ran out",
	[CORE_VERDICT_SAFETY_LEASE] = "safety lease ran out",
	[CORE_VERDICT_DETACHED] = "cluster manager went away without disarming",
	[CORE_VERDICT_EVICTED] = "evicted by a newer view",
	[CORE_VERDICT_REQUESTED] = "requested by the cluster manager",
	[CORE_VERDICT_STOPPED] = "stopped together with its clocks",
};

static const char *const event_names[] = {
	[CORE_EVENT_PEER_HEARD] = "peer-heard",
	[CORE_EVENT_PEER_SILENT] = "peer-silent",
	[CORE_EVENT_PATH_STATE] = "path-state",
	[CORE_EVENT_FRONTIER] = "frontier",
	[CORE_EVENT_LEASE_HALF] = "lease-half",
	[CORE_EVENT_LEASE_THREE_QUARTERS] = "lease-three-quarters",
	[CORE_EVENT_LEASE_HOLDS] = "lease-holds",
	[CORE_EVENT_TOC] = "toc",
	[CORE_EVENT_PEER_GASP] = "peer-gasp",
};

static const char *const path_state_names[] = {
	[CORE_PATH_DOWN] = "down",
	[CORE_PATH_INIT] = "init",
	[CORE_PATH_UP] = "up",
};

static const char *const drop_names[] = {
	[CORE_DROP_NONE] = "none",
	[CORE_DROP_LENGTH] = "length",
	[CORE_DROP_MAGIC] = "magic",
	[CORE_DROP_VERSION] = "version",
	[CORE_DROP_KEY] = "key",
	[CORE_DROP_MAC] = "mac",
	[CORE_DROP_FIELD] = "field",
	[CORE_DROP_CLUSTER] = "cluster",
	[CORE_DROP_DESTINATION] = "destination",
	[CORE_DROP_PEER] = "peer",
	[CORE_DROP_PATH] = "path",
	[CORE_DROP_ADDRESS] = "address",
	[CORE_DROP_REPLAY] = "replay",
	[CORE_DROP_INCARNATION] = "incarnation",
};

static const char *const lease_names[] = {
	[CORE_LEASE_QUORUM] = "quorum",
	[CORE_LEASE_SAFETY] = "safety",
};

const char *core_verdict_name(enum core_verdict verdict)
{
	return NAME(verdict_names, verdict);
}

const char *core_event_name(enum core_event_type type)
{
	return NAME(event_names, type);
}

const char *core_path_state_name(enum core_path_state state)
{
	return NAME(path_state_names, state);
}

const char *core_drop_name(enum core_drop drop)
{
	return NAME(drop_names, drop);
}

const char *core_lease_name(enum core_lease lease)
{
	return NAME(lease_names, lease);
}
