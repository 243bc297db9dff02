/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who feeds the hardware watchdog: a thread of its own, because a driver may sleep, and
 * hang, in each of its calls, and whoever renews the safety lease must not wait for it.
 * It feeds only when the lease has been renewed since it last did, so the hardware gets
 * no more than the kernel got.
 */
#ifndef CMCLD_FEEDER_H
#define CMCLD_FEEDER_H

#include <tocsin/base.h>

struct cmcld_feeder;

/* All are called by the feeder's thread and may block. Return: 0 or -errno. */
struct cmcld_feeder_ops {
	int (*start)(void *arg);
	int (*feed)(void *arg);
	int (*stop)(void *arg);
};

/**
 * cmcld_feeder_create - with a thread that waits for cmcld_feeder_begin()
 * @period_ns: how often it looks whether the lease has been renewed
 * @priority: below that of who renews, so that a driver that is busy delays nobody
 * Return: 0 or -errno.
 */
int cmcld_feeder_create(const struct cmcld_feeder_ops *ops, void *arg, u64 period_ns,
			int priority, struct cmcld_feeder **out);
/* Waits for the call under way. Stops the watchdog if it has been told to, else leaves
 * it as it is. */
void cmcld_feeder_destroy(struct cmcld_feeder *feeder);

/* The following take NULL for no watchdog, and wait for nobody. */

/* This node has armed; it has disarmed in order. */
void cmcld_feeder_begin(struct cmcld_feeder *feeder);
void cmcld_feeder_end(struct cmcld_feeder *feeder);
/* Any thread: the kernel has renewed the lease. */
void cmcld_feeder_renewed(struct cmcld_feeder *feeder);
/* Any thread: it has been started, and not stopped since. */
bool cmcld_feeder_running(struct cmcld_feeder *feeder);

#endif
