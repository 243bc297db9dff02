/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Configurations and short words for the world in pkg_world.h. */
#ifndef PKG_WORLD_SETUP_H
#define PKG_WORLD_SETUP_H

#include "pkg_world_run.h"

WORLD struct conf_package *package_add(const char *name)
{
	struct conf_package *p = &conf->package[conf->package_count++];

	memset(p, 0, sizeof(*p));
	snprintf(p->name, sizeof(p->name), "%s", name);
	p->auto_run = true;
	for (u16 n = 1; n <= w.nodes; n++)
		p->node[p->node_count++].id = n;
	p->service_count = 2;
	snprintf(p->service[0].name, sizeof(p->service[0].name), "%s.a", name);
	snprintf(p->service[1].name, sizeof(p->service[1].name), "%s.b", name);
	return p;
}

WORLD void world_begin(u16 nodes, u32 seed)
{
	struct pkg *kept[NODES + 1];

	for (u16 i = 1; i <= NODES; i++)
		kept[i] = w.node[i].pkg;
	memset(&w, 0, sizeof(w));
	for (u16 i = 1; i <= NODES; i++)
		w.node[i].pkg = kept[i];
	w.nodes = nodes;
	w.seed = seed;
	w.delay_ns = 3 * MS;
	w.leader = 1;
	if (!conf)
		conf = calloc(1, sizeof(*conf));
	conf->package_count = 0;
}

/* All nodes boot and form a cluster; time until what starts has started. */
WORLD void world_form(void)
{
	u32 members = 0;

	for (u16 n = 1; n <= w.nodes; n++) {
		node_boot(n);
		members |= 1U << n;
	}
	world_view(members);
	world_run(200 * MS);
}

WORLD u32 members_now(void)
{
	u32 members = 0;

	for (u16 n = 1; n <= w.nodes; n++)
		if (w.node[n].member && w.node[n].alive)
			members |= 1U << n;
	return members;
}

WORLD struct pkg_status status_at(u16 n, u16 package)
{
	struct pkg_status status;

	assert_int_equal(pkg_status_get(w.node[n].pkg, package, &status), 0);
	return status;
}

/* As a member sees it. */
WORLD struct pkg_status status(u16 package)
{
	for (u16 n = 1; n <= w.nodes; n++)
		if (w.node[n].member && w.node[n].alive)
			return status_at(n, package);
	fail_msg("no member is left");
	return (struct pkg_status){ 0 };
}

WORLD bool switched_off(u16 package, u16 node)
{
	return status(package).disabled[(node - 1) / 8] >> ((node - 1) % 8) & 1;
}

WORLD void admin(u16 at, u64 id, enum pkg_op op, const char *name, u16 node)
{
	struct pkg_event event = { .type = PKG_ADMIN };

	event.admin.id = id;
	event.admin.op = op;
	event.admin.node = node;
	event.admin.force = true;
	snprintf(event.admin.package, sizeof(event.admin.package), "%s", name);
	feed(at, &event);
}

/* Ask, and let time pass until there is a result. */
WORLD enum pkg_result ask(u16 at, enum pkg_op op, const char *name, u16 node)
{
	static u64 id = 1000;
	u32 before = w.results;

	admin(at, ++id, op, name, node);
	for (u32 i = 0; i < 100 && w.results == before; i++)
		world_run(100 * MS);
	assert_int_equal(w.results, before + 1);
	assert_int_equal(w.result_id, id);
	return w.result;
}

WORLD void service_exit(u16 node, u16 package, u16 service)
{
	struct mail *mail = mail_new(MAIL_EXIT, node);

	mail->package = package;
	mail->service = service;
	mail->run = w.node[node].truth[package].run;
}

WORLD void need(u16 node, u16 package, enum pkg_need which, bool met)
{
	struct pkg_event event = { .type = PKG_NEED_CHANGE };

	event.need.package = package;
	event.need.need = which;
	event.need.met = met;
	feed(node, &event);
}

/* The others notice that nodes are dead, and go on without them. */
WORLD void world_notice(void)
{
	world_view(members_now());
}

#endif
