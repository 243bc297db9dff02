/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside lib/conf: the pool of texts, and defaults. */
#ifndef TOCSIN_CONF_POOL_H
#define TOCSIN_CONF_POOL_H

#include <tocsin/conf.h>

/* Keep a copy; 0 when the pool is full. An empty text is kept too. */
conf_text_t conf_pool_add(struct conf *conf, const char *text, size_t length);

/* A cluster with every default, without a name. */
void conf_cluster_init(struct conf_cluster *cluster);

/* A package with every default, without a name. */
void conf_package_init(struct conf_package *package);

#endif
