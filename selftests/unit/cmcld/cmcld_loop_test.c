// SPDX-License-Identifier: GPL-2.0-or-later
/* Event loop: timers in order, before descriptors; watching and unwatching. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <tocsin/base.h>

#include "cmcld_loop.h"

struct trace {
	struct cmcld_loop *loop;
	char text[64];
	int fd;
	int rounds;
};

static void note(struct trace *trace, char what)
{
	size_t length = strlen(trace->text);

	assert_true(length < sizeof(trace->text) - 1);
	trace->text[length] = what;
}

static void on_first(void *arg, u64 now_ns)
{
	note(arg, 'a');
}

static void on_second(void *arg, u64 now_ns)
{
	note(arg, 'b');
}

static void on_last(void *arg, u64 now_ns)
{
	struct trace *trace = arg;

	note(trace, 'z');
	cmcld_loop_stop(trace->loop);
}

static void timers_fire_once_in_order(void **state)
{
	struct trace trace = { .loop = cmcld_loop_create() };
	int first = cmcld_loop_timer_add(trace.loop, on_first, &trace);
	int second = cmcld_loop_timer_add(trace.loop, on_second, &trace);
	int last = cmcld_loop_timer_add(trace.loop, on_last, &trace);
	u64 now = base_clock_ns();

	cmcld_loop_timer_set(trace.loop, last, now + 3000000);
	cmcld_loop_timer_set(trace.loop, second, now);
	cmcld_loop_timer_set(trace.loop, first, now);
	assert_int_equal(cmcld_loop_run(trace.loop), 0);
	assert_string_equal(trace.text, "abz");
	cmcld_loop_timer_set(trace.loop, first, CMCLD_NEVER);
	cmcld_loop_timer_set(trace.loop, last, now);
	assert_int_equal(cmcld_loop_run(trace.loop), 0);
	assert_string_equal(trace.text, "abzz");
	cmcld_loop_destroy(trace.loop);
}

static void on_busy(void *arg, u32 events)
{
	struct trace *trace = arg;

	assert_true(events & EPOLLIN);
	trace->rounds++;
}

/* A descriptor that is always readable does not keep timers from running. */
static void busy_descriptor_does_not_hold_up_timers(void **state)
{
	struct trace trace = { .loop = cmcld_loop_create() };
	int last = cmcld_loop_timer_add(trace.loop, on_last, &trace);

	trace.fd = eventfd(1, EFD_CLOEXEC);
	assert_int_equal(cmcld_loop_watch(trace.loop, trace.fd, EPOLLIN, on_busy, &trace), 0);
	cmcld_loop_timer_set(trace.loop, last, base_clock_ns() + 2000000);
	assert_int_equal(cmcld_loop_run(trace.loop), 0);
	assert_true(trace.rounds > 0);
	assert_string_equal(trace.text, "z");
	close(trace.fd);
	cmcld_loop_destroy(trace.loop);
}

static void on_unwatch(void *arg, u32 events)
{
	struct trace *trace = arg;

	trace->rounds++;
	cmcld_loop_unwatch(trace->loop, trace->fd);
}

static void unwatched_descriptor_is_silent(void **state)
{
	struct trace trace = { .loop = cmcld_loop_create() };
	int last = cmcld_loop_timer_add(trace.loop, on_last, &trace);

	trace.fd = eventfd(1, EFD_CLOEXEC);
	assert_int_equal(cmcld_loop_watch(trace.loop, trace.fd, EPOLLIN, on_unwatch, &trace), 0);
	cmcld_loop_timer_set(trace.loop, last, base_clock_ns() + 5000000);
	assert_int_equal(cmcld_loop_run(trace.loop), 0);
	assert_int_equal(trace.rounds, 1);
	close(trace.fd);
	cmcld_loop_destroy(trace.loop);
}

static void tables_are_bounded(void **state)
{
	struct cmcld_loop *loop = cmcld_loop_create();
	int i;

	for (i = 0; i < CMCLD_LOOP_TIMERS_MAX; i++)
		assert_int_equal(cmcld_loop_timer_add(loop, on_first, NULL), i);
	assert_int_equal(cmcld_loop_timer_add(loop, on_first, NULL), -ENOSPC);
	assert_int_equal(cmcld_loop_watch(loop, 9999, EPOLLIN, on_busy, NULL), -EBADF);
	cmcld_loop_destroy(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timers_fire_once_in_order),
		cmocka_unit_test(busy_descriptor_does_not_hold_up_timers),
		cmocka_unit_test(unwatched_descriptor_is_silent),
		cmocka_unit_test(tables_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
