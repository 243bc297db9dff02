// SPDX-License-Identifier: GPL-2.0
#include "core_late.h"

unsigned int core_late_class(u64 late_ns)
{
	unsigned int late_class = 0;

	while (late_class + 1 < CORE_LATE_CLASSES &&
	       late_ns >= core_late_below_ns(late_class))
		late_class++;
	return late_class;
}

u64 core_late_below_ns(unsigned int late_class)
{
	if (late_class + 1 >= CORE_LATE_CLASSES)
		return ~0ULL;
	return CORE_LATE_FIRST_NS << late_class;
}
