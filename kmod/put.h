/* SPDX-License-Identifier: GPL-2.0 */
/* Answers: from the module's structures to netlink attributes.
 * All return 0 or -EMSGSIZE.
 */
#ifndef TOCSIN_PUT_H
#define TOCSIN_PUT_H

#include "core_gasp.h"
#include "core_info.h"

struct sk_buff;
struct tocsin;

/* @gasp: of a peer-gasp, or NULL. */
int tocsin_put_event(struct sk_buff *skb, const struct core_event *event,
		     const struct core_gasp *gasp, u64 now_ns, u64 lost);
int tocsin_put_ages(struct sk_buff *skb, const struct core_ages *ages);
/* @asker: netlink port that asks. Context: process, no lock held. */
int tocsin_put_status(struct sk_buff *skb, struct tocsin *t, u32 asker);
int tocsin_put_stats(struct sk_buff *skb, struct tocsin *t);
/* -ENOENT: no such peer. Context: process, no lock held. */
int tocsin_put_peer(struct sk_buff *skb, struct tocsin *t, u16 id);

#endif
