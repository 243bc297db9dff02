// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd_view.h"

#include <string.h>

static void print_scalar(FILE *out, const char *prefix, const char *name,
			 const json_t *value)
{
	if (json_is_string(value))
		fprintf(out, "%s%s=%s\n", prefix, name, json_string_value(value));
	else if (json_is_integer(value))
		fprintf(out, "%s%s=%lld\n", prefix, name,
			(long long)json_integer_value(value));
	else if (json_is_boolean(value))
		fprintf(out, "%s%s=%s\n", prefix, name,
			json_is_true(value) ? "true" : "false");
}

/* Booleans that the product line writes as enabled/disabled or yes/no. */
static bool print_renamed(FILE *out, const char *prefix, const char *name,
			  const json_t *value)
{
	if (!json_is_boolean(value))
		return false;
	if (!strcmp(name, "auto_run"))
		name = "autorun";
	else if (strcmp(name, "switching"))
		return false;
	fprintf(out, "%s%s=%s\n", prefix, name,
		json_is_true(value) ? "enabled" : "disabled");
	return true;
}

/* The instance name that stands in the prefix: name, else address, else remote. */
static const char *instance_of(const json_t *object)
{
	static const char *const keys[] = { "name", "address", "remote" };
	size_t at;

	for (at = 0; at < sizeof(keys) / sizeof(keys[0]); at++)
		if (json_is_string(json_object_get(object, keys[at])))
			return view_text(object, keys[at]);
	return "unknown";
}

static const char *singular(const char *plural)
{
	static const struct {
		const char *many;
		const char *one;
	} words[] = {
		{ "nodes", "node" },	     { "packages", "package" },
		{ "interfaces", "interface" }, { "services", "service" },
		{ "addresses", "ip_address" }, { "paths", "path" },
	};
	size_t at;

	for (at = 0; at < sizeof(words) / sizeof(words[0]); at++)
		if (!strcmp(plural, words[at].many))
			return words[at].one;
	return plural;
}

static void print_object(FILE *out, const char *prefix, const json_t *object);

static void print_list(FILE *out, const char *prefix, const char *name,
		       const json_t *list)
{
	const json_t *item;
	char longer[512];
	size_t at;

	json_array_foreach(list, at, item) {
		if (!json_is_object(item)) {
			print_scalar(out, prefix, name, item);
			continue;
		}
		snprintf(longer, sizeof(longer), "%s%s:%s|", prefix,
			 singular(name), instance_of(item));
		print_object(out, longer, item);
	}
}

/* Recursion ends at the document's own depth: cmcld's has four levels. */
static void print_object(FILE *out, const char *prefix, const json_t *object)
{
	char longer[512];
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)object, name, value) {
		if (json_is_array(value)) {
			print_list(out, prefix, name, value);
		} else if (json_is_object(value)) {
			snprintf(longer, sizeof(longer), "%s%s|", prefix, name);
			print_object(out, longer, value);
		} else if (!print_renamed(out, prefix, name, value)) {
			print_scalar(out, prefix, name, value);
		}
	}
}

static void print_named(FILE *out, const json_t *list, const char *kind,
			const char *only)
{
	const json_t *item;
	char prefix[128];
	size_t at;

	json_array_foreach(list, at, item) {
		const char *name = view_text(item, "name");

		if (only && strcmp(only, name))
			continue;
		/* Naming one instance removes its prefix, as administrators know it. */
		prefix[0] = '\0';
		if (!only)
			snprintf(prefix, sizeof(prefix), "%s:%s|", kind, name);
		print_object(out, prefix, item);
	}
}

void view_line_print(FILE *out, const json_t *status,
		     const struct view_filter *filter)
{
	if (!filter->node && !filter->package)
		print_object(out, "", json_object_get(status, "cluster"));
	if (!filter->package)
		print_named(out, json_object_get(status, "nodes"), "node",
			    filter->node);
	if (!filter->node)
		print_named(out, json_object_get(status, "packages"), "package",
			    filter->package);
}
