// SPDX-License-Identifier: GPL-2.0
#include "core_battery.h"
#include "core_state.h"

/* How unevenly the battery clock's seconds may begin, and read out. */
#define JITTER_NS	(5 * CORE_NS_PER_MS)
/* One clock against the other: a thousandth, as everywhere. */
#define DRIFT_DIVISOR	1000
/* Some 270 years; anything else is no time. */
#define SECONDS_MAX	(1LL << 33)

static u64 start(struct core_battery *battery, s64 low_ns, s64 high_ns)
{
	battery->known = true;
	battery->low_ns = low_ns;
	battery->high_ns = high_ns;
	return 0;
}

u64 core_battery_look(struct core_battery *battery, u64 before_ns, u64 after_ns, s64 seconds)
{
	u64 since_ns = before_ns - battery->at_ns;
	s64 blur_ns = since_ns / DRIFT_DIVISOR + JITTER_NS;
	s64 low_ns, high_ns, longest_ns;

	if (seconds < 0 || seconds > SECONDS_MAX || after_ns < before_ns)
		return 0;
	low_ns = seconds * (s64)CORE_NS_PER_S - (s64)after_ns;
	high_ns = (seconds + 1) * (s64)CORE_NS_PER_S - (s64)before_ns;
	battery->at_ns = before_ns;
	if (!battery->known)
		return start(battery, low_ns, high_ns);
	battery->low_ns -= blur_ns;
	battery->high_ns += blur_ns;
	if (low_ns > battery->high_ns) {
		longest_ns = high_ns - battery->low_ns;
		start(battery, low_ns, high_ns);
		return longest_ns;
	}
	/* Set back: nothing can be said but from now on. */
	if (high_ns < battery->low_ns)
		return start(battery, low_ns, high_ns);
	if (low_ns > battery->low_ns)
		battery->low_ns = low_ns;
	if (high_ns < battery->high_ns)
		battery->high_ns = high_ns;
	return 0;
}

bool core_stood_still(struct core *core, u64 since_ns)
{
	if (!core->armed || core->quorum_ns == CORE_NEVER)
		return true;
	if (core->quorum_ns >= since_ns + core->config.member_timeout_ns)
		return true;
	core_verdict_set(core, CORE_VERDICT_STOPPED);
	return false;
}
