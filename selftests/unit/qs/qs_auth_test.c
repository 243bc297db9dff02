// SPDX-License-Identifier: GPL-2.0-or-later
/* Authorisation file: what is taken, every fault with its line, who matches. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "qs_auth.h"

#include <stdio.h>
#include <unistd.h>

#define HEX "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static char path[64], key_path[64];
static char complaints[4000];
static struct qs_auth auth;

static void complain(const char *text)
{
	size_t length = strlen(complaints);

	snprintf(complaints + length, sizeof(complaints) - length, "%s\n", text);
}

static int setup(void **state)
{
	snprintf(path, sizeof(path), "/tmp/tocsin-auth-%d", getpid());
	snprintf(key_path, sizeof(key_path), "/tmp/tocsin-auth-key-%d", getpid());
	return 0;
}

static int teardown(void **state)
{
	qs_auth_free(&auth);
	unlink(path);
	unlink(key_path);
	return 0;
}

static int read_text(const char *text)
{
	complaints[0] = '\0';
	qs_auth_free(&auth);
	assert_int_equal(base_file_write(path, text, strlen(text), 0600), 0);
	return qs_auth_read(path, &auth, complain);
}

static const struct qs_auth_entry *find(u64 id, const char *cluster, const char *from)
{
	struct net_identity identity = { .cluster_id = id, .node = "n" };
	struct net_address address;

	assert_int_equal(base_str_copy(identity.cluster, NET_NAME_MAX, cluster), 0);
	assert_int_equal(net_address_parse(from, 0, &address), 0);
	return qs_auth_find(&auth, &identity, &address);
}

static void clusters_match_by_name_id_and_address(void **state)
{
	assert_int_equal(read_text("# clusters\n"
				   "\n"
				   "prod " HEX " 10.1.0.0/16 fd00:1::/64 192.168.0.7 # halls\n"
				   "  00000000DEADBEEF\t" HEX " +\n"
				   "open " HEX "\n"), 0);
	assert_int_equal(auth.count, 3);
	assert_string_equal(complaints, "");
	assert_non_null(find(1, "prod", "10.1.2.3"));
	assert_non_null(find(1, "prod", "::ffff:10.1.2.3"));
	assert_non_null(find(1, "prod", "fd00:1::77"));
	assert_non_null(find(1, "prod", "192.168.0.7"));
	assert_null(find(1, "prod", "192.168.0.8"));
	assert_null(find(1, "prod", "10.2.0.1"));
	assert_null(find(1, "prod", "fd00:1:0:1::77"));
	assert_null(find(1, "other", "10.1.2.3"));
	assert_non_null(find(1, "open", "8.8.8.8"));
	/* The id counts more than a name that belongs to another line. */
	assert_string_equal(find(0xdeadbeef, "open", "8.8.8.8")->label, "00000000deadbeef");
	assert_string_equal(find(0xdeadbeef, "any", "::1")->label, "00000000deadbeef");
}

static void keys_come_from_files_too(void **state)
{
	struct base_key key;
	char text[BASE_KEY_TEXT_MAX], line[200];
	u8 want[BASE_KEY_SIZE];

	base_key_generate(1, &key);
	base_key_print(&key, text);
	base_key_derive(&key, BASE_KEY_QUORUM_SERVER, want);
	snprintf(line, sizeof(line), "prod %s\n", key_path);
	assert_int_equal(base_file_write(key_path, text, strlen(text), 0600), 0);
	assert_int_equal(read_text(line), 0);
	assert_memory_equal(auth.entry[0].key, want, sizeof(want));
	/* The derived key alone: the quorum server's host need not know more. */
	base_hex_write(text, want, sizeof(want));
	assert_int_equal(base_file_write(key_path, text, strlen(text), 0600), 0);
	assert_int_equal(read_text(line), 0);
	assert_memory_equal(auth.entry[0].key, want, sizeof(want));
	assert_int_equal(base_file_write(key_path, text, strlen(text), 0644), 0);
	assert_int_equal(read_text(line), -EINVAL);
	assert_non_null(strstr(complaints, "chmod 600"));
	unlink(key_path);
	assert_int_equal(read_text(line), -EINVAL);
	assert_non_null(strstr(complaints, "No such file"));
}

static void every_fault_is_named_with_its_line(void **state)
{
	char where[80];
	unsigned int line;

	assert_int_equal(read_text("prod\n"
				   "-bad " HEX "\n"
				   "short 0011\n"
				   "net " HEX " 10.1.0.0/33\n"
				   "name " HEX " myhost\n"
				   "good " HEX "\n"
				   "good " HEX "\n"
				   "a-name-that-is-longer-than-thirty-nine-bytes " HEX "\n"
				   "pre " HEX " 10.0.0.1/\n"), -EINVAL);
	for (line = 1; line <= 9; line++) {
		snprintf(where, sizeof(where), "%s:%u: ", path, line);
		if (line == 6)
			assert_null(strstr(complaints, where));
		else
			assert_non_null(strstr(complaints, where));
	}
	assert_int_equal(auth.count, 0);
	/* A key that was mistyped is not printed. */
	assert_null(strstr(complaints, "0011"));
}

static void missing_file_says_so(void **state)
{
	complaints[0] = '\0';
	assert_int_equal(qs_auth_read("/nowhere/auth", &auth, complain), -ENOENT);
	assert_string_equal(complaints, "/nowhere/auth: No such file or directory\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(clusters_match_by_name_id_and_address),
		T(keys_come_from_files_too),
		T(every_fault_is_named_with_its_line),
		T(missing_file_says_so),
	};

	return cmocka_run_group_tests_name("qs_auth", tests, NULL, NULL);
}
