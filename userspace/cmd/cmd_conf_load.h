/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TOCSIN_CMD_CONF_LOAD_H
#define TOCSIN_CMD_CONF_LOAD_H

#include <tocsin/conf.h>

/**
 * cmd_conf_load - read a binary configuration
 * Return: a configuration that the caller frees with free(), or NULL after a
 * message that names the file, what is wrong and the remedy.
 */
struct conf *cmd_conf_load(const char *path);

#endif
