/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The short log: one line an event, fixed columns
 *
 *	  12345.678 n3 install      epoch 4 {1,3} ...
 *
 * and a digest of all that happened, which must be the same each time a seed
 * is run.
 */
#ifndef TOCSIN_SIM_TRACE_H
#define TOCSIN_SIM_TRACE_H

#include <stdio.h>

#include "core.h"

#define SIM_TRACE_LINES	100000
#define SIM_TRACE_WIDTH	160

struct sim_world;

/**
 * struct sim_tracer
 * @on: lines are kept (the last SIM_TRACE_LINES)
 */
struct sim_tracer {
	bool on;
	u64 digest;
	u64 count;
	char (*line)[SIM_TRACE_WIDTH];
};

void sim_trace_init(struct sim_tracer *tracer, bool on);
void sim_trace_free(struct sim_tracer *tracer);

/* @node: index, or SIM_NOBODY for the world; @event: a short word. */
void sim_trace(struct sim_world *world, u32 node, const char *event, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

struct member_message;
/* A message goes from one end to another, or @sent false: arrives. */
void sim_trace_message(struct sim_world *world, u32 from, u32 to,
		       const struct member_message *message, bool sent);

/* The last @lines lines. */
void sim_trace_print(const struct sim_tracer *tracer, u64 lines, FILE *out);

/* "4:{1,3}" into a static buffer. */
const char *sim_view_text(const struct core_view *view);

#endif
