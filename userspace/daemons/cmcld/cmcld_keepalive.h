/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What systemd is told so that it leaves cmcld alone, from a thread that does nothing else:
 * no request of a client and no wait for the kernel keeps it from running, nor does a hog
 * that the real-time thread survives.  It feeds systemd's watchdog (WatchdogSec=), and puts
 * off the end of its patience with a stop (TimeoutStopSec=).  When, and why:
 * Documentation/ARCHITECTURE, Who watches cmcld, and How a stop ends.
 */
#ifndef CMCLD_KEEPALIVE_H
#define CMCLD_KEEPALIVE_H

#include "cmcld_snapshot.h"

struct cmcld_keepalive;

/**
 * struct cmcld_keepalive_config
 * @publisher: what it knows of the real-time thread
 * @priority: below that of the real-time thread
 * @silence_ns: a main thread that has not gone round for so long does not stop any more
 */
struct cmcld_keepalive_config {
	struct cmcld_publisher *publisher;
	int priority;
	u64 silence_ns;
};

/* *@out is NULL where there is no systemd to be told. Return: 0 or -errno. */
int cmcld_keepalive_start(const struct cmcld_keepalive_config *config,
			  struct cmcld_keepalive **out);

/* Main thread, @keepalive may be NULL in these. */

/* From now on this process is to end. Counts as a beat. */
void cmcld_keepalive_stopping(struct cmcld_keepalive *keepalive);
/* The main thread goes round: often in @silence_ns. */
void cmcld_keepalive_beat(struct cmcld_keepalive *keepalive);
/* Waits for a systemd that does not read. */
void cmcld_keepalive_stop(struct cmcld_keepalive *keepalive);

#endif
