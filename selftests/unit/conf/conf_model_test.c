// SPDX-License-Identifier: GPL-2.0-or-later
/* What the readers of struct conf rely on: derived fields, ids, differences. */
#include "conf_case.h"
#include "conf_keyword.h"

static struct conf_case *run_case(const char *name)
{
	struct conf_case *run;
	char path[400];
	char *text;

	case_path(path, sizeof(path), name);
	text = case_read(path);
	run = case_run(text);
	free(text);
	return run;
}

static void test_defaults(void **state)
{
	struct conf_case *run = run_case("good-small.case");
	const struct conf_cluster *cluster = &run->conf->cluster;
	const struct conf_package *package = &run->conf->package[0];

	assert_int_equal(cluster->interval_ns, 100 * CORE_NS_PER_MS);
	assert_int_equal(cluster->member_timeout_ns, CORE_NS_PER_S);
	assert_int_equal(cluster->safety_timeout_ns, 5 * CORE_NS_PER_S);
	assert_int_equal(conf_takeover_margin_ns(run->conf), 100 * CORE_NS_PER_MS);
	assert_int_equal(cluster->heartbeat_port, 5300);
	assert_int_equal(cluster->qs.port, 1238);
	assert_true(package->auto_run);
	assert_true(package->all_nodes);
	assert_int_equal(package->node_count, 2);
	assert_int_equal(package->run_script_timeout_ns, CONF_NO_TIMEOUT);
	assert_int_equal(package->service[0].restart, 0);
	assert_string_equal(conf_text(run->conf, package->service[0].cmd), "/usr/bin/web");
	case_free(run);
}

/* The interval follows a short MEMBER_TIMEOUT. */
static void test_interval_fits(void **state)
{
	struct conf_case *run = run_case("good-three-nodes.case");

	assert_int_equal(run->conf->cluster.member_timeout_ns, 500 * CORE_NS_PER_MS);
	assert_int_equal(run->conf->cluster.interval_ns, 62 * CORE_NS_PER_MS);
	case_free(run);
}

static void test_units(void **state)
{
	struct conf_case *run = run_case("good-times.case");
	const struct conf_package *package = &run->conf->package[0];

	assert_int_equal(run->conf->cluster.interval_ns, 20 * CORE_NS_PER_MS);
	assert_int_equal(run->conf->cluster.toc_margin_ns, 50 * CORE_NS_PER_MS);
	assert_int_equal(run->conf->cluster.auto_start_timeout_ns, 600 * CORE_NS_PER_S);
	assert_int_equal(run->conf->cluster.network_polling_interval_ns, 2 * CORE_NS_PER_S);
	assert_int_equal(package->run_script_timeout_ns, 3600 * CORE_NS_PER_S);
	assert_int_equal(package->service[0].halt_timeout_ns, 1500 * CORE_NS_PER_MS);
	case_free(run);
}

static void test_paths(void **state)
{
	struct conf_case *run = run_case("good-ipv6.case");
	const struct conf_node *n2 = conf_node_by_name(run->conf, "n2");
	const struct conf_package *package = &run->conf->package[0];
	char text[CONF_ADDRESS_TEXT_MAX];

	assert_int_equal(conf_path_count(run->conf), 2);
	conf_address_print(conf_node_path_address(run->conf, n2, 1), text);
	assert_string_equal(text, "fd00:2::2");
	assert_null(conf_node_path_address(run->conf, n2, 2));
	assert_int_equal(run->conf->cluster.subnet_count, 3);
	assert_int_equal(run->conf->cluster.subnet[package->address[1].subnet_index].path,
			 CONF_NO_PATH);
	assert_int_equal(package->address[0].address.prefix_len, 64);
	assert_int_equal(package->address[1].address.prefix_len, 25);
	case_free(run);
}

static void test_texts(void **state)
{
	struct conf_case *run = run_case("good-quotes.case");
	const struct conf *conf = run->conf;
	const struct conf_package *package = &conf->package[0];

	assert_string_equal(package->name, "web");
	assert_string_equal(conf_text(conf, package->description),
			    "Web: \"quoted\" # not a comment");
	assert_string_equal(conf_text(conf, package->service[0].cmd),
			    "/bin/sh -c 'echo # hello'");
	assert_string_equal(conf_text(conf, package->service[1].cmd),
			    "/bin/sh -c \"echo \\\\ hi\"");
	assert_string_equal(package->pev[0].name, "pev_empty");
	assert_string_equal(conf_text(conf, package->pev[0].value), "");
	assert_string_equal(package->pev[1].name, "pev_mixed");
	assert_string_equal(conf_text(conf, package->pev[1].value), "a b  c");
	case_free(run);
}

