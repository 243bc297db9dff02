// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmclconfd_verify.h"
#include "cmclconfd_exec.h"
#include "cmclconfd_gather.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <tocsin/conf_address.h>
#include <unistd.h>

struct verify {
	const struct conf *conf;
	const struct conf_node *self;
	json_t *interfaces;
	json_t *faults;
};

static void say(struct verify *verify, const char *severity, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void say(struct verify *verify, const char *severity, const char *format, ...)
{
	char text[CLCONFD_TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	json_array_append_new(verify->faults, json_pack("{s:s,s:s}", "severity", severity,
							"text", text));
}

/* ---- interfaces ---- */

static json_t *find_interface(const struct verify *verify, const char *name)
{
	json_t *item;
	size_t i;

	json_array_foreach(verify->interfaces, i, item)
		if (!strcmp(json_string_value(json_object_get(item, "name")), name))
			return item;
	return NULL;
}

/* The prefix length with which the interface has the address, or 0. */
static int prefix_of(const json_t *interface, const struct conf_address *wanted)
{
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(interface, "addresses"), i, item) {
		const char *text = json_string_value(json_object_get(item, "address"));
		struct conf_address address;

		if (!conf_address_parse(text, strlen(text), &address) &&
		    conf_address_same(&address, wanted))
			return (int)json_integer_value(json_object_get(item, "prefix"));
	}
	return 0;
}

static void check_address(struct verify *verify, const char *name, const json_t *interface,
			  const struct conf_address *address)
{
	char text[CONF_ADDRESS_TEXT_MAX];
	int prefix = prefix_of(interface, address);

	conf_address_print(address, text);
	if (!prefix)
		say(verify, "error", "interface %s does not have the address %s; set it, or "
		    "correct the cluster file (see ip address show)", name, text);
	else if (prefix != address->prefix_len)
		say(verify, "error", "%s has the prefix length /%d on %s, the configuration "
		    "has /%d", text, prefix, name, address->prefix_len);
}

static void check_interfaces(struct verify *verify)
{
	for (u8 i = 0; i < verify->self->interface_count; i++) {
		const struct conf_interface *own = &verify->self->interface[i];
		const json_t *found = find_interface(verify, own->name);

		if (!found) {
			say(verify, "error", "there is no interface %s (see ip link)", own->name);
			continue;
		}
		if (!json_is_true(json_object_get(found, "link")))
			say(verify, "warning", "interface %s has no link", own->name);
		for (u8 j = 0; j < own->address_count; j++)
			check_address(verify, own->name, found, &own->address[j].address);
	}
}

/* ---- scripts and commands ---- */

static void check_program(struct verify *verify, const struct conf_package *package,
			  const char *keyword, const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		say(verify, "error", "package %s: %s %s: %s; copy it to this node", package->name,
		    keyword, path, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		say(verify, "error", "package %s: %s %s is not a file", package->name, keyword,
		    path);
	else if (access(path, X_OK) < 0)
		say(verify, "error", "package %s: %s %s cannot be executed; run chmod +x %s",
		    package->name, keyword, path, path);
	else if (st.st_mode & S_IWOTH)
		say(verify, "warning", "package %s: %s %s can be changed by every user, and "
		    "runs as root", package->name, keyword, path);
}

static void check_command(struct verify *verify, const struct conf_package *package,
			  const char *command)
{
	char path[CONF_TEXT_MAX];

	base_str_print(path, sizeof(path), "%s", command);
	path[strcspn(path, " \t;&|<>()$`'\"")] = '\0';
	check_program(verify, package, "service_cmd", path);
}

static bool runs_here(const struct verify *verify, const struct conf_package *package)
{
	for (u16 i = 0; i < package->node_count; i++)
		if (package->node[i].id == verify->self->id)
			return true;
	return false;
}

static void check_package(struct verify *verify, const struct conf_package *package)
{
	const struct conf *conf = verify->conf;

	if (!runs_here(verify, package))
		return;
	if (package->run_script)
		check_program(verify, package, "run_script", conf_text(conf, package->run_script));
	if (package->halt_script)
		check_program(verify, package, "halt_script",
			      conf_text(conf, package->halt_script));
	for (u8 i = 0; i < package->external_pre_count; i++)
		check_program(verify, package, "external_pre_script",
			      conf_text(conf, package->external_pre_script[i]));
	for (u8 i = 0; i < package->external_count; i++)
		check_program(verify, package, "external_script",
			      conf_text(conf, package->external_script[i]));
	for (u8 i = 0; i < package->service_count; i++)
		check_command(verify, package, conf_text(conf, package->service[i].cmd));
}

/* ---- validate ---- */

#define VALIDATE_TIMEOUT_NS	(60 * BASE_NS_PER_S)
#define ENV_MAX			(CONF_PEVS_MAX + 8)

/* The environment of a package's scripts, as Documentation/PACKAGES has it; the
 * caller frees its texts. */
static void make_env(const struct verify *verify, const struct conf_package *package,
		     char *env[ENV_MAX])
{
	unsigned int used = 0;

	env[used++] = strdup("PATH=/usr/sbin:/usr/bin:/sbin:/bin");
	if (asprintf(&env[used], "SG_PACKAGE=%s", package->name) >= 0)
		used++;
	if (asprintf(&env[used], "SG_PACKAGE_NAME=%s", package->name) >= 0)
		used++;
	if (asprintf(&env[used], "SG_NODE=%s", verify->self->name) >= 0)
		used++;
	if (asprintf(&env[used], "SG_CLUSTER=%s", verify->conf->cluster.name) >= 0)
		used++;
	for (u8 i = 0; i < package->pev_count; i++) {
		const struct conf_pev *pev = &package->pev[i];

		if (asprintf(&env[used], "%s=%s", pev->name,
			     conf_text(verify->conf, pev->value)) < 0)
			continue;
		for (char *c = env[used++]; *c != '='; c++)
			*c = (char)toupper((unsigned char)*c);
	}
	env[used] = NULL;
}

static void validate(struct verify *verify, const struct conf_package *package,
		     const char *script, char *const *env)
{
	const char *const argv[] = { script, "validate", NULL };
	struct clconfd_exec exec = {
		.argv = argv,
		.env = (const char *const *)env,
		.timeout_ns = VALIDATE_TIMEOUT_NS,
	};
	int code;

	if (access(script, X_OK) < 0)
		return;		/* was said already */
	code = clconfd_exec_run(&exec);
	if (code == -ETIMEDOUT)
		say(verify, "error", "package %s: %s validate did not end within a minute",
		    package->name, script);
	else if (code < 0)
		say(verify, "error", "package %s: %s validate: %s", package->name, script,
		    strerror(-code));
	else if (code)
		say(verify, "error", "package %s: %s validate: exit %d: %s", package->name,
		    script, code, *exec.output ? exec.output : "(it printed nothing)");
}

static void validate_package(struct verify *verify, const struct conf_package *package)
{
	char *env[ENV_MAX];

	if (!runs_here(verify, package))
		return;
	make_env(verify, package, env);
	for (u8 i = 0; i < package->external_pre_count; i++)
		validate(verify, package, conf_text(verify->conf, package->external_pre_script[i]),
			 env);
	for (u8 i = 0; i < package->external_count; i++)
		validate(verify, package, conf_text(verify->conf, package->external_script[i]),
			 env);
	for (unsigned int i = 0; env[i]; i++)
		free(env[i]);
}

void clconfd_validate(const struct clconfd *daemon, const struct conf *conf, json_t *faults)
{
	struct verify verify = {
		.conf = conf,
		.self = conf_node_by_name(conf, daemon->options.node),
		.faults = faults,
	};

	for (u16 i = 0; verify.self && i < conf->package_count; i++)
		validate_package(&verify, &conf->package[i]);
}

json_t *clconfd_verify(const struct clconfd *daemon, const struct conf *conf)
{
	struct verify verify = {
		.conf = conf,
		.self = conf_node_by_name(conf, daemon->options.node),
		.faults = json_array(),
	};

	if (!verify.self) {
		say(&verify, "error", "this host is called %s: the configuration has no node of "
		    "that name; correct the host name, or NODE_NAME", daemon->options.node);
		return verify.faults;
	}
	verify.interfaces = clconfd_gather_interfaces();
	check_interfaces(&verify);
	json_decref(verify.interfaces);
	for (u16 i = 0; i < conf->package_count; i++)
		check_package(&verify, &conf->package[i]);
	return verify.faults;
}
