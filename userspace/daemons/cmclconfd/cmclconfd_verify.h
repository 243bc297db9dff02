/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Does a configuration fit this node? */
#ifndef CMCLCONFD_VERIFY_H
#define CMCLCONFD_VERIFY_H

#include "cmclconfd.h"

/**
 * clconfd_verify - interfaces, addresses, scripts and commands of this node
 * Return: a new array of {severity: "error"|"warning", text}.
 */
json_t *clconfd_verify(const struct clconfd *daemon, const struct conf *conf);

/**
 * clconfd_validate - call "validate" of the external scripts of this node's packages
 * Adds to @faults of clconfd_verify(). Context: a job; takes as long as they take,
 * a minute each at most.
 */
void clconfd_validate(const struct clconfd *daemon, const struct conf *conf, json_t *faults);

#endif