/* ---- ids ---- */

static void parse(struct conf *conf, struct conf_report *report, const char *text)
{
	memset(report, 0, sizeof(*report));
	assert_int_equal(conf_parse_cluster(conf, text, strlen(text), 0, report), 0);
}

static void test_ids_are_kept(void **state)
{
	static const char abc[] = "CLUSTER_NAME x\nNODE_NAME a\nNODE_NAME b\nNODE_NAME c\n";
	static const char dca[] = "CLUSTER_NAME x\nNODE_NAME d\nNODE_NAME c\nNODE_NAME a\n"
				  "NODE_NAME e\n";
	struct conf_case *old = case_new(), *new = case_new();

	parse(old->conf, old->report, abc);
	old->conf->cluster.id = 99;
	old->conf->cluster.generation = 5;
	parse(new->conf, new->report, dca);
	conf_ids_keep(new->conf, old->conf);
	conf_check(new->conf, new->report);
	assert_int_equal(new->conf->cluster.id, 99);
	assert_int_equal(new->conf->cluster.generation, 5);
	assert_int_equal(conf_node_by_name(new->conf, "a")->id, 1);
	assert_int_equal(conf_node_by_name(new->conf, "c")->id, 3);
	assert_int_equal(conf_node_by_name(new->conf, "d")->id, 2);
	assert_int_equal(conf_node_by_name(new->conf, "e")->id, 4);
	for (u16 i = 0; i < 4; i++)
		assert_int_equal(new->conf->cluster.node[i].id, i + 1);
	case_free(old);
	case_free(new);
}

/* ---- differences ---- */

static char seen[4096];

static void note(void *arg, const struct conf_change *change)
{
	size_t used = strlen(seen);

	snprintf(seen + used, sizeof(seen) - used, "%s|%s|%s|%s|%d\n", change->where,
		 change->keyword, change->old ? change->old : "-",
		 change->new ? change->new : "-", change->offline);
}

static void test_diff(void **state)
{
	struct conf_case *old = run_case("good-package-everything.case");
	struct conf_case *new = run_case("good-package-everything.case");
	static const char package[] =
		"package_name web\nservice_name web_server\nservice_cmd /usr/bin/web2\n"
		"service_restart 2\npev_a 1\nnode_name n2\nnode_name n1\n";

	assert_int_equal(conf_diff(old->conf, new->conf, note, NULL), 0);
	for (u16 i = 0; i < new->conf->package_count; i++)
		new->conf->package[i].place.line = 0;
	assert_int_equal(conf_parse_package(new->conf, package, strlen(package), 1,
					    new->report), 0);
	assert_int_equal(new->conf->package_count, 2);
	new->conf->cluster.member_timeout_ns *= 2;
	conf_check(new->conf, new->report);
	assert_int_equal(new->report->errors, 0);
	seen[0] = '\0';
	assert_int_equal(conf_diff(old->conf, new->conf, note, NULL), 6);
	assert_string_equal(seen,
			    "|MEMBER_TIMEOUT|1000000|2000000|1\n"
			    "package web|node_name|*|n2|0\n"
			    "package web, service_name web_server|service_cmd|/usr/bin/web|"
			    "/usr/bin/web2|0\n"
			    "package web, service_name web_server|service_restart|none|2|0\n"
			    "package web|node_name|-|n1|0\n"
			    "package web|pev_a|-|1|0\n");
	case_free(old);
	case_free(new);
}

static void test_diff_nodes(void **state)
{
	struct conf_case *old = run_case("good-three-nodes.case");
	struct conf_case *new = run_case("good-three-nodes.case");

	new->conf->cluster.node_count = 2;
	new->conf->cluster.node[1].interface[0].address[0].heartbeat = false;
	seen[0] = '\0';
	assert_int_equal(conf_diff(old->conf, new->conf, note, NULL), 7);
	assert_non_null(strstr(seen, "NODE_NAME n2, NETWORK_INTERFACE eth0|HEARTBEAT_IP|"
			       "10.1.0.2/24|-|1\n"));
	assert_non_null(strstr(seen, "NODE_NAME n2, NETWORK_INTERFACE eth0|STATIONARY_IP|-|"
			       "10.1.0.2/24|1\n"));
	assert_non_null(strstr(seen, "|NODE_NAME|n3|-|1\n"));
	case_free(old);
	case_free(new);
}

/* ---- addresses ---- */

