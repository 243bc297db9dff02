/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmcld <-> cmsrvassistd: who starts what, and how it ended.
 *
 * cmsrvassistd listens on ASSIST_SOCKET (unix, SOCK_SEQPACKET, mode 0600; only
 * its own uid is served, one client at a time, a newer one replaces the older).  cmcld
 * connects and never blocks on it: O_NONBLOCK, and it tries again every 100 ms
 * while cmsrvassistd is away (PKG_ASSIST_LOST, then PKG_ASSIST_READY after READY).
 *
 * One message is one packet: struct assist_head, then a body of words, each a
 * text that ends with NUL ("key=value").  Numbers in the head are in the byte
 * order of the machine: the socket never leaves it.
 *
 *   cmcld                                   cmsrvassistd
 *   HELLO(incarnation; node, cluster, all   ends everything that belongs to another
 *         relocatable addresses)            incarnation, removes addresses nobody
 *                                           here owns
 *                                   <----   FOUND(slot, run, services) for each
 *                                           package that runs; then READY
 *   START(slot, run; package)      ---->    STEP ... then STARTED(outcome, clean)
 *   HALT(slot, run, reason; package) -->    STEP ... then HALTED(outcome)
 *   SERVICE_START(slot, run, service,
 *                 restarts)        ---->    (nothing, or SERVICE_EXIT)
 *                                   <----   SERVICE_EXIT(slot, run, service, status)
 *
 * HALT while a start is under way ends the start (its script is killed) and
 * undoes it; only HALTED is reported then.  HALT of what does not run here
 * cleans up and reports HALTED.  START first removes whatever an earlier run left
 * on this node.  Repeating a START or HALT that is under way changes nothing.
 */
#ifndef TOCSIN_ASSIST_H
#define TOCSIN_ASSIST_H

#include <tocsin/conf.h>
#include <tocsin/pkg.h>

#define ASSIST_SOCKET		"/run/tocsin/cmsrvassistd.sock"
#define ASSIST_STATE_DIR	"/run/tocsin/packages"
#define ASSIST_LOG_DIR		"/var/log/tocsin"	/* <package>.log */
#define ASSIST_VERSION		1
#define ASSIST_MESSAGE_MAX	(128U * 1024)
#define ASSIST_PATH_MAX		255
#define ASSIST_VARIABLES_MAX	(CONF_PEVS_MAX + 8)

enum assist_type {
	ASSIST_HELLO = 1,
	ASSIST_START,
	ASSIST_HALT,
	ASSIST_SERVICE_START,
	ASSIST_FOUND = 64,
	ASSIST_READY,
	ASSIST_STARTED,
	ASSIST_HALTED,
	ASSIST_SERVICE_EXIT,
	ASSIST_STEP,
};

/**
 * struct assist_head - start of every message
 * @slot: index of the package in cmcld's struct conf at the time of START or
 *	HALT; given back unchanged.  After a change of the configuration the index
 *	may differ: what names the package for sure is package.name, which every
 *	message from cmsrvassistd but READY carries, and SERVICE_START should
 * @run: run id of the record
 * @number: STARTED, HALTED: enum pkg_outcome; HALT: enum pkg_halt_reason;
 *	SERVICE_START: restarts so far; SERVICE_EXIT: status as of waitpid(), or
 *	-1 when it is not known (cmsrvassistd was restarted meanwhile); FOUND: bit
 *	set of services alive
 * @clean: STARTED: nothing was left behind
 * @t_ns: CLOCK_BOOTTIME when it was sent
 */
struct assist_head {
	u16 version;
	u16 type;
	u16 slot;
	u16 service;
	u32 run;
	s32 number;
	u16 node;
	u8 clean;
	u8 unused[5];
	u64 incarnation;
	u64 t_ns;
};

static_assert(sizeof(struct assist_head) == 40, "no hidden padding");

/* A service as cmsrvassistd needs it; @cmd is run by /bin/sh. */
struct assist_service {
	const char *name;
	const char *cmd;
	u64 halt_timeout_ns;
};

/* A relocatable address; @address.prefix_len: of the subnet that carries it. */
struct assist_address {
	struct conf_address address;
};

/**
 * struct assist_package - all that is needed to start and to halt a package
 * Texts point into the message (or the caller's memory); NULL where not given.
 * @variable: "NAME=value" (PEVs, upper case) for scripts and services
 */
struct assist_package {
	const char *name;
	const char *node;
	const char *cluster;
	const char *log_file;
	const char *run_script;
	const char *halt_script;
	u64 run_timeout_ns;		/* of the whole start; 0: none */
	u64 halt_timeout_ns;		/* of the whole halt */
	bool fail_fast;			/* node_fail_fast: what resets the node is
					 * reported before anything is cleaned up */
	u16 pre_count;
	u16 external_count;
	u16 address_count;
	u16 service_count;
	u16 variable_count;
	const char *pre[CONF_SCRIPTS_MAX];
	const char *external[CONF_SCRIPTS_MAX];
	struct assist_address address[CONF_PKG_ADDRESSES_MAX];
	struct assist_service service[CONF_SERVICES_MAX];
	const char *variable[ASSIST_VARIABLES_MAX];
};

/**
 * struct assist_message - a message, taken apart
 * @package: START, HALT; HELLO: node and cluster; READY: nothing; all others:
 *	@package.name only
 * @text: STEP: what is being done, for progress ("service-start web1")
 * @addresses: HELLO: every relocatable address of the configuration
 */
struct assist_message {
	struct assist_head head;
	struct assist_package package;
	const char *text;
	u16 address_count;
	struct assist_address address[CONF_PACKAGES_MAX];
};

/**
 * assist_encode - write a message into @buffer
 * Which parts of the body are written follows from head.type.
 * Return: its length in bytes, or -EMSGSIZE when it exceeds @size or
 * ASSIST_MESSAGE_MAX.
 */
int assist_encode(const struct assist_message *message, void *buffer, size_t size);

/**
 * assist_decode - take a message apart
 * Texts in @message point into @buffer, which must outlive it.
 * Return: 0, or -EPROTO with @why (static text) naming what is wrong.
 */
int assist_decode(struct assist_message *message, const void *buffer, size_t length,
		  const char **why);

/**
 * assist_package_fill - what cmsrvassistd needs of a configured package
 * @scratch: memory for texts that are put together here; lives as long as @out
 * Return: 0, or -E2BIG when @size bytes do not hold them.
 */
int assist_package_fill(struct assist_package *out, const struct conf *conf, u16 package,
			const char *node_name, char *scratch, size_t size);

/* All relocatable addresses of @conf into a HELLO. Return: 0; -ENOENT: no such node;
 * -E2BIG: more addresses than fit. */
int assist_hello_fill(struct assist_message *hello, const struct conf *conf,
		      u16 node, u64 incarnation);

#endif
