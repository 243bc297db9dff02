/* SPDX-License-Identifier: GPL-2.0 */
/* Watching the battery clock from the first arming to the end of an attachment. */
#ifndef TOCSIN_BATTERY_H
#define TOCSIN_BATTERY_H

struct tocsin;

/* Of the initial instance; without a battery clock they do nothing, nor does a second start.
 * Context: process, t->mutex held.
 */
void tocsin_battery_start(struct tocsin *t);
void tocsin_battery_stop(struct tocsin *t);

#endif
