// SPDX-License-Identifier: GPL-2.0-or-later
/* Every file in cases/: what is said about it, and the good ones read back. */
#include "conf_case.h"

#define CASES_MAX 200

static char names[CASES_MAX][256];

/* print -> parse -> check -> encode gives the same bytes. */
static void reads_back(struct conf_case *run)
{
	static u8 first[CONF_BINARY_MAX], second[CONF_BINARY_MAX];
	static char text[1 << 20];
	struct conf_case *again = case_new();
	int length, one, two;

	length = conf_print_cluster(run->conf, text, sizeof(text));
	assert_true(length > 0);
	assert_int_equal(conf_parse_cluster(again->conf, text, (size_t)length, 0,
					    again->report), 0);
	for (u16 i = 0; i < run->conf->package_count; i++) {
		length = conf_print_package(run->conf, &run->conf->package[i], text,
					    sizeof(text));
		assert_true(length > 0);
		assert_int_equal(conf_parse_package(again->conf, text, (size_t)length, 1,
						    again->report), 0);
	}
	conf_ids_keep(again->conf, run->conf);
	assert_int_equal(conf_check(again->conf, again->report), 0);
	one = conf_encode(run->conf, first, sizeof(first));
	two = conf_encode(again->conf, second, sizeof(second));
	assert_true(one > 0);
	assert_int_equal(one, two);
	assert_memory_equal(first, second, (size_t)one);
	case_free(again);
}

/* encode -> decode -> encode gives the same bytes. */
static void decodes_back(struct conf_case *run)
{
	static u8 first[CONF_BINARY_MAX], second[CONF_BINARY_MAX];
	struct conf *decoded = malloc(sizeof(*decoded));
	const char *reason = "";
	int length = conf_encode(run->conf, first, sizeof(first));

	assert_non_null(decoded);
	memset(decoded, 0x5a, sizeof(*decoded));
	assert_int_equal(conf_decode(decoded, first, (size_t)length, &reason), 0);
	assert_int_equal(decoded->cluster.generation, 1);
	assert_int_equal(decoded->cluster.id, 7);
	assert_int_equal(conf_encode(decoded, second, sizeof(second)), length);
	assert_memory_equal(first, second, (size_t)length);
	free(decoded);
}

static void test_case(void **state)
{
	struct conf_case *run;
	char path[400];
	char *text;

	case_path(path, sizeof(path), *state);
	text = case_read(path);
	run = case_run(text);
	if (getenv("CONF_CASES_SHOW"))
		printf("%s", run->said);
	assert_string_equal(run->said, run->expect);
	if (!run->report->errors) {
		reads_back(run);
		decodes_back(run);
	}
	case_free(run);
	free(text);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[CASES_MAX];
	struct dirent *entry;
	size_t count = 0;
	char path[400];
	DIR *dir;

	case_path(path, sizeof(path), "");
	dir = opendir(path);
	while (dir && (entry = readdir(dir)))
		if (strstr(entry->d_name, ".case") && count < CASES_MAX &&
		    (argc < 2 || strstr(entry->d_name, argv[1])))
			snprintf(names[count++], sizeof(names[0]), "%s", entry->d_name);
	if (dir)
		closedir(dir);
	qsort(names, count, sizeof(names[0]), by_name);
	for (size_t i = 0; i < count; i++)
		tests[i] = (struct CMUnitTest){
			.name = names[i], .test_func = test_case, .initial_state = names[i],
		};
	if (!count)
		return 1;
	return _cmocka_run_group_tests("conf cases", tests, count, NULL, NULL);
}
