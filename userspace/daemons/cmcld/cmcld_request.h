/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What passes between the main thread (local socket, signals, systemd) and the
 * real-time thread, in the blocks of two cmcld_queues.
 */
#ifndef CMCLD_REQUEST_H
#define CMCLD_REQUEST_H

#include <tocsin/conf.h>

#include "cmcld_queue.h"

#define CMCLD_REQUEST_BLOCKS	256
#define CMCLD_REQUEST_BYTES	(16 * 1024)
#define CMCLD_REPLY_TEXT_MAX	512

/* Type of a block from the main thread. */
enum cmcld_ask {
	CMCLD_ASK_REQUEST,	/* data: struct cmcld_request */
	CMCLD_ASK_CANCEL,	/* tag: id of a request nobody waits for any more */
	CMCLD_ASK_PEER,		/* tag: node; data: bytes for its main thread */
	CMCLD_ASK_STOP,		/* end the thread */
};

/* Type of a block to the main thread. */
enum cmcld_tell {
	CMCLD_TELL_REPLY,	/* data: struct cmcld_reply */
	CMCLD_TELL_PEER,	/* tag: node; data: bytes from its main thread */
	CMCLD_TELL_PEER_LOST,	/* tag: node whose session broke or began anew.  Also a mark
				 * of the queue, node id - 1: of it, something did not fit
				 */
	CMCLD_TELL_STATUS,	/* data: text for systemctl status */
	CMCLD_TELL_READY,	/* the first view is installed, or we wait for one */
	CMCLD_TELL_LEFT,	/* disarmed, not a member: the program may end; tag: 1 when
				 * that was asked for, else 0: it is to be started again */
	CMCLD_TELL_FAILED,	/* data: text; the program must end */
};

enum cmcld_op {
	CMCLD_OP_FORM,		/* nodes */
	CMCLD_OP_LEAVE,		/* force */
	CMCLD_OP_HALT_PACKAGES,	/* force: of the whole cluster */
	CMCLD_OP_RUN_PACKAGE,	/* package, node or 0 */
	CMCLD_OP_HALT_PACKAGE,
	CMCLD_OP_MOVE_PACKAGE,
	CMCLD_OP_ENABLE_PACKAGE,
	CMCLD_OP_DISABLE_PACKAGE,
	CMCLD_OP_RELOAD,	/* conf: to be used from now on */
};

/* @id: drawn by the main thread, not 0, not in use. */
struct cmcld_request {
	const struct conf *conf;
	u64 id;
	enum cmcld_op op;
	bool force;
	u16 node;
	u16 node_count;
	u16 nodes[CONF_NODES_MAX];
	char package[CONF_NAME_MAX + 1];
};

/* @final: @code is 0 or a positive errno; else @text is progress. */
struct cmcld_reply {
	u64 id;
	bool final;
	int code;
	char text[CMCLD_REPLY_TEXT_MAX];
};

/* The two queues; each end belongs to one thread. */
struct cmcld_wires {
	struct cmcld_queue *asks;	/* main to real-time */
	struct cmcld_queue *tells;	/* real-time to main */
};

#endif
