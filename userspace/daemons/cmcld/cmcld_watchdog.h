/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hardware watchdog: what is left when every CPU hangs with interrupts off.
 * It runs from arming to a clean disarm, fed each time the safety lease has
 * been renewed, with a timeout longer than that lease: the kernel's safety
 * timer, which can say why, comes first.
 */
#ifndef CMCLD_WATCHDOG_H
#define CMCLD_WATCHDOG_H

#include "cmcld_config.h"

struct cmcld_watchdog;

/**
 * cmcld_watchdog_timeout - the timeout to use
 * @wanted_s: CMCLD_WATCHDOG_TIMEOUT_S; 0: choose
 * @lease_ns: from a renewal to the moment at which the last CPU has stopped
 * Return: seconds; 0 when @wanted_s is too short, and @error says so.
 */
unsigned int cmcld_watchdog_timeout(unsigned int wanted_s, u64 lease_ns,
				    char error[CMCLD_CONFIG_TEXT_MAX]);

/**
 * cmcld_watchdog_create - find it and try it: started, set, stopped
 * @path: its device; "" (or "none") for no watchdog: all calls do nothing then
 * @out: NULL without a watchdog
 * Return: 0, or -errno and @error: what it is that does not do, and the remedy.
 * Context: start of the program; blocks.
 */
int cmcld_watchdog_create(const char *path, unsigned int timeout_s,
			  struct cmcld_watchdog **out, char error[CMCLD_CONFIG_TEXT_MAX]);
/* Leaves it running if it runs: only a stop in order stops it. */
void cmcld_watchdog_destroy(struct cmcld_watchdog *watchdog);

/* The following take NULL for no watchdog. Those three that are calls of its driver block
 * for as long as that likes, and belong to one thread (cmcld_feeder.h). */

/* Return: 0 or -errno. */
int cmcld_watchdog_start(struct cmcld_watchdog *watchdog);
/* Return: 0, also when it does not run; or -errno. */
int cmcld_watchdog_feed(struct cmcld_watchdog *watchdog);
/* After a clean disarm. Return: 0 or -errno: it may still run. */
int cmcld_watchdog_stop(struct cmcld_watchdog *watchdog);

/* Of the last boot: did it reset this machine? */
bool cmcld_watchdog_has_reset(const struct cmcld_watchdog *watchdog);
unsigned int cmcld_watchdog_seconds(const struct cmcld_watchdog *watchdog);

#endif
