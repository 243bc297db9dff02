/* SPDX-License-Identifier: GPL-2.0 */
/* Differences between kernels; the only file that asks for the version.  6.1 and
 * 6.12 are tested; what is said of others comes from their changes.
 */
#ifndef TOCSIN_COMPAT_H
#define TOCSIN_COMPAT_H

#include <linux/hrtimer.h>
#include <linux/version.h>
#include <net/busy_poll.h>
#include <net/genetlink.h>
#include <net/udp_tunnel.h>

/* hrtimer_init() and the function were set apart until 6.13. */
static inline void compat_hrtimer_setup(struct hrtimer *timer,
					enum hrtimer_restart (*function)(struct hrtimer *),
					enum hrtimer_mode mode)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	hrtimer_setup(timer, function, CLOCK_MONOTONIC, mode);
#else
	hrtimer_init(timer, CLOCK_MONOTONIC, mode);
	timer->function = function;
#endif
}

/* 6.17 added flags of the control block to the transmit functions. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 17, 0)
#define COMPAT_TUNNEL_FLAGS	, 0
#else
#define COMPAT_TUNNEL_FLAGS
#endif

/* Before 6.1 every operation was held to be strict anyway. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 1, 0)
#define COMPAT_RESV_START_OP(op)	.resv_start_op = (op),
#else
#define COMPAT_RESV_START_OP(op)
#endif

/* Only for whom may administer the network; Debian's 6.1 has it, the first 6.1 had not. */
#ifdef GENL_MCAST_CAP_NET_ADMIN
#define COMPAT_MCAST_ADMIN	.flags = GENL_MCAST_CAP_NET_ADMIN,
#else
#define COMPAT_MCAST_ADMIN
#endif

/*
 * Which receive queue it came from, and one look into that queue.  Without
 * CONFIG_NET_RX_BUSY_POLL there is no way to ask; before 5.11 one was, but not
 * with PREEMPT_RT, where alone it is needed.
 */
#if IS_ENABLED(CONFIG_NET_RX_BUSY_POLL) && LINUX_VERSION_CODE >= KERNEL_VERSION(5, 11, 0)
static inline unsigned int compat_napi_id(const struct sk_buff *skb)
{
	return skb->napi_id >= MIN_NAPI_ID ? skb->napi_id : 0;
}

static inline void compat_napi_poll(unsigned int napi_id)
{
	napi_busy_loop(napi_id, NULL, NULL, false, NAPI_POLL_WEIGHT);
}
#else
static inline unsigned int compat_napi_id(const struct sk_buff *skb)
{
	return 0;
}

static inline void compat_napi_poll(unsigned int napi_id)
{
}
#endif

/*
 * May other CPUs be stopped before panic() prints?  Before 5.18 printk() spins
 * on a console owner that no longer runs, even in a panic.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 18, 0)
#define COMPAT_PARK_BEFORE_PANIC	1
#else
#define COMPAT_PARK_BEFORE_PANIC	0
#endif

#endif
