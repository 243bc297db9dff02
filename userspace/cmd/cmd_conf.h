/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What cmcheckconf and cmapplyconf share: from files to a configuration that is
 * checked against the installed one, against itself and against all its nodes.
 */
#ifndef TOCSIN_CMD_CONF_H
#define TOCSIN_CMD_CONF_H

#include <jansson.h>
#include <tocsin/conf_print.h>

/**
 * struct cmd_conf - one run
 * @old: the installed configuration; NULL: none
 * @conf: the one to check or install
 * @id: name of this run's upload
 */
struct cmd_conf {
	const char *cluster_file;
	const char *package_file[CONF_PACKAGES_MAX];
	unsigned int package_files;
	bool verbose;
	bool files_only;
	struct conf *old;
	struct conf *conf;
	struct conf_report *report;
	const char *file[CONF_FILES_MAX];
	char id[33];
};

/* Add a package file of -P, or the files of a list (-p). 0 or CMD_USAGE. */
int cmd_conf_add_package(struct cmd_conf *run, const char *path);
int cmd_conf_add_list(struct cmd_conf *run, const char *path);

/**
 * cmd_conf_read - read the installed configuration and the files, check them
 * Looks at the nodes for what the files leave out, unless files_only.  All
 * faults are printed.
 * Return: CMD_OK or CMD_FAILED.
 */
int cmd_conf_read(struct cmd_conf *run);

/* Check against every node of it. CMD_OK or CMD_FAILED, faults printed. */
int cmd_conf_check_nodes(struct cmd_conf *run);

/* Send to this node's cmclconfd, for "check" and "install". */
int cmd_conf_upload(struct cmd_conf *run);

void cmd_conf_free(struct cmd_conf *run);

/**
 * cmd_conf_installed - read the binary configuration
 * Return: 0 with *conf (the caller frees it; NULL when none is installed), or
 * CMD_FAILED after a message.
 */
int cmd_conf_installed(struct conf **conf);

/**
 * cmd_conf_call - ask this node's cmclconfd
 * @args: taken over
 * @result: set on success; the caller drops it
 * Return: CMD_OK, or CMD_FAILED after a message.
 */
int cmd_conf_call(const char *op, json_t *args, json_t **result);

/* {name, addresses} of a node, for requests. */
json_t *cmd_conf_node(const struct conf_node *node);

#endif
