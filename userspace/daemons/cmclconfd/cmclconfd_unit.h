/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starting and stopping cmcld by systemd. */
#ifndef CMCLCONFD_UNIT_H
#define CMCLCONFD_UNIT_H

#include "cmclconfd.h"

#define CLCONFD_CMCLD_UNIT "tocsin-cmcld.service"

/* Operations "start-cmcld" and "stop-cmcld": {} -> {} when systemctl has ended. */
void clconfd_unit_start(struct ipc_request *request, json_t *args, void *arg);
void clconfd_unit_stop(struct ipc_request *request, json_t *args, void *arg);

#endif
