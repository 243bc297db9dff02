/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside of the package manager.  Everything is derived again after each event
 * (pkg_settle): what a package needs follows from its committed record, the
 * reports about it and the view, never from what was planned before.  That is
 * what makes a change of coordinator harmless.
 */
#ifndef PKG_PRIVATE_H
#define PKG_PRIVATE_H

#include "pkg_record.h"
#include "pkg_times.h"
/* What the node half has going for a package. */
enum pkg_phase {
	PKG_IDLE,
	PKG_BUSY_STARTING,
	PKG_UP,
	PKG_BUSY_HALTING,
};

/**
 * struct pkg_local - the node half of one package
 * @run: run that @phase, @failure and the outcomes speak of
 * @told_ns: when the report now due was last sent; 0: not yet
 */
struct pkg_local {
	enum pkg_phase phase;
	u32 run;
	bool start_over;		/* the start of @run ended with start_outcome */
	bool start_clean;
	bool halt_over;
	enum pkg_outcome start_outcome;
	enum pkg_outcome halt_outcome;
	enum pkg_reason failure;
	u32 services_due;		/* bit: to be started again */
	u16 restarts[CONF_SERVICES_MAX];
	u8 unmet;			/* bit: enum pkg_need */
	enum pkg_report_kind told;
	u64 told_ns;
};

enum pkg_todo {
	PKG_TODO_PROPOSE = 1,
	PKG_TODO_START = 2,
	PKG_TODO_HALT = 4,
	PKG_TODO_REPORT = 8,
	PKG_TODO_CHANGED = 16,
};

/* A package as the configuration has it. */
struct pkg_settings {
	char name[CONF_NAME_MAX + 1];
	bool used;
	bool auto_run;
	bool node_fail_fast;
	enum conf_failover_policy failover;
	enum conf_failback_policy failback;
	u16 slot;			/* PKG_NOBODY: no record yet */
	u16 node_count;
	u16 service_count;
	u16 node[CONF_NODES_MAX];
	u32 restart[CONF_SERVICES_MAX];
	bool fail_fast[CONF_SERVICES_MAX];
	struct pkg_local local;
};

/* A package as the cluster has it: slot n has key PKG_KEY_FIRST + n. */
struct pkg_slot {
	bool known;			/* record is committed */
	bool pending;			/* proposed is under way */
	u16 index;			/* of its settings, or PKG_NOBODY */
	u32 todo;
	struct pkg_record record;
	struct pkg_record proposed;
	bool proposed_delete;
	u64 again_ns;			/* when to propose it again */
	u64 gone_ns;			/* since when the owner is out of the view; 0: is in */
	struct pkg_report report;	/* newest from the owner; kind NONE: none */
	u16 avoid;			/* refused last */
	u64 avoid_until_ns;
};

enum pkg_ask_phase {
	PKG_ASK_FREE,
	PKG_ASK_SEND,		/* to be sent, or sent and not answered */
	PKG_ASK_ACCEPTED,	/* waits for what the records will say */
	PKG_ASK_OVER,		/* the result is to be given out */
};

/* A request of an administrator on this node. */
struct pkg_ask {
	enum pkg_ask_phase phase;
	struct pkg_request request;
	u16 package;
	u32 version;
	u32 run;
	u64 send_ns;		/* when to send (again) */
	bool send;
	bool silent;		/* nobody waits for the result */
	enum pkg_result result;
	enum pkg_reason why;
	u16 about;		/* package the result is about */
	u16 node;
	u8 news[PKG_SLOT_BYTES];	/* slots with progress to tell */
};

