/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tocsin.ko as cmcld uses it.  All calls are one netlink round trip on sockets
 * that never block on anybody but the kernel; there a slow request of another
 * family may delay them.  A renewal is a write to /dev/tocsin, and nothing does.
 */
#ifndef CMCLD_KERNEL_H
#define CMCLD_KERNEL_H

#include "core.h"

#include "cmcld_config.h"

#include <tocsin/member_value.h>

struct cmcld_kernel;
struct cmcld_standin;
struct core_gasp;

struct cmcld_kernel_ops {
	void (*event)(void *arg, const struct core_event *event);
	/* The last words of a peer, after its event; NULL: they were lost. */
	void (*gasp)(void *arg, const struct core_event *event, const struct core_gasp *words);
	/* The kernel could not deliver some events: the states follow in their place. */
	void (*overrun)(void *arg);
};

/**
 * cmcld_kernel_attach - configure the module: timeouts, key, peers, paths
 * @incarnation: drawn for this attach
 * @error: on failure one line: what is wrong and what to do
 * Return: 0; -EBUSY: armed by another cmcld; else -errno.
 */
int cmcld_kernel_attach(const struct cmcld_config *config, struct cmcld_kernel **kernel,
			u64 *incarnation, char error[CMCLD_CONFIG_TEXT_MAX]);
void cmcld_kernel_detach(struct cmcld_kernel *kernel);

/* As the core_ functions of the same names (kmod/core/core.h). */
void cmcld_kernel_acknowledge(struct cmcld_kernel *kernel, const struct core_member *peer);
int cmcld_kernel_promise(struct cmcld_kernel *kernel, u64 epoch, struct member_ballot ballot);
int cmcld_kernel_accept(struct cmcld_kernel *kernel, const struct core_view *view,
			struct member_ballot ballot, struct core_ages *ages);
int cmcld_kernel_install(struct cmcld_kernel *kernel, const struct core_view *view);
int cmcld_kernel_arm(struct cmcld_kernel *kernel);
int cmcld_kernel_pet(struct cmcld_kernel *kernel);
/* Any thread. -ENOENT: renewals go by netlink, where they may have to wait. */
int cmcld_kernel_renew(const struct cmcld_kernel *kernel);
/* Who renews during the requests of the others of these functions; NULL: nobody. */
void cmcld_kernel_standin(struct cmcld_kernel *kernel, struct cmcld_standin *standin);
/* How long somebody had to renew meanwhile, since this was asked last, ns: as is logged. */
u64 cmcld_kernel_waited_ns(struct cmcld_kernel *kernel);
/* Packages are halted: a view without this node need not take it down (rule 11). */
void cmcld_kernel_leave(struct cmcld_kernel *kernel);
int cmcld_kernel_disarm(struct cmcld_kernel *kernel, bool force);
/* Reset this node; returns only if the module's action is "report". Nobody renews
 * meanwhile.
 */
void cmcld_kernel_toc(struct cmcld_kernel *kernel, const char *why);

/* Events: poll, and collect when readable, and again soon while it is behind. */
int cmcld_kernel_fd(const struct cmcld_kernel *kernel);
void cmcld_kernel_collect(struct cmcld_kernel *kernel,
			  const struct cmcld_kernel_ops *ops, void *arg);
/* Events were lost, and the states could not be read instead yet. */
bool cmcld_kernel_behind(const struct cmcld_kernel *kernel);

#endif
