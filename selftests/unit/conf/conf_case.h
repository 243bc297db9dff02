/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cases of the configuration tests: files in cases/ with sections
 *
 *	== cluster		a cluster file
 *	== package		a package file, any number
 *	== expect		what conf_print_error() says, line by line
 *
 * The sections' names are the file names in messages: cluster, package1, ...
 */
#ifndef CONF_CASE_H
#define CONF_CASE_H

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <tocsin/conf_address.h>
#include <tocsin/conf_binary.h>
#include <tocsin/conf_print.h>

#define CASE_TEXT_MAX (64 * 1024)

struct conf_case {
	struct conf *conf;
	struct conf_report *report;
	char expect[CASE_TEXT_MAX];
	char said[CASE_TEXT_MAX];
};

static const char *const case_files[] = {
	"cluster", "package1", "package2", "package3", "package4"
};

static inline char *case_read(const char *path)
{
	FILE *file = fopen(path, "rb");
	char *text = calloc(1, CASE_TEXT_MAX);

	assert_non_null(file);
	assert_non_null(text);
	assert_true(fread(text, 1, CASE_TEXT_MAX - 1, file) < CASE_TEXT_MAX - 1);
	fclose(file);
	return text;
}

static inline struct conf_case *case_new(void)
{
	struct conf_case *run = calloc(1, sizeof(*run));

	assert_non_null(run);
	run->conf = malloc(sizeof(*run->conf));
	run->report = calloc(1, sizeof(*run->report));
	assert_non_null(run->conf);
	assert_non_null(run->report);
	/* Fields that conf_init() leaves alone must not matter. */
	memset(run->conf, 0xa5, sizeof(*run->conf));
	conf_init(run->conf);
	run->report->file = case_files;
	return run;
}

static inline void case_free(struct conf_case *run)
{
	free(run->conf);
	free(run->report);
	free(run);
}

/* The end of the section that begins at @text. */
static inline char *case_section_end(char *text)
{
	char *end = strstr(text, "\n== ");

	return end ? end + 1 : text + strlen(text);
}

/* Parses and checks all sections; what was said goes to run->said. */
static inline struct conf_case *case_run(char *text)
{
	struct conf_case *run = case_new();
	u16 package = 0;
	char *out = run->said;

	while (*text) {
		char *body = strchr(text, '\n') + 1;
		char *end = case_section_end(text);
		size_t length = body < end ? (size_t)(end - body) : 0;

		if (!strncmp(text, "== cluster", 10))
			conf_parse_cluster(run->conf, body, length, 0, run->report);
		else if (!strncmp(text, "== package", 10))
			conf_parse_package(run->conf, body, length, ++package, run->report);
		else
			memcpy(run->expect, body, length);
		text = end;
	}
	if (!run->report->errors) {
		run->conf->cluster.id = 7;
		run->conf->cluster.generation = 1;
		conf_check(run->conf, run->report);
	}
	for (u16 i = 0; i < run->report->count; i++) {
		out += conf_print_error(run->report, &run->report->error[i], out,
					CONF_ERROR_TEXT_MAX);
		*out++ = '\n';
	}
	return run;
}

static inline void case_path(char *path, size_t size, const char *name)
{
	const char *slash = strrchr(__FILE__, '/');

	snprintf(path, size, "%.*s/cases/%s", (int)(slash - __FILE__), __FILE__, name);
}

#endif
