/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The real-time thread's world: one of each, made before the thread starts.
 * Only that thread touches what these pointers lead to, except where a header
 * says otherwise.
 */
#ifndef CMCLD_H
#define CMCLD_H

#include <tocsin/base.h>

#include "cmcld_assist.h"
#include "cmcld_config.h"
#include "cmcld_disk.h"
#include "cmcld_kernel.h"
#include "cmcld_loop.h"
#include "cmcld_request.h"
#include "cmcld_session.h"
#include "cmcld_snapshot.h"

struct cmcld_admin;
struct cmcld_driver;
struct cmcld_nodes;
struct cmcld_packages;
struct cmcld_pet;
struct cmcld_publish;
struct cmcld_watchdog;

struct cmcld {
	const struct cmcld_config *config;
	const struct conf *conf;
	u16 self;
	u64 incarnation;
	int priority;
	struct cmcld_wires wires;
	bool tells_dropped;		/* and told so */
	struct cmcld_publisher *publisher;
	struct cmcld_loop *loop;
	struct cmcld_kernel *kernel;
	struct cmcld_disk *disk;
	struct cmcld_session *session;
	struct cmcld_driver *member;
	struct cmcld_packages *packages;
	struct cmcld_assist *assist;
	struct cmcld_admin *admin;
	struct cmcld_nodes *nodes;
	struct cmcld_pet *pet;
	struct cmcld_watchdog *watchdog;
	struct cmcld_publish *publish;
	struct net_qs_status qs;
};

/* Name of a configured node; "node <id>" is never needed: "?" for others. */
const char *cmcld_node_name(const struct cmcld *cmcld, u16 id);

/* Text for `systemctl status`, and other news for the main thread. */
void cmcld_tell(struct cmcld *cmcld, u32 type, u64 tag, const void *data, size_t size);

#endif
