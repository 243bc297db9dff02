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

static void message_text(const struct member_message *message, char *out, size_t size)
{
	const struct member_ballot *ballot = &message->promise.ballot;

	out[0] = '\0';
	switch (message->type) {
	case MEMBER_MESSAGE_PREPARE:
		snprintf(out, size, "e%u b%u.%u with %s", (u32)message->prepare.epoch,
			 (u32)message->prepare.ballot.counter, message->prepare.ballot.node,
			 sim_view_text(&message->prepare.commit.view));
		break;
	case MEMBER_MESSAGE_PROMISE:
		snprintf(out, size, "e%u b%u.%u state %u values %u hears %u",
			 (u32)message->promise.epoch, (u32)ballot->counter, ballot->node,
			 (u32)message->promise.state, message->promise.value_count,
			 message->promise.heard.count);
		break;
	case MEMBER_MESSAGE_ACCEPT:
	case MEMBER_MESSAGE_FORM_ACCEPT:
	case MEMBER_MESSAGE_ARBITER_ACCEPT:
		snprintf(out, size, "b%u.%u %s", (u32)message->accept.ballot.counter,
			 message->accept.ballot.node, sim_view_text(&message->accept.view));
		break;
	case MEMBER_MESSAGE_ACCEPTED:
	case MEMBER_MESSAGE_FORM_ACCEPTED:
		snprintf(out, size, "b%u.%u e%u:%04x ages %u",
			 (u32)message->accepted.ballot.counter, message->accepted.ballot.node,
			 (u32)message->accepted.epoch, (u32)(message->accepted.hash & 0xffff),
			 message->accepted.age_count);
		break;
	case MEMBER_MESSAGE_COMMIT:
		snprintf(out, size, "%s waits %u", sim_view_text(&message->commit.view),
			 message->commit.wait_count);
		break;
	case MEMBER_MESSAGE_ARBITER_ANSWER:
		snprintf(out, size, "to %s granted %d e%u newest e%u promised %u.%u",
			 member_message_name(message->arbiter_answer.request),
			 message->arbiter_answer.granted, (u32)message->arbiter_answer.epoch,
			 (u32)message->arbiter_answer.newest_epoch,
			 (u32)message->arbiter_answer.promised.counter,
			 message->arbiter_answer.promised.node);
		break;
	default:
		break;
	}
}

void sim_trace_message(struct sim_world *world, u32 from, u32 to,
		       const struct member_message *message, bool sent)
{
	char text[120];

	if (message->type == MEMBER_MESSAGE_HEARD)
		return;
	text[0] = '\0';
	if (world->tracer.on)
		message_text(message, text, sizeof(text));
	sim_trace(world, sent ? from : to, sent ? "send" : "take", "%s %c%u %s %s",
		  sent ? "->" : "<-", (sent ? to : from) == SIM_ARBITER ? 'q' : 'n',
		  (sent ? to : from) == SIM_ARBITER ? 0 : (sent ? to : from) + 1,
		  member_message_name(message->type), text);
}
