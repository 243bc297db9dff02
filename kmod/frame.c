// SPDX-License-Identifier: GPL-2.0
/*
 * The way of netconsole, without its second chances: netpoll_send_skb() polls the
 * device, queues what the device does not take and wakes a worker, and each of
 * these takes locks that a stopped CPU may hold.  Here a queue whose lock is taken
 * or which is stopped is passed over, and a device that cannot be driven with
 * interrupts off, or that only stands for others (bond, bridge, VLAN), is left out.
 */
#include "frame.h"

#include <linux/etherdevice.h>
#include <linux/if_arp.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/mm.h>
#include <linux/netdevice.h>
#include <linux/pkt_sched.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ipv6_stubs.h>
#include <net/neighbour.h>
#include <net/route.h>

#include "instance.h"
#include "key.h"

#define PLACES_MAX	((CORE_VIEW_MEMBERS_MAX - 1) * CORE_PATHS_MAX)
/* Aligned, so that virtio finds room for its header and needs no descriptor more. */
#define FRAME_HEADROOM	256
#define FRAME_TAILROOM	64
#define FRAME_BYTES	(ETH_HLEN + sizeof(struct ipv6hdr) + sizeof(struct udphdr) + CORE_GASP_SIZE)
#define FRAME_TOS_CS6	0xc0
#define FRAME_TTL	64

/* @stamp: generation + 1 of what @skb says; 0: it is being written, or nothing. */
struct frame {
	u64 stamp;
	int ifindex;
	struct sk_buff *skb;
};

/* Of one peer and path: one frame is ready while the other is written. */
struct place {
	unsigned int ready;
	struct frame frame[2];
};

/* All that a frame is made of. */
struct draft {
	struct tocsin_address local;
	struct tocsin_address remote;
	u32 scope;
	__be16 port;
	u64 generation;
	u8 mac[ETH_ALEN];
	u8 words[CORE_GASP_SIZE];
};

static struct place *places;
static unsigned int place_count;

int tocsin_frame_init(void)
{
	place_count = 0;
	places = kvcalloc(PLACES_MAX, sizeof(*places), GFP_KERNEL);
	return places ? 0 : -ENOMEM;
}

void tocsin_frame_uninit(void)
{
	unsigned int i;

	for (i = 0; i < PLACES_MAX; i++) {
		kfree_skb(places[i].frame[0].skb);
		kfree_skb(places[i].frame[1].skb);
	}
	kvfree(places);
	places = NULL;
}

/* Return: false when there is no such path. */
static bool draft_take(struct tocsin *t, u16 id, u8 index, struct draft *draft)
{
	struct tocsin_path *path = &t->peer[id].path[index];
	unsigned long flags;
	bool taken = false;
	u64 now_ns;

	now_ns = tocsin_lock(t, &flags);
	if (path->socket &&
	    core_gasp_write(t->core, id, index, now_ns, draft->words) == CORE_GASP_SIZE) {
		draft->local = path->local;
		draft->remote = path->remote;
		draft->scope = path->scope;
		draft->port = htons(t->port);
		draft->generation = core_gasp_generation(t->core);
		taken = true;
	}
	tocsin_unlock(t, flags);
	return taken;
}

static struct dst_entry *route_find(struct tocsin *t, const struct draft *draft)
{
	struct flowi4 four = {
		.saddr = draft->local.four.s_addr,
		.daddr = draft->remote.four.s_addr,
		.fl4_sport = draft->port,
		.fl4_dport = draft->port,
		.flowi4_proto = IPPROTO_UDP,
		.flowi4_oif = draft->scope,
	};
	struct rtable *route;
#if IS_ENABLED(CONFIG_IPV6)
	struct flowi6 six = {
		.saddr = draft->local.six,
		.daddr = draft->remote.six,
		.fl6_sport = draft->port,
		.fl6_dport = draft->port,
		.flowi6_proto = IPPROTO_UDP,
		.flowi6_oif = draft->scope,
	};

	if (draft->local.family == AF_INET6)
		return ipv6_stub->ipv6_dst_lookup_flow(t->net, NULL, &six, NULL);
#endif
	route = ip_route_output_flow(t->net, &four, NULL);
	return IS_ERR(route) ? ERR_CAST(route) : &route->dst;
}

/*
 * Drivers whose ndo_start_xmit() takes no lock of its own, as their sources say (of
 * 6.12).  A stopped CPU may hold such a lock (enic, vmxnet3, hv_netvsc, Xen's, those of
 * USB adapters have one), and the panic would wait for it for ever: nobody is trusted
 * who was not looked at.  tg3 does take one on chips of 2002 (BCM5703 behind an ICH),
 * some others for packets that ask for a time stamp, which these do not.
 */
