/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MEMBER_ACTION_REPORT as log lines. */
#ifndef CMCLD_REPORT_H
#define CMCLD_REPORT_H

#include <tocsin/member_action.h>

#include "cmcld.h"

void cmcld_report(struct cmcld *cmcld, const struct member_action *action);

#endif
