/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Renewing the safety lease, several times in its life; having the hardware watchdog fed
 * with it; and watching how late this thread is when it gets to run.
 */
#ifndef CMCLD_PET_H
#define CMCLD_PET_H

#include "cmcld.h"

/* Make it before all other timers: the first timer runs first. */
int cmcld_pet_create(struct cmcld *cmcld);
/* In the real-time thread, at its start. */
void cmcld_pet_start(struct cmcld *cmcld);
void cmcld_pet_destroy(struct cmcld *cmcld);

/* Arm the kernel's safety timer, and begin to renew. Return: 0 or -errno. */
int cmcld_pet_arm(struct cmcld *cmcld);
/* After disarming. */
void cmcld_pet_end(struct cmcld *cmcld);

/* Take this node down. Should the kernel not hear it: no renewal comes after it. */
void cmcld_pet_toc(struct cmcld *cmcld, const char *why);

bool cmcld_pet_armed(const struct cmcld *cmcld);
/* Does the hardware watchdog run? */
bool cmcld_pet_watchdog(const struct cmcld *cmcld);
/* The longest this thread was unable to run, ns. */
u64 cmcld_pet_late_max_ns(const struct cmcld *cmcld);

#endif
