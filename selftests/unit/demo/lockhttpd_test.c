// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The demo's proof must itself be proved: lockhttpd and fencelog.py see two owners
 * at a time, whichever came first, and do not cry wolf at a proper succession.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define main lockhttpd_main
int lockhttpd_main(int argc, char **argv);
#include "../../../tools/demo/lockhttpd.c"
#undef main

#include <sys/wait.h>

static char image[64];

static int image_make(void **state)
{
	int fd;

	snprintf(image, sizeof(image), "lockhttpd-test-XXXXXX");
	fd = mkstemp(image);
	if (fd < 0 || ftruncate(fd, 16 << 20))
		return -1;
	close(fd);
	fd = open(image, O_RDWR | O_DIRECT);
	if (fd >= 0)
		return close(fd);
	print_message("# SKIP: no direct I/O in this directory\n");
	return -1;
}

static int image_remove(void **state)
{
	return unlink(image);
}

static pid_t owner_start(const char *node, const char *run)
{
	char port[] = "0", *argv[] = { (char *)"lockhttpd", image, port, NULL };
	pid_t pid = fork();

	if (pid)
		return pid;
	setenv("SG_NODE", node, 1);
	setenv("SG_RUN_ID", run, 1);
	if (!freopen("/dev/null", "w", stderr))
		_exit(9);
	exit(lockhttpd_main(3, argv));
}

static struct block record(int number)
{
	static struct block out __attribute__((aligned(BLOCK)));
	int fd = open(image, O_RDONLY);

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &out, BLOCK, (off_t)number * BLOCK), BLOCK);
	close(fd);
	return out;
}

static void wait_beats(int run, uint64_t beats)
{
	for (int i = 0; record(RUN_AT + run).beats < beats; i++) {
		assert_true(i < 1000);
		poll(NULL, 0, 10);
	}
}

static int status_of(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

/* Exit status of fencelog.py: 0 never two, 1 a fault. */
static int verdict(void)
{
	char script[512];
	pid_t pid = fork();

	if (pid)
		return WEXITSTATUS(status_of(pid));
	snprintf(script, sizeof(script), "%.*s/tools/demo/fencelog.py",
		 (int)(strstr(__FILE__, "/selftests/") - __FILE__), __FILE__);
	if (!freopen("/dev/null", "w", stdout))
		_exit(9);
	execlp("python3", "python3", script, image, NULL);
	_exit(9);
}

static void proper_succession(void **state)
{
	pid_t pid;

	assert_int_equal(verdict(), 1);		/* an empty disk proves nothing */
	pid = owner_start("n1", "1");
	wait_beats(0, 3);
	kill(pid, SIGKILL);
	status_of(pid);
	pid = owner_start("n2", "2");
	wait_beats(1, 3);
	kill(pid, SIGTERM);
	assert_int_equal(status_of(pid), 0);
	assert_int_equal(record(RUN_AT + 1).end, STOPPED);
	assert_int_equal(record(RUN_AT).end, RUNNING);
	assert_int_equal(verdict(), 0);
}

static void second_comes(void **state)
{
	pid_t first = owner_start("n1", "1"), second, loser;
	int status;

	wait_beats(0, 3);
	second = owner_start("n2", "2");
	/* One of them finds the other; which, depends on the moment. */
	loser = waitpid(-1, &status, 0);
	assert_int_equal(WEXITSTATUS(status), 3);
	assert_int_equal(record(VIOLATION_AT).magic, VIOLATION_MAGIC);
	kill(loser == first ? second : first, SIGTERM);
	status_of(loser == first ? second : first);
	assert_int_equal(verdict(), 1);
}

/* Frozen when the other takes over, thawed afterwards. */
static void sleeper_wakes(void **state)
{
	pid_t first = owner_start("n1", "1"), second;

	wait_beats(0, 3);
	kill(first, SIGSTOP);
	second = owner_start("n2", "2");
	wait_beats(1, 3);
	kill(second, SIGKILL);
	status_of(second);
	assert_int_equal(verdict(), 0);
	kill(first, SIGCONT);
	assert_int_equal(WEXITSTATUS(status_of(first)), 3);
	assert_int_equal(verdict(), 1);
}

/* The former owner's record shows a beat that its heir did not find. */
static void beat_after_takeover(void **state)
{
	struct block former;
	pid_t pid = owner_start("n1", "1");
	int fd;

	wait_beats(0, 3);
	kill(pid, SIGKILL);
	status_of(pid);
	pid = owner_start("n2", "2");
	wait_beats(1, 1);
	kill(pid, SIGKILL);
	status_of(pid);
	assert_int_equal(verdict(), 0);
	former = record(RUN_AT);
	former.beats = record(RUN_AT + 1).former_beats + 1;
	fd = open(image, O_WRONLY);
	assert_int_equal(pwrite(fd, &former, BLOCK, RUN_AT * BLOCK), BLOCK);
	close(fd);
	assert_int_equal(verdict(), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(proper_succession, image_make, image_remove),
		cmocka_unit_test_setup_teardown(second_comes, image_make, image_remove),
		cmocka_unit_test_setup_teardown(sleeper_wakes, image_make, image_remove),
		cmocka_unit_test_setup_teardown(beat_after_takeover, image_make, image_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