static bool driver_is_known(const struct device *parent)
{
	static const char *const drivers[] = {
		"virtio_net", "e1000", "e1000e", "igb", "igbvf", "igc", "ixgbe", "ixgbevf",
		"i40e", "iavf", "ice", "mlx4_core", "mlx5_core", "bnxt_en", "bnx2x", "tg3",
		"r8169", "ena", "be2net",
	};

	return match_string(drivers, ARRAY_SIZE(drivers), dev_driver_string(parent)) >= 0;
}

static const char *device_against(const struct net_device *dev)
{
	if (dev->type != ARPHRD_ETHER || !dev->dev.parent || dev->priv_flags & IFF_NO_QUEUE)
		return "its device is no Ethernet adapter of its own";
	if (!driver_is_known(dev->dev.parent))
		return "its device's driver is not known to send without locks of its own";
	if (dev->priv_flags & IFF_DISABLE_NETPOLL)
		return "its device cannot send with interrupts off";
#ifdef CONFIG_NET_POLL_CONTROLLER
	if (dev->netdev_ops->ndo_netpoll_setup)
		return "its device stands for others";
#endif
	if (LL_RESERVED_SPACE(dev) > FRAME_HEADROOM || dev->needed_tailroom > FRAME_TAILROOM)
		return "its device needs too much room";
	return NULL;
}

static const char *neighbour_find(struct dst_entry *dst, const struct net_device *dev,
				  struct draft *draft)
{
	struct neighbour *neighbour = dst_neigh_lookup(dst, draft->remote.family == AF_INET6 ?
						       (void *)&draft->remote.six :
						       (void *)&draft->remote.four);
	const char *reason = NULL;

	if (!neighbour)
		return "no neighbour";
	if (READ_ONCE(neighbour->nud_state) & NUD_VALID) {
		neigh_ha_snapshot(draft->mac, neighbour, dev);
	} else {
		neigh_event_send(neighbour, NULL);
		reason = "its neighbour's hardware address is not known yet";
	}
	neigh_release(neighbour);
	return reason;
}

static void udp_write(struct sk_buff *skb, const struct draft *draft)
{
	unsigned int length = sizeof(struct udphdr) + CORE_GASP_SIZE;
	struct udphdr *udp = skb_push(skb, sizeof(*udp));
	__wsum sum;

	udp->source = draft->port;
	udp->dest = draft->port;
	udp->len = htons(length);
	udp->check = 0;
	sum = csum_partial(udp, length, 0);
	if (draft->local.family == AF_INET6)
		udp->check = csum_ipv6_magic(&draft->local.six, &draft->remote.six, length,
					     IPPROTO_UDP, sum);
	else
		udp->check = csum_tcpudp_magic(draft->local.four.s_addr,
					       draft->remote.four.s_addr, length,
					       IPPROTO_UDP, sum);
	if (!udp->check)
		udp->check = CSUM_MANGLED_0;
	skb_reset_transport_header(skb);
}

static void ip_write(struct sk_buff *skb, const struct draft *draft)
{
	unsigned int length = skb->len;
	struct ipv6hdr *six;
	struct iphdr *four;

	if (draft->local.family == AF_INET6) {
		six = skb_push(skb, sizeof(*six));
		memset(six, 0, sizeof(*six));
		six->version = 6;
		six->priority = FRAME_TOS_CS6 >> 4;
		six->payload_len = htons(length);
		six->nexthdr = IPPROTO_UDP;
		six->hop_limit = FRAME_TTL;
		six->saddr = draft->local.six;
		six->daddr = draft->remote.six;
		skb->protocol = htons(ETH_P_IPV6);
	} else {
		four = skb_push(skb, sizeof(*four));
		memset(four, 0, sizeof(*four));
		four->version = 4;
		four->ihl = sizeof(*four) / 4;
		four->tos = FRAME_TOS_CS6;
		four->tot_len = htons(length + sizeof(*four));
		four->frag_off = htons(IP_DF);
		four->ttl = FRAME_TTL;
		four->protocol = IPPROTO_UDP;
		four->saddr = draft->local.four.s_addr;
		four->daddr = draft->remote.four.s_addr;
		four->check = ip_fast_csum(four, four->ihl);
		skb->protocol = htons(ETH_P_IP);
	}
	skb_reset_network_header(skb);
}

static void skb_write(struct sk_buff *skb, const struct draft *draft,
		      const struct net_device *dev)
{
	struct ethhdr *ethernet;
	unsigned int headers = ETH_HLEN + sizeof(struct udphdr) +
			       (draft->local.family == AF_INET6 ? sizeof(struct ipv6hdr) :
								  sizeof(struct iphdr));

	/* Rewound: it has never been sent. */
	skb_trim(skb, 0);
	skb->data = skb->head + FRAME_HEADROOM + headers;
	skb_reset_tail_pointer(skb);
	skb_put_data(skb, draft->words, CORE_GASP_SIZE);
	udp_write(skb, draft);
	ip_write(skb, draft);
	ethernet = skb_push(skb, ETH_HLEN);
	ether_addr_copy(ethernet->h_dest, draft->mac);
	ether_addr_copy(ethernet->h_source, dev->dev_addr);
	ethernet->h_proto = skb->protocol;
	skb_reset_mac_header(skb);
	skb->ip_summed = CHECKSUM_NONE;
	skb->priority = TC_PRIO_CONTROL;
}

