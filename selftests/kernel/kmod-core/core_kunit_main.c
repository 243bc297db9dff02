// SPDX-License-Identifier: GPL-2.0
/* One case for each file of unit tests; a failed assertion ends its file. */
#include <linux/module.h>

#include "cmocka.h"

struct kunit *core_kunit;

int (cmocka_run_group_tests_name)(const char *group, const struct CMUnitTest *tests, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		kunit_info(core_kunit, "%s: %s", group, tests[i].name);
		tests[i].function(NULL);
		cond_resched();
	}
	KUNIT_EXPECT_GT(core_kunit, count, 0);
	return 0;
}

#define TEST_FILE(file)							\
int file ## _main(void);						\
static void file(struct kunit *test)					\
{									\
	core_kunit = test;						\
	KUNIT_EXPECT_EQ(test, file ## _main(), 0);			\
}
#include "files.h"
#undef TEST_FILE

static struct kunit_case cases[] = {
#define TEST_FILE(file)	KUNIT_CASE_SLOW(file),
#include "files.h"
#undef TEST_FILE
	{}
};

static struct kunit_suite suite = {
	.name = "tocsin_core",
	.test_cases = cases,
};

kunit_test_suite(suite);
MODULE_DESCRIPTION("The core's unit tests, inside a kernel that looks closely");
MODULE_LICENSE("GPL");
