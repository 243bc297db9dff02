// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmcld_log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <tocsin/base.h>
#include <tocsin/base_log.h>
#include <tocsin/conf.h>
#include <tocsin/logring.h>

static struct logring *ring;
static char node_name[CONF_NAME_MAX + 1] = "-";
static __thread u32 thread_id;

/* What the libraries have to say. */
static void library_line(enum base_log_level level, const char *line)
{
	cmcld_log((int)level, "%s", line);
}

int cmcld_log_open(const char *path, const char *node)
{
	int err = path ? logring_open(path, LOGRING_WRITER, &ring) : 0;

	if (err)
		return err;
	base_str_print(node_name, sizeof(node_name), "%s", node);
	base_log_redirect(library_line);
	return 0;
}

void cmcld_log_close(void)
{
	logring_close(ring);
	ring = NULL;
}

/* For people only. */
static u64 wall_clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (u64)ts.tv_sec * BASE_NS_PER_S + (u64)ts.tv_nsec;
}

static void record_init(struct logring_record *record, int priority, u8 kind)
{
	if (!thread_id)
		thread_id = (u32)gettid();
	record->t_ns = base_clock_ns();
	record->real_ns = wall_clock_ns();
	record->thread = thread_id;
	record->priority = (u8)priority;
	record->kind = kind;
	record->length = 0;
}

/* What does not fit is cut off; a record always holds a whole line's start. */
static void record_add(struct logring_record *record, const char *format,
		       va_list args)
{
	size_t room = LOGRING_TEXT - record->length;
	int n = vsnprintf(record->text + record->length, room, format, args);

	if (n > 0)
		record->length += (size_t)n < room ? (u16)n : (u16)(room - 1);
}

static void record_put(const struct logring_record *record)
{
	if (ring)
		logring_put(ring, record);
	else
		fprintf(stderr, "cmcld: %.*s\n", record->length, record->text);
}

void cmcld_log(int priority, const char *format, ...)
{
	struct logring_record record;
	va_list args;

	record_init(&record, priority, LOGRING_TEXT_LINE);
	va_start(args, format);
	record_add(&record, format, args);
	va_end(args);
	record_put(&record);
}

void cmcld_event(const char *what, const char *format, ...)
{
	struct logring_record record;
	va_list args;

	record_init(&record, LOG_INFO, LOGRING_EVENT);
	record.length = (u16)snprintf(record.text, 128,
				      "tocsin-event: t=%" PRIu64
				      " node=%.39s what=%.32s ",
				      record.t_ns, node_name, what);
	va_start(args, format);
	record_add(&record, format, args);
	va_end(args);
	record_put(&record);
}
