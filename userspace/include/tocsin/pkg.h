/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Package manager: decides where each package runs and carries it out on this
 * node.  Pure: no I/O, no clock, no allocation; one event in, actions out.
 *
 * One struct pkg per node holds two halves.
 *   The coordinator half decides.  It works only while this node is the
 *   coordinator of the installed view: it looks at the committed records, the
 *   reports of the nodes and the wishes of administrators, and proposes the next
 *   record of a package (PKG_PROPOSE).  It keeps nothing that a new coordinator
 *   could not get again from committed records and repeated messages.
 *   The node half carries out.  It starts a package when it sees the *committed*
 *   record "starting, owner: this node and this incarnation", never before, and
 *   reports what came of it.
 *
 * How the shell (cmcld, simulator) drives it:
 *   pkg_step(pkg, now_ns, &event);
 *   while (pkg_next(pkg, now_ns, &action))
 *           carry out the action;
 *   set a timer for pkg_deadline_ns(pkg) and send PKG_TIMER when it is due.
 *
 * What the shell must hold to (the safety of packages rests on it):
 *   1. PKG_COMMITTED comes for every record of pkg_owns_key(), in sequence, on
 *      every member, only once all members hold it (Documentation/MEMBERSHIP,
 *      rule 10).  A node that joins gets PKG_COMMITTED for every record of the
 *      adopted state before its first PKG_VIEW.
 *   2. PKG_VIEW comes when a view is installed and acted upon.  By then every
 *      earlier proposal has been committed (its PKG_COMMITTED came before) or
 *      will never be.
 *   3. PKG_SAFE(id, incarnation) comes on every member once the wait for an
 *      excluded incarnation is over (rule 5), at once after a clean leave
 *      (rule 11); too often does no harm.  A gone incarnation for which none
 *      ever comes is taken as safe L' (takeover_wait_ns) after this node's own
 *      installation of a view without it, as rule 5 says for a member without
 *      a figure.
 *   4. PKG_SEND is delivered at most once, unchanged, with the true sender; it
 *      may be lost or late: the library repeats.
 *   5. PKG_VIEW has no_waits only when no exclusion's wait is running (member_waits()
 *	is 0).  A cluster that was formed anew has no records; who ran a package
 *	before may not be dead yet.  Without no_waits such a package is first
 *	started L' after the view.
 */
#ifndef TOCSIN_PKG_H
#define TOCSIN_PKG_H

#include <tocsin/conf.h>

#include "view.h"

/* Records: keys from PKG_KEY_FIRST, one for each package, and one for the cluster. */
#define PKG_KEY_FIRST		0x504b0000U
#define PKG_KEY_CLUSTER		(PKG_KEY_FIRST + 0xffffU)
#define PKG_RECORD_MAX		200
#define PKG_MESSAGE_MAX		256
#define PKG_ADMIN_MAX		64	/* requests of administrators at a time, per node */
#define PKG_NOBODY		0xffff	/* no package, no service */

/* A node without cmsrvassistd for so long cannot watch its packages: TOC. */
#define PKG_ASSIST_GRACE_NS	(30 * CORE_NS_PER_S)

enum pkg_state {
	PKG_HALTED,		/* no owner */
	PKG_STARTING,		/* owner is to start it */
	PKG_RUNNING,
	PKG_HALTING,		/* owner is to halt it */
	PKG_HALT_FAILED,	/* owner could not halt it: pieces may be left there */
};

/* Why a package is in its state; for people, cmviewcl and the log. */
enum pkg_reason {
	PKG_WHY_NONE,
	PKG_WHY_CLUSTER_START,	/* first start of this cluster */
	PKG_WHY_ADMIN,		/* cmrunpkg, cmhaltpkg, cmmodpkg */
	PKG_WHY_NODE_LEAVE,	/* cmhaltnode -f */
	PKG_WHY_CLUSTER_HALT,	/* cmhaltcl -f */
	PKG_WHY_NODE_LOST,
	PKG_WHY_SERVICE,	/* a service failed, restarts exhausted */
	PKG_WHY_SUBNET,
	PKG_WHY_RESOURCE,
	PKG_WHY_DEPENDENCY,
	PKG_WHY_RUN_NO_RESTART,	/* run script exit 1 */
	PKG_WHY_RUN_RESTART,	/* run script exit 2 */
	PKG_WHY_RUN_TIMEOUT,
	PKG_WHY_RUN_UNDO,	/* a failed start could not be undone */
	PKG_WHY_HALT_SCRIPT,	/* halt script failed */
	PKG_WHY_HALT_TIMEOUT,
	PKG_WHY_LOST_TRACK,	/* cmsrvassistd came back without it, or stays away */
	PKG_WHY_REFUSED,	/* the node could not take it */
	PKG_WHY_FAILBACK,
	PKG_WHY_COUNT
};

