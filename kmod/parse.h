/* SPDX-License-Identifier: GPL-2.0 */
/* Requests: from netlink attributes to the module's structures. The policy has
 * checked types and ranges; all return 0 or -errno, with words for the asker.
 */
#ifndef TOCSIN_PARSE_H
#define TOCSIN_PARSE_H

#include "instance.h"

struct genl_info;

struct tocsin_parsed_peer {
	u16 id;
	u8 paths;
	char name[TOCSIN_NAME_MAX + 1];
	struct tocsin_path path[CORE_PATHS_MAX];
};

int tocsin_parse_config(struct genl_info *info, struct core_config *config);
/* What the core need not know. Changes nothing when it fails. Context:
 * t->mutex held, not armed.
 */
int tocsin_parse_instance(struct tocsin *t, struct genl_info *info);
int tocsin_parse_peer(struct genl_info *info, struct tocsin_parsed_peer *peer);
int tocsin_parse_view(struct genl_info *info, struct core_view *view);

#endif
