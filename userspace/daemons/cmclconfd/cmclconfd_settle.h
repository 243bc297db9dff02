/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CMCLCONFD_SETTLE_H
#define CMCLCONFD_SETTLE_H

#include "cmclconfd.h"

/**
 * clconfd_settle - wait until no change of the configuration is unfinished here
 * For cmcld's unit, before it reads the configuration.  The daemon does the work;
 * this only waits for it, 30 s at most.
 * Return: exit code: 0, or 1 after a message.
 */
int clconfd_settle(const struct clconfd *daemon);

#endif
