// SPDX-License-Identifier: GPL-2.0-or-later
#include "conf_store.h"
#include <tocsin/conf_print.h>

#define VALUE_COLUMN 32

static int depth_of(const struct conf_keyword *keyword)
{
	switch (keyword->scope) {
	case CONF_SCOPE_NODE:
	case CONF_SCOPE_SUBNET:
	case CONF_SCOPE_SERVICE:
	case CONF_SCOPE_IP_SUBNET:
		return 1;
	case CONF_SCOPE_INTERFACE:
		return 2;
	default:
		return 0;
	}
}

struct printer {
	struct conf_out out;
	int depth;		/* of the line before */
};

static int print_line(void *arg, const struct conf_keyword *keyword,
		      const struct conf_value *value)
{
	struct printer *printer = arg;
	struct conf_out *out = &printer->out;
	int depth = depth_of(keyword);
	size_t line;

	if (keyword->flags & CONF_HIDDEN)
		return 0;
	if (out->used && !depth &&
	    (printer->depth || conf_store_opens(keyword) != CONF_SCOPES))
		conf_out_text(out, "\n");
	printer->depth = depth;
	line = out->used;
	for (int i = depth; i; i--)
		conf_out_text(out, "  ");
	if (keyword->tag == CONF_TAG_PEV)
		conf_out_bytes(out, value->name, value->name_length);
	else
		conf_out_text(out, keyword->name);
	do {
		conf_out_text(out, " ");
	} while (out->used - line < VALUE_COLUMN && !out->cut);
	conf_value_print(keyword, value, out);
	conf_out_text(out, "\n");
	return 0;
}

int conf_print_cluster(const struct conf *conf, char *buf, size_t size)
{
	struct printer printer = { .out = conf_out_start(buf, size) };

	conf_walk_cluster(conf, print_line, &printer);
	return printer.out.cut ? -ENOSPC : (int)printer.out.used;
}

int conf_print_package(const struct conf *conf, const struct conf_package *package,
		       char *buf, size_t size)
{
	struct printer printer = { .out = conf_out_start(buf, size) };

	conf_walk_package(conf, package, print_line, &printer);
	return printer.out.cut ? -ENOSPC : (int)printer.out.used;
}

static void print_place(const struct conf_report *report, struct conf_place place,
			struct conf_out *out)
{
	if (!place.line)
		return;
	if (report->file && report->file[place.file]) {
		conf_out_text(out, report->file[place.file]);
		conf_out_text(out, ":");
	}
	conf_out_u64(out, place.line);
	conf_out_text(out, ":");
	conf_out_u64(out, place.column);
	conf_out_text(out, ": ");
}

int conf_print_error(const struct conf_report *report, const struct conf_error *error,
		     char *buf, size_t size)
{
	struct conf_out out = conf_out_start(buf, size);
	const char *colon = ": ";

	print_place(report, error->place, &out);
	conf_out_text(&out, error->severity == CONF_ERROR ? "error: " : "warning: ");
	conf_out_text(&out, error->what);
	if (*error->found) {
		conf_out_text(&out, colon);
		conf_out_text(&out, "found ");
		conf_out_text(&out, error->found);
		colon = "; ";
	}
	if (*error->allowed) {
		conf_out_text(&out, colon);
		conf_out_text(&out, error->allowed);
		colon = "; ";
	}
	if (*error->remedy) {
		conf_out_text(&out, colon);
		conf_out_text(&out, error->remedy);
	}
	return (int)out.used;
}
