/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TOCSIN_RECEIVE_H
#define TOCSIN_RECEIVE_H

struct sk_buff;
struct sock;
struct tocsin;

/* Encapsulation hook of the sockets: takes every datagram. Context: softirq. */
int tocsin_receive(struct sock *sk, struct sk_buff *skb);

/**
 * tocsin_receive_poll - take what has come, without the threads that would
 * With PREEMPT_RT an interrupt only wakes a thread, which a real-time task may
 * starve. Context: process, soft interrupts off; not in a soft interrupt.
 */
void tocsin_receive_poll(struct tocsin *t);

#endif
