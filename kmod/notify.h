/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TOCSIN_NOTIFY_H
#define TOCSIN_NOTIFY_H

struct tocsin;

/* Hand the core's events to recorder, log and listeners, in their order.
 * Context: process or softirq, no lock held.
 */
void tocsin_notify_flush(struct tocsin *t);

#endif
