/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nl: the client of tocsin.ko, one function for each operation of
 * Documentation/netlink/specs/tocsin.yaml.
 *
 * Requests are synchronous round trips of some microseconds: the kernel
 * answers in the context of the send, so a real-time thread may call them.
 * But generic netlink lets them wait, uninterruptibly, where the request of
 * any other family sleeps while somebody adds or removes a family.  Renewals
 * have a way of their own: see nl_attach().
 * Events come on a socket of their own.  One struct nl belongs to one thread, but
 * for nl_renew().
 *
 * The socket behind the struct nl that attached owns the kernel's instance:
 * closing it (or dying) while armed leaves the kernel armed and shortens the
 * safety lease to on_detach_ns.  While disarmed, closing it dissolves the
 * instance.
 *
 * All functions return 0 or -errno as the kernel gave it; common to all:
 * -EPERM: CAP_NET_ADMIN in the initial user namespace is missing, or another
 * socket owns the instance; -ENODEV: not attached; -EIO: an answer that this
 * version does not understand.  nl_error() has the kernel's own words.
 */
#ifndef TOCSIN_NL_H
#define TOCSIN_NL_H

#include <netinet/in.h>
#include <linux/tocsin.h>

#include "core_gasp.h"
#include "core_info.h"

struct nl;
struct nl_events;

/**
 * nl_open - connect to the module
 * Return: 0; -ENOENT: tocsin.ko is not loaded.
 */
int nl_open(struct nl **nl);
void nl_close(struct nl *nl);

/* What the kernel said about the last failed request, "" if nothing. Valid
 * until the next call. */
const char *nl_error(const struct nl *nl);

/**
 * struct nl_config - what attach fixes until disarm
 * @core: times, ids; @core.incarnation: 0, or the armed incarnation to resume
 * @toc_margin_ns: TOC_MARGIN, 4 ms at least; the leases are checked four times
 *	in it
 * @port: UDP port of all nodes; 0: CORE_PORT_DEFAULT
 * @name: of this node, for messages and crash dumps; may be empty
 */
struct nl_config {
	struct core_config core;
	u64 toc_margin_ns;
	enum tocsin_action action;
	u16 port;
	char name[TOCSIN_NAME_MAX + 1];
};

/**
 * nl_attach - own the kernel's instance
 * @incarnation: the one the kernel drew, or the one resumed
 * Resuming takes over keys, peers, views and leases as they are; @config must
 * name the same cluster and node, the rest of it is not looked at.
 * From here on /dev/tocsin is open, for nl_pet(), and keeps the module from
 * being unloaded. Where there is no such file, nl_pet() is a netlink request.
 * Call it in the network namespace of nl_open().
 * Return: 0; -EBUSY: another process owns it, or it is armed (and not resumed);
 * -ESTALE: no such incarnation to resume; -EINVAL: out of range; -EACCES:
 * /dev/tocsin is there and may not be opened.
 */
int nl_attach(struct nl *nl, const struct nl_config *config, u64 *incarnation);

/* Attached, and renewals go by /dev/tocsin. */
bool nl_has_device(const struct nl *nl);

/**
 * nl_key_set - put a key into a slot
 * @transmit: sign with it from now on. A new key without a gap: set it without
 *	on all nodes, then with on all nodes, then reuse the old one's slot.
 * The newest key with @transmit wins. Before the first one nothing is sent.
 */
int nl_key_set(struct nl *nl, u8 slot, u32 key_id, const u8 key[TOCSIN_KEY_SIZE],
	       bool transmit);

/* One path: addresses of the same family. Ports are those of nl_config; a
 * link-local IPv6 address needs sin6_scope_id. */
struct nl_path_address {
	struct sockaddr_storage local;
	struct sockaddr_storage remote;
};

/**
 * nl_peer_set - add a peer, or change the addresses of one
 * @name: of the peer, for messages; may be empty
 * @path: index i is the same network at both ends
 * The number of paths of a peer that is there cannot change (-EINVAL).
 * Return: 0; -EADDRNOTAVAIL: a local address is not on this node;
 * -EADDRINUSE: another program has the port there.
 */
int nl_peer_set(struct nl *nl, u16 id, const char *name,
		const struct nl_path_address *path, u8 paths);

/* -EBUSY while it is a member of a view. */
int nl_peer_del(struct nl *nl, u16 id);

