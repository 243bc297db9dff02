// SPDX-License-Identifier: GPL-2.0-or-later
/* cmgetconf: give the installed configuration back as text. */
#include "cmd.h"
#include "cmd_conf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <tocsin/base.h>

#define TEXT_MAX (4 << 20)

static const struct cmd_help help = {
	.usage = "[-p PACKAGE | -P DIRECTORY] [FILE]",
	.text =
	"Writes the installed cluster's file, or that of a package, to FILE or to standard\n"
	"output. Applied again, it changes nothing.\n\n"
	"  -p PACKAGE     the file of this package instead\n"
	"  -P DIRECTORY   the files of all packages, DIRECTORY/PACKAGE.conf each\n"
	"  -c CLUSTER     fail unless the cluster has this name\n"
	"  -v LEVEL, -K   taken for compatibility\n",
	.examples =
	"  cmgetconf                     print the cluster file\n"
	"  cmgetconf -p web web.conf     write that of package web\n"
	"  cmgetconf -P /root/packages   all packages\n",
};

struct options {
	const char *cluster;
	const char *package;
	const char *directory;
	const char *file;
};

static int write_text(const char *path, const char *text, size_t length)
{
	int err;

	if (!path) {
		fwrite(text, 1, length, stdout);
		return CMD_OK;
	}
	err = base_file_write(path, text, length, 0644);
	return err ? cmd_error("%s: %s", path, strerror(-err)) : CMD_OK;
}

static int write_package(const struct conf *conf, const struct conf_package *package,
			 const char *path, char *text)
{
	int length = conf_print_package(conf, package, text, TEXT_MAX);

	if (length < 0)
		return cmd_error("package %s: %s", package->name, strerror(-length));
	return write_text(path, text, (size_t)length);
}

static int write_all(const struct conf *conf, const char *directory, char *text)
{
	int code = CMD_OK;

	if (mkdir(directory, 0755) && errno != EEXIST)
		return cmd_error("%s: %s", directory, strerror(errno));
	for (u16 i = 0; i < conf->package_count && !code; i++) {
		char path[512];

		base_str_print(path, sizeof(path), "%s/%s.conf", directory,
			       conf->package[i].name);
		code = write_package(conf, &conf->package[i], path, text);
	}
	return code;
}

static int write_wanted(const struct conf *conf, const struct options *options, char *text)
{
	const struct conf_package *package;
	int length;

	if (options->directory)
		return write_all(conf, options->directory, text);
	if (!options->package) {
		length = conf_print_cluster(conf, text, TEXT_MAX);
		if (length < 0)
			return cmd_error("the cluster: %s", strerror(-length));
		return write_text(options->file, text, (size_t)length);
	}
	package = conf_package_by_name(conf, options->package);
	if (!package)
		return cmd_error("there is no package '%s' in cluster %s", options->package,
				 conf->cluster.name);
	return write_package(conf, package, options->file, text);
}

static int get(const struct options *options)
{
	struct conf *conf;
	char *text;
	int code = cmd_conf_installed(&conf);

	if (code)
		return code;
	if (!conf)
		return cmd_error("no cluster is configured on this node; see cmapplyconf");
	if (options->cluster && strcmp(options->cluster, conf->cluster.name)) {
		code = cmd_error("this node is in cluster %s, not in %s", conf->cluster.name,
				 options->cluster);
		free(conf);
		return code;
	}
	text = malloc(TEXT_MAX);
	code = text ? write_wanted(conf, options, text) : cmd_error("out of memory");
	free(text);
	free(conf);
	return code;
}

int cmgetconf_main(int argc, char **argv)
{
	struct options options = { .file = NULL };
	int option;

	while ((option = cmd_option(argc, argv, "c:p:P:v:K", NULL, &help)) != -1) {
		if (option == 'c')
			options.cluster = optarg;
		else if (option == 'p')
			options.package = optarg;
		else if (option == 'P')
			options.directory = optarg;
	}
	if (optind < argc)
		options.file = argv[optind++];
	if (optind < argc)
		return cmd_usage_error("'%s' is not expected", argv[optind]);
	if (options.directory && (options.package || options.file))
		return cmd_usage_error("-P writes files of its own; leave -p and FILE out");
	return get(&options);
}
