/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small world for tests of the package manager: nodes that each run the real
 * library, a replicated log, messages that may be late or lost, and a
 * cmsrvassistd of which the truth is known: what runs where.  Every start is
 * checked against that truth: never where the package runs on a living node.
 */
#ifndef PKG_WORLD_H
#define PKG_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include <tocsin/pkg.h>

/* Not every test needs every word of this world. */
#define WORLD		static __attribute__((unused))
#define NODES		6
#define PACKAGES	4
#define LOG_MAX		60000
#define MAIL_MAX	4096
#define OPEN_MAX	32
#define MS		CORE_NS_PER_MS
#define WAIT_NS		(1100 * MS)	/* L' */

void core_assert_failed(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: %s\n", file, line, what);
	abort();
}

enum mail_type { MAIL_MESSAGE, MAIL_STARTED, MAIL_HALTED, MAIL_EXIT, MAIL_SAFE, MAIL_FAILED };

struct mail {
	bool used;
	enum mail_type type;
	u64 due_ns;
	u16 to, from, package, service;
	u32 run, session;
	u64 incarnation;
	enum pkg_outcome outcome;
	bool clean;
	u16 length;
	u8 data[PKG_MESSAGE_MAX];
};

struct entry {
	u32 key;
	u16 length;
	u8 data[PKG_RECORD_MAX];
};

/* What cmsrvassistd of a node really has. */
struct truth {
	enum { NOTHING, COMING, UP, GOING } is;
	u32 run;
	u32 services;
};

struct node {
	struct pkg *pkg;
	bool alive;
	bool member;
	u64 incarnation;
	u64 dies_ns;		/* excluded: lease ends then; 0: not dying */
	bool toc;
	enum pkg_reason toc_why;
	u32 applied;
	u64 apply_ns;		/* next entry of the log is delivered then */
	u32 session;		/* of cmsrvassistd */
	bool assist;
	struct truth truth[PACKAGES];
	u32 starts[PACKAGES], halts[PACKAGES];
	enum pkg_halt_reason halt_reason[PACKAGES];
};

struct world {
	u64 now_ns;
	u32 seed;
	u32 lose_percent;	/* of messages */
	u64 delay_ns;		/* at most */
	u16 nodes;
	struct node node[NODES + 1];
	struct entry log[LOG_MAX];
	u32 log_count;
	struct entry open[OPEN_MAX];	/* proposed, not committed */
	u32 open_count;
	u64 commit_ns;
	struct mail mail[MAIL_MAX];
	struct core_view view;
	u64 incarnations;
	u16 leader;		/* preferred coordinator */
	bool waits;		/* former members may live */
	/* scripted outcomes, by package; used up by one start or halt */
	enum pkg_outcome start_outcome[PACKAGES];
	bool start_dirty[PACKAGES];
	enum pkg_outcome halt_outcome[PACKAGES];
	bool storm;		/* outcomes are random instead */
	u32 results;
	enum pkg_result result;
	u64 result_id;
	u32 progress;
};

static struct world w;
static struct conf *conf;

WORLD u32 dice(u32 below)
{
	w.seed = w.seed * 1664525U + 1013904223U;
	return below ? (w.seed >> 8) % below : 0;
}

WORLD u64 later(void)
{
	return w.now_ns + 1 + (u64)dice((u32)(w.delay_ns / 1000)) * 1000;
}

WORLD struct mail *mail_new(enum mail_type type, u16 to)
{
	for (u32 i = 0; i < MAIL_MAX; i++) {
		struct mail *mail = &w.mail[i];

		if (mail->used)
			continue;
		memset(mail, 0, sizeof(*mail));
		mail->used = true;
		mail->type = type;
		mail->to = to;
		mail->incarnation = w.node[to].incarnation;
		mail->session = w.node[to].session;
		mail->due_ns = later();
		return mail;
	}
	fail_msg("too much mail");
	return NULL;
}

#endif
