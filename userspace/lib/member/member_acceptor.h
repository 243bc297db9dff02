/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The acceptor, the way to a view and the waits after it: part of member_state.h. */
#ifndef MEMBER_ACCEPTOR_H
#define MEMBER_ACCEPTOR_H

#include <tocsin/member.h>

/* An excluded incarnation. @told: NODE_SAFE was given for it. */
struct member_excluded {
	u64 incarnation;
	u64 safe_at_ns;
	u16 id;
	bool clean;
	bool told;
};

enum member_accept_stage {
	MEMBER_ACCEPT_IDLE,
	MEMBER_ACCEPT_KERNEL,
	MEMBER_ACCEPT_DISARM,		/* a leaver, rule 11 */
	MEMBER_ACCEPT_DISK,
};

/* An ACCEPT that is being answered. */
struct member_acceptance {
	enum member_accept_stage stage;
	struct member_value value;
	u16 to;
	u64 token;
	u64 at_ns;			/* when the kernel read the ages */
	bool disarmed;
	struct core_ages ages;
	struct member_ballot synced;	/* newest answer that is on disk */
	u64 synced_hash;
};

enum member_kernel_call {
	MEMBER_KERNEL_NONE,
	MEMBER_KERNEL_ACCEPT_VALUE,	/* for struct member_acceptance */
	MEMBER_KERNEL_ACCEPT_COMMIT,	/* for a COMMIT of a value not accepted */
	MEMBER_KERNEL_ACCEPT_LEAVE,	/* a leaver learns of its exclusion by COMMIT */
	MEMBER_KERNEL_ACCEPT_MUTANT,
	MEMBER_KERNEL_ARM,
	MEMBER_KERNEL_INSTALL,
	MEMBER_KERNEL_DISARM_ACCEPT,
	MEMBER_KERNEL_DISARM_LEAVE,
};

/* A committed view that is not installed yet. */
struct member_installing {
	bool active;
	bool told_wait;
	u64 arrived_ns;
	u64 retry_ns;
	struct member_commit commit;
};

/* member_accept.c */
void member_on_prepare(struct member *m, const struct member_message *message);
void member_on_accept(struct member *m, const struct member_message *message);
void member_prepare_resume(struct member *m);
void member_promise_answered(struct member *m, int result);
void member_accept_kernel(struct member *m, enum member_kernel_call call,
			  const struct core_view *view, const struct member_ballot *ballot);
void member_accept_answered(struct member *m, int result, const struct core_ages *ages);
void member_accept_disarmed(struct member *m, int result);
void member_accept_synced(struct member *m, u64 token, int result);

/* member_commit.c, member_wait.c */
void member_commit_fill(struct member *m, struct member_commit *commit);
void member_commit_send(struct member *m, u16 to);
void member_commit_take(struct member *m, const struct member_commit *commit, u16 from);
void member_install_advance(struct member *m);
void member_install_answered(struct member *m, int result);
void member_commit_tick(struct member *m);
u64 member_commit_deadline(const struct member *m);
void member_waits_fill(struct member *m, struct member_commit *commit);
void member_waits_tighten(struct member *m, const struct member_commit *commit, u64 at_ns);
void member_waits_install(struct member *m, const struct core_view *former,
			  const struct member_commit *commit, u64 at_ns);
void member_waits_gasped(struct member *m);
void member_waits_tell(struct member *m);
u64 member_waits_deadline(const struct member *m);

/* member_disk.c */
u64 member_disk_write(struct member *m);
void member_disk_done(struct member *m, u64 token, int result);
bool member_disk_accept(struct member_disk *disk, const struct member_value *value);

#endif
