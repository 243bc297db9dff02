/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of a configuration file: keyword, value, where they stand. */
#ifndef TOCSIN_CONF_LEX_H
#define TOCSIN_CONF_LEX_H

#include <tocsin/conf.h>

struct conf_lexer {
	const char *text;
	size_t length;
	size_t at;
	u32 line;
	u16 file;
};

enum conf_lex_fault {
	CONF_LEX_GOOD,
	CONF_LEX_CONTROL,	/* a control character */
	CONF_LEX_UNENDED,	/* no closing quote */
	CONF_LEX_TRAILING,	/* text after the closing quote */
	CONF_LEX_TOO_LONG,	/* value of CONF_TEXT_MAX bytes or more */
};

/**
 * struct conf_line - a line that is neither empty nor a comment
 * @keyword, @value: where they begin; with a fault @value is the place of it
 * @text, @length: the value without its quotes and comment
 */
struct conf_line {
	struct conf_place keyword_place;
	struct conf_place value_place;
	const char *keyword;
	size_t keyword_length;
	size_t length;
	bool quoted;
	bool spaced;		/* unquoted, with white space inside */
	enum conf_lex_fault fault;
	char text[CONF_TEXT_MAX];
};

struct conf_lexer conf_lex_start(const char *text, size_t length, u16 file);
/* The next such line; false at the end. */
bool conf_lex_next(struct conf_lexer *lexer, struct conf_line *line);

#endif
