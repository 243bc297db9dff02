// SPDX-License-Identifier: GPL-2.0
/*
 * Datagrams that come: length, authenticator, and only then anything else.
 */
#include "receive.h"

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <linux/udp.h>
#include <net/sock.h>

#include "compat.h"
#include "instance.h"
#include "key.h"
#include "notify.h"
#include "recorder.h"
#include "trace.h"

#define QUEUES_MAX	16

/* Source, then destination of a datagram. */
static void addresses(const struct sk_buff *skb, struct tocsin_address *from,
		      struct tocsin_address *to)
{
	if (skb->protocol == htons(ETH_P_IPV6)) {
		from->family = AF_INET6;
		from->six = ipv6_hdr(skb)->saddr;
		to->family = AF_INET6;
		to->six = ipv6_hdr(skb)->daddr;
		return;
	}
	from->family = AF_INET;
	from->four.s_addr = ip_hdr(skb)->saddr;
	to->family = AF_INET;
	to->four.s_addr = ip_hdr(skb)->daddr;
}

static void heartbeat_taken(struct tocsin *t, const struct core_hb *hb, const struct sk_buff *skb)
{
	WRITE_ONCE(t->peer[hb->src].path[hb->path].napi_id, compat_napi_id(skb));
	tocsin_recorder_peer(t, hb->src);
}

/* An authenticated heartbeat or gasp; where it says it comes from is checked against
 * where it came from. Called with the core locked.
 */
static int datagram_take(struct tocsin *t, const struct sock *sk, const struct sk_buff *skb,
			 const u8 *buf, size_t length, u64 now_ns)
{
	struct tocsin_address from = { 0 }, to = { 0 };
	struct tocsin_path *path;
	struct core_hb hb;
	int drop;

	drop = core_header_decode(buf, &hb);
	if (drop != CORE_DROP_NONE)
		return drop;
	if (!t->attached)
		return CORE_DROP_DESTINATION;
	path = &t->peer[hb.src].path[hb.path];
	addresses(skb, &from, &to);
	/* The socket, too: link-local addresses are the same on many links. */
	if (path->socket && (path->socket->socket->sk != sk ||
			     !tocsin_address_equal(&from, &path->remote) ||
			     !tocsin_address_equal(&to, &path->local)))
		drop = CORE_DROP_ADDRESS;
	else if (length == CORE_GASP_SIZE)
		drop = core_gasp_receive(t->core, 0, hb.path, now_ns, buf);
	else
		drop = core_receive(t->core, 0, hb.path, now_ns, buf);
	if (drop != CORE_DROP_NONE && path->socket)
		atomic64_inc(&path->drops);
	else if (drop == CORE_DROP_NONE)
		heartbeat_taken(t, &hb, skb);
	trace_tocsin_hb_rx(&hb, now_ns, drop);
	return drop;
}

int tocsin_receive(struct sock *sk, struct sk_buff *skb)
{
	struct tocsin *t = rcu_dereference_sk_user_data(sk);
	size_t length = skb->len - sizeof(struct udphdr);
	u8 buf[CORE_GASP_SIZE];
	unsigned long flags;
	u64 now_ns;
	u32 key_id;
	int drop;

	if (!t)
		goto out;
	if ((length != CORE_HB_SIZE && length != CORE_GASP_SIZE) ||
	    skb_copy_bits(skb, sizeof(struct udphdr), buf, length)) {
		drop = CORE_DROP_LENGTH;
		goto out_drop;
	}
	drop = core_hb_precheck(buf, length, &key_id);
	if (drop != CORE_DROP_NONE)
		goto out_drop;
	drop = tocsin_key_verify(t, key_id, buf, length);
	if (drop != CORE_DROP_NONE)
		goto out_drop;
	now_ns = tocsin_lock(t, &flags);
	drop = datagram_take(t, sk, skb, buf, length, now_ns);
	tocsin_unlock(t, flags);
	if (drop != CORE_DROP_NONE)
		goto out_drop;
	atomic64_inc(&t->stats.received);
	tocsin_notify_flush(t);
out:
	consume_skb(skb);
	return 0;

out_drop:
	atomic64_inc(&t->stats.drop[drop]);
	kfree_skb(skb);
	return 0;
}

/* Different queues that the paths of the peers are heard on, from the @first peer on.
 * Return: how many, QUEUES_MAX at the most.
 */
static unsigned int queues_collect(const struct tocsin *t, unsigned int first,
				   unsigned int *queue)
{
	unsigned int count = 0, peers = READ_ONCE(t->core->peer_count), peer, index, i;

	for (peer = 0; peer < peers; peer++) {
		u16 id = READ_ONCE(t->core->peer_id[(first + peer) % peers]);

		for (index = 0; index < CORE_PATHS_MAX; index++) {
			unsigned int napi_id = READ_ONCE(t->peer[id].path[index].napi_id);

			for (i = 0; i < count && queue[i] != napi_id; i++)
				;
			if (napi_id && i == count && count < QUEUES_MAX)
				queue[count++] = napi_id;
		}
	}
	return count;
}

void tocsin_receive_poll(struct tocsin *t)
{
	unsigned int queue[QUEUES_MAX];
	/* Where there are more queues than that, each has its turn. */
	unsigned int count = queues_collect(t, t->poll_first++, queue);

	while (count)
		compat_napi_poll(queue[--count]);
}
