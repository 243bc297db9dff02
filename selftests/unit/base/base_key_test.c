// SPDX-License-Identifier: GPL-2.0-or-later
/* Key file: what is taken, what is refused and how; derivation. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <tocsin/base_key.h>
#include <tocsin/base_log.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define MISSING_KEY "no line \"key <64 hexadecimal digits>\"; make the file with cmkeygen"
#define BAD_ID "\"cluster-key-id\" must be a number from 1 to 255"
#define BAD_KEY "\"key\" must be 64 hexadecimal digits; copy the file whole " \
	"from another node, or make one with cmkeygen"
#define HEX "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static char error[300];

static int parse(const char *text, struct base_key *key)
{
	error[0] = '\0';
	return base_key_parse("f", text, key, error, sizeof(error));
}

static void good_files_are_taken(void **state)
{
	struct base_key key;
	u8 want[BASE_KEY_SIZE];
	unsigned int i;

	for (i = 0; i < sizeof(want); i++)
		want[i] = (u8)i;
	assert_int_equal(parse("# c\ncluster-key-id 7\n\n  key\t" HEX " # x\n", &key), 0);
	assert_int_equal(key.id, 7);
	assert_memory_equal(key.secret, want, sizeof(want));
	assert_int_equal(parse("key " HEX "\r\ncluster-key-id 255", &key), 0);
	assert_string_equal(error, "");
}

static void bad_files_are_refused_by_line(void **state)
{
	static const struct {
		const char *text;
		const char *error;
	} bad[] = {
		{ "", "f: no line \"cluster-key-id N\"; make the file with cmkeygen" },
		{ "cluster-key-id 1\n", "f: " MISSING_KEY },
		{ "cluster-key-id 0\nkey " HEX, "f:1: " BAD_ID },
		{ "cluster-key-id 256\n", "f:1: " BAD_ID },
		{ "cluster-key-id 1\ncluster-key-id 2",
		  "f:2: second \"cluster-key-id\"; give one" },
		{ "key " HEX "\nkey " HEX, "f:2: second \"key\"; give one" },
		{ "\nkey 12", "f:2: " BAD_KEY },
		{ "key " HEX "00", "f:1: " BAD_KEY },
		{ "secret 1", "f:1: unknown word; allowed are \"cluster-key-id\" and \"key\"" },
	};
	struct base_key key, zero = { 0 };
	unsigned int i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(parse(bad[i].text, &key), -EINVAL);
		assert_string_equal(error, bad[i].error);
		assert_memory_equal(&key, &zero, sizeof(key));
	}
}

static void printed_is_parsed(void **state)
{
	struct base_key key, back;
	char text[BASE_KEY_TEXT_MAX];

	base_key_generate(3, &key);
	base_key_print(&key, text);
	assert_int_equal(parse(text, &back), 0);
	assert_memory_equal(&key, &back, sizeof(key));
}

static void file_must_be_private(void **state)
{
	char path[64], text[BASE_KEY_TEXT_MAX];
	struct base_key key;

	snprintf(path, sizeof(path), "/tmp/tocsin-key-%d", getpid());
	base_key_generate(1, &key);
	base_key_print(&key, text);
	assert_int_equal(base_file_write(path, text, strlen(text), 0640), 0);
	assert_int_equal(base_key_read(path, &key, error, sizeof(error)), -EPERM);
	assert_non_null(strstr(error, "chmod 600"));
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(base_key_read(path, &key, error, sizeof(error)), 0);
	assert_int_equal(base_file_write(path, "a\0b", 3, 0600), 0);
	assert_int_equal(base_key_read(path, &key, error, sizeof(error)), -EINVAL);
	unlink(path);
	assert_int_equal(base_key_read(path, &key, error, sizeof(error)), -ENOENT);
	assert_non_null(strstr(error, "cmkeygen"));
}

/* Expected values from an independent HKDF (Python's hmac and hashlib). */
static void derived_keys_match_the_standard(void **state)
{
	struct base_key key;
	u8 out[BASE_KEY_SIZE];
	char hex[2 * BASE_KEY_SIZE + 1];

	assert_int_equal(parse("cluster-key-id 1\nkey " HEX, &key), 0);
	base_key_derive(&key, BASE_KEY_HEARTBEAT, out);
	base_hex_write(hex, out, sizeof(out));
	assert_string_equal(hex, "f6ecf45771d762951cebb52368e99095"
			    "0c9332fe125fdad743d35d938baa9b9b");
	base_key_derive(&key, BASE_KEY_QUORUM_SERVER, out);
	base_hex_write(hex, out, sizeof(out));
	assert_string_equal(hex, "ead6f5a2e21cc776e6e3c51a652f739d"
			    "dd50bca77430e0f2df78448ec9ed9e6a");
}

static char logged[4][100];
static unsigned int log_count;

static void sink(enum base_log_level level, const char *line)
{
	snprintf(logged[log_count++ % 4], sizeof(logged[0]), "%d %s", (int)level, line);
}

static void log_lines_stay_lines(void **state)
{
	base_log_redirect(sink);
	base_log(BASE_LOG_WARNING, "a\nb\x1b[2J%s", "c");
	base_log(BASE_LOG_DEBUG, "not printed");
	base_log_start("test", BASE_LOG_DEBUG);
	base_log(BASE_LOG_DEBUG, "printed");
	base_log_redirect(NULL);
	assert_int_equal(log_count, 2);
	assert_string_equal(logged[0], "4 a b [2Jc");
	assert_string_equal(logged[1], "7 printed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_files_are_taken),
		cmocka_unit_test(bad_files_are_refused_by_line),
		cmocka_unit_test(printed_is_parsed),
		cmocka_unit_test(file_must_be_private),
		cmocka_unit_test(derived_keys_match_the_standard),
		cmocka_unit_test(log_lines_stay_lines),
	};

	return cmocka_run_group_tests_name("base_key", tests, NULL, NULL);
}
