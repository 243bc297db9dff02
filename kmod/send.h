/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TOCSIN_SEND_H
#define TOCSIN_SEND_H

struct tocsin;

/* One heartbeat to each peer on each path. Context: softirq. */
void tocsin_send_all(struct tocsin *t);

#endif
