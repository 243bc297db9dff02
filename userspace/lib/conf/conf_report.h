/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside lib/conf: collecting faults. */
#ifndef TOCSIN_CONF_REPORT_H
#define TOCSIN_CONF_REPORT_H

#include "conf_out.h"

/* Fill a text of struct conf_error: CONF_SAY(error.found, "a", name, "b"). */
#define CONF_SAY(field, ...) conf_out_join(field, sizeof(field), __VA_ARGS__, \
						 (const char *)NULL)

struct conf_error conf_error_start(enum conf_severity severity, struct conf_place place);

/* Add it; bytes that cannot be printed become '?'. */
void conf_report_add(struct conf_report *report, const struct conf_error *error);

#endif
