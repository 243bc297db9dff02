/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A prepared change whose coordinator went silent.
 *
 * The coordinator installs on itself first, when all have prepared.  So:
 *   - the coordinator itself, restarted: what it has not installed, nobody has:
 *     drop it;
 *   - another node asks the coordinator: installed -> install; still at work ->
 *     wait; else drop;
 *   - the coordinator does not answer: if any other node has installed it,
 *     install; if one that answers neither holds nor has it, it was dropped:
 *     drop; else wait for the coordinator and ask again.
 */
#ifndef CMCLCONFD_RESOLVE_H
#define CMCLCONFD_RESOLVE_H

#include "cmclconfd.h"

/* Look every two seconds, the first time at once. */
int clconfd_resolve_start(struct clconfd *daemon);

/* Ask now, if something is staged and nobody is asked yet. */
void clconfd_resolve_now(struct clconfd *daemon);

#endif
