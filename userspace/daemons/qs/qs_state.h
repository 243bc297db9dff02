/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The acceptors (Documentation/MEMBERSHIP, rule 8): one for each cluster, each
 * with one small file that is replaced and synced before every answer.
 */
#ifndef TOCSIN_QS_STATE_H
#define TOCSIN_QS_STATE_H

#include <tocsin/arbiter.h>
#include <tocsin/base.h>

#define QS_STATE_PROBLEM_MAX	400

/**
 * struct qs_state - one cluster's acceptor
 * @problem: not empty: it may not answer, and why
 */
struct qs_state {
	struct qs_state *next;
	char label[64];
	char path[BASE_PATH_MAX];
	char problem[QS_STATE_PROBLEM_MAX];
	struct arbiter_state arbiter;
};

struct qs_states {
	char directory[BASE_PATH_MAX - 128];
	struct qs_state *first;
};

/**
 * qs_state_open - the acceptor of a cluster, from memory, from disk, or new
 * @label: the cluster in the authorisation file.  Acceptors of different lines
 *	never mix, whatever id a client claims.
 * A damaged file gives an acceptor with a problem: it is kept as it is and
 * never replaced by a new one.
 * Return: the acceptor, or NULL: out of memory.
 */
struct qs_state *qs_state_open(struct qs_states *states, const char *label, u64 cluster);

/**
 * qs_state_ask - put a request to an acceptor
 * @request: checked, of this cluster
 * Blocks until what it changes is on disk.
 * Return: 0: send @answer; -EINVAL: not a request; other -errno: the disk
 * failed, nothing has changed, send nothing.
 */
int qs_state_ask(struct qs_state *state, const struct member_message *request,
		 struct member_message *answer);

void qs_states_free(struct qs_states *states);

#endif
