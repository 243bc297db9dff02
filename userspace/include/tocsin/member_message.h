/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What members, joiners, forming nodes and the quorum server say to each other.
 * Plain structures of bounded size; the shell maps them to its wire format.
 * A message that arrives has been authenticated and decoded by the shell and
 * has passed member_message_check(); nothing more is asked of the transport:
 * it may lose, delay, repeat and reorder.
 */
#ifndef TOCSIN_MEMBER_MESSAGE_H
#define TOCSIN_MEMBER_MESSAGE_H

#include "member_value.h"

enum member_message_type {
	MEMBER_MESSAGE_HEARD = 1,	/* heard */
	MEMBER_MESSAGE_PREPARE,		/* prepare */
	MEMBER_MESSAGE_PROMISE,		/* promise */
	MEMBER_MESSAGE_REFUSE,		/* refuse */
	MEMBER_MESSAGE_ACCEPT,		/* accept */
	MEMBER_MESSAGE_ACCEPTED,	/* accepted */
	MEMBER_MESSAGE_COMMIT,		/* commit */
	MEMBER_MESSAGE_WANT_COMMIT,	/* nothing: "your installed view, please" */
	MEMBER_MESSAGE_JOIN,		/* join */
	MEMBER_MESSAGE_LEAVE,		/* nothing: "a view without me, please" */
	MEMBER_MESSAGE_RECORDS,		/* records */
	MEMBER_MESSAGE_WANT_RECORDS,	/* held */
	MEMBER_MESSAGE_UPDATE,		/* update */
	MEMBER_MESSAGE_HELD,		/* held */
	MEMBER_MESSAGE_COMMITTED,	/* held: from the coordinator */
	MEMBER_MESSAGE_FORM_PREPARE,	/* form_prepare */
	MEMBER_MESSAGE_FORM_PROMISE,	/* form_promise */
	MEMBER_MESSAGE_FORM_ACCEPT,	/* accept */
	MEMBER_MESSAGE_FORM_ACCEPTED,	/* accepted */
	MEMBER_MESSAGE_ARBITER_QUERY,	/* nothing */
	MEMBER_MESSAGE_ARBITER_PREPARE,	/* arbiter_prepare */
	MEMBER_MESSAGE_ARBITER_ACCEPT,	/* arbiter_accept */
	MEMBER_MESSAGE_ARBITER_ANSWER,	/* arbiter_answer */
	/* Not used: last words come through the kernel (rule 7). */
	MEMBER_MESSAGE_GASP,
	/*
	 * Not for this library: members' requests to the coordinator, whose
	 * body only the shell knows. Refused by member_message_check().
	 */
	MEMBER_MESSAGE_APPLICATION,
	MEMBER_MESSAGE_TYPES
};

/* The view of an epoch as committed, with the ballot that it was chosen at and
 * the waits that are not over, as the sender knows them when it sends. */
struct member_commit {
	struct member_ballot ballot;
	struct core_view view;
	u16 wait_count;
	struct member_wait wait[MEMBER_WAITS_MAX];
};

struct member_promise {
	struct member_ballot ballot;
	u64 epoch;
	u64 state;		/* number of the replicated state held */
	bool leaving;
	u16 value_count;
	struct member_value value[MEMBER_VALUES_MAX];
	struct member_heard heard;
};

/**
 * struct member_accepted - answer to ACCEPT
 * @disarmed: the sender leaves and has disarmed (rule 11)
 * @age: H of each member of the former view that the value excludes, at the
 *	moment of sending
 */
struct member_accepted {
	struct member_ballot ballot;
	u64 epoch;
	u64 hash;
	bool disarmed;
	u16 age_count;
	struct {
		u64 incarnation;
		u64 age_ns;
		u16 id;
	} age[CORE_VIEW_MEMBERS_MAX];
};

/**
 * struct member_records - part of the state, sequences ascending
 * @epoch: installed by the sender; names the line that the numbers belong to
 * @through: a receiver that held @after now holds everything up to this
 * @committed: what the sender knows to be committed
 */
struct member_records {
	u64 epoch;
	u64 after;
	u64 through;
	u64 committed;
	u16 count;
	struct member_record record[MEMBER_RECORDS_CHUNK];
};

/* What a forming node knows from its disk. @held: it is not empty. */
struct member_form_promise {
	struct member_ballot ballot;
	bool held;
	struct core_view committed;	/* .count 0: none */
	u16 value_count;
	struct member_value value[MEMBER_VALUES_MAX];
	struct member_heard heard;
};

/**
 * struct member_arbiter_answer - the acceptor's state after a request
 * @request: MEMBER_MESSAGE_ARBITER_*, which request this answers
 * @granted: promised, or accepted; always set for a query
 * @ballot: echo of the request's ballot
 * @epoch: echo of the request's epoch
 * @identity: random, names this acceptor's state for as long as it lives
 * @newest_epoch, @promised: newest promise; older epochs are refused
 * @has_accepted, @accepted: the newest value it accepted, of any epoch
 */
struct member_arbiter_answer {
	u16 request;
	bool granted;
	bool has_accepted;
	struct member_ballot ballot;
	u64 epoch;
	u64 identity;
	u64 newest_epoch;
	struct member_ballot promised;
	struct member_value accepted;
};

/**
 * struct member_message - one message
 * @cluster: cluster id; never 0
 * @incarnation: of the sender; 0 from the quorum server
 * @epoch: installed by the sender; 0: none
 * @from: node id; 0 is the quorum server
 * @type: enum member_message_type, selects the member of the union
 */
struct member_message {
	u64 cluster;
	u64 incarnation;
	u64 epoch;
	u16 from;
	u16 type;
	union {
		struct member_heard heard;
		struct {
			struct member_ballot ballot;
			u64 epoch;
			struct member_commit commit;	/* of epoch - 1 */
		} prepare;
		struct member_promise promise;
		struct {
			struct member_ballot ballot;	/* the one refused */
			struct member_ballot promised;	/* the higher one */
			u64 epoch;
		} refuse;
		struct member_value accept;
		struct member_accepted accepted;
		struct member_commit commit;
		struct {
			u64 sync_epoch;	/* line of the state held; 0: none */
			u64 held;
			u64 counter;	/* highest ballot counter seen */
			struct member_heard heard;
		} join;
		struct member_records records;
		struct {
			u64 epoch;
			u64 committed;
			struct member_record record;
		} update;
		struct {
			u64 epoch;	/* installed: the line */
			u64 sequence;	/* everything up to it is held */
			u64 committed;	/* ... and known to be committed */
		} held;
		struct {
			struct member_ballot ballot;
			u64 counter;
		} form_prepare;
		struct member_form_promise form_promise;
		struct {
			struct member_ballot ballot;
			u64 epoch;
		} arbiter_prepare;
		struct member_value arbiter_accept;
		struct member_arbiter_answer arbiter_answer;
	};
};

/**
 * member_message_check - is this a well-formed message of this cluster?
 * Checks each field: cluster, sender, type, counts, order, views and hashes.
 * Return: 0; -EXDEV: another cluster; -EINVAL: malformed; -EPROTONOSUPPORT: a
 * type that is not for this library.
 */
int member_message_check(const struct member_message *message, u64 cluster);

/* Name of a type for logs; never NULL. */
const char *member_message_name(u16 type);

#endif