/* @warnings: bits of enum tocsin_warning; may be NULL. -EALREADY: armed;
 * -EBUSY: this incarnation has been disarmed as a member. */
int nl_arm(struct nl *nl, u32 *warnings);
/* -ETIME: too late. -EPERM: not armed, or not the owner. The device has no words for
 * nl_error().
 */
int nl_pet(struct nl *nl);
/* As nl_pet(), by the device alone, and from any thread, also while another one waits
 * in a request of the same @nl. -ENOENT: there is no device.
 */
int nl_renew(const struct nl *nl);
/* -EBUSY: a member that has not accepted a view without itself; @force works
 * then, and from a socket that does not own the instance. */
int nl_disarm(struct nl *nl, bool force);

/* As core_leave() in core.h. */
int nl_leave(struct nl *nl);

/* As core_acknowledge(), core_promise(), core_accept(), core_install() in core.h. */
int nl_acknowledge(struct nl *nl, u16 id, u64 incarnation);
int nl_promise(struct nl *nl, u64 epoch, const struct core_ballot *ballot);
int nl_accept(struct nl *nl, const struct core_view *view, u64 ballot_counter,
	      u16 ballot_node, struct core_ages *ages);
int nl_install(struct nl *nl, const struct core_view *view);

/* TOC of this node; @reason ends up in panic message and recorder. Normally
 * does not return. -EPERM: not armed.
 * By the device where there is one: as nl_pet(). */
int nl_toc_request(struct nl *nl, const char *reason);

/* CORE_NEVER for a lease that does not run. Views of epoch 0: none. */
struct nl_status {
	bool attached;
	bool armed;
	bool owned;			/* by this struct nl */
	enum core_verdict verdict;
	u32 warnings;			/* of the last arming */
	u64 now_ns;
	u64 safety_ns;
	u64 quorum_ns;
	struct nl_config config;	/* with the incarnation; without the name */
	struct core_frontier frontier;
	struct core_view installed;
	struct core_view accepted;
};

int nl_status_get(struct nl *nl, struct nl_status *status);

struct nl_path {
	struct nl_path_address address;
	struct core_path_info info;
	u64 send_errors;
	u64 drops;			/* datagrams from its address that were refused */
};

struct nl_peer {
	struct core_peer_info info;
	char name[TOCSIN_NAME_MAX + 1];
	struct nl_path path[CORE_PATHS_MAX];
};

/* -ENOENT: no such peer. */
int nl_peer_get(struct nl *nl, u16 id, struct nl_peer *peer);
/* All peers, at most @max; @count is set to how many were written. An error: the list is
 * not whole.
 */
int nl_peer_list(struct nl *nl, struct nl_peer *peer, size_t max, size_t *count);

/* How often the heartbeat timer was later than the entry before, and by less than
 * @below_ns (all ones: by anything).
 */
struct nl_late {
	u64 below_ns;
	u64 count;
};

#define NL_LATE_MAX	64

struct nl_stats {
	u64 received;
	u64 sent;
	u64 send_errors;
	u64 late_last_ns;		/* how late the heartbeat timer ran */
	u64 late_max_ns;
	u64 check_late_max_ns;		/* how much later than due a check of the leases has been */
	u64 pets;
	u64 events_lost;
	u64 dropped[CORE_DROP_COUNT];
	struct nl_late late[NL_LATE_MAX];
	unsigned int late_count;
};

int nl_stats_get(struct nl *nl, struct nl_stats *stats);

/**
 * nl_recorder_get - copy the flight recorder (layout: recorder_format.h)
 * @data: allocated; the caller frees it
 */
int nl_recorder_get(struct nl *nl, u8 **data, size_t *size);

/* News, as core_event in core.h; @lost counts those dropped on the way.
 * @has_gasp: of a CORE_EVENT_PEER_GASP: the kernel still had its words */
struct nl_event {
	struct core_event core;
	bool has_gasp;
	struct core_gasp gasp;
	u64 time_ns;
	u64 lost;
};

int nl_events_open(struct nl_events **events);
void nl_events_close(struct nl_events *events);
/* Readable when there is something to read. */
int nl_events_fd(const struct nl_events *events);
/**
 * nl_events_read - take one event, without waiting
 * Return: 0; -EAGAIN: none now; -ENOBUFS: some were lost: go on until -EAGAIN and read
 * the state then, which is newer than what was still queued. The same when @event->lost
 * has changed.
 */
int nl_events_read(struct nl_events *events, struct nl_event *event);

#endif