static void reads(const char *text, const char *expect)
{
	struct conf_address address;
	char out[CONF_ADDRESS_TEXT_MAX] = "";

	if (!conf_address_parse(text, strlen(text), &address))
		conf_address_print(&address, out);
	assert_string_equal(out, expect);
}

static void test_addresses(void **state)
{
	reads("0.0.0.0", "0.0.0.0");
	reads("255.255.255.255/32", "255.255.255.255");
	reads("::", "::");
	reads("1::", "1::");
	reads("::1", "::1");
	reads("0:0:0:0:0:0:0:1", "::1");
	reads("1:0:0:2:0:0:0:3", "1:0:0:2::3");
	reads("1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7");
	reads("2001:DB8::A:0/64", "2001:db8::a:0");
	reads("::ffff:10.0.0.1", "::ffff:a00:1");
	reads("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8");
	reads("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0");
	reads("1:2:3:4:5:6:7:8::", "");
	reads("1:2:3:4:5:6:7:8:9", "");
	reads("1:2:3:4:5:6:7", "");
	reads(":1::", "");
	reads("1:", "");
	reads(":", "");
	reads(":::", "");
	reads("1::2::3", "");
	reads("12345::", "");
	reads("g::", "");
	reads("1.2.3.4.5", "");
	reads("1.2.3.", "");
	reads("1.2.3.4/0", "");
	reads("1.2.3.4/ 8", "");
	reads("", "");
	reads("/8", "");
}

/* ---- keywords ---- */

/* The text of Documentation/CONFIGURATION. */
static char *documentation(void)
{
	const char *tail = strstr(__FILE__, "selftests/");
	char path[400];

	assert_non_null(tail);
	snprintf(path, sizeof(path), "%.*sDocumentation/CONFIGURATION",
		 (int)(tail - __FILE__), __FILE__);
	return case_read(path);
}

static bool has_word(const char *text, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = text; (at = strstr(at, word)); at++)
		if ((at == text || strchr(" \n", at[-1])) && strchr(" \n", at[length]))
			return true;
	return false;
}

static void test_keywords(void **state)
{
	char *text = documentation();
	bool tags[CONF_TAGS] = { false };

	for (int type = CONF_FILE_CLUSTER; type <= CONF_FILE_PACKAGE; type++) {
		size_t count;
		const struct conf_keyword *table = conf_keywords(type, &count);

		for (size_t i = 0; i < count; i++) {
			const struct conf_keyword *keyword = &table[i];

			assert_false(tags[keyword->tag]);
			tags[keyword->tag] = true;
			assert_ptr_equal(conf_keyword_by_tag(keyword->tag), keyword);
			if (keyword->flags & CONF_HIDDEN || keyword->tag == CONF_TAG_PEV)
				continue;
			assert_ptr_equal(conf_keyword_find(type, keyword->name,
							   strlen(keyword->name)), keyword);
			assert_null(conf_foreign_find(type, keyword->name,
						      strlen(keyword->name)));
			if (!has_word(text, keyword->name))
				fail_msg("%s is not documented", keyword->name);
		}
	}
	free(text);
}

/* Each keyword, with a letter lost, doubled, swapped or replaced. */
static void misspell(int type, const struct conf_keyword *keyword)
{
	size_t length = strlen(keyword->name);
	char wrong[80];

	for (size_t i = 1; i + 1 < length; i++) {
		const struct conf_keyword *near;

		memcpy(wrong, keyword->name, length + 1);
		wrong[i] = wrong[i] == 'q' ? 'z' : 'q';
		near = conf_keyword_nearest(type, wrong, length);
		assert_non_null(near);
		memmove(wrong + i, wrong + i + 1, length - i);
		assert_non_null(conf_keyword_nearest(type, wrong, length - 1));
	}
	assert_ptr_equal(conf_keyword_nearest(type, keyword->name, length), keyword);
}

static void test_misspelt(void **state)
{
	for (int type = CONF_FILE_CLUSTER; type <= CONF_FILE_PACKAGE; type++) {
		size_t count;
		const struct conf_keyword *table = conf_keywords(type, &count);

		for (size_t i = 0; i < count; i++)
			if (!(table[i].flags & CONF_HIDDEN))
				misspell(type, &table[i]);
	}
	assert_null(conf_keyword_nearest(CONF_FILE_CLUSTER, "XYZZY", 5));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_interval_fits),
		cmocka_unit_test(test_units),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_ids_are_kept),
		cmocka_unit_test(test_diff),
		cmocka_unit_test(test_diff_nodes),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_keywords),
		cmocka_unit_test(test_misspelt),
	};

	return cmocka_run_group_tests_name("configuration model", tests, NULL, NULL);
}
