/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rules of Documentation/MEMBERSHIP that can be switched off by a build flag,
 * so that the simulator can show that it notices.  All false in a real build.
 */
#ifndef TOCSIN_CORE_MUTANTS_H
#define TOCSIN_CORE_MUTANTS_H

#include "core_env.h"

#ifdef MUTANT_ACK_ALWAYS_COUNTS
#define mutant_ack_always_counts	true	/* rule 1 off at the receiver */
#else
#define mutant_ack_always_counts	false
#endif

#ifdef MUTANT_NO_FRONTIER
#define mutant_no_frontier		true	/* heartbeats tell the installed view only */
#else
#define mutant_no_frontier		false
#endif

#ifdef MUTANT_AGE_HEARTBEAT_ONLY
#define mutant_age_heartbeat_only	true	/* ages forget the own installation */
#else
#define mutant_age_heartbeat_only	false
#endif

#ifdef MUTANT_REOPEN_ACKS
#define mutant_reopen_acks		true	/* acknowledge in spite of an accepted value */
#else
#define mutant_reopen_acks		false
#endif

#ifdef MUTANT_INSTALL_WITHOUT_LEASE
#define mutant_install_without_lease	true	/* a grace period after COMMIT */
#else
#define mutant_install_without_lease	false
#endif

#ifdef MUTANT_GASP_STATELESS
#define mutant_gasp_stateless		true	/* rule 7: without the acceptor's state */
#else
#define mutant_gasp_stateless		false
#endif

#ifdef MUTANT_GASP_EARLY
#define mutant_gasp_early		true	/* rule 7: before all CPUs stand */
#else
#define mutant_gasp_early		false
#endif

#ifdef MUTANT_ACCEPT_KEEPS_ACKS
#define mutant_accept_keeps_acks	true	/* acceptance does not narrow the set */
#else
#define mutant_accept_keeps_acks	false
#endif

#endif
