// SPDX-License-Identifier: GPL-2.0-or-later
#include <tocsin/base.h>

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>

void base_hex_write(char *out, const void *in, size_t size)
{
	static const char digit[] = "0123456789abcdef";
	const u8 *byte = in;
	size_t i;

	for (i = 0; i < size; i++) {
		*out++ = digit[byte[i] >> 4];
		*out++ = digit[byte[i] & 15];
	}
	*out = '\0';
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int base_hex_read(const char *text, void *out, size_t size)
{
	u8 *byte = out;
	size_t i;

	if (strnlen(text, 2 * size + 1) != 2 * size)
		return -EINVAL;
	for (i = 0; i < size; i++) {
		int high = hex_digit(text[2 * i]);
		int low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return -EINVAL;
		byte[i] = (u8)(high << 4 | low);
	}
	return 0;
}

int base_str_copy(char *out, size_t size, const char *text)
{
	size_t length = strnlen(text, size);

	core_assert(size > 0);
	if (length == size) {
		*out = '\0';
		return -ENAMETOOLONG;
	}
	memcpy(out, text, length + 1);
	return 0;
}

void base_str_print(char *out, size_t size, const char *format, ...)
{
	va_list args;

	core_assert(size > 0);
	va_start(args, format);
	if (vsnprintf(out, size, format, args) < 0)
		*out = '\0';
	va_end(args);
}

int base_str_u64(const char *text, u64 min, u64 max, u64 *out)
{
	u64 value = 0;
	bool over = false;

	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (u64)(*text - '0'), &value))
			over = true;
	}
	if (over || value < min || value > max)
		return -ERANGE;
	*out = value;
	return 0;
}

char *base_str_trim(char *text)
{
	size_t length;

	while (isspace((unsigned char)*text))
		text++;
	length = strlen(text);
	while (length && isspace((unsigned char)text[length - 1]))
		text[--length] = '\0';
	return text;
}
