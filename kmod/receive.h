/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TOCSIN_RECEIVE_H
#define TOCSIN_RECEIVE_H

struct sk_buff;
struct sock;

/* Encapsulation hook of the sockets: takes every datagram. Context: softirq. */
int tocsin_receive(struct sock *sk, struct sk_buff *skb);

#endif
