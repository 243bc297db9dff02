/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules of the package manager that can be switched off by a build flag, so that
 * the simulator can show that it notices.  All false in a real build.
 */
#ifndef PKG_MUTANTS_H
#define PKG_MUTANTS_H

#ifdef MUTANT_PKG_NO_WAIT
#define mutant_pkg_no_wait		true	/* who is out of the view is dead */
#else
#define mutant_pkg_no_wait		false
#endif

#ifdef MUTANT_PKG_UNCOMMITTED
#define mutant_pkg_uncommitted		true	/* a coordinator starts what it proposed */
#else
#define mutant_pkg_uncommitted		false
#endif

#ifdef MUTANT_PKG_MOVE_AT_ONCE
#define mutant_pkg_move_at_once		true	/* starts before the other has halted */
#else
#define mutant_pkg_move_at_once		false
#endif

#endif
