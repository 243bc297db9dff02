/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What nodes tell each other of packages: replicated records, and messages.
 */
#ifndef PKG_RECORD_H
#define PKG_RECORD_H

#include <tocsin/pkg.h>

#define PKG_SLOTS		CONF_PACKAGES_MAX
#define PKG_SLOT_BYTES		((PKG_SLOTS + 7) / 8)
#define PKG_NODE_BYTES		(CORE_NODE_ID_MAX / 8)

/**
 * struct pkg_record - the replicated record of one package
 * @version: grows with each proposal; an older one never replaces a newer
 * @run: grows with each start: names one run of the package, cluster-wide
 * @owner, @incarnation: set from STARTING to HALT_FAILED
 * @target: node to start on next, AUTO_RUN or not; 0: none
 */
struct pkg_record {
	enum pkg_state state;
	enum pkg_reason why;
	enum pkg_halt_reason halt_reason;
	bool auto_run;
	u16 owner;
	u16 target;
	u32 version;
	u32 run;
	u64 incarnation;
	u8 disabled[PKG_NODE_BYTES];
	u16 restarts[CONF_SERVICES_MAX];
	char name[CONF_NAME_MAX + 1];
};

/* Where cmhaltcl has got to; replicated. */
enum pkg_cluster_state {
	PKG_CLUSTER_OPEN,
	PKG_CLUSTER_HALTING,	/* packages are being halted, for @owner */
	PKG_CLUSTER_HALTED,	/* all are down, none is started */
};

struct pkg_cluster {
	enum pkg_cluster_state state;
	u32 version;
	u16 owner;
	u64 incarnation;
};

enum pkg_report_kind {
	PKG_REPORT_NONE,
	PKG_REPORT_STARTED,
	PKG_REPORT_START_FAILED,
	PKG_REPORT_HALTED,
	PKG_REPORT_HALT_FAILED,
	PKG_REPORT_FAILED,	/* while it was starting or up */
	PKG_REPORT_RESTARTS,	/* only the counts are news */
	PKG_REPORT_KINDS
};

/* What the owner says about a run. */
struct pkg_report {
	enum pkg_report_kind kind;
	enum pkg_outcome outcome;
	enum pkg_reason why;
	bool clean;
	u16 slot;
	u32 run;
	u64 incarnation;
	u16 restarts[CONF_SERVICES_MAX];
};

/* What a node says about itself. @able: cmsrvassistd is there, not leaving */
struct pkg_node_status {
	u64 incarnation;
	bool able;
	bool leaving;
	u8 unfit[PKG_SLOT_BYTES];	/* bit slot: a need of it is not met */
};

enum pkg_answer {
	PKG_ANSWER_RETRY,	/* not now: ask again */
	PKG_ANSWER_ACCEPTED,	/* proposed: watch the record from @version on */
	PKG_ANSWER_RESULT,	/* settled: @result */
	PKG_ANSWERS
};

struct pkg_request {
	u64 id;
	enum pkg_op op;
	u16 slot;
	u16 node;
	u32 run;		/* ENABLE: the run whose failed halt was seen, 0: none */
	bool force;
	bool again;		/* asked before: what it wants may be done already */
	bool cancel;
};

struct pkg_reply {
	u64 id;
	enum pkg_answer answer;
	enum pkg_result result;
	u16 slot;
	u16 node;
	u32 version;		/* ACCEPTED: the records speak of it from here on */
	u32 run;
};

enum pkg_message_type {
	PKG_MSG_REPORT = 1,
	PKG_MSG_STATUS,
	PKG_MSG_REQUEST,
	PKG_MSG_REPLY,
};

struct pkg_message {
	enum pkg_message_type type;
	union {
		struct pkg_report report;
		struct pkg_node_status status;
		struct pkg_request request;
		struct pkg_reply reply;
	};
};

/* pkg_codec.c */
int pkg_record_encode(const struct pkg_record *record, u8 *out);
bool pkg_record_decode(struct pkg_record *record, const u8 *data, u16 length);
int pkg_cluster_encode(const struct pkg_cluster *cluster, u8 *out);
bool pkg_cluster_decode(struct pkg_cluster *cluster, const u8 *data, u16 length);
int pkg_message_encode(const struct pkg_message *message, u8 *out);
bool pkg_message_decode(struct pkg_message *message, const u8 *data, u16 length);

#endif
