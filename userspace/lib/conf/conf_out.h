/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text into a bounded buffer: messages, and the printed configuration. */
#ifndef TOCSIN_CONF_OUT_H
#define TOCSIN_CONF_OUT_H

#include <tocsin/conf.h>

/* Always ends with NUL when size > 0; @cut once something did not fit. */
struct conf_out {
	char *buf;
	size_t size;
	size_t used;
	bool cut;
};

struct conf_out conf_out_start(char *buf, size_t size);
void conf_out_bytes(struct conf_out *out, const char *text, size_t length);
void conf_out_text(struct conf_out *out, const char *text);
void conf_out_u64(struct conf_out *out, u64 number);
/* The largest unit that divides it: "10min", "2s", "100ms", "40us". */
void conf_out_time(struct conf_out *out, u64 time_ns);
/* With "/prefix" when that is known. */
void conf_out_address(struct conf_out *out, const struct conf_address *address);
/* In double quotes when it could not be read back otherwise. */
void conf_out_quoted(struct conf_out *out, const char *text, size_t length);

/* Concatenate texts, ended by NULL, into a field; what does not fit is cut. */
void conf_out_join(char *buf, size_t size, ...) __attribute__((sentinel));

#endif
