/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside lib/conf: relations between scalars of one file, and between objects. */
#ifndef TOCSIN_CONF_RELATION_H
#define TOCSIN_CONF_RELATION_H

#include "conf_keyword.h"
#include "conf_report.h"

/* Where each scalar was given, by tag; all zero when unknown. */
struct conf_places {
	struct conf_place tag[CONF_TAGS];
};

void conf_relation_cluster(const struct conf *conf, const struct conf_places *places,
			   struct conf_report *report);
/* What this release does not do; to be called whatever else is wrong. */
void conf_relation_policies(const struct conf_package *package,
			    const struct conf_places *places, struct conf_report *report);
void conf_relation_package(const struct conf *conf, const struct conf_package *package,
			   const struct conf_places *places, struct conf_report *report);

/* Second half of conf_check(): the packages against the cluster and each other. */
void conf_check_packages(struct conf *conf, struct conf_report *report);

/* The cluster's subnet with this network address, or CONF_NO_SUBNET; a prefix
 * length of 0 fits every one. */
u8 conf_subnet_find(const struct conf *conf, const struct conf_address *network);

#endif