struct pkg {
	u16 self;
	u64 incarnation;
	u64 takeover_wait_ns;
	struct core_view view;		/* epoch 0: none yet */
	u64 view_ns;
	u64 first_start_ns;		/* of packages without a record */
	u64 safe_incarnation[CORE_NODE_ID_MAX + 1];
	struct pkg_node_status node[CORE_NODE_ID_MAX + 1];
	struct pkg_cluster cluster;
	struct pkg_cluster cluster_proposed;
	bool cluster_pending;
	bool cluster_propose;
	u64 cluster_again_ns;
	u16 open;			/* proposals under way */
	u16 settings_count;
	struct pkg_settings settings[PKG_SLOTS];
	struct pkg_settings former[PKG_SLOTS];	/* only inside of pkg_configure() */
	struct pkg_slot slot[PKG_SLOTS];
	struct pkg_ask ask[PKG_ADMIN_MAX];
	struct pkg_reply reply[PKG_ADMIN_MAX];	/* to other nodes */
	u16 reply_to[PKG_ADMIN_MAX];
	u16 reply_count;
	bool assist_ready;
	u64 assist_lost_ns;		/* 0: not lost */
	bool leaving;
	u64 leave_id;
	bool tell_status;
	u64 status_ns;
	bool toc;
	bool toc_given;
	u16 toc_package;
	enum pkg_reason toc_why;
	u64 now_ns;
	u64 deadline_ns;
	u64 rejected;
};

/* pkg_table.c: settings, slots, bits, names */
bool pkg_bit_get(const u8 *bits, u16 bit);
void pkg_bit_set(u8 *bits, u16 bit, bool value);
bool pkg_name_equal(const char *a, const char *b);
u16 pkg_settings_find(const struct pkg *pkg, const char *name);
struct pkg_settings *pkg_slot_settings(struct pkg *pkg, u16 slot);
u16 pkg_slot_free(const struct pkg *pkg);
void pkg_slot_bind(struct pkg *pkg, u16 slot);
const struct pkg_record *pkg_slot_latest(const struct pkg_slot *slot);
void pkg_wake(struct pkg *pkg, u64 at_ns);

bool pkg_node_member(const struct pkg *pkg, u16 node);
u64 pkg_node_incarnation(const struct pkg *pkg, u16 node);
enum pkg_result pkg_place_check(struct pkg *pkg, u16 slot, const struct pkg_settings *settings,
				const struct pkg_record *record, u16 node);
bool pkg_place_wait(struct pkg *pkg, const struct pkg_record *record, u16 node);
u16 pkg_place_choose(struct pkg *pkg, u16 slot, const struct pkg_settings *settings,
		     const struct pkg_record *record);

/* pkg_decide.c: coordinator half */
bool pkg_is_coordinator(const struct pkg *pkg);
bool pkg_may_propose(const struct pkg *pkg, u16 slot);
void pkg_propose(struct pkg *pkg, u16 slot, const struct pkg_record *next);
void pkg_cluster_propose(struct pkg *pkg, enum pkg_cluster_state state, u16 owner,
			 u64 incarnation);
void pkg_decide_all(struct pkg *pkg);
void pkg_record_start(struct pkg *pkg, struct pkg_record *next, u16 node);
void pkg_record_halt(struct pkg_record *next, enum pkg_reason why, enum pkg_halt_reason reason);

/* pkg_node.c: node half */
bool pkg_owned_here(const struct pkg *pkg, const struct pkg_slot *slot);
void pkg_node_settle(struct pkg *pkg);
void pkg_node_report(const struct pkg *pkg, u16 slot, struct pkg_report *report);
void pkg_node_start_done(struct pkg *pkg, const struct pkg_event *event);
void pkg_node_halt_done(struct pkg *pkg, const struct pkg_event *event);
void pkg_node_service_exit(struct pkg *pkg, u16 index, u32 run, u16 service);
void pkg_node_need(struct pkg *pkg, const struct pkg_event *event);
void pkg_node_assist_ready(struct pkg *pkg, const struct pkg_event *event);
void pkg_node_assist_lost(struct pkg *pkg);
void pkg_node_status_fill(const struct pkg *pkg, struct pkg_node_status *status);
void pkg_node_view(struct pkg *pkg);

/* pkg_request.c */
void pkg_request_answer(struct pkg *pkg, u16 from, const struct pkg_request *request,
			struct pkg_reply *reply);

/* pkg_ask.c: requests of administrators on this node */
void pkg_ask_begin(struct pkg *pkg, const struct pkg_event *event);
void pkg_ask_cancel(struct pkg *pkg, u64 id);
void pkg_ask_reply(struct pkg *pkg, const struct pkg_reply *reply);
void pkg_ask_view(struct pkg *pkg);
void pkg_ask_news(struct pkg *pkg, u16 slot);
void pkg_ask_settle(struct pkg *pkg);
void pkg_ask_over(struct pkg_ask *ask, enum pkg_result result);

#endif
