/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration of three nodes that the tests play with. */
#ifndef CMCLD_DEMO_CONF_H
#define CMCLD_DEMO_CONF_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tocsin/conf.h>

/* Nodes n1 to n3 with the IDs 1 to 3.
 * more: further lines about the cluster, or "".
 * net: not 0: their heartbeat addresses become 127.0.net.1 to .3, which no cluster file
 *      may say, but which this host has.
 * package: texts of package files, up to a NULL.
 * Return: for free(), or NULL; then the reasons were printed.
 */
static struct conf *demo_conf(const char *more, u8 net, const char *const package[])
{
	static const char nodes[] =
		"NODE_NAME n1\n NETWORK_INTERFACE lo\n HEARTBEAT_IP 192.0.2.1/24\n"
		"NODE_NAME n2\n NETWORK_INTERFACE lo\n HEARTBEAT_IP 192.0.2.2/24\n"
		"NODE_NAME n3\n NETWORK_INTERFACE lo\n HEARTBEAT_IP 192.0.2.3/24\n";
	const u8 loopback[3] = { 127, 0, net };
	struct conf_report *report = calloc(1, sizeof(*report));
	struct conf *conf = calloc(1, sizeof(*conf));
	char text[1024];
	int i, err;

	conf_init(conf);
	snprintf(text, sizeof(text), "CLUSTER_NAME demo\n%s%s", more, nodes);
	err = conf_parse_cluster(conf, text, strlen(text), 0, report);
	for (i = 0; !err && package[i]; i++)
		err = conf_parse_package(conf, package[i], strlen(package[i]), i + 1, report);
	for (i = 0; i < conf->cluster.node_count; i++)
		conf->cluster.node[i].id = (u16)(i + 1);
	conf->cluster.id = 0x1234;
	conf->cluster.generation = 1;
	if (!err)
		err = conf_check(conf, report);
	for (i = 0; net && i < conf->cluster.node_count; i++)
		memcpy(conf->cluster.node[i].interface[0].address[0].address.byte, loopback, 3);
	for (i = 0; i < report->count; i++)
		fprintf(stderr, "%s: %s; %s; %s\n", report->error[i].what,
			report->error[i].found, report->error[i].allowed,
			report->error[i].remedy);
	free(report);
	if (!err)
		return conf;
	free(conf);
	return NULL;
}

#endif
