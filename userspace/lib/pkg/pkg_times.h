/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long the package manager waits for what, nanoseconds. */
#ifndef PKG_TIMES_H
#define PKG_TIMES_H

#include "limits.h"

/* A report or request that has had no effect is repeated. */
#define PKG_REPEAT_NS		(500 * CORE_NS_PER_MS)
/* A coordinator that is busy with the package is asked again. */
#define PKG_RETRY_NS		(50 * CORE_NS_PER_MS)
/* A proposal that did not come back is proposed again. */
#define PKG_PROPOSE_NS		(1 * CORE_NS_PER_S)
/* A proposal that was refused is made again after so long. */
#define PKG_REFUSED_NS		(10 * CORE_NS_PER_MS)
/* How long a better node may take to say that it is able, after a view. */
#define PKG_STATUS_WAIT_NS	(1 * CORE_NS_PER_S)
/* Each node repeats what it says of itself. */
#define PKG_STATUS_NS		(2 * CORE_NS_PER_S)
/* A node that refused a package is not asked again for so long. */
#define PKG_AVOID_NS		(2 * CORE_NS_PER_S)

#endif