/* Called under RCU, which alone keeps the device: a route lets go of it when it goes. */
static const char *frame_write(struct tocsin *t, struct frame *frame, struct draft *draft)
{
	const struct net_device *dev;
	struct dst_entry *dst;
	const char *reason;

	if (tocsin_key_sign(t, draft->words, CORE_GASP_SIZE))
		return "there is no key";
	dst = route_find(t, draft);
	if (IS_ERR(dst))
		return "there is no route";
	dev = READ_ONCE(dst->dev);
	reason = dst_xfrm(dst) || dst->lwtstate ? "its packets are changed on their way (IPsec)" :
						  device_against(dev);
	if (!reason)
		reason = neighbour_find(dst, dev, draft);
	dst_release(dst);
	if (reason)
		return reason;
	skb_write(frame->skb, draft, dev);
	frame->ifindex = dev->ifindex;
	frame->stamp = draft->generation + 1;
	return NULL;
}

/* Return: why not, or NULL. */
static const char *frame_make(struct tocsin *t, struct frame *frame, struct draft *draft)
{
	const char *reason;

	if (!frame->skb)
		frame->skb = alloc_skb(FRAME_HEADROOM + FRAME_BYTES + FRAME_TAILROOM,
				       GFP_KERNEL | __GFP_NOWARN);
	if (!frame->skb)
		return "out of memory";
	rcu_read_lock();
	reason = frame_write(t, frame, draft);
	rcu_read_unlock();
	return reason;
}

static void frame_refresh(struct tocsin *t, u16 id, u8 index, struct draft *draft,
			  unsigned int *at, struct tocsin_frames *found)
{
	const char *reason;

	struct place *place = &places[*at];
	unsigned int other;

	if (*at == PLACES_MAX || !draft_take(t, id, index, draft))
		return;
	(*at)++;
	other = !place->ready;
	place->frame[other].stamp = 0;
	reason = frame_make(t, &place->frame[other], draft);
	/* A panic finds a whole frame before and after this. One that cannot be
	 * made anew is given up, too: it may go to the wrong place.
	 */
	smp_wmb();
	WRITE_ONCE(place->ready, other);
	found->paths++;
	if (!reason)
		found->ready++;
	else if (!found->reason)
		found->reason = reason;
}

void tocsin_frame_refresh(struct tocsin *t, struct tocsin_frames *found)
{
	struct draft *draft = kzalloc(sizeof(*draft), GFP_KERNEL | __GFP_NOWARN);
	struct tocsin_frames unseen = { 0 };
	unsigned int i, at = 0;
	u8 index;

	if (!draft) {
		if (found)
			*found = (struct tocsin_frames){ .paths = 1, .reason = "out of memory" };
		return;
	}
	/* Without the lock the list may change meanwhile: then a peer waits for
	 * the next round.
	 */
	for (i = 0; i < READ_ONCE(t->core->peer_count); i++)
		for (index = 0; index < CORE_PATHS_MAX; index++)
			frame_refresh(t, READ_ONCE(t->core->peer_id[i]), index, draft, &at,
				      found ?: &unseen);
	WRITE_ONCE(place_count, at);
	kfree(draft);
}

static bool queue_send(struct sk_buff *skb, struct net_device *dev, unsigned int index)
{
	struct netdev_queue *queue = netdev_get_tx_queue(dev, index);
	netdev_tx_t status = NETDEV_TX_BUSY;

	if (!__netif_tx_trylock(queue))
		return false;
	if (!netif_xmit_frozen_or_stopped(queue)) {
		skb->dev = dev;
		skb_set_queue_mapping(skb, index);
		status = netdev_start_xmit(skb, dev, queue, false);
	}
	__netif_tx_unlock(queue);
	return dev_xmit_complete(status);
}

static bool frame_send(struct frame *frame)
{
	struct net_device *dev = dev_get_by_index_rcu(&init_net, frame->ifindex);
	unsigned int i, queues, first = raw_smp_processor_id();

	if (!dev || !netif_running(dev) || !netif_device_present(dev) || !netif_carrier_ok(dev))
		return false;
	queues = READ_ONCE(dev->real_num_tx_queues);
	for (i = 0; i < queues; i++) {
		if (!queue_send(frame->skb, dev, (first + i) % queues))
			continue;
		/* It is the driver's now. */
		frame->skb = NULL;
		frame->stamp = 0;
		return true;
	}
	return false;
}

unsigned int tocsin_frame_send(u64 generation)
{
	unsigned int i, sent = 0;

	for (i = 0; i < READ_ONCE(place_count); i++) {
		struct frame *frame = &places[i].frame[READ_ONCE(places[i].ready)];

		if (frame->stamp == generation + 1)
			sent += frame_send(frame);
	}
	return sent;
}
