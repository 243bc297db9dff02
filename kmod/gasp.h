/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Last words (Documentation/MEMBERSHIP, rule 7): when the machine panics, its
 * peers are told.  Whole frames stand ready, signed; the panic only hands them to
 * the network devices.  For the instance of the initial namespace with action
 * panic.
 */
#ifndef TOCSIN_GASP_H
#define TOCSIN_GASP_H

#include <linux/types.h>

struct tocsin;

/**
 * tocsin_gasp_prepare - before arming: may there be last words?
 * tocsin_gasp_start - when armed: on which paths? Waits for nothing.
 * Both say in the log what they found.
 * Return: bits of enum tocsin_warning. Context: process, t->mutex held.
 */
u32 tocsin_gasp_prepare(struct tocsin *t);
u32 tocsin_gasp_start(struct tocsin *t);

/* Not armed any more. Waits for nothing. Context: process, t->mutex held. */
void tocsin_gasp_end(struct tocsin *t);
/* What was prepared goes. Context: process, t->mutex held. */
void tocsin_gasp_stop(struct tocsin *t);

/* Something that they say, or how they go, has changed. Context: process. */
void tocsin_gasp_refresh(struct tocsin *t);

/* May there be any? Context: any. */
bool tocsin_gasp_ready(struct tocsin *t);

/**
 * tocsin_gasp_send - they go now, on the paths where they have not gone yet
 * For who is about to panic and knows that each other CPU has stopped for good.
 * Return: on how many paths they have gone by now. Context: interrupts off.
 */
unsigned int tocsin_gasp_send(struct tocsin *t);

/* The CPU that panics, once the panic has come to its notifiers; before, -1. */
int tocsin_gasp_panic_cpu(void);

int tocsin_gasp_init(void);
void tocsin_gasp_uninit(void);

#endif
