/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules of Documentation/MEMBERSHIP that can be switched off by a build flag,
 * so that the simulator can show that it notices.  All false in a real build.
 */
#ifndef MEMBER_MUTANTS_H
#define MEMBER_MUTANTS_H

#include <stdbool.h>

#ifdef MUTANT_ACK_STOP_AT_PROMISE
#define mutant_ack_stop_at_promise	true	/* rule 2: a promise narrows already */
#else
#define mutant_ack_stop_at_promise	false
#endif

#ifdef MUTANT_ACCEPT_WITHOUT_NARROW
#define mutant_accept_without_narrow	true	/* rule 3: only who had not promised narrows */
#else
#define mutant_accept_without_narrow	false
#endif

#ifdef MUTANT_PREPARE_REOPENS
#define mutant_prepare_reopens		true	/* rule 3: a promise widens the set again */
#else
#define mutant_prepare_reopens		false
#endif

#ifdef MUTANT_AGES_OTHERS_ONLY
#define mutant_ages_others_only		true	/* rule 5: no age from the excluded itself */
#else
#define mutant_ages_others_only		false
#endif

#ifdef MUTANT_NO_WAIT
#define mutant_no_wait			true	/* rule 5: nobody waits */
#else
#define mutant_no_wait			false
#endif

#ifdef MUTANT_NEW_COORDINATOR_ASSUMES_WAIT_OVER
#define mutant_assumes_wait_over	true	/* rule 5: no figure means no wait */
#else
#define mutant_assumes_wait_over	false
#endif

#ifdef MUTANT_ARBITER_PROMISE_NOT_SYNCED
#define mutant_arbiter_promise_not_synced true	/* rule 8 */
#else
#define mutant_arbiter_promise_not_synced false
#endif

#ifdef MUTANT_RESTART_COMMITTED_ONLY
#define mutant_restart_committed_only	true	/* rule 9: accepted views do not count */
#else
#define mutant_restart_committed_only	false
#endif

#ifdef MUTANT_VALUE_FREE_CHOICE
#define mutant_value_free_choice	true	/* rule 4 */
#else
#define mutant_value_free_choice	false
#endif

#ifdef MUTANT_QUORUM_HALF
#define mutant_quorum_half		true	/* half is enough, without arbiter */
#else
#define mutant_quorum_half		false
#endif

#ifdef MUTANT_GASP_AS_VOTE
#define mutant_gasp_as_vote		true	/* rule 7: a gasp counts as ACCEPTED */
#else
#define mutant_gasp_as_vote		false
#endif

#ifdef MUTANT_GASP_VALUE_FREE
#define mutant_gasp_value_free		true	/* rule 7: its value does not bind */
#else
#define mutant_gasp_value_free		false
#endif

#ifdef MUTANT_GASP_WITHOUT_ARBITER
#define mutant_gasp_without_arbiter	true	/* rule 7 as it was: any survivors choose */
#else
#define mutant_gasp_without_arbiter	false
#endif

#ifdef MUTANT_GASP_BINDS
#define mutant_gasp_binds		true	/* rule 4 as it was: the highest value binds */
#else
#define mutant_gasp_binds		false
#endif

#ifdef MUTANT_STATE_UNCHECKED
#define mutant_state_unchecked		true	/* rule 10: accepts without the state */
#else
#define mutant_state_unchecked		false
#endif

#endif
