/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The battery clock as a witness: while a hypervisor stops a machine, all clocks
 * of the machine stand still; the one that a battery feeds goes on.
 */
#ifndef TOCSIN_CORE_BATTERY_H
#define TOCSIN_CORE_BATTERY_H

#include "core.h"

/**
 * struct core_battery - what is known of battery time minus own time
 * The clock tells whole seconds; readings at different phases of its second
 * narrow it down to a small part of one.  Zeroed, nothing is known.
 */
struct core_battery {
	bool known;
	s64 low_ns;
	s64 high_ns;
	u64 at_ns;			/* newest reading */
};

/**
 * core_battery_look - take a reading
 * @before_ns, @after_ns: own time before and after it
 * @seconds: what the battery clock said
 * Return: the longest time that the machine may have stood still since the
 * reading before; 0: it did not. That the clock was set looks the same.
 */
u64 core_battery_look(struct core_battery *battery, u64 before_ns, u64 after_ns, s64 seconds);

/**
 * core_stood_still - the machine may have stood still at some time before @since_ns
 * Its own clocks do not know for how long, so acknowledgements of what was sent
 * before are worth nothing: without a majority of later ones it goes down.
 * Return: true when there is one, or none is needed.
 */
bool core_stood_still(struct core *core, u64 since_ns);

#endif
