/* SPDX-License-Identifier: GPL-2.0 */
/* The heartbeat timer: once an interval, send, and see who has gone silent. */
#ifndef TOCSIN_TIMERS_H
#define TOCSIN_TIMERS_H

struct tocsin;

void tocsin_timers_init(struct tocsin *t);
/* Context: process, t->mutex held. Return: 0 or -errno. */
int tocsin_timers_start(struct tocsin *t);
/* Nothing is sent from now on; until tocsin_timers_end() the soft interrupts of all CPUs are
 * still looked after, RCU's among them. Context: process, t->mutex held.
 */
void tocsin_timers_stop(struct tocsin *t);
void tocsin_timers_end(void);
/* The kernel panics: no heartbeat of any instance from now on. Context: any. */
void tocsin_timers_silence(void);

#endif