/* SG_HALT_REASON for the scripts. */
enum pkg_halt_reason {
	PKG_HALT_USER,
	PKG_HALT_FAILURE,
	PKG_HALT_AUTOMATIC,
};

/* How a start ended (PKG_START_DONE), how a halt ended (PKG_HALT_DONE). */
enum pkg_outcome {
	PKG_OK,
	PKG_NO_RESTART,		/* run script exit 1 and any code but 0 and 2; halt: failed */
	PKG_RESTART,		/* run script exit 2 */
	PKG_TIMEOUT,
	PKG_UNABLE,		/* this node cannot take it now; nothing was run */
};

enum pkg_need {
	PKG_NEED_SUBNET,
	PKG_NEED_RESOURCE,
	PKG_NEED_DEPENDENCY,
	PKG_NEEDS
};

enum pkg_op {
	PKG_OP_RUN,		/* cmrunpkg [-n node] */
	PKG_OP_HALT,		/* cmhaltpkg [-n node] */
	PKG_OP_MOVE,		/* halt here, start on node; AUTO_RUN stays */
	PKG_OP_ENABLE,		/* cmmodpkg -e [-n node] */
	PKG_OP_DISABLE,		/* cmmodpkg -d [-n node] */
	PKG_OP_LEAVE,		/* cmhaltnode [-f]: on the node that is to leave */
	PKG_OP_HALT_CLUSTER,	/* cmhaltcl [-f]: halt all packages, start none */
	PKG_OP_OPEN_CLUSTER,	/* cmruncl after a cmhaltcl that did not end: start again */
};

enum pkg_result {
	PKG_DONE,		/* as asked; LEAVE: the node holds nothing and takes nothing */
	PKG_E_NO_PACKAGE,	/* no such package */
	PKG_E_NODE,		/* not one of the package's nodes */
	PKG_E_NODE_DOWN,	/* not in the view */
	PKG_E_NODE_UNABLE,	/* leaving, or cannot meet a need of the package */
	PKG_E_SWITCHING,	/* switching is disabled there: cmmodpkg -e -n node pkg */
	PKG_E_RUNNING,		/* is up already */
	PKG_E_NOT_RUNNING,
	PKG_E_HALT_FAILED,	/* pieces left on a node: clean up, cmmodpkg -e pkg */
	PKG_E_RUN_FAILED,	/* started, and failed: see why */
	PKG_E_HAS_PACKAGES,	/* cmhaltnode, cmhaltcl without -f while packages run */
	PKG_E_HALTING,		/* the cluster is halting */
	PKG_E_CANCELLED,	/* another request went the other way */
};

enum pkg_event_type {
	PKG_TIMER,
	PKG_VIEW,
	PKG_SAFE,
	PKG_COMMITTED,
	PKG_MESSAGE,
	PKG_ADMIN,
	PKG_ADMIN_CANCEL,	/* who asked is gone; admin.id. Undoes LEAVE, even after its
				 * result, and HALT_CLUSTER before it */
	PKG_ASSIST_READY,	/* assist.found[]: packages cmsrvassistd found running */
	PKG_ASSIST_LOST,
	PKG_START_DONE,
	PKG_HALT_DONE,
	PKG_SERVICE_EXIT,
	PKG_NEED_CHANGE,
	PKG_PROPOSE_FAILED,	/* failed.key: this proposal will never be committed */
};

/* @services: bit s set: service s is alive. */
struct pkg_found {
	u16 package;
	u32 run;
	u32 services;
};

/**
 * struct pkg_event - one input; @package is the index in the struct conf that
 * was given to pkg_configure()
 */
struct pkg_event {
	enum pkg_event_type type;
	bool no_waits;			/* PKG_VIEW: see contract 5 */
	union {
		const struct core_view *view;
		struct {
			u16 node;
			u64 incarnation;
		} safe;
		struct {
			u32 key;
			const void *data;
			u16 length;	/* 0: the record was deleted */
		} committed;
		struct {
			u16 from;
			const void *data;
			u16 length;
		} message;
		struct {
			u64 id;		/* drawn by the shell; not 0, not in use;
					 * only while pkg_admin_room() */
			enum pkg_op op;
			char package[CONF_NAME_MAX + 1];
			u16 node;	/* RUN, MOVE: where, 0: first choice; else 0: all */
			bool force;
		} admin;
		struct {
			const struct pkg_found *found;
			u16 count;
		} assist;
		struct {
			u16 package;
			u32 run;
			enum pkg_outcome outcome;
			bool clean;	/* START_DONE other than OK: all was undone */
		} done;
		struct {
			u16 package;
			u32 run;
			u16 service;
		} exited;
		struct {
			u16 package;
			enum pkg_need need;
			bool met;
		} need;
		struct {
			u32 key;
		} failed;
	};
};

