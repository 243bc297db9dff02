// SPDX-License-Identifier: GPL-2.0-or-later
/* The tables of cmviewcl show what the status says, and nothing else. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "cmd_view.h"

static const char status_text[] =
	"{\"cluster\": {\"name\": \"demo\", \"status\": \"up\", \"quorum_server\": {"
	"   \"name\": \"qs1\", \"status\": \"down\", \"state\": \"access_denied\","
	"   \"why\": \"10.0.0.9: denied\"}},"
	" \"self\": \"n1\","
	" \"heartbeat\": {\"check_late_max_ns\": 3200000, \"toc_margin_ns\": 100000000,"
	"   \"late\": [{\"below_ns\": 64000, \"count\": 700},"
	"   {\"below_ns\": 128000, \"count\": 0}, {\"below_ns\": null, \"count\": 3}]},"
	" \"nodes\": [{\"name\": \"n1\", \"status\": \"up\", \"state\": \"running\"},"
	"             {\"name\": \"n2\", \"status\": \"up\", \"state\": \"running\"}],"
	" \"packages\": [{\"name\": \"web\", \"node\": \"n2\", \"status\": \"up\","
	"   \"state\": \"running\", \"auto_run\": true,"
	"   \"failover_policy\": \"min_package_node\", \"failback_policy\": \"automatic\"}]}";

/* The table of the status above; the caller frees it. */
static char *table_of(const struct view_filter *filter)
{
	json_t *status = json_loads(status_text, 0, NULL);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(status);
	assert_non_null(out);
	view_table_print(out, status, filter);
	fclose(out);
	json_decref(status);
	return text;
}

static unsigned int count(const char *text, const char *what)
{
	unsigned int found = 0;

	for (; (text = strstr(text, what)); text += strlen(what))
		found++;
	return found;
}

static void policies_are_the_configured_ones(void **state)
{
	const struct view_filter filter = { .verbose = true };
	char *text = table_of(&filter);

	assert_int_equal(count(text, "min_package_node"), 1);
	assert_int_equal(count(text, "automatic"), 1);
	assert_int_equal(count(text, "configured_node"), 0);
	assert_int_equal(count(text, "manual"), 0);
	free(text);
}

static void quorum_server_is_told_by_the_node_that_asks_it(void **state)
{
	struct view_filter filter = { .verbose = true };
	char *text = table_of(&filter);

	assert_int_equal(count(text, "Quorum_Server_Status"), 1);
	assert_int_equal(count(text, "Why: 10.0.0.9: denied"), 1);
	free(text);
	filter.node = "n2";
	text = table_of(&filter);
	assert_int_equal(count(text, "Quorum_Server_Status"), 0);
	free(text);
}

static void brief_table_leaves_details_out(void **state)
{
	const struct view_filter filter = { 0 };
	char *text = table_of(&filter);

	assert_int_equal(count(text, "web "), 1);
	assert_int_equal(count(text, "Quorum_Server_Status"), 0);
	assert_int_equal(count(text, "min_package_node"), 0);
	free(text);
}

static void lateness_is_told_by_where_its_classes_begin(void **state)
{
	const struct view_filter filter = { .verbose = true };
	char *text = table_of(&filter);

	assert_int_equal(count(text, "late\n    by    0.000 to    0.064 ms: 700 times\n"
				     "    by    0.128 ms or more: 3 times\n"), 1);
	assert_int_equal(count(text, "checked late by at most 3.200 ms, TOC_MARGIN 100 ms\n"), 1);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policies_are_the_configured_ones),
		cmocka_unit_test(quorum_server_is_told_by_the_node_that_asks_it),
		cmocka_unit_test(lateness_is_told_by_where_its_classes_begin),
		cmocka_unit_test(brief_table_leaves_details_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
