// SPDX-License-Identifier: GPL-2.0
/*
 * Datagrams that go.  Nothing here may sleep; what cannot be sent is counted,
 * the next one comes an interval later.
 */
#include "send.h"

#include <linux/skbuff.h>
#include <net/dsfield.h>
#include <net/ip.h>
#include <net/ipv6_stubs.h>
#include <net/ip6_route.h>
#include <net/route.h>
#include <net/sock.h>

#include "compat.h"
#include "instance.h"
#include "key.h"
#include "trace.h"

#define SEND_DSCP_CS6	0xc0
#define SEND_HEADROOM	(LL_MAX_HEADER + sizeof(struct ipv6hdr) + sizeof(struct udphdr))

/* What is needed outside the lock to send one heartbeat. */
struct parcel {
	struct tocsin_address local;
	struct tocsin_address remote;
	u32 scope;
	struct net *net;
	struct sock *sk;
	u8 buf[CORE_HB_SIZE];
};

static struct sk_buff *skb_make(const struct parcel *parcel)
{
	struct sk_buff *skb = alloc_skb(SEND_HEADROOM + CORE_HB_SIZE, GFP_ATOMIC | __GFP_NOWARN);

	if (!skb)
		return NULL;
	skb_reserve(skb, SEND_HEADROOM);
	skb_put_data(skb, parcel->buf, CORE_HB_SIZE);
	skb->priority = TC_PRIO_CONTROL;
	return skb;
}

static int send4(const struct parcel *parcel, __be16 port)
{
	struct flowi4 flow = {
		.saddr = parcel->local.four.s_addr,
		.daddr = parcel->remote.four.s_addr,
		.fl4_sport = port,
		.fl4_dport = port,
		.flowi4_proto = IPPROTO_UDP,
		.flowi4_oif = parcel->scope,
	};
	struct sk_buff *skb;
	struct rtable *route;

	route = ip_route_output_flow(parcel->net, &flow, parcel->sk);
	if (IS_ERR(route))
		return PTR_ERR(route);
	skb = skb_make(parcel);
	if (!skb) {
		ip_rt_put(route);
		return -ENOMEM;
	}
	udp_tunnel_xmit_skb(route, parcel->sk, skb, flow.saddr, flow.daddr, SEND_DSCP_CS6,
			    ip4_dst_hoplimit(&route->dst), htons(IP_DF), port, port,
			    false, false COMPAT_TUNNEL_FLAGS);
	return 0;
}

static int send6(const struct parcel *parcel, __be16 port)
{
#if IS_ENABLED(CONFIG_IPV6)
	struct flowi6 flow = {
		.saddr = parcel->local.six,
		.daddr = parcel->remote.six,
		.fl6_sport = port,
		.fl6_dport = port,
		.flowi6_proto = IPPROTO_UDP,
		.flowi6_oif = parcel->scope,
	};
	struct dst_entry *route;
	struct sk_buff *skb;

	route = ipv6_stub->ipv6_dst_lookup_flow(parcel->net, parcel->sk, &flow, NULL);
	if (IS_ERR(route))
		return PTR_ERR(route);
	skb = skb_make(parcel);
	if (!skb) {
		dst_release(route);
		return -ENOMEM;
	}
	udp_tunnel6_xmit_skb(route, parcel->sk, skb, NULL, &flow.saddr, &flow.daddr,
			     SEND_DSCP_CS6, ip6_dst_hoplimit(route), 0, port, port,
			     false COMPAT_TUNNEL_FLAGS);
	return 0;
#else
	return -EAFNOSUPPORT;
#endif
}

/* Return: false when there is nothing to send on this path. */
static bool parcel_make(struct tocsin *t, u16 id, u8 index, struct parcel *parcel)
{
	struct tocsin_path *path = &t->peer[id].path[index];
	unsigned long flags;
	bool made = false;
	u64 now_ns;

	now_ns = tocsin_lock(t, &flags);
	if (path->socket &&
	    core_transmit(t->core, id, index, now_ns, parcel->buf) == CORE_HB_SIZE) {
		parcel->local = path->local;
		parcel->remote = path->remote;
		parcel->scope = path->scope;
		parcel->net = t->net;
		parcel->sk = path->socket->socket->sk;
		made = true;
	}
	tocsin_unlock(t, flags);
	return made;
}

static void path_send(struct tocsin *t, u16 id, u8 index)
{
	struct parcel parcel;
	int err;

	if (!parcel_make(t, id, index, &parcel))
		return;
	err = tocsin_key_sign(t, parcel.buf, CORE_HB_SIZE);
	if (!err && parcel.local.family == AF_INET)
		err = send4(&parcel, htons(t->port));
	else if (!err)
		err = send6(&parcel, htons(t->port));
	trace_tocsin_hb_tx(id, index, err);
	if (err) {
		atomic64_inc(&t->stats.send_errors);
		atomic64_inc(&t->peer[id].path[index].send_errors);
	} else {
		atomic64_inc(&t->stats.sent);
	}
}

void tocsin_send_all(struct tocsin *t)
{
	unsigned int i;
	u8 index;

	/* Sockets and keys stay until the end of this section. Without the lock
	 * the list may change meanwhile: then one peer waits for the next round.
	 */
	rcu_read_lock();
	for (i = 0; i < READ_ONCE(t->core->peer_count); i++) {
		u16 id = READ_ONCE(t->core->peer_id[i]);

		for (index = 0; index < CORE_PATHS_MAX; index++)
			if (READ_ONCE(t->peer[id].path[index].socket))
				path_send(t, id, index);
	}
	rcu_read_unlock();
}
