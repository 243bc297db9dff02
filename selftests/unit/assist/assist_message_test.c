// SPDX-License-Identifier: GPL-2.0-or-later
/* Words between cmcld and cmsrvassistd: back and forth, and damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include <tocsin/assist.h>
#include <tocsin/conf_address.h>

static u8 buffer[ASSIST_MESSAGE_MAX];
static struct assist_message in, out;

static void package_full(struct assist_message *m)
{
	struct assist_package *p = &m->package;

	memset(m, 0, sizeof(*m));
	m->head.type = ASSIST_START;
	m->head.slot = 299;
	m->head.run = 77;
	p->name = "web";
	p->node = "n1";
	p->cluster = "demo";
	p->log_file = "/var/log/tocsin/web.log";
	p->run_script = "/etc/tocsin/web.sh";
	p->halt_script = "/etc/tocsin/web.sh";
	p->run_timeout_ns = 600000000000ULL;
	p->fail_fast = true;
	p->pre[p->pre_count++] = "/bin/pre";
	p->external[p->external_count++] = "/bin/a";
	p->external[p->external_count++] = "/bin/b";
	conf_address_parse("10.0.0.5/24", 11, &p->address[p->address_count++].address);
	conf_address_parse("fd00::5/64", 10, &p->address[p->address_count++].address);
	for (u16 i = 0; i < CONF_SERVICES_MAX; i++) {
		p->service[i].name = "svc";
		p->service[i].cmd = "/bin/x --a=b \"c d\"";
		p->service[i].halt_timeout_ns = i;
		p->service_count++;
	}
	p->variable[p->variable_count++] = "PEV_A=x=y";
}

static void round_trip(void **state)
{
	const char *why;
	int length;

	package_full(&in);
	length = assist_encode(&in, buffer, sizeof(buffer));
	assert_true(length > 0);
	assert_int_equal(assist_decode(&out, buffer, (size_t)length, &why), 0);
	assert_int_equal(out.head.slot, 299);
	assert_int_equal(out.head.run, 77);
	assert_string_equal(out.package.log_file, in.package.log_file);
	assert_true(out.package.fail_fast);
	assert_int_equal(out.package.external_count, 2);
	assert_string_equal(out.package.external[1], "/bin/b");
	assert_int_equal(out.package.address_count, 2);
	assert_memory_equal(&out.package.address[1], &in.package.address[1],
			    sizeof(in.package.address[1]));
	assert_int_equal(out.package.service_count, CONF_SERVICES_MAX);
	assert_int_equal(out.package.service[29].halt_timeout_ns, 29);
	assert_string_equal(out.package.service[3].cmd, in.package.service[3].cmd);
	assert_string_equal(out.package.variable[0], "PEV_A=x=y");
	assert_string_equal(out.package.halt_script, in.package.halt_script);
	assert_int_equal(assist_encode(&in, buffer, 100), -EMSGSIZE);
}

static void refused(void (*spoil)(struct assist_message *m))
{
	const char *why = NULL;
	int length;

	package_full(&in);
	spoil(&in);
	length = assist_encode(&in, buffer, sizeof(buffer));
	assert_true(length > 0);
	assert_int_equal(assist_decode(&out, buffer, (size_t)length, &why), -EPROTO);
	assert_non_null(why);
}

static void name_climbs(struct assist_message *m)
{
	m->package.name = "../../etc/passwd";
}

static void name_hidden(struct assist_message *m)
{
	m->package.name = ".web";
}

static void service_climbs(struct assist_message *m)
{
	m->package.service[2].name = "a/b";
}

static void script_relative(struct assist_message *m)
{
	m->package.external[0] = "bin/a";
}

static void reason_unknown(struct assist_message *m)
{
	m->head.type = ASSIST_HALT;
	m->head.number = 9;
}

static void type_unknown(struct assist_message *m)
{
	m->head.type = 40;
}

static void no_log(struct assist_message *m)
{
	m->package.log_file = NULL;
}

static void what_cannot_be(void **state)
{
	refused(name_climbs);
	refused(name_hidden);
	refused(service_climbs);
	refused(script_relative);
	refused(reason_unknown);
	refused(type_unknown);
	refused(no_log);
}

/* Cut anywhere, bytes changed anywhere: an answer, never a crash. */
static void damage(void **state)
{
	const char *why;
	u32 refusals = 0;
	int length;

	srand(1);
	package_full(&in);
	length = assist_encode(&in, buffer, sizeof(buffer));
	for (int i = 0; i < length; i++) {
		u8 *copy = malloc((size_t)i + 1);

		memcpy(copy, buffer, (size_t)i);
		refusals += assist_decode(&out, copy, (size_t)i, &why) != 0;
		free(copy);
	}
	assert_true(refusals > (u32)length / 2);
	for (u32 i = 0; i < 20000; i++) {
		u8 *copy = malloc((size_t)length);

		memcpy(copy, buffer, (size_t)length);
		for (u32 n = 0; n < 4; n++)
			copy[rand() % length] = (u8)rand();
		assist_decode(&out, copy, (size_t)length, &why);
		free(copy);
	}
}

/* From the configuration, with what is derived there. */
static void from_configuration(void **state)
{
	struct conf *conf = calloc(1, sizeof(*conf));
	struct conf_package *p = &conf->package[0];
	struct assist_package package;
	char scratch[256];

	conf_init(conf);
	conf->package_count = 1;
	conf->cluster.node_count = 1;
	conf->cluster.node[0].id = 4;
	memcpy(conf->cluster.node[0].name, "n4", 3);
	memcpy(conf->cluster.name, "demo", 5);
	memcpy(p->name, "web", 4);
	p->address_count = 1;
	conf_address_parse("10.0.0.5", 8, &p->address[0].address);
	conf_address_parse("10.0.0.0/20", 11, &p->address[0].subnet);
	p->pev_count = 1;
	memcpy(p->pev[0].name, "pev_color", 10);
	assert_int_equal(assist_package_fill(&package, conf, 0, "n4", scratch,
					     sizeof(scratch)), 0);
	assert_string_equal(package.log_file, "/var/log/tocsin/web.log");
	assert_string_equal(package.variable[0], "PEV_COLOR=");
	assert_int_equal(package.address[0].address.prefix_len, 20);
	assert_int_equal(assist_package_fill(&package, conf, 0, "n4", scratch, 30), -E2BIG);
	assert_int_equal(assist_hello_fill(&in, conf, 4, 9), 0);
	assert_int_equal(in.address_count, 1);
	assert_string_equal(in.package.node, "n4");
	assert_int_equal(assist_hello_fill(&in, conf, 5, 9), -ENOENT);
	free(conf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(what_cannot_be),
		cmocka_unit_test(damage),
		cmocka_unit_test(from_configuration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
