/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the world in pkg_world.h carries out the actions of a node. */
#ifndef PKG_WORLD_ACT_H
#define PKG_WORLD_ACT_H

#include "pkg_world.h"

WORLD void do_start(u16 n, const struct pkg_action *a)
{
	struct truth *truth = &w.node[n].truth[a->package];
	struct mail *mail;

	for (u16 i = 1; i <= w.nodes; i++)
		if (i != n && w.node[i].alive && w.node[i].truth[a->package].is != NOTHING)
			fail_msg("seed %u: package %u starts on %u while on %u",
				 w.seed, a->package, n, i);
	w.node[n].starts[a->package]++;
	truth->is = COMING;
	truth->run = a->run;
	truth->services = (1U << conf->package[a->package].service_count) - 1;
	mail = mail_new(MAIL_STARTED, n);
	mail->package = a->package;
	mail->run = a->run;
	mail->clean = true;
	mail->outcome = w.start_outcome[a->package];
	if (w.start_dirty[a->package])
		mail->clean = false;
	w.start_outcome[a->package] = PKG_OK;
	w.start_dirty[a->package] = false;
	if (w.storm && dice(8) == 0)
		mail->outcome = dice(PKG_UNABLE + 1);
	if (w.storm && dice(60) == 0)
		mail->clean = false;
}

WORLD void do_halt(u16 n, const struct pkg_action *a)
{
	struct mail *mail = mail_new(MAIL_HALTED, n);

	w.node[n].halts[a->package]++;
	w.node[n].halt_reason[a->package] = a->halt_reason;
	w.node[n].truth[a->package].is = GOING;
	w.node[n].truth[a->package].run = a->run;
	mail->package = a->package;
	mail->run = a->run;
	mail->outcome = w.halt_outcome[a->package];
	w.halt_outcome[a->package] = PKG_OK;
	if (w.storm && dice(12) == 0)
		mail->outcome = dice(2) ? PKG_NO_RESTART : PKG_TIMEOUT;
}

WORLD void node_die(u16 n)
{
	w.node[n].alive = false;
	memset(w.node[n].truth, 0, sizeof(w.node[n].truth));
}

WORLD void carry_out(u16 n, const struct pkg_action *a)
{
	struct mail *mail;

	switch (a->type) {
	case PKG_PROPOSE:
		if (w.view.coordinator != n || !w.node[n].member)
			return;
		if (w.open_count == OPEN_MAX || (w.storm && dice(10) == 0)) {
			mail = mail_new(MAIL_FAILED, n);
			mail->run = a->key;
			mail->due_ns = w.now_ns;
			return;
		}
		w.open[w.open_count].key = a->key;
		w.open[w.open_count].length = a->length;
		memcpy(w.open[w.open_count++].data, a->data, PKG_RECORD_MAX);
		if (w.open_count == 1)
			w.commit_ns = later();
		return;
	case PKG_SEND:
		if (dice(100) < w.lose_percent)
			return;
		mail = mail_new(MAIL_MESSAGE, a->node);
		mail->from = n;
		mail->length = a->length;
		memcpy(mail->data, a->data, a->length);
		return;
	case PKG_START:
		do_start(n, a);
		return;
	case PKG_HALT:
		do_halt(n, a);
		return;
	case PKG_SERVICE_START:
		w.node[n].truth[a->package].services |= 1U << a->service;
		return;
	case PKG_TOC:
		w.node[n].toc = true;
		w.node[n].toc_why = a->why;
		node_die(n);
		return;
	case PKG_RESULT:
		w.results++;
		w.result = a->result;
		w.result_id = a->id;
		return;
	case PKG_PROGRESS:
		w.progress++;
		return;
	case PKG_CHANGED:
		return;
	}
}

WORLD void feed(u16 n, const struct pkg_event *event)
{
	struct pkg_action action;

	if (!w.node[n].alive)
		return;
	pkg_step(w.node[n].pkg, w.now_ns, event);
	while (w.node[n].alive && pkg_next(w.node[n].pkg, w.now_ns, &action))
		carry_out(n, &action);
}

WORLD void deliver_entry(u16 n)
{
	const struct entry *e = &w.log[w.node[n].applied++];
	struct pkg_event event = { .type = PKG_COMMITTED };

	event.committed.key = e->key;
	event.committed.data = e->data;
	event.committed.length = e->length;
	feed(n, &event);
}

WORLD void commit_first(void)
{
	assert_true(w.log_count < LOG_MAX);
	w.log[w.log_count++] = w.open[0];
	memmove(w.open, w.open + 1, --w.open_count * sizeof(w.open[0]));
	w.commit_ns = later();
}

#endif
