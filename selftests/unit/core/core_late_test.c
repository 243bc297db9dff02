// SPDX-License-Identifier: GPL-2.0-or-later
/* Each lateness belongs to one class, and the classes leave no gap. */
#include "core_late.h"
#include "core_world.h"

static void a_class_ends_where_the_next_begins(void **state)
{
	unsigned int i;

	assert_int_equal(core_late_class(0), 0);
	for (i = 0; i + 1 < CORE_LATE_CLASSES; i++) {
		assert_int_equal(core_late_class(core_late_below_ns(i) - 1), i);
		assert_int_equal(core_late_class(core_late_below_ns(i)), i + 1);
	}
}

static void the_last_class_has_no_end(void **state)
{
	assert_int_equal(core_late_class(~0ULL), CORE_LATE_CLASSES - 1);
	assert_true(core_late_below_ns(CORE_LATE_CLASSES - 1) == ~0ULL);
	assert_true(core_late_below_ns(CORE_LATE_CLASSES - 2) <
		    2 * CORE_NS_PER_S);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_class_ends_where_the_next_begins),
		cmocka_unit_test(the_last_class_has_no_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
