// SPDX-License-Identifier: GPL-2.0-or-later
/* What cmsrvassistd needs to know of a package, out of the configuration. */
#include <tocsin/assist.h>
#include <tocsin/base.h>

#include <ctype.h>

struct scratch {
	char *at;
	size_t room;
};

/* The text, or NULL when it was not given. */
static const char *given(const struct conf *conf, conf_text_t text)
{
	return text ? conf_text(conf, text) : NULL;
}

/* NAME=value, the name in upper case; NULL when it does not fit. */
static const char *variable_make(struct scratch *s, const char *name, const char *value)
{
	size_t name_length = strlen(name), length = name_length + strlen(value) + 2;
	char *out = s->at;

	if (length > s->room)
		return NULL;
	for (size_t i = 0; i < name_length; i++)
		out[i] = (char)toupper((unsigned char)name[i]);
	out[name_length] = '=';
	memcpy(out + name_length + 1, value, strlen(value) + 1);
	s->at += length;
	s->room -= length;
	return out;
}

static const char *log_path(struct scratch *s, const char *name)
{
	size_t length = sizeof(ASSIST_LOG_DIR "/") + strlen(name) + sizeof(".log");
	char *out = s->at;

	if (length > s->room)
		return NULL;
	base_str_print(out, s->room, ASSIST_LOG_DIR "/%s.log", name);
	s->at += length;
	s->room -= length;
	return out;
}

static void fill_modules(struct assist_package *out, const struct conf *conf,
			 const struct conf_package *p)
{
	out->pre_count = p->external_pre_count;
	for (u16 i = 0; i < p->external_pre_count; i++)
		out->pre[i] = conf_text(conf, p->external_pre_script[i]);
	out->external_count = p->external_count;
	for (u16 i = 0; i < p->external_count; i++)
		out->external[i] = conf_text(conf, p->external_script[i]);
	out->address_count = p->address_count;
	for (u16 i = 0; i < p->address_count; i++) {
		out->address[i].address = p->address[i].address;
		out->address[i].address.prefix_len = p->address[i].subnet.prefix_len;
	}
	out->service_count = p->service_count;
	for (u16 i = 0; i < p->service_count; i++) {
		out->service[i].name = p->service[i].name;
		out->service[i].cmd = conf_text(conf, p->service[i].cmd);
		out->service[i].halt_timeout_ns = p->service[i].halt_timeout_ns;
	}
}

int assist_package_fill(struct assist_package *out, const struct conf *conf, u16 package,
			const char *node_name, char *scratch, size_t size)
{
	const struct conf_package *p = &conf->package[package];
	struct scratch s = { .at = scratch, .room = size };

	memset(out, 0, sizeof(*out));
	out->name = p->name;
	out->node = node_name;
	out->cluster = conf->cluster.name;
	out->log_file = given(conf, p->script_log_file);
	out->run_script = given(conf, p->run_script);
	out->halt_script = given(conf, p->halt_script);
	out->run_timeout_ns = p->run_script_timeout_ns;
	out->halt_timeout_ns = p->halt_script_timeout_ns;
	out->fail_fast = p->node_fail_fast;
	if (!out->log_file)
		out->log_file = log_path(&s, p->name);
	if (!out->log_file)
		return -E2BIG;
	fill_modules(out, conf, p);
	for (u16 i = 0; i < p->pev_count; i++) {
		const char *text = variable_make(&s, p->pev[i].name,
						 conf_text(conf, p->pev[i].value));

		if (!text)
			return -E2BIG;
		out->variable[out->variable_count++] = text;
	}
	return 0;
}

int assist_hello_fill(struct assist_message *hello, const struct conf *conf,
		      u16 node, u64 incarnation)
{
	const struct conf_node *self = conf_node_by_id(conf, node);

	memset(hello, 0, sizeof(*hello));
	if (!self)
		return -ENOENT;
	hello->head.type = ASSIST_HELLO;
	hello->head.node = node;
	hello->head.incarnation = incarnation;
	hello->package.node = self->name;
	hello->package.cluster = conf->cluster.name;
	for (u16 i = 0; i < conf->package_count; i++) {
		const struct conf_package *p = &conf->package[i];

		for (u16 a = 0; a < p->address_count; a++) {
			struct conf_address *address;

			if (hello->address_count == CONF_PACKAGES_MAX)
				return -E2BIG;
			address = &hello->address[hello->address_count++].address;
			*address = p->address[a].address;
			address->prefix_len = p->address[a].subnet.prefix_len;
		}
	}
	return 0;
}
