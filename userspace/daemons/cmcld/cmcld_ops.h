/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The operations of Documentation/IPC that change something. */
#ifndef CMCLD_OPS_H
#define CMCLD_OPS_H

#include "cmcld_job.h"

extern const struct cmcld_job_op cmcld_ops[];

#endif
