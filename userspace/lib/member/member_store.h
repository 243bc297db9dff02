/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The replicated state: part of member_state.h. */
#ifndef MEMBER_STORE_H
#define MEMBER_STORE_H

#include "member_peers.h"

/**
 * struct member_store - replicated state (rule 10)
 * @committed, @held: everything up to @committed has effect; the updates above,
 *	up to @held, are in @window and in no table
 * @line: epoch whose numbers a joiner's copy belongs to
 * @acked: by index in the installed view, at the coordinator
 */
struct member_store {
	u64 committed;
	u64 held;
	u64 line;
	bool loaded;
	u16 count;
	struct member_record table[MEMBER_RECORDS_MAX];
	struct member_record window[MEMBER_WINDOW];
	u64 acked[MEMBER_NODES_MAX];
	u64 known;			/* members whose @acked was said in this view */
	u64 resend_ns;
};

/* member_store.c, member_update.c, member_sync.c */
void member_store_complete(struct member *m);
void member_update_check(struct member *m);
void member_update_propose(struct member *m, const struct member_record *record);
void member_on_update(struct member *m, const struct member_message *message);
void member_on_held(struct member *m, const struct member_message *message);
void member_on_committed(struct member *m, const struct member_message *message);
void member_update_tick(struct member *m);
u64 member_update_deadline(const struct member *m);
void member_store_reset(struct member *m);
void member_store_installed(struct member *m, const struct core_view *former);
void member_store_commit(struct member *m, u64 through);
void member_store_put(struct member *m, const struct member_record *record);
void member_held_send(struct member *m, u16 to);
void member_records_send(struct member *m, u16 to, u64 after);
void member_on_records(struct member *m, const struct member_message *message);
void member_on_want_records(struct member *m, const struct member_message *message);
void member_want_records(struct member *m, u16 from);

#endif
