/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One value: from text, its range, and back to text. */
#ifndef TOCSIN_CONF_VALUE_H
#define TOCSIN_CONF_VALUE_H

#include "conf_keyword.h"

/**
 * struct conf_value - a value of any kind
 * @number: numbers, times in ns, choices by index, yes and ON as 1
 * @text, @length: names and texts; not ended by NUL
 * @name, @name_length: of pev_<name>, else unused
 */
struct conf_value {
	u64 number;
	const char *text;
	size_t length;
	struct conf_address address;
	const char *name;
	size_t name_length;
};

/**
 * conf_value_read - make a value of the text of a line
 * @text: quotes and comment already removed
 * @hint: set to a remedy that fits better than the general one, or NULL
 * Return: 0, or -EINVAL; a value read has passed conf_value_check().
 */
int conf_value_read(const struct conf_keyword *keyword, const char *text, size_t length,
		    struct conf_value *value, const char **hint);

/* Is a value (of a line or of the binary form) allowed? 0 or -EINVAL. */
int conf_value_check(const struct conf_keyword *keyword, const struct conf_value *value,
		     const char **hint);

/* What is allowed, for messages. */
void conf_value_allowed(const struct conf_keyword *keyword, struct conf_out *out);

/* The value as it stands in a file. */
void conf_value_print(const struct conf_keyword *keyword, const struct conf_value *value,
		      struct conf_out *out);

/* Kinds whose text may hold white space. */
bool conf_value_is_text(const struct conf_keyword *keyword);

/* Are bare numbers microseconds (cluster file)? Else they are seconds. */
bool conf_value_in_us(const struct conf_keyword *keyword);

#endif
