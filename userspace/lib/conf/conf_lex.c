// SPDX-License-Identifier: GPL-2.0-or-later
#include "conf_lex.h"

struct conf_lexer conf_lex_start(const char *text, size_t length, u16 file)
{
	struct conf_lexer lexer = { .text = text, .length = length, .file = file };

	if (length >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
		lexer.at = 3;
	return lexer;
}

static bool is_white(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct conf_place place_at(const struct conf_lexer *lexer, size_t column)
{
	return (struct conf_place){
		.line = lexer->line,
		.column = (u16)(column < UINT16_MAX ? column + 1 : UINT16_MAX),
		.file = lexer->file,
	};
}

/* The part of an unquoted value before a comment and trailing white space. */
static size_t plain_length(const char *value, size_t length)
{
	for (size_t i = 1; i < length; i++) {
		if (value[i] == '#' && is_white(value[i - 1])) {
			length = i;
			break;
		}
	}
	while (length && is_white(value[length - 1]))
		length--;
	return length;
}

static void put_byte(struct conf_line *line, char c)
{
	if (line->length < sizeof(line->text) - 1)
		line->text[line->length++] = c;
	else
		line->fault = CONF_LEX_TOO_LONG;
}

static void read_plain(struct conf_line *line, const char *value, size_t length)
{
	length = plain_length(value, length);
	for (size_t i = 0; i < length; i++) {
		line->spaced |= is_white(value[i]);
		put_byte(line, value[i]);
	}
}

/* A backslash stands for itself unless a quote or backslash follows. */
static void read_quoted(const struct conf_lexer *lexer, struct conf_line *line,
			const char *raw, size_t at, size_t length)
{
	size_t i = at + 1;

	line->quoted = true;
	while (i < length && raw[i] != '"') {
		if (raw[i] == '\\' && i + 1 < length && strchr("\"\\", raw[i + 1]))
			i++;
		put_byte(line, raw[i++]);
	}
	if (i == length) {
		line->fault = CONF_LEX_UNENDED;
		return;
	}
	i++;
	if (i < length && raw[i] == '#') {
		line->fault = CONF_LEX_TRAILING;
		line->value_place = place_at(lexer, i);
		return;
	}
	while (i < length && is_white(raw[i]))
		i++;
	if (i < length && raw[i] != '#') {
		line->fault = CONF_LEX_TRAILING;
		line->value_place = place_at(lexer, i);
	}
}

static void read_line(const struct conf_lexer *lexer, struct conf_line *line,
		      const char *raw, size_t length)
{
	size_t at = 0;

	for (size_t i = 0; i < length; i++) {
		if (((unsigned char)raw[i] < ' ' && !is_white(raw[i])) || raw[i] == 0x7f) {
			line->fault = CONF_LEX_CONTROL;
			line->value_place = place_at(lexer, i);
			return;
		}
	}
	while (at < length && is_white(raw[at]))
		at++;
	line->keyword = raw + at;
	line->keyword_place = place_at(lexer, at);
	while (at < length && !is_white(raw[at]))
		at++;
	line->keyword_length = (size_t)(raw + at - line->keyword);
	while (at < length && is_white(raw[at]))
		at++;
	line->value_place = place_at(lexer, at);
	if (at < length && raw[at] == '#')
		return;
	if (at < length && raw[at] == '"')
		read_quoted(lexer, line, raw, at, length);
	else
		read_plain(line, raw + at, length - at);
}

static bool is_blank(const char *raw, size_t length)
{
	size_t at = 0;

	while (at < length && is_white(raw[at]))
		at++;
	return at == length || raw[at] == '#';
}

bool conf_lex_next(struct conf_lexer *lexer, struct conf_line *line)
{
	while (lexer->at < lexer->length) {
		const char *raw = lexer->text + lexer->at;
		const char *end = memchr(raw, '\n', lexer->length - lexer->at);
		size_t length = end ? (size_t)(end - raw) : lexer->length - lexer->at;

		lexer->at += length + (end != NULL);
		lexer->line++;
		if (is_blank(raw, length))
			continue;
		line->keyword_place = place_at(lexer, 0);
		line->keyword_length = 0;
		line->keyword = raw;
		line->length = 0;
		line->quoted = false;
		line->spaced = false;
		line->fault = CONF_LEX_GOOD;
		read_line(lexer, line, raw, length);
		line->text[line->length] = '\0';
		return true;
	}
	return false;
}
