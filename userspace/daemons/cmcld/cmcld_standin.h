/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Renews the safety lease in the real-time thread's stead while the kernel keeps that
 * thread waiting in a netlink request, or in one after the other
 * (Documentation/KERNEL-MODULE, Renewals).  It does so for a bounded time: a request that
 * does not come back is a cmcld that hangs.
 */
#ifndef CMCLD_STANDIN_H
#define CMCLD_STANDIN_H

#include <tocsin/base.h>

struct cmcld_standin;

/**
 * cmcld_standin_start - with a thread of its own
 * @period_ns: from a renewal, whoever made it, to the next one
 * @longest_ns: from the beginning of a request to the last of them
 * @priority: as that of the thread that it stands in for
 * @renew: called from that thread, never after cmcld_standin_end(), or from the real-time
 *	thread in cmcld_standin_end(); must not block
 * Return: 0 or -errno.
 */
int cmcld_standin_start(u64 period_ns, u64 longest_ns, int priority, void (*renew)(void *arg),
			void *arg, struct cmcld_standin **out);
/* NULL: nothing. */
void cmcld_standin_stop(struct cmcld_standin *standin);

/* Real-time thread, @standin may be NULL in these. */

/* It has renewed by itself, or nothing is to be renewed. */
void cmcld_standin_renewed(struct cmcld_standin *standin);
/* Around a request. */
void cmcld_standin_begin(struct cmcld_standin *standin);
/* Return: 0: nobody had to stand in; else how long it has waited in requests since it
 * last renewed by itself, ns. */
u64 cmcld_standin_end(struct cmcld_standin *standin);

#endif
