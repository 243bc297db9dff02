/* SPDX-License-Identifier: GPL-2.0 */
/* TOC: the end of this node. */
#ifndef TOCSIN_TOC_H
#define TOCSIN_TOC_H

#include "core.h"

struct tocsin;

/**
 * tocsin_toc - take the node down
 * @late_ns: how long ago the lease ended; 0 where none did
 * Does not return: the first caller takes the node down, others wait for it.
 * With action report it only says so, and returns.
 * Context: any but NMI; takes no lock.
 */
void tocsin_toc(struct tocsin *t, enum core_verdict verdict, u64 now_ns, u64 late_ns);

#endif
