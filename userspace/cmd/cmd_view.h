/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Views: print cmcld's status document (Documentation/IPC, op "status").
 *
 * The document is cmcld's own; a missing member prints as "unknown" and never
 * stops the rest, because a half view at night is better than none.
 */
#ifndef TOCSIN_CMD_VIEW_H
#define TOCSIN_CMD_VIEW_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/**
 * struct view_filter - what to show
 * @verbose: networks, policies, services, node switching too
 * @node, @package: only this one; NULL for all
 */
struct view_filter {
	bool verbose;
	const char *node;
	const char *package;
};

/* The layout of the product line: indented tables. */
void view_table_print(FILE *out, const json_t *status,
		      const struct view_filter *filter);

/* One `prefix|attribute=value` a line, for scripts. */
void view_line_print(FILE *out, const json_t *status,
		     const struct view_filter *filter);

/* Text of a member, "unknown" when it is missing, "-" when null. */
const char *view_text(const json_t *object, const char *member);
/* Number of a member, 0 when missing. */
long long view_number(const json_t *object, const char *member);
bool view_true(const json_t *object, const char *member);
/* "enabled" or "disabled" by a boolean member. */
const char *view_switch(const json_t *object, const char *member);

#endif
