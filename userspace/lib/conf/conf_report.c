// SPDX-License-Identifier: GPL-2.0-or-later
#include "conf_report.h"

struct conf_error conf_error_start(enum conf_severity severity, struct conf_place place)
{
	return (struct conf_error){ .severity = severity, .place = place };
}

static void make_printable(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || (unsigned char)*text >= 0x7f)
			*text = '?';
}

void conf_report_add(struct conf_report *report, const struct conf_error *error)
{
	struct conf_error *own;

	/* A warning about what this run did not bring is no news. */
	if (error->severity == CONF_WARNING && !error->place.line)
		return;
	if (error->severity == CONF_ERROR)
		report->errors++;
	else
		report->warnings++;
	if (report->count == CONF_ERRORS_MAX) {
		report->lost++;
		return;
	}
	own = &report->error[report->count++];
	*own = *error;
	make_printable(own->what);
	make_printable(own->found);
	make_printable(own->allowed);
	make_printable(own->remedy);
}
