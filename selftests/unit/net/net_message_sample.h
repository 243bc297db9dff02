/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random well-formed membership messages of every type. */
#ifndef TOCSIN_NET_MESSAGE_SAMPLE_H
#define TOCSIN_NET_MESSAGE_SAMPLE_H

#include "net_member_sample.h"

static inline void sample_body(struct member_message *m)
{
	switch (m->type) {
	case MEMBER_MESSAGE_HEARD:
		m->heard.count = sample_nodes(m->heard.peer, 0);
		break;
	case MEMBER_MESSAGE_PREPARE:
		m->prepare.ballot = sample_ballot();
		m->prepare.epoch = sample_u64();
		sample_commit(&m->prepare.commit);
		break;
	case MEMBER_MESSAGE_PROMISE:
		sample_promise(&m->promise);
		break;
	case MEMBER_MESSAGE_REFUSE:
		m->refuse.ballot = sample_ballot();
		m->refuse.promised = sample_ballot();
		m->refuse.epoch = sample_u64();
		break;
	case MEMBER_MESSAGE_ACCEPT:
	case MEMBER_MESSAGE_FORM_ACCEPT:
		sample_value(&m->accept);
		break;
	case MEMBER_MESSAGE_ARBITER_ACCEPT:
		sample_value(&m->arbiter_accept);
		break;
	case MEMBER_MESSAGE_ACCEPTED:
	case MEMBER_MESSAGE_FORM_ACCEPTED:
		sample_accepted(&m->accepted);
		break;
	case MEMBER_MESSAGE_COMMIT:
		sample_commit(&m->commit);
		break;
	case MEMBER_MESSAGE_JOIN:
		m->join.sync_epoch = sample_u64();
		m->join.held = sample_u64();
		m->join.counter = sample_u64();
		m->join.heard.count = sample_nodes(m->join.heard.peer, 0);
		break;
	case MEMBER_MESSAGE_RECORDS:
		sample_records(&m->records);
		break;
	case MEMBER_MESSAGE_UPDATE:
		m->update.epoch = sample_u64();
		m->update.committed = sample_u64();
		sample_record(&m->update.record);
		break;
	case MEMBER_MESSAGE_WANT_RECORDS:
	case MEMBER_MESSAGE_HELD:
	case MEMBER_MESSAGE_COMMITTED:
		m->held.epoch = sample_u64();
		m->held.sequence = sample_u64();
		m->held.committed = sample_u64();
		break;
	case MEMBER_MESSAGE_FORM_PREPARE:
		m->form_prepare.ballot = sample_ballot();
		m->form_prepare.counter = sample_u64();
		break;
	case MEMBER_MESSAGE_FORM_PROMISE:
		sample_form_promise(&m->form_promise);
		break;
	case MEMBER_MESSAGE_ARBITER_PREPARE:
		m->arbiter_prepare.ballot = sample_ballot();
		m->arbiter_prepare.epoch = sample_u64();
		break;
	case MEMBER_MESSAGE_ARBITER_ANSWER:
		sample_arbiter_answer(&m->arbiter_answer);
		break;
	}
}

static inline void sample_message(struct member_message *m, u16 type)
{
	memset(m, 0, sizeof(*m));
	m->cluster = sample_u64() | 1;
	m->incarnation = sample_u64();
	m->epoch = sample_u64() >> sample_upto(60);
	m->from = sample_upto(CORE_NODE_ID_MAX);
	m->type = type;
	sample_body(m);
}

#endif
