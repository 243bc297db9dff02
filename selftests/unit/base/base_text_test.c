// SPDX-License-Identifier: GPL-2.0-or-later
/* Hexadecimal text, numbers, bounded strings. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <tocsin/base.h>

static void hex_both_ways(void **state)
{
	const u8 bytes[] = { 0x00, 0x7f, 0x80, 0xff };
	u8 back[4];
	char text[9];

	base_hex_write(text, bytes, sizeof(bytes));
	assert_string_equal(text, "007f80ff");
	assert_int_equal(base_hex_read("007F80fF", back, 4), 0);
	assert_memory_equal(back, bytes, 4);
}

static void hex_refuses_other_lengths_and_digits(void **state)
{
	u8 out[4];

	assert_int_equal(base_hex_read("007f80f", out, 4), -EINVAL);
	assert_int_equal(base_hex_read("007f80fff", out, 4), -EINVAL);
	assert_int_equal(base_hex_read("", out, 4), -EINVAL);
	assert_int_equal(base_hex_read("007f80fg", out, 4), -EINVAL);
	assert_int_equal(base_hex_read("007f80 f", out, 4), -EINVAL);
}

static void numbers_are_whole_and_in_range(void **state)
{
	u64 out = 7;

	assert_int_equal(base_str_u64("18446744073709551615", 0, UINT64_MAX, &out), 0);
	assert_true(out == UINT64_MAX);
	assert_int_equal(base_str_u64("18446744073709551616", 0, UINT64_MAX, &out), -ERANGE);
	assert_int_equal(base_str_u64("99999999999999999999999", 0, UINT64_MAX, &out), -ERANGE);
	assert_int_equal(base_str_u64("5", 6, 9, &out), -ERANGE);
	assert_int_equal(base_str_u64("10", 6, 9, &out), -ERANGE);
	assert_int_equal(base_str_u64("", 0, 9, &out), -EINVAL);
	assert_int_equal(base_str_u64("-1", 0, 9, &out), -EINVAL);
	assert_int_equal(base_str_u64("+1", 0, 9, &out), -EINVAL);
	assert_int_equal(base_str_u64(" 1", 0, 9, &out), -EINVAL);
	assert_int_equal(base_str_u64("1x", 0, 9, &out), -EINVAL);
	assert_true(out == UINT64_MAX);
	assert_int_equal(base_str_u64("6", 6, 9, &out), 0);
	assert_true(out == 6);
}

static void copies_are_whole_or_refused(void **state)
{
	char out[4] = "zzz";

	assert_int_equal(base_str_copy(out, sizeof(out), "abc"), 0);
	assert_string_equal(out, "abc");
	assert_int_equal(base_str_copy(out, sizeof(out), "abcd"), -ENAMETOOLONG);
	assert_string_equal(out, "");
	base_str_print(out, sizeof(out), "%d", 123456);
	assert_string_equal(out, "123");
}

static void trim_cuts_both_ends(void **state)
{
	char text[] = " \t a b \r\n";
	char blank[] = " \n";

	assert_string_equal(base_str_trim(text), "a b");
	assert_string_equal(base_str_trim(blank), "");
}

static void random_numbers_differ(void **state)
{
	assert_true(base_random_u64() != base_random_u64());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hex_both_ways),
		cmocka_unit_test(hex_refuses_other_lengths_and_digits),
		cmocka_unit_test(numbers_are_whole_and_in_range),
		cmocka_unit_test(copies_are_whole_or_refused),
		cmocka_unit_test(trim_cuts_both_ends),
		cmocka_unit_test(random_numbers_differ),
	};

	return cmocka_run_group_tests_name("base_text", tests, NULL, NULL);
}