enum pkg_action_type {
	PKG_PROPOSE,		/* propose key, data, length to the membership */
	PKG_SEND,		/* send data, length to cmcld on node */
	PKG_START,		/* have cmsrvassistd start it: package, run */
	PKG_HALT,		/* have cmsrvassistd halt it: package, run, halt_reason */
	PKG_SERVICE_START,	/* package, run, service, restarts (SG_... count) */
	PKG_TOC,		/* reset this node now: package, why */
	PKG_CHANGED,		/* the record of package changed: tell readers, log */
	PKG_PROGRESS,		/* admin id: package, node, state */
	PKG_RESULT,		/* admin id: result, package, node, why */
};

struct pkg_action {
	enum pkg_action_type type;
	u16 package;		/* index in struct conf, or PKG_NOBODY */
	u16 node;
	u16 service;
	u32 run;
	u32 restarts;
	enum pkg_state state;
	enum pkg_reason why;
	enum pkg_halt_reason halt_reason;
	enum pkg_result result;
	u64 id;
	u32 key;
	u16 length;
	u8 data[PKG_MESSAGE_MAX];
};

/* Status words of cmviewcl. */
enum pkg_status_word {
	PKG_STATUS_DOWN,
	PKG_STATUS_UP,
	PKG_STATUS_STARTING,
	PKG_STATUS_HALTING,
	PKG_STATUS_FAILING,		/* halting because something failed */
	PKG_STATUS_START_WAIT,		/* to start, waits for a node that can take it */
	PKG_STATUS_RELOCATE_WAIT,	/* former owner not yet known to be dead */
	PKG_STATUS_UNKNOWN,		/* no record yet */
};

/**
 * struct pkg_status - what cmviewcl shows of a package
 * @node: owner, or 0
 * @failed: PACKAGE STATE is "failed" when halted, "halt_aborted" with PKG_HALT_FAILED
 * @disabled: bit (id - 1): switching disabled on that node
 */
struct pkg_status {
	enum pkg_status_word status;
	enum pkg_state state;
	enum pkg_reason why;
	bool auto_run;
	bool failed;
	u16 node;
	u16 last_halt_failed_node;	/* 0: none */
	u32 run;
	u8 disabled[CORE_NODE_ID_MAX / 8];
	u32 restarts[CONF_SERVICES_MAX];
};

struct pkg;

/* Bytes of a struct pkg, for the one allocation of its shell. */
size_t pkg_size(void);

/**
 * pkg_init - prepare @pkg for this node
 * @self, @incarnation: as in the views to come
 * @takeover_wait_ns: L', Documentation/MEMBERSHIP
 */
void pkg_init(struct pkg *pkg, u16 self, u64 incarnation, u64 takeover_wait_ns);

/**
 * pkg_configure - take over a configuration (at start, and when it changes)
 * Packages are matched by name; settings take effect at the next decision. Keeps
 * no reference to @conf. Packages of other types than failover are left alone.
 */
void pkg_configure(struct pkg *pkg, const struct conf *conf);

/* Does the record with this key belong to this library? */
bool pkg_owns_key(u32 key);

/* At most so many proposals are under way at a time. */
#define PKG_PROPOSALS_MAX	24

/**
 * pkg_step - one event
 * Messages and records from other nodes are checked; bad ones are counted
 * (pkg_rejected()) and change nothing.
 */
void pkg_step(struct pkg *pkg, u64 now_ns, const struct pkg_event *event);

/* The next action to carry out. Return: false when there is none. */
bool pkg_next(struct pkg *pkg, u64 now_ns, struct pkg_action *action);

/* When PKG_TIMER is due; UINT64_MAX: never. May lie in the past: due now. */
u64 pkg_deadline_ns(const struct pkg *pkg);

/**
 * pkg_status_get - status of one package
 * Return: 0, or -ENOENT: no such index.
 */
int pkg_status_get(const struct pkg *pkg, u16 package, struct pkg_status *status);

/* This node owns no package and has none running, starting or halting. */
bool pkg_node_idle(const struct pkg *pkg);

/* This node has one running, starting or halting, or could not halt one. Not the
 * opposite of idle: it may own one that it has not begun, and will refuse.
 */
bool pkg_node_active(const struct pkg *pkg);

/* May another PKG_ADMIN come? At most PKG_ADMIN_MAX are worked on at a time. */
bool pkg_admin_room(const struct pkg *pkg);

/* Messages and records refused since pkg_init(). */
u64 pkg_rejected(const struct pkg *pkg);

/* Names for people: "starting", "run script failed (exit 1)", "user_halt" ... */
const char *pkg_state_name(enum pkg_state state);
const char *pkg_status_name(enum pkg_status_word status);
const char *pkg_reason_name(enum pkg_reason reason);
const char *pkg_halt_reason_name(enum pkg_halt_reason reason);	/* SG_HALT_REASON */
const char *pkg_result_name(enum pkg_result result);		/* with the remedy */

#endif
