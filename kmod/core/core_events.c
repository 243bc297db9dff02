// SPDX-License-Identifier: GPL-2.0
#include "core_state.h"

void core_event_push(struct core *core, const struct core_event *event)
{
	u32 at;

	core_assert(core->event_count <= CORE_EVENTS_MAX);
	if (core->event_count == CORE_EVENTS_MAX) {
		/* The newest state can be read again: the oldest news go. */
		core->event_head = (core->event_head + 1) % CORE_EVENTS_MAX;
		core->event_count--;
		core->events_lost++;
	}
	at = (core->event_head + core->event_count) % CORE_EVENTS_MAX;
	core->event[at] = *event;
	core->event_count++;
}

bool core_event_pop(struct core *core, struct core_event *event)
{
	if (!core->event_count)
		return false;
	*event = core->event[core->event_head];
	core->event_head = (core->event_head + 1) % CORE_EVENTS_MAX;
	core->event_count--;
	return true;
}

void core_event_peer(struct core *core, enum core_event_type type, u16 id,
		     u8 path, u64 value_ns)
{
	const struct core_peer *peer = &core->peer[id];
	struct core_event event = {
		.type = type,
		.peer = id,
		.path = path,
		.flags = peer->flags,
		.incarnation = peer->incarnation,
		.installed_epoch = peer->installed_epoch,
		.frontier = peer->frontier,
		.value_ns = value_ns,
	};

	core_assert(id && id <= CORE_NODE_ID_MAX);
	core_event_push(core, &event);
}

void core_verdict_set(struct core *core, enum core_verdict verdict)
{
	struct core_event event = {
		.type = CORE_EVENT_TOC,
		.value_ns = verdict,
	};

	core_assert(verdict != CORE_VERDICT_NONE);
	if (core->verdict != CORE_VERDICT_NONE)
		return;
	core->verdict = verdict;
	core_event_push(core, &event);
}
