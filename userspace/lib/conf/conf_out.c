// SPDX-License-Identifier: GPL-2.0-or-later
#include "conf_out.h"
#include <tocsin/conf_address.h>

#include <stdarg.h>

struct conf_out conf_out_start(char *buf, size_t size)
{
	core_assert(size > 0);
	buf[0] = '\0';
	return (struct conf_out){ .buf = buf, .size = size };
}

void conf_out_bytes(struct conf_out *out, const char *text, size_t length)
{
	size_t room = out->size - out->used - 1;

	if (length > room) {
		length = room;
		out->cut = true;
	}
	memcpy(out->buf + out->used, text, length);
	out->used += length;
	out->buf[out->used] = '\0';
}

void conf_out_text(struct conf_out *out, const char *text)
{
	conf_out_bytes(out, text, strlen(text));
}

void conf_out_u64(struct conf_out *out, u64 number)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = '0' + number % 10;
		number /= 10;
	} while (number);
	conf_out_bytes(out, digits + at, sizeof(digits) - at);
}

void conf_out_time(struct conf_out *out, u64 time_ns)
{
	static const struct {
		u64 ns;
		const char *name;
	} units[] = {
		{ 3600 * CORE_NS_PER_S, "h" },
		{ 60 * CORE_NS_PER_S, "min" },
		{ CORE_NS_PER_S, "s" },
		{ CORE_NS_PER_MS, "ms" },
		{ 1000, "us" },
	};
	size_t i = time_ns ? 0 : 2;

	while (i < 4 && time_ns % units[i].ns)
		i++;
	conf_out_u64(out, time_ns / units[i].ns);
	conf_out_text(out, units[i].name);
}

void conf_out_address(struct conf_out *out, const struct conf_address *address)
{
	char text[CONF_ADDRESS_TEXT_MAX];

	conf_address_print(address, text);
	conf_out_text(out, text);
	if (address->prefix_len) {
		conf_out_text(out, "/");
		conf_out_u64(out, address->prefix_len);
	}
}

/* Plain text must not be empty, begin with a quote, or hold what the reader
 * would take for a comment or for white space to drop. */
static bool needs_quotes(const char *text, size_t length)
{
	static const char white[] = " \t";

	if (!length || text[0] == '"' || text[0] == '#')
		return true;
	if (strchr(white, text[0]) || strchr(white, text[length - 1]))
		return true;
	for (size_t i = 1; i < length; i++)
		if (text[i] == '#' && strchr(white, text[i - 1]))
			return true;
	return false;
}

void conf_out_quoted(struct conf_out *out, const char *text, size_t length)
{
	if (!needs_quotes(text, length)) {
		conf_out_bytes(out, text, length);
		return;
	}
	conf_out_text(out, "\"");
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '"' || text[i] == '\\')
			conf_out_text(out, "\\");
		conf_out_bytes(out, text + i, 1);
	}
	conf_out_text(out, "\"");
}

void conf_out_join(char *buf, size_t size, ...)
{
	struct conf_out out = conf_out_start(buf, size);
	const char *text;
	va_list args;

	va_start(args, size);
	while ((text = va_arg(args, const char *)))
		conf_out_text(&out, text);
	va_end(args);
}
