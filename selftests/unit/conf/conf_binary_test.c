// SPDX-License-Identifier: GPL-2.0-or-later
/* The binary configuration under damage, and at its limits. */
#include "conf_case.h"

static u8 bytes[CONF_BINARY_MAX];
static struct conf *decoded;

static struct conf_case *good_case(const char *name)
{
	struct conf_case *run;
	char path[400];
	char *text;

	case_path(path, sizeof(path), name);
	text = case_read(path);
	run = case_run(text);
	free(text);
	assert_int_equal(run->report->errors, 0);
	return run;
}

static int encode(struct conf_case *run)
{
	int length = conf_encode(run->conf, bytes, sizeof(bytes));

	assert_true(length > 0);
	return length;
}

/* The library's checksum, computed anew over changed bytes. */
static void seal(u8 *buf, size_t length)
{
	u64 sum = 0xcbf29ce484222325ULL;

	for (int i = 0; i < 4; i++)
		buf[12 + i] = (u8)(length >> (24 - 8 * i));
	for (size_t i = 0; i < length; i++) {
		sum ^= i >= 32 && i < 40 ? 0 : buf[i];
		sum *= 0x100000001b3ULL;
	}
	for (int i = 7; i >= 0; i--, sum >>= 8)
		buf[32 + i] = (u8)sum;
}

static void test_every_bit_counts(void **state)
{
	struct conf_case *run = good_case("good-small.case");
	int length = encode(run);
	const char *reason;

	for (int i = 0; i < length; i++) {
		bytes[i] ^= 0x10;
		reason = NULL;
		assert_int_not_equal(conf_decode(decoded, bytes, (size_t)length, &reason), 0);
		assert_non_null(reason);
		bytes[i] ^= 0x10;
	}
	assert_int_equal(conf_decode(decoded, bytes, (size_t)length, &reason), 0);
	case_free(run);
}

static void test_every_length(void **state)
{
	struct conf_case *run = good_case("good-small.case");
	int length = encode(run);
	u8 *copy;

	/* Of exactly the size, so that the sanitizer sees a read beyond. */
	for (int i = 0; i < length; i++) {
		copy = malloc(i ? (size_t)i : 1);
		assert_non_null(copy);
		memcpy(copy, bytes, (size_t)i);
		assert_int_equal(conf_decode(decoded, copy, (size_t)i, NULL), -EINVAL);
		free(copy);
	}
	bytes[length] = 0;
	assert_int_equal(conf_decode(decoded, bytes, (size_t)length + 1, NULL), -EINVAL);
	case_free(run);
}

/* Damage behind a good checksum: refused or a configuration that passes. */
static void test_damage_inside(void **state)
{
	struct conf_case *run = good_case("good-package-everything.case");
	int length = encode(run);
	static u8 copy[CONF_BINARY_MAX];
	unsigned int refused = 0, taken = 0;

	for (int i = 48; i < length; i++) {
		for (int bit = 0; bit < 8; bit += 3) {
			memcpy(copy, bytes, (size_t)length);
			copy[i] ^= (u8)(1 << bit);
			seal(copy, (size_t)length);
			if (conf_decode(decoded, copy, (size_t)length, NULL)) {
				refused++;
				assert_int_equal(decoded->cluster.node_count, 0);
			} else {
				taken++;
				assert_true(decoded->cluster.node_count > 0);
			}
		}
	}
	assert_true(refused > 100);
	assert_true(taken > 100);
	case_free(run);
}

