// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Messages between cmcld and cmsrvassistd: bytes to structure.  The other side is
 * trusted to mean well, not to be of the same version: every length and number
 * is checked, an unknown key is an error that names what to do.
 */
#include <tocsin/assist.h>
#include <tocsin/base.h>
#include <tocsin/conf_address.h>

struct in {
	struct assist_message *message;
	const char *why;
};

static bool take_text(const char *value, const char **out)
{
	*out = value;
	return value[0] != 0;
}

static bool take_number(const char *value, u64 *out)
{
	return base_str_u64(value, 0, UINT64_MAX, out) == 0;
}

static bool take_flag(const char *value, bool *out)
{
	u64 number;

	if (base_str_u64(value, 0, 1, &number))
		return false;
	*out = number == 1;
	return true;
}

static bool take_list(const char *value, const char **list, u16 *count, u16 max)
{
	if (*count == max)
		return false;
	list[(*count)++] = value;
	return value[0] != 0;
}

static bool take_address(struct assist_message *m, const char *value)
{
	struct conf_address address;

	if (conf_address_parse(value, strlen(value), &address) || !address.prefix_len)
		return false;
	if (m->head.type == ASSIST_HELLO) {
		if (m->address_count == CONF_PACKAGES_MAX)
			return false;
		m->address[m->address_count++].address = address;
		return true;
	}
	if (m->package.address_count == CONF_PKG_ADDRESSES_MAX)
		return false;
	m->package.address[m->package.address_count++].address = address;
	return true;
}

/* "service" opens a service; "cmd" and "service_halt" belong to the last one. */
static bool take_service(struct assist_package *p, const char *key, const char *value)
{
	if (!strcmp(key, "service")) {
		if (p->service_count == CONF_SERVICES_MAX)
			return false;
		memset(&p->service[p->service_count], 0, sizeof(p->service[0]));
		p->service[p->service_count++].name = value;
		return value[0] != 0;
	}
	if (!p->service_count)
		return false;
	if (!strcmp(key, "cmd"))
		return take_text(value, &p->service[p->service_count - 1].cmd);
	return take_number(value, &p->service[p->service_count - 1].halt_timeout_ns);
}

static bool take_word(struct in *in, const char *key, const char *value)
{
	struct assist_message *m = in->message;
	struct assist_package *p = &m->package;
	struct {
		const char *key;
		const char **text;
	} texts[] = {
		{ "package", &p->name }, { "node", &p->node }, { "cluster", &p->cluster },
		{ "log", &p->log_file }, { "run_script", &p->run_script },
		{ "halt_script", &p->halt_script }, { "text", &m->text },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!strcmp(key, texts[i].key))
			return take_text(value, texts[i].text);
	if (!strcmp(key, "run_timeout"))
		return take_number(value, &p->run_timeout_ns);
	if (!strcmp(key, "halt_timeout"))
		return take_number(value, &p->halt_timeout_ns);
	if (!strcmp(key, "fail_fast"))
		return take_flag(value, &p->fail_fast);
	if (!strcmp(key, "pre"))
		return take_list(value, p->pre, &p->pre_count, CONF_SCRIPTS_MAX);
	if (!strcmp(key, "external"))
		return take_list(value, p->external, &p->external_count, CONF_SCRIPTS_MAX);
	if (!strcmp(key, "variable"))
		return take_list(value, p->variable, &p->variable_count,
				 ASSIST_VARIABLES_MAX);
	if (!strcmp(key, "address"))
		return take_address(m, value);
	if (!strcmp(key, "service") || !strcmp(key, "cmd") || !strcmp(key, "service_halt"))
		return take_service(p, key, value);
	in->why = "unknown word: cmcld and cmsrvassistd are of different versions";
	return false;
}

static bool body_take(struct in *in, const char *at, const char *end)
{
	char key[32];

	while (at < end) {
		const char *stop = memchr(at, 0, (size_t)(end - at));
		const char *equal = memchr(at, '=', (size_t)(end - at));

		if (!stop || !equal || equal > stop || equal - at >= (long)sizeof(key)) {
			in->why = "body is not a list of key=value words";
			return false;
		}
		memcpy(key, at, (size_t)(equal - at));
		key[equal - at] = 0;
		in->why = "bad or too many values";
		if (!take_word(in, key, equal + 1))
			return false;
		at = stop + 1;
	}
	return true;
}

/* Names become file and directory names: nothing that leads elsewhere. */
static bool name_sound(const char *name)
{
	size_t length = name ? strlen(name) : 0;

	if (!length || length > CONF_NAME_MAX || name[0] == '.')
		return false;
	for (size_t i = 0; i < length; i++)
		if (name[i] == '/' || (unsigned char)name[i] <= ' ')
			return false;
	return true;
}

static bool path_sound(const char *path)
{
	return !path || (path[0] == '/' && strlen(path) <= ASSIST_PATH_MAX);
}

static bool package_sound(const struct assist_package *p)
{
	if (!name_sound(p->name) || !p->node || !p->cluster)
		return false;
	if (!p->log_file || !path_sound(p->log_file) || !path_sound(p->run_script) ||
	    !path_sound(p->halt_script))
		return false;
	for (u16 i = 0; i < p->pre_count; i++)
		if (!path_sound(p->pre[i]))
			return false;
	for (u16 i = 0; i < p->external_count; i++)
		if (!path_sound(p->external[i]))
			return false;
	for (u16 i = 0; i < p->service_count; i++)
		if (!name_sound(p->service[i].name) || !p->service[i].cmd)
			return false;
	return true;
}

static const char *sound(const struct assist_message *m)
{
	const struct assist_head *head = &m->head;

	switch ((enum assist_type)head->type) {
	case ASSIST_HELLO:
		return head->incarnation && head->node && m->package.node && m->package.cluster ?
		       NULL : "HELLO without node, cluster or incarnation";
	case ASSIST_START:
	case ASSIST_HALT:
		if (head->type == ASSIST_HALT && (u32)head->number > PKG_HALT_AUTOMATIC)
			return "unknown halt reason";
		return package_sound(&m->package) ? NULL :
		       "package, path or service that cannot be";
	case ASSIST_SERVICE_START:
		if (m->package.name && !name_sound(m->package.name))
			return "package name that cannot be";
		return head->service < CONF_SERVICES_MAX ? NULL : "no such service";
	case ASSIST_SERVICE_EXIT:
		if (!name_sound(m->package.name))
			return "no package name";
		return head->service < CONF_SERVICES_MAX ? NULL : "no such service";
	case ASSIST_STARTED:
	case ASSIST_HALTED:
		if (!name_sound(m->package.name))
			return "no package name";
		return (u32)head->number <= PKG_UNABLE ? NULL : "unknown outcome";
	case ASSIST_FOUND:
	case ASSIST_STEP:
		return name_sound(m->package.name) ? NULL : "no package name";
	case ASSIST_READY:
		return NULL;
	}
	return "unknown type of message";
}

int assist_decode(struct assist_message *message, const void *buffer, size_t length,
		  const char **why)
{
	struct in in = { .message = message };

	memset(message, 0, sizeof(*message));
	*why = "shorter than a head";
	if (length < sizeof(message->head))
		return -EPROTO;
	memcpy(&message->head, buffer, sizeof(message->head));
	*why = "another version: restart both cmcld and cmsrvassistd";
	if (message->head.version != ASSIST_VERSION)
		return -EPROTO;
	if (!body_take(&in, (const char *)buffer + sizeof(message->head),
		       (const char *)buffer + length)) {
		*why = in.why;
		return -EPROTO;
	}
	*why = sound(message);
	return *why ? -EPROTO : 0;
}
