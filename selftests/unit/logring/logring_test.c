// SPDX-License-Identifier: GPL-2.0-or-later
/* Log ring: order, loss, concurrent writers, a killed writer, a new reader. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <tocsin/logring.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static char path[64];

static int setup(void **state)
{
	snprintf(path, sizeof(path), "/dev/shm/tocsin-ring-test-%d", getpid());
	unlink(path);
	return 0;
}

static int teardown(void **state)
{
	unlink(path);
	return 0;
}

static int put(struct logring *ring, const char *text)
{
	struct logring_record record = { .priority = 6 };

	record.length = strlen(text);
	memcpy(record.text, text, record.length);
	return logring_put(ring, &record);
}

static void assert_next(struct logring *ring, const char *text)
{
	struct logring_record record;

	assert_true(logring_get(ring, &record));
	assert_int_equal(record.length, strlen(text));
	assert_memory_equal(record.text, text, record.length);
}

static void records_keep_order(void **state)
{
	struct logring *writer, *reader;
	struct logring_record record;

	assert_int_equal(logring_open(path, LOGRING_WRITER, &writer), 0);
	assert_int_equal(logring_open(path, LOGRING_READER, &reader), 0);
	assert_false(logring_get(reader, &record));
	assert_int_equal(put(writer, "one"), 0);
	assert_int_equal(put(writer, "two"), 0);
	assert_next(reader, "one");
	assert_next(reader, "two");
	assert_false(logring_get(reader, &record));
	logring_close(writer);
	logring_close(reader);
}

static void second_writer_is_refused(void **state)
{
	struct logring *writer, *other;

	assert_int_equal(logring_open(path, LOGRING_WRITER, &writer), 0);
	assert_int_equal(logring_open(path, LOGRING_WRITER, &other), -EBUSY);
	logring_close(writer);
	assert_int_equal(logring_open(path, LOGRING_WRITER, &writer), 0);
	logring_close(writer);
}

static void full_ring_counts_loss(void **state)
{
	struct logring *ring;
	struct logring_record record;
	int i;

	assert_int_equal(logring_open(path, LOGRING_WRITER, &ring), 0);
	for (i = 0; i < LOGRING_CELLS; i++)
		assert_int_equal(put(ring, "x"), 0);
	for (i = 0; i < 3; i++)
		assert_int_equal(put(ring, "lost"), -ENOSPC);
	assert_int_equal(logring_lost_take(ring), 3);
	assert_int_equal(logring_lost_take(ring), 0);
	assert_true(logring_get(ring, &record));
	assert_int_equal(put(ring, "fits"), 0);
	for (i = 0; i < LOGRING_CELLS - 1; i++)
		assert_next(ring, "x");
	assert_next(ring, "fits");
	logring_close(ring);
}

static void records_outlive_writer_and_reader(void **state)
{
	struct logring *ring;

	assert_int_equal(logring_open(path, LOGRING_WRITER, &ring), 0);
	assert_int_equal(put(ring, "left behind"), 0);
	logring_close(ring);
	assert_int_equal(logring_open(path, LOGRING_WRITER, &ring), 0);
	assert_int_equal(put(ring, "new"), 0);
	assert_true(logring_current(ring, path));
	assert_next(ring, "left behind");
	assert_next(ring, "new");
	unlink(path);
	assert_false(logring_current(ring, path));
	logring_close(ring);
}

static void foreign_file_is_laid_out_anew(void **state)
{
	FILE *file = fopen(path, "w");
	struct logring *ring;

	assert_non_null(file);
	fputs("not a ring", file);
	fclose(file);
	assert_int_equal(logring_open(path, LOGRING_READER, &ring), 0);
	assert_int_equal(put(ring, "ok"), 0);
	assert_next(ring, "ok");
	logring_close(ring);
}

#define WRITERS	4
#define EACH	20000

struct work {
	struct logring *ring;
	int number;
	int refused;
};

static void *write_many(void *arg)
{
	struct work *work = arg;
	char text[32];
	int i;

	for (i = 0; i < EACH; i++) {
		snprintf(text, sizeof(text), "%d %d", work->number, i);
		work->refused += put(work->ring, text) != 0;
	}
	return NULL;
}

/* Take what is there; each writer's numbers must rise. */
static int drain(struct logring *ring, int last[WRITERS])
{
	struct logring_record record;
	int writer, number, got = 0;

	while (logring_get(ring, &record)) {
		record.text[record.length] = '\0';
		assert_int_equal(sscanf(record.text, "%d %d", &writer, &number), 2);
		assert_in_range(writer, 0, WRITERS - 1);
		assert_true(number > last[writer]);
		last[writer] = number;
		got++;
	}
	return got;
}

static void writers_meet_without_loss_of_count(void **state)
{
	struct work work[WRITERS];
	pthread_t thread[WRITERS];
	int last[WRITERS] = { -1, -1, -1, -1 };
	struct logring *writer, *reader;
	int i, got = 0, refused = 0;

	assert_int_equal(logring_open(path, LOGRING_WRITER, &writer), 0);
	assert_int_equal(logring_open(path, LOGRING_READER, &reader), 0);
	for (i = 0; i < WRITERS; i++) {
		work[i] = (struct work){ .ring = writer, .number = i };
		assert_int_equal(pthread_create(&thread[i], NULL, write_many,
						&work[i]), 0);
	}
	for (i = 0; i < 200; i++) {
		logring_wait(reader, 1);
		got += drain(reader, last);
	}
	for (i = 0; i < WRITERS; i++) {
		pthread_join(thread[i], NULL);
		refused += work[i].refused;
	}
	got += drain(reader, last);
	assert_int_equal(got + refused, WRITERS * EACH);
	assert_int_equal(logring_lost_take(reader), refused);
	logring_close(writer);
	logring_close(reader);
}

/* Write until killed. */
static pid_t endless_writer(void)
{
	struct logring *ring;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid)
		return pid;
	/* Not longer than a test that fails. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (logring_open(path, LOGRING_WRITER, &ring))
		_exit(1);
	for (;;)
		put(ring, "from the killed one");
}

/* Whatever moment the writer is killed at, the next one can be read. */
static void killed_writer_leaves_no_gap(void **state)
{
	struct logring_record record;
	struct logring *ring;
	int round;

	for (round = 0; round < 10; round++) {
		bool found = false;
		int got = 0;
		pid_t pid = endless_writer();

		assert_int_equal(logring_open(path, LOGRING_READER, &ring), 0);
		while (got < 500 + round * 77) {
			logring_wait(ring, 1);
			while (logring_get(ring, &record))
				got++;
		}
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		logring_close(ring);
		assert_int_equal(logring_open(path, LOGRING_WRITER, &ring), 0);
		logring_get(ring, &record);
		assert_int_equal(put(ring, "last"), 0);
		while (logring_get(ring, &record))
			found = record.length == 4 &&
				memcmp(record.text, "last", 4) == 0;
		assert_true(found);
		logring_close(ring);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(records_keep_order, setup, teardown),
		cmocka_unit_test_setup_teardown(second_writer_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(full_ring_counts_loss, setup, teardown),
		cmocka_unit_test_setup_teardown(records_outlive_writer_and_reader,
						setup, teardown),
		cmocka_unit_test_setup_teardown(foreign_file_is_laid_out_anew,
						setup, teardown),
		cmocka_unit_test_setup_teardown(writers_meet_without_loss_of_count,
						setup, teardown),
		cmocka_unit_test_setup_teardown(killed_writer_leaves_no_gap,
						setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