static void test_versions(void **state)
{
	struct conf_case *run = good_case("good-small.case");
	int length = encode(run);
	struct conf_binary_head head;
	const char *reason = NULL;

	bytes[11] = CONF_BINARY_VERSION + 1;
	seal(bytes, (size_t)length);
	assert_int_equal(conf_decode(decoded, bytes, (size_t)length, &reason), -ENOTSUP);
	assert_non_null(strstr(reason, "release"));
	bytes[11] = 0;
	seal(bytes, (size_t)length);
	assert_int_equal(conf_decode(decoded, bytes, (size_t)length, NULL), -ENOTSUP);
	bytes[11] = CONF_BINARY_VERSION;
	seal(bytes, (size_t)length);
	assert_int_equal(conf_binary_head(&head, bytes, (size_t)length, NULL), 0);
	assert_int_equal(head.generation, 1);
	assert_int_equal(head.cluster_id, 7);
	assert_int_equal(head.length, length);
	case_free(run);
}

/* A record that an older writer did not know is simply not there. */
static void test_missing_record_is_default(void **state)
{
	struct conf_case *run = good_case("good-times.case");
	int length = encode(run);
	const u8 tag_and_length[4] = { 0, 18, 0, 8 };	/* SAFETY_TIMEOUT */
	u8 *at = memmem(bytes + 48, (size_t)length - 48, tag_and_length, 4);

	assert_non_null(at);
	memmove(at, at + 12, (size_t)(bytes + length - at - 12));
	length -= 12;
	seal(bytes, (size_t)length);
	assert_int_equal(conf_decode(decoded, bytes, (size_t)length, NULL), 0);
	assert_int_equal(decoded->cluster.safety_timeout_ns, CORE_SAFETY_TIMEOUT_NS_DEFAULT);
	assert_int_equal(decoded->cluster.member_timeout_ns, 400 * CORE_NS_PER_MS);
	case_free(run);
}

static void test_no_room(void **state)
{
	struct conf_case *run = good_case("good-small.case");
	int length = encode(run);

	for (int i = 0; i < length; i++)
		assert_int_equal(conf_encode(run->conf, bytes, (size_t)i), -ENOSPC);
	assert_int_equal(conf_encode(run->conf, bytes, (size_t)length), length);
	case_free(run);
}

static void add_package(struct conf_case *run, int number)
{
	char text[4096];
	int used = snprintf(text, sizeof(text), "package_name p%d\npev_text %0*d\n", number,
			    400, number);

	for (int i = 0; i < 3; i++)
		used += snprintf(text + used, sizeof(text) - (size_t)used,
				 "service_name s%d-%d\nservice_cmd /bin/s\n", number, i);
	assert_int_equal(conf_parse_package(run->conf, text, (size_t)used, 1, run->report), 0);
}

static void test_largest(void **state)
{
	struct conf_case *run = good_case("good-three-nodes.case");
	int length;

	for (int i = 0; i < CONF_PACKAGES_MAX; i++)
		add_package(run, i);
	assert_int_equal(conf_check(run->conf, run->report), 0);
	length = encode(run);
	assert_true(length > 200000);
	assert_int_equal(conf_decode(decoded, bytes, (size_t)length, NULL), 0);
	assert_int_equal(decoded->package_count, CONF_PACKAGES_MAX);
	assert_string_equal(decoded->package[299].service[2].name, "s299-2");
	assert_int_equal(decoded->package[299].node_count, 3);
	case_free(run);
}

static void test_one_package_too_many(void **state)
{
	static const char text[] = "package_name one_more\n";
	struct conf_case *run = good_case("good-three-nodes.case");

	for (int i = 0; i < CONF_PACKAGES_MAX; i++)
		add_package(run, i);
	assert_int_equal(conf_parse_package(run->conf, text, strlen(text), 2, run->report),
			 -EINVAL);
	assert_int_equal(run->conf->package_count, CONF_PACKAGES_MAX);
	case_free(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_bit_counts),
		cmocka_unit_test(test_every_length),
		cmocka_unit_test(test_damage_inside),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_missing_record_is_default),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_largest),
		cmocka_unit_test(test_one_package_too_many),
	};
	int failed;

	decoded = malloc(sizeof(*decoded));
	failed = cmocka_run_group_tests_name("binary configuration", tests, NULL, NULL);
	free(decoded);
	return failed;
}
