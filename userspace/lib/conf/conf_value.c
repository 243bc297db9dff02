// SPDX-License-Identifier: GPL-2.0-or-later
#include "conf_value.h"
#include <tocsin/conf_address.h>

static bool is_word(const char *text, size_t length, const char *word)
{
	return strlen(word) == length && !strncasecmp(text, word, length);
}

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool conf_value_is_text(const struct conf_keyword *keyword)
{
	return keyword->kind == CONF_KIND_TEXT || keyword->kind == CONF_KIND_COMMAND ||
	       keyword->kind == CONF_KIND_PATH;
}

bool conf_value_in_us(const struct conf_keyword *keyword)
{
	return keyword->scope <= CONF_SCOPE_SUBNET;
}

/* ---- names and texts ---- */

/* Every byte alphanumeric or in @others; the first, and with @both_ends the
 * last, alphanumeric. */
static bool made_of(const struct conf_value *value, const char *others, bool both_ends)
{
	const char *text = value->text;

	for (size_t i = 0; i < value->length; i++)
		if (!is_alnum(text[i]) && (!text[i] || !strchr(others, text[i])))
			return false;
	if (!is_alnum(text[0]))
		return false;
	return !both_ends || is_alnum(text[value->length - 1]);
}

/* Printable, and none of the characters that file names and the quorum
 * server's protocol give a meaning. */
static bool is_cluster_name(const struct conf_value *value)
{
	for (size_t i = 0; i < value->length; i++) {
		char c = value->text[i];

		if (c <= ' ' || c >= 0x7f || strchr("/\\*@=|;\"#", c))
			return false;
	}
	return true;
}

static bool is_interface_name(const struct conf_value *value)
{
	if (value->text[0] == '.' || value->text[0] == '-')
		return false;
	for (size_t i = 0; i < value->length; i++) {
		char c = value->text[i];

		if (!is_alnum(c) && (!c || !strchr("._-:@", c)))
			return false;
	}
	return true;
}

