/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Feeds systemd's watchdog (WatchdogSec=) from a thread that does nothing else: no
 * request of a client and no wait for the kernel keeps it from running, nor does a hog
 * that the real-time thread survives.  When it is fed, and why: Documentation/ARCHITECTURE,
 * Who watches cmcld.
 */
#ifndef CMCLD_KEEPALIVE_H
#define CMCLD_KEEPALIVE_H

#include "cmcld_snapshot.h"

struct cmcld_keepalive;

/**
 * cmcld_keepalive_start - when systemd wants to be told; *@out is NULL when it does not
 * @publisher: what it knows of the real-time thread
 * @priority: below that of the real-time thread
 * Return: 0 or -errno.
 */
int cmcld_keepalive_start(struct cmcld_publisher *publisher, int priority,
			  struct cmcld_keepalive **out);
/* NULL: nothing. Waits for a systemd that does not read. */
void cmcld_keepalive_stop(struct cmcld_keepalive *keepalive);

#endif
