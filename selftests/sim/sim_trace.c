// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim_trace.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

#include "sim_world.h"

#define FNV_OFFSET	0xcbf29ce484222325ULL
#define FNV_PRIME	0x100000001b3ULL

void sim_trace_init(struct sim_tracer *tracer, bool on)
{
	memset(tracer, 0, sizeof(*tracer));
	tracer->digest = FNV_OFFSET;
	tracer->on = on;
	if (!on)
		return;
	tracer->line = malloc(sizeof(tracer->line[0]) * SIM_TRACE_LINES);
	core_assert(tracer->line);
}

void sim_trace_free(struct sim_tracer *tracer)
{
	free(tracer->line);
	tracer->line = NULL;
}

static void digest_add(struct sim_tracer *tracer, u64 number)
{
	tracer->digest = (tracer->digest ^ number) * FNV_PRIME;
	tracer->digest ^= tracer->digest >> 29;
}

void sim_trace(struct sim_world *world, u32 node, const char *event, const char *format, ...)
{
	struct sim_tracer *tracer = &world->tracer;
	const char *c;
	va_list args;
	char *line;
	int used;

	digest_add(tracer, world->now_ns);
	digest_add(tracer, node);
	for (c = event; *c; c++)
		digest_add(tracer, *c);
	if (!tracer->on)
		return;
	line = tracer->line[tracer->count++ % SIM_TRACE_LINES];
	used = snprintf(line, SIM_TRACE_WIDTH, "%8" PRIu64 ".%03" PRIu64 " %c%-2u %-13s ",
			world->now_ns / SIM_NS_PER_MS, world->now_ns % SIM_NS_PER_MS / 1000,
			node == SIM_NOBODY ? '-' : node == SIM_ARBITER ? 'q' : 'n',
			node == SIM_NOBODY || node == SIM_ARBITER ? 0 : node + 1, event);
	va_start(args, format);
	vsnprintf(line + used, SIM_TRACE_WIDTH - used, format, args);
	va_end(args);
}

void sim_trace_print(const struct sim_tracer *tracer, u64 lines, FILE *out)
{
	u64 at = tracer->count > lines ? tracer->count - lines : 0;

	if (tracer->count > SIM_TRACE_LINES && at < tracer->count - SIM_TRACE_LINES)
		at = tracer->count - SIM_TRACE_LINES;
	for (; at < tracer->count; at++)
		fprintf(out, "%s\n", tracer->line[at % SIM_TRACE_LINES]);
}

const char *sim_view_text(const struct core_view *view)
{
	static char text[4][128];
	static u32 next;
	char *out = text[next++ % 4];
	int used;
	u32 i;

	used = snprintf(out, sizeof(text[0]), "%" PRIu64 ":%04x{", view->epoch,
			(u32)(view->hash & 0xffff));
	for (i = 0; i < view->count && i < SIM_NODES_MAX; i++)
		used += snprintf(out + used, sizeof(text[0]) - used, "%s%u.%02x", i ? "," : "",
				 view->member[i].id, (u32)(view->member[i].incarnation & 0xff));
	snprintf(out + used, sizeof(text[0]) - used, "}c%u%s", view->coordinator,
		 view->arbiter ? "+q" : "");
	return out;
}