static bool is_printable(const struct conf_value *value)
{
	for (size_t i = 0; i < value->length; i++) {
		unsigned char c = (unsigned char)value->text[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

static bool is_node_name(const struct conf_keyword *keyword, const struct conf_value *value,
			 const char **hint)
{
	if (value->length == 1 && value->text[0] == '*')
		return keyword->tag == CONF_TAG_PKG_NODE;
	if (memchr(value->text, '.', value->length))
		*hint = "give the host name alone, without its domain";
	return made_of(value, "-_", true);
}

/* A host's name, or an address without a prefix. */
static bool is_host(const struct conf_value *value, const char **hint)
{
	struct conf_address address;

	if (!conf_address_parse(value->text, value->length, &address)) {
		*hint = "give the address of a host";
		return !address.prefix_len && conf_address_is_host(&address);
	}
	for (size_t i = 0; i < value->length; i++)
		if (is_alnum(value->text[i]) && (value->text[i] > '9'))
			return made_of(value, "-._", true);
	*hint = "an address has four numbers up to 255 with dots between";
	return false;
}

static bool text_is_good(const struct conf_keyword *keyword, const struct conf_value *value,
			 const char **hint)
{
	if (!value->length || value->length > keyword->max)
		return keyword->kind == CONF_KIND_TEXT && !value->length;
	if (!is_printable(value))
		return false;
	switch (keyword->kind) {
	case CONF_KIND_CLUSTER_NAME:
		return is_cluster_name(value);
	case CONF_KIND_NODE_NAME:
		return is_node_name(keyword, value, hint);
	case CONF_KIND_NAME:
		return made_of(value, "._-", keyword->tag != CONF_TAG_SERVICE);
	case CONF_KIND_INTERFACE_NAME:
		return is_interface_name(value);
	case CONF_KIND_HOST:
		return is_host(value, hint);
	case CONF_KIND_PATH:
	case CONF_KIND_COMMAND:
		*hint = "begin with /";
		return value->text[0] == '/';
	default:
		return true;
	}
}

static bool pev_name_is_good(const struct conf_value *value, const char **hint)
{
	*hint = "pev_ names: letters, digits and _, up to 39 with pev_";
	if (value->name_length <= 4 || value->name_length > CONF_NAME_MAX)
		return false;
	for (size_t i = 0; i < value->name_length; i++)
		if (!is_alnum(value->name[i]) && value->name[i] != '_')
			return false;
	*hint = NULL;
	return true;
}

/* ---- check ---- */

static bool in_range(const struct conf_keyword *keyword, u64 number)
{
	return number >= keyword->min && number <= keyword->max;
}

static bool address_is_good(const struct conf_keyword *keyword,
			    const struct conf_value *value, const char **hint)
{
	const struct conf_address *address = &value->address;
	struct conf_address network = conf_address_network(address);

	if (keyword->flags & CONF_HIDDEN)
		return address->family == 4 || address->family == 6;
	if (keyword->kind == CONF_KIND_ADDRESS) {
		*hint = "loopback, multicast, network and broadcast addresses cannot be used";
		return conf_address_is_host(address);
	}
	*hint = "the host bits of a subnet are zero: look at the prefix length";
	return (address->family == 4 || address->family == 6) &&
	       (!address->prefix_len || conf_address_same(&network, address));
}

static size_t choices(const struct conf_keyword *keyword)
{
	size_t count = 0;

	while (keyword->names[count])
		count++;
	return count;
}

int conf_value_check(const struct conf_keyword *keyword, const struct conf_value *value,
		     const char **hint)
{
	const char *unused;
	bool good;

	hint = hint ? hint : &unused;
	*hint = NULL;
	switch (keyword->kind) {
	case CONF_KIND_ADDRESS:
	case CONF_KIND_NETWORK:
		good = address_is_good(keyword, value, hint);
		break;
	case CONF_KIND_TIME:
		good = in_range(keyword, value->number);
		break;
	case CONF_KIND_NUMBER:
		good = in_range(keyword, value->number);
		break;
	case CONF_KIND_TIMEOUT:
		good = value->number <= keyword->max;
		break;
	case CONF_KIND_PRIORITY:
		good = value->number == CONF_NO_PRIORITY || in_range(keyword, value->number);
		break;
	case CONF_KIND_RESTART:
		good = !value->number || value->number == CONF_RESTART_UNLIMITED ||
		       in_range(keyword, value->number);
		break;
	case CONF_KIND_YES_NO:
	case CONF_KIND_ON_OFF:
		good = value->number <= 1;
		break;
	case CONF_KIND_CHOICE:
		good = value->number < choices(keyword);
		break;
	default:
		good = text_is_good(keyword, value, hint);
		if (good && keyword->tag == CONF_TAG_PEV)
			good = pev_name_is_good(value, hint);
		break;
	}
	return good ? 0 : -EINVAL;
}

/* ---- read ---- */

/* Digits at the start; -ERANGE when the number does not fit. */
static int read_number(const char *text, size_t length, u64 *out, size_t *used)
{
	*out = 0;
	for (*used = 0; *used < length; (*used)++) {
		unsigned int digit = (unsigned char)text[*used] - '0';

		if (digit > 9)
			break;
		if (*out > (UINT64_MAX - digit) / 10)
			return -ERANGE;
		*out = *out * 10 + digit;
	}
	return *used ? 0 : -EINVAL;
}

static int read_whole(const char *text, size_t length, u64 *out)
{
	size_t used;

	if (read_number(text, length, out, &used) || used != length)
		return -EINVAL;
	return 0;
}

static int read_time(const struct conf_keyword *keyword, const char *text, size_t length,
		     u64 *out)
{
	static const struct {
		const char *name;
		u64 ns;
	} units[] = {
		{ "us", 1000 },
		{ "ms", CORE_NS_PER_MS },
		{ "s", CORE_NS_PER_S },
		{ "min", 60 * CORE_NS_PER_S },
		{ "h", 3600 * CORE_NS_PER_S },
	};
	u64 scale = conf_value_in_us(keyword) ? 1000 : CORE_NS_PER_S;
	size_t used, i;

	if (read_number(text, length, out, &used))
		return -EINVAL;
	if (used < length) {
		for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
			if (is_word(text + used, length - used, units[i].name))
				break;
		if (i == sizeof(units) / sizeof(units[0]))
			return -EINVAL;
		scale = units[i].ns;
	}
	if (*out > UINT64_MAX / scale)
		return -EINVAL;
	*out *= scale;
	return 0;
}

/* One of two words: 0 or 1. */
static int read_either(const char *text, size_t length, const char *const words[2], u64 *out)
{
	for (u64 i = 0; i < 2; i++) {
		if (is_word(text, length, words[i])) {
			*out = i;
			return 0;
		}
	}
	return -EINVAL;
}

static int read_choice(const struct conf_keyword *keyword, const char *text, size_t length,
		       u64 *out)
{
	for (u64 i = 0; keyword->names[i]; i++) {
		if (is_word(text, length, keyword->names[i])) {
			*out = i;
			return 0;
		}
	}
	return -EINVAL;
}

/* A number that must not be one of those with a name of their own. */
static int read_counted(const char *text, size_t length, struct conf_value *value,
			const char *none, u64 limit)
{
	value->number = 0;
	if (is_word(text, length, none))
		return 0;
	if (read_whole(text, length, &value->number) || value->number >= limit)
		return -EINVAL;
	return 0;
}

static int read_kind(const struct conf_keyword *keyword, const char *text, size_t length,
		     struct conf_value *value)
{
	static const char *const yes_no[] = { "no", "yes" };
	static const char *const on_off[] = { "off", "on" };

	switch (keyword->kind) {
	case CONF_KIND_ADDRESS:
	case CONF_KIND_NETWORK:
		return conf_address_parse(text, length, &value->address);
	case CONF_KIND_TIMEOUT:
		value->number = CONF_NO_TIMEOUT;
		if (is_word(text, length, "no_timeout"))
			return 0;
		return read_time(keyword, text, length, &value->number);
	case CONF_KIND_TIME:
		return read_time(keyword, text, length, &value->number);
	case CONF_KIND_NUMBER:
		return read_whole(text, length, &value->number);
	case CONF_KIND_PRIORITY:
		return read_counted(text, length, value, "no_priority", UINT32_MAX);
	case CONF_KIND_RESTART:
		value->number = CONF_RESTART_UNLIMITED;
		if (is_word(text, length, "unlimited"))
			return 0;
		return read_counted(text, length, value, "none", CONF_RESTART_UNLIMITED);
	case CONF_KIND_YES_NO:
		return read_either(text, length, yes_no, &value->number);
	case CONF_KIND_ON_OFF:
		return read_either(text, length, on_off, &value->number);
	case CONF_KIND_CHOICE:
		return read_choice(keyword, text, length, &value->number);
	default:
		value->text = text;
		value->length = length;
		return 0;
	}
}

int conf_value_read(const struct conf_keyword *keyword, const char *text, size_t length,
		    struct conf_value *value, const char **hint)
{
	int err;

	*hint = NULL;
	err = read_kind(keyword, text, length, value);
	return err ? err : conf_value_check(keyword, value, hint);
}
