/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sessions with the other cmclds and with the quorum server, in a thread of
 * their own: TLS allocates and shakes hands, the real-time thread does not.
 * Messages cross by queues, both ways; membership messages cross as structures
 * and are put into bytes, and checked, on the thread's side.
 */
#ifndef CMCLD_SESSION_H
#define CMCLD_SESSION_H

#include <tocsin/base_key.h>
#include <tocsin/conf.h>
#include <tocsin/net_qs.h>
#include <tocsin/net_session.h>

/* The largest message but a membership message. */
#define CMCLD_SESSION_DATA_MAX	(16 * 1024)

struct cmcld_session;
struct member_message;

/**
 * struct cmcld_session_config - copied, but for @conf, which must outlive it
 * @qs: numeric addresses of the quorum server; none when @qs_count is 0
 */
struct cmcld_session_config {
	const struct conf *conf;
	const struct conf_node *self;
	const struct base_key *key;
	u64 incarnation;
	int priority;
	unsigned int qs_count;
	struct net_address qs[NET_QS_ADDRESSES_MAX];
};

/* What arrives, called by cmcld_session_collect() in the real-time thread. */
struct cmcld_session_ops {
	void (*member)(void *arg, u16 peer, const struct member_message *message);
	void (*message)(void *arg, u16 peer, u32 type, const void *data, size_t size);
	void (*peer_reset)(void *arg, u16 peer, u64 incarnation);
	void (*peer_state)(void *arg, u16 peer, bool connected);
	void (*qs_message)(void *arg, const struct member_message *message);
	void (*qs_status)(void *arg, const struct net_qs_status *status);
};

/* Start the thread and listen. Return: 0 or -errno (reported in the log). */
int cmcld_session_start(const struct cmcld_session_config *config,
			struct cmcld_session **session);
/* Give what is queued a moment to leave, close all, end the thread. */
void cmcld_session_stop(struct cmcld_session *session);

/* Real-time thread, none blocks. Return: 0; -ENOBUFS: the thread has not kept up
 * (counted; the protocols repeat). */
int cmcld_session_send(struct cmcld_session *session, u16 peer, u32 type,
		       const void *data, size_t size);
int cmcld_session_send_member(struct cmcld_session *session, u16 peer,
			      const struct member_message *message);
int cmcld_session_send_qs(struct cmcld_session *session,
			  const struct member_message *message);
int cmcld_session_path(struct cmcld_session *session, u16 peer, u8 path, bool up);
u64 cmcld_session_dropped(const struct cmcld_session *session);

/* Real-time thread: poll, and collect when readable. */
int cmcld_session_fd(const struct cmcld_session *session);
void cmcld_session_collect(struct cmcld_session *session,
			   const struct cmcld_session_ops *ops, void *arg);

#endif
