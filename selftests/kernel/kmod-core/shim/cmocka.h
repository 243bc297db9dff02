/* SPDX-License-Identifier: GPL-2.0 */
/* As much of cmocka and of the C library as the core's unit tests use, on KUnit. */
#ifndef CORE_KUNIT_CMOCKA_H
#define CORE_KUNIT_CMOCKA_H

#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/slab.h>

/* The case that runs now; cases run one after the other. */
extern struct kunit *core_kunit;

struct CMUnitTest {
	const char *name;
	void (*function)(void **state);
};

#define cmocka_unit_test(f)	{ #f, f }
#define cmocka_run_group_tests_name(group, tests, setup, teardown) \
	(cmocka_run_group_tests_name)(group, tests, ARRAY_SIZE(tests))
#define cmocka_run_group_tests(tests, setup, teardown) \
	cmocka_run_group_tests_name(#tests, tests, setup, teardown)

int (cmocka_run_group_tests_name)(const char *group, const struct CMUnitTest *tests,
				  size_t count);

/* Like cmocka, numbers are compared as the largest unsigned type. */
#define assert_int_equal(a, b)	KUNIT_ASSERT_EQ(core_kunit, (u64)(a), (u64)(b))
#define assert_true(a)		KUNIT_ASSERT_TRUE(core_kunit, a)
#define assert_false(a)		KUNIT_ASSERT_FALSE(core_kunit, a)
#define assert_non_null(a)	KUNIT_ASSERT_NOT_NULL(core_kunit, a)
#define assert_string_equal(a, b)	KUNIT_ASSERT_STREQ(core_kunit, a, b)
#define assert_string_not_equal(a, b)	KUNIT_ASSERT_STRNEQ(core_kunit, a, b)
#define assert_memory_equal(a, b, size) \
	KUNIT_ASSERT_EQ(core_kunit, memcmp(a, b, size), 0)
#define assert_in_range(a, low, high)	do {			\
	KUNIT_ASSERT_GE(core_kunit, (u64)(a), (u64)(low));	\
	KUNIT_ASSERT_LE(core_kunit, (u64)(a), (u64)(high));	\
} while (0)

#define malloc(size)		kvmalloc(size, GFP_KERNEL)
#define calloc(count, size)	kvcalloc(count, size, GFP_KERNEL)
#define free(area)		kvfree(area)

#define INT64_MAX		S64_MAX
#define INT64_MIN		S64_MIN
#define UINT64_MAX		U64_MAX

static inline int rand_r(unsigned int *seed)
{
	*seed = *seed * 1103515245 + 12345;
	return *seed >> 1;
}

#endif
