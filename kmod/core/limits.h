/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every constant of the protocol, with its unit, its derivation and the
 * relations that must hold between them.
 */
#ifndef TOCSIN_CORE_LIMITS_H
#define TOCSIN_CORE_LIMITS_H

#include "core_env.h"

#define CORE_NS_PER_MS			1000000ULL
#define CORE_NS_PER_S			1000000000ULL

/* An instant that does not come. */
#define CORE_NEVER			(~0ULL)

/* Node ids run from 1 to CORE_NODE_ID_MAX; 0 is nobody. */
#define CORE_NODE_ID_MAX		256
/* Members of one view. */
#define CORE_VIEW_MEMBERS_MAX		64
/* Network paths to one peer. */
#define CORE_PATHS_MAX			8

#define CORE_PORT_DEFAULT		5300

#define CORE_INTERVAL_NS_MIN		(5 * CORE_NS_PER_MS)
#define CORE_INTERVAL_NS_DEFAULT	(100 * CORE_NS_PER_MS)
#define CORE_INTERVAL_NS_MAX		(10 * CORE_NS_PER_S)

#define CORE_MEMBER_TIMEOUT_NS_MIN	(40 * CORE_NS_PER_MS)
#define CORE_MEMBER_TIMEOUT_NS_DEFAULT	(1 * CORE_NS_PER_S)
#define CORE_MEMBER_TIMEOUT_NS_MAX	(300 * CORE_NS_PER_S)
/* A timeout shorter than this many intervals would be eaten by D + back-off. */
#define CORE_INTERVALS_PER_TIMEOUT_MIN	8

#define CORE_SAFETY_TIMEOUT_NS_DEFAULT	(5 * CORE_NS_PER_S)
#define CORE_SAFETY_TIMEOUT_NS_MIN	(100 * CORE_NS_PER_MS)
#define CORE_SAFETY_TIMEOUT_NS_MAX	(300 * CORE_NS_PER_S)

/* Detection: silence of D = L / 2 is reported as a lost peer. */
#define CORE_DETECTION_DIVISOR		2

/* Takeover wait L' = L * 1.0021 + TOC_MARGIN: two clocks each off by 1000 ppm. */
#define CORE_DRIFT_NUMERATOR		10021ULL
#define CORE_DRIFT_DENOMINATOR		10000ULL
#define CORE_TOC_MARGIN_NS_DEFAULT	(100 * CORE_NS_PER_MS)
#define CORE_TOC_MARGIN_NS_MIN		(4 * CORE_NS_PER_MS)
#define CORE_TOC_MARGIN_NS_MAX		(60 * CORE_NS_PER_S)

/* Each CPU looks at the deadlines so often; the rest of the margin is for
 * stopping all of them.
 */
#define CORE_CHECKS_PER_MARGIN		4
#define CORE_CHECK_NS_MIN		CORE_NS_PER_MS
#define CORE_CHECK_NS_MAX		(25 * CORE_NS_PER_MS)

/* (1 + d) / (1 - d) for d = 0.001 is 1.002002...: below 1.0021. */
static_assert(CORE_DRIFT_NUMERATOR * 999ULL > CORE_DRIFT_DENOMINATOR * 1001ULL,
	      "the drift factor covers two clocks each off by 1000 ppm");

/*
 * "Silent before taken over" in real time: the dying node's clock is slow, the
 * waiting one's fast, and the last CPU stops 0.998 margins after the deadline.
 * Linear in both, so the corners prove all that lies between.
 */
#define CORE_SILENT_NS(lease, margin)	((lease) * 1001 / 1000 + (margin) * 998 / 1000)
#define CORE_TAKEOVER_NS(lease, margin)	\
	(((lease) / CORE_DRIFT_DENOMINATOR * CORE_DRIFT_NUMERATOR + (margin)) / 1000 * 999)

static_assert(CORE_SILENT_NS(CORE_MEMBER_TIMEOUT_NS_MIN, CORE_TOC_MARGIN_NS_MIN) <
	      CORE_TAKEOVER_NS(CORE_MEMBER_TIMEOUT_NS_MIN, CORE_TOC_MARGIN_NS_MIN),
	      "silent before taken over, all times short");
static_assert(CORE_SILENT_NS(CORE_MEMBER_TIMEOUT_NS_MAX, CORE_TOC_MARGIN_NS_MIN) <
	      CORE_TAKEOVER_NS(CORE_MEMBER_TIMEOUT_NS_MAX, CORE_TOC_MARGIN_NS_MIN),
	      "silent before taken over, a long lease and a short margin");
static_assert(CORE_SILENT_NS(CORE_MEMBER_TIMEOUT_NS_MIN, CORE_TOC_MARGIN_NS_MAX) <
	      CORE_TAKEOVER_NS(CORE_MEMBER_TIMEOUT_NS_MIN, CORE_TOC_MARGIN_NS_MAX),
	      "silent before taken over, a short lease and a long margin");
static_assert(CORE_SILENT_NS(CORE_MEMBER_TIMEOUT_NS_MAX, CORE_TOC_MARGIN_NS_MAX) <
	      CORE_TAKEOVER_NS(CORE_MEMBER_TIMEOUT_NS_MAX, CORE_TOC_MARGIN_NS_MAX),
	      "silent before taken over, all times long");

static_assert(CORE_TOC_MARGIN_NS_MIN / CORE_CHECKS_PER_MARGIN >= CORE_CHECK_NS_MIN,
	      "a CPU finds out in the first quarter of the shortest margin");

/* In intervals of the shortest lease: silence, and one more to wait for others. */
static_assert(CORE_INTERVALS_PER_TIMEOUT_MIN / CORE_DETECTION_DIVISOR + 1 <
	      CORE_INTERVALS_PER_TIMEOUT_MIN,
	      "a loss is known while the survivors' own leases still run");

#endif
