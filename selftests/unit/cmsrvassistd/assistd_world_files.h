/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files, and the making and clearing away, of the world in assistd_world.h. */
#ifndef ASSISTD_WORLD_FILES_H
#define ASSISTD_WORLD_FILES_H

#include "assistd_world.h"

WORLD void script_write(const char *name, const char *text)
{
	FILE *file = fopen(path_in_top(name), "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	assert_int_equal(chmod(path_in_top(name), 0755), 0);
}

/* Is this line in the file? */
WORLD bool file_has(const char *name, const char *text)
{
	char *content;
	bool found;

	if (base_file_read(path_in_top(name), 1 << 20, &content) < 0)
		return false;
	found = strstr(content, text) != NULL;
	free(content);
	return found;
}

WORLD void wait_file(const char *name, const char *text)
{
	for (int i = 0; !file_has(name, text); i++) {
		if (i >= WAIT_MS / 10)
			fail_msg("%s never held '%s'", name, text);
		poll(NULL, 0, 10);
	}
}

/* NULL: all is there; else what this machine lacks. */
WORLD const char *world_lacks(void)
{
	char base[ASSISTD_PATH_MAX - 64], probe[ASSISTD_PATH_MAX];

	if (geteuid())
		return "not root";
	if (assistd_cgroup_base(base, sizeof(base)))
		return "no cgroup v2";
	snprintf(group, sizeof(group), "%s/tocsin-test-%d", base, getpid());
	if (mkdir(group, 0755))
		return "cgroup v2 cannot be written";
	base_str_print(probe, sizeof(probe), "%s/cgroup.kill", group);
	return access(probe, W_OK) ? "no cgroup.kill (Linux 5.14)" : NULL;
}

WORLD int world_up(void **state)
{
	snprintf(top, sizeof(top), "/tmp/assistd-test-XXXXXX");
	assert_non_null(mkdtemp(top));
	assert_int_equal(mkdir(path_in_top("state"), 0755), 0);
	return 0;
}

WORLD void world_need(void)
{
	const char *lacks = world_lacks();

	if (!lacks) {
		daemon_start();
		cmcld_connect();
		return;
	}
	print_message("# SKIP: %s\n", lacks);
	skip();
}

WORLD int world_down(void **state)
{
	char command[ASSISTD_PATH_MAX];

	if (daemon_pid > 0)
		daemon_kill();
	daemon_pid = 0;
	if (group[0]) {
		assistd_cgroup_kill(group);
		for (int i = 0; i < 200 && !assistd_cgroup_empty(group); i++)
			poll(NULL, 0, 10);
		base_str_print(command, sizeof(command), "%s/pkg-web", group);
		assistd_cgroup_remove(command);
		assistd_cgroup_remove(group);
	}
	group[0] = 0;
	if (!fork()) {
		execlp("rm", "rm", "-r", top, NULL);
		_exit(127);
	}
	wait(NULL);
	return 0;
}

#endif
