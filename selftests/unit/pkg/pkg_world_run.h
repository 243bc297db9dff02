/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The running of the world in pkg_world.h: events, views, time. */
#ifndef PKG_WORLD_RUN_H
#define PKG_WORLD_RUN_H

#include "pkg_world_act.h"

/* cmsrvassistd (again) there: tells what of this node runs. */
WORLD void assist_up(u16 n)
{
	struct pkg_found found[PACKAGES];
	struct pkg_event event = { .type = PKG_ASSIST_READY };

	for (u16 p = 0; p < PACKAGES; p++) {
		struct truth *truth = &w.node[n].truth[p];

		if (truth->is != UP) {
			truth->is = NOTHING;
			continue;
		}
		found[event.assist.count].package = p;
		found[event.assist.count].run = truth->run;
		found[event.assist.count++].services = truth->services;
	}
	event.assist.found = found;
	w.node[n].assist = true;
	w.node[n].session++;
	feed(n, &event);
}

WORLD void assist_down(u16 n)
{
	struct pkg_event event = { .type = PKG_ASSIST_LOST };

	w.node[n].assist = false;
	w.node[n].session++;
	feed(n, &event);
}

/* A new incarnation, or the first one. */
WORLD void node_boot(u16 n)
{
	struct node *node = &w.node[n];
	struct pkg *pkg = node->pkg ? node->pkg : malloc(pkg_size());
	u32 session = node->session;

	memset(node, 0, sizeof(*node));
	node->pkg = pkg;
	node->session = session + 1;
	node->alive = true;
	node->incarnation = ++w.incarnations;
	pkg_init(pkg, n, node->incarnation, WAIT_NS);
	pkg_configure(pkg, conf);
	assist_up(n);
}

WORLD void member_drop(u16 n)
{
	struct mail *mail;

	w.node[n].member = false;
	/* It lives on for a while, its lease running; then it is dead, then safe. */
	if (w.node[n].alive)
		w.node[n].dies_ns = w.now_ns + 1 + (u64)dice(1000) * MS;
	for (u16 i = 1; i <= w.nodes; i++) {
		if (!w.node[i].member)
			continue;
		mail = mail_new(MAIL_SAFE, i);
		mail->from = n;
		mail->run = (u32)w.node[n].incarnation;
		mail->due_ns = (w.node[n].dies_ns ? w.node[n].dies_ns : w.now_ns) + 1 +
			       (u64)dice(50) * MS;
	}
}

/* What was open is either adopted or lost; then all agree, then the view. */
WORLD void world_view(u32 members)
{
	struct pkg_event event = { .type = PKG_VIEW, .view = &w.view, .no_waits = !w.waits };

	for (u32 keep = dice(w.open_count + 1); keep; keep--)
		commit_first();
	w.open_count = 0;
	w.view.epoch++;
	w.view.count = 0;
	for (u16 n = 1; n <= w.nodes; n++) {
		bool in = members >> n & 1 && w.node[n].alive && !w.node[n].dies_ns;

		if (w.node[n].member && !in)
			member_drop(n);
		w.node[n].member = in;
		if (!in)
			continue;
		w.view.member[w.view.count].id = n;
		w.view.member[w.view.count++].incarnation = w.node[n].incarnation;
		while (w.node[n].applied < w.log_count)
			deliver_entry(n);
		if (!w.node[n].alive)
			fail_msg("a node died inside of a view change");
	}
	assert_true(w.view.count > 0);
	w.view.coordinator = core_view_find(&w.view, w.leader) >= 0 ? w.leader :
			     w.view.member[dice(w.view.count)].id;
	w.view.hash = core_view_hash(&w.view);
	for (u16 n = 1; n <= w.nodes; n++)
		if (w.node[n].member)
			feed(n, &event);
}

WORLD void mail_arrive(struct mail *mail)
{
	struct pkg_event event = { .type = PKG_MESSAGE };
	struct truth *truth = &w.node[mail->to].truth[mail->package];
	bool same = mail->session == w.node[mail->to].session;

	mail->used = false;
	if (!w.node[mail->to].alive || mail->incarnation != w.node[mail->to].incarnation)
		return;
	switch (mail->type) {
	case MAIL_MESSAGE:
		event.message.from = mail->from;
		event.message.data = mail->data;
		event.message.length = mail->length;
		break;
	case MAIL_SAFE:
		event.type = PKG_SAFE;
		event.safe.node = mail->from;
		event.safe.incarnation = mail->run;
		break;
	case MAIL_FAILED:
		event.type = PKG_PROPOSE_FAILED;
		event.failed.key = mail->run;
		break;
	case MAIL_EXIT:
		if (truth->is != UP || truth->run != mail->run)
			return;
		truth->services &= ~(1U << mail->service);
		event.type = PKG_SERVICE_EXIT;
		event.exited.package = mail->package;
		event.exited.run = mail->run;
		event.exited.service = mail->service;
		break;
	default:
		/* A script of a cmsrvassistd that died is not waited for. */
		if (!same || truth->run != mail->run ||
		    truth->is != (mail->type == MAIL_STARTED ? COMING : GOING))
			return;
		event.type = mail->type == MAIL_STARTED ? PKG_START_DONE : PKG_HALT_DONE;
		event.done.package = mail->package;
		event.done.run = mail->run;
		event.done.outcome = mail->outcome;
		event.done.clean = mail->clean;
		if (mail->type == MAIL_STARTED && mail->outcome == PKG_OK)
			truth->is = UP;
		else if (mail->type == MAIL_HALTED ? mail->outcome == PKG_OK : mail->clean)
			truth->is = NOTHING;
		break;
	}
	feed(mail->to, &event);
}

WORLD void tick(void)
{
	struct pkg_event timer = { .type = PKG_TIMER };

	for (u16 n = 1; n <= w.nodes; n++) {
		struct node *node = &w.node[n];

		if (node->dies_ns && w.now_ns >= node->dies_ns)
			node_die(n);
		if (node->member && node->applied < w.log_count && w.now_ns >= node->apply_ns) {
			deliver_entry(n);
			node->apply_ns = later();
		}
		if (node->alive && pkg_deadline_ns(node->pkg) <= w.now_ns)
			feed(n, &timer);
	}
	if (w.open_count && w.now_ns >= w.commit_ns)
		commit_first();
	for (u32 i = 0; i < MAIL_MAX; i++)
		if (w.mail[i].used && w.mail[i].due_ns <= w.now_ns)
			mail_arrive(&w.mail[i]);
}

WORLD void world_run(u64 for_ns)
{
	u64 until = w.now_ns + for_ns;

	while (w.now_ns < until) {
		w.now_ns += MS;
		tick();
	}
}

#endif
