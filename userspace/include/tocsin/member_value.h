/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words that members, quorum server and disks share. */
#ifndef TOCSIN_MEMBER_VALUE_H
#define TOCSIN_MEMBER_VALUE_H

#include "view.h"

/* Distinct values of undecided epochs that an acceptor remembers and reports. */
#define MEMBER_VALUES_MAX	4
/* Exclusions whose wait may still run; also bounds admission of joiners. */
#define MEMBER_WAITS_MAX	(2 * CORE_VIEW_MEMBERS_MAX)
/* Replicated state (rule 10): records, bytes of one value, records of one
 * message, updates under way. */
#define MEMBER_RECORDS_MAX	1024
#define MEMBER_VALUE_BYTES_MAX	200
#define MEMBER_RECORDS_CHUNK	24
#define MEMBER_WINDOW		32

/* Totally ordered: counter first, then node id. */
struct member_ballot {
	u64 counter;
	u16 node;
};

/* A view that was accepted at a ballot. @formed: by a formation (rule 9). */
struct member_value {
	struct member_ballot ballot;
	bool formed;
	struct core_view view;
};

/**
 * struct member_wait - an excluded incarnation and the time still to wait
 * @remaining_ns: from now (actions) or from arrival (messages); 0: over
 * @clean: it left in order; never a wait
 */
struct member_wait {
	u64 incarnation;
	u64 remaining_ns;
	u16 id;
	bool clean;
};

/* One entry of the replicated state; @length 0 stands for "deleted". */
struct member_record {
	u64 sequence;
	u32 key;
	u16 length;
	u8 value[MEMBER_VALUE_BYTES_MAX];
};

/* Incarnations that the sender hears and acknowledges, ids ascending. */
struct member_heard {
	u16 count;
	struct core_member peer[CORE_VIEW_MEMBERS_MAX];
};

/* <0, 0, >0 */
int member_ballot_compare(const struct member_ballot *a, const struct member_ballot *b);

#endif
