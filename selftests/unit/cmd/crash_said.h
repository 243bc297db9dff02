/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What cmcrash says on stderr. Behind crash_made.h, whose headers it needs. */
#ifndef TOCSIN_UNIT_CRASH_SAID_H
#define TOCSIN_UNIT_CRASH_SAID_H

/* What goes to stderr until messages_end(). */
struct messages {
	FILE *file;
	int before;
	char text[600];
};

static inline void messages_begin(struct messages *messages)
{
	messages->file = tmpfile();
	assert_non_null(messages->file);
	messages->before = dup(STDERR_FILENO);
	fflush(stderr);
	dup2(fileno(messages->file), STDERR_FILENO);
}

/* It must be in there. */
static inline void messages_end(struct messages *messages, const char *expected)
{
	size_t size;

	fflush(stderr);
	dup2(messages->before, STDERR_FILENO);
	close(messages->before);
	rewind(messages->file);
	size = fread(messages->text, 1, sizeof(messages->text) - 1, messages->file);
	messages->text[size] = '\0';
	fclose(messages->file);
	if (!strstr(messages->text, expected))
		fail_msg("no '%s' in: %s", expected, messages->text);
}

#endif
